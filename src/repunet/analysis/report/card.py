"""What the card of an agent holds, and how much of it there is room for."""

from dataclasses import dataclass

from repunet.analysis.measures.measure import Rate
from repunet.analysis.report.grounds import Ground
from repunet.analysis.report.rows import Cut, Who


@dataclass(frozen=True, slots=True)
class Most:
    """Limits to the entries of an agent's card on a page."""

    cards: int
    views: int
    meetings: int
    images: int
    ties: int

    @classmethod
    def of(cls, agents: int) -> "Most":
        """Return what there is room for where there are so many agents.

        >>> Most.of(20).meetings, Most.of(500).meetings
        (100, 4)
        """
        share = 2_000 // max(1, agents)
        return cls(
            cards=500,
            views=min(60, max(4, share)),
            meetings=min(200, max(4, share)),
            images=min(100, max(1, share)),
            ties=min(100, max(5, share)),
        )


@dataclass(frozen=True, slots=True)
class CardView:
    """Record that one agent has of another, with its reasons."""

    who: Who
    role: str
    score: float
    text: str
    round: int
    """Since when it has been so."""
    version: int
    cause: str
    grounds: tuple[Ground, ...]


@dataclass(frozen=True, slots=True)
class Stand:
    """Standing of an agent in one role, now and at the end of each round."""

    role: str
    standing: float | None
    observers: int
    own: float | None
    history: tuple[tuple[int, float | None], ...]


@dataclass(frozen=True, slots=True)
class Image:
    """Self-description of an agent, from a round on."""

    round: int
    role: str
    text: str


@dataclass(frozen=True, slots=True)
class Tied:
    """A tie that stands, since when, and why it was formed."""

    who: Who
    role: str
    since: int
    reason: str | None


@dataclass(frozen=True, slots=True)
class Met:
    """An encounter as the agent lived through it."""

    round: int
    role: str
    story: str
    payoff: float | None


@dataclass(frozen=True, slots=True)
class Card:
    """State and history of one agent, for a page."""

    who: Who
    facts: tuple[str, ...]
    disposition: str
    mind: str
    descriptions: tuple[tuple[str, str], ...]
    """By role."""
    joined: int
    cooperation: Rate
    wealth: float | None
    stands: tuple[Stand, ...]
    views: Cut[CardView]
    """The others' records of it, the worst first."""
    own: tuple[CardView, ...]
    """How it thinks it is seen."""
    holds: Cut[CardView]
    """Its records of others, without what they rest on."""
    images: Cut[Image]
    """The latest first."""
    ties_to: Cut[Tied]
    tied_by: Cut[Tied]
    cut: int
    """Ties of its own that it cut or lost."""
    meetings: Cut[Met]
    """The latest first."""
    told: int
    heard: int
    talked_about: int
    missing: int
    """Decisions of its own that could not be had."""
