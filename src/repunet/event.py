"""Events: everything that can happen to a society, and nothing else changes it."""

from dataclasses import dataclass, field
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, TypeAdapter

from repunet.encounter import Act, Encounter
from repunet.gossip import Gossip
from repunet.persona import AgentId, Participant, Persona, Role
from repunet.reputation import Cause, Reputation
from repunet.treatment import Treatment


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundBegan:
    """A new round."""

    kind: Literal["round_began"] = "round_began"
    round: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TreatmentChanged:
    """From here on the society lives under another treatment."""

    kind: Literal["treatment_changed"] = "treatment_changed"
    treatment: Treatment


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentJoined:
    """Somebody joined the founders, a stranger to all."""

    kind: Literal["agent_joined"] = "agent_joined"
    persona: Persona


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceMade:
    """An agent chose, outside any encounter; the choice stands until the next one."""

    kind: Literal["choice_made"] = "choice_made"
    act: Act
    reason: str
    decision: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SatOut:
    """Nobody was left for this agent to meet."""

    kind: Literal["sat_out"] = "sat_out"
    agent: AgentId


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """These will meet; the first one chose, where somebody chose."""

    kind: Literal["matched"] = "matched"
    participants: tuple[Participant, ...]
    by: Literal["chance", "choice"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EncounterEnded:
    """Agents met, or tried to."""

    kind: Literal["encounter_ended"] = "encounter_ended"
    encounter: Encounter


@dataclass(frozen=True, slots=True, kw_only=True)
class ReputationShaped:
    """An agent formed or updated a reputation, of itself or of another."""

    kind: Literal["reputation_shaped"] = "reputation_shaped"
    observer: AgentId
    reputation: Reputation
    cause: Cause
    because: tuple[str, ...]
    decision: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfImageRevised:
    """An agent sees itself a little differently."""

    kind: Literal["self_image_revised"] = "self_image_revised"
    agent: AgentId
    role: Role
    text: str
    decision: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TieFormed:
    """An agent now counts another among its partners."""

    kind: Literal["tie_formed"] = "tie_formed"
    ego: AgentId
    alter: Participant
    reason: str
    decision: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TieSevered:
    """An agent no longer counts another among its partners."""

    kind: Literal["tie_severed"] = "tie_severed"
    ego: AgentId
    alter: Participant
    cause: Cause
    reason: str
    decision: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GossipInvited:
    """In a layer: all who wished to talk were let talk, or one agent about another."""

    kind: Literal["gossip_invited"] = "gossip_invited"
    id: str
    gossiper: AgentId | None = None
    target: AgentId | None = None
    role: Role | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GossipUntold:
    """An agent wanted to talk about another, but had nobody to tell."""

    kind: Literal["gossip_untold"] = "gossip_untold"
    gossiper: AgentId
    target: Participant
    encounter: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GossipHeard:
    """A listener was told something about an absent third, and judged it."""

    kind: Literal["gossip_heard"] = "gossip_heard"
    gossip: Gossip
    decision: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionMissing:
    """A needed answer could not be had. Never counted as anything else."""

    kind: Literal["decision_missing"] = "decision_missing"
    agent: AgentId
    decision: str
    why: str


PastEvent: TypeAlias = (
    TreatmentChanged
    | ChoiceMade
    | EncounterEnded
    | ReputationShaped
    | SelfImageRevised
    | TieFormed
    | TieSevered
    | GossipUntold
    | GossipHeard
)
"""What can be known of a round that was played elsewhere; who decided it there is not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """A round was played elsewhere; this is what its traces say of it."""

    kind: Literal["imported"] = "imported"
    source: str
    """The format of the files that it was read from."""
    past: tuple[Annotated[PastEvent, Field(discriminator="kind")], ...] = ()
    """What happened, in order; it was decided outside, so no decision of this run is named."""
    wealth: dict[AgentId, int] = field(default_factory=dict)
    """What agents had after the round, where that is known; in thousandths of a unit."""
    shunned: dict[AgentId, tuple[Participant, ...]] = field(default_factory=dict)
    """Whom agents shunned after the round, where that changed and is known."""


Event: TypeAlias = (
    RoundBegan
    | Imported
    | TreatmentChanged
    | AgentJoined
    | ChoiceMade
    | SatOut
    | Matched
    | EncounterEnded
    | ReputationShaped
    | SelfImageRevised
    | TieFormed
    | TieSevered
    | GossipInvited
    | GossipUntold
    | GossipHeard
    | DecisionMissing
)

EVENT: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="kind")])


def unfolded(event: Event) -> tuple[Event, ...]:
    """Return the events that an event stands for: of an imported round, all that is known."""
    return event.past if isinstance(event, Imported) else (event,)


def writers(event: Event) -> tuple[AgentId, ...]:
    """Return the agents whose state the event changes; it must come from one of their own units."""
    match event:
        case ReputationShaped(observer=agent) | TieFormed(ego=agent) | TieSevered(ego=agent):
            return (agent,)
        case SelfImageRevised(agent=agent) | DecisionMissing(agent=agent):
            return (agent,)
        case AgentJoined(persona=persona):
            return (persona.id,)
        case ChoiceMade(act=act):
            return (act.agent,)
        case GossipHeard(gossip=gossip):
            return (gossip.listener,)
        case GossipUntold(gossiper=agent):
            return (agent,)
        case EncounterEnded(encounter=encounter):
            return tuple(participant.agent for participant in encounter.participants)
        case _:
            return ()
