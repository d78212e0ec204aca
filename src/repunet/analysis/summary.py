"""A run in a few numbers: the ones that commands print."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean

from repunet.analysis.costs import total
from repunet.analysis.makers import known_minds, made_up
from repunet.models.ledger import DOLLAR
from repunet.record.attempts import spent
from repunet.record.changes import treatment_label
from repunet.record.journal import Journal
from repunet.scenarios import scenario
from repunet.scenarios.headline import cooperation, headline, mean_rate
from repunet.world.encounter import UNIT
from repunet.world.event import (
    AgentJoined,
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
from repunet.world.persona import AgentId, Persona
from repunet.world.stakes import Provision
from repunet.world.treatment import Treatment


@dataclass(frozen=True, slots=True)
class RoundTally:
    """Counts of one round."""

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


def tally(events: Sequence[Event], scenario: str) -> RoundTally:
    """Count one round."""
    encounters = [event.encounter for event in events if isinstance(event, EncounterEnded)]
    acts = [act for encounter in encounters for act in encounter.acts]
    return RoundTally(
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
    manifest = journal.manifest
    rounds, changes, imported = _rounds(journal)
    people = [*manifest.personas, *_joined(rounds.values())]
    tallies = [tally(events, manifest.scenario) for events in rounds.values()]
    rates = tuple(each.cooperation for each in tallies)
    missing = sum(each.missing for each in tallies)
    asked = spent(journal)
    return Summary(
        name=journal.path.parent.name,
        path=str(journal.path),
        scenario=manifest.scenario,
        treatment=treatment_label(journal, changes),
        mind=known_minds(manifest.mind_names, imported, journal.rounds, made_up(journal)),
        agents=len(people),
        seed=manifest.seed,
        rounds=journal.rounds,
        planned=journal.notes.planned,
        cooperation=rates,
        headline=headline(rates, manifest.scenario),
        overall=mean_rate(rates),
        payoff=_payoffs(people, tallies) if _pays(manifest.scenario) else {},
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


def _rounds(journal: Journal) -> tuple[dict[int, list[Event]], dict[int, Treatment], int]:
    """Return the events by round, the changes of treatment, and the last round that is imported."""
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
    return rounds, changes, imported


def _joined(rounds: Iterable[Sequence[Event]]) -> Iterator[Persona]:
    for events in rounds:
        yield from (event.persona for event in events if isinstance(event, AgentJoined))


def _pays(dilemma: str) -> bool:
    """Tell whether acts in a dilemma earn anything: providing a public good has a cost in words."""
    return not isinstance(scenario(dilemma).stakes, Provision)


def _payoffs(people: Iterable[Persona], tallies: Iterable[RoundTally]) -> dict[str, float]:
    kinds = {person.id: str(person.disposition) for person in people}
    earned: dict[str, list[float]] = {kind: [] for kind in dict.fromkeys(kinds.values())}
    for each in tallies:
        for agent, payoff in each.payoffs.items():
            earned[kinds[agent]].append(payoff / UNIT)
    return {kind: fmean(payoffs) for kind, payoffs in earned.items() if payoffs}
