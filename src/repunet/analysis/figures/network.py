"""Snapshots of the network over rounds, by treatment (paper, Figure 3)."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from repunet.analysis.figures.layout import CROWD, Places, layout
from repunet.analysis.figures.sheet import HEAD, sheet
from repunet.analysis.figures.sources import FigureSource, gathered, one_of_each, small_print
from repunet.analysis.figures.style import (
    FAINT,
    INK,
    LEVELS,
    PAGE,
    UNKNOWN,
    bare,
    diverging,
    drawing,
    key,
    plain,
    shades,
)
from repunet.analysis.measures.network import residents_at, ties_at
from repunet.analysis.tables.frames import Frame, Frames

Pair: TypeAlias = tuple[str, str]

SNAPSHOTS, MOST = 4, 12
"""Columns and rows, at most."""
TALLEST, GAP = 8.4, 0.15
"""Inches of all rows together, so that they fit a page, and between them."""
DEFECTOR = 0.5
"""Who has cooperated less than this so far is marked."""
MANY, DENSE = 200, 600
"""Agents, and ties, of a panel beyond which they are drawn as pixels."""
POINT = 0.0105
"""A point of print, in the units of a panel that is a fourth of a page wide."""
NOTE = (
    "Standing: mean of the others' scores. Size: ties from and to an agent. Defectors have "
    "cooperated in less than half of their acts so far. A row is one run, the first of its arm; "
    "positions are the same in all its panels."
)


def network_over_rounds(runs: Sequence[Frames]) -> Figure:
    """Return snapshots of one run of each arm: who is tied to whom, how they stand and act."""
    chosen, sources = one_of_each(runs)
    more = len(chosen) - MOST
    remark = f"{more} more arms are not shown." if more > 0 else ""
    return networks(chosen[:MOST], sources[:MOST], remark)


def networks(
    runs: Sequence[Frames],
    sources: Sequence[FigureSource],
    remark: str = "",
    labels: Sequence[str] = (),
) -> Figure:
    """Return snapshots of these runs, a row for each."""
    agents, ties = (gathered(runs, table) for table in (_residents, _ties))
    return draw_network(agents, ties, sources, remark, labels)


def snapshots(last: int) -> list[int]:
    """Return the rounds that are shown: the start, the last, and some between.

    >>> snapshots(60), snapshots(2), snapshots(0)
    ([0, 20, 40, 60], [0, 1, 2], [0])
    """
    return sorted({int(r + 0.5) for r in np.linspace(0, last, SNAPSHOTS)})


def _residents(frames: Frames) -> Frame:
    rounds = snapshots(frames.last)
    return pd.concat([residents_at(frames, r).assign(round=r) for r in rounds], ignore_index=True)


def _ties(frames: Frames) -> Frame:
    rounds = snapshots(frames.last)
    return pd.concat([ties_at(frames, r).assign(round=r) for r in rounds], ignore_index=True)


@drawing
def draw_network(
    agents: Frame,
    ties: Frame,
    sources: Sequence[FigureSource],
    remark: str = "",
    labels: Sequence[str] = (),
) -> Figure:
    """Draw agents (number of the run, round, agent, standing, cooperation) and ties (ego, alter).

    A row for each run, with its label if there are any, a column for each of its rounds.
    """
    rows = [sorted(agents[agents.number == n]["round"].unique()) for n in range(len(sources))]
    columns = max(map(len, rows))
    sizes = agents.groupby("number").agent.nunique()
    side = min((PAGE - 0.7) / max(columns, 3), max(1.0, TALLEST / len(rows) - GAP))
    height = (side + GAP) * len(rows) + HEAD
    note = small_print(sources, NOTE, remark)
    figure, axes = sheet(PAGE, height, note, len(rows), columns)
    for number, (line, rounds) in enumerate(zip(axes, rows, strict=True)):
        mine, tied = agents[agents.number == number], ties[ties.number == number]
        places = layout(list(mine.agent.unique()), tied)
        for axis, round_ in zip(line, rounds, strict=False):
            _snapshot(axis, mine[mine["round"] == round_], tied[tied["round"] == round_], places)
            axis.set_title(f"round {round_}" if round_ else "start")
        for spare in line[len(rounds) :]:
            bare(spare)
        line[0].set_ylabel(labels[number] if labels else _row(sources, number))
    _scale(figure, axes)
    key(figure, _handles(crowded=any(n > CROWD for n in sizes)), 5)
    return figure


def _scale(figure: Figure, axes: Sequence[Sequence[Axes]]) -> None:
    colours, bounds = diverging()
    every = [axis for line in axes for axis in line]
    part = 0.8 if len(axes) == 1 else 0.4
    bar = figure.colorbar(ScalarMappable(bounds, colours), ax=every, aspect=20, shrink=part)
    bar.set_label("standing")
    bar.set_ticks(LEVELS[::5])


def _row(sources: Sequence[FigureSource], number: int) -> str:
    one = sources[number]
    words = [one.treatment]
    if len({source.scenario for source in sources}) > 1:
        words.insert(0, one.scenario)
    if len({source.mind for source in sources}) > 1:
        words.append(one.mind)
    return "\n".join(plain(word, 26) for word in words)


def _snapshot(axes: Axes, agents: Frame, ties: Frame, places: Places) -> None:
    bare(axes)
    axes.set(xlim=(-0.07, 1.07), ylim=(-0.07, 1.07), aspect="equal")
    pairs = set(ties[["ego", "alter"]].itertuples(index=False, name=None))
    ends = pd.Series([agent for pair in pairs for agent in pair], dtype=object)
    degrees = ends.value_counts().reindex(agents.agent).fillna(0)
    least, more = (2, 7) if len(agents) > CROWD else (16, 64)
    sizes = least + more * degrees / max(1, degrees.max())
    _draw_ties(axes, sorted(pairs), places, sizes)
    _draw_agents(axes, agents, sizes.to_numpy(), places)


def _draw_ties(axes: Axes, pairs: Sequence[Pair], places: Places, sizes: Frame) -> None:
    there, crowded = set(pairs), len(sizes) > CROWD
    mutual = [pair for pair in pairs if pair[0] < pair[1] and pair[::-1] in there]
    single = [pair for pair in pairs if pair[::-1] not in there]
    width, pixels = (0.2 if crowded else 0.7), len(pairs) > DENSE
    _lines(axes, mutual, places, color=INK, linewidth=width, zorder=1, rasterized=pixels)
    if crowded:
        dashes: Any = (0, (2, 2))
        style = {"color": FAINT, "linewidth": width * 0.8, "linestyle": dashes, "zorder": 0.9}
        _lines(axes, single, places, rasterized=pixels, **style)
    elif single:
        _arrows(axes, single, places, sizes)


def _lines(axes: Axes, pairs: Sequence[Pair], places: Places, **style: Any) -> None:
    ends = [(places[one], places[other]) for one, other in pairs]
    axes.add_collection(LineCollection(ends, **style))


def _arrows(axes: Axes, pairs: Sequence[Pair], places: Places, sizes: Frame) -> None:
    """Draw arrows that end where the agents they lead to begin."""
    starts = np.array([places[one] for one, _ in pairs])
    ways = np.array([places[other] for _, other in pairs]) - starts
    radii = np.sqrt(sizes[[other for _, other in pairs]].to_numpy()) / 2 * 1.15 * POINT
    lengths = np.maximum(np.hypot(*ways.T), 1e-9)
    ways *= np.maximum(0.3, 1 - radii / lengths)[:, None]
    head = {"headwidth": 6, "headlength": 7, "headaxislength": 6, "minlength": 0}
    style: Any = {"units": "inches", "width": 0.006, "color": FAINT, "zorder": 0.9, **head}
    axes.quiver(*starts.T, *ways.T, angles="xy", scale_units="xy", scale=1, **style)


def _draw_agents(axes: Axes, agents: Frame, sizes: NDArray[Any], places: Places) -> None:
    points = np.array([places[agent] for agent in agents.agent]).reshape(-1, 2)
    colours = shades(agents.standing.to_numpy(float))
    thin = 0.3 if len(agents) > CROWD else 1
    defects = (agents.cooperation < DEFECTOR).to_numpy(bool)
    for which, marker, edge in ((~defects, "o", 0.5), (defects, "s", 1.1)):
        x, y = points[which].T
        axes.scatter(
            x,
            y,
            s=sizes[which] * (0.85 if marker == "s" else 1),
            facecolor=colours[which],
            marker=marker,
            edgecolor=INK,
            linewidth=edge * thin,
            zorder=2,
            rasterized=len(agents) > MANY,
        )


def _handles(*, crowded: bool) -> list[Line2D]:
    def mark(label: str, shape: str, face: str, edge: float) -> Line2D:
        style: Any = {"markerfacecolor": face, "markeredgecolor": INK, "markeredgewidth": edge}
        return Line2D([], [], linestyle="", marker=shape, markersize=5.5, label=label, **style)

    one_way = Line2D([], [], color=FAINT, linewidth=0.7, label="one-way tie")
    if crowded:
        one_way.set_linestyle((0, (2, 2)))
    else:
        one_way.set(marker=">", markersize=3.5, markevery=[1])
    return [
        mark("cooperator, or no act yet", "o", "white", 0.5),
        mark("defector", "s", "white", 1.1),
        mark("standing not known", "o", UNKNOWN, 0.5),
        Line2D([], [], color=INK, linewidth=0.8, label="mutual tie"),
        one_way,
    ]
