"""Outcomes of a game of two: who cooperated with whom, what it yielded, and what came next."""

from collections.abc import Callable
from functools import partial

from repunet.analysis.measures.acts import COOPERATES, acts
from repunet.analysis.measures.measure import Measure, Rate, RoundSpan, mean, once
from repunet.analysis.measures.questions import lacking, unplayed
from repunet.analysis.tables.frames import Frame, Frames
from repunet.scenarios import scenario
from repunet.world.stakes import Game

OUTCOMES = ("CC", "CD", "DC", "DD")
PD = ("pd",)


@once
def pairs(frames: Frames) -> Frame:
    """Return each side of the encounters in which both acted: their columns, mutual, outcome.

    The outcome is seen from the agent's side: CD if it cooperated and its partner did not. `first`
    tells the side that was named first: the chooser, where somebody chose.
    """
    done = acts(frames).assign(first=~acts(frames).encounter.duplicated())
    both = done[done.groupby("encounter").encounter.transform("size") == 2]
    total = both.groupby("encounter").cooperation.transform("sum")
    own, other = (
        degree.ge(COOPERATES).map({True: "C", False: "D"}).astype("object")
        for degree in (both.cooperation, total - both.cooperation)
    )
    return both.assign(outcome=own + other)


def share(frames: Frames, span: RoundSpan, outcome: str) -> Rate:
    """Return the share of encounters that had an outcome: CC, CD, DC or DD; the four sum to 1.

    CD and DC are told apart by the participant who is named first (the one who chose the other,
    where somebody chose): in CD it is the one who was let down. n counts encounters; missing are
    decisions.

    >>> from repunet.analysis.measures.handmade import made
    >>> run = made(encounters=[dict(round=1, encounter="e", agent=a, cooperation=c)
    ...                        for a, c in (("A", 1.0), ("B", 0.0))])
    >>> share(run, RoundSpan.all(run), "CD"), share(run, RoundSpan.all(run), "DC").value
    (Rate(value=1.0, n=1, missing=0), 0.0)
    """
    met = span.of(pairs(frames))
    outcomes = met[met["first"]].outcome
    return mean((outcomes == outcome).astype("float64"), lacking(span, unplayed(frames)))


def efficiency(frames: Frames, span: RoundSpan) -> Rate:
    """Return the sum of payoffs, scaled: 0 if everybody had defected, 1 if all had cooperated.

    (sum of payoffs - k D) / (k (C - D)) for k acts, where C is what a game's most cooperative
    option pays among its like, and D its least cooperative one: in the Prisoner's Dilemma R and P,
    in the donor game b - c and 0 for each act of a donor. n counts the acts.

    >>> from repunet.analysis.measures.handmade import made
    >>> run = made(encounters=[dict(round=1, encounter="e", agent=a, cooperation=c, payoff=p)
    ...                        for a, c, p in (("A", 1.0, 0.0), ("B", 0.0, 5.0))])
    >>> efficiency(run, RoundSpan.all(run))
    Rate(value=0.75, n=2, missing=0)
    """
    stakes, missing = scenario(frames.scenario).stakes, lacking(span, unplayed(frames))
    acted = len(span.of(acts(frames)))
    if not isinstance(stakes, Game) or not acted:
        return Rate(None, 0, missing)
    best = max(stakes.options, key=lambda option: option.cooperation).met[0]
    worst = min(stakes.options, key=lambda option: option.cooperation).unmet[0]
    earned = float(span.of(frames["encounters"]).payoff.sum())
    return Rate((earned / acted - worst) / (best - worst), acted, missing)


def after(frames: Frames, span: RoundSpan, outcome: str) -> Rate:
    """Return P(C | own last outcome): how often those cooperate whose last encounter went so.

    The outcome is seen from the agent's side (CD: it cooperated, its partner did not), of its last
    encounter in which both acted, with whomever, before the span too. n counts the acts that had
    one; missing are all decisions of the span that could not be had. Source: the four numbers are
    the conditional probabilities of memory-one strategies (Nowak & Sigmund 1993), which here may
    follow an encounter with somebody else.

    >>> from repunet.analysis.measures.handmade import made
    >>> run = made(encounters=[dict(round=t, encounter=f"e{t}", agent=a, cooperation=c)
    ...     for t, a, c in ((1, "A", 1.0), (1, "B", 0.0), (2, "A", 0.0), (2, "B", 0.0))])
    >>> after(run, RoundSpan(2, 2), "CD"), after(run, RoundSpan(2, 2), "DC").n
    (Rate(value=0.0, n=1, missing=0), 1)
    """
    followed = span.of(_followed(frames))
    degrees = followed[followed["last"] == outcome].cooperation
    return mean(degrees, lacking(span, unplayed(frames)))


@once
def _followed(frames: Frames) -> Frame:
    met = pairs(frames)
    return met.assign(last=met.groupby("agent").outcome.shift())


def _each(name: str, title: str, of: Callable[..., Rate]) -> tuple[Measure, ...]:
    return tuple(
        Measure(
            name.format(outcome.lower()),
            "cooperation",
            title.format(outcome),
            "0 to 1",
            partial(of, outcome=outcome),
            PD,
        )
        for outcome in OUTCOMES
    )


MEASURES = (
    *_each("share_{}", "Encounters that ended {}", share),
    Measure("efficiency", "cooperation", "Efficiency", "0 to 1", efficiency, stakes=Game),
    *_each("after_{}", "Cooperation after own {}", after),
)
