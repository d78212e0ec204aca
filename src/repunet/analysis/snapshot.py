"""Portraits: an agent, or a whole society, as it stood after some round."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from repunet.analysis.makers import known_minds, made_up
from repunet.errors import UsageError, unknown
from repunet.record.journal import Journal
from repunet.scenarios import scenario
from repunet.world.encounter import UNIT
from repunet.world.event import EncounterEnded, Event, GossipHeard, GossipUntold, Imported, unfolded
from repunet.world.gossip import LIKERT, Gossip
from repunet.world.persona import AgentId, Participant
from repunet.world.population import folded
from repunet.world.reputation import Version
from repunet.world.society import Society


@dataclass(frozen=True, slots=True)
class Held:
    """A record that one agent holds of another, or of itself, with all that it was before."""

    observer: str
    target: str
    role: str
    versions: tuple[Version, ...]

    @property
    def current(self) -> Version:
        """Return the version that counts."""
        return self.versions[-1]


@dataclass(frozen=True, slots=True)
class Meeting:
    """An encounter as one agent lived through it."""

    round: int
    story: str
    payoff: float
    knew_before: bool


@dataclass(frozen=True, slots=True)
class GossipSummary:
    """A piece of gossip, by name."""

    id: str
    round: int
    told_by: str
    heard_by: str
    about: str
    text: str
    said: str
    valence: float
    credibility: str
    encounter: str


@dataclass(frozen=True, slots=True)
class AgentSnapshot:
    """State of one agent after a round."""

    id: str
    name: str
    round: int
    mind: str
    disposition: str
    description: dict[str, str]
    """By role."""
    self_image: dict[str, str]
    wealth: float
    standing: dict[str, float | None]
    """Mean of the others' scores, by role."""
    holds: tuple[Held, ...]
    held_about: tuple[Held, ...]
    ties_to: tuple[str, ...]
    tied_by: tuple[str, ...]
    meetings: tuple[Meeting, ...]
    told: tuple[GossipSummary, ...]
    heard: tuple[GossipSummary, ...]
    talked_about: tuple[GossipSummary, ...]
    untold: int
    """How often it wanted to talk and had nobody to tell."""


@dataclass(frozen=True, slots=True)
class AgentRow:
    """One line of a society."""

    id: str
    name: str
    disposition: str
    mind: str
    wealth: float
    cooperation: float | None
    encounters: int
    standing: float | None
    """Mean of the others' scores, over all roles."""
    observers: int
    ties_to: int
    tied_by: int


