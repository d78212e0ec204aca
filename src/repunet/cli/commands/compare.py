"""The command `compare`: arms of runs tested against each other."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from repunet.cli.options import By, Json, Runs, Storage, Tone, Window, chosen_tone
from repunet.cli.printing.console import console, print_json, say
from repunet.cli.printing.formats import disclaimer
from repunet.errors import UsageError
from repunet.record.storage import runs_in
from repunet.system.extras import library

if TYPE_CHECKING:
    from repunet.analysis.comparison import ArmComparison

COMPARISON = "repunet.analysis.comparison"


def compare(
    *runs: Runs,
    measure: Annotated[
        list[str] | None,
        Parameter(negative="", help="Measures, or all; default the headline and a few."),
    ] = None,
    window: Window = 5,
    paired: Annotated[
        bool | None,
        Parameter(
            negative="--unpaired", help="Pair runs by seed; default where all seeds are shared."
        ),
    ] = None,
    by: By = None,
    baseline: Annotated[
        str | None, Parameter(help="Arm to compare all others with; default all pairs.")
    ] = None,
    to: Annotated[
        Path | None, Parameter(help="CSV file to write estimates and differences into, too.")
    ] = None,
    tone: Tone = "vader",
    storage: Storage = None,
    json: Json = False,
) -> None:
    """Compare arms: runs that differ in nothing but their seeds repeat one another."""
    _require_room(to)
    made: Any = library(COMPARISON)
    question = made.ComparisonSettings(paired, by, baseline)
    found = compared(runs, measure or (), window, question, storage, tone)
    if to is not None:
        library(f"{COMPARISON}.rows").write(found, to)
    print_json(found) if json else _print(found, to)


def _require_room(to: Path | None) -> None:
    """Raise UsageError before anything is measured, if its outcome can't be written there."""
    if to is None:
        return
    if to.suffix.lower() != ".csv":
        raise UsageError(f"--to writes CSV: name a file that ends in .csv, not {to}")
    if to.is_dir():
        raise UsageError(f"{to} is a folder: name a file for --to")
    if not to.absolute().parent.is_dir():
        raise UsageError(f"can't write {to}: there is no folder {to.parent}")


def _print(found: "ArmComparison", to: Path | None) -> None:
    layout: Any = library("repunet.cli.printing.comparison")
    for group in found.groups:
        console.print(layout.title(group), style="bold")
        for table in layout.tables(group):
            console.print(table)
        for line in layout.sentences(group, found.window):
            say(line)
    for note in found.notes:
        say(note)
    if found.tone:
        say(f"tone of gossip judged by: {found.tone}")
    if to is not None:
        say(f"estimates and differences: {to}", unbroken=True)
    say(disclaimer(found.mind))


def compared(
    runs: Sequence[str],
    measures: Sequence[str],
    window: int,
    question: Any,
    storage: Path | None,
    tone: str = "vader",
) -> "ArmComparison":
    """Return the comparison of what words stand for."""
    made: Any = library(COMPARISON)
    at_once = library(f"{COMPARISON}.measuring").processors()
    found: ArmComparison = made.compare(
        files(runs, storage),
        measures,
        window=window,
        question=question,
        processes=at_once,
        tone=chosen_tone(tone),
    )
    return found


def files(runs: Sequence[str], storage: Path | None) -> list[Path]:
    """Return the run files that words stand for: runs, or folders with runs inside.

    Raises UsageError for a word that stands for none.
    """
    if not runs:
        raise UsageError("name the runs, or the folder of a sweep: repunet compare RUN RUN ...")
    return [path for word in runs for path in runs_in(word, storage)[1]]
