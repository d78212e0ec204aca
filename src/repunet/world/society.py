"""A society: its agents, their network, and the one place where either changes."""

from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import assert_never

from repunet.world.agent import Agent
from repunet.world.encounter import UNIT, Act, Encounter
from repunet.world.event import (
    AgentJoined,
    ChoiceMade,
    DecisionMissing,
    EncounterEnded,
    Event,
    GossipHeard,
    GossipInvited,
    GossipUntold,
    Imported,
    Matched,
    ReputationShaped,
    RoundBegan,
    SatOut,
    SelfImageRevised,
    TieFormed,
    TieSevered,
    TreatmentChanged,
)
from repunet.world.network import Network, Tie
from repunet.world.persona import AgentId, Participant, Persona, Role
from repunet.world.reputation import Version
from repunet.world.treatment import Treatment

SHUNNED = 5
"""How many of those that an agent has cut its ties to it remembers as such."""

ENDOWMENT = 10
"""Units of wealth that everyone starts with."""


class Society:
    """A fold over events: apply the same ones to the same founders, get the same society."""

    def __init__(
        self,
        scenario: str,
        treatment: Treatment,
        personas: Iterable[Persona],
        seed: int,
        ties: Iterable[Tie] = (),
    ) -> None:
        self.scenario = scenario
        self.treatment = treatment
        self.changes: dict[int, Treatment] = {}
        """The treatments it has come under since, by the round in which each took effect."""
        self.seed = seed
        self.round = 0
        self.version = 0
        """Counts the events applied."""
        self.agents = {persona.id: self._newcomer(persona) for persona in personas}
        self.network = Network(ties)
        self.choices: dict[AgentId, Act] = {}
        """What each agent chose last outside any encounter."""
        self.roles: dict[AgentId, Role] = {}
        """The role that each agent has been matched in, this round."""
        self._opinions: dict[Participant, tuple[float, int]] = {}
        self._severed: dict[AgentId, deque[Participant]] = {}
        self._held = False

    def name(self, agent: AgentId) -> str:
        """Return the name that an agent goes by."""
        return self.agents[agent].persona.name

    def standing(self, target: Participant) -> float | None:
        """Return the mean of the others' scores of the target, None where nobody has one."""
        total, count = self._opinions.get(target, (0.0, 0))
        return total / count if count else None

    def shuns(self, ego: AgentId, alter: Participant) -> bool:
        """Tell whether alter is among the last few that ego has cut its ties to."""
        return alter in self._severed.get(ego, ())

    def shunned(self, ego: AgentId) -> tuple[Participant, ...]:
        """Return the last few that ego has cut its ties to, oldest first."""
        return tuple(self._severed.get(ego, ()))

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let nothing happen while minds deliberate: all of a phase reads one state."""
        self._held = True
        try:
            yield
        finally:
            self._held = False

    def apply(self, event: Event) -> None:  # noqa: C901
        """Let the event happen. This is the only way in which a society changes."""
        if self._held:
            raise RuntimeError(f"{type(event).__name__} in the middle of a phase")
        self.version += 1
        match event:
            case RoundBegan(round=number):
                self.round = number
                self.roles.clear()
            case TreatmentChanged(treatment=treatment):
                self._come_under(treatment)
            case AgentJoined(persona=persona):
                self.agents[persona.id] = self._newcomer(persona)
            case ChoiceMade(act=act):
                self.choices[act.agent] = act
            case EncounterEnded(encounter=encounter):
                self._remember(encounter)
            case ReputationShaped():
                self._record(event)
            case SelfImageRevised(agent=agent, role=role, text=text):
                self.agents[agent].self_images[role] = text
            case TieFormed() | TieSevered():
                self._rewire(event)
            case GossipHeard(gossip=gossip):
                self.agents[gossip.listener].gossip.hear(gossip)
            case Matched(participants=participants):
                self.roles.update(participants)
            case Imported():
                self._take_over(event)
            case SatOut() | GossipInvited() | GossipUntold() | DecisionMissing():
                pass
            case _:
                assert_never(event)

    def _newcomer(self, persona: Persona) -> Agent:
        return Agent(persona, ENDOWMENT * UNIT, self.treatment)

    def _come_under(self, treatment: Treatment) -> None:
        """Live under another treatment; what a shorter memory lets go of is gone for good."""
        self.treatment = self.changes[self.round] = treatment
        for agent in self.agents.values():
            agent.memory = deque(agent.memory, maxlen=treatment.memory_window)

    def _take_over(self, event: Imported) -> None:
        """Let a past that was lived elsewhere be this society's own."""
        for happened in event.past:
            self.apply(happened)
        for agent, wealth in event.wealth.items():
            self.agents[agent].wealth = wealth
        for ego, alters in event.shunned.items():
            self._severed[ego] = deque(alters, maxlen=SHUNNED)

    def _rewire(self, event: TieFormed | TieSevered) -> None:
        if isinstance(event, TieFormed):
            self.network.form(event.ego, event.alter)
        else:
            self.network.sever(event.ego, event.alter)
            self._severed.setdefault(event.ego, deque(maxlen=SHUNNED)).append(event.alter)

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
