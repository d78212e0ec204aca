"""Batched questions: several operations in one call, for the compact plan.

The parts have the same schemas, the same checks and the same coordinates as the questions that the
faithful plan asks one after another; only the number of calls differs. Parts that an arm does not
ask for are left out of the question and ignored in the answer.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from repunet.questions.coordinate import Coordinate
from repunet.questions.mind import AnswerShape, InvalidAnswer, Operation, unprompted
from repunet.questions.operations import (
    ChooseListener,
    DecideGossip,
    DecideTie,
    Decision,
    GossipWish,
    IdentifyGossip,
    JudgeGossip,
    Judgement,
    RankPartners,
    ReconsiderTie,
    Reflect,
    Reflection,
    ReviseSelfImage,
    ShapePeerFromGossip,
    ShapePeerFromObservation,
    ShapePeerReputation,
    ShapeSelfReputation,
    TellGossip,
    Telling,
    Text,
)
from repunet.questions.perspective import Acquaintance, Other, Story
from repunet.world.reputation import Appraisal, Reputation

A_co = TypeVar("A_co", covariant=True)


def _unasked(parts: Mapping[str, bool]) -> frozenset[str]:
    return frozenset(part for part, asked in parts.items() if not asked)


Parts = dict[Coordinate, Any]
"""The answers to the single questions, by their coordinates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchedQuestions(Operation[A_co], ABC):
    """Several questions at once. A mind that can't answer so raises NoAnswer."""

    covers: ClassVar[frozenset[type[Operation[Any]]]]
    """The questions that it takes the place of."""

    @abstractmethod
    def parts(self, answer: Any, at: Coordinate) -> Parts:
        """Return the answers to the single questions."""


@dataclass(frozen=True, slots=True)
class AlterAnswers:
    """Answers about one of the others."""

    reputation: Appraisal | None
    tie: Decision | None
    gossip: GossipWish | None


