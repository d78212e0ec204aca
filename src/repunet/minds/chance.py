"""A mind that answers at random: the null model, and the smoke test of every scenario."""

from dataclasses import fields, is_dataclass
from functools import cache
from types import UnionType
from typing import (
    Annotated,
    Any,
    Literal,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

from repunet.chance import draw, shuffled
from repunet.mind import Coordinate, Operation
from repunet.minds.roster import MindSpec
from repunet.operations import AmongCandidates, Ranking, Selection

A = TypeVar("A")


class ChanceMind:
    """Draws any valid answer from the type of the answer alone."""

    immediate = True

    name = "chance"

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def describe(self) -> dict[str, Any]:
        """Return its name; nothing else matters but the seed of the run."""
        return {"name": self.name}

    async def answer(self, operation: Operation[A], at: Coordinate) -> A:
        """Draw an answer that belongs to this decision alone."""
        if isinstance(operation, AmongCandidates):
            return cast(A, self._name_candidates(operation, at))
        return cast(A, self._make(operation.answer, str(at)))

    def _name_candidates(self, operation: AmongCandidates[Any], at: Coordinate) -> object:
        names = [candidate.name for candidate in operation.candidates]
        order = shuffled(names, self._seed, str(at))
        if operation.answer is Ranking:
            return Ranking(tuple(order), "by chance")
        return Selection(order[0], "by chance")

    def _make(self, kind: Any, address: str) -> Any:
        values = {
            name: self._draw(hint, f"{address}/{name}") for name, hint in _hints(kind).items()
        }
        return kind(**values)

    def _draw(self, hint: Any, address: str) -> Any:
        u = draw(self._seed, address)
        if get_origin(hint) is Annotated:
            return self._draw(get_args(hint)[0], address)
        if get_origin(hint) is Literal:
            options = get_args(hint)
            return options[int(u * len(options))]
        if get_origin(hint) is tuple:
            return tuple(self._draw(h, f"{address}/{i}") for i, h in enumerate(get_args(hint)))
        if get_origin(hint) in (Union, UnionType):
            return self._draw(get_args(hint)[0], address)
        if is_dataclass(hint):
            return self._make(hint, address)
        if hint is bool:
            return u < 0.5
        if hint is int:
            return int(u * 101)
        return u if hint is float else "by chance"


def chance(spec: MindSpec, seed: int) -> ChanceMind:
    """Return the mind."""
    spec.plain()
    return ChanceMind(seed)


@cache
def _hints(kind: type) -> dict[str, Any]:
    hints = get_type_hints(kind, include_extras=True)
    return {field.name: hints[field.name] for field in fields(kind)}
