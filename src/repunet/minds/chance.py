"""A mind that answers at random: the null model, and the smoke test of every scenario."""

from collections.abc import Iterable
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
from repunet.minds.router import MindSpec
from repunet.questions.batched import BatchedQuestions
from repunet.questions.coordinate import Coordinate
from repunet.questions.mind import NoAnswer, Operation
from repunet.questions.operations import AmongCandidates, Ranking, Selection

A = TypeVar("A")


class ChanceMind:
    """Mind that draws any valid answer from the type of the answer alone."""

    immediate = True

    name = "chance"

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def describe(self) -> dict[str, Any]:
        """Return its name; nothing else matters but the seed of the run."""
        return {"name": self.name}

    async def answer(self, operation: Operation[A], at: Coordinate) -> A:
        """Draw an answer that belongs to this decision alone."""
        if isinstance(operation, BatchedQuestions):
            raise NoAnswer("chance answers one question at a time")
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
            bare, *limits = get_args(hint)
            return _within(limits, u) if bare is int else self._draw(bare, address)
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
            return _within((), u)
        return u if hint is float else "by chance"


def chance(spec: MindSpec, seed: int) -> ChanceMind:
    """Return the mind."""
    spec.plain()
    return ChanceMind(seed)


def _within(limits: Iterable[Any], uniform: float) -> int:
    """Return a whole number within an answer's limits; a percentage where it has none."""
    bounds = [bound for limit in limits for bound in getattr(limit, "metadata", ())]
    low = next((bound.ge for bound in bounds if hasattr(bound, "ge")), 0)
    high = next((bound.le for bound in bounds if hasattr(bound, "le")), 100)
    return low + int(uniform * (high - low + 1))


@cache
def _hints(kind: type) -> dict[str, Any]:
    hints = get_type_hints(kind, include_extras=True)
    return {field.name: hints[field.name] for field in fields(kind)}