@dataclass(frozen=True, slots=True)
class EncounterAnswers:
    """Answers of one participant to an encounter."""

    reflection: Reflection
    own_reputation: Appraisal | None
    self_image: Text | None
    of_alters: tuple[AlterAnswers, ...]
    """In the order of the alters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RespondToEncounter(BatchedQuestions[EncounterAnswers]):
    """Batched questions after an encounter: reflection, reputations, self-image, ties, gossip."""

    label = "TakeStock"
    covers = frozenset(
        {
            Reflect,
            ShapeSelfReputation,
            ReviseSelfImage,
            ShapePeerReputation,
            DecideTie,
            DecideGossip,
        }
    )

    story: Story
    own_records: tuple[Reputation, ...] | None
    alters: tuple[Acquaintance, ...]
    tied: tuple[bool, ...] | None
    """Whether there is a tie to each of the alters; None where ties never change."""
    rates_peers: bool = unprompted(False)

    @property
    def asked(self) -> AnswerShape:
        """Return the parts that the treatment has, about each of the alters."""
        parts = {
            "own_reputation": self.own_records is not None,
            "self_image": self.ego.self_image is not None,
            "of_alters.reputation": self.rates_peers,
            "of_alters.tie": self.tied is not None,
            "of_alters.gossip": self.setting.gossip,
        }
        return AnswerShape(_unasked(parts), counts={"of_alters": len(self.alters)})

    def check(self, answer: EncounterAnswers) -> None:
        """Raise InvalidAnswer unless every alter, and every part that is asked for, is there."""
        if len(answer.of_alters) != len(self.alters):
            raise InvalidAnswer(f"an answer about each of {len(self.alters)} others is needed")
        unasked, of_alters = self.asked.unasked, "of_alters"
        parts: list[tuple[str, object]] = [
            ("own_reputation", answer.own_reputation),
            ("self_image", answer.self_image),
        ]
        for each in answer.of_alters:
            parts.append((f"{of_alters}.reputation", each.reputation))
            parts.append((f"{of_alters}.tie", each.tie))
            parts.append((f"{of_alters}.gossip", each.gossip))
        for name, part in parts:
            if part is None and name not in unasked:
                raise InvalidAnswer(f"{name} was asked for and is missing")

    def parts(self, answer: EncounterAnswers, at: Coordinate) -> Parts:
        """Return the answers to the single questions."""
        me = at.actor
        parts: Parts = {
            Coordinate(at.unit, Reflect.label, me): answer.reflection,
            Coordinate(at.unit, ShapeSelfReputation.label, me): answer.own_reputation,
            Coordinate(at.unit, ReviseSelfImage.label, me): answer.self_image,
        }
        for alter, of_alter in zip(self.alters, answer.of_alters, strict=True):
            unit = f"{at.unit}>{alter.id}"
            parts[Coordinate(unit, ShapePeerReputation.label, me)] = of_alter.reputation
            parts[Coordinate(unit, DecideTie.label, me)] = of_alter.tie
            parts[Coordinate(unit, DecideGossip.label, me)] = of_alter.gossip
        return {name: part for name, part in parts.items() if part is not None}


@dataclass(frozen=True, slots=True)
class ToldPiece:
    """Piece of gossip as it was told to the listener."""

    gossiper: Other
    said: Telling
    sources: tuple[Acquaintance, ...]
    may_pass_on: bool


@dataclass(frozen=True, slots=True)
class PieceAnswers:
    """Answers of the listener about one piece."""

    summary: Text
    judgement: Judgement


@dataclass(frozen=True, slots=True)
class GossipAnswers:
    """Answers of a listener about one target."""

    pieces: tuple[PieceAnswers, ...]
    """In the order in which they were put."""
    reputation: Appraisal | None
    tie: Decision | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WeighGossip(BatchedQuestions[GossipAnswers]):
    """Batched questions about gossip: each piece, the target's reputation, the tie."""

    covers = frozenset({ShapePeerFromGossip, ReconsiderTie, IdentifyGossip, JudgeGossip})

    alter: Acquaintance
    """The target, as far as ego knows it."""
    pieces: tuple[ToldPiece, ...]
    distrust: float | None
    rates_credibility: bool
    tied: bool
    rates_peers: bool = unprompted(False)
    places: tuple[str, ...] = unprompted(())
    """The units in which each piece would be judged by itself."""

    @property
    def asked(self) -> AnswerShape:
        """Return the parts that the treatment has, about each of the pieces."""
        parts = {
            "pieces.judgement.credibility": self.rates_credibility,
            "pieces.judgement.pass_on": self.pieces[0].may_pass_on,
            "reputation": self.rates_peers,
            "tie": self.tied,
        }
        return AnswerShape(_unasked(parts), counts={"pieces": len(self.pieces)})

    def check(self, answer: GossipAnswers) -> None:
        """Raise InvalidAnswer unless every piece, and every part that is asked for, is there."""
        if len(answer.pieces) != len(self.pieces):
            raise InvalidAnswer(f"an answer to each of {len(self.pieces)} pieces is needed")
        if (self.rates_peers and answer.reputation is None) or (self.tied and answer.tie is None):
            raise InvalidAnswer("a part that was asked for is missing")

    def parts(self, answer: GossipAnswers, at: Coordinate) -> Parts:
        """Return the answers to the single questions."""
        me = at.actor
        parts: Parts = {
            Coordinate(at.unit, ShapePeerFromGossip.label, me): answer.reputation,
            Coordinate(at.unit, ReconsiderTie.label, me): answer.tie,
        }
        for unit, piece in zip(self.places, answer.pieces, strict=True):
            parts[Coordinate(unit, IdentifyGossip.label, me)] = piece.summary
            parts[Coordinate(unit, JudgeGossip.label, me)] = piece.judgement
        return {name: part for name, part in parts.items() if part is not None}


ALONE: frozenset[type[Operation[Any]]] = frozenset(
    {RankPartners, ChooseListener, TellGossip, ShapePeerFromObservation}
)
"""Questions that each have an occasion of their own, so that no batch holds them."""
