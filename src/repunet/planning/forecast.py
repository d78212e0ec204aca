"""Forecasts: what a run will ask of language models, before anything is spent on it.

The society plays in memory three times: with the embedded mind in the place of the models, which
says what is likely, and with two minds that bound what any model may do.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from math import ceil, floor
from pathlib import Path
from typing import Any, Generic, TypeAlias, TypeVar

from repunet.errors import UsageError
from repunet.minds.extremes import Agreeable, Aloof
from repunet.minds.language.connect import at_once
from repunet.minds.language.terms import Terms
from repunet.minds.router import make_mind
from repunet.models.allowance import Allowance
from repunet.models.endpoint import Endpoint
from repunet.models.ledger import DOLLAR
from repunet.models.prices import LOCAL, UNKNOWN, Price, price_of
from repunet.models.request import Usage
from repunet.planning.assumptions import HIGH, LIKELY, LOW, Assumptions, words
from repunet.planning.pace import ASSUMED, AnswerPace, assumed, pace
from repunet.planning.rehearsal import AskedModel, Assignment, QuestionTally, Rehearsal, rehearse
from repunet.questions.mind import Mind
from repunet.record.manifest import Manifest
from repunet.record.notes import COMPACT, FAITHFUL, PLAIN

N = TypeVar("N", int, float)

MINUTE = 60.0


FREE = Terms()
MESSAGES = 2
REPAIR = 150
"""Tokens of the words in which a model is told what is wrong, at most."""


@dataclass(frozen=True, slots=True)
class Estimate(Generic[N]):
    """Likely value, and the bounds around it."""

    low: N
    likely: N
    high: N


@dataclass(frozen=True, slots=True)
class OfOperation:
    """Forecast of one kind of question."""

    operation: str
    calls: Estimate[int]
    tokens_in: Estimate[int]
    tokens_out: Estimate[int]


@dataclass(frozen=True, slots=True)
class OfModel:
    """Forecast of one model."""

    model: str
    calls: Estimate[int]
    tokens_in: Estimate[int]
    tokens_out: Estimate[int]
    cost: Estimate[float] | None
    """Dollars; None where the price is not known."""
    prices: str
    """Who says what it costs; empty where that is not known."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """Forecast of a run."""

    scenario: str
    treatment: str
    agents: int
    rounds: int
    plan: str
    prompts: str
    calls: Estimate[int]
    tokens_in: Estimate[int]
    tokens_out: Estimate[int]
    cost: Estimate[float] | None
    """Dollars; None if the price of any of the models is not known."""
    seconds: Estimate[float] | None
    """None where it is not known how fast a model is."""
    waits: Estimate[int]
    """Answers that wait for one another on the critical path, over all rounds."""
    longest: Estimate[int]
    """The same in the round with most of them."""
    operations: tuple[OfOperation, ...]
    models: tuple[OfModel, ...]
    calls_by_round: tuple[int, ...]
    """Likely."""
    waits_by_round: tuple[int, ...]
    """Likely."""
    warnings: tuple[str, ...]
    assumptions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Need:
    """Calls, tokens and cost of some questions."""

    calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cost: int | None = 0
    """Billionths of a dollar; None where it is not known."""

    @property
    def tokens(self) -> int:
        """Return all of them."""
        return self.tokens_in + self.tokens_out

    @property
    def dollars(self) -> float:
        """Return what is known of what it costs."""
        return (self.cost or 0) / DOLLAR

    def __add__(self, other: "Need") -> "Need":
        known = self.cost is not None and other.cost is not None
        return Need(
            self.calls + other.calls,
            self.tokens_in + other.tokens_in,
            self.tokens_out + other.tokens_out,
            (self.cost or 0) + (other.cost or 0) if known else None,
        )


Three: TypeAlias = tuple[Need, Need, Need]
Paces: TypeAlias = Mapping[str, AnswerPace | None]
"""By model; None where it is not known."""
Rates: TypeAlias = Mapping[str, Price | None]
"""By model."""
Wanted: TypeAlias = Callable[[AskedModel], bool]


@dataclass(frozen=True, slots=True)
class Case:
    """One of the three: what was played, and what it comes to."""

    assumed: Assumptions
    played: Rehearsal
    needs: Mapping[AskedModel, Need]

    def sum(self, wanted: Wanted = lambda line: True) -> Need:
        """Return what all calls take, or those for which it is wanted."""
        return sum((need for line, need in self.needs.items() if wanted(line)), Need())


def forecast(
    manifest: Manifest,
    rounds: int,
    *,
    plan: str = FAITHFUL,
    prompts: str = PLAIN,
    terms: Terms = FREE,
    latency: float | None = None,
    files: Iterable[Path] = (),
) -> Forecast:
    """Return what a run will take. Where no mind is a language model, one decides for everyone.

    Answers take the seconds given, else as long as they took in one of the run files.

    Raises UsageError for what can't be rehearsed.
    """
    if rounds < 1:
        raise UsageError(f"a run has at least 1 round, not {rounds}")
    if latency is not None and not latency > 0:
        raise UsageError(f"an answer takes more than 0 seconds, not {latency:g}")
    casting = Assignment.of(manifest)
    rates, paces = rates_of(casting, terms.prices), _paces(casting, latency, files)
    case = partial(_case, manifest, rounds, casting, rates, plan, prompts)
    cases = Cases(
        case(LOW, Aloof),
        case(LIKELY, _embedded),
        case(HIGH, Agreeable),
        paces,
        terms.allowance,
        casting,
    )
    return Forecast(
        scenario=manifest.scenario,
        treatment=manifest.treatment.label,
        agents=len(manifest.personas),
        rounds=rounds,
        plan=plan,
        prompts=prompts,
        assumptions=tuple(words(paces, casting)),
        **_told(cases, rates),
    )


def likely(manifest: Manifest, rounds: int, terms: Terms = FREE) -> Need:
    """Return what a run is likely to take: the same as `forecast` says, in a third of the time."""
    casting = Assignment.of(manifest)
    rates = rates_of(casting, terms.prices)
    return _case(manifest, rounds, casting, rates, FAITHFUL, PLAIN, LIKELY, _embedded).sum()


def _embedded(seed: int) -> Mind:
    return make_mind("embedded", seed)


def _case(
    manifest: Manifest,
    rounds: int,
    casting: Assignment,
    rates: Rates,
    plan: str,
    prompts: str,
    assumed: Assumptions,
    stand_in: Callable[[int], Mind],
) -> Case:
    """Return one of the three, played."""
    played = rehearse(
        manifest,
        rounds,
        casting,
        stand_in,
        compact=plan == COMPACT,
        wording=prompts,
        acquainted=assumed is HIGH and casting.all_language,
    )
    return Case(assumed, played, needs_of(played, assumed, casting, rates))


def _told(cases: "Cases", rates: Rates) -> dict[str, Any]:
    """Return what the three cases say, by the name that a forecast has for it."""
    total = cases.needs()
    return dict(
        calls=_calls(total),
        tokens_in=_tokens_in(total),
        tokens_out=_tokens_out(total),
        cost=_cost(total),
        seconds=cases.times,
        waits=Estimate(*(sum(case.played.waits) for case in cases.all)),
        longest=Estimate(*(max(case.played.waits) for case in cases.all)),
        operations=tuple(cases.operations()),
        models=tuple(cases.models(rates)),
        calls_by_round=tuple(cases.likely.played.calls),
        waits_by_round=tuple(cases.likely.played.waits),
        warnings=tuple(cases.warnings(total)),
    )


@dataclass(frozen=True, slots=True)
class Cases:
    """Low, likely and high case, and the limits they are under."""

    low: Case
    likely: Case
    high: Case
    paces: Paces
    allowance: Allowance
    casting: Assignment

    @property
    def all(self) -> tuple[Case, Case, Case]:
        """Return them in order."""
        return self.low, self.likely, self.high

    def needs(self, wanted: Wanted = lambda line: True) -> Three:
        """Return what all calls take, or those for which it is wanted, in all three."""
        low, likely, high = (case.sum(wanted) for case in self.all)
        return low, likely, high

    def operations(self) -> Iterator[OfOperation]:
        """Yield what each kind of question takes."""
        for name in dict.fromkeys(line.operation for case in self.all for line in case.needs):
            needs = self.needs(partial(_is_of, operation=name))
            yield OfOperation(name, _calls(needs), _tokens_in(needs), _tokens_out(needs))

    def models(self, rates: Rates) -> Iterator[OfModel]:
        """Yield what is asked of each model."""
        for name, rate in rates.items():
            needs = self.needs(partial(_is_of, model=name))
            told = (_calls(needs), _tokens_in(needs), _tokens_out(needs), _cost(needs))
            yield OfModel(name, *told, "" if rate is None else rate.source)

    @property
    def times(self) -> Estimate[float] | None:
        """Return how long it takes, in seconds; None where a model's pace is not known."""
        known = {name: pace for name, pace in self.paces.items() if pace is not None}
        if len(known) < len(self.paces):
            return None
        return Estimate(*(self._seconds(case, known) for case in self.all))

    def _seconds(self, case: Case, paces: Mapping[str, AnswerPace]) -> float:
        """Return how long it takes: as long as the tightest limit, or the critical path, says."""
        answer = max(pace.of(case.assumed.case) for pace in paces.values())
        path = sum(case.played.waits) * answer * case.assumed.slower
        return round(max([path, *self._paced(case, paces)]), 1)

    def _paced(self, case: Case, paces: Mapping[str, AnswerPace]) -> Iterator[float]:
        """Yield how long each limit makes it take, at each server."""
        limits = self.allowance
        for models, slots in self._servers():
            need = case.sum(partial(_is_among, models))
            if limits.requests_per_minute:
                yield need.calls / limits.requests_per_minute * MINUTE
            if limits.tokens_per_minute:
                yield need.tokens / limits.tokens_per_minute * MINUTE
            if slots:
                yield _busy(case, models, paces) / slots

    def _servers(self) -> Iterator[tuple[set[str], int | None]]:
        """Yield the models of each server, and how many requests it has at once."""
        places: dict[tuple[str, str | None], set[str]] = {}
        room: dict[tuple[str, str | None], int | None] = {}
        for name, where in self.casting.endpoints.items():
            place = where.provider, where.url
            places.setdefault(place, set()).add(self.casting.called(name))
            room[place] = at_once(where, self.allowance)
        for place, models in places.items():
            own = room[place]
            slots = [s for s in (self.allowance.concurrency, own) if s is not None]
            yield models, min(slots, default=None)
        if not places:
            yield set(self.casting.models), self.allowance.concurrency

    def warnings(self, total: Three) -> Iterator[str]:
        """Yield which limits to what may be spent the run will, or may, come up against."""
        limits, (_, likely, high) = self.allowance, total
        if limits.budget is not None and likely.cost is None:
            yield "a budget needs to know what every model costs: say so in a file of --prices"
        for option, limit, expected, most in (
            ("max-calls", limits.max_calls, likely.calls, high.calls),
            ("max-total-tokens", limits.max_total_tokens, likely.tokens, high.tokens),
            ("budget", limits.budget, likely.dollars, high.dollars),
        ):
            if limit is not None and most > limit:
                sure = "likely" if expected > limit else "at the most"
                yield f"--{option} {limit:g} is {sure} too little: the run will stop, resumably"


