"""The embedded mind: a small seeded behavioural model built from findings on human subjects.

It stands in for a language model so that everything runs offline. What it does is no evidence
about language models. It is stateless, as they are: everything it knows is in the question; it
reads scores, weights, valences and credibilities, and no text but the persona's.
"""

from dataclasses import asdict
from typing import Any, TypeVar, cast

from repunet.errors import unknown
from repunet.mind import Coordinate, NoAnswer, Operation
from repunet.minds.embedded.answers import Answer, Answers
from repunet.minds.embedded.investing import Investing
from repunet.minds.embedded.judging import Judging
from repunet.minds.embedded.parameters import PROFILES, Parameters
from repunet.minds.embedded.participating import Participating
from repunet.minds.embedded.playing import Playing
from repunet.minds.embedded.reading import Reading
from repunet.minds.embedded.talking import Talking
from repunet.minds.roster import MindSpec, read_settings

A = TypeVar("A")
FACULTIES: tuple[type[Answers], ...] = (Playing, Participating, Investing, Judging, Talking)


class EmbeddedMind:
    """Answers every operation by the behavioural model, at one set of parameters."""

    immediate = True

    def __init__(self, seed: int, parameters: Parameters, name: str = "embedded") -> None:
        self.name = name
        self.read = Reading(seed, parameters)
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

    def _learn(self, kind: type) -> Answer:
        for faculty in self._faculties:
            if answer := faculty.to(kind):
                return answer
        raise NoAnswer(f"the embedded mind has no model of {kind.__name__}")


def embedded(spec: MindSpec, seed: int) -> EmbeddedMind:
    """Return the mind: `embedded`, `embedded:sharp`, or with parameters of one's own."""
    profile = ":".join(filter(None, (spec.name, spec.variant)))
    if profile not in PROFILES:
        raise unknown("mind", profile, PROFILES)
    return EmbeddedMind(seed, read_settings(PROFILES[profile], spec.settings), str(spec))
