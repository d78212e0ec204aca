"""Checksums: what a run file says of all it keeps, so that a change of any of it is found out.

The digest of a run covers its manifest and its events. These cover the rest: one for the facts
about the run, and one for each round, for what was asked and decided in it.
"""

import json
from collections.abc import Callable, Iterator
from hashlib import sha256
from sqlite3 import Connection
from typing import Any, TypeAlias

FACTS, ROUND = "checksum", "checksum of round "
"""Where a run file keeps them, among its facts."""
BY_ROUND = ("attempts", "decisions")
"""Tables whose rows belong to a round."""
CHANGING = ("inherited",)
"""Columns that are not the same in a fork."""
OUTSIDE = "interview/%"
"""Coordinates of what is asked after a round was committed, outside the experiment."""

Read: TypeAlias = Callable[..., list[tuple[Any, ...]]]
"""Returns the rows of a query."""


def of_facts(read: Read) -> str:
    """Return the checksum of all facts about a run."""
    rows = read("SELECT key, value FROM meta WHERE key <> ? ORDER BY key", FACTS)
    return sha256(json.dumps(rows).encode()).hexdigest()


def of_round(read: Read, number: int) -> str:
    """Return the checksum of what was asked and decided in a round."""
    total = sha256()
    for (block,) in read("SELECT decisions FROM rounds WHERE round = ?", number):
        total.update(block)
    for table in BY_ROUND:
        for row in _rows(read, table, number):
            total.update(json.dumps([table, row]).encode())
    return total.hexdigest()


def _rows(read: Read, table: str, number: int) -> Iterator[dict[str, Any]]:
    """Yield what the rows of a round say; a column that is empty says nothing."""
    named = [name for (name,) in read("SELECT name FROM pragma_table_info(?)", table)]
    names = [name for name in named if name not in CHANGING]
    if names:
        columns = ", ".join(names)
        here = "round = ? AND coordinate NOT LIKE ?"
        query = f"SELECT {columns} FROM {table} WHERE {here} ORDER BY 1"
        for row in read(query, number, OUTSIDE):
            yield {name: value for name, value in zip(names, row, strict=True) if value is not None}


def seal(connection: Connection, number: int | None = None) -> None:
    """Write the checksum of the facts, and before it that of a round which is being committed."""

    def read(query: str, *values: object) -> list[tuple[Any, ...]]:
        return connection.execute(query, values).fetchall()

    write = "INSERT OR REPLACE INTO meta VALUES (?, ?)"
    if number is not None:
        connection.execute(write, (f"{ROUND}{number}", of_round(read, number)))
    connection.execute(write, (FACTS, of_facts(read)))
