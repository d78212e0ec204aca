"""Events: everything that can happen to a society, and nothing else changes it."""

from dataclasses import dataclass, field
from typing import Annotated, Literal, TypeAlias, assert_never

from pydantic import Field, TypeAdapter

from repunet.world.encounter import Act, Encounter
from repunet.world.gossip import Gossip
from repunet.world.persona import AgentId, Participant, Persona, Role
from repunet.world.reputation import Cause, Reputation
from repunet.world.treatment import Treatment


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundBegan:
    """Beginning of a round."""

    kind: Literal["round_began"] = "round_began"
    round: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TreatmentChanged:
    """Change of the treatment, from here on."""

    kind: Literal["treatment_changed"] = "treatment_changed"
    treatment: Treatment


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentJoined:
    """Arrival of an agent after the founders, a stranger to all."""

    kind: Literal["agent_joined"] = "agent_joined"
    persona: Persona


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceMade:
    """Choice outside any encounter; it stands until the next one."""

    kind: Literal["choice_made"] = "choice_made"
    act: Act
    reason: str
    decision: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SatOut:
    """Round of an agent for whom nobody was left to meet."""

    kind: Literal["sat_out"] = "sat_out"
    agent: AgentId


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """Pairing for an encounter; the first one chose, where somebody chose."""

    kind: Literal["matched"] = "matched"
    participants: tuple[Participant, ...]
    by: Literal["chance", "choice"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EncounterEnded:
    """End of an encounter, or of an attempt at one."""

    kind: Literal["encounter_ended"] = "encounter_ended"
    encounter: Encounter


@dataclass(frozen=True, slots=True, kw_only=True)
class ReputationShaped:
    """New version of a reputation, of oneself or of another."""

    kind: Literal["reputation_shaped"] = "reputation_shaped"
    observer: AgentId
    reputation: Reputation
    cause: Cause
    because: tuple[str, ...]
    decision: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfImageRevised:
    """New version of an agent's description of itself."""

    kind: Literal["self_image_revised"] = "self_image_revised"
    agent: AgentId
    role: Role
    text: str
    decision: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TieFormed:
    """New tie from one agent to another."""

    kind: Literal["tie_formed"] = "tie_formed"
    ego: AgentId
    alter: Participant
    reason: str
    decision: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TieSevered:
    """End of a tie from one agent to another."""

    kind: Literal["tie_severed"] = "tie_severed"
    ego: AgentId
    alter: Participant
    cause: Cause
    reason: str
    decision: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GossipInvited:
    """Invitation to talk in a layer: of all who wished to, or of one agent about another."""

    kind: Literal["gossip_invited"] = "gossip_invited"
    id: str
    gossiper: AgentId | None = None
    target: AgentId | None = None
    role: Role | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GossipUntold:
    """Wish to talk about an agent that came to nothing: there was no listener."""

    kind: Literal["gossip_untold"] = "gossip_untold"
    gossiper: AgentId
    target: Participant
    encounter: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GossipHeard:
    """Piece of gossip that a listener was told and judged."""

    kind: Literal["gossip_heard"] = "gossip_heard"
    gossip: Gossip
    decision: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionMissing:
    """Decision that could not be had; never counted as anything else."""

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
    """Round that was played elsewhere, with what its traces say of it."""

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
    """Return the agents whose state the event changes; it must come from one of their own units.

    There is none for what only the round itself, or the host of a layer, may say.
    """
    match event:
        case ReputationShaped(observer=agent) | TieFormed(ego=agent) | TieSevered(ego=agent):
            return (agent,)
        case SelfImageRevised(agent=agent) | DecisionMissing(agent=agent) | SatOut(agent=agent):
            return (agent,)
        case GossipUntold(gossiper=agent) | GossipHeard(gossip=Gossip(listener=agent)):
            return (agent,)
        case AgentJoined(persona=Persona(id=agent)) | ChoiceMade(act=Act(agent=agent)):
            return (agent,)
        case Matched(participants=group) | EncounterEnded(encounter=Encounter(participants=group)):
            return tuple(participant.agent for participant in group)
        case RoundBegan() | TreatmentChanged() | Imported() | GossipInvited():
            return ()
        case _:
            assert_never(event)
