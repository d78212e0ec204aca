"""The paper's figures, drawn of our runs."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from repunet.analysis.figures.catalogue import draw
from repunet.analysis.figures.saving import save
from repunet.analysis.tables.frames import open_frames
from repunet.reproduction.runs import Replication

FIGURES = {
    "figure2": ("cooperation", "standing"),
    "figure3": ("network",),
    "figure4": ("gossip",),
}
"""What is drawn for each target, scenario by scenario."""
CASES = ("network",)
"""Figures that show single runs: those of the first seed, as the paper shows one of five."""


def drawn(target: str, runs: Sequence[Replication], folder: Path | None) -> tuple[str, ...]:
    """Draw the figures of a target into a folder; return the paths of what was written."""
    into = runs[0].path.parents[1] / "figures" if folder is None else folder
    return tuple(str(path) for path in _drawn(target, runs, into))


def _drawn(target: str, runs: Sequence[Replication], folder: Path) -> Iterator[Path]:
    names = FIGURES.get(target, ())
    for scenario in dict.fromkeys(run.scenario for run in runs) if names else ():
        own = [run for run in runs if run.scenario == scenario]
        opened = [(run.seed, open_frames(run.path, run.rounds)) for run in own]
        for name in names:
            shown = [frames for seed, frames in opened if name not in CASES or seed == own[0].seed]
            yield from save(draw(name, shown), folder / f"{target}-{scenario}-{name}", force=True)
