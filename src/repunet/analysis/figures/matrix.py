"""Who thinks what of whom: the matrix of reputations."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure

from repunet.analysis.figures.sheet import sheet
from repunet.analysis.figures.sources import FigureSource, gathered, one_of_each, small_print
from repunet.analysis.figures.style import (
    COLUMN,
    INK,
    LEVELS,
    PAGE,
    diverging,
    drawing,
    plain,
    vacant,
)
from repunet.analysis.measures.reputation import focal_role, scores, standing
from repunet.analysis.tables.frames import Frame, Frames

FEW, NAMED = 8, 26
"""Agents up to whom a matrix is small, and up to whom they are named."""
DENSE = 40
"""Agents beyond whom cells are drawn as pixels."""
MOST = 4
"""Runs that are shown side by side."""
NOTE = (
    "A row is an observer, a column whom it judges, both in the order of their standing, best "
    "first; grey: no record. The diagonal, dotted, is how agents think they are seen themselves."
)


def reputation_matrix(runs: Sequence[Frames]) -> Figure:
    """Return what every agent makes of every other at the end, for one run of each arm."""
    chosen, sources = one_of_each(runs)
    return draw_matrix(gathered(chosen, _judged), sources)


def _judged(frames: Frames) -> Frame:
    """Return the scores as rows: observer, target and their names, score, standing of the target.

    Pairs are in the order of standing, which is that of the rows and columns of the matrix.
    """
    role = focal_role(frames.scenario)
    stood = standing(frames, frames.last, role).reindex(frames.agents)
    order = stood.sort_values(ascending=False, kind="stable", na_position="last").index
    held = scores(frames, frames.last, role).reindex(index=order, columns=order)
    names = frames["agents"].set_index("agent").name
    index = pd.MultiIndex.from_product([order, order], names=["observer", "target"])
    pairs = pd.DataFrame({"score": held.to_numpy(float).ravel()}, index).reset_index()
    return pairs.assign(
        observer_name=pairs.observer.map(names), target_name=pairs.target.map(names)
    )


@drawing
def draw_matrix(pairs: Frame, sources: Sequence[FigureSource]) -> Figure:
    """Draw scores: number of the run, observer, target, their names, score; ordered as drawn."""
    held = [n for n in range(len(sources)) if pairs[pairs.number == n].score.notna().any()]
    shown = held[:MOST]
    note = small_print(sources, NOTE, _left_out(sources, shown, len(held)))
    if not shown:
        figure, axes = sheet(COLUMN, 1.1, note)
        vacant(axes[0][0], "nobody has a record of anybody")
        return figure
    columns = min(2, len(shown))
    rows = math.ceil(len(shown) / columns)
    few = pairs[pairs.number == shown[0]].target.nunique() <= FEW
    width = COLUMN * (1 if few else 1.35) if columns == 1 else PAGE
    figure, axes = sheet(width, (width - 0.5) / columns * rows, note, rows, columns)
    flat = [axis for line in axes for axis in line]
    for number, axis in zip(shown, flat, strict=False):
        _panel(axis, pairs[pairs.number == number])
        axis.set_title(plain(_title(sources, number), 48) if len(sources) > 1 else "")
    for axis in flat[len(shown) :]:
        vacant(axis, "")
    _scale(figure, flat)
    return figure


def _left_out(sources: Sequence[FigureSource], shown: Sequence[int], held: int) -> str:
    more = f"{held - len(shown)} more arms are not shown." if held > len(shown) else ""
    without = [_title(sources, n) for n in range(len(sources)) if n not in shown]
    return more or (f"No records: {'; '.join(without)}." if without and shown else "")


def _title(sources: Sequence[FigureSource], number: int) -> str:
    one = sources[number]
    several = len({source.stage for source in sources}) > 1
    return f"{one.scenario}, {one.treatment}" if several else one.treatment


def _scale(figure: Figure, axes: Sequence[Axes]) -> None:
    colours, bounds = diverging()
    bar = figure.colorbar(ScalarMappable(bounds, colours), ax=axes, aspect=24, shrink=0.6)
    bar.set_label("score")
    bar.set_ticks(LEVELS[::5])


def _panel(axes: Axes, pairs: Frame) -> None:
    side = pairs.target.nunique()
    colours, bounds = diverging()
    axes.pcolormesh(
        np.ma.masked_invalid(pairs.score.to_numpy(float).reshape(side, side)),
        cmap=colours,
        norm=bounds,
        edgecolor="white" if side <= DENSE else "none",
        linewidth=0.3,
        rasterized=side > DENSE,
    )
    axes.set(aspect="equal", ylim=(side, 0), xlabel="whom it judges", ylabel="observer")
    if side <= DENSE:
        _own(axes, pairs, side)
    _names(axes, pairs, side)


def _own(axes: Axes, pairs: Frame, side: int) -> None:
    own = pairs[pairs.observer == pairs.target].score.notna().to_numpy()
    at = np.arange(side)[own] + 0.5
    axes.scatter(at, at, s=min(9.0, 90 / side), color=INK, linewidth=0)


def _names(axes: Axes, pairs: Frame, side: int) -> None:
    axes.spines[:].set_visible(False)
    if side > NAMED:
        axes.set(xticks=[], yticks=[])
        axes.set(xlabel=f"whom it judges ({side} agents)", ylabel=f"observer ({side} agents)")
        return
    names = [plain(name, 16) for name in pairs.target_name[:side]]
    ticks = np.arange(side) + 0.5
    size = 5.5 if side > 12 else 6.5
    axes.set_xticks(ticks, names, rotation=90, size=size)
    axes.set_yticks(ticks, names, size=size)
    axes.tick_params(length=0)
