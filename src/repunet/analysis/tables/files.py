"""Tables as files: Parquet, CSV or JSON Lines, each with what its columns mean."""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any, TypeAlias

from repunet import __version__
from repunet.analysis.tables import TABLES
from repunet.analysis.tables.columns import Kind, Row, Table
from repunet.analysis.tables.history import History
from repunet.errors import UsageError
from repunet.system.extras import library

CONTENTS = "tables.json"
BATCH = 50_000
"""Rows that are written at a time."""
CONVENTIONS = {
    "csv": (
        "UTF-8 with a line of names; rows end with a line feed, columns are separated by commas. "
        "All text is in double quotes, which are doubled inside it, and may hold line breaks. What "
        "is empty without quotes is not known or does not apply. Yes and no are true and false; "
        "lists and JSON are JSON in quotes. Text is as agents wrote it, also where it begins with "
        "= + - or @: for a spreadsheet, which takes that for a formula, export --for spreadsheet."
    ),
    "spreadsheet": (
        "As CSV is, with a byte order mark, so that a spreadsheet reads UTF-8; text that begins "
        "with = + - @, a tab or a carriage return has an apostrophe before it, so that it is no "
        "formula. Programs should read CSV that is not for a spreadsheet."
    ),
    "jsonl": "UTF-8, one JSON object a line; null is not known or does not apply.",
}

_json = json.JSONEncoder(ensure_ascii=False).encode
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""How a cell begins that a spreadsheet takes for a formula; some take full-width signs for it."""
TEXTS: tuple[Kind, ...] = ("text", "list of texts", "JSON")
LINE_BREAK = re.compile("[\x85\u2028\u2029]")
"""What JSON lets stand and some programs take for the end of a line."""

Cells: TypeAlias = dict[Kind, Callable[[Any], str]]
Writer: TypeAlias = Callable[[Table, Iterable[Row], Path, dict[str, Any]], int]
"""Writes the rows of a table to a file, with what is to be known of the run; returns how many."""


def about(history: History) -> dict[str, Any]:
    """Return what is to be known of a run wherever its numbers are."""
    manifest = history.manifest
    return {
        "run": history.name,
        "mind": history.minds(manifest.mind_names),
        "scenario": manifest.scenario,
        "treatment": manifest.treatment.label,
        "seed": manifest.seed,
        "round": history.last,
        "digest": history.digest,
        "repunet": __version__,
    }


def write(
    history: History, folder: Path, form: str, *, force: bool = False, spreadsheet: bool = False
) -> dict[str, int]:
    """Write every table into a folder; return how many rows each of them has.

    Each file is there whole or not at all; CSV may be for a spreadsheet. Raises UsageError if one
    is there and force isn't said.
    """
    writer = _spreadsheet if spreadsheet else WRITERS[form]
    conventions = CONVENTIONS.get("spreadsheet" if spreadsheet else form)
    facts = about(history) | {"founding": history.manifest.to_json()}
    paths = {table: folder / f"{table.name}.{form}" for table in TABLES.values()}
    contents = [folder / CONTENTS] if conventions else []
    make_room([*paths.values(), *contents], force=force)
    counts = {}
    for table, path in paths.items():
        with drafted(path) as draft:
            counts[table.name] = writer(table, table.build(history), draft, facts)
    for path in contents:
        with drafted(path) as draft:
            draft.write_text(_contents(form, facts, conventions or ""), "utf-8")
    return counts


def make_room(paths: Iterable[Path], *, force: bool) -> None:
    """Make the folders of files to be written; raises UsageError if one is there already."""
    for path in paths:
        if path.exists() and not force:
            raise UsageError(f"{path} is there already: add --force, or name another folder")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"{path.parent} can't be a folder ({error.strerror})") from None


@contextmanager
def drafted(path: Path) -> Iterator[Path]:
    """Return where to write a file that then appears at once, or not at all."""
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)  # what is left of another try, or a link
    try:
        yield draft
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _contents(form: str, facts: dict[str, Any], conventions: str) -> str:
    tables = {
        table.name: {
            "file": f"{table.name}.{form}",
            "meaning": table.meaning,
            "columns": [asdict(column) for column in table.columns],
        }
        for table in TABLES.values()
    }
    manifest = json.loads(facts["founding"])
    whole = {**facts, "conventions": conventions, "founding": manifest, "tables": tables}
    return json.dumps(whole, ensure_ascii=False, indent=2) + "\n"


def _csv(table: Table, rows: Iterable[Row], path: Path, facts: dict[str, Any]) -> int:
    return _write_csv(table, rows, path, CELLS, "")


def _spreadsheet(table: Table, rows: Iterable[Row], path: Path, facts: dict[str, Any]) -> int:
    return _write_csv(table, rows, path, CELLS | HARMLESS, "\N{ZERO WIDTH NO-BREAK SPACE}")


def _write_csv(table: Table, rows: Iterable[Row], path: Path, written: Cells, mark: str) -> int:
    cells = [written[column.kind] for column in table.columns]
    names = mark + ",".join(column.name for column in table.columns)
    return _write_lines(path, (",".join(map(_cell, cells, row)) for row in rows), names)


def _cell(written: Callable[[Any], str], value: Any) -> str:
    return "" if value is None else written(value)


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def harmless(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula.

    >>> harmless("=1+1"), harmless("1+1=2")
    ("'=1+1", '1+1=2')
    """
    return f"'{text}" if text.lstrip(" \n").startswith(FORMULA) else text


