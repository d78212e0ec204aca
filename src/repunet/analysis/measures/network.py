"""The network: who is tied to whom after a round, and what shape the ties have.

Ties are directed. A pair counts once, in however many roles ego is tied to alter. Measures of the
network are those of the last round of a span; `missing` are the decisions about ties up to then
whose answers could not be had. Before the first round there is nothing to measure.
"""

from collections.abc import Callable
from functools import wraps
from itertools import pairwise
from typing import Any, NamedTuple, TypeVar

import networkx as nx
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from repunet.analysis.measures.cooperation import cooperation_by_agent
from repunet.analysis.measures.measure import Measure, Rate, RoundSpan, once
from repunet.analysis.measures.questions import lacking, unanswered
from repunet.analysis.measures.reputation import focal_role, standing
from repunet.analysis.tables.frames import Frame, Frames
from repunet.questions.operations import DecideTie, ReconsiderTie

T = TypeVar("T")

QUESTIONS = {question.label for question in (DecideTie, ReconsiderTie)}
"""The operations that decide about ties."""


def by_round(function: Callable[[Frames, int], T]) -> Callable[[Frames, int], T]:
    """Keep what a function makes of a run's tables and a round; nobody may change it."""
    made: Callable[[Frames], dict[int, T]] = once(lambda frames: {})

    @wraps(function)
    def kept(frames: Frames, round_: int) -> T:
        known = made(frames)
        if round_ not in known:
            known[round_] = function(frames, round_)
        return known[round_]

    return kept


def ties_at(frames: Frames, round_: int) -> Frame:
    """Return the ties that stand at the end of a round: ego, alter, role of alter.

    Round 0 is before the first one.

    >>> from repunet.analysis.measures.handmade import made
    >>> rows = [dict(ego="A", alter="B", from_round=1, until_round=3)]
    >>> [len(ties_at(made(agents="AB", ties=rows), round_)) for round_ in (0, 1, 2, 3)]
    [0, 1, 1, 0]
    """
    ties = frames["ties"].loc[_stand(frames, round_), ["ego", "alter", "role"]]
    return ties.reset_index(drop=True)


def _stand(frames: Frames, round_: int) -> NDArray[np.bool_]:
    spells = frames["ties"]
    until = spells.until_round.to_numpy(dtype="float64", na_value=np.inf)
    stands: NDArray[np.bool_] = (spells.from_round.to_numpy() <= round_) & (until > round_)
    return stands


@by_round
@once
def residents_at(frames: Frames, round_: int) -> Frame:
    """Return everyone who had joined by the end of a round, in that order, as known then.

    The columns are agent, name, standing (in the role in which the headline act is done) and
    cooperation so far; the last two are NaN where they are not known.
    """
    agents = frames["agents"]
    there = agents.loc[agents["round"] <= round_, ["agent", "name"]]
    so_far = cooperation_by_agent(frames, round_).set_index("agent").cooperation
    stands = standing(frames, round_, focal_role(frames.scenario))
    return there.assign(
        standing=stands.reindex(there.agent).to_numpy(float),
        cooperation=so_far.reindex(there.agent).to_numpy(float),
    ).reset_index(drop=True)


def graph_at(frames: Frames, round_: int) -> Any:
    """Return a networkx.DiGraph of the ties that stand at the end of a round.

    Everyone who has joined is a node, in that order, with `name`, `standing` and `cooperation` so
    far (None where not known). An edge leads from ego to alter, one for each pair.
    """
    graph = nx.DiGraph()
    for agent, name, *known in residents_at(frames, round_).itertuples(index=False):
        stood, cooperated = (None if np.isnan(value) else value for value in known)
        graph.add_node(agent, name=name, standing=stood, cooperation=cooperated)
    graph.add_edges_from(ties_at(frames, round_)[["ego", "alter"]].itertuples(index=False))
    return graph


class Pairs(NamedTuple):
    """The ordered pairs that are tied at the end of a round; agents by their number."""

    agents: list[str]
    egos: NDArray[np.intp]
    alters: NDArray[np.intp]
    mutual: NDArray[np.bool_]
    """Whether alter is tied to ego as well."""

    @property
    def mutual_degrees(self) -> NDArray[np.intp]:
        """Return with how many others each agent has ties both ways."""
        return np.bincount(self.egos[self.mutual], minlength=len(self.agents))

    @property
    def graph(self) -> Any:
        """Return them as a networkx.DiGraph of numbers, without attributes."""
        graph = nx.DiGraph()
        graph.add_nodes_from(range(len(self.agents)))
        graph.add_edges_from(zip(self.egos.tolist(), self.alters.tolist(), strict=True))
        return graph

    @property
    def mutual_graph(self) -> Any:
        """Return those who are tied to each other as an undirected networkx.Graph of numbers."""
        graph = nx.Graph()
        graph.add_nodes_from(range(len(self.agents)))
        both = zip(self.egos[self.mutual].tolist(), self.alters[self.mutual].tolist(), strict=True)
        graph.add_edges_from(both)
        return graph


