"""The difference between two arms: Welch's test, the paired t-test, and permutation tests."""

import math
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from repunet.analysis.statistics.interval import (
    LEVEL,
    UNLIMITED,
    Interval,
    Limits,
    Values,
    complete_pairs,
    cut,
    decimals,
    interval,
    known,
    minus,
)
from repunet.analysis.statistics.reach import smallest_p
from repunet.analysis.statistics.student import quantile, two_sided

EXACT = 10_000
"""Up to how many arrangements a permutation test goes through all of them."""
DRAWN = 9_999
"""How many it draws where there are more."""
SEED = 1
"""What they are drawn with, so that the same runs always give the same p."""

Method: TypeAlias = Literal[
    "Welch",
    "paired t",
    "permutation, exact",
    "permutation, drawn",
    "sign flips, exact",
    "sign flips, drawn",
]


@dataclass(frozen=True, slots=True)
class MeanDifference:
    """The mean of one arm minus that of another, and how likely chance gives one as large."""

    difference: float | None
    low: float | None
    """The 95 % interval; None where it is not defined, and for permutation tests."""
    high: float | None
    p: float | None
    """Two-sided; None for a single run, and where nothing varies."""
    n: tuple[int, int]
    """Runs of each arm; of pairs, twice the same."""
    method: Method
    df: float | None = None
    smallest_p: float | None = None
    """Of permutation tests: the smallest p that so many runs can give."""


def welch(a: Values, b: Values, level: float = LEVEL, within: Limits = UNLIMITED) -> MeanDifference:
    """Return the difference of two arms whose variances may differ (Welch 1947).

    The interval and the two-sided p are of t = (m_a - m_b) / √(s_a²/n_a + s_b²/n_b), with the
    degrees of freedom of Satterthwaite. Both are None if an arm has a single run, or if neither arm
    varies. The interval is cut at the limits of what a difference can be.

    >>> found = welch([0.9, 0.95, 0.85], [0.1, 0.3, 0.2])
    >>> print(f"{found.difference:.2f}, p = {found.p:.4f}, n = {found.n}")
    0.70, p = 0.0018, n = (3, 3)
    """
    one, other = interval(a), interval(b)
    n, difference = (one.n, other.n), _minus(one, other)
    if not (one.sd or other.sd) or one.sd is None or other.sd is None or difference is None:
        return MeanDifference(difference, None, None, None, n, "Welch")
    parts = (one.sd**2 / one.n, other.sd**2 / other.n)
    df = sum(parts) ** 2 / (parts[0] ** 2 / (one.n - 1) + parts[1] ** 2 / (other.n - 1))
    error = math.sqrt(sum(parts))
    p, half = two_sided(difference / error, df), quantile((1 + level) / 2, df) * error
    low, high = cut(difference - half, difference + half, within)
    return MeanDifference(difference, low, high, p, n, "Welch", df)


def paired_t(
    a: Values, b: Values, level: float = LEVEL, within: Limits = UNLIMITED
) -> MeanDifference:
    """Return the mean of the differences of pairs, with its t-interval and p (Student 1908).

    Runs are paired by their place; a pair of which one is undefined doesn't count. Where all pairs
    differ by the same, be it by nothing, there is neither. The interval is cut at the limits of
    what a difference can be.

    >>> found = paired_t([0.9, 0.8, 0.7], [0.5, 0.5, 0.2])
    >>> print(f"{found.difference:.2f} [{found.low:.2f}, {found.high:.2f}], p = {found.p:.3f}")
    0.40 [0.15, 0.65], p = 0.020
    """
    one, other = complete_pairs(a, b)
    found = interval(minus(one, other), level)
    n, mean = (found.n, found.n), found.mean
    if not found.sd or mean is None or found.low is None or found.high is None:
        return MeanDifference(mean, None, None, None, n, "paired t")
    p = two_sided(mean / (found.sd / math.sqrt(found.n)), found.n - 1)
    low, high = cut(found.low, found.high, within)
    return MeanDifference(mean, low, high, p, n, "paired t", float(found.n - 1))


def difference_limits(within: Limits) -> Limits:
    """Return the least and the greatest difference of two values within limits.

    >>> difference_limits((0.0, 1.0)), difference_limits((0.0, None))
    ((-1.0, 1.0), (None, None))
    """
    least, most = within
    if least is None or most is None:
        return UNLIMITED
    return least - most, most - least


def permutation(a: Values, b: Values, *, paired: bool = False) -> MeanDifference:
    """Return the permutation test of the difference of means (Fisher 1935; Pitman 1937).

    Two-sided: twice the smaller of both tails, at most 1. Unpaired, runs change arms; paired, each
    pair may change sides (sign flips). All arrangements are gone through if there are at most
    10,000; else 9,999 are drawn with a fixed seed, and each tail is (b + 1) / (m + 1), where b of
    m drawn ones are as extreme (Phipson and Smyth 2010).

    >>> permutation([3, 4, 5], [0, 1, 2]).p
    0.1
    >>> permutation([3, 4, 5, 6, 7], [0, 1, 2, 3, 4], paired=True).p
    0.0625
    """
    one, other = complete_pairs(a, b) if paired else (known(a), known(b))
    n = (len(one), len(other))
    kind: Literal["sign flips", "permutation"] = "sign flips" if paired else "permutation"
    exact = _arrangements(n, paired) <= EXACT
    method: Method = f"{kind}, exact" if exact else f"{kind}, drawn"  # type: ignore[assignment]
    difference = _minus(interval(one), interval(other))
    if min(n) < 2:
        return MeanDifference(difference, None, None, None, n, method)
    p = _tested(one, other, paired, exact)
    reached = smallest_p(n[0], paired=paired, other=n[1]) if exact else 2 / (DRAWN + 1)
    return MeanDifference(difference, None, None, p, n, method, smallest_p=reached)


def _tested(one: list[float], other: list[float], paired: bool, exact: bool) -> float:
    places = decimals(one, other)

    def difference(a: Any, b: Any, axis: int) -> Any:
        """Return the difference of means without rounding errors, so that ties are ties."""
        return np.round(np.mean(a, axis=axis) - np.mean(b, axis=axis), places)

    from scipy import stats  # heavy, and for nothing else

    found = stats.permutation_test(
        (one, other),
        difference,
        permutation_type="samples" if paired else "independent",
        vectorized=True,
        n_resamples=np.inf if exact else DRAWN,
        rng=np.random.default_rng(SEED),
    )
    return float(found.pvalue)


def _arrangements(n: tuple[int, int], paired: bool) -> int:
    return 2 ** n[0] if paired else math.comb(sum(n), n[0])


def _minus(one: Interval, other: Interval) -> float | None:
    return None if one.mean is None or other.mean is None else one.mean - other.mean
