"""Encounters: what happens when agents meet, and how each of them remembers it."""

from dataclasses import dataclass, field
from typing import Literal

from repunet.world.persona import AgentId, Participant, Role

Outcome = Literal["consummated", "declined", "void", "no_funds"]

UNIT = 1000
"""Payoffs and wealth are whole numbers of thousandths, so that they are conserved exactly."""


@dataclass(frozen=True, slots=True)
class Act:
    """One participant's part in an encounter."""

    agent: AgentId
    role: Role
    move: str
    payoff: int = 0
    """In thousandths of a unit."""
    cooperation: float | None = None
    """Degree of cooperation in [0, 1]; None where the act says nothing about it."""
    valence: float = 0.0
    """How good or bad a partner finds the act, in [-1, 1], before any excuse."""
    excused: bool = False
    """Whether an uncooperative act answered one of its own kind."""
    facts: dict[str, int] = field(default_factory=dict, hash=False)
    """What else was done, in whole numbers: for measures, no prompt shows it."""

    @property
    def participant(self) -> Participant:
        """Return who acted, and in which role."""
        return Participant(self.agent, self.role)


@dataclass(frozen=True, slots=True)
class Encounter:
    """A finished meeting. Participants, acts, stories and prior knowledge are in one order."""

    id: str
    outcome: Outcome
    participants: tuple[Participant, ...]
    acts: tuple[Act, ...]
    """Empty where nothing happened: the encounter is void."""
    stories: tuple[str, ...]
    """What happened, as each participant saw it."""
    knew_before: tuple[tuple[AgentId, ...], ...]
    """Of whom each participant knew something before."""

    def remembered_by(self, ego: Participant, round_: int) -> "Recollection":
        """Return the encounter as ego remembers it."""
        seat = self.participants.index(ego)
        return Recollection(
            encounter=self.id,
            round=round_,
            story=self.stories[seat],
            own=self.acts[seat],
            others=self.acts[:seat] + self.acts[seat + 1 :],
            knew_before=self.knew_before[seat],
        )


@dataclass(frozen=True, slots=True)
class Recollection:
    """An encounter as one participant remembers it."""

    encounter: str
    round: int
    story: str
    own: Act
    others: tuple[Act, ...]
    knew_before: tuple[AgentId, ...] | None
    """Those among the others that it knew something of before they met; None if not shown."""

    @property
    def payoff(self) -> float:
        """Return what it earned, in units."""
        return self.own.payoff / UNIT
