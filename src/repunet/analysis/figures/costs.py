"""What runs asked of language models and what that cost, by round and by question."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, FuncFormatter, MaxNLocator

from repunet.analysis.figures.sheet import sheet
from repunet.analysis.figures.sources import FigureSource, gathered, known, small_print
from repunet.analysis.figures.style import BLUE, PAGE, drawing, vacant
from repunet.analysis.tables.frames import Frame, Frames
from repunet.record.attempts import LOST, SENT

KINDS = {"calls": "calls", "tokens": "tokens", "dollars": "US dollars"}
NOTE = (
    "All runs together. Tokens in and out; a call without an answer counts in full; what a fork "
    "inherited is not counted."
)


def costs_of_runs(runs: Sequence[Frames]) -> Figure:
    """Return calls, tokens and dollars of all runs together."""
    by_round = gathered(runs, lambda run: run["rounds"][["round", *KINDS]])
    return draw_costs(by_round, gathered(runs, _asked), known(runs))


def _asked(frames: Frames) -> Frame:
    """Return the requests a run sent: operation, calls (1 each), tokens, dollars."""
    sent = frames["attempts"]
    sent = sent[~sent.inherited]
    unseen = sent.status.isin((SENT, LOST))
    seen = sent.input.fillna(0) + sent.output.fillna(0)
    return pd.DataFrame(
        {
            "operation": sent.operation,
            "calls": 1,
            "tokens": seen.where(~unseen, sent.reserved).astype("int64"),
            "dollars": sent.dollars.where(~unseen, sent.reserved_dollars),
        }
    )


@drawing
def draw_costs(by_round: Frame, requests: Frame, sources: Sequence[FigureSource]) -> Figure:
    """Draw rounds (round, calls, tokens, dollars) and requests (operation and the same)."""
    note = small_print(sources, NOTE)
    if not len(requests):
        figure, axes = sheet(PAGE / 2, 1.1, note)
        vacant(axes[0][0], "no calls: no language model was asked")
        return figure
    operations = requests.groupby("operation")[list(KINDS)].sum(min_count=1).sort_values("tokens")
    height = 1.9 + 0.14 * len(operations) + 0.5
    ratios = [1.5, 0.14 * len(operations) + 0.5]
    figure, axes = sheet(PAGE, height, note, 2, 3, height_ratios=ratios)
    rounds = by_round.groupby("round")[list(KINDS)].sum(min_count=1)
    unpriced = bool(requests.dollars.isna().any())
    for column, (kind, title) in enumerate(KINDS.items()):
        over, of = axes[0][column], axes[1][column]
        over.set_title(title)
        if kind == "dollars" and (unpriced or not operations.dollars.sum()):
            vacant(over, "prices are not known" if unpriced else "free of charge")
            vacant(of, "")
            continue
        _over_rounds(over, rounds[kind])
        _of_operations(of, operations[kind], named=not column)
    return figure


def _over_rounds(axes: Axes, spent: Frame) -> None:
    edges = [spent.index[0] - 0.5, *(spent.index + 0.5)]
    axes.stairs(spent.fillna(0), edges, fill=True, color=BLUE)
    axes.set(xlabel="round", ylim=(0, None))
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True, min_n_ticks=1))
    _scale(axes.yaxis, spent)


def _of_operations(axes: Axes, spent: Frame, *, named: bool) -> None:
    places = np.arange(len(spent))
    axes.barh(places, spent.fillna(0), height=0.7, color=BLUE, linewidth=0)
    axes.set_yticks(places, list(spent.index) if named else [], size=6)
    axes.tick_params(axis="y", length=0)
    axes.set_xlim(0, None)
    _scale(axes.xaxis, spent)


def _scale(axis: Axis, spent: Frame) -> None:
    axis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
    if spent.name == "dollars":
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"${value:g}"))
    else:
        axis.set_major_formatter(EngFormatter(sep=""))
