"""Columns: what one of them holds, read from the declaration of its row."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from types import NoneType
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args, get_origin, get_type_hints

if TYPE_CHECKING:
    from repunet.analysis.tables.history import History

Kind: TypeAlias = Literal["text", "whole number", "number", "yes or no", "list of texts", "JSON"]
Row: TypeAlias = tuple[Any, ...]
"""A named tuple; its fields are declared in `rows`."""


class Json(str):
    """A text that is JSON: whatever has a shape of its own."""

    __slots__ = ()


KINDS: dict[object, Kind] = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "yes or no",
    tuple: "list of texts",
    Json: "JSON",
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table."""

    name: str
    kind: Kind
    optional: bool
    """Whether a row may have nothing there."""
    meaning: str
    unit: str = ""

    @classmethod
    def declared(cls, name: str, hint: object) -> "Column":
        """Return the column that a field declares: `Annotated[float | None, "meaning", "unit"]`.

        >>> from typing import Annotated
        >>> Column.declared("score", Annotated[float, "how good", "-1 to 1"]).kind
        'number'
        """
        held, *said = get_args(hint)
        options = [each for each in get_args(held) if get_origin(held) is not tuple]
        optional = NoneType in options
        (value,) = (each for each in options if each is not NoneType) if optional else (held,)
        return cls(name, KINDS[get_origin(value) or value], optional, *said)


@dataclass(frozen=True)
class Table:
    """A table that any run has: what a row stands for, its columns, and how it is made."""

    name: str
    row: type[Row]
    build: Callable[["History"], Iterator[Row]]

    @cached_property
    def meaning(self) -> str:
        """Return what a row stands for, and whatever else is to be known of the table."""
        return "\n".join(line.strip() for line in (self.row.__doc__ or "").splitlines()).strip()

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """Return its columns, in their order."""
        hints = get_type_hints(self.row, include_extras=True)
        return tuple(Column.declared(name, hint) for name, hint in hints.items())

    def rows(self, history: "History") -> list[Row]:
        """Return its rows, in the order in which things happened."""
        return list(self.build(history))
