"""Agents as points, by treatment, with the correlation that each treatment shows."""

from collections.abc import Callable, Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from repunet.analysis.figures.sources import FigureArm
from repunet.analysis.figures.style import Look, plain, shortened
from repunet.analysis.statistics import fisher_mean
from repunet.analysis.tables.frames import Frame

CROWD = 200
"""Points beyond which they are drawn small and pale."""
DENSE = 2000
"""Points of a treatment beyond which they are drawn as pixels."""


def scatter(
    axes: Axes,
    agents: Frame,
    across: str,
    there: Sequence[FigureArm],
    drawn: Mapping[str, Look],
    said: Callable[[FigureArm, int], str],
) -> list[Line2D]:
    """Draw a point for each agent, these columns across and up; return a legend for treatments.

    What is said of an arm there depends on how many points it has.
    """
    x, y = across.split()
    crowded = len(agents) > CROWD
    handles = []
    for arm in there:
        look, points = drawn[arm.treatment], arm.of(agents)
        axes.scatter(
            points[x],
            points[y],
            s=8 if crowded else 16,
            marker=look.marker,
            facecolor=look.color,
            edgecolor="white",
            linewidth=0.3,
            alpha=0.55 if crowded else 0.8,
            rasterized=len(points) > DENSE,
            clip_on=False,
        )
        handles.append(Line2D([], [], linestyle="", marker=look.marker, color=look.color))
        handles[-1].set_label(f"{plain(arm.treatment, 40)}: {said(arm, len(points))}")
    return handles


def legend_above(axes: Axes, handles: Sequence[Line2D], title: str = "") -> None:
    """Put a legend between a panel and its title, where it hides no point."""
    if not (handles or title):
        return
    axes.legend(
        handles=handles,
        title=plain(title, 60) or None,
        loc="lower left",
        bbox_to_anchor=(0, 1.0),
        handlelength=1,
        alignment="left",
        borderaxespad=0.2,
        borderpad=0,
        title_fontsize=8,
    )


def correlated(correlations: Frame) -> str:
    """Return the mean correlation over runs in words, or that there is none."""
    found = fisher_mean(correlations.r)
    if found.mean is None:
        return "r not defined"
    agents = sorted({int(n) for n, r in zip(correlations.n, correlations.r, strict=True) if r == r})
    many = str(agents[0]) if len(agents) == 1 else f"{agents[0]}–{agents[-1]}"
    runs = f", {found.n} runs" if found.n > 1 else ""
    return f"r = {shortened(found.mean)} ({many} agents{runs})"
