"""Trajectory: how the headline rate goes over the rounds of a run, and whether it collapses."""

import numpy as np

from repunet.analysis.measures.cooperation import cooperation_by_round
from repunet.analysis.measures.measure import Measure, Rate, RoundSpan
from repunet.analysis.tables.frames import Frame, Frames

COLLAPSED = 0.2
"""Rate below which cooperation counts as collapsed."""


def overall(frames: Frames, span: RoundSpan) -> Rate:
    """Return the mean over all rounds of the run of the headline rate, 0 to 1, whatever the span.

    Rounds weigh alike; those without a rate are left out (in voluntary participation all in which
    nobody decides). n counts acts, deals or choices.

    >>> from repunet.analysis.measures.handmade import made
    >>> run = made(encounters=[dict(round=t, cooperation=c) for t, c in ((1, 1.0), (3, 0.0))])
    >>> overall(run, RoundSpan.end(run, 1))
    Rate(value=0.5, n=2, missing=0)
    """
    rounds = cooperation_by_round(frames)
    known = rounds.value.dropna()
    value = float(known.mean()) if len(known) else None
    return Rate(value, int(rounds.n.sum()), int(rounds.missing.sum()))


def slope(frames: Frames, span: RoundSpan) -> Rate:
    """Return the slope of the headline rate over the rounds of the run, per round.

    By ordinary least squares on the rounds that have a rate, whatever the span; n counts them. Not
    defined for fewer than two. Its standard error over runs is in the statistics.

    >>> from repunet.analysis.measures.handmade import made
    >>> run = made(encounters=[dict(round=t, cooperation=c) for t, c in ((1, 1.0), (3, 0.0))])
    >>> slope(run, RoundSpan.all(run))
    Rate(value=-0.5, n=2, missing=0)
    """
    known, missing = _known(frames)
    if len(known) < 2:
        return Rate(None, len(known), missing)
    x = known["round"] - known["round"].mean()
    return Rate(float(np.dot(x, known.value) / np.dot(x, x)), len(known), missing)


def collapse(frames: Frames, span: RoundSpan) -> Rate:
    """Return the first round from which on the headline rate stays below .2 to the end of the run.

    Whatever the span. Rounds without a rate (in voluntary participation all in which nobody
    decides) break nothing. None if the last rate is not below .2: then there was no collapse; a run
    that falls below .2 only in its last round has collapsed there. n counts the rounds with a rate.

    >>> from repunet.analysis.measures.handmade import made
    >>> run = made(encounters=[dict(round=t, cooperation=c) for t, c in ((1, 1.0), (3, 0.0))])
    >>> collapse(run, RoundSpan.all(run))
    Rate(value=3.0, n=2, missing=0)
    """
    known, missing = _known(frames)
    above = np.flatnonzero(known.value >= COLLAPSED)
    start = above[-1] + 1 if len(above) else 0
    value = float(known["round"].iloc[start]) if start < len(known) else None
    return Rate(value, len(known), missing)


def _known(frames: Frames) -> tuple[Frame, int]:
    rounds = cooperation_by_round(frames)
    return rounds.dropna(subset=["value"]), int(rounds.missing.sum())


MEASURES = (
    Measure("overall", "cooperation", "Cooperation, all rounds", "0 to 1", overall),
    Measure("slope", "cooperation", "Slope of cooperation", "per round", slope),
    Measure("collapse", "cooperation", "Collapse below .2 for good", "round", collapse),
)
