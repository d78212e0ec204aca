"""Verdicts one by one: is every record what the norm makes of the act that it is about?

Rates of help say little of cases that are rare. So a small society that helps by the toss of a
coin, and judges by a norm, is followed act by act beside a ledger that knows the table alone.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from repunet.chance import draw
from repunet.encounter import Act
from repunet.mind import Coordinate
from repunet.persona import AgentId
from repunet.scenarios.donor import DecideHelp, Help
from repunet.simulation import Simulation
from repunet.society import Society
from repunet.validation.aid import RECIPIENT, MutualAid, number
from repunet.validation.arena import BARE, encounters
from repunet.validation.check import Check, same
from repunet.validation.in_memory import people, rounds
from repunet.validation.leading_eight import LEADING_EIGHT, Case, Norm
from repunet.validation.norm_mind import Lapses, NormMind, opinions_in
from repunet.validation.standing import GOOD, helping, passing_by

AGREED = replace(BARE, reputation=True, witnesses=1.0)
"""Everybody sees everything, and forms a record of itself too."""
AGENTS, ROUNDS = 10, 30
CASES = 8


class Fickle(NormMind):
    """Judges by its norm, and acts as chance will have it: so that every case comes up."""

    def decide(self, asked: DecideHelp, at: Coordinate) -> Help:
        """Toss a coin."""
        heads = draw(self._seed, str(at)) < 0.5
        return helping("heads") if heads else passing_by("tails")


@dataclass(slots=True)
class Tally:
    """How many records there are, how many are as the norm has them, and in which cases."""

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


def tallied(ruled: Norm, norm: Norm, seed: int) -> Tally:
    """Return how records under one norm compare with the verdicts of another."""
    dilemma = MutualAid()
    society = Society(dilemma.name, AGREED, people(AGENTS, dilemma.name), seed)
    mind = Fickle(norm, seed, opinions_in(society), Lapses())
    ledger, tally = dict.fromkeys(society.agents, GOOD), Tally()
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
