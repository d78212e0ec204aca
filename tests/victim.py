"""A process that is to be killed: it begins or resumes a small run, and dies where it is told to.

`python victim.py do STORAGE "import FOLDER" rename 1` does the same with a command.

`python victim.py begin STORAGE NAME "INSERT INTO events" 20` dies when the 20th event is about to
be inserted. It can die at every SQL statement, and where it is about to "connect" to a file or to
"rename" the draft of one, and where a round has just been "committed".
"""

import asyncio
import os
import signal
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from repunet.cli import execute
from repunet.record.journal import Journal
from repunet.record.manifest import Manifest
from repunet.record.storage import locate
from repunet.runs.run import Run, begin, found, reopen
from repunet.world.population import population
from repunet.world.treatment import TREATMENTS

MINDS = {"*": "embedded"}
NAME = "a"
ROUNDS = 6


def founded(**changed: Any) -> Manifest:
    """Return the founding of a small run, or of one that differs a little."""
    facts = {
        "scenario_name": "pd",
        "treatment": TREATMENTS["full"],
        "personas": population(8, "pd"),
        "seed": 1,
        "minds": MINDS,
    }
    return found(**{**facts, **changed})


@contextmanager
def begun(folder: Path, rounds: int = ROUNDS, **options: Any) -> Iterator[Run]:
    with begin(founded(), rounds, folder=folder, **{"name": NAME, **options}) as run:
        yield run


def play(run: Run, *args: Any) -> str:
    """Play the run to its end and return its digest."""
    asyncio.run(run.play(*args))
    return run.journal.digest()


def played(folder: Path, rounds: int = ROUNDS, **options: Any) -> Path:
    """Return the file of a finished run."""
    with begun(folder, rounds, **options) as run:
        play(run)
    return run.journal.path


def resume(path: Path, more: int = 0, **options: Any) -> str:
    with reopen(path, **options) as run:
        if more:
            run.extend(more)
        return play(run)


def story(path: Path) -> tuple[str, list[list[str]]]:
    """Return the digest of a run, and the events of each of its rounds as they are stored."""
    with Journal.open(path) as journal:
        return journal.digest(), [journal.bodies(n + 1) for n in range(journal.rounds)]


class Killer:
    """Kills this process the n-th time that something happens whose name starts like that."""

    def __init__(self, what: str, times: int) -> None:
        self.what = what
        self.times = times

    def __call__(self, happens: str) -> None:
        self.times -= " ".join(happens.split()).startswith(self.what)
        if not self.times:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(self) -> None:
        connect, replace = sqlite3.connect, Path.replace

        def connected(*args: Any, **options: Any) -> sqlite3.Connection:
            self("connect")
            connection = connect(*args, **options)
            connection.set_trace_callback(self)
            return connection

        def replaced(path: Path, target: Path) -> Path:
            self("rename")
            return replace(path, target)

        sqlite3.connect = connected  # type: ignore[assignment]
        Path.replace = replaced  # type: ignore[assignment,method-assign]


def wait() -> None:
    sys.stdin.readline()


def main(action: str, storage: str, name: str, what: str = "nothing", times: str = "1") -> None:
    home = Path(storage)
    match action:
        case "begin" | "resume":
            killer = Killer(what, int(times))
            killer.watch()
            new = action == "begin"
            with begun(home, name=name) if new else reopen(locate(name, home)) as run:
                play(run, lambda *_: killer("committed"))
        case "do":
            Killer(what, int(times)).watch()
            execute([*name.split(), "--storage", storage])
        case "hold":
            with begun(home, name=name):
                print(os.getpid(), flush=True)
                wait()
        case "automatic":
            print("ready", flush=True)
            wait()
            with begun(home, name=None) as run:
                print(run.name, flush=True)
                wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
