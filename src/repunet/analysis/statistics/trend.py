"""How a measure changes with the rounds: a slope whose error is clustered by run."""

import math
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from repunet.analysis.statistics.interval import LEVEL, UNLIMITED, Limits, Values, cut, decimals
from repunet.analysis.statistics.student import quantile, two_sided


@dataclass(frozen=True, slots=True)
class Slope:
    """A change per round over several runs."""

    slope: float | None
    low: float | None
    """None for a single run, as are `high`, `se` and `p`."""
    high: float | None
    se: float | None
    p: float | None
    n: int
    """Runs."""
    points: int
    """Rounds of runs in which the measure is defined."""


def slope(
    rounds: Iterable[float],
    values: Values,
    clusters: Iterable[Hashable],
    level: float = LEVEL,
    within: Limits = UNLIMITED,
) -> Slope:
    """Return the least-squares slope over the rounds of all runs, its error clustered by run.

    The variance is the sandwich of clusters with the correction CR1, G/(G-1) (N-1)/(N-2) for G runs
    and N points; the interval and p are of t with G - 1 degrees of freedom (Cameron and Miller
    2015). With few runs CR1 is still a little small: the interval is then too narrow. It is cut at
    the limits of what a slope can be.

    >>> found = slope([1, 2, 3, 1, 2, 3], [0.1, 0.2, 0.3, 0.1, 0.3, 0.4], [7, 7, 7, 8, 8, 8])
    >>> print(f"{found.slope:.3f}, se {found.se:.3f}, n = {found.n}")
    0.125, se 0.028, n = 2
    """
    t, y, groups = _defined(rounds, values, clusters)
    n, points = len(set(groups)), len(y)
    if points < 2 or np.ptp(t) == 0:
        return Slope(None, None, None, None, None, n, points)
    centred = t - t.mean()
    found = float(centred @ y / (centred @ centred))
    residuals = np.round(y - y.mean() - found * centred, decimals(y.tolist()))
    if n < 2 or points < 3:
        return Slope(found, None, None, None, None, n, points)
    error = _clustered(centred, residuals, groups)
    half = quantile((1 + level) / 2, n - 1) * error
    p = two_sided(found / error, n - 1) if error else None
    low, high = cut(found - half, found + half, within)
    return Slope(found, low, high, error, p, n, points)


def _defined(
    rounds: Iterable[float], values: Values, clusters: Iterable[Hashable]
) -> tuple[Any, Any, list[Hashable]]:
    rows = [
        (float(at), float(value), run)
        for at, value, run in zip(rounds, values, clusters, strict=True)
        if value is not None and not math.isnan(value)
    ]
    t, y = (np.array([row[part] for row in rows], dtype=float) for part in (0, 1))
    return t, y, [run for _, _, run in rows]


def _clustered(centred: Any, residuals: Any, groups: list[Hashable]) -> float:
    """Return the standard error of the slope; with an intercept, only deviations matter."""
    scores: dict[Hashable, float] = {}
    for run, score in zip(groups, centred * residuals, strict=True):
        scores[run] = scores.get(run, 0.0) + float(score)
    g, n = len(scores), len(groups)
    factor = g / (g - 1) * (n - 1) / (n - 2)
    return math.sqrt(factor * sum(s**2 for s in scores.values())) / float(centred @ centred)
