"""A run: a society that plays round after round, each of them safe in the run file."""

import gc
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from filelock import FileLock, Timeout

from repunet import __version__
from repunet.errors import Stopped, UsageError, suggest
from repunet.event import Event
from repunet.founding import Founding
from repunet.journal import Journal
from repunet.minds.limited import Limited
from repunet.minds.recorded import Recorded
from repunet.minds.roster import Roster, roster
from repunet.persona import AgentId, Persona
from repunet.scenarios import scenario
from repunet.simulation import Simulation
from repunet.society import Society
from repunet.treatment import Treatment

FILE = "run.sqlite"
LOCK = "run.lock"
STORAGE = "REPUNET_STORAGE"
GARBAGE = 5_000
"""Objects that come before the collector looks for garbage among them."""
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")

Watcher = Callable[[int, Sequence[Event], Society], None]
"""Is told of every committed round: its number, its events, and the society after it."""


def storage(folder: Path | None = None) -> Path:
    """Return where runs live: the folder, else `REPUNET_STORAGE`, else `./runs`."""
    return folder or Path(os.environ.get(STORAGE) or "runs")


def locate(run: str, folder: Path | None = None) -> Path:
    """Return the run file of a run given by name or path; raises UsageError if there is none."""
    home = storage(folder)
    for path in (home / run / FILE, Path(run) / FILE, Path(run)):
        if path.is_file():
            return path
    names = [path.parent.name for path in home.glob(f"*/{FILE}")]
    raise UsageError(f'there is no run "{run}" in {home}{suggest(run, names)}; see: repunet runs')


def run_files(folder: Path | None = None) -> list[Path]:
    """Return every run file there is, in the order of the names."""
    return sorted(storage(folder).glob(f"*/{FILE}"))


def found(
    scenario_name: str,
    treatment: Treatment,
    personas: Sequence[Persona],
    seed: int,
    minds: Mapping[AgentId, str],
) -> Founding:
    """Return the founding record of a run; raises UsageError for anything that is not known."""
    dilemma = scenario(scenario_name)
    if len(personas) < 2:
        raise UsageError(f"a society needs at least 2 agents, not {len(personas)}")
    for persona in personas:
        for role in dilemma.roles:
            persona.description(dilemma.name, role)
    return Founding(dilemma.name, treatment, tuple(personas), seed, roster(minds, seed).describe())


class Run:
    """A run whose file this process may write; nobody else can while it is open."""

    def __init__(self, journal: Journal, minds: Roster, concurrency: int | None = None) -> None:
        self.journal = journal
        self.founding = founding = journal.founding
        limited = Limited(minds, concurrency) if concurrency else minds
        self._recorded = Recorded(limited)
        dilemma = scenario(founding.scenario)
        self._simulation = Simulation(founding.society(), dilemma, self._recorded)
        for written in journal.events():
            self.society.apply(written.event)

    @property
    def society(self) -> Society:
        """Return the society after the last committed round."""
        return self._simulation.society

    @property
    def name(self) -> str:
        """Return what the run is called."""
        return self.journal.path.parent.name

    @property
    def planned(self) -> int:
        """Return how many rounds the run is to have."""
        return int(self.journal.meta("planned") or 0)

    def extend(self, rounds: int) -> None:
        """Plan that many more rounds than there were to be, or are; raises UsageError for none."""
        if rounds < 1:
            raise UsageError(f"a run is extended by at least 1 round, not {rounds}")
        self.journal.note("planned", str(max(self.planned, self.society.round) + rounds))

    async def play(
        self, watch: Watcher | None = None, stop: Callable[[], bool] = lambda: False
    ) -> None:
        """Play the rounds that are still to come; raises Stopped if asked to stop before."""
        with _little_to_collect():
            await self._play(watch, stop)

    async def _play(self, watch: Watcher | None, stop: Callable[[], bool]) -> None:
        while self.society.round < self.planned:
            if stop():
                raise Stopped(
                    f"stopped after round {self.society.round} of {self.planned}; to go on: "
                    f"repunet resume {self.name}"
                )
            events = await self._simulation.step()
            self.journal.commit(self.society.round, events, self._recorded.take())
            gc.freeze()
            if watch:
                watch(self.society.round, events, self.society)