CELLS: Cells = {
    "text": _quoted,
    "whole number": str,
    "number": repr,
    "yes or no": _json,
    "list of texts": lambda value: _quoted(_json(value)),
    "JSON": _quoted,
}


HARMLESS: Cells = {
    kind: lambda value: _quoted(harmless(value if isinstance(value, str) else _json(value)))
    for kind in TEXTS
}


def _jsonl(table: Table, rows: Iterable[Row], path: Path, facts: dict[str, Any]) -> int:
    names = [_json(column.name) + ": " for column in table.columns]
    values = [ENTRIES[column.kind] for column in table.columns]
    lines = ("{" + ", ".join(map(_entry, names, values, row)) + "}" for row in rows)
    return _write_lines(path, lines)


def _entry(name: str, written: Callable[[Any], str], value: Any) -> str:
    return name + ("null" if value is None else written(value))


def _in_one_line(text: str) -> str:
    return LINE_BREAK.sub(lambda found: f"\\u{ord(found[0]):04x}", text.replace("\n", " "))


ENTRIES: dict[Kind, Callable[[Any], str]] = {
    "text": lambda value: _in_one_line(_json(value)),
    "whole number": str,
    "number": repr,
    "yes or no": _json,
    "list of texts": lambda value: _in_one_line(_json(value)),
    "JSON": _in_one_line,
}


def _write_lines(path: Path, lines: Iterable[str], *head: str) -> int:
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        file.writelines(f"{line}\n" for line in head)
        for line in lines:
            file.write(line + "\n")
            count += 1
    return count


def _parquet(table: Table, rows: Iterable[Row], path: Path, facts: dict[str, Any]) -> int:
    pa, parquet = library("pyarrow"), library("pyarrow.parquet")
    schema = _schema(pa, table, facts)
    count, rest = 0, iter(rows)
    with parquet.ParquetWriter(path, schema, compression="zstd") as file:
        while batch := list(islice(rest, BATCH)):
            arrays = map(pa.array, zip(*batch, strict=True), schema.types)
            file.write_table(pa.Table.from_arrays(list(arrays), schema=schema))
            count += len(batch)
    return count


def _schema(pa: Any, table: Table, facts: dict[str, Any]) -> Any:
    types = {
        "text": pa.string(),
        "whole number": pa.int64(),
        "number": pa.float64(),
        "yes or no": pa.bool_(),
        "list of texts": pa.list_(pa.string()),
        "JSON": pa.string(),
    }
    fields = [
        pa.field(
            column.name,
            types[column.kind],
            column.optional,
            {"meaning": column.meaning, "unit": column.unit, "kind": column.kind},
        )
        for column in table.columns
    ]
    said = {f"repunet.{key}": str(value) for key, value in facts.items()}
    return pa.schema(fields, {**said, "repunet.table": table.name, "meaning": table.meaning})


WRITERS: dict[str, Writer] = {"parquet": _parquet, "csv": _csv, "jsonl": _jsonl}
"""The forms there are; each is how its files' names end."""