class Snapshot:
    """A run, looked at after one of its rounds."""

    def __init__(self, journal: Journal, round_: int | None = None) -> None:
        last = journal.rounds
        self.round = last if round_ is None else round_
        if not 0 <= self.round <= last:
            raise UsageError(f"{journal.path.parent.name} has rounds 0 to {last}, not {round_}")
        self._manifest = journal.manifest
        self._society = self._manifest.society()
        self._roles = scenario(self._manifest.scenario).roles
        self._events: list[tuple[int, Event]] = []
        self._imported = 0
        self._made_up = made_up(journal, round_)
        for written in journal.events(1, self.round):
            self._society.apply(written.event)
            self._events += ((written.round, event) for event in unfolded(written.event))
            if isinstance(written.event, Imported):
                self._imported = written.round

    @property
    def society(self) -> Society:
        """Return the society as it stood."""
        return self._society

    def rows(self) -> tuple[AgentRow, ...]:
        """Return everyone, a line each."""
        acts, opinions = self._cooperation(), self._opinions()
        tied_by = Counter(alter.agent for _, alter in self._society.network)
        return tuple(
            self._row(agent, acts.get(agent, []), opinions.get(agent, []), tied_by[agent])
            for agent in self._society.agents
        )

    def _row(
        self, agent: AgentId, degrees: list[float], about: list[float], tied_by: int
    ) -> AgentRow:
        society, network = self._society, self._society.network
        return AgentRow(
            id=agent,
            name=society.name(agent),
            disposition=str(society.agents[agent].persona.disposition),
            mind=self._mind(agent),
            wealth=society.agents[agent].wealth / UNIT,
            cooperation=sum(degrees) / len(degrees) if degrees else None,
            encounters=len(degrees),
            standing=sum(about) / len(about) if about else None,
            observers=len(about),
            ties_to=len(network.partners(agent)),
            tied_by=tied_by,
        )

    def _mind(self, agent: AgentId) -> str:
        mind = self._manifest.mind_of(agent)
        return known_minds(mind, self._imported, self.round, self._made_up)

    def _opinions(self) -> dict[AgentId, list[float]]:
        """Return the others' scores of everyone of whom there are any."""
        scores: dict[AgentId, list[float]] = {}
        for observer, state in self._society.agents.items():
            for reputation in state.reputations:
                if reputation.target != observer:
                    scores.setdefault(reputation.target, []).append(reputation.score)
        return scores

    def _cooperation(self) -> dict[AgentId, list[float]]:
        degrees: dict[AgentId, list[float]] = {}
        for _, event in self._events:
            if isinstance(event, EncounterEnded):
                for act in event.encounter.acts:
                    if act.cooperation is not None:
                        degrees.setdefault(act.agent, []).append(act.cooperation)
        return degrees

    def find(self, who: str) -> AgentId:
        """Return the agent of that name or id; raises UsageError, with a suggestion, if none."""
        names = {folded(name): agent for agent, name in self._names()}
        ids = {folded(agent): agent for agent in self._society.agents}
        found = (names | ids).get(folded(who))
        if found is None:
            raise unknown("agent", who, [name for _, name in self._names()])
        return found

    def _names(self) -> Iterable[tuple[AgentId, str]]:
        return ((agent, self._society.name(agent)) for agent in self._society.agents)

    def of(self, agent: AgentId) -> AgentSnapshot:
        """Return everything there is to know of one agent."""
        society, state = self._society, self._society.agents[agent]
        network, name = society.network, society.name
        return AgentSnapshot(
            id=agent,
            name=name(agent),
            round=self.round,
            mind=self._mind(agent),
            disposition=str(state.persona.disposition),
            description={
                role: state.persona.description(society.scenario, role) for role in self._roles
            },
            self_image=dict(state.self_images),
            wealth=state.wealth / UNIT,
            standing={role: society.standing(Participant(agent, role)) for role in self._roles},
            holds=self._holds(agent),
            held_about=self._held_about(agent),
            ties_to=tuple(name(alter.agent) for alter in network.partners(agent)),
            tied_by=tuple(name(ego) for ego, alter in network if alter.agent == agent),
            meetings=self._meetings(agent),
            told=self._pieces(lambda piece: piece.gossiper == agent),
            heard=self._pieces(lambda piece: piece.listener == agent),
            talked_about=self._pieces(lambda piece: piece.target == agent),
            untold=sum(
                isinstance(event, GossipUntold) and event.gossiper == agent
                for _, event in self._events
            ),
        )

    def _holds(self, agent: AgentId) -> tuple[Held, ...]:
        store = self._society.agents[agent].reputations
        return tuple(self._held(agent, target) for target in store.targets())

    def _held_about(self, agent: AgentId) -> tuple[Held, ...]:
        return tuple(
            self._held(observer, Participant(agent, role))
            for observer, state in self._society.agents.items()
            for role in self._roles
            if observer != agent and state.reputations.of(Participant(agent, role))
        )

    def _held(self, observer: AgentId, target: Participant) -> Held:
        name, store = self._society.name, self._society.agents[observer].reputations
        return Held(name(observer), name(target.agent), target.role, store.history(target))

    def _meetings(self, agent: AgentId) -> tuple[Meeting, ...]:
        met = []
        for number, event in self._events:
            if isinstance(event, EncounterEnded) and event.encounter.acts:
                for participant in event.encounter.participants:
                    if participant.agent == agent:
                        own = event.encounter.remembered_by(participant, number)
                        met.append(Meeting(number, own.story, own.payoff, bool(own.knew_before)))
        return tuple(met)

    def _pieces(self, wanted: Callable[[Gossip], bool]) -> tuple[GossipSummary, ...]:
        return tuple(
            self._piece(number, event.gossip)
            for number, event in self._events
            if isinstance(event, GossipHeard) and wanted(event.gossip)
        )

    def _piece(self, number: int, gossip: Gossip) -> GossipSummary:
        name = self._society.name
        return GossipSummary(
            id=gossip.id,
            round=number,
            told_by=name(gossip.gossiper),
            heard_by=name(gossip.listener),
            about=name(gossip.target),
            text=gossip.text,
            said=gossip.said,
            valence=gossip.valence,
            credibility=LIKERT[gossip.credibility],
            encounter=gossip.encounter,
        )
