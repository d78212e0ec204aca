"""How one run of an experiment is played, in whatever process: begun, gone on with, or left."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from repunet.errors import RepuNetError, Stopped, UsageError
from repunet.experiment.cell import Job, Seen, identity, look
from repunet.experiment.outcome import JobOutcome, Status, why
from repunet.experiment.stopping import Stopping
from repunet.minds.language.terms import Terms
from repunet.record.manifest import Manifest
from repunet.record.storage import InUse
from repunet.runs.beginning import terms_for
from repunet.runs.log import command, logged
from repunet.runs.run import Run, begin, reopen
from repunet.runs.spec import BESIDE, RunSpec
from repunet.world.event import Event
from repunet.world.society import Society

Tell = Callable[[Job, int], None]
"""Is told of every round that is committed."""


async def play(job: Job, tell: Tell, stopping: Stopping, terms: Terms | None = None) -> JobOutcome:
    """Play a run to its planned end, unless that is done, or done by another process.

    Whatever happens is an outcome, so that no run stops the others.
    """
    status: Status = "done"
    reason = ""
    try:
        if not _is_done(job):
            with _said(job):
                await _go_on(job, tell, stopping, terms or terms_of(job))
    except Stopped as stopped:
        status, reason = "stopped", why(stopped)
    except InUse as error:
        status, reason = "elsewhere", why(error)
    except Exception as error:  # noqa: BLE001 - an error in a mind or a scenario is one run's
        status, reason = "failed", why(error)
    return JobOutcome.of(seen(job), status, reason)


def terms_of(job: Job) -> Terms:
    """Return the terms on which a run by itself asks language models."""
    return terms_for(RunSpec.model_validate_json(job.spec).limits)


def seen(job: Job) -> Seen | None:
    """Return what is in the file of a run; None if there is none that can be read."""
    with suppress(RepuNetError):
        return look(Path(job.path))
    return None


def _is_done(job: Job) -> bool:
    if not Path(job.path).is_file():
        return False
    there = look(Path(job.path))
    require_same(there.id, job)
    return there.rounds >= job.rounds


def require_same(id_: str, job: Job) -> None:
    """Raise UsageError if the file that is there holds another run."""
    if id_ != job.id:
        raise UsageError(
            f"{job.path} holds another run, or went on otherwise than it began: move it away"
        )


async def _go_on(job: Job, tell: Tell, stopping: Stopping, terms: Terms) -> None:
    with _opened(job, terms) as run, stopping.telling(run.interrupt):
        require_same(identity(run.journal), job)
        planned = max(run.planned, run.society.round)
        if planned < job.rounds:
            run.extend(job.rounds - planned)
        with logged(run) as note:

            def watch(number: int, events: Sequence[Event], society: Society) -> None:
                note(number, events, society)
                tell(job, number)

            await run.play(watch, stopping)


@contextmanager
def _said(job: Job) -> Iterator[None]:
    """Let the log of the run say which command has it played, in whatever process."""
    token = command.set(job.command or command.get())
    try:
        yield
    finally:
        command.reset(token)


@contextmanager
def _opened(job: Job, terms: Terms) -> Iterator[Run]:
    """Open the run for writing, or begin it; raises InUse where another process has it."""
    path = Path(job.path)
    with reopen(path, terms=terms) if path.is_file() else _begun(job, terms) as run:
        yield run


@contextmanager
def _begun(job: Job, terms: Terms) -> Iterator[Run]:
    path, begun = Path(job.path), False
    try:
        with begin(
            Manifest.from_json(job.manifest),
            job.rounds,
            name=job.name,
            folder=path.parent.parent,
            plan=job.plan,
            prompts=job.prompts,
            terms=terms,
            spec=job.spec,
        ) as run:
            begun = True
            _put_beside(run, job)
            yield run
    except UsageError:
        if not begun and path.is_file():
            raise InUse(f"{job.name} was begun by another process just now") from None
        raise


def _put_beside(run: Run, job: Job) -> None:
    """Write the spec of the run beside it, unless there is one."""
    spec = RunSpec.model_validate_json(job.spec)
    with suppress(OSError), run.journal.path.with_name(BESIDE).open("x", encoding="utf-8") as file:
        file.write(spec.again(run.manifest))
