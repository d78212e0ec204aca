"""A run in a few numbers: the ones that commands print."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean

from repunet.analysis.costs import total
from repunet.analysis.makers import known_minds, made_up
from repunet.attempts import spent
from repunet.encounter import UNIT, Act
from repunet.event import (
    AgentJoined,
    ChoiceMade,
    DecisionMissing,
    EncounterEnded,
    Event,
    GossipHeard,
    Imported,
    TieFormed,
    TieSevered,
    TreatmentChanged,
    unfolded,
)
from repunet.forking import treatment_label
from repunet.journal import Journal
from repunet.models.ledger import DOLLAR
from repunet.persona import AgentId, Persona
from repunet.scenarios import scenario
from repunet.stakes import Provision
from repunet.treatment import Treatment

WINDOW = 5
"""Rounds at the end of a run that the headline is the mean of (paper, Table 1)."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What was counted in one round."""

    cooperation: float | None
    """Mean degree of cooperation of the acts that have one; None where there were none."""
    missing: int
    void: int
    payoffs: dict[AgentId, int]
    ties: int
    """Ties formed minus ties severed."""
    gossip: int


@dataclass(frozen=True, slots=True)
class Summary:
    """A run, its headline, and what stands behind it."""

    name: str
    path: str
    scenario: str
    treatment: str
    mind: str
    agents: int
    seed: int
    rounds: int
    planned: int
    cooperation: tuple[float | None, ...]
    """By round."""
    headline: float | None
    """Mean over the last rounds, five if there are as many; in voluntary participation the latest
    rate, which is of the last round in which agents chose."""
    overall: float | None
    payoff: dict[str, float]
    """Mean payoff for each encounter, by disposition; empty where there are none to be had."""
    decisions: int
    """Every question that was asked, answered or not."""
    missing: int
    void: int
    ties: int
    gossip: int
    digest: str
    calls: int = 0
    """Requests sent to language models; what a fork inherited was not sent again."""
    tokens: int = 0
    dollars: float | None = None
    """What they cost; None where the price of any of them is not known, or nothing was sent."""
    cached: float | None = None
    """Share of the tokens in that providers took from a cache; None where they say of none."""


def cooperation(events: Iterable[Event], scenario: str = "") -> float | None:
    """Return the headline rate of these events, None where they hold nothing to take it from.

    Voluntary participation: the share of joins among the choices made. Trading investment:
    adherence, the share of proposed deals in which the trustee returned what it had promised (a
    declined deal is none). Elsewhere: the mean degree of cooperation of the acts in encounters; in
    the Prisoner's Dilemma the share of cooperations among valid decisions.

    >>> cooperation([]) is None
    True
    """
    degrees = HEADLINES.get(scenario, _acts)(list(events))
    return fmean(degrees) if degrees else None


def _acts(events: Sequence[Event]) -> list[float]:
    return [act.cooperation for act in _all_acts(events) if act.cooperation is not None]


def _joins(events: Sequence[Event]) -> list[float]:
    made = (event.act.cooperation for event in events if isinstance(event, ChoiceMade))
    return [degree for degree in made if degree is not None]


def _adherence(events: Sequence[Event]) -> list[float]:
    trustees = (act for act in _all_acts(events) if "promised" in act.facts)
    return [float(act.facts.get("returned", -1) >= act.facts["promised"]) for act in trustees]


def _all_acts(events: Sequence[Event]) -> Iterator[Act]:
    for event in events:
        if isinstance(event, EncounterEnded):
            yield from event.encounter.acts


HEADLINES = {"participation": _joins, "investment": _adherence}


def tally(events: Sequence[Event], scenario: str = "") -> Tally:
    """Count one round."""
    encounters = [event.encounter for event in events if isinstance(event, EncounterEnded)]
    acts = [act for encounter in encounters for act in encounter.acts]
    return Tally(
        cooperation=cooperation(events, scenario),
        missing=sum(isinstance(event, DecisionMissing) for event in events),
        void=sum(encounter.outcome == "void" for encounter in encounters),
        payoffs={act.agent: act.payoff for act in acts},
        ties=sum(isinstance(event, TieFormed) for event in events)
        - sum(isinstance(event, TieSevered) for event in events),
        gossip=sum(isinstance(event, GossipHeard) for event in events),
    )


def summarise(journal: Journal) -> Summary:
    """Return a run in a few numbers."""
    founding = journal.founding
    rounds: dict[int, list[Event]] = {number + 1: [] for number in range(journal.rounds)}
    changes: dict[int, Treatment] = {}
    imported = 0
    for written in journal.events():
        if isinstance(written.event, Imported):
            imported = written.round
        for event in unfolded(written.event):
            rounds[written.round].append(event)
            if isinstance(event, TreatmentChanged):
                changes[written.round] = event.treatment
    people = [*founding.personas, *_joined(rounds.values())]
    tallies = [tally(events, founding.scenario) for events in rounds.values()]
    rates = tuple(each.cooperation for each in tallies)
    missing = sum(each.missing for each in tallies)
    asked = spent(journal)
    return Summary(
        name=journal.path.parent.name,
        path=str(journal.path),
        scenario=founding.scenario,
        treatment=treatment_label(journal, changes),
        mind=known_minds(founding.mind_names, imported, journal.rounds, made_up(journal)),
        agents=len(people),
        seed=founding.seed,
        rounds=journal.rounds,
        planned=int(journal.meta("planned") or 0),
        cooperation=rates,
        headline=headline(rates, founding.scenario),
        overall=mean_rate(rates),
        payoff=_payoffs(people, tallies) if _pays(founding.scenario) else {},
        decisions=sum(len(journal.decisions(number)) for number in rounds) + missing,
        missing=missing,
        void=sum(each.void for each in tallies),
        ties=sum(each.ties for each in tallies),
        gossip=sum(each.gossip for each in tallies),
        digest=journal.digest(),
        calls=asked.calls,
        tokens=asked.tokens,
        dollars=None if asked.unpriced or not asked.calls else asked.cost / DOLLAR,
        cached=total(journal).from_cache,
    )


def _joined(rounds: Iterable[Sequence[Event]]) -> Iterator[Persona]:
    for events in rounds:
        yield from (event.persona for event in events if isinstance(event, AgentJoined))


def _pays(dilemma: str) -> bool:
    """Tell whether acts in a dilemma earn anything: providing a public good has a cost in words."""
    return not isinstance(scenario(dilemma).stakes, Provision)


def _payoffs(people: Iterable[Persona], tallies: Iterable[Tally]) -> dict[str, float]:
    kinds = {person.id: str(person.disposition) for person in people}
    earned: dict[str, list[float]] = {kind: [] for kind in dict.fromkeys(kinds.values())}
    for each in tallies:
        for agent, payoff in each.payoffs.items():
            earned[kinds[agent]].append(payoff / UNIT)
    return {kind: fmean(payoffs) for kind, payoffs in earned.items() if payoffs}


def headline(rates: Sequence[float | None], scenario: str = "") -> float | None:
    """Return the headline of a run: the mean rate of its last rounds.

    In participation the latest one, however long ago: choices stand until the next ones.

    >>> headline([0.2, 0.4, *[None] * 9], "participation")
    0.4
    """
    if scenario == "participation":
        return next((rate for rate in reversed(rates) if rate is not None), None)
    return mean_rate(rates[-WINDOW:])


def mean_rate(rates: Sequence[float | None]) -> float | None:
    """Return the mean of the rates that are known, None if none is."""
    known = [rate for rate in rates if rate is not None]
    return fmean(known) if known else None
