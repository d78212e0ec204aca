"""The command `export`: a run in the files of another program."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeAlias

from cyclopts import Parameter

from repunet.analysis.tables import History
from repunet.analysis.tables.files import WRITERS, about
from repunet.analysis.tables.files import write as write_tables
from repunet.analysis.tables.graph import graph, write_graph
from repunet.cli.options import Json, RunName, Storage, Whole
from repunet.cli.printing.console import print_json, say
from repunet.cli.printing.formats import disclaimer, numbered
from repunet.compat.reference.exporting import export as to_sim_storage
from repunet.errors import UsageError, unknown
from repunet.record.collector import collector
from repunet.record.journal import Journal
from repunet.record.storage import locate

SPREADSHEET = "spreadsheet"


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """Options of an export, beside the run and the place."""

    round: int | None
    force: bool
    spreadsheet: bool = False


@dataclass(frozen=True, slots=True)
class ExportedFiles:
    """Files that an export wrote."""

    path: str
    files: int
    remarks: tuple[str, ...] = ()
    """What else is to be said, a line each."""


Target: TypeAlias = Callable[[Journal, Path, ExportRequest], ExportedFiles]


def _sim_storage(journal: Journal, path: Path, request: ExportRequest) -> ExportedFiles:
    done = to_sim_storage(journal, path, round_=request.round, force=request.force)
    what = f"step {done.steps[0]}" if len(done.steps) == 1 else f"steps 0 to {done.steps[-1]}"
    stayed = (f"{name} was there before, and stays" for name in done.stayed)
    return ExportedFiles(done.path, done.files, (f"{what} of a run of the reference", *stayed))


def _tables(form: str) -> Target:
    def target(journal: Journal, path: Path, request: ExportRequest) -> ExportedFiles:
        with collector.spared():
            history = History(journal, request.round)
            counts = write_tables(
                history, path, form, force=request.force, spreadsheet=request.spreadsheet
            )
        rows = ", ".join(f"{name} {count}" for name, count in counts.items())
        return ExportedFiles(str(path), len(counts) + (form != "parquet"), (*_about(history), rows))

    return target


def _graphml(journal: Journal, path: Path, request: ExportRequest) -> ExportedFiles:
    history = History(journal, request.round)
    file = path / ("ties.graphml" if request.round is None else f"ties-r{request.round}.graphml")
    with collector.spared():
        made = graph(journal, history.last)
    write_graph(made, file, force=request.force)
    ties = numbered(made.number_of_edges(), "ties")
    counted = f"{file.name}: {numbered(len(made), 'agents')}, {ties} between pairs"
    return ExportedFiles(str(path), 1, (*_about(history), counted))


def _about(history: History) -> tuple[str, str]:
    return f"{history.name} after round {history.last}", disclaimer(about(history)["mind"])


TARGETS: dict[str, Target] = {
    "sim-storage": _sim_storage,
    **{form: _tables(form) for form in WRITERS},
    "graphml": _graphml,
}
"""What a run can be exported to, by what users call it."""


def export(
    run: RunName,
    folder: Path,
    /,
    *,
    to: Annotated[str, Parameter(help=f"Format to write: {', '.join(TARGETS)}.")],
    round: Annotated[
        Whole | None, Parameter(help="Number of the one round to write; default every round.")
    ] = None,
    force: Annotated[
        bool, Parameter(negative="", help="Overwrite files that are there; none is deleted.")
    ] = False,
    for_: Annotated[
        str | None,
        Parameter(name="--for", help=f"Reader of the CSV: {SPREADSHEET}; default a program."),
    ] = None,
    storage: Storage = None,
    json: Json = False,
) -> None:
    """Write a run in the files of another program.

    Parameters
    ----------
    folder
        Folder to write into.
    """
    if to not in TARGETS:
        raise unknown("target", to, TARGETS)
    if for_ is not None and (for_ != SPREADSHEET or to != "csv"):
        raise UsageError(f"--for says who reads CSV: --to csv --for {SPREADSHEET}, or leave it out")
    with Journal.open(locate(run, storage)) as journal:
        written = TARGETS[to](
            journal, folder, ExportRequest(round, force, spreadsheet=for_ is not None)
        )
    if json:
        print_json(written)
        return
    say(f"{numbered(written.files, 'files')} in {written.path}", unbroken=True)
    for remark in written.remarks:
        say(remark)