@contextmanager
def _little_to_collect() -> Iterator[None]:
    """Spare the collector what a society remembers: it is never garbage while a run plays."""
    before = gc.get_threshold()
    gc.set_threshold(GARBAGE, 1_000, 1_000)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


@contextmanager
def begin(
    founding: Founding,
    minds: Mapping[AgentId, str],
    rounds: int,
    *,
    name: str | None = None,
    default: str | None = None,
    folder: Path | None = None,
    concurrency: int | None = None,
) -> Iterator[Run]:
    """Begin a new run, on disk before anything happens in it; raises UsageError if it can't.

    Without a name it is called by the default, or by what it is, and numbered if need be.
    """
    if rounds < 1:
        raise UsageError(f"a run has at least 1 round, not {rounds}")
    with _new_place(name, default or _default_name(founding), storage(folder)) as path:
        meta = {
            "minds": "\n".join(f"{agent}={mind}" for agent, mind in minds.items()),
            "planned": str(rounds),
            "version": __version__,
        }
        with Journal.create(path, founding, **meta) as journal:
            yield Run(journal, roster(minds, founding.seed), concurrency)


@contextmanager
def reopen(path: Path, *, branch: bool = False, concurrency: int | None = None) -> Iterator[Run]:
    """Open a run to go on with it; raises UsageError if another process is writing it.

    The minds must be as they were, and so must RepuNet; with `branch` a difference is noted in the
    run file, and the run goes on.
    """
    if not path.is_file():
        raise UsageError(f"there is no run file {path}")
    with _locked(path.parent), Journal.open(path, write=True) as journal:
        lines = (journal.meta("minds") or "").splitlines()
        minds = roster(dict(line.split("=", 1) for line in lines), journal.founding.seed)
        _check_unchanged(journal, minds, branch=branch)
        yield Run(journal, minds, concurrency)


def _check_unchanged(journal: Journal, minds: Roster, *, branch: bool) -> None:
    changed = []
    if minds.describe() != journal.founding.minds:
        changed.append("its minds have other parameters now")
    if journal.meta("version") != __version__:
        changed.append(f"it was begun with RepuNet {journal.meta('version')}, not {__version__}")
    if changed and not branch:
        name = journal.path.parent.name
        raise UsageError(
            f"{name} would not go on as it began: {' and '.join(changed)}; to go on all the same: "
            f"repunet resume {name} --branch"
        )
    if changed:
        journal.note(f"branched after round {journal.rounds}", "; ".join(changed))
        journal.note("version", __version__)


def _default_name(founding: Founding) -> str:
    slug = re.sub(r"[^a-z0-9.]+", "-", founding.treatment.label.lower())[:60].strip("-")
    return f"{founding.scenario}-{slug}-s{founding.seed}"


@contextmanager
def _new_place(name: str | None, default: str, home: Path) -> Iterator[Path]:
    """Hold a folder for a run that is not there yet."""
    if name is not None and not NAME.fullmatch(name):
        raise UsageError(f"{name!r} can't name a run: use up to 100 letters, digits, . - _")
    taken = f"there is a run {name} in {home}; to go on with it: repunet resume {name}"
    for candidate in [name] if name else _numbered(default):
        if not (home / candidate / FILE).exists():
            with _locked(home / candidate):
                if not (home / candidate / FILE).exists():
                    yield home / candidate / FILE
                    return
    raise UsageError(taken)


def _numbered(name: str) -> Iterator[str]:
    yield name
    for number in count(2):
        yield f"{name}-{number}"


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Let no other process write a run; a lock of a dead process holds nobody up."""
    holder = folder / LOCK
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(holder, blocking=False)
        lock.acquire()
    except Timeout:
        who = holder.read_text().strip() or "unknown"
        raise UsageError(f"{folder.name} is being written by process {who}: wait for it") from None
    except OSError as error:
        raise UsageError(
            f"can't write in {folder} ({error.strerror}): choose another place with --storage or "
            f"{STORAGE}"
        ) from None
    try:
        holder.write_text(f"{os.getpid()}\n")
        yield
    finally:
        lock.release()
