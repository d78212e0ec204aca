"""Files of strangers: a run file is read as if somebody had made it to do harm.

Only tables that RepuNet makes, word for word; no text or block larger than any run has; no more
work for a question than a file of this size can ask for.
"""

import sqlite3
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from functools import cache
from pathlib import Path
from typing import Any

LARGEST = 64 * 2**20
"""Bytes of a text or a block, as it is stored and as it is unpacked."""
PATIENCE = 60.0
"""Seconds that a writer waits for a reader of a run that was at rest."""
STRIDE = 100_000
"""Steps of SQLite's machine between two looks at how many there were."""
STEPS, PER_BYTE = 20_000_000, 200
"""Steps for a question, and more of them for each byte of the file."""
SCHEMA = "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_stat%'"
MOST = 100
"""Entries of a schema that are looked at."""


def connected(path: Path, *, write: bool = False) -> sqlite3.Connection:
    """Open a file of SQLite, trusting nothing that is in it."""
    if write:
        connection = sqlite3.connect(path, timeout=PATIENCE)
    else:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LARGEST)
    connection.execute("PRAGMA trusted_schema = OFF")
    return connection


def strangers(read: Callable[..., list[tuple[Any, ...]]], migrations: Sequence[str]) -> set[str]:
    """Return the names of what is in a file and differs from what the migrations make."""
    found = {tuple(row) for row in read(f"{SCHEMA} LIMIT {MOST}")}
    return {str(row[1]) for row in found ^ _made(tuple(migrations))}


@cache
def _made(migrations: tuple[str, ...]) -> frozenset[tuple[Any, ...]]:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript("".join(migrations))
        return frozenset(connection.execute(SCHEMA).fetchall())


class Bounded:
    """Ends a question that takes more steps than a file of this size has a reason for."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._left = STEPS // STRIDE
        self._connection = connection
        connection.set_progress_handler(self._step, STRIDE)

    def begin(self, path: Path) -> None:
        """Let a new question take all of its steps."""
        self._left = (STEPS + PER_BYTE * sum(_sizes(path))) // STRIDE

    def release(self) -> None:
        """Let every statement from now on take as long as it takes: the file is our own."""
        self._connection.set_progress_handler(None, 0)

    def _step(self) -> bool:
        self._left -= 1
        return self._left < 0


def _sizes(path: Path) -> Iterator[int]:
    for each in (path, path.with_name(f"{path.name}-wal")):
        with suppress(OSError):
            yield each.stat().st_size


def unpacked(block: bytes) -> bytes:
    """Return what is in a compressed block; raises ValueError if it is none, or far too much."""
    engine = zlib.decompressobj()
    try:
        content = engine.decompress(block, LARGEST)
    except (zlib.error, TypeError) as error:
        raise ValueError("it can't be unpacked") from error
    if not engine.eof:
        raise ValueError("it is cut, or larger than anything that a run keeps")
    return content
