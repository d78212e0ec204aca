"""The command `figures`: runs drawn for print."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from repunet.analysis.tables.files import make_room
from repunet.cli.options import Json, Storage, Tone, chosen_tone
from repunet.cli.printing.console import print_json, say
from repunet.cli.printing.formats import disclaimer
from repunet.errors import UsageError, unknown
from repunet.record.collector import collector
from repunet.record.storage import runs_in
from repunet.system.extras import library

if TYPE_CHECKING:
    from repunet.analysis.tables.frames import Frames

FIGURES = "cooperation, standing, network, gossip, matrix, cascade, wealth, costs"


FORMS = ("svg", "png")


DRAWING = "repunet.analysis.figures"


@dataclass(frozen=True, slots=True)
class Drawn:
    """Files of the figures that were drawn."""

    runs: int
    mind: str
    files: tuple[str, ...]
    notes: tuple[str, ...]
    """Which runs are there more than once."""


def figures(
    *runs: str,
    output: Annotated[Path, Parameter(name=["--output", "-o"], help="Folder to draw into.")],
    only: Annotated[
        str | None,
        Parameter(help=f"Figures to draw, with commas between them: {FIGURES}; default all."),
    ] = None,
    format: Annotated[
        str, Parameter(help="Formats of the files, with commas between them.")
    ] = ",".join(FORMS),
    force: Annotated[bool, Parameter(negative="", help="Overwrite files that are there.")] = False,
    tone: Tone = "vader",
    storage: Storage = None,
    json: Json = False,
) -> None:
    """Draw runs for print, by dilemma, mind and treatment; runs that differ in seed are averaged.

    Parameters
    ----------
    runs
        Names of runs or sweeps, or the paths of their folders or files.
    """
    if not runs:
        raise UsageError("name a run, or several: repunet figures RUN -o FOLDER; see: repunet runs")
    chosen_tone(tone)
    forms = _chosen("form", format, FORMS)
    kinds = library(f"{DRAWING}.catalogue").FIGURES
    names = _chosen("figure", only, tuple(kinds))
    files = _files(runs, storage)
    paths = [output / f"{name}.{form}" for name in names for form in forms]
    make_room(paths, force=force)
    save = library(f"{DRAWING}.saving").save
    files, copies = library("repunet.analysis.comparison.measuring").distinct(files)
    with collector.spared():
        opened = [_opened(file, tone) for file in files]
        for name in names:
            save(kinds[name].of(opened), output / name, forms, force=force)
    minds = "; ".join(dict.fromkeys(str(run.facts["mind"]) for run in opened))
    notes = library("repunet.analysis.comparison.notes").copies(copies)
    drawn = Drawn(len(files), minds, tuple(map(str, paths)), notes)
    print_json(drawn) if json else _print(drawn)


def _opened(file: Path, tone: str) -> "Frames":
    opened = library("repunet.analysis.tables.frames").open_frames(file)
    made: Frames = library("repunet.analysis.measures.gossip").judge_by(opened, tone)
    return made


def _chosen(kind: str, words: str | None, known: Sequence[str]) -> tuple[str, ...]:
    """Return those that were asked for, all if nothing was; raises UsageError if unknown."""
    if words is None:
        return tuple(known)
    chosen = tuple(dict.fromkeys(word.strip() for word in words.split(",") if word.strip()))
    for word in chosen or ("",):
        if word not in known:
            raise unknown(kind, word, known)
    return chosen


def _files(words: Sequence[str], storage: Path | None) -> list[Path]:
    """Return the files of runs and of whole sweeps, each once."""
    found = [file for word in words for file in runs_in(word, storage)[1]]
    return list({file.resolve(): file for file in found}.values())


def _print(drawn: Drawn) -> None:
    for file in drawn.files:
        say(file, unbroken=True)
    for note in drawn.notes:
        say(note)
    say(f"{drawn.runs} run{'s' * (drawn.runs != 1)}; {disclaimer(drawn.mind)}")
