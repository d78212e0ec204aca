"""Social norms in our own rounds: image scoring, standing, the leading eight (Ohtsuki & Iwasa).

Everybody lives by one norm and plays mutual aid, matched at random; all others see each act with
the probability `witnesses`, wrongly with the probability `error`, and keep a record of who acted.
Where opinions are public all see everything and share one misjudgement, which is the minds' own:
the engine's error is each witness's. What was published for private opinions let one act at a time
in societies of 50; ours let everybody act in every round, and those who meet never err about each
other. So the gate is the mean field of our own size, and the published rate is in the note: L2 is
the one that ends lower with us, near .63.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from repunet.simulation import Simulation
from repunet.validation.aid import MutualAid
from repunet.validation.arena import encounters
from repunet.validation.check import Check, near
from repunet.validation.checks import consensus
from repunet.validation.checks.verdicts import AGREED, recorded
from repunet.validation.in_memory import people, rounds
from repunet.validation.minds.norm import Lapses, NormMind, opinions_in
from repunet.validation.theory.leading_eight import IMAGE_SCORING, LEADING_EIGHT, Norm
from repunet.validation.theory.mean_field import public
from repunet.validation.theory.private_opinions import Sight, mean_help
from repunet.world.society import Society
from repunet.world.treatment import Treatment

OHTSUKI = "Ohtsuki & Iwasa 2004, 2006"
HILBE = "Hilbe et al. 2018"
PUBLISHED = {
    "L1": 0.904,
    "L2": 0.657,
    "L3": 0.905,
    "L4": 0.889,
    "L5": 0.693,
    "L6": 0.502,
    "L7": 0.878,
    "L8": 0.0,
}
"""Help where opinions are private: e = .05, q = .9, N = 50, one act at a time (Hilbe et al.)."""
LIMITS = {
    "L6": (0.5, "opinions become independent: Uchida & Sigmund 2010"),
    "L8": (0.0, "all bad is never left"),
}
"""Where help goes with private opinions, and why; the mean field of few agents misses both."""
SEEN, ERROR = 0.9, 0.05
LAPSES = Lapses(act=0.01, judgement=0.01)
SLIP = 0.1
"""How often help fails where image scoring and standing are told apart."""


@dataclass(frozen=True, slots=True)
class NormSize:
    """Agents, rounds and repetitions of a check of norms, and the rounds that count."""

    agents: int
    rounds: int
    societies: int
    tolerance: float
    first: int = 1
    """The first round that counts."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """The sizes of all checks; tolerances are three standard errors or more."""

    decay: NormSize
    recovery: NormSize
    public: NormSize
    private: NormSize


SMALL = Sizes(
    decay=NormSize(4, 10, 200, 0.08),
    recovery=NormSize(6, 12, 40, 0.05),
    public=NormSize(10, 180, 1, 0.02, first=16),
    private=NormSize(20, 90, 1, 0.065, first=26),
)
LARGE = Sizes(
    decay=NormSize(4, 12, 2500, 0.03),
    recovery=NormSize(20, 12, 100, 0.02),
    public=NormSize(50, 120, 2, 0.01, first=21),
    private=NormSize(50, 150, 2, 0.03, first=51),
)
"""Many small societies where luck drifts, since what it costs grows with the square of agents."""


def checks(full: bool, seed: int) -> Iterator[Check]:
    """Yield the checks of public opinions: large societies with `full`."""
    sizes = LARGE if full else SMALL
    yield unravelling(sizes.decay, seed)
    yield recovering(sizes.recovery, seed)
    yield stern(sizes.public, seed)
    yield from (agreed(name, sizes.public, own) for name, own in _seeds(seed))


def private(full: bool, seed: int) -> Iterator[Check]:
    """Yield the checks of private opinions, of single verdicts, and of talk that makes them one."""
    size = (LARGE if full else SMALL).private
    yield from (recorded(name, own) for name, own in _seeds(seed))
    yield from (disputed(name, size, own) for name, own in _seeds(seed))
    yield from consensus.checks(full, seed)


def _seeds(seed: int) -> list[tuple[str, int]]:
    """Return a seed of its own for each norm."""
    names = list(LEADING_EIGHT)
    return [(name, seed * len(names) + place) for place, name in enumerate(names)]


def unravelling(size: NormSize, seed: int, norm: Norm = IMAGE_SCORING) -> Check:
    """Check that with image scoring help decays as (1-e)^t, where help that is meant fails with e.

    The expectation is exact for any number of agents: everybody acts once in a round.
    """
    rounds = (1, size.rounds // 2, size.rounds)
    found = help_by_round(norm, size, AGREED, Lapses(act=SLIP), seed)
    return near(
        f"image scoring unravels: help in rounds {', '.join(map(str, rounds))}, e={SLIP:g}",
        "theory",
        "Nowak & Sigmund 1998; Panchanathan & Boyd 2003",
        [(1 - SLIP) ** number for number in rounds],
        [found[number - 1] for number in rounds],
        size.tolerance,
        note=f"(1-e)^t; {_effort(size)}",
    )


def recovering(size: NormSize, seed: int, norm: Norm = LEADING_EIGHT["L3"]) -> Check:
    """Check that with simple standing help settles at (1-e)/(1+e)."""
    found = help_by_round(norm, size, AGREED, Lapses(act=SLIP), seed)
    return near(
        f"standing recovers: help in the long run, e={SLIP:g}",
        "theory",
        "Panchanathan & Boyd 2003",
        (1 - SLIP) / (1 + SLIP),
        float(np.mean(found[size.rounds // 2 :])),
        size.tolerance,
        note=f"(1-e)/(1+e), from round {size.rounds // 2 + 1}; {_effort(size)}",
    )


def stern(size: NormSize, seed: int, norm: Norm = LEADING_EIGHT["L6"]) -> Check:
    """Check that stern judging helps at the rate 1-e where all share one error of judgement."""
    found = help_by_round(norm, size, AGREED, Lapses(judgement=ERROR), seed)
    return near(
        f"stern judging, public, judgement wrong with e={ERROR:g}: help",
        "theory",
        f"{OHTSUKI}: 1-e in closed form",
        1 - ERROR,
        float(np.mean(found[size.first - 1 :])),
        size.tolerance,
        note=_effort(size),
    )


def agreed(name: str, size: NormSize, seed: int, norm: Norm | None = None) -> Check:
    """Check one of the leading eight where all see everything and judge alike."""
    ruled = LEADING_EIGHT[name]
    found = help_by_round(norm or ruled, size, AGREED, LAPSES, seed)
    return near(
        f"{ruled.name}, public, acts and judgements wrong with e={LAPSES.act:g}: help",
        "theory",
        OHTSUKI,
        public(ruled, LAPSES)[1],
        float(np.mean(found[size.first - 1 :])),
        size.tolerance,
        note=f"mean field; {_effort(size)}",
    )


def disputed(name: str, size: NormSize, seed: int, norm: Norm | None = None) -> Check:
    """Check one of the leading eight where everybody judges what it sees for itself.

    The expectation is the limit that theory has, where it has one, and else the mean field.
    """
    ruled, first = LEADING_EIGHT[name], size.first
    if name in LIMITS:
        expected, origin = LIMITS[name]
        first = size.first if expected else size.rounds * 3 // 4  # to die out takes its time
    else:
        sight = Sight(size.agents, SEEN, ERROR)
        expected = mean_help(ruled, sight, first, size.rounds)
        origin = f"mean field of {size.agents}, after Fujimoto & Ohtsuki 2023"
    treatment = replace(AGREED, witnesses=SEEN, error=ERROR)
    found = help_by_round(norm or ruled, size, treatment, Lapses(), seed)
    return near(
        f"{ruled.name}, private, seen with q={SEEN:g}, wrongly with e={ERROR:g}: help",
        "theory",
        HILBE,
        expected,
        float(np.mean(found[first - 1 :])),
        size.tolerance,
        note=f"{origin}; published for 50: {PUBLISHED[name]:.3f}; "
        + _effort(replace(size, first=first)),
    )


def help_by_round(
    norm: Norm, size: NormSize, treatment: Treatment, lapses: Lapses, seed: int
) -> Sequence[float]:
    """Return the rate of help in each round of our societies."""
    seeds = (seed * size.societies + number for number in range(size.societies))
    runs = [list(_play(norm, size, treatment, lapses, each)) for each in seeds]
    return [float(rate) for rate in np.mean(runs, axis=0)]


def _play(
    norm: Norm, size: NormSize, treatment: Treatment, lapses: Lapses, seed: int
) -> Iterator[float]:
    dilemma = MutualAid()
    society = Society(dilemma.name, treatment, people(size.agents, dilemma.name), seed)
    mind = NormMind(norm, seed, opinions_in(society), lapses)
    simulation = Simulation(society, dilemma, mind)
    for events in rounds(simulation, size.rounds):
        acts = [act for met in encounters(events) for act in met.acts]
        yield sum(act.cooperation or 0.0 for act in acts) / len(acts)


def _effort(size: NormSize) -> str:
    number = f"{size.societies} societies" if size.societies > 1 else "one society"
    return f"{number} of {size.agents}, rounds {size.first} to {size.rounds}"
