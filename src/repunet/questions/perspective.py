"""Perspectives: all that an agent may know when it deliberates. Nothing else can reach a mind.

A block that a treatment removes is None; one that is there but still empty is an empty tuple. So
"there is no such thing here" and "nothing yet" are never confused.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from repunet.world.encounter import UNIT, Act, Encounter, Recollection
from repunet.world.gossip import Gossip
from repunet.world.persona import AgentId, Participant, Persona, Role
from repunet.world.reputation import Reputation
from repunet.world.society import Society
from repunet.world.stakes import Stakes
from repunet.world.treatment import Treatment


@dataclass(frozen=True, slots=True)
class Setting:
    """Rules of the scenario and of its institutions, as everybody knows them."""

    scenario: str
    stakes: Stakes
    reputation: bool
    """Others form and update an opinion of you."""
    gossip: bool
    """Others may talk about you."""
    partner_choice: bool
    rewiring: bool
    shows_knew_before: bool
    witnesses: bool = False
    """Others may see what you do in a meeting."""
    roles: tuple[Role, ...] = ()

    @classmethod
    def of(
        cls,
        scenario: str,
        stakes: Stakes,
        roles: tuple[Role, ...],
        treatment: Treatment,
        *,
        partner_choice: bool = True,
    ) -> "Setting":
        """Return the setting of a scenario, in which partners can be chosen or not."""
        return cls(
            scenario=scenario,
            stakes=stakes,
            reputation=treatment.rates_peers,
            gossip=treatment.gossip,
            partner_choice=partner_choice and treatment.partner_choice,
            rewiring=treatment.rewiring,
            shows_knew_before=treatment.show_knew_before,
            witnesses=treatment.rates_peers and treatment.witnesses > 0,
            roles=roles,
        )


@dataclass(frozen=True, slots=True)
class Ego:
    """Agent that deliberates, as it knows itself."""

    persona: Persona
    role: Role
    description: str
    self_image: str | None
    wealth: float
    memory: tuple[Recollection, ...]
    """Its last encounters, oldest first."""
    choice: str | None = None
    """What it chose last outside any encounter."""

    @property
    def id(self) -> AgentId:
        """Return who it is."""
        return self.persona.id

    @property
    def name(self) -> str:
        """Return what it is called."""
        return self.persona.name


@dataclass(frozen=True, slots=True)
class Hearsay:
    """A piece of gossip as its listener has it in mind."""

    gossiper: AgentId
    gossiper_name: str
    text: str
    valence: float
    credibility: int
    order: int


@dataclass(frozen=True, slots=True)
class Other:
    """Someone else, by name and role alone."""

    id: AgentId
    name: str
    role: Role

    @property
    def participant(self) -> Participant:
        """Return the participant."""
        return Participant(self.id, self.role)


@dataclass(frozen=True, slots=True)
class Acquaintance:
    """Knowledge of ego about someone else."""

    who: Other
    records: tuple[Reputation, ...] | None
    """Ego's records of it, in the role at hand or in all: None without reputation."""
    last: tuple[Recollection, ...]
    """Ego's last encounters with it, oldest first."""
    gossip: tuple[Hearsay, ...] | None
    """What ego was told of it lately: None where views do not show gossip."""
    choice: str | None = None
    """What it chose last outside any encounter, where choices are public."""

    def by_record(self) -> "Acquaintance":
        """Return what ego holds on record of it, and nothing besides."""
        return Acquaintance(self.who, self.records, last=(), gossip=None)

    @property
    def id(self) -> AgentId:
        """Return who it is."""
        return self.who.id

    @property
    def name(self) -> str:
        """Return what it is called."""
        return self.who.name


@dataclass(frozen=True, slots=True)
class Story:
    """Encounter as one participant, or a witness, saw it."""

    text: str
    own: Act | None
    """The teller's own part; None for a witness."""
    others: tuple[Act, ...]

    @classmethod
    def of(cls, encounter: Encounter, ego: Participant) -> "Story":
        """Return ego's story of an encounter."""
        seat = encounter.participants.index(ego)
        others = encounter.acts[:seat] + encounter.acts[seat + 1 :]
        own = encounter.acts[seat] if encounter.acts else None
        return cls(encounter.stories[seat], own, others)


@dataclass(frozen=True, slots=True)
class Sighting:
    """Acts of somebody outside one's own encounters, as far as they can be seen."""

    target: Participant
    story: Story
    because: tuple[str, ...]
    """The ids of the encounters or of the decisions behind it."""


