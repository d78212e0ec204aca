"""Human benchmarks: what people did in experiments, and what the embedded mind does in them.

Reported, never required: the embedded mind is a stand-in, nothing in it was fitted to these but
where a note says that a study gave it a parameter, and nothing here is about language models. What
our engine does differently from an experiment is in the note of each check.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np
from scipy.stats import linregress
from scipy.stats import t as student

from repunet.minds.router import make_mind
from repunet.questions.coordinate import Coordinate
from repunet.scenarios.donor import DonorGame
from repunet.scenarios.participation import REVISE_EVERY, Participation
from repunet.validation.aid import CheaperAid
from repunet.validation.arena import encounters
from repunet.validation.check import Check, near
from repunet.validation.in_memory import people, play, rounds
from repunet.validation.laboratory import (
    FLUID,
    NEIGHBOURS,
    STRANGERS,
    TrustGame,
    laboratory,
    random_ties,
    spread_reports,
)
from repunet.world.encounter import Encounter
from repunet.world.event import ChoiceMade, DecisionMissing, Event
from repunet.world.treatment import Treatment

MIND = "embedded"
UNSEEN, SEEN = f"{MIND},observability=fixed:0", f"{MIND},observability=fixed:1"
PARAMETER = "the study gave the mind a parameter"


@dataclass(frozen=True, slots=True)
class Path:
    """The rate of cooperation in each round of a society, and how many decisions are missing."""

    rates: tuple[float, ...]
    missing: int


def checks(full: bool, seed: int) -> Iterator[Check]:
    """Yield the benchmarks: over 40 societies each with `full`."""
    seeds = range(40 * seed, 40 * seed + (40 if full else 4))
    yield from trust(seeds)
    yield reports(seeds)
    yield from networks(seeds)
    yield decline(seeds)
    yield being_seen(seeds)


def trust(seeds: Sequence[int]) -> Iterator[Check]:
    """Compare what is sent and returned in a one-shot trust game between strangers."""
    sent, returned, missing = [], [], 0
    for seed in seeds:
        events = play(laboratory(TrustGame(), UNSEEN, 40, STRANGERS, seed), 1)
        deals = encounters(events)
        missing += missing_in(events)
        sent += [met.acts[0].facts["percent"] / 100 for met in deals if met.acts]
        returned += [met.acts[1].facts["returned"] / 100 for met in deals if taken(met)]
    note = f"{len(sent)} pairs; ours: a promise comes first, and an investor may decline (sent 0)"
    share = fmean(sent)
    for source, expected, tolerance in (
        ("Berg, Dickhaut & McCabe 1995", 0.516, 0.1),
        ("Johnson & Mislin 2011, 162 studies", 0.50, 0.14),
    ):
        yield near(
            "trust game x3, once: share sent",
            "human",
            source,
            expected,
            share,
            tolerance,
            mind=UNSEEN,
            missing=missing,
            note=note,
        )
    yield near(
        "trust game x3, once: share returned of what there is",
        "human",
        "Johnson & Mislin 2011, 162 studies",
        0.37,
        fmean(returned) if returned else None,
        0.09,
        mind=UNSEEN,
        missing=missing,
        note=f"{len(returned)} returns; ours: after a promise",
    )


def taken(met: Encounter) -> bool:
    """Tell whether two met, and in the trust game whether something was sent."""
    return met.outcome == "consummated"


def reports(seeds: Sequence[int]) -> Check:
    """Compare how often a stranger is helped after one good report and after one bad one."""
    helped: dict[bool, list[float]] = {True: [], False: []}
    missing = 0
    for seed in seeds:
        treatment = Treatment(partner_choice=False, rewiring=False, second_order=False)
        simulation = laboratory(DonorGame(), MIND, 40, treatment, seed)
        told = spread_reports(simulation, make_mind(MIND, seed), seed)
        events = play(simulation, 1)
        missing += missing_in(events)
        for met in filter(taken, encounters(events)):
            donor, recipient = met.participants
            good = told[donor.agent, recipient.agent] == "very positive"
            helped[good].append(met.acts[0].cooperation or 0.0)
    after_good, after_bad = (fmean(helped[good]) for good in (True, False))
    return near(
        "stranger, one report: help after a good one minus after a bad one",
        "human",
        "Sommerfeld et al. 2007",
        0.25,
        after_good - after_bad,
        0.15,
        mind=MIND,
        missing=missing,
        note=f"ours {after_good:.2f} and {after_bad:.2f}, theirs .75 and .50; "
        f"{sum(map(len, helped.values()))} acts; ours: half the personas are self-interested",
    )


ARMS = {"fluid": FLUID, "fixed": NEIGHBOURS, "random": STRANGERS}


def networks(seeds: Sequence[int]) -> Iterator[Check]:
    """Compare cooperation among neighbours that can be left, that can't be, and among strangers."""
    paths = {arm: [cooperation_by_round(arm, seed) for seed in seeds] for arm in ARMS}
    missing = sum(path.missing for runs in paths.values() for path in runs)
    levels = {arm: fmean(fmean(p.rates[-3:]) for p in runs) for arm, runs in paths.items()}
    margin = levels["fluid"] - max(levels["fixed"], levels["random"])
    shown = ", ".join(f"{arm} {level:.2f}" for arm, level in levels.items())
    yield Check(
        name="network: cooperation in the end, fluid minus the next best arm",
        family="human",
        source="Rand, Arbesman & Christakis 2011",
        expected="above 0",
        found=round(margin, 3),
        passed=margin > 0,
        mind=MIND,
        missing=missing,
        note=f"{shown}; ours: pairwise meetings instead of one act to all neighbours, ties by the "
        "wish of one, horizon not announced",
    )
    slope, half = trend([path.rates for path in paths["fluid"]])
    yield Check(
        name="network: trend of cooperation in the fluid arm, a round",
        family="human",
        source="Rand, Arbesman & Christakis 2011",
        expected="interval covers 0",
        found=round(slope, 4),
        tolerance=half,
        passed=abs(slope) <= half,
        mind=MIND,
        missing=missing,
        note=f"95 % interval over {len(seeds)} societies: half width {half:.4f}",
    )


