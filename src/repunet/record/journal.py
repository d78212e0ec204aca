"""The run file: what a run was founded on, and everything that has happened in it since.

One SQLite file. A round is in it whole or not at all; readers may look while it is being written.
"""

import json
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

from pydantic import TypeAdapter

from repunet.errors import RepuNetError, Stopped, UsageError
from repunet.record.checksum import seal
from repunet.record.manifest import Manifest
from repunet.record.notes import Notes
from repunet.record.safe_opening import Bounded, connected, strangers, unpacked
from repunet.record.storage import called, require_own
from repunet.world.event import EVENT, Event

APPLICATION = 0x52_65_70_75  # "Repu", in the header of every run file
MIGRATIONS = (
    """
    CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE rounds (round INTEGER PRIMARY KEY, digest TEXT NOT NULL, decisions BLOB NOT NULL)
        STRICT;
    CREATE TABLE events (round INTEGER NOT NULL, seq INTEGER NOT NULL, kind TEXT NOT NULL,
        body TEXT NOT NULL, PRIMARY KEY (round, seq)) STRICT, WITHOUT ROWID;
    """,
    """
    CREATE TABLE blobs (hash TEXT PRIMARY KEY, body BLOB NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE attempts (
        id INTEGER PRIMARY KEY, round INTEGER NOT NULL, coordinate TEXT NOT NULL,
        operation TEXT NOT NULL, actor TEXT NOT NULL, kind TEXT NOT NULL, model TEXT NOT NULL,
        rung TEXT NOT NULL, request TEXT NOT NULL, messages TEXT NOT NULL, schema TEXT NOT NULL,
        sampling TEXT NOT NULL, dropped TEXT NOT NULL, sent REAL NOT NULL,
        reserved INTEGER NOT NULL, reserved_cost INTEGER,
        status TEXT NOT NULL, why TEXT, answer TEXT, finish TEXT, latency REAL,
        input INTEGER, cached INTEGER, output INTEGER, reasoning INTEGER, estimated INTEGER,
        cost INTEGER, provider_id TEXT, served TEXT,
        stale INTEGER NOT NULL DEFAULT 0, inherited INTEGER NOT NULL DEFAULT 0) STRICT;
    CREATE INDEX attempts_of_a_round ON attempts (round);
    CREATE TABLE decisions (
        coordinate TEXT PRIMARY KEY, round INTEGER NOT NULL, operation TEXT NOT NULL,
        actor TEXT NOT NULL, target TEXT, request TEXT NOT NULL, attempt INTEGER NOT NULL,
        parsing TEXT, answer TEXT, why TEXT) STRICT, WITHOUT ROWID;
    CREATE INDEX decisions_of_a_round ON decisions (round);
    """,
)
SCHEMA = len(MIGRATIONS)
NO_ROOM = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)
NO_ACCESS = (
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_PERM,
)
UNREADABLE = "is not a run file, or it is damaged"


class DecisionRecord(NamedTuple):
    """A decision as the journal keeps it."""

    coordinate: str
    operation: str
    actor: str
    target: str | None
    answer: str
    """As JSON."""


DECISIONS: TypeAdapter[list[DecisionRecord]] = TypeAdapter(list[DecisionRecord])


@dataclass(frozen=True, slots=True)
class EventRecord:
    """An event and where it stands in the file."""

    round: int
    seq: int
    event: Event


