"""Stability: when cooperation has settled, as the paper ends its runs (section 4.1)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from repunet.errors import UsageError

Rates = Sequence[float | None]
"""Cooperation round by round; None where there was none."""
ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class StableRule:
    """Cooperation is stable when the means of two neighbouring windows hardly differ.

    The paper says no more than "once cooperation rates stabilized": the numbers are ours.
    """

    window: int = 10
    """Rounds of each of the two windows."""
    tolerance: float = 0.05
    """By how much their means may differ."""

    def __post_init__(self) -> None:
        if self.window < 1:
            raise UsageError(f"a window of at least 1 round is needed, not {self.window}")
        if not 0 <= self.tolerance <= 1:
            raise UsageError(f"the tolerance is between 0 and 1, not {self.tolerance:g}")

    def holds(self, rates: Rates) -> bool:
        """Tell whether cooperation is stable at the end of these rounds.

        >>> StableRule(window=2).holds([0.9, 0.3, 0.5, 0.5, 0.5])
        False
        >>> StableRule(window=2).holds([0.9, 0.5, 0.5, 0.5, 0.5])
        True
        """
        if len(rates) < 2 * self.window:
            return False
        before = _mean(rates[-2 * self.window : -self.window])
        now = _mean(rates[-self.window :])
        return (
            before is not None
            and now is not None
            and abs(now - before) <= self.tolerance + ROUNDING
        )

    def next_lengths(
        self,
        played: Mapping[str, Iterable[Rates]],
        lengths: Mapping[str, int],
        most: Mapping[str, int],
    ) -> dict[str, int]:
        """Return how long the runs of each scenario should be: a window more until all are stable.

        All runs of a scenario stay equally long, so that its arms can be compared.
        """
        return {
            name: length
            if all(map(self.holds, played[name]))
            else min(length + self.window, most[name])
            for name, length in lengths.items()
        }


def _mean(rates: Rates) -> float | None:
    known = [rate for rate in rates if rate is not None]
    return sum(known) / len(known) if known else None
