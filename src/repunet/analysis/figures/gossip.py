"""Gossip: who is talked about, and in what tone, beside what was done (paper, Figure 4)."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from repunet.analysis.figures.points import correlated, legend_above, scatter
from repunet.analysis.figures.sheet import sheet
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
from repunet.analysis.figures.style import BLUE, FAINT, INK, PAGE, RED, Look, drawing, plain, vacant
from repunet.analysis.measures.acts import COOPERATES, deeds
from repunet.analysis.measures.gossip import (
    classified,
    judge_of,
    pieces_by_agent,
    sentiment_shares,
    talk_and_standing,
)
from repunet.analysis.measures.hearsay import valence_share
from repunet.analysis.measures.measure import RoundSpan
from repunet.analysis.sentiment import Classifier
from repunet.analysis.tables.frames import Frame, Frames

TONES = {"positive": (1, BLUE, ""), "neutral": (0, "#dddddd", ""), "negative": (-1, RED, "////")}
"""Sign, colour and hatching."""
BARS = {"said": "what was said", "meant": "as it was meant", "done": "what was done"}
NOTE = (
    "Said: tone of the words, by {}. Meant: valence given by the gossiper. Done: acts of at least "
    "(positive) or less than (negative) half cooperation; a positive share of gossip says nothing "
    "about bias without it. Shares are means over runs; numbers: pieces, or acts. r: Pearson over "
    "agents within a run, Fisher-averaged over runs."
)


def gossip_and_its_tone(runs: Sequence[Frames], judge: Classifier | None = None) -> Figure:
    """Return how often agents are talked about, against standing, and the tones of gossip.

    The judge of tone is by default that of the first run.
    """
    judge = judge or judge_of(runs[0])
    return draw_gossip(
        gathered(runs, lambda run: pieces_by_agent(run, RoundSpan.all(run))),
        gathered(runs, _correlation),
        gathered(runs, lambda run: _tones(run, judge)),
        known(runs),
        f"{judge.name} ({judge.version})",
    )


def _correlation(frames: Frames) -> Frame:
    rate = talk_and_standing(frames, RoundSpan.all(frames))
    return pd.DataFrame({"r": [rate.value], "n": [rate.n]}).astype({"r": "float64"})


def _tones(frames: Frames, judge: Classifier) -> Frame:
    """Return shares of tones: bar (said, meant or done), label, share, count of all in the bar."""
    span = RoundSpan.all(frames)
    said = sentiment_shares(frames, span, classified(frames, judge))
    rows = [
        ("said", label, share, int(said.pieces.sum()))
        for label, share in zip(said.label, said.share, strict=True)
    ]
    for label, (sign, *_) in TONES.items():
        meant = valence_share(frames, span, sign)
        rows.append(("meant", label, meant.value, meant.n))
    done = deeds(frames).drop_duplicates(["encounter", "agent"]).cooperation.dropna()
    good = float((done >= COOPERATES).mean()) if len(done) else np.nan
    shares = {"positive": good, "neutral": 0.0, "negative": 1 - good}
    rows += [("done", label, share, len(done)) for label, share in shares.items()]
    made = pd.DataFrame(rows, columns=["bar", "label", "share", "count"])
    return made.astype({"share": "float64"})


@drawing
def draw_gossip(
    agents: Frame, correlations: Frame, tones: Frame, sources: Sequence[FigureSource], judge: str
) -> Figure:
    """Draw agents (number of the run, pieces, standing), each run's r, and shares of tones."""
    stages = staged(sources)
    drawn = looks(source.treatment for source in sources)
    note = small_print(sources, NOTE.format(judge))
    heights = [0.9 + max(1.4, 0.55 * len(there)) for there in stages.values()]
    figure, axes = sheet(
        PAGE, sum(heights), note, len(heights), 2, height_ratios=heights, width_ratios=[1, 1.25]
    )
    for (title, there), (left, right) in zip(stages.items(), axes, strict=False):
        handles = _talk(left, agents, correlations, there, drawn)
        legend_above(left, handles, title if len(stages) > 1 else "")
        _bars(right, tones, there)
    return figure


def _talk(
    axes: Axes,
    agents: Frame,
    correlations: Frame,
    there: Sequence[FigureArm],
    drawn: Mapping[str, Look],
) -> list[Line2D]:
    def said(arm: FigureArm, points: int) -> str:
        if not arm.of(agents).pieces.sum():
            return "no gossip"
        return correlated(arm.of(correlations)) if points else "no reputations"

    mine = of_all(there, agents)
    told = [arm.of(mine) for arm in there if arm.of(mine).pieces.sum()]
    if not told:
        vacant(axes, "no gossip was heard")
        return []
    stood = pd.concat(told).dropna(subset="standing")
    handles = scatter(axes, stood, "standing pieces", there, drawn, said)
    axes.set(xlim=(-1.05, 1.05), xlabel="standing", ylabel="pieces of gossip about it")
    axes.set_ylim(bottom=-0.03 * max(1, stood.pieces.max() if len(stood) else 1))
    return handles


def _bars(axes: Axes, tones: Frame, there: Sequence[FigureArm]) -> None:
    names: dict[float, str] = {}
    place = -0.6
    for arm in there:
        mine = arm.of(tones)
        place += 0.6
        axes.text(-0.01, place - 0.72, plain(arm.treatment, 40), size=7, va="center", color=INK)
        for bar, words in BARS.items():
            shown = mine[mine.bar == bar]
            if count := int(shown.drop_duplicates("number")["count"].sum()):
                _bar(axes, place, shown.groupby("label").share.mean(), f"{count:,}")
                names[place] = words
                place += 1
        if not mine["count"].sum():
            axes.text(0, place, "nothing was said or done", size=7, va="center", color=FAINT)
            place += 1
    axes.set_yticks(list(names), list(names.values()))
    axes.set(ylim=(place - 0.4, -1.1), xlim=(0, 1.0), xlabel="share")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.legend(
        handles=[
            Patch(facecolor=color, hatch=hatch, edgecolor="white", label=label)
            for label, (_, color, hatch) in TONES.items()
        ],
        loc="lower left",
        bbox_to_anchor=(0, 1.0),
        ncols=3,
        borderaxespad=0.2,
        borderpad=0,
        handlelength=1.6,
    )


def _bar(axes: Axes, place: float, shares: Frame, count: str) -> None:
    start = 0.0
    for label, (_, color, hatch) in TONES.items():
        share = shares.get(label, np.nan)
        if share > 0:
            axes.barh(
                place, share, 0.8, start, color=color, hatch=hatch, edgecolor="white", linewidth=0.5
            )
            start += share
    axes.text(1.015, place, count, size=6, va="center", clip_on=False)
