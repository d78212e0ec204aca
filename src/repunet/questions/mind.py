"""Minds and questions: what an agent can be asked, and who may answer.

The paper's "LLM-based operation" is an `Operation`: a frozen record of everything its agent may
know, whose fields are exactly the variables of its prompt and whose type names the answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any, ClassVar, Generic, Protocol, TypeVar, get_args

from pydantic import TypeAdapter

from repunet.errors import RepuNetError
from repunet.questions.coordinate import Coordinate
from repunet.questions.perspective import Ego, Setting
from repunet.world.persona import AgentId

A = TypeVar("A")
A_co = TypeVar("A_co", covariant=True)

UNPROMPTED = {"prompted": False}
"""Marks a field that minds may read but that no prompt shows."""


class NoAnswer(RepuNetError):  # noqa: N818
    """The answer could not be had: the decision is missing, and counted as nothing else."""


class InvalidAnswer(NoAnswer):
    """The answer is not one of those that were asked for."""


@dataclass(frozen=True, slots=True)
class AnswerShape:
    """Parts of an answer that are asked for, and the choices they may take.

    Parts of an answer are named by their path, such as `of_alters.tie`.
    """

    unasked: frozenset[str] = frozenset()
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The words that a text, or each text in a list, is one of."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """How many entries a list has."""


ALL = AnswerShape()


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation(Generic[A_co]):
    """One question to one agent."""

    setting: Setting
    ego: Ego

    answer: ClassVar[type]
    """The type of the answer."""
    label: ClassVar[str]
    """What run files, coordinates and template files call it: by default the class's own name."""

    def __init_subclass__(cls) -> None:
        super(Operation, cls).__init_subclass__()
        if "label" not in vars(cls):
            cls.label = cls.__name__
        for base in getattr(cls, "__orig_bases__", ()):
            if arguments := get_args(base):
                cls.answer = arguments[0]

    @property
    def target(self) -> AgentId | None:
        """Return whom the question is about, None if it is about nobody else."""
        return None

    @property
    def asked(self) -> AnswerShape:
        """Return which parts of an answer are asked for, and what they may be."""
        return ALL

    def check(self, answer: Any) -> None:
        """Raise InvalidAnswer if this question does not allow this answer."""

    @classmethod
    def variables(cls) -> frozenset[str]:
        """Return the names of the fields that a prompt shows."""
        return frozenset(f.name for f in fields(cls) if f.metadata.get("prompted", True))


def unprompted(default: Any) -> Any:
    """Return a field that minds may read but that no prompt shows."""
    return field(default=default, repr=False, metadata=UNPROMPTED)


@cache
def adapter(answer: type) -> TypeAdapter[Any]:
    """Return the reader and writer of a type of answer."""
    return TypeAdapter(answer)


class Mind(Protocol):
    """Interface of a mind: a language model, a behavioural model, a script, a person, a replay."""

    @property
    def name(self) -> str:
        """Return what outputs call it."""
        ...

    def describe(self) -> dict[str, Any]:
        """Return its name and everything that its answers depend on, as JSON values."""
        ...

    @property
    def immediate(self) -> bool:
        """Return whether it answers without ever making anybody wait."""
        ...

    async def answer(self, operation: Operation[A], at: Coordinate, /) -> A:
        """Deliberate and answer; raise NoAnswer if that can't be done."""
        ...
