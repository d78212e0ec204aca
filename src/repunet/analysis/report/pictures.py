"""Figures inside a page: each an image of its own, so that nothing in it meets anything else."""

from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure

from repunet.analysis.figures.catalogue import FIGURES, draw
from repunet.analysis.figures.saving import drawn
from repunet.analysis.tables.frames import Frames

HEAVY = 600_000
"""Bytes of SVG above which a figure is embedded as PNG, in points, if that is smaller."""
TYPES = {"svg": "image/svg+xml", "png": "image/png"}
NEEDED = {"gossip": "gossip", "cascade": "gossip", "matrix": "reputations", "costs": "attempts"}
"""Tables without which a figure would be empty."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure, as a page embeds it."""

    name: str
    title: str
    data: str
    """The address that holds the image itself."""


def pictures(runs: Sequence[Frames]) -> Iterator[Picture]:
    """Yield all figures of which there is something to draw in these runs."""
    if not any(run.last for run in runs):
        return
    for name, kind in FIGURES.items():
        if name not in NEEDED or any(len(run[NEEDED[name]]) for run in runs):
            yield Picture(name, kind.title, _embedded(draw(name, runs)))


def _embedded(figure: Figure) -> str:
    made = {"svg": drawn(figure, "svg")}
    if len(made["svg"]) > HEAVY:
        made["png"] = drawn(figure, "png")
    form = min(made, key=lambda form: len(made[form]))
    return f"data:{TYPES[form]};base64,{b64encode(made[form]).decode()}"
