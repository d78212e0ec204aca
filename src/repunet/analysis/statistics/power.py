"""How many runs an arm needs: the power of Welch's test."""

import math
from dataclasses import dataclass

from repunet.analysis.statistics.interval import Values, interval
from repunet.analysis.statistics.reach import SIGNIFICANT
from repunet.analysis.statistics.student import chi_squared, noncentral, quantile

POWER = 0.8
"""The chance with which a true difference should be found."""
MOST = 1_000_000
"""Runs beyond which nobody need look."""
SPREAD_LEVEL = 0.8
"""With which confidence the spread is not above the one a cautious plan supposes."""


@dataclass(frozen=True, slots=True)
class Power:
    """Number of runs that each of two arms needs, and the difference it is for."""

    means: tuple[float, float]
    sds: tuple[float, float]
    runs: int | None
    """Of each arm; None if no number is enough, since the means are equal."""
    reached: float | None
    """The power of so many runs."""
    power: float
    """The power that was asked for."""
    alpha: float
    n: tuple[int, int] | None = None
    """Pilot runs of each arm that means and standard deviations are from; None if given."""
    cautious: int | None = None
    """Runs for the standard deviations at the upper end of what the pilots allow (80 %)."""


def power(
    means: tuple[float, float], sds: tuple[float, float], n: int, alpha: float = SIGNIFICANT
) -> float:
    """Return the chance that Welch's two-sided test finds the difference, with n runs an arm.

    The noncentral t with δ = (m_a - m_b) / √((s_a² + s_b²) / n) and the degrees of freedom of
    Satterthwaite (Cohen 1988; exact for equal standard deviations, else close).

    >>> f"{power((0.5, 0.0), (1.0, 1.0), 64):.3f}"
    '0.801'
    """
    difference, variances = abs(means[0] - means[1]), (sds[0] ** 2, sds[1] ** 2)
    if not sum(variances):
        return 1.0 if difference else alpha
    noncentrality = difference / math.sqrt(sum(variances) / n)
    df = (n - 1) * sum(variances) ** 2 / sum(v**2 for v in variances)
    critical = quantile(1 - alpha / 2, df)
    above = 1 - noncentral(critical, df, noncentrality)
    below = noncentral(-critical, df, noncentrality)
    return above if math.isnan(below) else min(1.0, above + below)


def needed(
    means: tuple[float, float],
    sds: tuple[float, float],
    *,
    power: float = POWER,
    alpha: float = SIGNIFICANT,
) -> Power:
    """Return the least number of runs an arm that has the power; at least two.

    >>> needed((0.5, 0.0), (1.0, 1.0)).runs
    64
    """
    runs = None if means[0] == means[1] else _least(means, sds, power, alpha)
    reached = None if runs is None else _power(means, sds, runs, alpha)
    return Power(means, sds, runs, reached, power, alpha)


def needed_from_pilots(
    a: Values, b: Values, *, power: float = POWER, alpha: float = SIGNIFICANT
) -> Power | None:
    """Return the same with the means and standard deviations of pilot runs.

    Few pilots say little about the spread: `cautious` is the number for standard deviations at the
    end of their one-sided 80 % interval, s √((n - 1) / χ²(.2; n - 1)) (Browne 1995). None if an arm
    has fewer than two runs.

    >>> found = needed_from_pilots([0.8, 0.9, 0.85], [0.7, 0.8, 0.7])
    >>> found.runs, found.cautious, found.n
    (5, 17, (3, 3))
    """
    one, other = interval(a), interval(b)
    if one.mean is None or other.mean is None or one.sd is None or other.sd is None:
        return None
    means, sds = (one.mean, other.mean), (one.sd, other.sd)
    found = needed(means, sds, power=power, alpha=alpha)
    wide = (_upper(one.sd, one.n), _upper(other.sd, other.n))
    cautious = needed(means, wide, power=power, alpha=alpha).runs
    return Power(means, sds, found.runs, found.reached, power, alpha, (one.n, other.n), cautious)


def _upper(sd: float, n: int) -> float:
    return sd * math.sqrt((n - 1) / chi_squared(1 - SPREAD_LEVEL, n - 1))


def _least(
    means: tuple[float, float], sds: tuple[float, float], wanted: float, alpha: float
) -> int | None:
    """Search: double until it is enough, then halve the step."""
    enough = 2
    while _power(means, sds, enough, alpha) < wanted:
        enough *= 2
        if enough > MOST:
            return None
    few = enough // 2
    while enough - few > 1:
        middle = (enough + few) // 2
        if _power(means, sds, middle, alpha) < wanted:
            few = middle
        else:
            enough = middle
    return max(2, enough)


_power = power
