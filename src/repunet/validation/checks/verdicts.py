"""Verdicts one by one: is every record what the norm makes of the act that it is about?

Rates of help say little of cases that are rare. So a small society that helps by the toss of a
coin, and judges by a norm, is followed act by act beside a ledger that knows the table alone.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from repunet.chance import draw
from repunet.questions.coordinate import Coordinate
from repunet.scenarios.donor import DecideHelp, Help
from repunet.simulation import Simulation
from repunet.validation.aid import RECIPIENT, MutualAid, number
from repunet.validation.arena import BARE, encounters
from repunet.validation.check import Check, same
from repunet.validation.in_memory import people, rounds
from repunet.validation.minds.norm import Lapses, NormMind, opinions_in
from repunet.validation.minds.standing import GOOD, helping, passing_by
from repunet.validation.theory.leading_eight import LEADING_EIGHT, Case, Norm
from repunet.world.encounter import Act
from repunet.world.persona import AgentId
from repunet.world.society import Society

AGREED = replace(BARE, reputation=True, witnesses=1.0)
"""Everybody sees everything, and forms a record of itself too."""
AGENTS, ROUNDS = 10, 30
CASES = 8


class Fickle(NormMind):
    """Mind that judges by its norm and acts by chance, so that every case comes up."""

    def decide(self, asked: DecideHelp, at: Coordinate) -> Help:
        """Toss a coin."""
        heads = draw(self._seed, str(at)) < 0.5
        return helping("heads") if heads else passing_by("tails")


@dataclass(slots=True)
class VerdictTally:
    """Counts of records, and of those that are as the norm has them."""

    records: int = 0
    right: int = 0
    cases: frozenset[Case] = frozenset()

    def __str__(self) -> str:
        return f"{self.right} of {self.records} records right, in {len(self.cases)} cases"


def recorded(name: str, seed: int, norm: Norm | None = None) -> Check:
    """Check that all records of a society under one of the leading eight are what it says."""
    ruled = LEADING_EIGHT[name]
    tally = tallied(ruled, norm or ruled, seed)
    return same(
        f"{ruled.name}: verdicts in all records",
        "exact",
        "Ohtsuki & Iwasa 2004, 2006",
        f"{tally.records} of {tally.records} records right, in {CASES} cases",
        str(tally),
        note=f"one society of {AGENTS}, {ROUNDS} rounds, help by the toss of a coin",
    )


def tallied(ruled: Norm, norm: Norm, seed: int) -> VerdictTally:
    """Return how records under one norm compare with the verdicts of another."""
    dilemma = MutualAid()
    society = Society(dilemma.name, AGREED, people(AGENTS, dilemma.name), seed)
    mind = Fickle(norm, seed, opinions_in(society), Lapses())
    ledger, tally = dict.fromkeys(society.agents, GOOD), VerdictTally()
    for events in rounds(Simulation(society, dilemma, mind), ROUNDS):
        acts = [act for met in encounters(events) for act in met.acts]
        cases = dict(_cases(acts, ledger))
        ledger |= {agent: ruled.after(*case) for agent, case in cases.items()}
        tally.cases |= frozenset(cases.values())
        tally.records += len(society.agents) ** 2
        tally.right += _agreeing(society, ledger)
    return tally


def _cases(acts: list[Act], ledger: Mapping[AgentId, bool]) -> Iterator[tuple[AgentId, Case]]:
    numbers = {number(agent): agent for agent in ledger}
    for act in acts:
        recipient = numbers[act.facts[RECIPIENT]]
        yield act.agent, (ledger[act.agent], ledger[recipient], act.cooperation == 1.0)


def _agreeing(society: Society, ledger: Mapping[AgentId, bool]) -> int:
    """Return how many opinions, of everybody about everybody, are as in the ledger."""
    opinion = opinions_in(society)
    return sum(
        opinion(ego, number(agent)) == good
        for ego in society.agents
        for agent, good in ledger.items()
    )
