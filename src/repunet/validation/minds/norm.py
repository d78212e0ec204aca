"""A mind that lives by a social norm: it judges every act it sees, and acts on its judgements."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from repunet.chance import draw
from repunet.questions.coordinate import Coordinate
from repunet.questions.operations import Reflect, Reflection, ShapePeerFromObservation
from repunet.scenarios.donor import DecideHelp, Help
from repunet.validation.aid import RECIPIENT, number
from repunet.validation.minds.standing import (
    StandingMind,
    appraisal,
    helping,
    passing_by,
    round_of,
    spelled,
    stands,
)
from repunet.validation.theory.leading_eight import Norm
from repunet.world.encounter import Act
from repunet.world.persona import AgentId, Participant
from repunet.world.reputation import Appraisal
from repunet.world.society import Society

Opinions: TypeAlias = Callable[[AgentId, int], bool]
"""Tells whether an agent holds the agent of that number to be good."""


@dataclass(frozen=True, slots=True)
class Lapses:
    """Error probabilities of acts, and of judgements that all share."""

    act: float = 0.0
    """Probability that help that was meant is not given."""
    judgement: float = 0.0
    """Probability that an act is judged the wrong way round, by everybody."""


class NormMind(StandingMind):
    """Helps whom its norm says, and keeps a standing of everybody, itself included.

    A witness is told who acted, how, and towards whom, but is shown its record of who acted only;
    its record of the other is looked up in its own store by `opinions`.
    """

    name = "norm"

    def __init__(self, norm: Norm, seed: int, opinions: Opinions, lapses: Lapses) -> None:
        self._norm = norm
        self._seed = seed
        self._opinions = opinions
        self._lapses = lapses

    def decide(self, asked: DecideHelp, at: Coordinate) -> Help:
        """Help if the norm says so for both standings, unless it fails."""
        means_to = self._norm.helps(stands(asked.own_records), stands(asked.alter.records))
        if means_to and draw(self._seed, str(at)) >= self._lapses.act:
            return helping(self._norm.name)
        return passing_by(self._norm.name)

    def reflect(self, asked: Reflect, at: Coordinate) -> Reflection:
        """Judge both sides' acts, each by both sides' standings before."""
        own, others, alter = asked.story.own, asked.story.others, asked.alters[0]
        if own is None:
            raise ValueError("whoever reflects has acted")
        mine, theirs = stands(asked.own_records), stands(alter.records)
        return Reflection(
            spelled(self._judged(own, mine, theirs, at)),
            spelled(self._judged(others[0], theirs, mine, at)),
            satisfied=True,
        )

    def witnessed(self, asked: ShapePeerFromObservation, at: Coordinate) -> Appraisal:
        """Judge an act as it was seen."""
        act = asked.story.others[0]
        recipient = self._opinions(asked.ego.id, act.facts[RECIPIENT])
        standing = self._judged(act, stands(asked.alter.records), recipient, at)
        return appraisal(spelled(standing), standing=standing)

    def _judged(self, act: Act, donor: bool, recipient: bool, at: Coordinate) -> bool:
        after = self._norm.after(donor, recipient, bool(act.cooperation))
        if not self._lapses.judgement:
            return after
        luck = draw(self._seed, "judgement", round_of(at), act.agent)  # the same for everybody
        return after != (luck < self._lapses.judgement)


def opinions_in(society: Society) -> Opinions:
    """Return what agents hold of each other as their stores have it: good where they have nothing.

    Within a phase of a round these are the opinions at its start.
    """
    agents = {number(agent): agent for agent in society.agents}

    def opinion(ego: AgentId, of: int) -> bool:
        target = Participant(agents[of], "player")
        record = society.agents[ego].reputations.of(target)
        return record is None or record.score > 0

    return opinion
