"""Runs of the embedded mind, played in memory: which there are, and what is measured in each.

The unit of inference is the run. A rate whose denominator is empty is None, never a number.
"""

import asyncio
import gc
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from math import cos, exp, inf, isfinite, lgamma, nan, pi, sqrt, tan
from statistics import correlation, fmean, stdev
from typing import NamedTuple, TypeAlias

from repunet.minds.embedded.model.parameters import PROFILES, Parameters
from repunet.minds.router import MindSpec, mind_router, read_settings
from repunet.record.manifest import Manifest
from repunet.scenarios import scenario
from repunet.simulation import Simulation
from repunet.world.encounter import UNIT, Act, Encounter
from repunet.world.event import ChoiceMade, DecisionMissing, EncounterEnded, Event, GossipHeard
from repunet.world.gossip import Gossip
from repunet.world.persona import AgentId, Disposition, Persona
from repunet.world.population import population
from repunet.world.treatment import TREATMENTS, Treatment

AGENTS = 20
ROUNDS = 60
WINDOW = 5
"""Rounds at the end of a run that a headline is the mean of (paper, Table 1)."""
HORIZONS = (30, 60, 100)
"""Rounds after which a run is looked at, if it is that long: no agent knows when it ends."""

PROSOCIAL, SELF_INTERESTED = Disposition.PROSOCIAL, Disposition.SELF_INTERESTED

Measures: TypeAlias = dict[str, float | None]


# Which runs there are -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Arm:
    """A condition: runs that differ in nothing but the seed."""

    scenario: str
    treatment: str
    mind: str = "embedded"
    switches: tuple[tuple[str, str], ...] = ()
    people: Disposition | None = None
    """The disposition that everybody has; None for the ten and ten of the twenty."""
    agents: int = AGENTS
    rounds: int = ROUNDS

    @property
    def condition(self) -> Treatment:
        """Return the treatment with this arm's switches."""
        return TREATMENTS[self.treatment].switched(**dict(self.switches))

    @property
    def personas(self) -> tuple[Persona, ...]:
        """Return who lives in it."""
        people = population(self.agents, self.scenario)
        if self.people is None:
            return people
        return tuple(replace(person, disposition=self.people) for person in people)


@dataclass
class Played:
    """What is kept of a run until it is measured."""

    arm: Arm
    dispositions: dict[AgentId, Disposition]
    encounters: list[tuple[int, Encounter]] = field(default_factory=list)
    choices: list[tuple[int, Act]] = field(default_factory=list)
    gossip: list[Gossip] = field(default_factory=list)
    missing: int = 0
    tied_by: dict[AgentId, int] = field(default_factory=dict)
    """How many have a tie to each agent at the end."""

    def keep(self, round_: int, event: Event) -> None:
        """Keep what will be measured."""
        match event:
            case EncounterEnded(encounter=encounter):
                self.encounters.append((round_, encounter))
            case ChoiceMade(act=act):
                self.choices.append((round_, act))
            case GossipHeard(gossip=gossip):
                self.gossip.append(gossip)
            case DecisionMissing():
                self.missing += 1

    def between(self, first: int, last: int) -> list[Encounter]:
        """Return the encounters of these rounds."""
        return [met for round_, met in self.encounters if first <= round_ <= last]


def play(arm: Arm, seed: int) -> Played:
    """Play one run in memory."""
    personas = arm.personas
    society = Manifest(arm.scenario, arm.condition, personas, seed, {}).society()
    mind = mind_router({"*": arm.mind}, seed)
    simulation = Simulation(society, scenario(arm.scenario), mind)
    played = Played(arm, {person.id: person.disposition for person in personas})

    async def rounds() -> None:
        for number in range(1, arm.rounds + 1):
            for event in await simulation.step():
                played.keep(number, event)

    asyncio.run(rounds())
    played.tied_by = dict.fromkeys(society.agents, 0)
    for _, alter in society.network:
        played.tied_by[alter.agent] += 1
    return played


