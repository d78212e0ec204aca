"""What a social dilemma must say about itself."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from repunet.deliberation import Deliberation
from repunet.encounter import Act, Encounter, Outcome
from repunet.event import ChoiceMade, Event
from repunet.matching import Matching
from repunet.persona import Participant, Role
from repunet.perspective import Perspectives, knows
from repunet.stakes import Stakes


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

    def convenes(self, round_: int) -> bool:
        """Tell whether agents choose something for themselves before they meet in this round."""
        return False

    async def choose(self, unit: Deliberation, ego: Participant) -> ChoiceMade | None:
        """Let one agent choose for itself; None where the answer could not be had."""
        raise TypeError(f"{self.name} has nothing to choose outside encounters")

    @abstractmethod
    async def match(self, matching: Matching) -> Sequence[Event]:
        """Return who meets whom this round, in which roles, and who sits out."""

    @abstractmethod
    async def meet(self, unit: Deliberation, group: tuple[Participant, ...]) -> Encounter:
        """Play the dilemma once; reads the society, changes nothing."""


def ended(
    unit: Deliberation,
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


def void(unit: Deliberation, group: tuple[Participant, ...]) -> Encounter:
    """Return an encounter that did not take place, because a needed answer could not be had."""
    return ended(unit, group, (), ("The meeting did not take place.",) * len(group), "void")


def _known_to(
    views: Perspectives, ego: Participant, group: tuple[Participant, ...]
) -> tuple[str, ...]:
    me = views.ego(ego)
    others = (other for other in group if other != ego)
    return tuple(other.agent for other in others if knows(me, views.acquaintance(ego.agent, other)))
