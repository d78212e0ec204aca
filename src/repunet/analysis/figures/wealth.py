"""The distribution of wealth at the end, by treatment or by disposition, with its Gini."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from repunet.analysis.figures.sheet import panels
from repunet.analysis.figures.sources import (
    FigureArm,
    FigureSource,
    gathered,
    known,
    looks,
    small_print,
    staged,
)
from repunet.analysis.figures.style import INK, LOOKS, Look, drawing, plain, shortened, vacant
from repunet.analysis.measures.inequality import gini
from repunet.analysis.measures.measure import RoundSpan
from repunet.analysis.statistics import interval
from repunet.analysis.tables.frames import Frame, Frames

CROWD = 150
NOTE = (
    "A point is an agent at the end of a run; the bar spans the quartiles, its line is the median. "
    "Gini: mean over runs; not defined where wealth is negative."
)


def wealth_at_the_end(runs: Sequence[Frames]) -> Figure:
    """Return what agents have at the end: by treatment, or within one arm by disposition."""
    return draw_wealth(gathered(runs, _wealth), gathered(runs, _gini), known(runs))


def _wealth(frames: Frames) -> Frame:
    paid = frames["payoffs"]
    end = paid[paid["round"] == frames.last].set_index("agent").wealth
    agents = frames["agents"][["agent", "disposition"]]
    return agents.assign(wealth=end.reindex(agents.agent).to_numpy(float))


def _gini(frames: Frames) -> Frame:
    return pd.DataFrame({"gini": [gini(frames, RoundSpan.end(frames)).value]}, dtype="float64")


@dataclass(frozen=True, slots=True)
class _Group:
    title: str
    look: Look
    wealth: Frame


@drawing
def draw_wealth(wealth: Frame, ginis: Frame, sources: Sequence[FigureSource]) -> Figure:
    """Draw wealth: number of the run, agent, disposition, wealth; and the Gini of each run."""
    stages = staged(sources)
    drawn = looks(source.treatment for source in sources)
    groups = {title: _groups(there, wealth, ginis, drawn) for title, there in stages.items()}
    rows = max(map(len, groups.values()))
    note = small_print(sources, NOTE)
    figure, axes = panels(len(groups), 0.7 + 0.42 * rows, note)
    for axis, (title, found) in zip(axes, groups.items(), strict=False):
        heads = [title] if len(groups) > 1 else []
        if len(stages[title]) == 1:
            heads.append(f"{stages[title][0].treatment}, {_said(stages[title][0].of(ginis))}")
        axis.set_title(plain(": ".join(heads), 64))
        _panel(axis, found)
    return figure


def _groups(
    there: Sequence[FigureArm], wealth: Frame, ginis: Frame, drawn: dict[str, Look]
) -> list[_Group]:
    if len(there) > 1:
        return [
            _Group(
                f"{plain(arm.treatment, 30)}\n{_said(arm.of(ginis))}",
                drawn[arm.treatment],
                arm.of(wealth),
            )
            for arm in there
        ]
    held = there[0].of(wealth)
    return [
        _Group(plain(str(kind).replace("_", "-"), 30), LOOKS[place % len(LOOKS)], mine)
        for place, (kind, mine) in enumerate(held.groupby("disposition", sort=True))
    ]


def _said(ginis: Frame) -> str:
    found = interval(ginis.gini)
    if found.mean is None:
        return "Gini n/a"
    return f"Gini {shortened(found.mean)} (n = {found.n})"


def _panel(axes: Axes, groups: Sequence[_Group]) -> None:
    if not any(group.wealth.wealth.notna().any() for group in groups):
        vacant(axes, "nobody has earned anything")
        return
    for place, group in enumerate(groups):
        held = np.sort(group.wealth.wealth.dropna().to_numpy(float))
        _points(axes, held, place, group.look)
        if len(held):
            low, middle, high = np.quantile(held, [0.25, 0.5, 0.75])
            axes.barh(place + 0.3, high - low, 0.12, low, color=group.look.color, alpha=0.5)
            axes.plot([middle] * 2, [place + 0.21, place + 0.39], color=INK, linewidth=1.2)
    axes.set(ylim=(len(groups) - 0.4, -0.5), xlabel="wealth")
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.set_yticks(range(len(groups)), [group.title for group in groups])
    axes.tick_params(axis="y", length=0)


def _points(axes: Axes, held: np.ndarray, place: int, look: Look) -> None:
    """Draw sorted points, next to each other spread over five lines so that equals don't hide."""
    crowded = len(held) > CROWD
    spread = (np.arange(len(held)) * 2 % 5 - 2) * 0.07
    axes.scatter(
        held,
        place - 0.08 + spread,
        s=5 if crowded else 11,
        marker=look.marker,
        color=look.color,
        alpha=0.5 if crowded else 0.85,
        linewidth=0,
        rasterized=len(held) > 10 * CROWD,
    )
