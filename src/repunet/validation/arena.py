"""The arena: societies that play in memory, by the same rounds as any run."""

from collections.abc import Coroutine, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from repunet.minds.router import MindRouter, mind_router
from repunet.questions.mind import Mind
from repunet.record.collector import collector
from repunet.scenarios import scenario
from repunet.simulation import Simulation
from repunet.world.encounter import Encounter
from repunet.world.event import DecisionMissing, EncounterEnded, Event
from repunet.world.network import Tie
from repunet.world.persona import AgentId, Persona
from repunet.world.population import population
from repunet.world.society import Society
from repunet.world.treatment import TREATMENTS, Treatment

T = TypeVar("T")

BARE = replace(
    TREATMENTS["none"],
    partner_choice=False,
    rewiring=False,
    self_image=False,
    show_knew_before=False,
    memory_window=0,
    alter_memory=0,
)
"""Nothing but the dilemma: no records, talk, ties or choice of partners."""


class Arena:
    """A society that plays in memory, with nothing written down but what it remembers."""

    def __init__(
        self,
        dilemma: str,
        mind: Mind,
        *,
        people: Sequence[Persona],
        seed: int,
        treatment: Treatment = BARE,
        ties: Sequence[Tie] = (),
    ) -> None:
        society = Society(dilemma, treatment, people, seed, ties)
        self._simulation = Simulation(society, scenario(dilemma), mind)

    @property
    def society(self) -> Society:
        """Return the society as it is after the rounds played so far."""
        return self._simulation.society

    def rounds(self, number: int) -> Iterator[list[Event]]:
        """Play so many rounds more and yield the events of each."""
        with collector.spared():
            for _ in range(number):
                yield at_once(self._simulation.step())

    def play(self, number: int) -> list[Event]:
        """Play so many rounds more and return all their events."""
        return [event for events in self.rounds(number) for event in events]


def arena(
    dilemma: str,
    minds: Sequence[str],
    *,
    seed: int = 1,
    treatment: Treatment = BARE,
    ties: Sequence[Tie] = (),
) -> Arena:
    """Return an arena with one agent for each name of a mind, A01 for the first and so on.

    >>> two = arena("pd", ("tit-for-tat", "defector"))
    >>> [[act.move for act in met.acts] for met in encounters(two.play(1))][0][::-1].count("defect")
    1
    """
    people = population(len(minds), dilemma)
    return Arena(
        dilemma,
        minds_of(people, minds, seed),
        people=people,
        seed=seed,
        treatment=treatment,
        ties=ties,
    )


def minds_of(people: Sequence[Persona], minds: Sequence[str], seed: int) -> MindRouter:
    """Return the mind that is each one's own, by name and in their order."""
    own: Mapping[AgentId, str] = {who.id: mind for who, mind in zip(people, minds, strict=True)}
    return mind_router({"*": minds[0], **own}, seed)


def encounters(events: Sequence[Event]) -> list[Encounter]:
    """Return the encounters among these events."""
    return [event.encounter for event in events if isinstance(event, EncounterEnded)]


def missing(events: Sequence[Event]) -> int:
    """Return how many decisions among these events could not be had."""
    return sum(isinstance(event, DecisionMissing) for event in events)


def at_once(work: Coroutine[Any, Any, T]) -> T:
    """Return what work comes to that never waits; raises RuntimeError if it does."""
    try:
        work.send(None)
    except StopIteration as done:
        return done.value  # type: ignore[no-any-return]
    work.close()
    raise RuntimeError("the arena is for minds that answer without waiting")
