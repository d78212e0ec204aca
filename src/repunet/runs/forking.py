"""Forks: runs that share the past of another one, and go on under a changed treatment.

What changes and when stands in the run file of the fork (`repunet.record.changes`).
"""

import re
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from itertools import accumulate
from json import dumps
from pathlib import Path

from repunet.errors import Stopped, UsageError
from repunet.record.changes import (
    CHANGES,
    ORIGIN,
    ORIGIN_ADAPTER,
    Changes,
    ForkOrigin,
    changes,
    switched,
)
from repunet.record.checksum import ROUND, seal
from repunet.record.journal import Journal
from repunet.record.manifest import Manifest
from repunet.record.notes import BRANCHED
from repunet.world.event import TreatmentChanged
from repunet.world.treatment import Treatment

BY_ROUND = ("rounds", "events", "attempts", "decisions")
"""Tables of which a fork has the rows of the rounds it shares."""
NAMED = {
    "blobs": "hash IN (SELECT schema FROM main.attempts UNION SELECT answer FROM main.attempts "
    "UNION SELECT json_extract(said.value, '$[1]') FROM main.attempts, json_each(messages) AS said)"
}
"""Tables of which a fork has what rows of the others name."""


@dataclass(frozen=True, slots=True)
class Fork:
    """A fork that has been thought through, and is not there yet."""

    source: Path
    manifest: Manifest
    origin: ForkOrigin
    changes: Changes
    treatments: tuple[Treatment, ...]
    """All that it will live under after the rounds it shares."""
    planned: int

    @classmethod
    def of(
        cls, journal: Journal, at: int, switches: Mapping[str, str], rounds: int | None = None
    ) -> "Fork":
        """Return the fork of a run after one of its rounds, in which these switches are set.

        What was to change later in the run changes in the fork too. It has so many rounds more
        than it shares, by default as many as the run was to have. Raises UsageError for a round
        that is not there, for no rounds, and for switches as `switched` does.
        """
        name = journal.path.parent.name
        if not 0 <= at <= journal.rounds:
            raise UsageError(f"{name} has rounds 0 to {journal.rounds}, not {at}")
        if rounds is not None and rounds < 1:
            raise UsageError(f"a fork goes on for at least 1 round, not {rounds}")
        planned = journal.notes.planned if rounds is None else at + rounds
        if switches and planned <= at:
            raise UsageError(f"{name} was to have {planned} rounds: say how many more: --rounds 10")
        new = _merged(changes(journal), at + 1, switches)
        ahead = [words for number, words in sorted(new.items()) if number > at]
        treatments = tuple(accumulate(ahead, switched, initial=_treatment(journal, at)))
        from_here = ForkOrigin(name, at, journal.digest(at))
        return cls(journal.path, journal.manifest, from_here, new, treatments, planned)

    @property
    def default_name(self) -> str:
        """Return what it is called if nobody says otherwise: `first-r7-gossip-off`."""
        switches = self.changes.get(self.origin.round + 1, {})
        origin = re.sub(r"-r[0-9]+$", "", self.origin.name)  # a fork of a fork has one round
        words = [origin, f"r{self.origin.round}", *map("-".join, switches.items())]
        slug = re.sub(r"[^A-Za-z0-9.-]+", "-", "-".join(words))
        return slug[:90].strip("-.") or "fork"

    def write(self, path: Path, **notes: str) -> None:
        """Write its run file, which appears whole or not at all; raises Stopped if it can't."""
        kept = {
            "planned": str(self.planned),
            CHANGES: dumps(self.changes),
            ORIGIN: ORIGIN_ADAPTER.dump_json(self.origin).decode(),
            **notes,
        }
        draft = path.with_name(f"{path.name}.fork")
        for stray in (draft.name, f"{draft.name}-journal"):
            draft.with_name(stray).unlink(missing_ok=True)
        Journal.create(draft, self.manifest).close()
        try:
            with closing(sqlite3.connect(draft.absolute().as_uri(), uri=True)) as connection:
                _copy(connection, self.source, self.origin.round)
                with connection:
                    notes_of_it = "INSERT OR REPLACE INTO main.meta VALUES (?, ?)"
                    connection.executemany(notes_of_it, kept.items())
                    seal(connection)
        except sqlite3.Error as error:
            name = path.parent.name
            draft.unlink(missing_ok=True)
            raise Stopped(
                f"{name} could not be begun ({error}): make room, then begin it again"
            ) from error
        draft.replace(path)


def _merged(planned: Changes, first: int, switches: Mapping[str, str]) -> Changes:
    if not switches:
        return planned
    return {**planned, first: {**planned.get(first, {}), **switches}}


def _treatment(journal: Journal, at: int) -> Treatment:
    """Return the treatment under which a run was after one of its rounds."""
    now = journal.manifest.treatment
    for written in journal.events(1, at):
        if isinstance(written.event, TreatmentChanged):
            now = written.event.treatment
    return now


def _copy(draft: sqlite3.Connection, source: Path, last: int) -> None:
    """Copy all that a run holds of its rounds up to the last one; the file is read, never written.

    Whoever adds a table to run files says here what a fork has of it.
    """
    draft.execute("PRAGMA journal_mode = DELETE")  # a single file, which can be renamed
    draft.execute("ATTACH ? AS source", (f"{source.absolute().as_uri()}?mode=ro",))
    with draft:
        draft.execute("INSERT OR REPLACE INTO main.meta SELECT * FROM source.meta")
        for table in BY_ROUND:
            _copy_rows(draft, table, f"round <= {last}")
        for table, which in NAMED.items():
            _copy_rows(draft, table, which)
        draft.execute("UPDATE main.attempts SET inherited = 1")
        _copy_branches(draft, last)
        _drop_checksums(draft, last)


def _copy_rows(draft: sqlite3.Connection, table: str, which: str) -> None:
    columns = [row[1] for row in draft.execute(f"PRAGMA source.table_info({table})")]
    if columns:
        names = ", ".join(columns)
        rows = f"SELECT {names} FROM source.{table} WHERE {which}"
        draft.execute(f"INSERT INTO main.{table} ({names}) {rows}")


def _copy_branches(draft: sqlite3.Connection, last: int) -> None:
    """Let what the run went on with after a later round be what the fork goes on with."""
    draft.execute(
        "UPDATE OR REPLACE main.meta SET key = ?1 || ?2 WHERE substr(key, 1, length(?1)) = ?1 "
        "AND CAST(substr(key, length(?1) + 1) AS INTEGER) > ?2",
        (BRANCHED, last),
    )


def _drop_checksums(draft: sqlite3.Connection, last: int) -> None:
    """Let go of the checksums of rounds that the fork does not share."""
    draft.execute(
        "DELETE FROM main.meta WHERE substr(key, 1, length(?1)) = ?1 "
        "AND CAST(substr(key, length(?1) + 1) AS INTEGER) > ?2",
        (ROUND, last),
    )
