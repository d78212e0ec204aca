"""Rows of tables as named tuples, and the names of those in them, as a report reads them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from repunet.analysis.tables.frames import Frame, Frames

T = TypeVar("T")


def rows(table: Frame) -> Iterator[Any]:
    """Yield the rows of a table, with None where nothing is known.

    >>> import pandas
    >>> list(rows(pandas.DataFrame({"score": [0.5, None]})))
    [Row(score=0.5), Row(score=None)]
    """
    held = table.astype(object)
    yield from held.where(held.notna(), None).itertuples(index=False, name="Row")


@dataclass(frozen=True, slots=True)
class Who:
    """An agent by name, and where its card is in the report; an empty anchor is none."""

    id: str
    name: str
    anchor: str = ""


class People:
    """Names of everybody in a run, by id; who is not known goes by the id."""

    def __init__(self, frames: Frames, cards: int) -> None:
        named = zip(frames["agents"].agent, frames["agents"].name, strict=True)
        self._known = {
            str(agent): Who(str(agent), str(name), f"agent-{n}" if n <= cards else "")
            for n, (agent, name) in enumerate(named, start=1)
        }

    def __getitem__(self, agent: str) -> Who:
        """Return who that is."""
        return self._known.get(agent) or Who(agent, agent)

    def __iter__(self) -> Iterator[Who]:
        """Yield all of them, in the order in which they joined."""
        yield from self._known.values()


@dataclass(frozen=True, slots=True)
class Cut(Generic[T]):
    """A list that may be too long for a page: what is shown of it, and how many more there are."""

    shown: tuple[T, ...]
    more: int = 0

    @classmethod
    def of(cls, entries: Sequence[T], most: int) -> "Cut[T]":
        """Return the first entries, as many as there may be.

        >>> Cut.of("abc", 2)
        Cut(shown=('a', 'b'), more=1)
        """
        return cls(tuple(entries[:most]), max(0, len(entries) - most))

    @property
    def whole(self) -> int:
        """Return how many there are in all."""
        return len(self.shown) + self.more


def grouped(entries: Iterable[T], *names: str) -> dict[Any, list[T]]:
    """Return rows by the value of a column, or by the values of several."""
    found: dict[Any, list[T]] = {}
    for entry in entries:
        values = tuple(getattr(entry, name) for name in names)
        found.setdefault(values if len(names) > 1 else values[0], []).append(entry)
    return found
