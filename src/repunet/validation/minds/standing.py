"""Minds to which nothing counts but who is in good standing, and that say so in every record."""

from abc import ABC, abstractmethod
from functools import cache
from typing import Any, ClassVar, TypeVar, cast

from repunet.questions.coordinate import Coordinate
from repunet.questions.mind import NoAnswer, Operation
from repunet.questions.operations import (
    Reflect,
    Reflection,
    ShapePeerFromObservation,
    ShapePeerReputation,
    ShapeSelfReputation,
)
from repunet.scenarios.donor import DecideHelp, Help
from repunet.world.reputation import Appraisal, Reputation

A = TypeVar("A")
GOOD, BAD = True, False
"""Standings."""


class StandingMind(ABC):
    """Mind that answers what a society with records asks, and nothing of ties or talk.

    What it makes of an encounter it says in `Reflect`, which shows both sides' records; what it
    shapes afterwards holds on to that.
    """

    name: ClassVar[str] = "standing"
    immediate = True

    def describe(self) -> dict[str, Any]:
        """Return its name."""
        return {"name": self.name}

    async def answer(self, operation: Operation[A], at: Coordinate) -> A:
        """Answer; raises NoAnswer for anything that a society with records alone never asks."""
        match operation:
            case ShapePeerFromObservation():
                return cast(A, self.witnessed(operation, at))
            case DecideHelp():
                return cast(A, self.decide(operation, at))
            case Reflect():
                return cast(A, self.reflect(operation, at))
            case ShapePeerReputation(of_alter=words) | ShapeSelfReputation(of_self=words):
                return cast(A, appraisal(words or "", standing=words != spelled(BAD)))
        raise NoAnswer(f"{self.name} has nothing to say to {at.operation}")

    @abstractmethod
    def decide(self, asked: DecideHelp, at: Coordinate) -> Help:
        """Help the recipient, or pass by."""

    @abstractmethod
    def reflect(self, asked: Reflect, at: Coordinate) -> Reflection:
        """Say how both sides of an encounter of one's own stand now."""

    @abstractmethod
    def witnessed(self, asked: ShapePeerFromObservation, at: Coordinate) -> Appraisal:
        """Judge somebody whom one has seen act."""


class Defector(StandingMind):
    """Never helps, and thinks well of everybody (ALLD)."""

    name = "never helps"

    def decide(self, asked: DecideHelp, at: Coordinate) -> Help:
        """Pass by."""
        return passing_by(self.name)

    def reflect(self, asked: Reflect, at: Coordinate) -> Reflection:
        """Think well of both."""
        return Reflection(spelled(GOOD), spelled(GOOD), satisfied=True)

    def witnessed(self, asked: ShapePeerFromObservation, at: Coordinate) -> Appraisal:
        """Think well of it."""
        return appraisal(spelled(GOOD), standing=GOOD)


def spelled(standing: bool) -> str:
    """Return a standing in a word."""
    return "good" if standing else "bad"


@cache
def appraisal(text: str, *, standing: bool) -> Appraisal:
    """Return the verdict that somebody is good, or bad, beyond doubt."""
    return Appraisal(text, (0, 0, 0, 0, 1) if standing else (1, 0, 0, 0, 0))


def stands(records: tuple[Reputation, ...] | None) -> bool:
    """Return the standing that these records give somebody: good where there are none."""
    return not records or records[0].score > 0


@cache
def helping(reason: str) -> Help:
    """Return the decision to help."""
    return Help("help", reason)


@cache
def passing_by(reason: str) -> Help:
    """Return the decision to pass by."""
    return Help("pass by", reason)


def round_of(at: Coordinate) -> int:
    """Return the round in which a decision is asked for.

    >>> round_of(Coordinate("r12/meet/A07-A11", "DecideHelp", "A07"))
    12
    """
    return at.address.round or 0
