"""Where agents stand in pictures of a network: near those they are tied to, and always there."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from repunet.analysis.tables.frames import Frame

Places: TypeAlias = Mapping[str, NDArray[np.float64]]
"""Where everyone stands, in the unit square."""

CROWD = 60
"""Agents beyond which ties are thin and have no heads, and places are found faster."""
SEED, STEPS = 1, 60
"""Of the layout: equal networks are laid out alike."""
GRAVITY = 0.15
"""How strongly everyone is drawn to the middle, in ties, lest those without any fly away."""


def layout(agents: Sequence[str], ties: Frame) -> dict[str, NDArray[np.float64]]:
    """Return where agents stand in all snapshots: springs along the ties there ever are in them.

    A tie pulls with the number of snapshots it stands in (Fruchterman and Reingold 1991).
    """
    pairs = {(min(pair), max(pair), r) for *pair, r in ties[["ego", "alter", "round"]].to_numpy()}
    graph = nx.Graph()
    graph.add_nodes_from(agents)
    for one, other, _ in sorted(pairs):
        weight = graph.get_edge_data(one, other, {"weight": 0})["weight"] + 1
        graph.add_edge(one, other, weight=weight)
    middle = object()
    graph.add_edges_from(((middle, agent) for agent in agents), weight=GRAVITY)
    steps = STEPS if len(agents) <= CROWD else STEPS // 2
    found = nx.spring_layout(graph, seed=SEED, iterations=steps, method="force")
    found.pop(middle, None)
    points = np.array([found[agent] for agent in agents]).reshape(-1, 2)
    return dict(zip(agents, _filling(points), strict=True))


def _filling(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return points stretched to fill the unit square; in a crowd the outermost go to its edge."""
    if not len(points):
        return points
    outer = 0.02 if len(points) > CROWD else 0.0
    low, high = np.quantile(points, [outer, 1 - outer], axis=0)
    size = np.where(high > low, high - low, 1)
    return np.clip(np.where(high > low, (points - low) / size, 0.5), 0, 1)
