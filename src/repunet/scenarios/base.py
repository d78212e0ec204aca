"""What a social dilemma must say about itself."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import ClassVar

from repunet.matching import Matching
from repunet.questions.coordinate import UnitAddress
from repunet.questions.deliberation import Unit
from repunet.questions.perspective import Perspectives, Sighting, Story, knows
from repunet.world.encounter import Act, Encounter, Outcome
from repunet.world.event import ChoiceMade, EncounterEnded, Event
from repunet.world.persona import Participant, Role
from repunet.world.society import Society
from repunet.world.stakes import Stakes


class Scenario(ABC):
    """A dilemma: its roles, its stakes, who meets whom, and what happens when they do."""

    name: ClassVar[str]
    title: ClassVar[str]
    aliases: ClassVar[tuple[str, ...]] = ()
    roles: ClassVar[tuple[Role, ...]]
    stakes: ClassVar[Stakes]
    cooperation: ClassVar[str]
    """What counts as cooperation, in a few words."""
    source: ClassVar[str]
    group_size: ClassVar[int] = 2
    """How many meet at once."""
    deeds_seen_every: ClassVar[int] = 0
    """With `observation`: after how many rounds everyone's latest deeds are seen; 0 for never."""
    partner_choice: ClassVar[bool] = True
    """Whether partners can be chosen: not where groups are drawn."""

    choices_stand: ClassVar[bool] = False
    """Whether the headline is the latest rate: choices stand until the next ones are made."""

    def degrees(self, events: Sequence[Event]) -> list[float]:
        """Return the degrees of cooperation, 0 to 1, of which the headline rate is the mean.

        By default those of all acts in encounters; in the Prisoner's Dilemma that mean is the share
        of cooperations among valid decisions.
        """
        return [act.cooperation for act in acts_of(events) if act.cooperation is not None]

    def convenes(self, round_: int) -> bool:
        """Tell whether agents choose something for themselves before they meet in this round."""
        return False

    async def choose(self, unit: Unit, ego: Participant) -> ChoiceMade | None:
        """Let one agent choose for itself; None where the answer could not be had."""
        raise TypeError(f"{self.name} has nothing to choose outside encounters")

    def sights(self, society: Society) -> Sequence[Sighting]:
        """Return what is to be seen of everybody in this round, where there is `observation`.

        Choices are seen in the round in which they are made, deeds every so many rounds.
        """
        every, round_ = self.deeds_seen_every, society.round
        if self.convenes(round_):
            return tuple(seen_choice(society, act) for act in society.choices.values())
        if every and round_ > 1 and round_ % every == 1:
            return tuple(seen_deeds(society, round_ - every))
        return ()

    @abstractmethod
    async def match(self, matching: Matching) -> Sequence[Event]:
        """Return who meets whom this round, in which roles, and who sits out."""

    @abstractmethod
    async def meet(self, unit: Unit, group: tuple[Participant, ...]) -> Encounter:
        """Play the dilemma once; reads the society, changes nothing."""


def acts_of(events: Sequence[Event]) -> Iterator[Act]:
    """Yield the acts of all encounters among these events."""
    for event in events:
        if isinstance(event, EncounterEnded):
            yield from event.encounter.acts


def ended(
    unit: Unit,
    group: tuple[Participant, ...],
    acts: Sequence[Act],
    stories: Sequence[str],
    outcome: Outcome = "consummated",
) -> Encounter:
    """Return the encounter that a unit has played, with what its participants knew before."""
    return Encounter(
        id=unit.at,
        outcome=outcome,
        participants=group,
        acts=tuple(acts),
        stories=tuple(stories),
        knew_before=tuple(_known_to(unit.views, ego, group) for ego in group),
    )


def void(unit: Unit, group: tuple[Participant, ...]) -> Encounter:
    """Return an encounter that did not take place, because a needed answer could not be had."""
    return ended(unit, group, (), ("The meeting did not take place.",) * len(group), "void")


def _known_to(
    views: Perspectives, ego: Participant, group: tuple[Participant, ...]
) -> tuple[str, ...]:
    me = views.ego(ego)
    others = (other for other in group if other != ego)
    return tuple(other.agent for other in others if knows(me, views.acquaintance(ego.agent, other)))


def seen_choice(society: Society, act: Act) -> Sighting:
    """Return a choice outside encounters as everybody sees it."""
    text = f"{society.name(act.agent)} chose to {act.move}."
    return Sighting(
        act.participant,
        Story(text, None, (act,)),
        (str(UnitAddress.of_round(society.round, "choose", f"/{act.agent}")),),
    )


def seen_deeds(society: Society, since: int) -> Iterator[Sighting]:
    """Yield what everybody has done in encounters since a round, as far as they remember it."""
    for agent, state in society.agents.items():
        recent = [memory for memory in state.memory if memory.round > since]
        for role in dict.fromkeys(memory.own.role for memory in recent):
            did = [memory for memory in recent if memory.own.role == role]
            acts = tuple(memory.own for memory in did if memory.own.cooperation is not None)
            if acts:
                deeds = "; ".join(f"chose to {act.move}" for act in acts)
                yield Sighting(
                    Participant(agent, role),
                    Story(f"Lately {society.name(agent)} {deeds}.", None, acts),
                    tuple(memory.encounter for memory in did),
                )
