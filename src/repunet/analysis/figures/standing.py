"""Cooperation against reputation, agent by agent (paper, Figure 2 b, d, f)."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MultipleLocator

from repunet.analysis.figures.cooperation import HEADLINES
from repunet.analysis.figures.points import correlated, legend_above, scatter
from repunet.analysis.figures.sheet import panels
from repunet.analysis.figures.sources import (
    FigureArm,
    FigureSource,
    gathered,
    known,
    looks,
    of_all,
    small_print,
    staged,
)
from repunet.analysis.figures.style import Look, drawing, vacant
from repunet.analysis.measures.measure import RoundSpan
from repunet.analysis.measures.network import residents_at
from repunet.analysis.measures.reputation import cooperation_and_standing
from repunet.analysis.tables.frames import Frame, Frames

NOTE = (
    "A point is an agent at the end of a run; standing is the mean of the others' scores of it. "
    "r: Pearson over agents within a run, Fisher-averaged over runs."
)


def cooperation_against_standing(runs: Sequence[Frames]) -> Figure:
    """Return how agents stand at the end, against how much they have cooperated so far."""
    return draw_standing(
        gathered(runs, lambda run: residents_at(run, run.last)),
        gathered(runs, standing_correlation),
        known(runs),
    )


def standing_correlation(frames: Frames) -> Frame:
    """Return how cooperation and standing go together in a run: r, n (agents)."""
    rate = cooperation_and_standing(frames, RoundSpan.end(frames))
    return pd.DataFrame({"r": [rate.value], "n": [rate.n]}).astype({"r": "float64"})


@drawing
def draw_standing(agents: Frame, correlations: Frame, sources: Sequence[FigureSource]) -> Figure:
    """Draw agents: number of the run, cooperation, standing; and the r of each run."""
    stages = staged(sources)
    drawn = looks(source.treatment for source in sources)
    figure, axes = panels(len(stages), 2.6, small_print(sources, NOTE))
    for place, (title, there) in zip(axes, stages.items(), strict=False):
        legend = standing_panel(place, agents, correlations, there, drawn)
        legend_above(place, legend, title if len(stages) > 1 else "")
    return figure


def standing_panel(
    axes: Axes,
    agents: Frame,
    correlations: Frame,
    there: Sequence[FigureArm],
    drawn: dict[str, Look],
) -> list[Line2D]:
    """Draw one panel; return a legend for its treatments."""

    def said(arm: FigureArm, points: int) -> str:
        return correlated(arm.of(correlations)) if points else "no reputations"

    points = of_all(there, agents).dropna(subset=["cooperation", "standing"])
    handles = scatter(axes, points, "cooperation standing", there, drawn, said)
    if not len(points):
        vacant(axes, "no agent both acted and has a reputation")
        return handles
    rate = HEADLINES.get(there[0].scenario, "cooperation")
    axes.set(xlim=(-0.03, 1.03), ylim=(-1.05, 1.05), xlabel=f"own {rate} so far", ylabel="standing")
    axes.yaxis.set_major_locator(MultipleLocator(0.5))
    axes.axhline(0, color="#bbbbbb", linewidth=0.6, zorder=0)
    return handles
