"""The mean over runs, with an interval that holds nothing that can't be."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from repunet.analysis.statistics.student import quantile

Values: TypeAlias = Iterable[float | None]
"""A measure of each run; a run in which it is not defined has None or NaN, and doesn't count."""

Limits: TypeAlias = tuple[float | None, float | None]
"""The least and the greatest that a value, and so a mean, can be; None where there is no limit."""
Form: TypeAlias = Literal["t", "t, cut", "Wilson", "Fisher"]

LEVEL = 0.95
UNLIMITED: Limits = (None, None)
SHARE: Limits = (0.0, 1.0)
"""Of rates."""
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
    form: Form = "t"
    """How the interval was made."""


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


def interval(values: Values, level: float = LEVEL, within: Limits = UNLIMITED) -> Interval:
    """Return the mean over runs and its interval, which stays within what the values can be.

    Without limits it is that of Student's t: m ± t(n - 1) s / √n (Student 1908). Between two limits
    it is Wilson's (1927) with the t of n - 1 degrees of freedom and the effective number of trials
    m (1 - m) n / s², of values from 0 to 1, to which others are scaled (Dean and Pagano 2015). With
    one limit, or if a value is beyond one, that of t is cut there.

    Runs that are all equal give an interval without width: their spread is not known to be zero,
    only not seen. One run gives no interval.

    >>> found = interval([0.8, 0.9, 1.0, None])
    >>> print(f"{found.mean:.2f} [{found.low:.3f}, {found.high:.3f}], n = {found.n}")
    0.90 [0.652, 1.148], n = 3
    >>> found = interval([0.8, 0.9, 1.0, None], within=SHARE)
    >>> print(f"{found.mean:.2f} [{found.low:.3f}, {found.high:.3f}], {found.form}")
    0.90 [0.486, 0.988], Wilson
    >>> interval([0.8]).low is None
    True
    """
    found = known(values)
    n = len(found)
    if n < 2:
        return Interval(found[0] if found else None, None, None, n, None)
    mean, sd = float(np.mean(found)), spread(found)
    t, error = quantile((1 + level) / 2, n - 1), sd / math.sqrt(n)
    least, most = within
    if least is not None and most is not None and least <= min(found) and max(found) <= most:
        return Interval(mean, *_wilson(mean, error, t, least, most), n, sd, "Wilson")
    low, high = cut(mean - t * error, mean + t * error, _reaching(within, found))
    return Interval(mean, low, high, n, sd, "t" if within == UNLIMITED else "t, cut")


def cut(low: float, high: float, within: Limits) -> tuple[float, float]:
    """Return the ends of an interval, none beyond what there can be.

    >>> cut(-0.5, 1.25, (0.0, None))
    (0.0, 1.25)
    """
    least, most = within
    ends = (low if least is None else max(low, least) for low in (low, high))
    low, high = (end if most is None else min(end, most) for end in ends)
    return low, high


def _reaching(within: Limits, found: list[float]) -> Limits:
    """Return limits that a value has not disproved."""
    least, most = within
    return (
        None if least is None or min(found) < least else least,
        None if most is None or max(found) > most else most,
    )


def _wilson(mean: float, error: float, t: float, least: float, most: float) -> tuple[float, float]:
    """Return the shares that a share of so many trials as the error tells of is not far from."""
    width = most - least
    share = (mean - least) / width
    if not error or not 0 < share < 1:
        return mean, mean
    variance = share * (1 - share)
    one_trial = (error / width) ** 2 / variance  # 1 over the effective number of them
    middle = share + t * t * one_trial / 2
    half = t * math.sqrt(variance * one_trial + (t * one_trial / 2) ** 2)
    ends = ((middle + sign * half) / (1 + t * t * one_trial) for sign in (-1, 1))
    low, high = (least + width * min(1.0, max(0.0, end)) for end in ends)
    return low, high


def spread(values: list[float]) -> float:
    """Return the standard deviation of two or more values (n - 1), 0 if they differ by rounding."""
    equal = np.ptp(values) <= 10**-DIGITS * np.max(np.abs(values))
    return 0.0 if equal else float(np.std(values, ddof=1))
