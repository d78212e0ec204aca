"""Small societies of language models, and the server that makes their answers up.

As a script it is the nursery, whose children play, and are killed.
"""

import asyncio
import json
import os
import signal
import sys
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any, NamedTuple
from unittest.mock import patch

from repunet.cli import execute
from repunet.errors import RepuNetError
from repunet.fake_llm import FakeLLM, Settings, serving
from repunet.fake_llm.stats import CountedQuestion
from repunet.minds import router
from repunet.minds.language import client
from repunet.models.allowance import Allowance
from repunet.record.attempts import ANSWERED, INVALID, LOST, SENT
from repunet.record.journal import Journal
from repunet.record.manifest import Manifest
from repunet.runs.run import Run, Terms, begin, found, reopen
from repunet.world.event import DecisionMissing
from repunet.world.population import population
from repunet.world.treatment import TREATMENTS

MODEL = "vllm:fake"
"""A name that does not say where the model is served, so that digests don't depend on it."""
NAME = "a"
SOON = 0.02
"""Seconds before what failed is sent again, and after which a server wants to be asked again."""


@contextmanager
def hasty() -> Iterator[None]:
    """Let nobody wait long before what failed is sent again."""
    with patch.object(client, "FIRST_DELAY", SOON):
        yield


@contextmanager
def at(url: str) -> Iterator[None]:
    """Let models be served there."""
    with patch.dict(os.environ, {"VLLM_API_BASE": url, "LLM_API_BASE": url}):
        yield


@contextmanager
def served(**settings: Any) -> Iterator[FakeLLM]:
    """Serve models for the block."""
    with serving(Settings(**{"retry_after": SOON, **settings})) as server, at(server.url):
        yield server


def company(
    *minds: str, n: int = 4, scenario: str = "pd", treatment: str = "full", seed: int = 1
) -> Manifest:
    """Return the founding of a small society: all of them the same model, if nothing is said."""
    people = population(n, scenario)
    assigned = router.assign(minds or (MODEL,), people)
    return found(scenario, TREATMENTS[treatment], people, seed, assigned)


def terms(**limits: Any) -> Terms:
    return Terms(Allowance(**limits))


@contextmanager
def begun(
    folder: Path, manifest: Manifest | None = None, rounds: int = 1, **options: Any
) -> Iterator[Run]:
    with begin(manifest or company(), rounds, folder=folder, **{"name": NAME, **options}) as run:
        yield run


def played(folder: Path, manifest: Manifest | None = None, rounds: int = 1, **options: Any) -> Path:
    """Return the file of a finished run."""
    with begun(folder, manifest, rounds, **options) as run:
        asyncio.run(run.play())
    return run.journal.path


def resumed(path: Path, **options: Any) -> str:
    """Let a run go on to its end; return its digest."""
    with reopen(path, **options) as run:
        asyncio.run(run.play())
        return run.journal.digest()


def digest(path: Path) -> str:
    with Journal.open(path) as journal:
        return journal.digest()


# What is in the file ---------------------------------------------------------------------------


class Attempt(NamedTuple):
    """A row of the journal."""

    id: int
    coordinate: str
    kind: str
    status: str
    request: str
    why: str | None
    answer: str | None
    tokens: int | None
    cost: int | None
    estimated: int | None
    stale: int
    latency: float | None
    reserved: int
    """Tokens it can have cost at most."""
    reserved_cost: int | None


class Decision(NamedTuple):
    """A row of the journal."""

    coordinate: str
    round: int
    attempt: int
    answer: str | None


def attempts(path: Path) -> list[Attempt]:
    """Return everything that was ever sent."""
    query = (
        "SELECT id, coordinate, kind, status, request, why, answer, input + output, cost, "
        "estimated, stale, latency, reserved, reserved_cost FROM attempts ORDER BY id"
    )
    with Journal.open(path) as journal:
        return [Attempt(*row) for row in journal.rows(query)]


def received(path: Path) -> list[Attempt]:
    """Return the attempts that had a reply."""
    return [attempt for attempt in attempts(path) if attempt.status in (ANSWERED, INVALID)]


def unseen(path: Path) -> list[Attempt]:
    """Return the attempts that may have had a reply which nobody saw."""
    return [attempt for attempt in attempts(path) if attempt.status in (SENT, LOST)]


def decisions(path: Path) -> dict[str, Decision]:
    with Journal.open(path) as journal:
        rows = journal.rows("SELECT coordinate, round, attempt, answer FROM decisions")
    return {row[0]: Decision(*row) for row in rows}


