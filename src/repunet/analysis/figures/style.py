"""The look of all figures: readable in print at column width, and without relying on colour."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from threading import RLock
from typing import Any, ParamSpec
from warnings import catch_warnings, filterwarnings

import numpy as np
from matplotlib import colormaps, rcParams
from matplotlib import style as styles
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, Colormap, ListedColormap
from matplotlib.figure import Figure
from numpy.typing import NDArray

from repunet.analysis.figures.scripts import fonts_for, warn, written
from repunet.analysis.rounding import rounded

P = ParamSpec("P")

COLUMN, PAGE = 3.4, 7.0
"""Inches: one column of a printed page, and both."""
STYLE: dict[str, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial", "Helvetica"],
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.titlelocation": "left",
    "axes.labelsize": 8,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "legend.fontsize": 7,
    "legend.frameon": False,
    "legend.handlelength": 2.6,
    "lines.linewidth": 1.3,
    "lines.markersize": 4,
    "hatch.linewidth": 0.6,
    "text.parse_math": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "repunet",
    "savefig.dpi": 300,
}
"""Text stays text, and a $ in a name is a dollar."""

INK, FAINT, UNKNOWN = "#222222", "#767676", "#a3a3a3"
BLUE, ORANGE, GREEN, RED = "#0072B2", "#E69F00", "#009E73", "#D55E00"
PURPLE, SKY, YELLOW, BLACK = "#CC79A7", "#56B4E9", "#F0E442", "#000000"
"""Okabe and Ito (2008): told apart by people who are colour-blind."""


@dataclass(frozen=True, slots=True)
class Look:
    """Colour, line and marker of one arm; each alone tells it from the others."""

    color: str
    dash: Any
    marker: str
    hatch: str


LOOKS = (
    Look(BLUE, "solid", "o", ""),
    Look(ORANGE, (0, (5, 1.5)), "s", "////"),
    Look(GREEN, (0, (5, 1.5, 1, 1.5)), "^", "...."),
    Look(RED, (0, (1.2, 1.2)), "D", "xxxx"),
    Look(PURPLE, (0, (8, 2)), "v", "\\\\\\\\"),
    Look(SKY, (0, (5, 1, 1, 1, 1, 1)), "P", "++++"),
    Look(BLACK, (0, (3, 3)), "X", "----"),
    Look(FAINT, (0, (1, 3)), "*", "oooo"),
)
MINUS = "\N{MINUS SIGN}"
LEVELS = [step / 5 for step in range(-5, 6)]
"""Bounds between the colours that stand for a score."""
_lock = RLock()


def diverging() -> tuple[Colormap, BoundaryNorm]:
    """Return the colours of scores from -1, red, to 1, blue, by fifths; grey is not known."""
    few = len(LEVELS) - 1
    colours = colormaps["RdBu"]([(step + 0.5) / few * 0.84 + 0.08 for step in range(few)])
    return ListedColormap(colours).with_extremes(bad=UNKNOWN), BoundaryNorm(LEVELS, few)


def shades(scores: NDArray[np.float64]) -> Any:
    """Return the colour of each score; NaN is not known."""
    colours, bounds = diverging()
    return colours(bounds(np.ma.masked_invalid(scores)))


@contextmanager
def styled() -> Iterator[None]:
    """Draw in our style, whatever the user's; one thread at a time, since matplotlib has but one.

    A script that our font lacks is drawn all the same: an SVG's text finds a font where it is read.
    """
    with _lock, styles.context([STYLE], after_reset=True), catch_warnings():
        filterwarnings("ignore", message="Glyph .* missing from")
        yield


def drawing(draw: Callable[P, Figure]) -> Callable[P, Figure]:
    """Let a function draw in our style, and lay out what it drew once and for all.

    Where our font lacks a character it draws once more, with fonts that have it.
    """

    @wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> Figure:
        with styled():
            figure = _laid_out(draw(*args, **kwargs))
            families = fonts_for(written(figure))
            if families:
                rcParams["font.family"] = [*STYLE["font.sans-serif"][:1], *families]
                figure = _laid_out(draw(*args, **kwargs))
            warn(written(figure), families)
            return figure

    return drawn


def _laid_out(figure: Figure) -> Figure:
    if engine := figure.get_layout_engine():
        engine.execute(figure)
        figure.set_layout_engine("none")
    return figure


def bare(axes: Axes) -> None:
    """Take away the frame and the scales."""
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)


def vacant(axes: Axes, why: str) -> None:
    """Say in an empty panel why it is empty."""
    bare(axes)
    axes.text(0.5, 0.5, why, ha="center", va="center", color=FAINT, transform=axes.transAxes)


def plain(text: object, most: int = 24) -> str:
    r"""Return a text in one line, and shortened: names may hold anything.

    >>> plain("Maria of the\nlong and winding name", 12)
    'Maria of th…'
    """
    line = " ".join("".join(c if c.isprintable() else " " for c in str(text)).split())
    return line if len(line) <= most else line[: most - 1] + "…"


def key(figure: Figure, handles: Sequence[Any], columns: int) -> None:
    """Put the legend above the panels and below the title, where it hides nothing."""
    if not handles:
        return
    engine: Any = figure.get_layout_engine()
    left, bottom, width, height = engine.get()["rect"]
    legend = figure.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(0, 0, 1, bottom + height),
        ncols=columns,
        columnspacing=1.4,
    )
    legend.set_in_layout(False)
    taken = legend.get_window_extent().height / figure.bbox.height
    engine.set(rect=(left, bottom, width, height - taken))


def signed(value: float) -> str:
    """Return a score with its sign.

    >>> signed(0.5)
    '+0.5'
    """
    return f"{value:+.1f}".replace("-", MINUS) if value else "0.0"


def shortened(value: float) -> str:
    """Return a number between -1 and 1 as papers print it.

    >>> shortened(0.538)
    '.54'
    """
    return rounded(value).replace("-", MINUS)
