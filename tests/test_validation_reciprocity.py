"""Validation by indirect reciprocity: when it pays to discriminate by what others saw."""

from dataclasses import replace
from math import isnan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repunet.minds.router import MindRouter
from repunet.questions.coordinate import Coordinate
from repunet.scenarios.donor import DecideHelp, Help
from repunet.simulation import Simulation
from repunet.validation.aid import BAD_NAME, CheaperAid, MutualAid
from repunet.validation.arena import BARE, encounters
from repunet.validation.checks import reciprocity
from repunet.validation.checks.reciprocity import SocietySize
from repunet.validation.in_memory import people, play, rounds
from repunet.validation.minds.discriminator import Discriminator, dated
from repunet.validation.minds.standing import Defector, helping
from repunet.validation.theory.threshold import DiscriminationTerms, classical, limit
from repunet.world.encounter import UNIT
from repunet.world.society import Society

QUICK = SocietySize(agents=8, rounds=60, societies=2, tolerance=0.12)


class Indifferent(Discriminator):
    """Keeps the same records and helps everybody."""

    name = "indifferent"

    def decide(self, asked: DecideHelp, at: Coordinate) -> Help:
        return helping("as always")


def against_one_defector(mind: Discriminator, seen: float, error: float = 0.0) -> Simulation:
    """Return six agents, the first of which never helps."""
    dilemma, six = MutualAid(), people(6, MutualAid.name)
    treatment = replace(BARE, reputation=True, witnesses=seen, error=error)
    minds = MindRouter(mind, {"A01": Defector()}, {"*": mind.name, "A01": Defector.name})
    return Simulation(Society(dilemma.name, treatment, six, 2), dilemma, minds)


# Expectations


@given(n=st.integers(5, 500), benefit=st.integers(2, 9))
def test_without_error_the_crossing_is_the_classical_one(n: int, benefit: int) -> None:
    terms = DiscriminationTerms(n, benefit, 1)
    q = classical(n, benefit, 1)
    a, r = q, (n - 2) / (n - 1)
    assert r * (benefit - 1) - (1 - a) / (n - 1) - benefit * (1 - a) == pytest.approx(0, abs=1e-9)
    assert terms.gap(q / r) == pytest.approx(0, abs=1e-9)


def test_the_crossing_is_as_computed_by_hand() -> None:
    # Four agents, b = 3: q* = (3 + 3) / (9 + 1), and two of three strangers were third parties.
    assert classical(4, 3, 1) == pytest.approx(0.6)
    assert DiscriminationTerms(4, 3, 1).crossing() == pytest.approx(0.9)


def test_with_many_agents_all_crossings_tend_to_the_limits() -> None:
    many = 100_000
    assert DiscriminationTerms(many, 3, 1).crossing() == pytest.approx(limit(3, 1), abs=1e-4)
    assert DiscriminationTerms(many, 3, 1, excuses=False).crossing() == pytest.approx(
        limit(3, 1), abs=1e-4
    )
    assert DiscriminationTerms(many, 3, 1, error=0.02).crossing() == pytest.approx(
        limit(3, 1, 0.02), abs=1e-3
    )


def test_image_scoring_costs_discriminators_some_of_their_name() -> None:
    assert DiscriminationTerms(10, 3, 1).passed_by(0.5) == 0.0
    assert DiscriminationTerms(10, 3, 1, excuses=False).passed_by(0.5) > 0.0
    assert (
        DiscriminationTerms(10, 3, 1, excuses=False).crossing()
        > DiscriminationTerms(10, 3, 1).crossing()
    )


# Mutual aid


def test_help_costs_who_gives_it_and_benefits_who_has_it() -> None:
    met = encounters(play(against_one_defector(Discriminator(excuses=True), 0.0), 1))
    for encounter in met:
        gives = [act.move == "help" for act in encounter.acts]
        pay = [act.payoff / UNIT for act in encounter.acts]
        assert pay == [3 * gives[1] - gives[0], 3 * gives[0] - gives[1]]
    assert sum(act.move == "pass by" for one in met for act in one.acts) == 1


def test_with_cheaper_aid_the_benefit_is_two() -> None:
    assert [option.met[0] for option in CheaperAid.stakes.options] == [1, 2]  # type: ignore[union-attr]
    assert CheaperAid.benefit == 2


# Discriminators


def test_bad_news_is_acted_upon_in_the_next_round_alone() -> None:
    simulation = against_one_defector(Discriminator(excuses=True), seen=1.0)
    partner, late = "", 0
    for events in rounds(simulation, 8):
        for met in encounters(events):
            for own, other in (met.acts, met.acts[::-1]):
                if other.agent == "A01":
                    late += simulation.society.round > 1
                    knows = simulation.society.round > 1 and own.agent != partner
                    assert (own.move == "pass by") == knows == own.excused
                    now = own.agent
        partner = now
    assert late == 7


def test_old_news_is_no_news() -> None:
    assert dated(3) != dated(4)
    simulation = against_one_defector(Discriminator(excuses=True), seen=1.0)
    play(simulation, 1)
    simulation.society.treatment = replace(simulation.society.treatment, witnesses=0.0)
    play(simulation, 1)
    acts = [act for met in encounters(play(simulation, 1)) for act in met.acts]
    assert {act.agent for act in acts if act.move == "pass by"} == {"A01"}


def test_who_passes_by_the_bad_keeps_its_name_only_where_excuses_count() -> None:
    for excuses, harmed in ((True, False), (False, True)):
        simulation = against_one_defector(Discriminator(excuses=excuses), seen=1.0)
        acts = [act for met in encounters(play(simulation, 12)) for act in met.acts]
        others = [act for act in acts if act.agent != "A01" and act.move == "pass by"]
        assert all(act.excused for act in others)
        assert any(act.facts["recipient"] != 1 for act in others) == harmed


def test_a_defector_gives_no_excuse() -> None:
    acts = [
        act
        for met in encounters(play(against_one_defector(Discriminator(excuses=True), 1.0), 3))
        for act in met.acts
        if act.agent == "A01"
    ]
    assert len(acts) == 3
    assert not any(act.excused or act.move == "help" for act in acts)
    assert Defector.name != BAD_NAME


# Checks


@pytest.mark.slow
def test_discriminating_pays_where_theory_says() -> None:
    assert reciprocity.standing(QUICK, 3, 1).passed


def test_discriminators_that_do_not_discriminate_fail_the_check() -> None:
    mind = Indifferent(excuses=True)
    tiny = SocietySize(agents=8, rounds=10, societies=1, tolerance=0.12)
    found = reciprocity.crossing(tiny, DiscriminationTerms(8, 3, 1), 1, mind)
    assert isnan(found)


def test_the_checks_say_what_they_were_made_of() -> None:
    tiny = SocietySize(agents=6, rounds=8, societies=1, tolerance=9.0)
    for check in (reciprocity.image(tiny, 1), reciprocity.mistaken(tiny, 1)):
        assert check.gate
        assert "N=6" in check.note
        assert "32 rounds in 4 societies" in check.note
