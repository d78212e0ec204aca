"""Answers: what every part of the embedded mind that answers questions has in common."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, TypeAlias

from repunet.minds.embedded.reading import QuestionReader
from repunet.questions.perspective import Story
from repunet.world.encounter import Act
from repunet.world.persona import AgentId

Answer: TypeAlias = Callable[[Any, str], object]
"""Takes a question and the coordinate of its decision."""


class Answers:
    """Base of the parts of the embedded mind, each for some kinds of questions."""

    kinds: ClassVar[dict[type, str]] = {}
    """The method that answers each kind of question, and whatever is derived from it."""

    def __init__(self, read: QuestionReader) -> None:
        self.read = read
        self.seed = read.seed
        self.p = read.parameters

    def to(self, kind: type) -> Answer | None:
        """Return what answers this kind of question, None if nothing here does."""
        for known, method in self.kinds.items():
            if issubclass(kind, known):
                answer: Answer = getattr(self, method)
                return answer
        return None


def sample(chances: Sequence[float], uniform: float) -> int:
    """Return which of several options, with these probabilities, a uniform number falls on."""
    for index, chance in enumerate(chances):
        uniform -= chance
        if uniform < 0:
            return index
    return len(chances) - 1


def act_of(story: Story, agent: AgentId) -> Act:
    """Return what somebody else did in a story."""
    return next(act for act in story.others if act.agent == agent)
