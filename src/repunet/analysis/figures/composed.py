"""Composed sheets: the paper's Figures 2 and 3, panels a to f, each on one page."""

from collections.abc import Callable, Mapping, Sequence
from string import ascii_lowercase

from matplotlib.figure import Figure

from repunet.analysis.figures.cooperation import BAND, handles, rate_panel
from repunet.analysis.figures.network import networks
from repunet.analysis.figures.points import legend_above
from repunet.analysis.figures.sheet import HEAD, sheet
from repunet.analysis.figures.sources import (
    FigureSource,
    gathered,
    known,
    looks,
    one_of_each,
    small_print,
    staged,
)
from repunet.analysis.figures.standing import NOTE, standing_correlation, standing_panel
from repunet.analysis.figures.style import PAGE, drawing, key, plain
from repunet.analysis.measures.cooperation import cooperation_by_round
from repunet.analysis.measures.network import residents_at
from repunet.analysis.tables.frames import Frames

ROW = 2.35
"""Inches of a row of two panels."""


@drawing
def figure_2(runs: Sequence[Frames]) -> Figure:
    """Return cooperation over rounds (a, c, e) and against reputation (b, d, f), by scenario."""
    sources = known(runs)
    stages, drawn = staged(sources), looks(source.treatment for source in sources)
    rates = gathered(runs, cooperation_by_round)
    agents = gathered(runs, lambda run: residents_at(run, run.last))
    correlations = gathered(runs, standing_correlation)
    words = small_print(sources, BAND, NOTE)
    figure, axes = sheet(PAGE, ROW * len(stages) + HEAD, words, len(stages), 2)
    letters = iter(ascii_lowercase)
    for (title, there), (left, right) in zip(stages.items(), axes, strict=True):
        left.set_title(f"({next(letters)}) {plain(title, 40)}")
        rate_panel(left, rates, there, drawn)
        points = standing_panel(right, agents, correlations, there, drawn)
        legend_above(right, points, f"({next(letters)}) {plain(title, 40)}")
    key(figure, handles(sources, drawn), 4)
    return figure


def figure_3(runs: Sequence[Frames]) -> Figure:
    """Return networks from the start to the end, without RepuNet and with it, by scenario.

    Of each arm the first run is shown, as the paper shows one of five.
    """
    chosen, sources = one_of_each(runs)
    rows = _without_first(sources)
    labels = [
        f"({response}) {plain(sources[n].scenario, 16)}\n{plain(sources[n].treatment, 20)}"
        for response, n in zip(ascii_lowercase, rows, strict=False)
    ]
    return networks([chosen[n] for n in rows], [sources[n] for n in rows], labels=labels)


def _without_first(sources: Sequence[FigureSource]) -> list[int]:
    """Return the places of arms by scenario, in each from the one without RepuNet to the full."""
    stages = list(dict.fromkeys(source.stage for source in sources))
    return sorted(
        range(len(sources)), key=lambda place: (stages.index(sources[place].stage), -place)
    )


COMPOSED: Mapping[str, Callable[[Sequence[Frames]], Figure]] = {
    "figure2": figure_2,
    "figure3": figure_3,
}
"""By target of a reproduction."""
