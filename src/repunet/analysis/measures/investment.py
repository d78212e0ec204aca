"""Trading investment: what was promised, sent and returned, beside the headline."""

from repunet.analysis.measures.acts import INVESTMENT, deals
from repunet.analysis.measures.measure import Measure, Rate, RoundSpan, mean
from repunet.analysis.measures.questions import lacking, unplayed
from repunet.analysis.tables.frames import Frame, Frames

HALF, ALL = 50, 100
"""Percent of the proceeds; who gets half of what was doubled has lost nothing."""


def kept_of_accepted(frames: Frames, span: RoundSpan) -> Rate:
    """Return the share of accepted deals in which the trustee returned what it had promised.

    0 to 1; what the trustees did, apart from whether they were believed. n counts accepted deals.

    >>> from repunet.analysis.measures.handmade import three_deals
    >>> kept_of_accepted(three_deals(), RoundSpan(1, 1))
    Rate(value=0.5, n=2, missing=0)
    """
    return _mean(frames, span, _accepted(frames, span).kept)


def acceptance(frames: Frames, span: RoundSpan) -> Rate:
    """Return the share of proposed deals that the investor accepted, 0 to 1; n counts proposals.

    >>> from repunet.analysis.measures.handmade import three_deals
    >>> acceptance(three_deals(), RoundSpan(1, 1)).n
    3
    """
    return _mean(frames, span, span.of(deals(frames)).accepted.astype("float64"))


def sent(frames: Frames, span: RoundSpan) -> Rate:
    """Return the share of its wealth that an investor sent, 0 to 1, 0 for a declined deal.

    Mean over proposed deals. Source: the amount sent in Berg, Dickhaut & McCabe 1995.

    >>> from repunet.analysis.measures.handmade import three_deals
    >>> round(sent(three_deals(), RoundSpan(1, 1)).value, 3)
    0.267
    """
    return _mean(frames, span, span.of(deals(frames)).percent / ALL)


def returned(frames: Frames, span: RoundSpan) -> Rate:
    """Return the share of the proceeds that the trustee returned, 0 to 1; mean of accepted deals.

    Source: the proportion returned in Berg, Dickhaut & McCabe 1995 (there of the tripled amount,
    here of whatever it was multiplied by).

    >>> from repunet.analysis.measures.handmade import three_deals
    >>> round(returned(three_deals(), RoundSpan(1, 1)).value, 3)
    0.45
    """
    return _mean(frames, span, _accepted(frames, span).returned / ALL)


def promised(frames: Frames, span: RoundSpan) -> Rate:
    """Return the share of the proceeds that trustees promised, 0 to 1; mean of proposed deals.

    >>> from repunet.analysis.measures.handmade import three_deals
    >>> promised(three_deals(), RoundSpan(1, 1)).value
    0.6
    """
    return _mean(frames, span, span.of(deals(frames)).promised / ALL)


def fair_adherence(frames: Frames, span: RoundSpan) -> Rate:
    """Return the share of proposed deals in which promise was kept and at least half returned.

    0 to 1; a promise of nothing is easily kept, and with less than half of what was doubled the
    investor has lost. A declined deal is none, as in the headline.

    >>> from repunet.analysis.measures.handmade import three_deals
    >>> round(fair_adherence(three_deals(), RoundSpan(1, 1)).value, 3)
    0.333
    """
    made = span.of(deals(frames))
    fair = (made.kept == 1) & (made.returned >= HALF)
    return _mean(frames, span, fair.astype("float64"))


def shortfall(frames: Frames, span: RoundSpan) -> Rate:
    """Return how far returns fell short of promises: mean of max(0, 1 - returned / promised).

    0 to 1, over accepted deals in which something was promised.

    >>> from repunet.analysis.measures.handmade import three_deals
    >>> shortfall(three_deals(), RoundSpan(1, 1)).value
    0.25
    """
    made = _accepted(frames, span)
    made = made[made.promised > 0]
    return _mean(frames, span, (1 - made.returned / made.promised).clip(lower=0))


def honesty(frames: Frames, span: RoundSpan) -> Rate:
    """Return the share of accepted deals whose proceeds were reported as they were, 0 to 1.

    Of those of which the report is known, and exact to a percent of the proceeds.

    >>> from repunet.analysis.measures.handmade import three_deals
    >>> honesty(three_deals(), RoundSpan(1, 1)).value
    0.5
    """
    reported = _accepted(frames, span).reported.dropna()
    return _mean(frames, span, (reported == ALL).astype("float64"))


def no_funds(frames: Frames, span: RoundSpan) -> Rate:
    """Return the share of meetings whose investor had nothing to invest, 0 to 1; n counts meetings.

    Such a meeting is no proposed deal, and counts in no other measure. Void meetings don't count.

    >>> from repunet.analysis.measures.handmade import made
    >>> no_funds(made(encounters=[dict(round=1, outcome="no_funds")]), RoundSpan(1, 1))
    Rate(value=1.0, n=1, missing=0)
    """
    met = span.of(frames["encounters"]).drop_duplicates("encounter")
    met = met[met.outcome != "void"]
    return _mean(frames, span, (met.outcome == "no_funds").astype("float64"))


def _accepted(frames: Frames, span: RoundSpan) -> Frame:
    made = span.of(deals(frames))
    return made[made.accepted]


def _mean(frames: Frames, span: RoundSpan, values: Frame) -> Rate:
    return mean(values, lacking(span, unplayed(frames)))


MEASURES = tuple(
    Measure(of.__name__, "cooperation", title, "0 to 1", of, (INVESTMENT,))
    for of, title in (
        (kept_of_accepted, "Adherence among accepted deals"),
        (acceptance, "Deals accepted"),
        (sent, "Share of wealth sent"),
        (returned, "Share of proceeds returned"),
        (promised, "Share of proceeds promised"),
        (fair_adherence, "Adherence with at least half returned"),
        (shortfall, "Shortfall of returns"),
        (honesty, "Proceeds reported as they were"),
        (no_funds, "Meetings without funds"),
    )
)
