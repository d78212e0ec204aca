"""Communities: how ties hang together, in triangles, components and groups of agents."""

import networkx as nx
import numpy as np
import pandas as pd

from repunet.analysis.measures.measure import Measure, Rate, RoundSpan
from repunet.analysis.measures.network import Pairs, pairs_of, rate_of, residents_at
from repunet.analysis.tables.frames import Frame, Frames

SEED = 1
"""Of the order in which Louvain's method takes the agents."""


def clustering(frames: Frames, span: RoundSpan) -> Rate:
    """Return the mean clustering coefficient of directed graphs (Fagiolo 2007); n: agents.

    For each agent: the share of the triangles that its ties could be part of, in any direction,
    that are there; 0 where there could be none.

    >>> from repunet.analysis.measures.handmade import made
    >>> rows = [dict(ego=ego, alter=alter, from_round=1) for ego, alter in ("AB", "BC", "CA")]
    >>> clustering(made(agents="ABC", ties=rows), RoundSpan(1, 1))
    Rate(value=0.5, n=3, missing=0)
    """
    pairs = pairs_of(frames, span)
    value = nx.average_clustering(pairs.graph) if pairs.agents else None
    return rate_of(frames, span, value, len(pairs.agents))


def components(frames: Frames, span: RoundSpan) -> Rate:
    """Return the number of weakly connected components, isolates included; n: agents.

    >>> from repunet.analysis.measures.handmade import made
    >>> rows = [dict(ego="A", alter="B", from_round=1)]
    >>> components(made(agents="ABC", ties=rows), RoundSpan(1, 1))
    Rate(value=2.0, n=3, missing=0)
    """
    pairs = pairs_of(frames, span)
    value = nx.number_weakly_connected_components(pairs.graph) if pairs.agents else None
    return rate_of(frames, span, value, len(pairs.agents))


def isolates(frames: Frames, span: RoundSpan) -> Rate:
    """Return the share of agents without any tie, from them or to them; n: agents.

    >>> from repunet.analysis.measures.handmade import made
    >>> run = made(agents="ABCD", ties=[dict(ego="A", alter="B", from_round=1)])
    >>> isolates(run, RoundSpan(1, 1))
    Rate(value=0.5, n=4, missing=0)
    """
    pairs = pairs_of(frames, span)
    n = len(pairs.agents)
    tied = len(np.union1d(pairs.egos, pairs.alters))
    return rate_of(frames, span, (n - tied) / n if n else None, n)


def membership(frames: Frames, span: RoundSpan) -> Frame:
    """Return in which community each agent is at the end of a span: agent, community.

    Communities of the graph of mutual ties by Louvain's method (Blondel et al. 2008) with a fixed
    seed. They are numbered from 1, the largest first; an agent without mutual ties is in none
    (<NA>).

    >>> from repunet.analysis.measures.handmade import made
    >>> ties = [dict(ego=e, alter=a, from_round=1) for e, a in ("AB", "BA", "CD", "DC")]
    >>> membership(made(agents="ABCDE", ties=ties), RoundSpan(1, 1)).community.tolist()
    [1, 1, 2, 2, <NA>]
    """
    pairs = pairs_of(frames, span)
    numbers = pd.array([pd.NA] * len(pairs.agents), dtype="Int64")
    for number, members in enumerate(_found(pairs), start=1):
        numbers[sorted(members)] = number
    return pd.DataFrame({"agent": pairs.agents, "community": numbers})


def _found(pairs: Pairs) -> list[set[int]]:
    graph = pairs.mutual_graph
    graph.remove_nodes_from(list(nx.isolates(graph)))
    found = nx.community.louvain_communities(graph, seed=SEED) if graph else []
    return sorted(found, key=lambda members: (-len(members), min(members)))


def communities(frames: Frames, span: RoundSpan) -> Frame:
    """Return the communities, the largest first: community, agents, standing, cooperation.

    The last two are means over its members of whom they are known, NaN if of none: standing at the
    end of the span, in the role in which the headline act is done, and cooperation so far.

    >>> from repunet.analysis.measures.handmade import made
    >>> ties = [dict(ego=e, alter=a, from_round=1) for e, a in ("AB", "BA", "CD", "DC")]
    >>> acts = [dict(round=1, agent=a, cooperation=c) for a, c in zip("ABCD", (1, 1, 1, 0))]
    >>> run = made(agents="ABCD", ties=ties, encounters=acts)
    >>> communities(run, RoundSpan(1, 1)).cooperation.tolist()
    [1.0, 0.5]
    """
    known = membership(frames, span).merge(residents_at(frames, span.last), on="agent")
    groups = known.groupby("community")
    means = groups[["standing", "cooperation"]].mean()
    return means.assign(agents=groups.size()).reset_index()[
        ["community", "agents", "standing", "cooperation"]
    ]


def community_count(frames: Frames, span: RoundSpan) -> Rate:
    """Return how many communities there are, of at least two agents each; n: agents.

    >>> from repunet.analysis.measures.handmade import made
    >>> ties = [dict(ego=e, alter=a, from_round=1) for e, a in ("AB", "BA", "CD", "DC")]
    >>> community_count(made(agents="ABCDE", ties=ties), RoundSpan(1, 1))
    Rate(value=2.0, n=5, missing=0)
    """
    pairs = pairs_of(frames, span)
    value = float(len(_found(pairs))) if pairs.agents else None
    return rate_of(frames, span, value, len(pairs.agents))


def modularity(frames: Frames, span: RoundSpan) -> Rate:
    """Return the modularity Q of the communities (Newman & Girvan 2004), -1/2 to 1.

    The share of mutual ties within communities, minus what it would be if ties were dealt out at
    random between agents of these degrees; not defined without mutual ties, whose number is n.

    >>> from repunet.analysis.measures.handmade import made
    >>> ties = [dict(ego=e, alter=a, from_round=1) for e, a in ("AB", "BA", "CD", "DC")]
    >>> modularity(made(agents="ABCDE", ties=ties), RoundSpan(1, 1))
    Rate(value=0.5, n=2, missing=0)
    """
    pairs = pairs_of(frames, span)
    mutual = int(np.count_nonzero(pairs.mutual)) // 2
    graph = pairs.mutual_graph
    graph.remove_nodes_from(list(nx.isolates(graph)))
    value = float(nx.community.modularity(graph, _found(pairs))) if mutual else None
    return rate_of(frames, span, value, mutual)


MEASURES = (
    Measure("clustering", "network", "Clustering", "0 to 1", clustering),
    Measure("components", "network", "Components", "components", components),
    Measure("isolates", "network", "Isolates", "share of agents", isolates),
    Measure("communities", "network", "Communities", "communities", community_count),
    Measure("modularity", "network", "Modularity Q", "-0.5 to 1", modularity),
)
"""Those of how ties hang together."""
