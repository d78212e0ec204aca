"""A society: its agents, their network, and the one place where either changes."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import assert_never

from repunet.agent import Agent
from repunet.encounter import UNIT, Encounter
from repunet.event import (
    DecisionMissing,
    EncounterEnded,
    Event,
    GossipHeard,
    GossipUntold,
    Matched,
    ReputationShaped,
    RoundBegan,
    SatOut,
    SelfImageRevised,
    TieFormed,
    TieSevered,
)
from repunet.network import Network
from repunet.persona import AgentId, Participant, Persona
from repunet.reputation import Version
from repunet.treatment import Treatment

ENDOWMENT = 10
"""Units of wealth that everyone starts with."""


class Society:
    """A fold over events: apply the same ones to the same founders, get the same society."""

    def __init__(
        self, scenario: str, treatment: Treatment, personas: Iterable[Persona], seed: int
    ) -> None:
        self.scenario = scenario
        self.treatment = treatment
        self.seed = seed
        self.round = 0
        self.version = 0
        """Counts the events applied."""
        self.agents = {p.id: Agent(p, ENDOWMENT * UNIT, treatment) for p in personas}
        self.network = Network()
        self._opinions: dict[Participant, tuple[float, int]] = {}
        self._held = False

    def name(self, agent: AgentId) -> str:
        """Return the name that an agent goes by."""
        return self.agents[agent].persona.name

    def standing(self, target: Participant) -> float | None:
        """Return the mean of the others' scores of the target, None where nobody has one."""
        total, count = self._opinions.get(target, (0.0, 0))
        return total / count if count else None

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let nothing happen while minds deliberate: all of a phase reads one state."""
        self._held = True
        try:
            yield
        finally:
            self._held = False

    def apply(self, event: Event) -> None:
        """Let the event happen. This is the only way in which a society changes."""
        if self._held:
            raise RuntimeError(f"{type(event).__name__} in the middle of a phase")
        self.version += 1
        match event:
            case RoundBegan(round=number):
                self.round = number
            case EncounterEnded(encounter=encounter):
                self._remember(encounter)
            case ReputationShaped():
                self._record(event)
            case SelfImageRevised(agent=agent, role=role, text=text):
                self.agents[agent].self_images[role] = text
            case TieFormed(ego=ego, alter=alter):
                self.network.form(ego, alter)
            case TieSevered(ego=ego, alter=alter):
                self.network.sever(ego, alter)
            case GossipHeard(gossip=gossip):
                self.agents[gossip.listener].gossip.hear(gossip)
            case SatOut() | Matched() | GossipUntold() | DecisionMissing():
                pass
            case _:
                assert_never(event)

    def _remember(self, encounter: Encounter) -> None:
        if encounter.acts:
            for participant in encounter.participants:
                recollection = encounter.remembered_by(participant, self.round)
                self.agents[participant.agent].remember(recollection)

    def _record(self, event: ReputationShaped) -> None:
        reputation, store = event.reputation, self.agents[event.observer].reputations
        if event.observer != reputation.target:
            target = Participant(reputation.target, reputation.role)
            total, count = self._opinions.get(target, (0.0, 0))
            before = store.of(target)
            total += reputation.score - (before.score if before else 0.0)
            self._opinions[target] = total, count + (before is None)
        store.record(Version(reputation, self.round, event.cause, event.because))
