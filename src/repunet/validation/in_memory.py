"""Playing any dilemma in memory, by the same rounds as any run: also one that is not installed."""

from collections.abc import Iterator, Sequence
from functools import cache

from repunet.record.collector import collector
from repunet.simulation import Simulation
from repunet.validation.arena import at_once
from repunet.world.event import Event
from repunet.world.persona import Persona
from repunet.world.population import population


def rounds(simulation: Simulation, number: int) -> Iterator[list[Event]]:
    """Play so many rounds more and yield the events of each."""
    with collector.spared():
        for _ in range(number):
            yield at_once(simulation.step())


def play(simulation: Simulation, number: int) -> list[Event]:
    """Play so many rounds more and return all their events."""
    return [event for events in rounds(simulation, number) for event in events]


@cache
def people(agents: int, dilemma: str) -> Sequence[Persona]:
    """Return the usual society of that size, made once."""
    return population(agents, dilemma)
