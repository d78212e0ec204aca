"""A sheet: panels in rows and columns, with small print below that is never covered."""

import math
import textwrap
from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from repunet.analysis.figures.sources import Words
from repunet.analysis.figures.style import COLUMN, FAINT, INK, PAGE, vacant

POINTS = 72
"""In an inch."""
PRINT, TITLE = 5.6, 7.5
"""Points: the sizes of small print, and of the line above."""
LETTER, LINE = 0.56, 1.35
"""What a letter is wide, and a line high, in sizes of the print."""
MARGIN = 4
"""Points around the print."""
HEAD = 0.35
"""Inches above panels for a legend."""


def sheet(
    width: float, height: float, note: Words, rows: int = 1, columns: int = 1, **panels: Any
) -> tuple[Figure, list[list[Axes]]]:
    """Return a figure and its panels by row; the height, in inches, is without what is said."""
    head, lines = _wrapped(note.title, width, TITLE), _wrapped(note.small, width, PRINT)
    above, below = _height(head, TITLE), _height(lines, PRINT)
    whole = height + above + below
    figure = Figure(figsize=(width, whole), layout="constrained")
    if engine := figure.get_layout_engine():
        engine.set(rect=(0, below / whole, 1, height / whole), w_pad=0.06, h_pad=0.04)  # type: ignore[call-arg]
    left, edge = MARGIN / POINTS / width, MARGIN / POINTS / whole
    how: dict[str, Any] = {"linespacing": LINE, "in_layout": False}
    figure.text(left, 1 - edge, "\n".join(head), size=TITLE, color=INK, va="top", **how)
    figure.text(left, edge, "\n".join(lines), size=PRINT, color=FAINT, va="bottom", **how)
    return figure, figure.subplots(rows, columns, squeeze=False, **panels).tolist()


def _wrapped(text: str, width: float, size: float) -> list[str]:
    return textwrap.wrap(text, int((width * POINTS - 2 * MARGIN) / (size * LETTER)))


def _height(lines: Sequence[str], size: float) -> float:
    """Return the inches that lines take."""
    return (len(lines) * size * LINE + 2 * MARGIN) / POINTS


def panels(count: int, height: float, note: Words) -> tuple[Figure, list[Axes]]:
    """Return a figure with so many panels, up to three in a row, and these; the rest is blank."""
    columns = 2 if count in (2, 4) else min(3, count)
    rows = math.ceil(count / columns)
    width = COLUMN if columns == 1 else PAGE
    figure, axes = sheet(width, height * rows + HEAD, note, rows, columns)
    flat = [each for row in axes for each in row]
    for spare in flat[count:]:
        vacant(spare, "")
    return figure, flat[:count]
