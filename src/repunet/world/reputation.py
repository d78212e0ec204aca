"""Reputation: what one agent makes of another, or thinks others make of it (paper, section 3.1)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from repunet.world.persona import AgentId, Participant, Role

Weight = Annotated[float, Field(ge=0, le=1)]
Weights: TypeAlias = tuple[Weight, Weight, Weight, Weight, Weight]
Cause = Literal["encounter", "gossip", "observation"]

LEVELS = ("very bad", "bad", "neutral", "good", "very good")
DIGITS = 6
ROUNDING = 3 * 10**-DIGITS
"""Five rounded weights sum to one within this; they are not rescaled when they are read again."""


@dataclass(frozen=True, slots=True)
class Appraisal:
    """A verdict in words, and its weight on each of the five levels, which sum to one.

    Weights of any other positive sum are rescaled; raises ValueError for negative weights or for
    five zeros.

    >>> Appraisal("Keeps her word.", (0, 0, 0.1, 0.3, 0.6)).score
    0.9
    """

    text: str
    weights: Weights

    def __post_init__(self) -> None:
        total = sum(self.weights)
        if min(self.weights) < 0 or not 0 < total < float("inf"):
            raise ValueError(f"five weights, none negative, not all zero: {self.weights}")
        rounded = [round(weight, DIGITS) for weight in self.weights]
        if abs(sum(rounded) - 1) > ROUNDING:
            rounded = [round(weight / total, DIGITS) for weight in self.weights]
        a, b, c, d, e = rounded
        object.__setattr__(self, "weights", (a, b, c, d, e))

    @property
    def score(self) -> float:
        """Return the verdict as one number in [-1, 1]; the neutral weight does not count."""
        very_bad, bad, _, good, very_good = self.weights
        return max(-1.0, min(1.0, round(good + very_good - bad - very_bad, DIGITS)))

    def of(self, target: Participant, scenario: str) -> "Reputation":
        """Return the reputation that this verdict gives its target."""
        return Reputation(target.agent, target.role, scenario, self.text, self.weights, self.score)


@dataclass(frozen=True, slots=True)
class Reputation:
    """The paper's quintuple (target, scenario, role, text, score), with the weights behind it."""

    target: AgentId
    role: Role
    scenario: str
    text: str
    weights: Weights
    score: float


@dataclass(frozen=True, slots=True)
class Version:
    """A reputation as it stood from some round on, and what it was formed from."""

    reputation: Reputation
    round: int
    cause: Cause
    because: tuple[str, ...]
    """The ids of the encounters or of the pieces of gossip behind it."""


class ReputationStore:
    """One agent's RepuNet database: of itself and of its peers, newest last, nothing forgotten."""

    __slots__ = ("_versions",)

    def __init__(self) -> None:
        self._versions: dict[Participant, list[Version]] = {}

    def __iter__(self) -> Iterator[Reputation]:
        return (versions[-1].reputation for versions in self._versions.values())

    def __len__(self) -> int:
        return len(self._versions)

    def record(self, version: Version) -> None:
        """Make this the current reputation of its target."""
        target = Participant(version.reputation.target, version.reputation.role)
        self._versions.setdefault(target, []).append(version)

    def of(self, target: Participant) -> Reputation | None:
        """Return what is thought of the target in its role now, None where nothing is."""
        versions = self._versions.get(target)
        return versions[-1].reputation if versions else None

    def about(self, agent: AgentId, roles: tuple[Role, ...]) -> tuple[Reputation, ...]:
        """Return what is thought of an agent now, one record for each role it has a record in."""
        found = (self.of(Participant(agent, role)) for role in roles)
        return tuple(record for record in found if record is not None)

    def history(self, target: Participant) -> tuple[Version, ...]:
        """Return every version of the target's reputation, oldest first."""
        return tuple(self._versions.get(target, ()))

    def targets(self) -> tuple[Participant, ...]:
        """Return everyone there is a record about, in the order of first acquaintance."""
        return tuple(self._versions)