def missing(path: Path) -> list[str]:
    """Return the decisions that could not be had, as the events of the run have it."""
    with Journal.open(path) as journal:
        events = [written.event for written in journal.events()]
    return [event.decision for event in events if isinstance(event, DecisionMissing)]


def rounds(path: Path) -> int:
    with Journal.open(path) as journal:
        return journal.rounds


def told(*servers: FakeLLM) -> Counter[CountedQuestion]:
    """Return how often each question was answered, whoever answered it."""
    return sum((server.stats.told for server in servers), Counter())


# A process that plays and dies -------------------------------------------------------------------


@dataclass(frozen=True)
class Errand:
    """What a process is to do: begin a run, or go on with it, until it is killed or finished."""

    folder: str
    url: str
    kill: str = ""
    """After what is committed it kills itself: `sent`, `answered`, `round`; or `before ...`."""
    times: int = 0
    """At the how manieth of them."""
    n: int = 4
    rounds: int = 2

    @property
    def path(self) -> Path:
        return Path(self.folder) / NAME / "run.sqlite"

    def go(self) -> int:
        """Do it; this process does nothing else."""
        transaction = Killer(self.kill, self.times).transaction
        with hasty(), at(self.url), patch.object(Journal, "transaction", transaction):
            limits = terms(deadline=600)
            if self.path.exists():
                resumed(self.path, terms=limits)
            else:
                played(Path(self.folder), company(n=self.n), self.rounds, terms=limits)
        return 0


@dataclass(frozen=True)
class Command:
    """What a process is to do: a command, whose outputs are found in `out` and `err`."""

    folder: str
    url: str
    words: list[str]

    def go(self) -> int:
        os.chdir(self.folder)
        for number, name in ((1, "out"), (2, "err")):
            os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644), number)
        with hasty(), at(self.url):
            return execute(self.words)


class Killer:
    """Kills this process right before or after the n-th time that something is committed."""

    def __init__(self, what: str, times: int) -> None:
        tables = {"sent": "INSERT INTO attempts", "answered": "UPDATE attempts"}
        self.before, self.what = what.startswith("before "), what.removeprefix("before ")
        self.mark = tables.get(self.what, "INSERT INTO rounds")
        self.left = times

    @property
    def transaction(self) -> Any:
        original, killer = Journal.transaction, self

        @contextmanager
        def transaction(journal: Journal) -> Iterator[Any]:
            seen: list[str] = []
            with original(journal) as connection:
                connection.set_trace_callback(seen.append)
                yield connection
                killer.count(seen, committed=False)
            killer.count(seen, committed=True)

        return transaction

    def count(self, seen: list[str], *, committed: bool) -> None:
        if not self.what or committed == self.before:
            return
        self.left -= sum(statement.startswith(self.mark) for statement in seen)
        if self.left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)


class Nursery:
    """Another process, that forks one for every errand: what takes long, importing, is done."""

    def __init__(self) -> None:
        command = [sys.executable, __file__]
        self._process = Popen(command, stdin=PIPE, stdout=PIPE, text=True)
        assert self._hear() == "ready"

    def _hear(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def begin(self, errand: Errand | Command) -> int:
        """Send a process on an errand; return its number."""
        assert self._process.stdin is not None
        kind = type(errand).__name__
        print(json.dumps([kind, asdict(errand)]), file=self._process.stdin, flush=True)
        return int(self._hear())

    def end(self) -> int:
        """Wait for that process; return its code, which is negative if a signal killed it."""
        return int(self._hear())

    def do(self, errand: Errand | Command) -> int:
        self.begin(errand)
        return self.end()

    def close(self) -> None:
        with self._process:
            self._process.terminate()


def _nurse() -> None:
    import openai  # noqa: F401 - what takes long
    from openai import DefaultAioHttpClient  # noqa: F401

    import repunet.minds.language.mind
    import repunet.models.openai  # noqa: F401

    print("ready", flush=True)
    for line_ in sys.stdin:
        kind, facts = json.loads(line_)
        child = os.fork()
        if not child:
            os._exit(_code({"Errand": Errand, "Command": Command}[kind](**facts)))
        print(child, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def _code(errand: Errand | Command) -> int:
    code = 1
    try:
        code = errand.go()
    except RepuNetError as error:
        print(error, file=sys.stderr)
        code = error.exit_code
    except BaseException:  # noqa: BLE001 - the code says that it failed
        traceback.print_exc()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    return code


if __name__ == "__main__":
    _nurse()