class Perspectives:
    """Builds the views that agents have of the present state of their society."""

    def __init__(self, society: Society, setting: Setting) -> None:
        self._society = society
        self.setting = setting
        self._egos: dict[Participant, Ego] = {}
        self._version = -1

    @property
    def _treatment(self) -> Treatment:
        return self._society.treatment

    def ego(self, participant: Participant) -> Ego:
        """Return how the participant sees itself."""
        if self._version != self._society.version:
            self._egos.clear()
            self._version = self._society.version
        if participant not in self._egos:
            self._egos[participant] = self._look(participant)
        return self._egos[participant]

    def _look(self, participant: Participant) -> Ego:
        agent = self._society.agents[participant.agent]
        image = agent.self_images.get(participant.role, "")
        return Ego(
            persona=agent.persona,
            role=participant.role,
            description=agent.persona.description(self._society.scenario, participant.role),
            self_image=image if self._treatment.self_image else None,
            wealth=agent.wealth / UNIT,
            memory=self._shown(agent.memory),
            choice=self._choice(participant.agent),
        )

    def other(self, participant: Participant) -> Other:
        """Return somebody by name and role."""
        return Other(participant.agent, self._society.name(participant.agent), participant.role)

    def acquaintance(self, ego: AgentId, alter: Participant) -> Acquaintance:
        """Return what ego knows of alter in the role at hand."""
        return self._acquaintance(ego, alter, (alter.role,))

    def source(self, ego: AgentId, gossiper: Participant) -> Acquaintance:
        """Return what ego has on record of a gossiper, in every role it has seen it in."""
        return self._acquaintance(ego, gossiper, self.setting.roles).by_record()

    def listener(self, ego: AgentId, listener: Participant) -> Acquaintance:
        """Return what ego knows of somebody it may tell something, in every role."""
        return self._acquaintance(ego, listener, self.setting.roles)

    def in_role(self, agent: AgentId, otherwise: Role) -> Participant:
        """Return an agent in the role it has in this round, or in another if it has none."""
        return Participant(agent, self._society.roles.get(agent, otherwise))

    def _acquaintance(
        self, ego: AgentId, alter: Participant, roles: tuple[Role, ...]
    ) -> Acquaintance:
        agent, treatment = self._society.agents[ego], self._treatment
        last, span = agent.history(alter.agent), treatment.alter_memory
        return Acquaintance(
            who=self.other(alter),
            records=agent.reputations.about(alter.agent, roles) if treatment.rates_peers else None,
            last=self._shown(last[-span:] if span else ()),
            gossip=self._hearsay(ego, alter) if treatment.shows_gossip else None,
            choice=self._choice(alter.agent) if treatment.public_choices else None,
        )

    def _choice(self, agent: AgentId) -> str | None:
        act = self._society.choices.get(agent)
        return act.move if act else None

    def public_choices(self, ego: AgentId) -> tuple[tuple[Other, Act], ...] | None:
        """Return what each of the others chose last, None where choices are private."""
        if not self._treatment.public_choices:
            return None
        acts = self._society.choices.values()
        return tuple((self.other(act.participant), act) for act in acts if act.agent != ego)

    def shuns(self, ego: AgentId, alter: Participant) -> bool:
        """Tell whether ego refuses alter unasked, having cut its tie to it lately."""
        return self._treatment.shunning and self._society.shuns(ego, alter)

    def _shown(self, memories: Iterable[Recollection]) -> tuple[Recollection, ...]:
        if self._treatment.show_knew_before:
            return tuple(memories)
        return tuple(replace(memory, knew_before=None) for memory in memories)

    def _hearsay(self, ego: AgentId, alter: Participant) -> tuple[Hearsay, ...]:
        heard = self._society.agents[ego].gossip.last(self._treatment.gossip_window)
        return tuple(self.hearsay(piece) for piece in heard if piece.about == alter)

    def hearsay(self, piece: Gossip) -> Hearsay:
        """Return a piece of gossip as its listener has it in mind."""
        return Hearsay(
            piece.gossiper,
            self._society.name(piece.gossiper),
            piece.text,
            piece.valence,
            piece.credibility,
            piece.order,
        )

    def own_records(self, ego: Participant) -> tuple[Reputation, ...] | None:
        """Return ego's reputation of itself in its role, None where agents form none."""
        if not self._treatment.rates_self:
            return None
        return self._society.agents[ego.agent].reputations.about(ego.agent, (ego.role,))

    def distrust(self, ego: AgentId) -> float | None:
        """Return the share of all that ego was told that it found uncredible, None for nothing."""
        return self._society.agents[ego].gossip.distrust

    def history(self, ego: AgentId, *alters: AgentId) -> Sequence[Recollection]:
        """Return all encounters of ego with any of these: for minds that are not prompted."""
        me = self._society.agents[ego]
        if len(alters) == 1:
            return me.history(alters[0])
        met = {past.encounter: past for alter in alters for past in me.history(alter)}
        return sorted(met.values(), key=lambda past: past.round)

    def tied(self, ego: AgentId, alter: Participant) -> bool:
        """Tell whether ego has a tie to alter."""
        return self._society.network.tied(ego, alter)


def knows(ego: Ego, alter: Acquaintance) -> bool:
    """Tell whether ego knew something of alter: a record, gossip, or a recent encounter."""
    if alter.records or alter.gossip:
        return True
    return any(act.agent == alter.id for memory in ego.memory for act in memory.others)