def run(job: tuple[Arm, int]) -> tuple[Arm, int, Measures]:
    """Play and measure one run; a worker's whole task."""
    arm, seed = job
    gc.disable()  # a run makes hardly any garbage before its end
    measured = measure(play(arm, seed))
    gc.collect()
    return arm, seed, measured


# What is measured in a run ------------------------------------------------------------------------


class Decided(NamedTuple):
    """A decision that counts towards the headline, and how cooperative it was."""

    agent: AgentId
    degree: float


class Deal(NamedTuple):
    """A deal that was proposed, in whole percent; `returned` is None where it was declined."""

    trustee: AgentId
    promised: int
    percent: int
    returned: int | None

    @property
    def kept(self) -> bool:
        """Tell whether it was accepted and the promise kept."""
        return self.returned is not None and self.returned >= self.promised


def deals(encounters: Iterable[Encounter]) -> list[Deal]:
    """Return the deals that were proposed; where nothing could be invested none was."""
    found = []
    for met in encounters:
        if len(met.acts) == 2 and "promised" in met.acts[1].facts:
            investor, trustee = met.acts
            facts = trustee.facts
            percent = investor.facts["percent"]
            found.append(Deal(trustee.agent, facts["promised"], percent, facts.get("returned")))
    return found


def decided(played: Played, first: int, last: int) -> list[Decided]:
    """Return the decisions of these rounds whose mean is the scenario's cooperation."""
    match played.arm.scenario:
        case "participation":
            acts = [act for round_, act in played.choices if first <= round_ <= last]
        case "investment":
            made = deals(played.between(first, last))
            return [Decided(deal.trustee, float(deal.kept)) for deal in made]
        case _:
            acts = list(chain.from_iterable(met.acts for met in played.between(first, last)))
    return [Decided(act.agent, act.cooperation) for act in acts if act.cooperation is not None]


def window(played: Played, last: int) -> tuple[int, int]:
    """Return the first and last round of the headline window that ends with this round."""
    if played.arm.scenario == "participation":
        latest = max(round_ for round_, _ in played.choices if round_ <= last)
        return latest, latest
    return max(1, last - WINDOW + 1), last


def mean(values: Iterable[float]) -> float | None:
    """Return the mean, None of nothing."""
    known = list(values)
    return fmean(known) if known else None


def measure(played: Played) -> Measures:
    """Return everything that is measured in a run."""
    rounds = played.arm.rounds
    latest = decided(played, *window(played, rounds))
    measures: Measures = {
        "cooperation": mean(each.degree for each in latest),
        "missing": float(played.missing),
        "known": known(played, rounds),
        **{
            f"cooperation@{at}": mean(d.degree for d in decided(played, *window(played, at)))
            for at in HORIZONS
            if at <= rounds
        },
        "first": mean(d.degree for d in decided(played, 1, WINDOW)),
        "r by act": _r(played, latest),
        "r by agent": _r(played, _averaged(decided(played, 1, rounds))),
        **by_disposition(played, latest),
        **talk(played),
    }
    if measures["cooperation"] is not None and measures["first"] is not None:
        measures["trend"] = measures["cooperation"] - measures["first"]
    match played.arm.scenario:
        case "investment":
            measures |= trading(played, *window(played, rounds))
        case "pd":
            measures["favour"] = favour(played, *window(played, rounds))
    return measures


def known(played: Played, last: int) -> float | None:
    """Return the share of latest meetings in which ego knew something of the other."""
    met = played.between(last - WINDOW + 1, last)
    return mean(float(bool(knew)) for each in met for knew in each.knew_before)


def by_disposition(played: Played, latest: Sequence[Decided]) -> Measures:
    """Return cooperation, payoff and ties from others, for either disposition."""
    kinds = played.dispositions
    earned = [act for _, met in played.encounters for act in met.acts]
    measures: Measures = {}
    for kind in (PROSOCIAL, SELF_INTERESTED):
        measures |= {
            f"cooperation, {kind}": mean(d.degree for d in latest if kinds[d.agent] is kind),
            f"payoff, {kind}": mean(a.payoff / UNIT for a in earned if kinds[a.agent] is kind),
            f"ties, {kind}": mean(n for a, n in played.tied_by.items() if kinds[a] is kind),
        }
    return measures


