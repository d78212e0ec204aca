"""The embedded mind: a small seeded behavioural model built from findings on human subjects.

It stands in for a language model so that everything runs offline. What it does is no evidence
about language models. It is stateless, as they are: everything it knows is in the question; it
reads scores, weights, valences and credibilities, and no text but the persona's.
"""

from dataclasses import asdict
from typing import Any, TypeVar, cast

from repunet.errors import unknown
from repunet.minds.embedded.answers.base import Answer, Answers
from repunet.minds.embedded.answers.dilemma import ActAnswers
from repunet.minds.embedded.answers.impressions import Judging
from repunet.minds.embedded.answers.participation import Participating
from repunet.minds.embedded.answers.talk import Talking
from repunet.minds.embedded.answers.trust import Investing
from repunet.minds.embedded.model.parameters import PROFILES, Parameters
from repunet.minds.embedded.reading import QuestionReader
from repunet.minds.router import MindSpec, read_settings
from repunet.questions.coordinate import Coordinate
from repunet.questions.mind import NoAnswer, Operation

A = TypeVar("A")
FACULTIES: tuple[type[Answers], ...] = (ActAnswers, Participating, Investing, Judging, Talking)


class EmbeddedMind:
    """Behavioural model that answers every operation, at one set of parameters."""

    immediate = True

    def __init__(self, seed: int, parameters: Parameters, name: str = "embedded") -> None:
        self.name = name
        self.read = QuestionReader(seed, parameters)
        self._faculties = [faculty(self.read) for faculty in FACULTIES]
        self._answers: dict[type, Answer] = {}

    def describe(self) -> dict[str, Any]:
        """Return its name and its parameters."""
        return {"name": self.name, "parameters": asdict(self.read.parameters)}

    async def answer(self, operation: Operation[A], at: Coordinate) -> A:
        """Answer from what the question shows, with the luck of this decision alone."""
        kind = type(operation)
        if kind not in self._answers:
            self._answers[kind] = self._learn(kind)
        return cast(A, self._answers[kind](operation, str(at)))

    def _learn(self, kind: type[Operation[Any]]) -> Answer:
        for faculty in self._faculties:
            if answer := faculty.to(kind):
                return answer
        raise NoAnswer(f"the embedded mind has no model of {kind.label}")


def embedded(spec: MindSpec, seed: int) -> EmbeddedMind:
    """Return the mind: `embedded`, `embedded:sharp`, or with parameters of one's own."""
    profile = ":".join(filter(None, (spec.name, spec.variant)))
    if profile not in PROFILES:
        raise unknown("mind", profile, PROFILES)
    return EmbeddedMind(seed, read_settings(PROFILES[profile], spec.settings), str(spec))