@by_round
def pairs_at(frames: Frames, round_: int) -> Pairs:
    """Return who is tied to whom at the end of a round, as numbers to compute with."""
    people = frames["agents"]
    agents = list(people.agent[people["round"] <= round_])
    index, n = pd.Index(agents), len(agents)
    ties = ties_at(frames, round_)
    codes = np.unique(index.get_indexer(ties.ego) * n + index.get_indexer(ties.alter))
    egos, alters = np.divmod(codes, max(n, 1))
    return Pairs(agents, egos, alters, np.isin(alters * n + egos, codes))


def missing_by(frames: Frames, span: RoundSpan) -> int:
    """Return how many decisions about ties are missing up to the end of a span."""
    return lacking(RoundSpan(1, span.last), unanswered(frames, QUESTIONS))


def rate_of(frames: Frames, span: RoundSpan, value: float | None, n: int) -> Rate:
    """Return a number of the network at the end of a span, with what is missing by then."""
    return Rate(None if value is None else float(value), n, missing_by(frames, span))


def pairs_of(frames: Frames, span: RoundSpan) -> Pairs:
    """Return who is tied to whom at the end of a span; nobody is there before the first round."""
    if span.last < 1:
        none = np.array([], dtype=np.intp)
        return Pairs([], none, none, none.astype(bool))
    return pairs_at(frames, span.last)


def density(frames: Frames, span: RoundSpan) -> Rate:
    """Return the share of ordered pairs of agents that are tied: m / (N (N - 1)); n: those pairs.

    >>> from repunet.analysis.measures.handmade import made
    >>> rows = [dict(ego="A", alter="B", from_round=1), dict(ego="B", alter="A", from_round=2)]
    >>> density(made(agents="ABC", ties=rows), RoundSpan(1, 2))
    Rate(value=0.3333333333333333, n=6, missing=0)
    """
    pairs = pairs_of(frames, span)
    possible = len(pairs.agents) * (len(pairs.agents) - 1)
    return rate_of(frames, span, len(pairs.egos) / possible if possible > 0 else None, possible)


def reciprocity(frames: Frames, span: RoundSpan) -> Rate:
    """Return the share of tied pairs whose alter is tied to ego as well; n: tied pairs.

    >>> from repunet.analysis.measures.handmade import made
    >>> rows = [dict(ego=ego, alter=alter, from_round=1) for ego, alter in ("AB", "BA", "AC", "CB")]
    >>> reciprocity(made(agents="ABC", ties=rows), RoundSpan(1, 1))
    Rate(value=0.5, n=4, missing=0)
    """
    mutual = pairs_of(frames, span).mutual
    return rate_of(frames, span, mutual.mean() if len(mutual) else None, len(mutual))


def mutual_degree(frames: Frames, span: RoundSpan) -> Rate:
    """Return with how many others an agent has ties both ways, on average; n: agents.

    >>> from repunet.analysis.measures.handmade import made
    >>> rows = [dict(ego=ego, alter=alter, from_round=1) for ego, alter in ("AB", "BA", "AC")]
    >>> mutual_degree(made(agents="ABCD", ties=rows), RoundSpan(1, 1))
    Rate(value=0.5, n=4, missing=0)
    """
    degrees = pairs_of(frames, span).mutual_degrees
    return rate_of(frames, span, degrees.mean() if len(degrees) else None, len(degrees))


def churn(frames: Frames, span: RoundSpan) -> Rate:
    """Return how much of the network changes in a round: the mean of 1 - Jaccard; n: rounds.

    For each round t of the span but the first of a run: 1 - |E(t-1) and E(t)| / |E(t-1) or E(t)|,
    where E(t) are the ties (ego, alter, role) at its end. Rounds without any tie before and after
    don't count. Missing are the decisions about ties in these rounds.

    >>> from repunet.analysis.measures.handmade import made
    >>> rows = [dict(ego="A", alter="B", from_round=1), dict(ego="B", alter="A", from_round=2)]
    >>> churn(made(agents="AB", ties=rows), RoundSpan(1, 3))
    Rate(value=0.25, n=2, missing=0)
    """
    rounds = range(max(span.first, 2), span.last + 1)
    codes = frames["ties"].groupby(["ego", "alter", "role"]).ngroup().to_numpy()
    held = [codes[_stand(frames, t)] for t in range(rounds.start - 1, rounds.stop)]
    sizes = [(len(np.intersect1d(a, b)), len(np.union1d(a, b))) for a, b in pairwise(held)]
    changes = [1 - kept / all_ for kept, all_ in sizes if all_]
    missing = lacking(span, unanswered(frames, QUESTIONS))
    return Rate(float(np.mean(changes)) if changes else None, len(changes), missing)


MEASURES = (
    Measure("density", "network", "Density", "share of pairs", density),
    Measure("reciprocity", "network", "Reciprocity", "share of ties", reciprocity),
    Measure("mutual_degree", "network", "Mutual degree", "agents", mutual_degree),
    Measure("churn", "network", "Churn of ties in a round", "1 - Jaccard", churn),
)
"""Those of ties."""