def _is_of(line: AskedModel, model: str | None = None, operation: str | None = None) -> bool:
    return model in (None, line.model) and operation in (None, line.operation)


def _is_among(models: Collection[str], line: AskedModel) -> bool:
    return line.model in models


def _busy(case: Case, models: Collection[str], paces: Mapping[str, AnswerPace]) -> float:
    """Return the seconds that all answers of some models take, one after another."""
    return sum(
        need.calls * paces[line.model].of(case.assumed.case, line.operation)
        for line, need in case.needs.items()
        if line.model in models
    )


def _paces(casting: Assignment, latency: float | None, files: Iterable[Path]) -> Paces:
    """Return how fast every model is, by what outputs call it."""
    if latency is not None:
        said = assumed(latency, "as --latency says")
        return dict.fromkeys(map(casting.called, casting.models), said)
    if not casting.endpoints:
        return dict.fromkeys(casting.models, assumed(ASSUMED, "which is assumed, not measured"))
    looked = tuple(files)
    return {casting.called(name): pace(where, looked) for name, where in casting.endpoints.items()}


def rates_of(casting: Assignment, table: Mapping[str, Price] | None) -> Rates:
    """Return what the models cost, by what outputs call them; None where that is not known."""
    rates = {
        casting.called(name): price_of(where, table) for name, where in casting.endpoints.items()
    }
    return rates or dict.fromkeys(casting.models)


