"""Cooperation over rounds, by treatment, with bands (paper, Figure 2 a, c, e)."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from repunet.analysis.figures.sheet import panels
from repunet.analysis.figures.sources import (
    FigureArm,
    FigureSource,
    arms,
    gathered,
    known,
    looks,
    small_print,
    staged,
)
from repunet.analysis.figures.style import Look, drawing, key, plain, vacant
from repunet.analysis.measures.cooperation import cooperation_by_round
from repunet.analysis.statistics import SHARE, interval
from repunet.analysis.tables.frames import Frame, Frames

HEADLINES = {"participation": "share of joins", "investment": "adherence"}
"""What the headline rate is called, where it is not cooperation."""
BAND = (
    "Bands: 95 % intervals over runs, round by round (Wilson's, with t and the effective number of "
    "trials); a single run has none."
)
MARKS = 7
"""Markers on a line."""


def cooperation_over_rounds(runs: Sequence[Frames]) -> Figure:
    """Return the headline rate of each round: by treatment, the mean over runs."""
    return draw_cooperation(gathered(runs, cooperation_by_round), known(runs))


@drawing
def draw_cooperation(rates: Frame, sources: Sequence[FigureSource]) -> Figure:
    """Draw rates: number of the run, round, value, n, missing; a panel for each dilemma."""
    stages = staged(sources)
    drawn = looks(source.treatment for source in sources)
    note = small_print(sources, _missing(rates, sources), BAND)
    figure, axes = panels(len(stages), 2.1, note)
    for place, (title, there) in zip(axes, stages.items(), strict=False):
        place.set_title(plain(title, 60) if len(stages) > 1 else "")
        rate_panel(place, rates, there, drawn)
    key(figure, handles(sources, drawn), 2 if len(stages) < 2 else 4)
    return figure


def rate_panel(
    axes: Axes, rates: Frame, there: Sequence[FigureArm], drawn: dict[str, Look]
) -> None:
    """Draw one panel."""
    for place, arm in enumerate(there):
        defined = arm.of(rates).dropna(subset="value")
        _line(axes, defined, drawn[arm.treatment], place / len(there))
    if not axes.lines:
        vacant(axes, "nothing to take a rate from")
        return
    axes.set(ylim=(-0.03, 1.03), xlabel="round", ylabel=_headline(there))
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True, min_n_ticks=1))


def _headline(there: Sequence[FigureArm]) -> str:
    return HEADLINES.get(there[0].scenario, "cooperation")


def _line(axes: Axes, rates: Frame, look: Look, shift: float) -> None:
    """Draw the line of an arm; the shift keeps its markers apart from those of others."""
    if not len(rates):
        return
    found = {
        number: interval(values, within=SHARE) for number, values in rates.groupby("round").value
    }
    rounds = list(found)
    every = max(1, len(rounds) // MARKS)
    axes.plot(
        rounds,
        [each.mean or 0.0 for each in found.values()],
        color=look.color,
        linestyle=look.dash,
        marker=look.marker,
        markeredgecolor="white",
        markeredgewidth=0.4,
        markevery=(int(shift * every), every),
        clip_on=False,
    )
    sure = {number: each for number, each in found.items() if each.low is not None}
    low, high = ([getattr(each, end) for each in sure.values()] for end in ("low", "high"))
    axes.fill_between(list(sure), low, high, color=look.color, alpha=0.16, linewidth=0)


def handles(sources: Sequence[FigureSource], drawn: dict[str, Look]) -> list[Line2D]:
    """Return a legend for treatments, with the runs of each."""
    runs: dict[str, list[int]] = {}
    for arm in arms(sources):
        runs.setdefault(arm.treatment, []).append(len(arm.numbers))
    return [
        Line2D(
            [],
            [],
            color=drawn[name].color,
            linestyle=drawn[name].dash,
            marker=drawn[name].marker,
            label=f"{plain(name, 40)} (n = {', '.join(map(str, dict.fromkeys(counts)))})",
        )
        for name, counts in runs.items()
    ]


def _missing(rates: Frame, sources: Sequence[FigureSource]) -> str:
    lost: dict[str, int] = {}
    for arm in arms(sources):
        lost[arm.treatment] = lost.get(arm.treatment, 0) + int(arm.of(rates).missing.sum())
    if not any(lost.values()):
        return "No act is missing."
    return f"Acts missing: {', '.join(f'{name} {count}' for name, count in lost.items())}."
