"""The size of a difference in standard deviations: Hedges's g."""

import math
from dataclasses import dataclass
from typing import Literal

from repunet.analysis.statistics.interval import (
    LEVEL,
    Interval,
    Values,
    complete_pairs,
    interval,
    known,
    minus,
)
from repunet.analysis.statistics.student import chi_squared, noncentrality

NAMES = {"unpaired": "g_s", "paired": "g_av"}
"""By the standard deviation it is in: pooled, or the root of the mean of both variances."""
LARGE = 100.0
"""A t beyond which what its numerator varies is left out: .5 % of a limit or less for 200 runs."""


@dataclass(frozen=True, slots=True)
class EffectSize:
    """Hedges's g with its interval."""

    g: float | None
    low: float | None
    high: float | None
    n: tuple[int, int]
    kind: Literal["unpaired", "paired"]

    @property
    def name(self) -> str:
        """Return which g it is: that of unpaired runs, or that of pairs (Lakens 2013)."""
        return NAMES[self.kind]


def hedges(a: Values, b: Values, *, paired: bool = False, level: float = LEVEL) -> EffectSize:
    """Return the difference of the means in standard deviations, corrected for few runs.

    Unpaired: g = J (m_a - m_b) / s, s the pooled standard deviation, J the exact correction
    Γ(f/2) / (√(f/2) Γ((f-1)/2)) with f = n_a + n_b - 2 (Hedges 1981). Paired: s is the root of the
    mean of both variances, so that g is on the same scale, and f = pairs - 1 (Cumming 2012). The
    interval is that of the noncentral t (Steiger and Fouladi 1997; for pairs, close to it, Algina
    and Keselman 2003). It covers the true difference in standard deviations, of which g is the
    estimate, and is therefore not multiplied by J; it supposes normal values of equal variance.
    None where nothing varies, an arm has one run, or there are two pairs (J is 0).

    >>> found = hedges([0.9, 0.8, 0.7], [0.5, 0.4, 0.6])
    >>> print(f"{found.g:.2f} [{found.low:.2f}, {found.high:.2f}]")
    2.39 [0.38, 5.50]
    """
    one, other = complete_pairs(a, b) if paired else (known(a), known(b))
    n = (len(one), len(other))
    kind: Literal["unpaired", "paired"] = "paired" if paired else "unpaired"
    first, second = interval(one), interval(other)
    freedom = n[0] - 1 if paired else sum(n) - 2
    if min(n) < 2 or freedom < 2 or not (first.sd or second.sd):
        return EffectSize(None, None, None, n, kind)
    difference = (first.mean or 0.0) - (second.mean or 0.0)
    s = _standard(first, second, paired)
    error = _paired_error(one, other) if paired else s * math.sqrt(1 / n[0] + 1 / n[1])
    low, high = _noncentral(difference, error, freedom, level)
    g, scale = correction(freedom) * difference / s, error / s
    return EffectSize(g, _times(low, scale), _times(high, scale), n, kind)


def correction(freedom: int) -> float:
    """Return J, the correction for few runs; about 1 - 3 / (4 f - 1).

    >>> f"{correction(8):.4f}"
    '0.9027'
    """
    half = freedom / 2
    return math.exp(math.lgamma(half) - math.lgamma(half - 0.5)) / math.sqrt(half)


def _standard(one: Interval, other: Interval, paired: bool) -> float:
    weights = (1, 1) if paired else (one.n - 1, other.n - 1)
    squares = weights[0] * (one.sd or 0.0) ** 2 + weights[1] * (other.sd or 0.0) ** 2
    return math.sqrt(squares / sum(weights))


def _paired_error(one: list[float], other: list[float]) -> float:
    found = interval(minus(one, other))
    return (found.sd or 0.0) / math.sqrt(found.n)


def _noncentral(
    difference: float, error: float, freedom: int, level: float
) -> tuple[float | None, float | None]:
    """Return between which noncentralities the t that was seen is not extreme."""
    if not error:
        return None, None
    t, tail = difference / error, (1 - level) / 2
    low, high = (_noncentrality(t, freedom, p) for p in (1 - tail, tail))
    return low, high


def _noncentrality(t: float, freedom: int, p: float) -> float:
    """Return for which noncentrality t is the quantile p; if t is large, only χ² matters."""
    if abs(t) <= LARGE:
        return noncentrality(t, freedom, p)
    reached = 1 - p if t > 0 else p
    return t * math.sqrt(chi_squared(reached, freedom) / freedom)


def _times(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor
