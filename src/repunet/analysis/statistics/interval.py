"""The mean over runs, with the interval of Student's t."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from repunet.analysis.statistics.student import quantile

Values: TypeAlias = Iterable[float | None]
"""A measure of each run; a run in which it is not defined has None or NaN, and doesn't count."""

LEVEL = 0.95
DIGITS = 12
"""Numbers that agree in so many digits are equal: the rest is rounding."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean over runs, its interval, and the spread between runs."""

    mean: float | None
    low: float | None
    """None for fewer than two runs, as is `high`."""
    high: float | None
    n: int
    """Runs in which it is defined."""
    sd: float | None
    """Standard deviation between runs, with n - 1; None for fewer than two."""


def known(values: Values) -> list[float]:
    """Return those that are defined, in their order."""
    return [float(value) for value in values if value is not None and not math.isnan(value)]


def complete_pairs(a: Values, b: Values) -> tuple[list[float], list[float]]:
    """Return, of the pairs, those of which both are defined.

    >>> complete_pairs([1, None, 3], [4, 5, 6])
    ([1.0, 3.0], [4.0, 6.0])
    """
    both = [pair for pair in zip(a, b, strict=True) if len(known(pair)) == 2]
    return known(one for one, _ in both), known(other for _, other in both)


def minus(one: list[float], other: list[float]) -> list[float]:
    """Return the differences of pairs, free of rounding: equal ones are exactly equal.

    >>> minus([0.9, 0.8], [0.5, 0.4])
    [0.4, 0.4]
    """
    found = np.round(np.subtract(one, other), decimals(one, other))
    return [float(each) for each in found]


def decimals(*values: list[float]) -> int:
    """Return how many places after the point are more than rounding, of values of their size."""
    largest = max((abs(value) for each in values for value in each), default=0.0)
    return DIGITS - math.ceil(math.log10(largest)) if largest else DIGITS


def interval(values: Values, level: float = LEVEL) -> Interval:
    """Return the mean over runs and its t-interval: m ± t(n - 1) s / √n (Student 1908).

    Runs that are all equal give an interval without width: their spread is not known to be zero,
    only not seen. One run gives no interval.

    >>> found = interval([0.8, 0.9, 1.0, None])
    >>> print(f"{found.mean:.2f} [{found.low:.3f}, {found.high:.3f}], n = {found.n}")
    0.90 [0.652, 1.148], n = 3
    >>> interval([0.8])
    Interval(mean=0.8, low=None, high=None, n=1, sd=None)
    """
    found = known(values)
    n = len(found)
    if n < 2:
        return Interval(found[0] if found else None, None, None, n, None)
    mean, sd = float(np.mean(found)), spread(found)
    half = quantile((1 + level) / 2, n - 1) * sd / math.sqrt(n)
    return Interval(mean, mean - half, mean + half, n, sd)


def spread(values: list[float]) -> float:
    """Return the standard deviation of two or more values (n - 1), 0 if they differ by rounding."""
    equal = np.ptp(values) <= 10**-DIGITS * np.max(np.abs(values))
    return 0.0 if equal else float(np.std(values, ddof=1))
