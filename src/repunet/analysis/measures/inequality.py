"""Inequality: how unequally wealth is divided among the agents."""

import numpy as np

from repunet.analysis.measures.measure import Measure, Rate, RoundSpan
from repunet.analysis.measures.questions import lacking, unplayed
from repunet.analysis.tables.frames import Frame, Frames

RICHEST = 0.1
"""Share of the agents that are the richest."""


def gini(frames: Frames, span: RoundSpan) -> Rate:
    """Return the Gini coefficient of wealth at the end of the span, 0 to 1 - 1/N.

    G = sum over i, j of |w_i - w_j| / (2 N^2 mean of w), without correction for small N. Undefined
    (None) where anybody's wealth is negative or all have nothing. n counts agents; missing are the
    decisions in encounters that could not be had till then, as nothing was earned there. Source:
    Gini 1912.

    >>> from repunet.analysis.measures.handmade import four_fortunes
    >>> gini(four_fortunes(), RoundSpan(1, 1))
    Rate(value=0.5, n=4, missing=0)
    """
    wealth = _wealth(frames, span)
    ranks = 2 * np.arange(1, len(wealth) + 1) - len(wealth) - 1
    value = ranks @ wealth / (len(wealth) * wealth.sum()) if _divisible(wealth) else None
    return _rate(frames, span, wealth, value)


def top_share(frames: Frames, span: RoundSpan) -> Rate:
    """Return the share of all wealth that the richest tenth of the agents have, 0 to 1.

    At the end of the span; where a tenth of N is not whole, the next agent counts in part, so that
    equal wealth gives .1 for any N. Undefined (None) as the Gini is. Source: 1 - L(.9) on Lorenz's
    curve (1905).

    >>> from repunet.analysis.measures.handmade import four_fortunes
    >>> round(top_share(four_fortunes(), RoundSpan(1, 1)).value, 3)
    0.233
    """
    wealth = _wealth(frames, span)
    if not _divisible(wealth):
        return _rate(frames, span, wealth, None)
    counted = np.clip(RICHEST * len(wealth) - np.arange(len(wealth)), 0, 1)
    return _rate(frames, span, wealth, counted @ wealth[::-1] / wealth.sum())


def _wealth(frames: Frames, span: RoundSpan) -> Frame:
    """Return everybody's wealth at the end of the span, the poorest first."""
    earned = frames["payoffs"]
    return np.sort(earned[earned["round"] == span.last].wealth.to_numpy(dtype="float64"))


def _divisible(wealth: Frame) -> bool:
    return len(wealth) > 0 and wealth[0] >= 0 and wealth[-1] > 0


def _rate(frames: Frames, span: RoundSpan, wealth: Frame, value: float | None) -> Rate:
    missing = lacking(RoundSpan(1, span.last), unplayed(frames))
    return Rate(None if value is None else float(value), len(wealth), missing)


MEASURES = (
    Measure("gini", "inequality", "Gini of wealth", "0 to 1", gini),
    Measure("top_share", "inequality", "Wealth of the richest tenth", "0 to 1", top_share),
)
