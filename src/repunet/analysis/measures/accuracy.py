"""Accuracy: whether those who cooperate more stand higher."""

import numpy as np

from repunet.analysis.measures.measure import Measure, Rate, RoundSpan
from repunet.analysis.measures.reputation import paired, unpaired
from repunet.analysis.tables.frames import Frame, Frames


def accuracy(frames: Frames, span: RoundSpan) -> Rate:
    """Return Spearman's rank correlation over agents of standing and true cooperation so far.

    -1 to 1, at the end of the span, in the role of the headline act; ties have their mean rank. Not
    defined for fewer than three agents that have both, or where either does not vary. True
    cooperation is `cooperation_by_agent`'s.

    >>> from repunet.analysis.measures.handmade import four_standing
    >>> accuracy(four_standing(), RoundSpan(1, 1))
    Rate(value=1.0, n=4, missing=0)
    """
    both = paired(frames, span.last)
    ranks = both[["standing", "cooperation"]].rank()
    defined = len(both) > 2 and (both.nunique() > 1).all()
    value = float(ranks.corr().loc["standing", "cooperation"]) if defined else None
    return Rate(value, len(both), unpaired(frames, span))


def discernment(frames: Frames, span: RoundSpan) -> Rate:
    """Return the AUC of standing for telling the top half of cooperators from the bottom half.

    The chance that an agent of the top half stands higher than one of the bottom half, equal
    standings counting one half; .5 is chance. The halves are as equal as they can be without
    parting agents who have cooperated equally (of two such cuts the lower one). Not defined where
    all have cooperated equally. At the end of the span, in the role of the headline act. Source:
    the Mann-Whitney U over the number of pairs (Hanley & McNeil 1982).

    >>> from repunet.analysis.measures.handmade import four_standing
    >>> discernment(four_standing(), RoundSpan(1, 1))
    Rate(value=1.0, n=4, missing=0)
    """
    both = paired(frames, span.last)
    top = _top(both.cooperation)
    pairs = int(top.sum()) * int((~top).sum())
    if not pairs:
        return Rate(None, len(both), unpaired(frames, span))
    size = int(top.sum())
    u = both.standing.rank()[top].sum() - size * (size + 1) / 2
    return Rate(float(u) / pairs, len(both), unpaired(frames, span))


def _top(cooperation: Frame) -> Frame:
    """Tell who belongs to the top half; equals are not parted."""
    levels, held = np.unique(cooperation, return_counts=True)
    if len(levels) < 2:
        return cooperation > np.inf
    below = np.cumsum(held)[:-1]
    cut = int(np.argmin(np.abs(2 * below - len(cooperation))))
    return cooperation > levels[cut]


MEASURES = (
    Measure("accuracy", "reputation", "Accuracy of standing (Spearman)", "-1 to 1", accuracy),
    Measure("discernment", "reputation", "Accuracy of standing (AUC)", "0 to 1", discernment),
)