def favour(played: Played, first: int, last: int) -> float | None:
    """Return how much likelier cooperation is with a prosocial than with another partner."""
    given: dict[Disposition, list[float]] = {PROSOCIAL: [], SELF_INTERESTED: []}
    for met in played.between(first, last):
        for act, other in zip(met.acts, met.acts[::-1], strict=True):
            given[played.dispositions[other.agent]].append(float(act.cooperation or 0.0))
    with_prosocial, with_others = mean(given[PROSOCIAL]), mean(given[SELF_INTERESTED])
    if with_prosocial is None or with_others is None:
        return None
    return with_prosocial - with_others


def trading(played: Played, first: int, last: int) -> Measures:
    """Return what stands beside the adherence to promises in trading investment."""
    made = deals(played.between(first, last))
    accepted = [deal for deal in made if deal.returned is not None]
    pairs = {
        tuple(who.agent for who in met.participants)
        for round_, met in played.encounters
        if round_ <= last
    }
    people = len(played.dispositions)
    return {
        "kept": mean(float(deal.kept) for deal in accepted),
        "accepted": mean(float(deal.returned is not None) for deal in made),
        "sent": mean(deal.percent / 100 for deal in made),
        "returned": mean((deal.returned or 0) / 100 for deal in accepted),
        "no funds": mean(float(m.outcome == "no_funds") for m in played.between(first, last)),
        "never met": 1.0 - len(pairs) / (people * (people - 1)),
    }


def talk(played: Played) -> Measures:
    """Return the share of good news among what was told, beside that of good acts; whole run."""
    told = [piece.valence for piece in played.gossip if piece.order == 1 and piece.valence]
    acts = [act for _, met in played.encounters for act in met.acts if act.valence]
    if not told or not acts:
        return {}
    positive = fmean(valence > 0 for valence in told)
    good = fmean(act.valence > 0 for act in acts)
    notable = [_as_judged(act, played.arm.mind) for act in acts]
    expected = sum(v for v in notable if v > 0) / sum(map(abs, notable))
    return {
        "pieces": float(len(told)),
        "positive": positive,
        "good acts": good,
        "notable good acts": expected,
        "positive minus good": positive - good,
        "positive minus notable good": positive - expected,
    }


def _as_judged(act: Act, mind: str) -> float:
    excuse = parameters_of(mind).excuse if act.excused and act.valence < 0 else 0.0
    return act.valence * (1.0 - excuse)


def parameters_of(mind: str) -> Parameters:
    """Return the parameters of a mind of the embedded kind, by its name."""
    spec = MindSpec.parse(mind)
    profile = ":".join(filter(None, (spec.name, spec.variant)))
    return read_settings(PROFILES[profile], spec.settings)


def _averaged(decisions: Iterable[Decided]) -> list[Decided]:
    by_agent: dict[AgentId, list[float]] = {}
    for agent, degree in decisions:
        by_agent.setdefault(agent, []).append(degree)
    return [Decided(agent, fmean(degrees)) for agent, degrees in by_agent.items()]


def _r(played: Played, decisions: Sequence[Decided]) -> float | None:
    """Return how disposition and cooperation correlate, None where either does not vary."""
    prosocial = [float(played.dispositions[each.agent] is PROSOCIAL) for each in decisions]
    degrees = [each.degree for each in decisions]
    if len(set(prosocial)) < 2 or len(set(degrees)) < 2:
        return None
    return correlation(prosocial, degrees)


# Statistics ---------------------------------------------------------------------------------------


class Estimate(NamedTuple):
    """A mean over runs with the half-width of its 95 % t-interval."""

    mean: float
    half: float
    n: int

    @property
    def low(self) -> float:
        """Lower end of the interval."""
        return self.mean - self.half

    @property
    def high(self) -> float:
        """Upper end of the interval."""
        return self.mean + self.half

    @property
    def sign(self) -> int:
        """1 or -1 where the interval excludes 0, else 0."""
        return (self.low > 0) - (self.high < 0)

    def __str__(self) -> str:
        return f"{short(self.mean)} ± {short(self.half)}" if isfinite(self.mean) else "–"