def needs_of(
    played: Rehearsal, assumed: Assumptions, casting: Assignment, rates: Rates
) -> dict[AskedModel, Need]:
    """Return what each kind of question to each model takes."""
    reads = {casting.called(name): _is_billed(where) for name, where in casting.endpoints.items()}
    return {
        line: _need(tally, assumed, reads.get(line.model, True), rates[line.model])
        for line, tally in played.tallies.items()
    }


def _is_billed(where: Endpoint) -> bool:
    """Tell whether the schema of an answer is taken to be part of the input."""
    return where.provider not in (*LOCAL, *UNKNOWN)


def _need(tally: QuestionTally, assumed: Assumptions, billed: bool, rate: Price | None) -> Need:
    schemas = billed if assumed.schemas is None else assumed.schemas
    size = tally.bytes_in + tally.bytes_schema * schemas
    taken = size / tally.rendered / assumed.bytes_a_token + MESSAGES * assumed.message
    given = tally.bytes_out / tally.rendered / assumed.bytes_a_token
    calls = floor(tally.calls * assumed.luck)
    again = ceil(calls * assumed.again)
    first = _priced(calls, taken, given, rate)
    return first + _priced(again, taken + given + REPAIR, given, rate)


def _priced(calls: int, taken: float, given: float, rate: Price | None) -> Need:
    """Return what calls of this length take."""
    cost = None if rate is None else calls * rate.cost(Usage(ceil(taken), ceil(given)))
    return Need(calls, round(calls * taken), round(calls * given), cost)


def _calls(needs: Three) -> Estimate[int]:
    return Estimate(*(need.calls for need in needs))


def _tokens_in(needs: Three) -> Estimate[int]:
    return Estimate(*(need.tokens_in for need in needs))


def _tokens_out(needs: Three) -> Estimate[int]:
    return Estimate(*(need.tokens_out for need in needs))


def _cost(needs: Three) -> Estimate[float] | None:
    costs = [need.cost / DOLLAR for need in needs if need.cost is not None]
    return Estimate(*costs) if len(costs) == len(needs) else None
