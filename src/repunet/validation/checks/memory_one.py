"""Memory-one players: what they earn in the long run, as the chain of the two says it must be.

Each pair is a society of two that plays the Prisoner's Dilemma with nothing around it; with noise,
every move comes out as its opposite with that probability.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from repunet.chance import draw
from repunet.minds.memory_one import PLAYERS
from repunet.validation.arena import arena, encounters, missing
from repunet.validation.check import Check, near
from repunet.validation.theory.memory_one_chain import Vector, payoffs, standard_error
from repunet.world.encounter import UNIT

STAKES = 3, 0, 5, 1
"""R, S, T, P."""
ERRORS = 4
"""Standard errors within which a mean payoff must be."""
TINY = 1e-6
SEEDS = 2**32


@dataclass(frozen=True, slots=True)
class ChainSize:
    """Length of a chain, and the tolerance of its mean payoff."""

    turns: int
    settled: float
    """How far off it may be where nothing is left to chance but how the two came there."""


QUICK, FULL = ChainSize(4_000, 0.1), ChainSize(100_000, 0.02)


@dataclass(frozen=True, slots=True)
class Duel:
    """Two memory-one players, how noisy their moves are, and what is known of their payoffs."""

    first: str
    second: str
    noise: float
    published: tuple[float, float]
    source: str

    @property
    def name(self) -> str:
        """Return who meets whom."""
        noise = f", noise {self.noise:g}" if self.noise else ""
        return f"{self.first} against {self.second}{noise}"

    @property
    def minds(self) -> tuple[str, str]:
        """Return the names of the minds."""
        noise = f",noise={self.noise:g}" if self.noise else ""
        return f"memory-one:{self.first}{noise}", f"memory-one:{self.second}{noise}"

    @property
    def vectors(self) -> tuple[Vector, Vector]:
        """Return how likely each cooperates after CC, CD, DC and DD."""
        first, second = (
            replace(PLAYERS[name], noise=self.noise).vector for name in (self.first, self.second)
        )
        return first, second

    def error(self, turns: int) -> float:
        """Return the standard error of their mean payoffs, the larger of the two."""
        first, second = self.vectors
        return max(
            standard_error(first, second, STAKES, turns),
            standard_error(second, first, STAKES, turns),
        )


TFT, WSLS, GTFT = "tit-for-tat", "win-stay-lose-shift", "generous-tit-for-tat"
NOISY, ERRATIC = "Nowak & Sigmund 1993", "Nowak & Sigmund 1992"
DUELS = (
    Duel(TFT, TFT, 0.05, (2.25, 2.25), "Molander 1985"),
    Duel(WSLS, WSLS, 0.05, (2.7765, 2.7765), NOISY),
    Duel(WSLS, WSLS, 0.01, (2.9511, 2.9511), NOISY),
    Duel(WSLS, "defector", 0.05, (0.6750, 2.9250), NOISY),
    Duel(GTFT, GTFT, 0.05, (2.8594, 2.8594), ERRATIC),
    Duel(GTFT, GTFT, 0.01, (2.9703, 2.9703), ERRATIC),
    Duel(GTFT, "defector", 0.0, (2 / 3, 7 / 3), ERRATIC),
    Duel("zd-extort-2", "cooperator", 0.0, (3.5, 2.25), "Press & Dyson 2012"),
    Duel("random", TFT, 0.0, (2.25, 2.25), "Nowak & Sigmund 1990"),
    Duel("joss", TFT, 0.0, (1.0, 1.0), "Axelrod 1980"),
)


def checks(full: bool, seed: int) -> Iterator[Check]:
    """Yield the check of each duel's mean payoffs against those of its chain."""
    size = FULL if full else QUICK
    for duel in DUELS:
        yield check(duel, size, seed)


def check(duel: Duel, size: ChainSize, seed: int) -> Check:
    """Return the check of one duel, whose luck is its own."""
    error = duel.error(size.turns)
    found, gaps = play(duel, size.turns, int(draw(seed, duel.name) * SEEDS))
    return near(
        duel.name,
        "theory",
        duel.source,
        payoffs(*duel.vectors, STAKES),
        found,
        max(ERRORS * error, 0.0 if error > TINY else size.settled),
        missing=gaps,
        note=f"{size.turns:,} turns, standard error {error:.3f}",
    )


def play(duel: Duel, turns: int, seed: int) -> tuple[tuple[float, ...], int]:
    """Return what each of the two earned a turn, in units, and how many moves are missing."""
    two, gaps, met = arena("pd", duel.minds, seed=seed), 0, 0
    earned = dict.fromkeys(two.society.agents, 0)
    for events in two.rounds(turns):
        gaps += missing(events)
        for encounter in encounters(events):
            met += bool(encounter.acts)
            for act in encounter.acts:
                earned[act.agent] += act.payoff
    return tuple(paid / UNIT / met for paid in earned.values()) if met else (), gaps
