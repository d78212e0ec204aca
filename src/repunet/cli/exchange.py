"""Commands that exchange runs with other programs: `import` and `export`."""

import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, TypeAlias

from cyclopts import Parameter

from repunet.analysis.tables import History
from repunet.analysis.tables.files import WRITERS, about
from repunet.analysis.tables.files import write as write_tables
from repunet.analysis.tables.graph import graph, write_graph
from repunet.cli.options import Json, Storage, Whole
from repunet.cli.output import disclaimer, print_json, say
from repunet.compat.reference.exporting import export as to_sim_storage
from repunet.compat.reference.importing import Counts, ReferenceSource, take_over
from repunet.errors import UsageError, unknown
from repunet.record.collector import collector
from repunet.record.journal import Journal
from repunet.record.storage import called, locate
from repunet.runs.log import noted
from repunet.runs.run import found
from repunet.runs.spec import SEED, RunSpec
from repunet.scenarios import scenario as find_scenario
from repunet.world.treatment import TREATMENTS

SPREADSHEET = "spreadsheet"
LINES = 50
"""How many lines about what was left out are printed; --json has all."""
UNKNOWN_PAST = "imported from the reference: which mind made its past is not known"
KNOWN_PAST = "imported with the notes of an export: its past is said to be made by"


@dataclass(frozen=True, slots=True)
class Taken:
    """Result of an import."""

    name: str
    path: str
    scenario: str
    treatment: str
    seed: int
    carried: Counts
    past_minds: str | None
    """Which minds made its past, as an export of ours noted it; the reference does not."""
    complaints: int
    """Complaints that nobody had heard yet: left out."""
    left_out: tuple[str, ...]


def import_(
    folder: Path,
    /,
    *,
    scenario: Annotated[
        str | None, Parameter(help="Scenario of the run, where its files do not tell.")
    ] = None,
    treatment: Annotated[
        str | None, Parameter(help=f"What it was played under: {', '.join(TREATMENTS)}.")
    ] = None,
    mind: Annotated[
        list[str] | None,
        Parameter(negative="", help="Mind that goes on; as in run."),
    ] = None,
    model: Annotated[
        list[str] | None, Parameter(negative="", help="A language model that goes on; as in run.")
    ] = None,
    seed: Annotated[
        Whole | None, Parameter(help=f"Random seed with which it goes on; default {SEED}.")
    ] = None,
    name: Annotated[str | None, Parameter(help="Name of the run; default as its folder.")] = None,
    storage: Storage = None,
    json: Json = False,
) -> None:
    """Take over a seed or a run of the reference; its steps are the first rounds of the run.

    Parameters
    ----------
    folder
        A run, a seed, or one of their step folders: its last finished step is taken.
    """
    known = None if scenario is None else find_scenario(scenario).name
    source = ReferenceSource(folder, known)
    chosen = TREATMENTS["full"] if source.treatment is None else source.treatment
    if treatment is not None:
        chosen = RunSpec(treatment=treatment).merged(scenario=source.dialect.scenario).condition
    elif source.treatment is None and source.number:
        raise UsageError(
            f"{source.name}: the reference does not record the treatment of a run: say "
            f"--treatment; its files fit {', '.join(filter(_fits(source), TREATMENTS))}"
        )
    source.check(chosen)
    manifest = found(
        source.dialect.scenario,
        chosen,
        source.personas,
        SEED if (given := source.seed if seed is None else seed) is None else given,
        _cast(source, mind or (), model or ()),
        source.ties,
    )
    path, carried = take_over(source, manifest, name=name, folder=storage)
    noted(path, f"taken over from {source}")
    taken = Taken(
        name=path.parent.name,
        path=str(path),
        scenario=manifest.scenario,
        treatment=manifest.treatment.label,
        seed=manifest.seed,
        carried=carried,
        past_minds=source.past_minds,
        complaints=source.complaints,
        left_out=tuple(source.report.lines),
    )
    print_json(taken) if json else _print_taken(taken, path, manifest.mind_names)


def _fits(source: ReferenceSource) -> Callable[[str], bool]:
    return lambda name: source.fits(TREATMENTS[name])


def _cast(source: ReferenceSource, minds: Sequence[str], models: Sequence[str]) -> dict[str, str]:
    """Return which mind goes on, for whom."""
    spec = RunSpec().merged(scenario=source.dialect.scenario, personas=source.step)
    return spec.assign_minds(minds, models, os.environ).minds


def _print_taken(taken: Taken, path: Path, minds: str) -> None:
    say(f"{taken.name}: {taken.scenario}, {taken.treatment}, seed {taken.seed}, {_counts(taken)}")
    for line in taken.left_out[:LINES]:
        say(f"left out: {line}", unbroken=True)
    if more := len(taken.left_out[LINES:]):
        say(f"left out: {_numbered(more, 'more things')} (--json has all)")
    if taken.complaints:
        say(f"left out: {_numbered(taken.complaints, 'complaints')} that nobody has heard yet")
    if taken.carried.steps:
        known = taken.past_minds
        say(UNKNOWN_PAST if known is None else f"{KNOWN_PAST} {known}")
    say(f"run file of {taken.name}: {taken.path}", unbroken=True)
    say(f"to go on with {minds}: repunet resume {called(path)} --rounds 10", unbroken=True)


def _counts(taken: Taken) -> str:
    counted = asdict(taken.carried).items()
    return ", ".join(_numbered(number, what) for what, number in counted)


def _numbered(number: int, things: str) -> str:
    return f"{number} {things.removesuffix('s') if number == 1 else things}"


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
    ties = _numbered(made.number_of_edges(), "ties")
    counted = f"{file.name}: {_numbered(len(made), 'agents')}, {ties} between pairs"
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
    run: str,
    folder: Path,
    /,
    *,
    to: Annotated[str, Parameter(help=f"As what: {', '.join(TARGETS)}.")],
    round: Annotated[
        Whole | None, Parameter(help="Only as it stood after this round; default every round.")
    ] = None,
    force: Annotated[
        bool, Parameter(negative="", help="Overwrite files that are there; none is deleted.")
    ] = False,
    for_: Annotated[
        str | None, Parameter(name="--for", help=f"Who reads CSV: {SPREADSHEET}, or a program.")
    ] = None,
    storage: Storage = None,
    json: Json = False,
) -> None:
    """Write a run in the files of another program.

    Parameters
    ----------
    run
        Its name, or the path of its folder or file.
    folder
        Where to write.
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
    say(f"{_numbered(written.files, 'files')} in {written.path}", unbroken=True)
    for remark in written.remarks:
        say(remark)
