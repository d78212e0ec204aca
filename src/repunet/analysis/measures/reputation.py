"""Reputation: how agents stand with each other, who knows of whom, and how far they agree."""

import numpy as np
import pandas as pd

from repunet.analysis.measures.acts import INVESTMENT, TRUSTEE
from repunet.analysis.measures.cooperation import cooperation_by_agent, uncounted
from repunet.analysis.measures.measure import (
    PLACES,
    Measure,
    Rate,
    RoundSpan,
    correlation,
    mean,
    once,
)
from repunet.analysis.measures.questions import lacking, unshaped, unshaped_self
from repunet.analysis.tables.frames import Frame, Frames
from repunet.scenarios import scenario
from repunet.world.persona import Role

FOCAL_ROLE = {INVESTMENT: TRUSTEE}
"""Roles of headline acts, where a dilemma has several."""


def focal_role(dilemma: str) -> Role:
    """Return the role in which the headline act is done: the trustee's, elsewhere the first.

    >>> focal_role("investment"), focal_role("pd")
    ('trustee', 'player')
    """
    return FOCAL_ROLE.get(dilemma) or scenario(dilemma).roles[0]


def held(frames: Frames, round_: int, role: Role) -> Frame:
    """Return the records held at the end of a round: observer, target, score (R_ij), of_self."""
    records = _records(frames)
    there = (records["round"] <= round_) & (records.until > round_) & (records.role == role)
    return records.loc[there, ["observer", "target", "score", "of_self"]]


@once
def _records(frames: Frames) -> Frame:
    kept = frames["reputations"]
    until = kept.until_round.to_numpy(dtype="float64", na_value=np.inf)
    columns = kept[["round", "role", "of_self", "score"]]
    names = {c: pd.Categorical(kept[c], categories=frames.agents) for c in ("observer", "target")}
    return columns.assign(until=until, role=kept.role.astype("category"), **names)


def scores(frames: Frames, round_: int, role: Role) -> Frame:
    """Return R_ij at the end of a round: a row for each observer i, a column for each target j.

    -1 to 1, NaN where i has no record of j in this role; the diagonal is how they see themselves.

    >>> from repunet.analysis.measures.handmade import made
    >>> kept = dict(round=1, observer="A", target="B", role="player", score=0.5)
    >>> scores(made(agents="AB", reputations=[kept]), 1, "player").loc["A", "B"].item()
    0.5
    """
    agents, records = frames.agents, held(frames, round_, role)
    matrix = np.full((len(agents), len(agents)), np.nan)
    matrix[records.observer.cat.codes, records.target.cat.codes] = records.score
    names = pd.Index(agents, dtype="object")
    return pd.DataFrame(matrix, names.rename("observer"), names.rename("target"))


def standing(frames: Frames, round_: int, role: Role) -> Frame:
    """Return the standing of j at the end of a round, by agent: the mean over i != j of R_ij.

    -1 to 1, NaN where no other has a record of j in this role. Source: metrics of the paper's
    Figures 2 and 4, which plot it.

    >>> from repunet.analysis.measures.handmade import made
    >>> row = dict(round=1, agent="B", role="player", standing=0.5, observers=1)
    >>> standing(made(agents="AB", standings=[row]), 1, "player").tolist()
    [nan, 0.5]
    """
    return _stood(frames, round_, role).standing


def _stood(frames: Frames, round_: int, role: Role) -> Frame:
    stood = frames["standings"]
    rows = stood[(stood["round"] == round_) & (stood.role == role)].set_index("agent")
    known = rows[["standing", "observers", "own"]].reindex(frames.agents)
    return known.round({"standing": PLACES})


def cooperation_and_standing(frames: Frames, span: RoundSpan) -> Rate:
    """Return how cooperation so far and standing go together: Pearson's r over agents, -1 to 1.

    Both are those of the last round of the span, in the role of the headline act, of all agents
    that have both; not defined for fewer than three, or where either does not vary. Averages over
    runs are Fisher's (`statistics.fisher_mean`). Missing are appraisals of others, and acts (deals,
    choices), up to then. Source: the paper's Figure 2 (b, d, f).

    >>> from repunet.analysis.measures.handmade import made
    >>> acts = [dict(round=1, agent=a, cooperation=c) for a, c in zip("ABC", (0, 0.5, 1))]
    >>> stood = [dict(r, role="player", standing=r["cooperation"] - 1) for r in acts]
    >>> run = made(agents="ABC", encounters=acts, standings=stood)
    >>> cooperation_and_standing(run, RoundSpan(1, 1))
    Rate(value=1.0, n=3, missing=0)
    """
    both = paired(frames, span.last)
    value = correlation(both.cooperation, both.standing)
    return Rate(value, len(both), unpaired(frames, span))


