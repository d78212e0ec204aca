"""What goes wrong, and when: on the way by the count of requests, in answers by what is asked."""

from dataclasses import dataclass, replace
from math import isfinite
from typing import Any, Literal, TypeAlias, get_args

from repunet.chance import draw
from repunet.errors import UsageError, unknown

Transport: TypeAlias = Literal[
    "rate_limited", "server_error", "unavailable", "reset", "half", "hang"
]
Content: TypeAlias = Literal["wrong_enum", "garbage", "fenced", "prose", "cut", "refusal"]

ON_THE_WAY: tuple[Transport, ...] = get_args(Transport)
"""Faults that a repeated request may escape, as they follow from how many there were before."""
IN_ANSWERS: tuple[Content, ...] = get_args(Content)
"""Faults that follow from the messages, so that only other words escape them."""
NAMES: tuple[str, ...] = (*ON_THE_WAY, *IN_ANSWERS)


@dataclass(frozen=True, slots=True)
class Faults:
    """Probabilities of each fault: 0 is never, 1 always.

    Of the faults on the way the first that comes about, in the order below, is met; those in
    answers come together.
    """

    rate_limited: float = 0.0
    """Status 429 with a Retry-After."""
    server_error: float = 0.0
    """Status 500."""
    unavailable: float = 0.0
    """Status 503."""
    reset: float = 0.0
    """The connection is reset before anything is answered."""
    half: float = 0.0
    """Half of the body is sent, then the connection is cut."""
    hang: float = 0.0
    """Nothing is answered, for as long as the settings say; then the connection is cut."""
    wrong_enum: float = 0.0
    """A JSON object with a value that is not allowed or, if any would be, one of a wrong type."""
    garbage: float = 0.0
    """Text that holds no JSON at all."""
    fenced: float = 0.0
    """The answer is in a Markdown fence."""
    prose: float = 0.0
    """There are sentences before and after the answer."""
    cut: float = 0.0
    """The answer breaks off, as if there was no room for it, however much there is."""
    refusal: float = 0.0
    """There is a refusal and no content."""
    first: tuple[Transport | Content | Literal[""], ...] = ()
    """Exactly what the first requests meet, one after the other; "" is nothing."""

    def __post_init__(self) -> None:
        for name in NAMES:
            if not 0 <= getattr(self, name) <= 1:
                raise UsageError(
                    f"the probability of the fault {name} must be from 0 to 1, "
                    f"not {getattr(self, name)}"
                )
        for name in self.first:
            if name:
                _check(name)

    @classmethod
    def read(cls, text: str) -> "Faults":
        """Return faults from text such as `reset=0.05,garbage=0.1`.

        >>> Faults.read("reset=0.05, garbage=0.1").garbage
        0.1
        """
        given: dict[str, Any] = {}
        for part in filter(None, map(str.strip, text.split(","))):
            name, _, number = (each.strip() for each in part.partition("="))
            _check(name)
            given[name] = _probability(name, number)
        return replace(cls(), **given)

    def on_the_way(self, seed: int, count: int) -> Transport | None:
        """Return what befalls the request of this number, counted from 1."""
        if count <= len(self.first):
            return next((name for name in ON_THE_WAY if name == self.first[count - 1]), None)
        met = (name for name in ON_THE_WAY if self._comes(name, seed, count))
        return next(met, None)

    def in_answer(self, seed: int, count: int, fingerprint: str) -> tuple[Content, ...]:
        """Return what is wrong with the answer to what has this fingerprint."""
        if count <= len(self.first):
            return tuple(name for name in IN_ANSWERS if name == self.first[count - 1])
        return tuple(name for name in IN_ANSWERS if self._comes(name, seed, fingerprint))

    def _comes(self, name: str, seed: int, at: object) -> bool:
        return draw(seed, "fault", name, at) < float(getattr(self, name))


def _check(name: str) -> None:
    if name not in NAMES:
        raise unknown("fault", name, NAMES)


def _probability(name: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not isfinite(number):
        raise UsageError(f'the fault {name} takes a probability, such as {name}=0.05, not "{text}"')
    return number
