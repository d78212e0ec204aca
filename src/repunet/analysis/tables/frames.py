"""Frames: all tables of a run as pandas.DataFrames, from its file or from what was exported."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pandas as pd
from pyarrow import csv, parquet

from repunet.analysis.tables import TABLES
from repunet.analysis.tables.columns import Table
from repunet.analysis.tables.files import CONTENTS, about
from repunet.analysis.tables.frame import frame
from repunet.analysis.tables.history import History
from repunet.errors import UsageError, unknown
from repunet.record.collector import collector
from repunet.record.journal import Journal

Frame: TypeAlias = pd.DataFrame
"""A table, or what a measure makes of one."""


class Frames:
    """A run's tables by name, each made once, and what is to be known of the run.

    Measures read them; they must not change them. `facts` are those that `repunet export` writes
    beside every table: run, mind, scenario, treatment, seed, round (the last one), digest, ...
    """

    def __init__(self, facts: dict[str, Any], make: Callable[[Table], Frame]) -> None:
        self.facts = facts
        self._make = make
        self._made: dict[str, Frame] = {}

    def __getitem__(self, name: str) -> Frame:
        """Return a table; raises UsageError, with a suggestion, if there is none of that name."""
        if name not in TABLES:
            raise unknown("table", name, TABLES)
        if name not in self._made:
            self._made[name] = self._make(TABLES[name])
        return self._made[name]

    @property
    def scenario(self) -> str:
        """Return the name of the dilemma."""
        return str(self.facts["scenario"])

    @property
    def last(self) -> int:
        """Return the number of the last round that is committed."""
        return int(self.facts["round"])

    @property
    def agents(self) -> list[str]:
        """Return the ids of everyone, in the order in which they joined."""
        return list(self["agents"].agent)


def frames(history: History) -> Frames:
    """Return the tables of a run that was read."""
    facts = about(history)

    def make(table: Table) -> Frame:
        with collector.spared():
            return _bare(frame(table, table.rows(history), facts))

    return Frames(facts, make)


def _bare(made: Frame) -> Frame:
    """Return a table without its facts, which pandas would copy whenever a measure takes a part."""
    made.attrs = {}
    return made


def open_frames(path: Path, last: int | None = None) -> Frames:
    """Return the tables of a run file up to a round, by default all that is committed."""
    with Journal.open(path) as journal:
        return frames(History(journal, None if last is None else min(last, journal.rounds)))


def read_frames(folder: Path) -> Frames:
    """Return the tables that `repunet export` wrote into a folder, in whichever form.

    Raises UsageError if they are not there.
    """
    form = next((form for form in READERS if _file(folder, "agents", form).exists()), None)
    if form is None:
        forms = "|".join(READERS)
        raise UsageError(
            f"there are no tables in {folder}: repunet export RUN {folder} --to {forms}"
        )
    facts = _facts(folder, form)

    def make(table: Table) -> Frame:
        path = _file(folder, table.name, form)
        if not path.exists():
            raise UsageError(f"there is no {path}: export the run again")
        read = zip(table.columns, READERS[form](table, path), strict=True)
        held = [map(_tuple, values) if c.kind == LIST else values for c, values in read]
        return _bare(frame(table, list(zip(*held, strict=True)), facts))

    return Frames(facts, make)


def _file(folder: Path, table: str, form: str) -> Path:
    return folder / f"{table}.{form}"


def _facts(folder: Path, form: str) -> dict[str, Any]:
    if form != "parquet":
        facts = json.loads((folder / CONTENTS).read_text("utf-8"))
        return {key: value for key, value in facts.items() if key not in DETAIL}
    said = parquet.read_schema(_file(folder, "agents", form)).metadata
    texts = {key.decode(): value.decode() for key, value in said.items()}
    facts = {key.removeprefix(MARK): text for key, text in texts.items() if key.startswith(MARK)}
    del facts["founding"], facts["table"]
    return facts | {"seed": int(facts["seed"]), "round": int(facts["round"])}


def _tuple(value: list[str] | None) -> tuple[str, ...] | None:
    return None if value is None else tuple(value)


def _parquet(table: Table, path: Path) -> list[list[Any]]:
    return [column.to_pylist() for column in parquet.read_table(path).columns]


def _csv(table: Table, path: Path) -> list[list[Any]]:
    options = csv.ConvertOptions(
        column_types={
            column.name: CSV_TYPES.get(column.kind, "string") for column in table.columns
        },
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
    )
    read = csv.read_csv(
        path, parse_options=csv.ParseOptions(newlines_in_values=True), convert_options=options
    )
    return [
        [each and json.loads(each) for each in column.to_pylist()]
        if declared.kind == LIST
        else column.to_pylist()
        for declared, column in zip(table.columns, read.columns, strict=True)
    ]


def _jsonl(table: Table, path: Path) -> list[list[Any]]:
    rows = [json.loads(line) for line in path.read_text("utf-8").split("\n") if line]
    return [
        [_written(row[column.name]) if column.kind == "JSON" else row[column.name] for row in rows]
        for column in table.columns
    ]


def _written(value: Any) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False)


DETAIL = ("tables", "conventions", "founding")
"""What the facts of a run are without."""
MARK = "repunet."
LIST = "list of texts"
CSV_TYPES = {"whole number": "int64", "number": "float64", "yes or no": "bool"}
READERS: dict[str, Callable[[Table, Path], list[list[Any]]]] = {
    "parquet": _parquet,
    "csv": _csv,
    "jsonl": _jsonl,
}
"""Return the values of each column of a table, in its order."""
