"""Two minds that no model outdoes: one says no to all that leads to further questions, one yes.

They are no minds for users; a forecast plays them to bound what a model may do. All that leads to
no further questions, such as which option they play, they leave to chance.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import replace
from typing import Annotated, Any, ClassVar, TypeVar, cast, get_args, get_origin

from repunet.minds.chance import ChanceMind
from repunet.questions.coordinate import Coordinate
from repunet.questions.mind import Operation
from repunet.questions.operations import (
    AmongCandidates,
    ChooseListener,
    EntrustShare,
    Reason,
    ReturnShare,
    Selection,
    Words,
)

A = TypeVar("A")

FILLER = "and so on "
"""What a long text is made of."""
SHORTEST = "a"


class Extreme(ChanceMind, ABC):
    """Mind that says the same to whatever can be answered by yes or no."""

    yes: ClassVar[bool]

    def _draw(self, hint: Any, address: str) -> Any:
        if hint is bool:
            return self.yes
        if hint is str or (get_origin(hint) is Annotated and get_args(hint)[0] is str):
            return self._text(Words if hint is str else hint)
        return super()._draw(hint, address)

    def _name_candidates(self, operation: AmongCandidates[Any], at: Coordinate) -> object:
        named: Any = super()._name_candidates(operation, at)
        return replace(named, reason=self._text(Reason))

    @abstractmethod
    def _text(self, hint: Any) -> str:
        """Return a text as long as such a mind would have it."""


class Aloof(Extreme):
    """Talks to nobody, trusts nobody, ties itself to nobody, and hardly says a word."""

    name = "aloof"
    yes = False

    def _text(self, hint: Any) -> str:
        return SHORTEST


class Agreeable(Extreme):
    """Talks, trusts, ties itself to everyone, passes everything on, and never comes to an end.

    It keeps those who invest in business: they invest little and get all of it back. It tells
    what it knows of somebody to one who has not been told so in the same wave, if there is one:
    pieces that are believed together ask fewer questions.
    """

    name = "agreeable"
    yes = True

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self._wave = ("", 0)
        self._told: set[tuple[str, str]] = set()

    async def answer(self, operation: Operation[A], at: Coordinate) -> A:
        """Answer yes, at length."""
        answer: Any = await super().answer(operation, at)
        match operation:
            case EntrustShare():
                answer = replace(answer, percent=1)
            case ReturnShare():
                answer = replace(answer, returned=100)
        return cast(A, answer)

    def _name_candidates(self, operation: AmongCandidates[Any], at: Coordinate) -> object:
        if not isinstance(operation, ChooseListener):
            return super()._name_candidates(operation, at)
        wave = (at.address.group, at.address.wave)
        if wave != self._wave:
            self._wave, self._told = wave, set()
        chosen: Any = super()._name_candidates(operation, at)
        names = (chosen.name, *operation.names)
        name = self._unaware(names, operation.about.id)
        self._told.add((operation.about.id, name))
        return Selection(name, chosen.reason)

    def _unaware(self, names: Iterable[str], about: str) -> str:
        first, *others = names
        return next((n for n in (first, *others) if (about, n) not in self._told), first)

    def _text(self, hint: Any) -> str:
        return longest(hint)


def longest(hint: Any = Words) -> str:
    """Return the longest text that a type of texts allows."""
    most: int = next(
        bound.max_length
        for limit in get_args(hint)[1:]
        for bound in getattr(limit, "metadata", ())
        if hasattr(bound, "max_length")
    )
    return (FILLER * (most // len(FILLER) + 1))[:most].rstrip().ljust(most, ".")
