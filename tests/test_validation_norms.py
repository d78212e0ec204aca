"""Validation by social norms: image scoring, standing and the leading eight."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from societies import mostly_slow

from repunet.simulation import Simulation
from repunet.validation.aid import MutualAid, number
from repunet.validation.arena import encounters
from repunet.validation.checks import consensus, norms
from repunet.validation.checks.norms import PUBLISHED, NormSize
from repunet.validation.checks.verdicts import AGREED, recorded
from repunet.validation.in_memory import people, play
from repunet.validation.minds.norm import Lapses, NormMind, opinions_in
from repunet.validation.minds.standing import BAD, GOOD
from repunet.validation.theory.leading_eight import (
    HELPED,
    IMAGE_SCORING,
    LEADING_EIGHT,
    REFUSED,
    Case,
    Norm,
)
from repunet.validation.theory.mean_field import public
from repunet.validation.theory.private_opinions import Sight, help_by_round
from repunet.world.persona import Participant
from repunet.world.society import Society

CASES = tuple(product((GOOD, BAD), repeat=3))
QUICK = NormSize(agents=10, rounds=70, societies=1, tolerance=0.08, first=21)
BRIEF = NormSize(agents=4, rounds=12, societies=16, tolerance=0.15)


NEVER = Lapses()


def society(norm: Norm, lapses: Lapses = NEVER, **switches: float) -> Simulation:
    """Return six agents that live by a norm and see everything."""
    dilemma, treatment = MutualAid(), replace(AGREED, **switches)  # type: ignore[arg-type]
    six = Society(dilemma.name, treatment, people(6, dilemma.name), 3)
    return Simulation(six, dilemma, NormMind(norm, 3, opinions_in(six), lapses))


def opinions_of(simulation: Simulation, target: str) -> set[bool]:
    """Return the opinions that anybody has of somebody."""
    opinion = opinions_in(simulation.society)
    return {opinion(ego, number(target)) for ego in simulation.society.agents}


# Norms


def test_the_leading_eight_differ_in_three_cases_alone() -> None:
    common = [case for case in CASES if len({n.after(*case) for n in LEADING_EIGHT.values()}) == 1]
    free = {(GOOD, BAD, HELPED), (BAD, BAD, HELPED), (BAD, BAD, REFUSED)}
    assert set(CASES) - set(common) == free
    assert len({norm.verdicts for norm in LEADING_EIGHT.values()}) == 8


def test_only_two_of_them_let_the_bad_help_the_bad() -> None:
    helpful = [name for name, norm in LEADING_EIGHT.items() if norm.helps(BAD, BAD)]
    assert helpful == ["L1", "L2"]
    assert not any(norm.helps(GOOD, BAD) for norm in LEADING_EIGHT.values())


# Expectations


@pytest.mark.parametrize(
    ("name", "published"),
    list(zip(LEADING_EIGHT, (0.971, 0.971, *(4 * [0.9706]), 0.9702, 0.9702), strict=True)),
)
def test_the_public_mean_field_is_the_published_one(name: str, published: float) -> None:
    assert public(LEADING_EIGHT[name], norms.LAPSES)[1] == pytest.approx(published, abs=5e-5)


@given(error=st.floats(0, 0.45))
def test_stern_judging_helps_at_the_rate_of_right_judgements(error: float) -> None:
    good, rate = public(LEADING_EIGHT["L6"], Lapses(judgement=error))
    assert good == pytest.approx(1 - error)
    assert rate == pytest.approx(1 - error)


@given(slip=st.floats(0.01, 0.5))
def test_standing_settles_where_the_closed_form_says(slip: float) -> None:
    rate = public(LEADING_EIGHT["L3"], Lapses(act=slip))[1]
    assert rate == pytest.approx((1 - slip) / (1 + slip))


def test_the_private_mean_field_is_as_computed_by_hand() -> None:
    # Five agents, third parties toss a coin: after round 1 the partner, and on average 1.5 of the
    # other three, think well of one.
    rates = help_by_round(IMAGE_SCORING, Sight(5, seen=1.0, error=0.5), 2)
    assert rates == pytest.approx([1.0, 2.5 / 4])


@pytest.mark.parametrize("norm", list(LEADING_EIGHT.values()), ids=list(LEADING_EIGHT))
def test_without_error_private_opinions_stay_good(norm: Norm) -> None:
    assert help_by_round(norm, Sight(8, seen=0.5, error=0.0), 5) == pytest.approx(5 * [1.0])


@pytest.mark.parametrize("name", ["L1", "L3", "L5"])
def test_the_private_mean_field_is_near_what_was_published(name: str) -> None:
    rates = help_by_round(LEADING_EIGHT[name], Sight(50, norms.SEEN, norms.ERROR), 40)
    assert rates[-1] == pytest.approx(PUBLISHED[name], abs=0.01)


# Societies


@pytest.mark.parametrize("name", mostly_slow(LEADING_EIGHT, ["L2", "L6"]))
def test_records_are_what_the_norm_makes_of_the_acts(name: str) -> None:
    check = recorded(name, 1)
    assert check.gate
    assert check.passed, check.found


def test_the_good_are_helped_and_the_bad_are_not() -> None:
    simulation = society(LEADING_EIGHT["L6"], Lapses(act=0.3))
    opinion = opinions_in(simulation.society)
    for _ in range(8):
        before = {agent: opinion("A01", number(agent)) for agent in simulation.society.agents}
        for one, other in (met.acts for met in encounters(play(simulation, 1))):
            assert before[other.agent] or one.move == "pass by"
            assert before[one.agent] or other.move == "pass by"


def test_a_misjudgement_is_shared_where_opinions_are_public() -> None:
    simulation = society(LEADING_EIGHT["L6"], Lapses(judgement=0.3))
    play(simulation, 6)
    opinions = [opinions_of(simulation, agent) for agent in simulation.society.agents]
    assert all(len(held) == 1 for held in opinions)
    assert {BAD} in opinions


def test_witnesses_that_err_for_themselves_disagree() -> None:
    simulation = society(LEADING_EIGHT["L6"], error=0.3)
    play(simulation, 6)
    assert any(len(opinions_of(simulation, agent)) == 2 for agent in simulation.society.agents)


def test_everybody_keeps_a_standing_of_itself() -> None:
    simulation = society(LEADING_EIGHT["L1"])
    play(simulation, 1)
    for name, agent in simulation.society.agents.items():
        assert agent.reputations.of(Participant(name, "player")) is not None


# Checks


@pytest.mark.slow
def test_private_opinions_lead_where_they_should() -> None:
    assert norms.disputed("L1", QUICK, 1).passed
    assert norms.disputed("L6", QUICK, 1).passed


@pytest.mark.slow
def test_a_norm_with_another_verdict_leads_elsewhere() -> None:
    turned = LEADING_EIGHT["L1"].turned(GOOD, BAD, HELPED)
    assert not norms.disputed("L1", QUICK, 1, turned).passed


@pytest.mark.parametrize("case", CASES)
def test_any_wrong_verdict_shows_in_the_records(case: Case) -> None:
    assert not recorded("L4", 1, LEADING_EIGHT["L4"].turned(*case)).passed


@pytest.mark.slow
def test_stern_judging_passes_its_check_and_image_scoring_does_not() -> None:
    size = replace(QUICK, tolerance=0.03)
    assert norms.stern(size, 1).passed
    assert not norms.stern(size, 1, IMAGE_SCORING).passed


@pytest.mark.slow
def test_image_scoring_unravels_and_standing_does_not() -> None:
    assert norms.unravelling(BRIEF, 1).passed
    assert not norms.unravelling(BRIEF, 1, LEADING_EIGHT["L3"]).passed
    assert norms.recovering(BRIEF, 1).passed
    assert not norms.recovering(BRIEF, 1, IMAGE_SCORING).passed


@pytest.mark.slow
def test_a_public_norm_that_punishes_the_just_fails_its_check() -> None:
    size = replace(QUICK, tolerance=0.02)
    assert norms.agreed("L3", size, 1).passed
    assert not norms.agreed("L3", size, 1, IMAGE_SCORING).passed


def test_checks_of_norms_are_theory_and_gate() -> None:
    check = norms.agreed("L8", NormSize(4, 4, 1, 0.5), 1)
    assert check.gate
    assert "mean field" in check.note
    assert "rounds 1 to 4" in check.note


# Gossip


def test_with_gossip_all_agree_and_help_as_if_all_had_seen() -> None:
    agreed = consensus.course(150, 2)
    assert agreed.dissent == 0
    assert np.mean(agreed.help) == pytest.approx(
        public(consensus.STERN, consensus.LAPSES)[1], abs=0.06
    )


@pytest.mark.parametrize("switch", ["gossip", "second_order"])
def test_without_all_of_gossip_opinions_part(switch: str) -> None:
    treatment = replace(consensus.TALKATIVE, **{switch: False})
    assert consensus.course(30, 2, treatment).dissent > 0.2
