"""A mind that plays by reputation (Nowak & Sigmund 1998), and is embedded in all else."""

from dataclasses import asdict, dataclass
from statistics import fmean
from typing import Any

from repunet.errors import UsageError
from repunet.minds.router import MindSpec, make_mind, read_settings
from repunet.minds.scripted import Move, Player
from repunet.questions.coordinate import Coordinate
from repunet.questions.mind import Mind


@dataclass(frozen=True, slots=True)
class Rule:
    """Settings of a discriminator."""

    threshold: float = 0.0
    """The least mean score, from -1 to 1, of whom it cooperates with."""

    def __post_init__(self) -> None:
        if not -1.0 <= self.threshold <= 1.0:
            raise UsageError(f"threshold is a score from -1 to 1, not {self.threshold:g}")


class Discriminator(Player):
    """Mind that cooperates with strangers, and with whom its own records speak well of."""

    def __init__(self, name: str, rule: Rule, otherwise: Mind) -> None:
        super().__init__(name, otherwise)
        self._rule = rule

    def describe(self) -> dict[str, Any]:
        """Return all that its answers depend on: a run goes on only while this is the same."""
        return {**super().describe(), **asdict(self._rule)}

    def cooperates(self, operation: Move, at: Coordinate) -> bool:
        """Tell whether the records of those whom it meets are good enough."""
        scores = [record.score for alter in operation.met for record in alter.records or ()]
        return not scores or fmean(scores) >= self._rule.threshold


def discriminator(spec: MindSpec, seed: int) -> Discriminator:
    """Return the mind `discriminator` or, for example, `discriminator,threshold=0.2`."""
    rule = read_settings(Rule(), spec.settings)
    return Discriminator(str(spec), rule, make_mind(spec.variant or "embedded", seed))
