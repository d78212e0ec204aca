"""Memory-one players: the last turn alone tells how likely they cooperate (Nowak & Sigmund 1990).

With `noise` a move comes out as its opposite now and then, and is remembered as it came out.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from repunet.chance import draw
from repunet.errors import UsageError, unknown
from repunet.minds.router import MindSpec, make_mind, read_settings
from repunet.minds.scripted import C, Move, Player, Turn, cooperated
from repunet.questions.coordinate import Coordinate
from repunet.questions.mind import Mind
from repunet.world.encounter import Act, Recollection


@dataclass(frozen=True, slots=True)
class Propensities:
    """Probabilities of cooperating: at first, and after ego's and alter's last moves."""

    first: float = 0.5
    cc: float = 0.5
    cd: float = 0.5
    """After ego cooperated and alter did not; and so on."""
    dc: float = 0.5
    dd: float = 0.5
    noise: float = 0.0
    """Probability that a move comes out as its opposite."""

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if not 0.0 <= value <= 1.0:
                raise UsageError(f"{name} is a probability: between 0 and 1, not {value:g}")

    def after(self, last: Turn | None) -> float:
        """Return how likely the next move is meant to be cooperative, before any noise."""
        match last:
            case None:
                return self.first
            case (True, alter):
                return self.cc if alter else self.cd
            case (_, alter):
                return self.dc if alter else self.dd

    @property
    def vector(self) -> tuple[float, float, float, float]:
        """Return the probabilities after CC, CD, DC and DD, with the noise in them.

        >>> Propensities(cc=1, cd=0, dc=1, dd=0, noise=0.25).vector
        (0.75, 0.25, 0.75, 0.25)
        """
        cc, cd, dc, dd = (
            p * (1 - self.noise) + (1 - p) * self.noise
            for p in (self.cc, self.cd, self.dc, self.dd)
        )
        return cc, cd, dc, dd


PLAYERS = {
    "random": Propensities(),
    "cooperator": Propensities(1, 1, 1, 1, 1),
    "defector": Propensities(0, 0, 0, 0, 0),
    "tit-for-tat": Propensities(1, 1, 0, 1, 0),
    "generous-tit-for-tat": Propensities(1, 1, 1 / 3, 1, 1 / 3),  # Nowak & Sigmund 1992
    "win-stay-lose-shift": Propensities(1, 1, 0, 0, 1),  # Nowak & Sigmund 1993
    "joss": Propensities(1, 0.9, 0, 0.9, 0),  # in Axelrod 1980
    "zd-extort-2": Propensities(1, 8 / 9, 1 / 2, 1 / 3, 0),  # Stewart & Plotkin 2012
}
"""Well known ones, for the payoffs 3, 0, 5, 1."""


class MemoryOneMind(Player):
    """Mind that draws each move from what happened in the last turn."""

    def __init__(self, name: str, seed: int, propensities: Propensities, otherwise: Mind) -> None:
        super().__init__(name, otherwise)
        self._seed = seed
        self._propensities = propensities

    def describe(self) -> dict[str, Any]:
        """Return its name and probabilities, and the mind for all else."""
        return {**super().describe(), "propensities": asdict(self._propensities)}

    def cooperates(self, operation: Move, at: Coordinate) -> bool:
        """Draw the move, and whether it comes out as its opposite."""
        chance = self._propensities.after(last_turn(operation.history))
        meant = draw(self._seed, at, "move") < chance
        slips = draw(self._seed, at, "slip") < self._propensities.noise
        return meant is not slips


def last_turn(history: Sequence[Recollection]) -> Turn | None:
    """Return who cooperated when they last did anything that tells, None before any turn."""
    if not history:
        return None
    own = last_told((past.own,) for past in reversed(history))
    return own, last_told(past.others for past in reversed(history))


def last_told(lately: Iterable[Sequence[Act]]) -> bool:
    """Return whether the first of these acts that tell were cooperative; if none do, they were."""
    for acts in lately:
        if any(act.cooperation is not None for act in acts):
            return cooperated(acts, C)
    return C


def memory_one(spec: MindSpec, seed: int) -> MemoryOneMind:
    """Return the mind: `memory-one:joss`, or `memory-one,cc=0.9` with numbers of one's own."""
    known = spec.variant or "random"
    if known not in PLAYERS:
        raise unknown("memory-one player", known, PLAYERS)
    propensities = read_settings(PLAYERS[known], spec.settings)
    return MemoryOneMind(str(spec), seed, propensities, make_mind("embedded", seed))