def paired(frames: Frames, round_: int) -> Frame:
    """Return cooperation so far and standing at the end of a round, of the agents that have both.

    In the role of the headline act; one row for each agent.
    """
    stood = standing(frames, round_, focal_role(frames.scenario)).to_numpy()
    return (
        cooperation_by_agent(frames, round_)
        .assign(standing=stood)
        .dropna()[["cooperation", "standing"]]
    )


def unpaired(frames: Frames, span: RoundSpan) -> int:
    """Return how many decisions are missing, up to the end of the span, of what is paired.

    The appraisals of others, and what the headline counts.
    """
    return lacking(RoundSpan(1, span.last), unshaped(frames), uncounted(frames))


def _unshaped_upto(frames: Frames, span: RoundSpan) -> int:
    return lacking(RoundSpan(1, span.last), unshaped(frames))


def mean_standing(frames: Frames, span: RoundSpan) -> Rate:
    """Return the mean standing at the end of the span of all agents that have one, -1 to 1.

    In the role of the headline act. Missing are the appraisals of others that could not be had up
    to then, in any role.

    >>> from repunet.analysis.measures.handmade import made
    >>> row = dict(round=1, agent="B", role="player", standing=0.5, observers=1)
    >>> mean_standing(made(agents="AB", standings=[row]), RoundSpan(1, 1))
    Rate(value=0.5, n=1, missing=0)
    """
    stood = standing(frames, span.last, focal_role(frames.scenario))
    return mean(stood, _unshaped_upto(frames, span))


def coverage(frames: Frames, span: RoundSpan) -> Rate:
    """Return the share of others who have a record of an agent, averaged over agents, 0 to 1.

    coverage = records of others held at the end of the span / N (N - 1), in the role of the
    headline act; n counts the N (N - 1) pairs, of all who had joined by then.

    >>> from repunet.analysis.measures.handmade import made
    >>> row = dict(round=1, agent="B", role="player", standing=0.5, observers=1)
    >>> coverage(made(agents="AB", standings=[row]), RoundSpan(1, 1))
    Rate(value=0.5, n=2, missing=0)
    """
    people = frames["agents"]
    there = int((people["round"] <= span.last).sum())
    pairs = there * (there - 1) if span.last else 0
    observed = _stood(frames, span.last, focal_role(frames.scenario)).observers.sum()
    value = float(observed) / pairs if pairs else None
    return Rate(value, pairs, _unshaped_upto(frames, span))


def self_peer_gap(frames: Frames, span: RoundSpan) -> Rate:
    """Return how much better agents think they are seen than they are: mean of R_jj - standing.

    -2 to 2, at the end of the span, in the role of the headline act, over the agents that have
    both. Missing are appraisals of others and of oneself.

    >>> from repunet.analysis.measures.handmade import made
    >>> row = dict(round=1, agent="B", role="player", standing=0.5, observers=1, own=1.0)
    >>> self_peer_gap(made(agents="AB", standings=[row]), RoundSpan(1, 1))
    Rate(value=0.5, n=1, missing=0)
    """
    stood = _stood(frames, span.last, focal_role(frames.scenario))
    lost = lacking(RoundSpan(1, span.last), unshaped(frames), unshaped_self(frames))
    return mean(stood.own - stood.standing, lost)


def disagreement(frames: Frames, span: RoundSpan) -> Rate:
    """Return how far observers differ about an agent: sd over i != j of R_ij, averaged over j.

    0 to 1.41 (1 in the long run: half say -1, half say 1), with the sample's standard deviation
    (ddof 1), at the end of the span, in the role of the headline act. n counts the agents of whom
    at least two others have a record; the rest don't enter.

    >>> from repunet.analysis.measures.handmade import made
    >>> kept = [dict(round=1, observer=i, target="C", role="player", score=s)
    ...         for i, s in (("A", 0.0), ("B", 1.0))]
    >>> round(disagreement(made(agents="ABC", reputations=kept), RoundSpan(1, 1)).value, 3)
    0.707
    """
    records = held(frames, span.last, focal_role(frames.scenario))
    others = records[~records.of_self].groupby("target", observed=True).score
    return mean(others.std(), _unshaped_upto(frames, span))


MEASURES = (
    Measure("standing", "reputation", "Standing", "-1 to 1", mean_standing),
    Measure("coverage", "reputation", "Others who know an agent", "0 to 1", coverage),
    Measure("self_peer_gap", "reputation", "Own view minus standing", "-2 to 2", self_peer_gap),
    Measure("disagreement", "reputation", "Disagreement (sd)", "sd of scores", disagreement),
    Measure(
        "cooperation_and_standing",
        "reputation",
        "Cooperation and standing (Pearson)",
        "-1 to 1",
        cooperation_and_standing,
    ),
)
