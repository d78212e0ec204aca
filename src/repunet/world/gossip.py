"""Gossip: what one agent is told by another about an absent third (paper, appendix A)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from repunet.world.persona import AgentId, Participant, Role

Credibility = Literal[1, 2, 3, 4, 5]
Sense = Literal["very negative", "negative", "neutral", "positive", "very positive"]

LIKERT = {1: "very uncredible", 2: "uncredible", 3: "neutral", 4: "credible", 5: "very credible"}
VALENCE: dict[Sense, float] = {
    "very negative": -1.0,
    "negative": -0.5,
    "neutral": 0.0,
    "positive": 0.5,
    "very positive": 1.0,
}
SENSE = {valence: sense for sense, valence in VALENCE.items()}
UNCREDIBLE = 2


@dataclass(frozen=True, slots=True)
class Gossip:
    """The quadruple (target, gossiper, text, credibility) as the listener stores it."""

    id: str
    target: AgentId
    role: Role
    """The role in which the target is talked about."""
    path: tuple[AgentId, ...]
    """Who told it: the first gossiper and, if it was passed on, the second."""
    listener: AgentId
    text: str
    """The listener's own summary of what it was told."""
    said: str
    valence: float
    credibility: int
    encounter: str
    """The id of the encounter it stems from."""

    @property
    def gossiper(self) -> AgentId:
        """Return who told the listener."""
        return self.path[-1]

    @property
    def order(self) -> int:
        """Return 1 for gossip of first order, 2 for what was passed on."""
        return len(self.path)

    @property
    def about(self) -> Participant:
        """Return whom it is about."""
        return Participant(self.target, self.role)


class GossipLog:
    """Gossip that one agent has been told, in the order it was heard."""

    __slots__ = ("_doubted", "_heard")

    def __init__(self) -> None:
        self._heard: list[Gossip] = []
        self._doubted = 0

    def __len__(self) -> int:
        return len(self._heard)

    def hear(self, gossip: Gossip) -> None:
        """Keep one piece."""
        self._heard.append(gossip)
        self._doubted += gossip.credibility <= UNCREDIBLE

    def last(self, window: int) -> Sequence[Gossip]:
        """Return the latest pieces, oldest first."""
        return self._heard[-window:] if window > 0 else ()

    @property
    def distrust(self) -> float | None:
        """Return the share of what was heard that seemed uncredible, None where nothing was."""
        return self._doubted / len(self._heard) if self._heard else None
