"""Stakes: what each option of a social dilemma yields to ego and to alter."""

from dataclasses import dataclass


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
class Stakes:
    """The options of a dilemma. Alter is taken to face the same ones."""

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

    @property
    def exposure(self) -> float:
        """Share of ego's payoff range that hangs on alter's answer: `worth / range`."""
        return self.worth / self.range if self.range else 0.0
