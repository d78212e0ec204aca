"""What a server was asked and what became of it."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from repunet.fake_llm.asked import ChatRequest


class CountedQuestion(NamedTuple):
    """Question as the server counted it: its decision and its words."""

    decision: str
    """Empty if the client does not say."""
    fingerprint: str


@dataclass(slots=True)
class Stats:
    """Counts since the server began, readable from any thread."""

    received: int = 0
    answered: int = 0
    """How many got status 200 and the whole of an answer."""
    statuses: Counter[str] = field(default_factory=Counter)
    """By status, or by what was done instead: reset, half, hang; `gone` if the client left."""
    asked: Counter[CountedQuestion] = field(default_factory=Counter)
    """How often each question was received."""
    told: Counter[CountedQuestion] = field(default_factory=Counter)
    """How often each question was answered."""
    in_flight: int = 0
    most_in_flight: int = 0
    prompt_tokens: int = 0
    """Of what was answered."""
    completion_tokens: int = 0

    @property
    def decisions(self) -> frozenset[str]:
        """Return the distinct decisions that were answered."""
        return frozenset(question.decision for question in list(self.told)) - {""}

    def report(self) -> dict[str, Any]:
        """Return all of it as JSON."""
        questions = [
            {**question._asdict(), "received": times, "answered": self.told[question]}
            for question, times in list(self.asked.items())
        ]
        return {
            "received": self.received,
            "answered": self.answered,
            "statuses": dict(self.statuses),
            "decisions": len(self.decisions),
            "in_flight": self.in_flight,
            "most_in_flight": self.most_in_flight,
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "total_tokens": self.prompt_tokens + self.completion_tokens,
            "questions": questions,
        }

    def arrived(self) -> int:
        """Count a request; return its number."""
        self.received += 1
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        return self.received

    def left(self, outcome: str) -> None:
        """Count what became of a request."""
        self.in_flight -= 1
        self.statuses[outcome] += 1

    def answers(self, asked: ChatRequest, completion_tokens: int) -> None:
        """Count an answer."""
        self.answered += 1
        self.told[question(asked)] += 1
        self.prompt_tokens += asked.prompt_tokens
        self.completion_tokens += completion_tokens


def question(asked: ChatRequest) -> CountedQuestion:
    """Return what counts as the same question."""
    return CountedQuestion(asked.decision or "", asked.fingerprint)
