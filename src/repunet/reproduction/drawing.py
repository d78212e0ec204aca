"""The paper's figures, drawn of our runs: each scenario by itself, and all on one sheet."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from repunet.analysis.figures.catalogue import draw
from repunet.analysis.figures.composed import COMPOSED
from repunet.analysis.figures.saving import save
from repunet.analysis.measures.gossip import judge_by
from repunet.analysis.sentiment import VADER
from repunet.analysis.tables.frames import Frames, open_frames
from repunet.reproduction.runs import Replication

FIGURES = {
    "figure2": ("cooperation", "standing"),
    "figure3": ("network",),
    "figure4": ("gossip",),
}
"""What is drawn for each target, scenario by scenario."""
CASES = ("network",)
"""Figures that show single runs: those of the first seed, as the paper shows one of five."""


def drawn(
    target: str, runs: Sequence[Replication], folder: Path | None, tone: str = VADER
) -> tuple[str, ...]:
    """Draw the figures of a target into a folder; return the paths of what was written."""
    if target not in FIGURES:
        return ()
    into = runs[0].path.parents[1] / "figures" if folder is None else folder
    opened = [judge_by(open_frames(run.path, run.rounds), tone) for run in runs]
    files = [*_together(target, opened, into), *_by_scenario(target, runs, opened, into)]
    return tuple(map(str, files))


def _together(target: str, opened: Sequence[Frames], folder: Path) -> Iterator[Path]:
    if target in COMPOSED:
        yield from save(COMPOSED[target](opened), folder / target, force=True)


def _by_scenario(
    target: str, runs: Sequence[Replication], opened: Sequence[Frames], folder: Path
) -> Iterator[Path]:
    first = min(run.seed for run in runs)
    for scenario in dict.fromkeys(run.scenario for run in runs):
        own = [pair for pair in zip(runs, opened, strict=True) if pair[0].scenario == scenario]
        for name in FIGURES[target]:
            shown = [frames for run, frames in own if name not in CASES or run.seed == first]
            yield from save(draw(name, shown), folder / f"{target}-{scenario}-{name}", force=True)