class Journal:
    """A run file that has been opened, for reading or for writing."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self.paid = False
        """Whether what is written can't be computed again: then it survives a loss of power too."""
        self._connection = connection
        self._writing = False
        self._bounded = Bounded(connection)

    @classmethod
    def create(cls, path: Path, manifest: Manifest, **meta: str) -> "Journal":
        """Write a new run file, which appears whole or not at all, and open it for writing."""
        draft = path.with_name(path.name + ".new")
        for stray in (draft.name, f"{path.name}-wal", f"{path.name}-shm"):
            path.with_name(stray).unlink(missing_ok=True)
        try:
            with _explained(path, writing=True):
                cls._draft(draft, {"founding": manifest.to_json(), **meta})
        except Stopped as error:
            name = path.parent.name
            draft.unlink(missing_ok=True)
            raise Stopped(
                f"{name} could not be begun ({error.__cause__}): make room, then begin it again"
            ) from error
        draft.replace(path)
        return cls.open(path, write=True)

    @staticmethod
    def _draft(draft: Path, meta: dict[str, str]) -> None:
        with closing(connected(draft, write=True)) as connection:
            connection.executescript(f"BEGIN; {''.join(MIGRATIONS)}")
            connection.execute(f"PRAGMA application_id = {APPLICATION}")
            connection.execute(f"PRAGMA user_version = {SCHEMA}")
            connection.executemany("INSERT INTO meta VALUES (?, ?)", meta.items())
            seal(connection)
            connection.commit()
            connection.execute("PRAGMA journal_mode = WAL")

    @classmethod
    def open(cls, path: Path, *, write: bool = False) -> "Journal":
        """Open a run file; raises UsageError if it is none, damaged, or of a newer RepuNet."""
        if not path.is_file():
            raise UsageError(f"there is no run file {path}")
        if write:
            require_own(path)
        with _explained(path, writing=write):
            journal = cls(path, connected(path, write=write))
            try:
                journal._inspect()
            except BaseException:
                journal._connection.close()
                raise
        return journal

    def __enter__(self) -> "Journal":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; one that was written becomes a single file again, if nobody reads it."""
        with suppress(sqlite3.Error):
            if self._writing:
                self._connection.execute("PRAGMA journal_mode = DELETE")
        self._connection.close()

    def _inspect(self) -> None:
        version = self._pragma("user_version")
        if self._pragma("application_id") != APPLICATION:
            raise UsageError(f"{self.path} {UNREADABLE}")
        if version > SCHEMA:
            raise UsageError(
                f"{self.path} was written by a newer RepuNet (schema {version}, this one reads "
                f"up to {SCHEMA}): upgrade RepuNet to open it"
            )
        if there := set(strangers(self.rows, MIGRATIONS[: max(0, version)])):
            names = ", ".join(sorted(there))
            raise UsageError(f"{self.path} {UNREADABLE}: RepuNet makes other tables ({names})")
        _ = self.manifest, self.rounds

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Write whole or not at all. The first time, make the file one that many can read."""
        with _explained(self.path, writing=True):
            if not self._writing:
                safety = "FULL" if self.paid else "NORMAL"
                self._bounded.release()
                self._connection.execute("PRAGMA journal_mode = WAL")
                self._connection.execute(f"PRAGMA synchronous = {safety}")
                self._migrate()
                self._writing = True
            with self._connection:
                yield self._connection

    def _migrate(self) -> None:
        version = self._pragma("user_version")
        if version < SCHEMA:
            script = "".join(MIGRATIONS[version:])
            self._connection.executescript(
                f"BEGIN; {script} PRAGMA user_version = {SCHEMA}; COMMIT;"
            )

    def _pragma(self, name: str) -> int:
        return int(self._connection.execute(f"PRAGMA {name}").fetchone()[0])

    @property
    def schema(self) -> int:
        """Return the version of the file, as it is now."""
        return self._pragma("user_version")

    @property
    def manifest(self) -> Manifest:
        """Return what the run is defined by."""
        try:
            return Manifest.from_json(self.meta("founding") or "")
        except ValueError:
            raise UsageError(f"{self.path} {UNREADABLE}: its manifest can't be read") from None

    def meta(self, key: str) -> str | None:
        """Return a fact about the run, None if it is not known."""
        row = self.row("SELECT value FROM meta WHERE key = ?", key)
        return str(row[0]) if row else None

    @property
    def notes(self) -> Notes:
        """Return what is noted of the run beside what its digest depends on."""
        return Notes(self.meta)

    def note(self, key: str, value: str) -> None:
        """Write down a fact about the run that its digest does not depend on."""
        with self.transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))
            seal(connection)

    @property
    def rounds(self) -> int:
        """Return the number of rounds that have been committed."""
        row = self.row("SELECT count(*) FROM rounds")
        return int(row[0] or 0) if row else 0

    def digest(self, round_: int | None = None) -> str:
        """Return the digest of the run, or of its first rounds.

        Two runs are the same run exactly when their digests are equal: a chain of SHA-256 over the
        manifest and the events of each round as they are stored.
        """
        at = self.rounds if round_ is None else round_
        if at == 0:
            return self.manifest.digest()
        row = self.row("SELECT digest FROM rounds WHERE round = ?", at)
        if row is None:
            missing = f"{UNREADABLE}: round {at} is missing"
            there = f"has {self.rounds} rounds, not {at}"
            raise UsageError(f"{self.path} {missing if 0 < at <= self.rounds else there}")
        return str(row[0])

    def verify(self) -> None:
        """Raise UsageError if the events are not those that were committed."""
        digest = self.manifest.digest()
        for number in range(1, self.rounds + 1):
            digest = link(digest, self.bodies(number))
            if digest != self.digest(number):
                raise UsageError(
                    f"{self.path} {UNREADABLE}: round {number} is not as it was committed"
                )

    def commit(
        self, round_: int, events: Sequence[Event], decisions: Iterable[DecisionRecord]
    ) -> None:
        """Write a finished round, whole or not at all; raises Stopped where that can't be done."""
        bodies = [EVENT.dump_json(event).decode() for event in events]
        digest = link(self.digest(round_ - 1), bodies)
        block = zlib.compress(json.dumps(list(decisions), ensure_ascii=False).encode(), 3)
        rows = (
            (round_, seq, event.kind, body)
            for seq, (event, body) in enumerate(zip(events, bodies, strict=True))
        )
        with self.transaction() as connection:
            connection.executemany("INSERT INTO events VALUES (?, ?, ?, ?)", rows)
            connection.execute("INSERT INTO rounds VALUES (?, ?, ?)", (round_, digest, block))
            seal(connection, round_)

    def events(self, first: int = 1, last: int | None = None) -> Iterator[EventRecord]:
        """Return the events of the rounds from first to last, in the order they happened.

        A round is read at a time, so that whoever takes their time holds nobody up.
        """
        query = "SELECT seq, body FROM events WHERE round = ? ORDER BY seq"
        until = self.rounds if last is None else min(last, self.rounds)
        for number in range(first, until + 1):
            for seq, body in self.rows(query, number):
                yield EventRecord(number, seq, self._read(body))

    def _read(self, body: str) -> Event:
        try:
            return EVENT.validate_json(body)
        except ValueError:
            raise UsageError(f"{self.path} {UNREADABLE}: an event can't be read") from None

    def bodies(self, round_: int) -> list[str]:
        """Return a round's events as they are stored."""
        query = "SELECT body FROM events WHERE round = ? ORDER BY seq"
        return [body for (body,) in self.rows(query, round_)]

    def decisions(self, round_: int) -> list[DecisionRecord]:
        """Return every decision of a round, in the order of their coordinates."""
        row = self.row("SELECT decisions FROM rounds WHERE round = ?", round_)
        if row is None:
            return []
        try:
            return decisions_in(row[0])
        except ValueError:
            raise UsageError(f"{self.path} {UNREADABLE}: round {round_} can't be read") from None

    def row(self, query: str, *values: object) -> tuple[Any, ...] | None:
        return next(iter(self.rows(query, *values)), None)

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with _explained(self.path, writing=self._writing):
            self._bounded.begin(self.path)
            return self._connection.execute(query, values).fetchall()


