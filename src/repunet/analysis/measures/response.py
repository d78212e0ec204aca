"""Response: how an observer's score of a partner moves with what the partner did."""

from repunet.analysis.measures.acts import COOPERATES, deeds
from repunet.analysis.measures.measure import Measure, Rate, RoundSpan, mean, once
from repunet.analysis.measures.questions import lacking, unplayed, unshaped
from repunet.analysis.tables.frames import Frame, Frames


@once
def responses(frames: Frames) -> Frame:
    """Return how records changed in encounters: round, observer, target, cooperation, change.

    Change is the score of the record that the encounter led to, minus that of the record that it
    took the place of; a first record has none. Cooperation is what the target did to the observer
    (`acts.deeds`).
    """
    whose = ["observer", "target", "role"]
    kept = frames["reputations"]
    kept = kept.assign(change=kept.score - kept.groupby(whose).score.shift())
    led = kept[(kept.cause == "encounter") & ~kept.of_self & kept.change.notna()]
    led = led[["round", *whose, "because", "change"]].explode("because")
    done = deeds(frames)[["encounter", "agent", "role", "partner", "cooperation"]]
    told = done.rename(columns={"agent": "target", "partner": "observer", "encounter": "because"})
    texts = dict.fromkeys(["because", *whose], "object")
    return led.astype(texts).merge(told.astype(texts), on=["because", *whose])


def response_to_cooperation(frames: Frames, span: RoundSpan) -> Rate:
    """Return how much the score of a partner changes when it cooperates: mean of after - before.

    -2 to 2: the record that the encounter led to, minus the one the observer held of the partner
    till then; first records have nothing to be compared with, and don't count. An act counts as
    cooperation from a degree of .5 on; a trustee's if it returned what it had promised. n counts
    records.

    >>> from repunet.analysis.measures.handmade import three_meetings
    >>> response_to_cooperation(three_meetings(), RoundSpan(1, 3))
    Rate(value=0.25, n=1, missing=0)
    """
    return _response(frames, span, good=True)


def response_to_defection(frames: Frames, span: RoundSpan) -> Rate:
    """Return how much the score of a partner changes when it defects: mean of after - before.

    As `response_to_cooperation`, for all other acts.

    >>> from repunet.analysis.measures.handmade import three_meetings
    >>> response_to_defection(three_meetings(), RoundSpan(1, 3))
    Rate(value=-0.75, n=1, missing=0)
    """
    return _response(frames, span, good=False)


def negativity(frames: Frames, span: RoundSpan) -> Rate:
    """Return how much more defection weighs than cooperation: -(response to D) - (response to C).

    Above 0 where scores fall further after a defection than they rise after a cooperation; n counts
    the records of both. Source: bad is stronger than good (Baumeister et al. 2001).

    >>> from repunet.analysis.measures.handmade import three_meetings
    >>> negativity(three_meetings(), RoundSpan(1, 3))
    Rate(value=0.5, n=2, missing=0)
    """
    good, bad = response_to_cooperation(frames, span), response_to_defection(frames, span)
    known = good.value is not None and bad.value is not None
    value = -(bad.value or 0.0) - (good.value or 0.0) if known else None
    return Rate(value, good.n + bad.n, good.missing)


def _response(frames: Frames, span: RoundSpan, *, good: bool) -> Rate:
    seen = span.of(responses(frames))
    changes = seen[(seen.cooperation >= COOPERATES) == good].change
    return mean(changes, lacking(span, unplayed(frames), unshaped(frames)))


MEASURES = (
    Measure(
        "response_to_cooperation",
        "reputation",
        "Change of score after cooperation",
        "-2 to 2",
        response_to_cooperation,
    ),
    Measure(
        "response_to_defection",
        "reputation",
        "Change of score after defection",
        "-2 to 2",
        response_to_defection,
    ),
    Measure("negativity", "reputation", "Negativity asymmetry", "score", negativity),
)
