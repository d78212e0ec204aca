"""Indirect reciprocity: when it pays to discriminate by what others saw (Nowak & Sigmund 1998).

Societies play mutual aid in our own rounds: matching at random, records shaped by witnesses (the
switches `witnesses` and `error`), nothing else. Where discriminators and one defector earn the same
is read off a straight line through the gaps in pay measured at several probabilities of seeing.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import nan

import numpy as np

from repunet.minds.router import MindRouter
from repunet.questions.mind import Mind
from repunet.simulation import Simulation
from repunet.validation.aid import CheaperAid, MutualAid
from repunet.validation.arena import BARE
from repunet.validation.check import Check, near
from repunet.validation.in_memory import people, play
from repunet.validation.minds.discriminator import Discriminator
from repunet.validation.minds.standing import Defector
from repunet.validation.theory.threshold import DiscriminationTerms, classical, limit
from repunet.world.encounter import UNIT
from repunet.world.society import Society
from repunet.world.treatment import Treatment

SOURCE = "Nowak & Sigmund 1998"
DERIVED = "derived from Nowak & Sigmund 1998"
WARM_UP = 4
"""Rounds until the pay of a round is that of the long run."""
OFFSETS = (-0.12, -0.04, 0.04, 0.12)
"""Where the gap is measured, from where it is expected to close."""
FLAT = 1e-6
"""A slope of pay that is none."""
DILEMMAS: dict[float, type[MutualAid]] = {3: MutualAid, 2: CheaperAid}
"""Mutual aid by the benefit of help that costs 1."""


@dataclass(frozen=True, slots=True)
class SocietySize:
    """Agents, rounds and number of the societies of a check."""

    agents: int
    rounds: int
    societies: int
    """For each probability of seeing."""
    tolerance: float


SMALL = SocietySize(agents=8, rounds=160, societies=2, tolerance=0.06)
LARGE = SocietySize(agents=100, rounds=40, societies=20, tolerance=0.03)
MIDDLE = SocietySize(agents=40, rounds=160, societies=5, tolerance=0.03)
"""Tolerances are three to four standard errors, by the spread of pay between rounds."""


def checks(full: bool, seed: int) -> Iterator[Check]:
    """Yield the checks: large societies with `full`."""
    first, large, others = 4 * seed, LARGE if full else SMALL, MIDDLE if full else SMALL
    yield standing(large, 3, first)
    yield standing(others, 2, first + 1)
    yield image(others, first + 2)
    yield mistaken(others, first + 3)


def standing(size: SocietySize, benefit: int, seed: int) -> Check:
    """Check where it pays to discriminate if excuses count, against q* with n agents."""
    terms = DiscriminationTerms(size.agents, benefit, 1)
    return near(
        f"knowledge at which discriminating pays: standing, b={benefit}, c=1",
        "theory",
        SOURCE,
        classical(size.agents, benefit, 1),
        knowledge(size, crossing(size, terms, seed)),
        size.tolerance,
        note=f"N={size.agents}; with many agents c/b = {limit(benefit, 1):.3f}; {_effort(size)}",
    )


def image(size: SocietySize, seed: int) -> Check:
    """Check the same for image scoring, where to pass by the bad harms one's own name."""
    terms = DiscriminationTerms(size.agents, 3, 1, excuses=False)
    return near(
        "knowledge at which discriminating pays: image scoring, b=3, c=1",
        "theory",
        f"{DERIVED}: see repunet.validation.theory.threshold",
        knowledge(size, terms.crossing()),
        knowledge(size, crossing(size, terms, seed)),
        size.tolerance,
        note=f"N={size.agents}; with many agents c/b = {limit(3, 1):.3f}; {_effort(size)}",
    )


def mistaken(size: SocietySize, seed: int, error: float = 0.1) -> Check:
    """Check the same for standing where a report is wrong with some probability."""
    terms = DiscriminationTerms(size.agents, 3, 1, error=error)
    many = limit(3, 1, error)
    return near(
        f"knowledge at which discriminating pays: reports wrong with e={error:g}, b=3, c=1",
        "theory",
        f"{DERIVED}: b q (1 - 2e) > c (1 - q e)",
        knowledge(size, terms.crossing()),
        knowledge(size, crossing(size, terms, seed)),
        size.tolerance,
        note=f"N={size.agents}; with many agents {many:.3f}; {_effort(size)}",
    )


def knowledge(size: SocietySize, seen: float) -> float:
    """Return how likely one knows of a stranger's last act if each third party sees it so often."""
    return seen * (size.agents - 2) / (size.agents - 1)


def crossing(
    size: SocietySize, terms: DiscriminationTerms, seed: int, discriminator: Mind | None = None
) -> float:
    """Return the probability of seeing an act at which both earn the same in our societies.

    NaN where the gap in pay does not depend on what is seen.
    """
    mind = discriminator or Discriminator(excuses=terms.excuses)
    seen = [terms.crossing() + offset for offset in OFFSETS]
    seeds = (seed * len(OFFSETS) + place for place in range(len(OFFSETS)))  # no luck in common
    gaps = [gap(size, terms, own, mind, often) for own, often in zip(seeds, seen, strict=True)]
    slope, intercept = np.polyfit(seen, gaps, 1)
    return float(-intercept / slope) if abs(slope) > FLAT else nan


def gap(size: SocietySize, terms: DiscriminationTerms, seed: int, mind: Mind, seen: float) -> float:
    """Return how much more a discriminator earns in a round than the one defector."""
    treatment = replace(BARE, reputation=True, self_reputation=False, witnesses=seen)
    treatment = replace(treatment, error=terms.error)
    dilemma = DILEMMAS[terms.benefit]()
    seeds = (seed * size.societies + number for number in range(size.societies))
    gaps = [_pay(size, dilemma, treatment, mind, each) for each in seeds]
    return sum(gaps) / len(gaps)


def _pay(
    size: SocietySize, dilemma: MutualAid, treatment: Treatment, mind: Mind, seed: int
) -> float:
    personas = people(size.agents, dilemma.name)
    society, defector = Society(dilemma.name, treatment, personas, seed), personas[0].id
    minds = MindRouter(mind, {defector: Defector()}, {"*": mind.name, defector: Defector.name})
    simulation = Simulation(society, dilemma, minds)
    play(simulation, WARM_UP)
    before = _wealth(society, defector)
    play(simulation, size.rounds)
    own, others = (now - then for now, then in zip(_wealth(society, defector), before, strict=True))
    return (others / (size.agents - 1) - own) / (size.rounds * UNIT)


def _wealth(society: Society, defector: str) -> tuple[int, int]:
    """Return the defector's wealth, and that of all others together."""
    own = society.agents[defector].wealth
    return own, sum(agent.wealth for agent in society.agents.values()) - own


def _effort(size: SocietySize) -> str:
    rounds = size.rounds * size.societies * len(OFFSETS)
    return f"{rounds} rounds in {size.societies * len(OFFSETS)} societies"