def cooperation_by_round(arm: str, seed: int, agents: int = 20, number: int = 12) -> Path:
    """Return how often help was given in each round of one society."""
    ids = [person.id for person in people(agents, CheaperAid.name)]
    ties = () if arm == "random" else tuple(random_ties(ids, 0.2, seed))
    simulation = laboratory(CheaperAid(), MIND, agents, ARMS[arm], seed, ties)
    rates, missing = [], 0
    for events in rounds(simulation, number):
        acts = [act for met in encounters(events) for act in met.acts]
        rates.append(fmean(act.cooperation or 0.0 for act in acts))
        missing += missing_in(events)
    return Path(tuple(rates), missing)


def trend(runs: Sequence[Sequence[float]]) -> tuple[float, float]:
    """Return the mean slope over runs, and half the width of its 95 % interval."""
    slopes = [float(linregress(range(len(rates)), rates).slope) for rates in runs]
    spread = float(np.std(slopes, ddof=1)) / len(slopes) ** 0.5
    return fmean(slopes), float(student.ppf(0.975, len(slopes) - 1)) * spread


def decline(seeds: Sequence[int], decisions: int = 10) -> Check:
    """Compare how contributions decline in ten decisions that nobody hears of."""
    shares, missing = [], 0
    for seed in seeds:
        simulation = laboratory(Participation(), UNSEEN, 20, STRANGERS, seed)
        events = play(simulation, 1 + REVISE_EVERY * (decisions - 1))
        missing += missing_in(events)
        shares.append([joined(made) for made in by_decision(events)])
    first, last = (fmean(path[place] for path in shares) for place in (0, -1))
    return near(
        f"public good without reputation: joining at first, and at the {decisions}th decision",
        "human",
        "Fischbacher & Gächter 2010",
        (0.4, 0.1),
        (first, last),
        0.1,
        mind=UNSEEN,
        missing=missing,
        note=f"{PARAMETER}; {len(seeds)} societies of 20; ours: join or not, five talks between",
    )


def being_seen(seeds: Sequence[int]) -> Check:
    """Compare how often people join who are seen, and who are not."""
    rates, missing = {}, 0
    for mind in (SEEN, UNSEEN):
        societies = [laboratory(Participation(), mind, 100, STRANGERS, seed) for seed in seeds]
        events = [event for society in societies for event in play(society, 1)]
        rates[mind] = joined([event for event in events if isinstance(event, ChoiceMade)])
        missing += missing_in(events)
    seen, unseen = rates[SEEN], rates[UNSEEN]
    return near(
        "joining if seen, as a multiple of joining unseen",
        "human",
        "Yoeli et al. 2013",
        3.0,
        seen / unseen if unseen else None,
        1.0,
        mind=f"{SEEN} / {UNSEEN}",
        missing=missing,
        note=f"{PARAMETER}, as odds; {seen:.2f} against {unseen:.2f}",
    )


def by_decision(events: Sequence[Event]) -> Iterator[list[ChoiceMade]]:
    """Yield the choices of one round after another."""
    made = [event for event in events if isinstance(event, ChoiceMade)]
    for round_ in dict.fromkeys(Coordinate.parse(event.decision).group for event in made):
        yield [event for event in made if Coordinate.parse(event.decision).group == round_]


def joined(made: Sequence[ChoiceMade]) -> float:
    """Return the share that joined."""
    return fmean(event.act.cooperation or 0.0 for event in made)


def missing_in(events: Sequence[Event]) -> int:
    """Return how many decisions could not be had."""
    return sum(isinstance(event, DecisionMissing) for event in events)
