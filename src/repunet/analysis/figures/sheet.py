"""A sheet: panels in rows and columns, with small print below that is never covered."""

import math
import textwrap
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from repunet.analysis.figures.style import COLUMN, FAINT, PAGE, vacant

POINTS = 72
"""In an inch."""
PRINT = 5.6
"""Points: the size of small print."""
LETTER, LINE = 0.56, 1.35
"""What a letter is wide, and a line high, in sizes of the print."""
MARGIN = 4
"""Points around the print."""
HEAD = 0.35
"""Inches above panels for a legend."""


def sheet(
    width: float, height: float, note: str, rows: int = 1, columns: int = 1, **panels: Any
) -> tuple[Figure, list[list[Axes]]]:
    """Return a figure and its panels by row; the height, in inches, is without the small print."""
    letters = int((width * POINTS - 2 * MARGIN) / (PRINT * LETTER))
    lines = textwrap.wrap(note, letters)
    below = (len(lines) * PRINT * LINE + 2 * MARGIN) / POINTS
    whole = height + below
    figure = Figure(figsize=(width, whole), layout="constrained")
    if engine := figure.get_layout_engine():
        engine.set(rect=(0, below / whole, 1, height / whole), w_pad=0.06, h_pad=0.04)  # type: ignore[call-arg]
    figure.text(
        MARGIN / POINTS / width,
        MARGIN / POINTS / whole,
        "\n".join(lines),
        size=PRINT,
        color=FAINT,
        va="bottom",
        linespacing=LINE,
        in_layout=False,
    )
    return figure, figure.subplots(rows, columns, squeeze=False, **panels).tolist()


def panels(count: int, height: float, note: str) -> tuple[Figure, list[Axes]]:
    """Return a figure with so many panels, up to three in a row, and these; the rest is blank."""
    columns = 2 if count in (2, 4) else min(3, count)
    rows = math.ceil(count / columns)
    width = COLUMN if columns == 1 else PAGE
    figure, axes = sheet(width, height * rows + HEAD, note, rows, columns)
    flat = [each for row in axes for each in row]
    for spare in flat[count:]:
        vacant(spare, "")
    return figure, flat[:count]