def decisions_in(block: bytes) -> list[DecisionRecord]:
    """Return the decisions of a round as they are stored; raises ValueError for what is none."""
    return DECISIONS.validate_json(unpacked(block))


def link(before: str, bodies: Iterable[str]) -> str:
    """Return the next link of the chain of digests."""
    return sha256("\n".join([before, *bodies]).encode()).hexdigest()


@contextmanager
def _explained(path: Path, *, writing: bool) -> Iterator[None]:
    """Say in one line what is the matter with the file, and what to do."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.ProgrammingError) and "thread" in str(error):
            why = "was opened in another thread: open it in the one that uses it"
            raise UsageError(f"{path} {why}") from None
        code = (getattr(error, "sqlite_errorcode", None) or sqlite3.SQLITE_CORRUPT) & 0xFF
        if code in NO_ROOM and writing:
            raise Stopped(
                f"{path} could not be written ({error}): all committed rounds are safe; make "
                f"room, then: repunet resume {called(path)}"
            ) from error
        if code in NO_ROOM:
            raise RepuNetError(
                f"{path} could not be read ({error}): try again, or copy it to another disk"
            ) from error
        if code in NO_ACCESS:
            raise UsageError(f"{path} can't be opened ({error})") from error
        raise UsageError(f"{path} {UNREADABLE} ({error})") from error
