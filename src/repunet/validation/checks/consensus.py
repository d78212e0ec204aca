"""Gossip until all agree brings private opinions back to public ones (Kawakatsu et al. 2024).

Our gossip is told to one listener and passed on once. In a society of four, all tied to all, that
reaches everybody: whoever met somebody tells one of the two others, who tells the last. Witnesses
err, each for itself; those who met do not, and are believed. So all must agree after every round,
and help must be what the norm leads to where standings are public.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import permutations
from statistics import fmean
from typing import TypeVar, cast

from repunet.chance import pick
from repunet.questions.coordinate import Coordinate
from repunet.questions.mind import Operation
from repunet.questions.operations import (
    ChooseListener,
    DecideGossip,
    GossipWish,
    IdentifyGossip,
    JudgeGossip,
    Judgement,
    Selection,
    ShapePeerFromGossip,
    TellGossip,
    Telling,
    Text,
)
from repunet.simulation import Simulation
from repunet.validation.aid import MutualAid, number
from repunet.validation.arena import encounters
from repunet.validation.check import Check, near, same
from repunet.validation.checks.verdicts import AGREED
from repunet.validation.in_memory import people, rounds
from repunet.validation.minds.norm import Lapses, NormMind, opinions_in
from repunet.validation.minds.standing import appraisal, spelled, stands
from repunet.validation.theory.leading_eight import LEADING_EIGHT
from repunet.validation.theory.mean_field import public
from repunet.world.persona import Participant
from repunet.world.society import Society
from repunet.world.treatment import Treatment

A = TypeVar("A")
FOUR = 4
ERROR, LAPSES = 0.2, Lapses(act=0.1)
TALKATIVE = replace(AGREED, gossip=True, witnesses=0.9, error=ERROR)
SILENT = replace(TALKATIVE, gossip=False)
STERN = LEADING_EIGHT["L6"]
SOURCE = "Kawakatsu et al. 2024; Ohtsuki & Iwasa 2004"


class Gossiper(NormMind):
    """Lives by a norm, tells whom it met how it judged, passes on what it hears and believes it."""

    name = "gossiping by a norm"

    async def answer(self, operation: Operation[A], at: Coordinate) -> A:
        """Answer what is asked about talk; all else as by the norm."""
        return cast(A, self._said(operation, at) or await super().answer(operation, at))

    def _said(self, asked: Operation[A], at: Coordinate) -> object | None:
        match asked:
            case DecideGossip():
                good = stands(asked.alter.records)
                return GossipWish(yes=True, satisfied=good, reason=spelled(good))
            case ChooseListener():
                return Selection(pick(sorted(asked.names), self._seed, str(at)), "any of them")
            case TellGossip():
                good = asked.reason == spelled(True)
                return Telling(asked.reason, "very positive" if good else "very negative")
            case IdentifyGossip():
                return Text(asked.said.text)
            case JudgeGossip():
                return Judgement(spelled(asked.valence > 0), 5, pass_on=asked.may_pass_on)
            case ShapePeerFromGossip():
                good = asked.pieces[-1].valence > 0
                return appraisal(spelled(good), standing=good)
        return None


@dataclass(frozen=True, slots=True)
class Course:
    """Rate of help in each round, and share of opinions that were not shared."""

    help: tuple[float, ...]
    dissent: float


def course(number_of_rounds: int, seed: int, treatment: Treatment = TALKATIVE) -> Course:
    """Return the course of a society of four."""
    dilemma, four = MutualAid(), people(FOUR, MutualAid.name)
    ties = [(ego.id, Participant(alter.id, "player")) for ego, alter in permutations(four, 2)]
    society = Society(dilemma.name, treatment, four, seed, ties)
    mind = Gossiper(STERN, seed, opinions_in(society), LAPSES)
    rates, apart = [], []
    for events in rounds(Simulation(society, dilemma, mind), number_of_rounds):
        acts = [act for met in encounters(events) for act in met.acts]
        rates.append(fmean(act.cooperation or 0.0 for act in acts))
        apart.append(dissent(society))
    return Course(tuple(rates), fmean(apart))


def dissent(society: Society) -> float:
    """Return the share of agents of whom not everybody, themselves included, thinks alike."""
    opinion, agents = opinions_in(society), society.agents
    return fmean(len({opinion(ego, number(of)) for ego in agents}) > 1 for of in agents)


def checks(full: bool, seed: int) -> Iterator[Check]:
    """Yield the checks: longer with `full`."""
    number_of_rounds, tolerance = (2000, 0.02) if full else (500, 0.04)
    talking, silent = (course(number_of_rounds, seed, arm) for arm in (TALKATIVE, SILENT))
    note = f"one society of {FOUR}, {number_of_rounds} rounds, witnesses wrong with e={ERROR:g}"
    yield same(
        "stern judging with gossip until all agree: share of agents opinions differ on",
        "exact",
        SOURCE,
        0.0,
        talking.dissent,
        note=f"{note}; without gossip {silent.dissent:.2f}",
    )
    yield near(
        f"stern judging with gossip until all agree: help, where it fails with e={LAPSES.act:g}",
        "theory",
        SOURCE,
        public(STERN, LAPSES)[1],
        fmean(talking.help),
        tolerance,
        note=f"public mean field; {note}; without gossip {fmean(silent.help):.2f}",
    )
