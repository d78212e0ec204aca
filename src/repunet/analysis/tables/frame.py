"""Tables as pandas.DataFrames."""

from collections.abc import Sequence
from typing import Any

from repunet.analysis.tables.columns import Column, Row, Table
from repunet.system.extras import library

TYPES = {
    ("text", False): "string",
    ("text", True): "string",
    ("JSON", False): "string",
    ("JSON", True): "string",
    ("whole number", False): "int64",
    ("whole number", True): "Int64",
    ("number", False): "float64",
    ("number", True): "float64",
    ("yes or no", False): "bool",
    ("yes or no", True): "boolean",
}
"""The types of pandas, by kind and whether a value may be missing; lists are objects."""


def frame(table: Table, rows: Sequence[Row], facts: dict[str, Any]) -> Any:
    """Return a DataFrame whose columns have their types, also where there are no rows."""
    pandas = library("pandas")
    values = list(zip(*rows, strict=True)) or [()] * len(table.columns)
    series = {
        column.name: pandas.Series(held, dtype=_type(column))
        for column, held in zip(table.columns, values, strict=True)
    }
    made = pandas.DataFrame(series)
    made.attrs |= {**facts, "table": table.name}
    return made


def _type(column: Column) -> str:
    return TYPES.get((column.kind, column.optional), "object")
