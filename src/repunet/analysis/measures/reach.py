"""Reach: how far the news of one encounter gets, and how soon a defector is known for one."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from repunet.analysis.measures.acts import COOPERATES, PARTICIPATION, deeds
from repunet.analysis.measures.gossip import missing_in
from repunet.analysis.measures.hearsay import pieces
from repunet.analysis.measures.measure import PLACES, Measure, Rate, RoundSpan, mean, once
from repunet.analysis.measures.questions import lacking, unshaped
from repunet.analysis.tables.frames import Frame, Frames


def listeners(frames: Frames, span: RoundSpan) -> Frame:
    """Return how many heard of each encounter that was talked about: encounter, listeners.

    Listeners are counted once, in whatever waves and about whichever participant they heard.

    >>> from repunet.analysis.measures.handmade import made
    >>> heard = [dict(round=1, encounter="e", listener=listener) for listener in "ABA"]
    >>> listeners(made(gossip=heard), RoundSpan(1, 1)).listeners.tolist()
    [2]
    """
    heard = span.of(frames["gossip"])
    known = heard[heard.encounter != ""]
    return known.groupby("encounter").listener.nunique().rename("listeners").reset_index()


def reach(frames: Frames, span: RoundSpan) -> Rate:
    """Return how many distinct listeners the gossip of one encounter has, on average.

    n: encounters that were talked about; the others are not of it, as P(gossip | act) says.

    >>> from repunet.analysis.measures.handmade import made
    >>> heard = [dict(round=1, encounter=e, listener=i) for e, i in ("eA", "eB", "fA")]
    >>> reach(made(gossip=heard), RoundSpan(1, 1))
    Rate(value=1.5, n=2, missing=0)
    """
    return mean(listeners(frames, span).listeners, missing_in(frames, span))


def widest_reach(frames: Frames, span: RoundSpan) -> Rate:
    """Return how many distinct listeners the gossip of one encounter has at most; n as for reach.

    >>> from repunet.analysis.measures.handmade import made
    >>> heard = [dict(round=1, encounter=e, listener=i) for e, i in ("eA", "eB", "fA")]
    >>> widest_reach(made(gossip=heard), RoundSpan(1, 1))
    Rate(value=2.0, n=2, missing=0)
    """
    reached = listeners(frames, span).listeners
    widest = float(reached.max()) if len(reached) else None
    return Rate(widest, len(reached), missing_in(frames, span))


def defectors(frames: Frames, span: RoundSpan) -> Frame:
    """Return how long it took until half knew of each defector: agent, since, knowing, rounds.

    Defectors are those whose cooperation so far is below one half at the end of the span. `since`
    is the first round of the run at whose end it was; from its end the rounds are counted until
    the first at whose end at least half of the others know (0: by the end of that very round).
    `rounds` is NaN if that had not come about by the end of the span. `knowing` is the share of the
    others who know at the end of the span. To know is to have heard, at any time so far, gossip of
    negative valence about the agent, or to hold a record of it with a score below 0, in any role.

    >>> from repunet.analysis.measures.handmade import made
    >>> act = dict(round=1, agent="A", cooperation=0.0)
    >>> told = dict(round=3, target="A", listener="B", valence=-1.0)
    >>> run = made(agents="ABC", last=3, encounters=[act], gossip=[told])
    >>> defectors(run, RoundSpan.all(run)).to_dict("list")
    {'agent': ['A'], 'since': [1], 'knowing': [0.5], 'rounds': [2.0]}
    """
    rounds = max(span.last, 0)
    so_far, knowing = _cooperation_so_far(frames)[:rounds], _knowing(frames)[:rounds]
    below = so_far < COOPERATES
    who = np.flatnonzero(below[-1]) if rounds else np.array([], dtype=np.intp)
    since = below[:, who].argmax(axis=0) if rounds else who
    known = (knowing[:, who] >= 0.5) & (np.arange(rounds)[:, None] >= since)
    took = known.argmax(axis=0) - since if rounds else who
    agents = np.array(frames.agents, dtype=object)
    return pd.DataFrame(
        {
            "agent": agents[who],
            "since": since + 1,
            "knowing": knowing[-1, who] if rounds else np.array([]),
            "rounds": np.where(known.any(axis=0), took, np.nan),
        }
    )


@once
def _cooperation_so_far(frames: Frames) -> NDArray[np.float64]:
    """Return cooperation so far, NaN if there is none: a row for each round, a column an agent.

    The same as cooperation_by_agent, for all rounds at once.
    """
    chosen = frames.scenario == PARTICIPATION
    done = frames["choices"] if chosen else deeds(frames).drop_duplicates(["encounter", "agent"])
    degrees = done[done.cooperation.notna()].groupby(["round", "agent"]).cooperation
    rounds = range(1, frames.last + 1)
    total, acts = (
        made.unstack("agent").reindex(rounds).reindex(frames.agents, axis="columns").fillna(0)
        for made in (degrees.sum(), degrees.size())
    )
    means = (total.cumsum() / acts.cumsum().replace(0, np.nan)).round(PLACES)
    so_far: NDArray[np.float64] = means.to_numpy("float64")
    return so_far


@once
def _knowing(frames: Frames) -> NDArray[np.float64]:
    """Return which share of the others know ill of an agent: rounds by agents; NaN without any."""
    n = len(frames.agents)
    told, records = _told_ill(frames), _held_ill(frames)
    joined = frames["agents"]["round"].to_numpy()
    shares = np.full((frames.last, n), np.nan)
    for round_ in range(1, frames.last + 1):
        held = (records.since <= round_) & (records.until > round_)
        codes = np.union1d(told.code[told.since <= round_], records.code[held])
        others = np.count_nonzero(joined <= round_) - 1
        if others > 0:
            shares[round_ - 1] = np.bincount(codes % n, minlength=n) / others
    return shares


def _told_ill(frames: Frames) -> Frame:
    told = pieces(frames)
    ill = told[told.valence < 0]
    return _known(frames, ill.listener, ill.target, ill["round"])


def _held_ill(frames: Frames) -> Frame:
    records = frames["reputations"]
    ill = records[(records.score < 0) & ~records.of_self]
    held = _known(frames, ill.observer, ill.target, ill["round"])
    return held.assign(until=ill.until_round.to_numpy("float64", na_value=np.inf))


def _known(frames: Frames, knower: Frame, target: Frame, since: Frame) -> Frame:
    """Return who knows of whom, the pair as one number, and since which round."""
    numbers = pd.Index(frames.agents)
    code = numbers.get_indexer(knower) * len(numbers) + numbers.get_indexer(target)
    return pd.DataFrame({"code": code, "since": since.to_numpy()})


def rounds_until_known(frames: Frames, span: RoundSpan) -> Rate:
    """Return after how many rounds half the others know of a defector, on average; see defectors.

    n: the defectors that half know of; of the others nothing can be said (`defectors_known`).
    Missing are decisions about gossip and appraisals of others up to the end of the span.

    >>> from repunet.analysis.measures.handmade import made
    >>> rounds_until_known(made(agents="AB"), RoundSpan(1, 3))
    Rate(value=None, n=0, missing=0)
    """
    return mean(defectors(frames, span).rounds, _missing(frames, span))


def defectors_known(frames: Frames, span: RoundSpan) -> Rate:
    """Return the share of defectors of whom half the others came to know; n: all defectors.

    >>> from repunet.analysis.measures.handmade import made
    >>> acts = [dict(round=1, agent=agent, cooperation=0.0) for agent in "AB"]
    >>> told = dict(round=3, target="A", listener="B", valence=-1.0)
    >>> defectors_known(made(agents="ABC", encounters=acts, gossip=[told]), RoundSpan(1, 3))
    Rate(value=0.5, n=2, missing=0)
    """
    return mean(defectors(frames, span).rounds.notna(), _missing(frames, span))


def _missing(frames: Frames, span: RoundSpan) -> int:
    so_far = RoundSpan(1, span.last)
    return missing_in(frames, so_far) + lacking(so_far, unshaped(frames))


MEASURES = (
    Measure("reach", "gossip", "Listeners of an encounter's gossip", "agents", reach),
    Measure(
        "widest_reach",
        "gossip",
        "Listeners of an encounter's gossip, at most",
        "agents",
        widest_reach,
    ),
    Measure(
        "rounds_until_known",
        "gossip",
        "Rounds until half know of a defector",
        "rounds",
        rounds_until_known,
    ),
    Measure(
        "defectors_known",
        "gossip",
        "Defectors of whom half know",
        "share of defectors",
        defectors_known,
    ),
)
"""Those of how news get around."""
