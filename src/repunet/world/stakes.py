"""Stakes: what each option of a social dilemma yields to ego and to alter."""

from dataclasses import dataclass
from typing import TypeAlias

from repunet.errors import UsageError


@dataclass(frozen=True, slots=True)
class Option:
    """One act ego may choose, with its payoffs (ego's, alter's) for either answer of alter."""

    label: str
    cooperation: float
    """Degree of cooperation in [0, 1]."""
    met: tuple[float, float]
    """Payoffs (ego's, alter's) if alter cooperates."""
    unmet: tuple[float, float]
    """Payoffs (ego's, alter's) if alter does not."""

    def __post_init__(self) -> None:
        if not 0.0 <= self.cooperation <= 1.0:
            raise ValueError(f"cooperation of {self.label!r} is not in [0, 1]: {self.cooperation}")


@dataclass(frozen=True, slots=True)
class Game:
    """A dilemma in which everyone chooses at once. Alter is taken to face the same options."""

    options: tuple[Option, ...]
    excusable: bool
    """Whether an uncooperative act against an uncooperative alter is partly excused."""

    def __post_init__(self) -> None:
        if len(self.options) < 2:
            raise ValueError("a dilemma needs at least two options")

    @property
    def range(self) -> float:
        """Ego's best payoff minus ego's worst; in the prisoner's dilemma T - S."""
        own = [outcome[0] for option in self.options for outcome in (option.met, option.unmet)]
        return max(own) - min(own)

    @property
    def worth(self) -> float:
        """What being met with cooperation is worth to ego, averaged over ego's options.

        In the prisoner's dilemma ((R - S) + (T - P)) / 2.
        """
        gains = [option.met[0] - option.unmet[0] for option in self.options]
        return sum(gains) / len(gains)

    def opposite(self, move: str) -> tuple[str, float]:
        """Return the option that cooperates as much as this one does not, and its degree."""
        degree = next(option.cooperation for option in self.options if option.label == move)
        other = min(self.options, key=lambda option: abs(option.cooperation - (1.0 - degree)))
        return other.label, other.cooperation

    @property
    def exposure(self) -> float:
        """Share of ego's payoff range that hangs on alter's answer: `worth / range`."""
        return self.worth / self.range if self.range else 0.0


@dataclass(frozen=True, slots=True)
class Provision:
    """A good that everybody has and those pay for who join: nothing is won from one another."""

    join: str
    stay_out: str

    @property
    def exposure(self) -> None:
        """Nothing material hangs on whom one talks with."""
        return None

    def opposite(self, move: str) -> tuple[str, float]:
        """Return the other choice, and its degree of cooperation."""
        return (self.stay_out, 0.0) if move == self.join else (self.join, 1.0)


@dataclass(frozen=True, slots=True)
class Trust:
    """A sequential dilemma: what the investor entrusts is multiplied, the trustee divides it."""

    multiplier: int

    @property
    def exposure(self) -> float:
        """Share of an investor's payoff range that hangs on the trustee."""
        return 0.5

    @staticmethod
    def valence_of_return(returned: float, promised: float) -> float:
        """Return how an investor finds a return in [-1, 1]: the worse of honesty and no loss.

        Both are shares of the proceeds. A promise of nothing is always honestly kept.
        """
        honesty = 2.0 * min(1.0, returned / promised) - 1.0 if promised > 0.0 else 1.0
        return min(honesty, 2.0 * min(1.0, 2.0 * returned) - 1.0)

    @staticmethod
    def valence_of_investment(invested: float) -> float:
        """Return how a trustee finds being entrusted with a share of the investor's wealth."""
        return 2.0 * invested - 1.0


@dataclass(frozen=True, slots=True)
class Unstated:
    """Known to those who meet, and to nobody here: they act in a system of their own."""

    @property
    def exposure(self) -> None:
        """Nothing is known to hang on whom one meets."""
        return None

    def opposite(self, move: str) -> tuple[str, float]:
        """Raise UsageError: nobody here knows what else could have been done."""
        raise UsageError(f"witnesses can't be mistaken about {move!r}: its opposite is not known")


Stakes: TypeAlias = Game | Provision | Trust | Unstated
