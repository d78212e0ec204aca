"""Sweeps: the runs of an experiment in one folder, of which only those are played that lack.

What is done is read from the run files alone, so that a sweep may be killed, extended, and begun
again as often as one likes.
"""

from asyncio import sleep
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from repunet.errors import RepuNetError, UsageError
from repunet.experiment.cell import Cell, Job, Seen, look
from repunet.experiment.executors import Executor, Place, elsewhere
from repunet.experiment.grid import Grid
from repunet.experiment.local import AT_ONCE, Local
from repunet.experiment.outcome import JobOutcome, why
from repunet.experiment.playing import require_same
from repunet.experiment.progress import Board
from repunet.experiment.shared_ledger import SharedLedger
from repunet.experiment.stopping import Stopping
from repunet.minds.language.terms import require_means
from repunet.minds.router import MindSpec, mind_router
from repunet.models.allowance import Allowance
from repunet.models.ledger import Spending
from repunet.models.local import pooled
from repunet.models.redaction import known, redacted
from repunet.models.serving import HERE
from repunet.record.storage import FILE as RUN
from repunet.record.storage import InUse, home, locked, portable, run_files
from repunet.runs.beginning import terms_for
from repunet.runs.log import command
from repunet.runs.spec import Limits

AGAIN = 0.5
"""Seconds after which runs are looked at again that another process was writing."""
SHARED = ("concurrency", "requests_per_minute", "tokens_per_minute")
CAPS = ("budget", "max_calls", "max_total_tokens")


@dataclass(frozen=True, slots=True)
class Sweep:
    """Runs of a grid: those to be played, and those that are there."""

    name: str
    folder: Path
    cells: tuple[Cell, ...]
    jobs: tuple[Job, ...]
    before: Mapping[str, JobOutcome]
    """What is known of runs that have a file, by id: done, stopped, or failed if unusable."""
    others: tuple[str, ...]
    """Runs in the folder that are none of these."""
    spent: Spending
    """By all runs in the folder."""

    @property
    def limits(self) -> Limits:
        """Return the limits, which are those of all runs together."""
        return self.cells[0].spec.limits

    @property
    def asks_in_words(self) -> bool:
        """Tell whether any run asks language models."""
        return any(cell.asks_in_words for cell in self.cells)

    @property
    def serves_files(self) -> bool:
        """Tell whether runs serve models from files of this machine."""
        minds = (mind for cell in self.cells for mind in cell.manifest.assigned.values())
        return any(MindSpec.parse(mind).name in HERE for mind in minds)

    @property
    def place(self) -> Place:
        """Return where it is played if nothing is said."""
        return "local" if self.asks_in_words else "processes"

    def state(self, job: Job) -> str:
        """Return how a run was found: `done`, `partial`, `new` or `unusable`."""
        words = {"done": "done", "stopped": "partial", "failed": "unusable"}
        seen = self.before.get(job.id)
        return "new" if seen is None else words[seen.status]


def prepare(grid: Grid, storage: Path | None, environ: Mapping[str, str]) -> Sweep:
    """Return what there is to do for a grid, and what is done; raises UsageError if it can't be."""
    folder = home(storage) / grid.name
    if not folder.exists():
        portable(grid.name, "a sweep")
    _require_no_run(folder)
    cells = tuple(_cells(grid, environ))
    _require_different(cells)
    said = redacted(command.get() or "", *known(environ))
    jobs = tuple(cell.job(folder, said) for cell in cells)
    files = {path.parent.name: path for path in run_files(folder)}
    found = {name: _looked(path) for name, path in files.items()}
    before = {job.id: _found(job, found[job.name]) for job in jobs if job.name in found}
    others = tuple(sorted(found.keys() - {job.name for job in jobs}))
    spent = sum((seen.spending for seen in found.values() if isinstance(seen, Seen)), Spending())
    return Sweep(grid.name, folder, cells, jobs, before, others, spent)


def _require_no_run(folder: Path) -> None:
    """Raise UsageError if the folder of the sweep is that of a single run."""
    if (folder / RUN).exists():
        raise UsageError(
            f"there is a run {folder.name} in {folder.parent}: name the sweep otherwise"
        )


def _cells(grid: Grid, environ: Mapping[str, str]) -> Iterator[Cell]:
    for number, spec in enumerate(grid.specs, start=1):
        try:
            yield Cell.of(spec, environ)
        except UsageError as error:
            raise UsageError(f"run {number} of {len(grid.specs)}: {error}") from None


def _require_different(cells: Sequence[Cell]) -> None:
    """Raise UsageError if two runs are the same, or differ only in how long they are."""
    numbers: dict[str, int] = {}
    for number, cell in enumerate(cells, start=1):
        if (first := numbers.setdefault(cell.id, number)) != number:
            raise UsageError(
                f"runs {first} and {number} of {len(cells)} are one and the same ({cell.name}): "
                "leave one out, or give it another seed"
            )


