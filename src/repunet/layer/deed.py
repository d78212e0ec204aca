"""Deeds: what agents of another system did in an encounter, as that system tells of it."""

from dataclasses import KW_ONLY, dataclass

from repunet import prompts
from repunet.errors import UsageError
from repunet.world.encounter import UNIT, Act
from repunet.world.persona import Participant, Role

LONGEST_MOVE = 200


@dataclass(frozen=True, slots=True)
class Deed:
    """Act of one agent in an encounter elsewhere; raises UsageError for numbers out of range."""

    who: str
    role: Role | None = None
    """May be left out where there is only one."""
    _: KW_ONLY
    cooperation: float | None = None
    """Degree in [0, 1]; None where the act says nothing about it."""
    move: str = ""
    """What it chose to do: "ship on time"; by default it is made from the degree."""
    payoff: float = 0.0
    valence: float | None = None
    """How good or bad a partner finds it, in [-1, 1]; by default 2 * cooperation - 1, or 0."""

    def __post_init__(self) -> None:
        _require_number(f"cooperation of {self.who}", self.cooperation, 0.0, 1.0)
        _require_number(f"valence of {self.who}", self.valence, -1.0, 1.0)
        _require_number(f"payoff of {self.who}", self.payoff, -1e12, 1e12)
        if len(self.move) > LONGEST_MOVE or not self.move.isprintable():
            raise UsageError(f"the move of {self.who} is one line of up to {LONGEST_MOVE} letters")

    def act(self, who: Participant) -> Act:
        """Return it as an act of this participant."""
        degree = None if self.cooperation is None else float(self.cooperation)
        mood = 0.0 if degree is None else 2.0 * degree - 1.0
        usual = "take part" if degree is None else f"cooperate to {prompts.percent(degree)}"
        return Act(
            agent=who.agent,
            role=who.role,
            move=self.move or usual,
            payoff=round(self.payoff * UNIT),
            cooperation=degree,
            valence=mood if self.valence is None else float(self.valence),
        )


def _require_number(what: str, number: float | None, low: float, high: float) -> None:
    if number is not None and not low <= number <= high:
        raise UsageError(f"the {what} is a number between {low:g} and {high:g}, not {number}")
