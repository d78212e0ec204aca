"""A cascade of gossip: who told whom of what was done in one encounter."""

from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure

from repunet.analysis.figures.sheet import sheet
from repunet.analysis.figures.sources import FigureSource, small_print
from repunet.analysis.figures.style import (
    FAINT,
    INK,
    LEVELS,
    PAGE,
    diverging,
    drawing,
    plain,
    shades,
    signed,
    vacant,
)
from repunet.analysis.measures import hearsay
from repunet.analysis.tables.frames import Frame, Frames

Line: TypeAlias = tuple[str, ...]
"""Of whom, and everyone through whom it went: who told it first, then each who heard it."""
Place: TypeAlias = tuple[float, float]

LEAF, HEAD, TALLEST = 0.24, 0.7, 9.0
"""Inches: for each line of gossip, for all else, and in all at most."""
PRINT = 6.5
NOTE = (
    "From left to right: who told whom. The colour and the signed number say how well a piece "
    "speaks of its target, the number in brackets how credible its listener found it (1 to 5), "
    "if that is known."
)


def gossip_cascade(runs: Sequence[Frames]) -> Figure:
    """Return the cascade that reached the most listeners, of all runs; of several, the first."""
    found = ((cascade(run), run) for run in runs)
    pieces, run = max(found, key=lambda each: int(each[0].listener.nunique()))
    return draw_cascade(pieces, [FigureSource.of(run)])


def cascade(frames: Frames, encounter: str | None = None) -> Frame:
    """Return the gossip that stems from an encounter, by default the one that went farthest.

    That is the one of which the most distinct listeners heard; of several, the first. Columns:
    round, encounter, target, path, listener, valence and credibility (NaN if not known), `deed`
    (what the target did there, in the words of its dilemma) and `names` (what the target, those on
    the path and the listener are called).
    """
    known = hearsay.pieces(frames)[["valence", "credibility"]]
    gossip = frames["gossip"].assign(**{name: known[name].to_numpy() for name in known})
    if encounter is None and len(gossip):
        reach = gossip.groupby("encounter", sort=False).listener.nunique()
        encounter = str(reach.idxmax())
    pieces = gossip[gossip.encounter == encounter]
    seats = frames["encounters"]
    seats = seats[seats.encounter == encounter].dropna(subset="move")
    names = frames["agents"].set_index("agent").name
    moves = seats.drop_duplicates("agent").set_index("agent").move
    return _lines(pieces, names).assign(deed=pieces.target.map(moves).astype(object))


def _lines(pieces: Frame, names: Mapping[str, str]) -> Frame:
    columns = ["round", "encounter", "target", "path", "listener", "valence", "credibility"]
    kept = pieces.reindex(columns=columns)
    lines = [
        tuple(str(names[agent]) for agent in (row.target, *row.path, row.listener))
        for row in kept.itertuples()
    ]
    return kept.assign(names=pd.Series(lines, kept.index, dtype=object), deed=None)


@drawing
def draw_cascade(pieces: Frame, sources: Sequence[FigureSource]) -> Figure:
    """Draw the pieces of one encounter, as `cascade` returns them."""
    if not len(pieces):
        figure, axes = sheet(PAGE / 2, 1.1, small_print(sources))
        vacant(axes[0][0], "no gossip was heard")
        return figure
    heard = {(row.target, *row.path, row.listener): row for row in pieces.itertuples()}
    places = _places(list(heard))
    leaves = 1 + max(y for _, y in places.values())
    note = small_print(sources, NOTE, f"Encounter {pieces.encounter.iloc[0]}.")
    figure, axes = sheet(PAGE, min(TALLEST, HEAD + LEAF * max(3, leaves)), note)
    axis = axes[0][0]
    _tell(axis, heard, places)
    size = min(PRINT, PRINT * (TALLEST - HEAD) / (LEAF * leaves))
    _name(axis, heard, places, size)
    _head(axis, heard, places, size)
    _frame(axis, int(max(x for x, _ in places.values())), leaves)
    colours, bounds = diverging()
    bar = figure.colorbar(ScalarMappable(bounds, colours), ax=axis, aspect=12, shrink=0.9)
    bar.set_label("valence")
    bar.set_ticks(LEVELS[::5])
    return figure


def _places(heard: Sequence[Line]) -> dict[Line, Place]:
    """Return where each person on each line stands: by hop, in line with the first it told."""
    told: dict[Line, list[Line]] = {}
    for line in sorted({whole[:end] for whole in heard for end in range(2, len(whole) + 1)}):
        told.setdefault(line[:-1] if len(line) > 2 else (), []).append(line)
    heights: dict[Line, float] = {}
    leaves = count()

    def stand(line: Line) -> float:
        below = [stand(further) for further in told.get(line, ())]
        heights[line] = below[0] if below else float(next(leaves))
        return heights[line]

    for root in told[()]:
        next(leaves)  # a line for what was done
        stand(root)
    return {line: (float(len(line) - 2), height) for line, height in heights.items()}


def _tell(axes: Axes, heard: Mapping[Line, Any], places: Mapping[Line, Place]) -> None:
    for line, piece in heard.items():
        (x, y), (above, beside) = places[line], places[line[:-1]]
        way = ([above, above, x], [beside, y, y])
        axes.plot(*way, color=INK, linewidth=2.4, zorder=1)
        (colour,) = shades(np.array([piece.valence], float))
        axes.plot(*way, color=colour, linewidth=1.6, zorder=1.1)
    xs, ys = zip(*places.values(), strict=True)
    axes.scatter(xs, ys, s=14, color="white", edgecolor=INK, linewidth=0.7, zorder=2)


def _name(axes: Axes, heard: Mapping[Line, Any], places: Mapping[Line, Place], size: float) -> None:
    names = {line[:end]: row.names[:end] for line, row in heard.items() for end in range(2, 99)}
    most = 22 if max(map(len, heard)) <= 4 else 14
    for line, place in places.items():
        said = plain(names[line][-1], most)
        if line in heard:
            said += _judged(heard[line])
        axes.annotate(said, place, (2, 3), textcoords="offset points", va="bottom", size=size)


def _judged(piece: Any) -> str:
    valence = "" if np.isnan(piece.valence) else f" {signed(piece.valence)}"
    return valence + ("" if np.isnan(piece.credibility) else f" ({piece.credibility:.0f})")


def _head(axes: Axes, heard: Mapping[Line, Any], places: Mapping[Line, Place], size: float) -> None:
    """Write above each tree whom it is about, and what they did."""
    for root in (line for line in places if len(line) == 2):
        below = [line for line in heard if line[:2] == root]
        piece = heard[below[0]]
        said = f"about {plain(piece.names[0], 40)}"
        if isinstance(piece.deed, str):
            said += f", whose act was: {plain(piece.deed, 60)}"
        height = min(places[line][1] for line in below) - 1
        axes.annotate(said, (0, height), (-3, 0), textcoords="offset points", size=size)


def _frame(axes: Axes, hops: int, leaves: float) -> None:
    axes.set(xlim=(-0.05, hops + 0.6), ylim=(leaves - 0.6, -0.7), yticks=[])
    words = ["was there", "told by who was there"]
    words += [f"told at hop {hop}" for hop in range(2, hops + 1)]
    axes.set_xticks(range(hops + 1), words[: hops + 1], ha="left")
    axes.tick_params(length=0, colors=FAINT)
    axes.spines[:].set_visible(False)