def _looked(path: Path) -> Seen | str:
    """Return what is in a run file, or why it can't be used."""
    try:
        return look(path)
    except RepuNetError as error:
        return why(error)


def _found(job: Job, seen: Seen | str) -> JobOutcome:
    if isinstance(seen, str):
        return JobOutcome("failed", seen)
    try:
        require_same(seen.id, job)
    except UsageError as error:
        return JobOutcome("failed", why(error))
    return JobOutcome.of(seen, "done" if seen.rounds >= job.rounds else "stopped")


async def play(
    sweep: Sweep,
    board: Board,
    stopping: Stopping,
    *,
    place: Place | None = None,
    at_once: int | None = None,
    batch: Path | None = None,
) -> None:
    """Play all runs that are not done; those that other processes write are awaited.

    With a folder for them, questions of all runs are put there, and answers are taken from it.
    """
    require_possible(sweep, place, at_once, batch)
    chosen = place or sweep.place
    waiting = [job for job in sweep.jobs if board.status(job) is None]
    with _alone(sweep):
        async with _executor(sweep, chosen, board, stopping, at_once, batch) as executor:
            while waiting:
                await executor.play(waiting, board)
                waiting = await _released(board.with_status("elsewhere"), stopping)


async def _released(jobs: Sequence[Job], stopping: Stopping) -> list[Job]:
    """Wait until another process lets go of one of the runs; return all that are free then."""
    while jobs and not stopping():
        if free := [job for job in jobs if _is_free(job)]:
            return free
        await sleep(AGAIN)
    return []


def _is_free(job: Job) -> bool:
    try:
        with locked(Path(job.path).parent):
            return True
    except InUse:
        return False


def require_possible(
    sweep: Sweep, place: Place | None, at_once: int | None, batch: Path | None = None
) -> None:
    """Raise UsageError if the runs can't be played so many at once, or not there."""
    if batch is not None and not sweep.asks_in_words:
        raise UsageError("--batch is for language models, and none decides here: name one")
    if batch is not None and place not in (None, "local"):
        raise UsageError("only runs in one process can share --batch: use --on local")
    if at_once is not None and at_once < 1:
        raise UsageError(f"at least 1 run must be played at once, not {at_once}")
    require_shareable(sweep, place or sweep.place)


def require_shareable(sweep: Sweep, place: Place) -> None:
    """Raise UsageError if there are limits that several processes could not keep together."""
    limits = [name for name in SHARED + CAPS if _differs(sweep.limits, name)]
    if sweep.asks_in_words and place != "local" and limits:
        words = ", ".join(limits)
        raise UsageError(f"only runs in one process can share {words}: use --on local")


def _differs(allowance: Allowance, name: str) -> bool:
    return bool(getattr(allowance, name) != getattr(Allowance(), name))


@contextmanager
def _alone(sweep: Sweep) -> Iterator[None]:
    """Let nobody else spend what is left of a budget."""
    if sweep.asks_in_words and _has_caps(sweep):
        with locked(sweep.folder):
            yield
    else:
        yield


def _has_caps(sweep: Sweep) -> bool:
    return any(_differs(sweep.limits, name) for name in CAPS)


@asynccontextmanager
async def _executor(
    sweep: Sweep,
    place: Place,
    board: Board,
    stopping: Stopping,
    at_once: int | None,
    batch: Path | None,
) -> AsyncIterator[Executor]:
    if place == "local":
        terms = replace(terms_for(sweep.limits), batch=batch)
        for cell in (cell for cell in sweep.cells if cell.asks_in_words):
            require_means(mind_router(cell.manifest.assigned, cell.manifest.seed), terms)
        board.ledger = shared_ledger = _shared_ledger(sweep)
        most = at_once or (1 if sweep.serves_files else AT_ONCE)
        async with pooled():
            yield Local(stopping, most, replace(terms, ledger=shared_ledger), shared_ledger)
    else:
        async with elsewhere(place, stopping, at_once) as executor:
            yield executor


def _shared_ledger(sweep: Sweep) -> SharedLedger:
    """Return what all runs may spend together, with what has been spent by now."""
    allowance, spent = sweep.limits, sweep.spent
    if _has_caps(sweep):  # another sweep may have spent since
        seen = map(_looked, run_files(sweep.folder))
        spent = sum((each.spending for each in seen if isinstance(each, Seen)), Spending())
    if spent.unpriced and allowance.budget is not None:
        raise UsageError(
            f"what {spent.unpriced:,} calls of this sweep cost is not known, so a budget can't be "
            "kept: use --max-total-tokens"
        )
    return SharedLedger(allowance, spent)
