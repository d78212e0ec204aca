"""How small a p a permutation test can give at all, with so many runs."""

import math

SIGNIFICANT = 0.05
"""The level at which a result is commonly called significant."""


def smallest_p(n: int, *, paired: bool, other: int | None = None) -> float | None:
    """Return the smallest two-sided p of an exact permutation test; None below two runs.

    It is 2 over the number of arrangements: 2^n for n pairs, else (n + m over n) for arms of n and
    m runs (`other`, default n).

    >>> smallest_p(5, paired=True), smallest_p(3, paired=False)
    (0.0625, 0.1)
    >>> smallest_p(1, paired=False) is None
    True
    """
    second = n if other is None else other
    if min(n, second) < 2:
        return None
    return 2 / (2**n if paired else math.comb(n + second, n))


def runs_to_reach(alpha: float = SIGNIFICANT, *, paired: bool) -> int:
    """Return how many runs each arm needs before a permutation test can give p <= alpha.

    >>> runs_to_reach(paired=True), runs_to_reach(paired=False)
    (6, 4)
    """
    n = 2
    while (smallest_p(n, paired=paired) or 1.0) > alpha:
        n += 1
    return n


def too_few(n: int, *, paired: bool, other: int | None = None) -> str:
    """Return a sentence if no permutation test of so many runs can be significant, else nothing.

    >>> print(too_few(5, paired=True))
    5 pairs of runs can't give a two-sided permutation p below .0625: at least 6 are needed for .05.
    >>> too_few(6, paired=True)
    ''
    """
    least = smallest_p(n, paired=paired, other=other)
    if least is None:
        return "A single run in an arm gives no p-value: repeat it with other seeds."
    if least <= SIGNIFICANT:
        return ""
    arms = f"{n} and {other} runs" if other not in (None, n) else f"{n} runs in each arm"
    what = f"{n} pairs of runs" if paired else arms
    limit = f"{least:.4f}".rstrip("0").removeprefix("0")
    return (
        f"{what} can't give a two-sided permutation p below {limit}: at least "
        f"{runs_to_reach(paired=paired)} are needed for .05."
    )