def short(value: float) -> str:
    """Return a number in few digits, with no zero before the point: .54, -.03, 1.20, 613."""
    if not isfinite(value):
        return "–"
    if abs(value) >= 10:
        return f"{value:.0f}"
    text = f"{value:.2f}".replace("0.", ".", 1) if abs(value) < 1 else f"{value:.2f}"
    return ".00" if text == "-.00" else text


def estimate(values: Iterable[float | None]) -> Estimate:
    """Return the mean and the interval of the values that are known."""
    kept = [value for value in values if value is not None]
    if not kept:
        return Estimate(nan, nan, 0)
    if len(kept) == 1:
        return Estimate(kept[0], inf, 1)
    half = t_quantile(len(kept) - 1) * stdev(kept) / sqrt(len(kept))
    return Estimate(fmean(kept), half, len(kept))


def t_quantile(freedom: int, level: float = 0.95) -> float:
    """Return the two-sided quantile of Student's t, by bisection.

    With t = sqrt(freedom) tan(angle) the density is proportional to cos(angle) ** (freedom - 1).
    """
    scale = exp(lgamma((freedom + 1) / 2) - lgamma(freedom / 2)) / sqrt(pi)
    low, high = 0.0, pi / 2
    for _ in range(60):
        middle = (low + high) / 2
        if scale * _area(middle, freedom - 1) < level / 2:
            low = middle
        else:
            high = middle
    return sqrt(freedom) * tan(low)


def _area(angle: float, power: int, steps: int = 400) -> float:
    """Integrate cos ** power from 0 to the angle, by Simpson's rule."""
    step = angle / steps
    heights = (cos(i * step) ** power * (4 if i % 2 else 2) for i in range(1, steps))
    return step / 3 * (1.0 + cos(angle) ** power + sum(heights))


class Results:
    """The measures of all runs, by arm and seed."""

    def __init__(self, runs: Iterable[tuple[Arm, int, Measures]]) -> None:
        self._runs: dict[Arm, dict[int, Measures]] = {}
        for arm, seed, measured in runs:
            self._runs.setdefault(arm, {})[seed] = measured

    def __len__(self) -> int:
        return sum(map(len, self._runs.values()))

    def __iter__(self) -> Iterator[Measures]:
        return (measured for runs in self._runs.values() for measured in runs.values())

    def of(self, arm: Arm, name: str = "cooperation") -> Estimate:
        """Return the mean of a measure over the runs of an arm."""
        return estimate(measured.get(name) for measured in self._runs[arm].values())

    def difference(self, one: Arm, other: Arm, name: str = "cooperation") -> Estimate:
        """Return by how much the one exceeds the other, over the seeds that both were run with."""
        return self.combined({one: 1.0, other: -1.0}, name)

    def combined(self, weights: Mapping[Arm, float], name: str = "cooperation") -> Estimate:
        """Return a weighted sum of arms, formed within each seed that all were run with."""
        runs = [self._runs[arm] for arm in weights]
        seeds = [seed for seed in runs[0] if all(seed in each for each in runs)]
        return estimate(
            _weighted(weights.values(), [each[seed].get(name) for each in runs]) for seed in seeds
        )

    def contrast(self, arm: Arm, one: str, other: str) -> Estimate:
        """Return by how much one measure exceeds another in the runs of an arm."""
        runs = self._runs[arm].values()
        return estimate(_weighted((1.0, -1.0), (each.get(one), each.get(other))) for each in runs)


def _weighted(weights: Iterable[float], values: Iterable[float | None]) -> float | None:
    """Return a weighted sum, None if one of the values is not known."""
    total = 0.0
    for weight, value in zip(weights, values, strict=True):
        if value is None:
            return None
        total += weight * value
    return total
