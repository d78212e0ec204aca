"""Cooperation: the headline of each dilemma, and what stands beside it."""

import json
import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from measured import DILEMMAS, QUESTIONS, acts, fickle, fickle_frames, lost, made
from scipy.stats import linregress

from repunet.analysis.measures.acts import deals, deeds
from repunet.analysis.measures.cooperation import (
    cooperation,
    cooperation_by_agent,
    cooperation_by_round,
    met_cooperation,
)
from repunet.analysis.measures.dilemma import OUTCOMES, after, efficiency, share
from repunet.analysis.measures.discrimination import (
    cooperation_by_quarter,
    discrimination,
    esteemed,
    towards_quarter,
)
from repunet.analysis.measures.investment import (
    acceptance,
    fair_adherence,
    honesty,
    kept_of_accepted,
    no_funds,
    sent,
    shortfall,
)
from repunet.analysis.measures.measure import Rate, RoundSpan
from repunet.analysis.measures.trajectory import collapse, overall, slope
from repunet.analysis.summary import summarise
from repunet.record.journal import Journal

ALL = RoundSpan(1, 60)
moves = st.lists(st.sampled_from(OUTCOMES), min_size=1, max_size=8)


@pytest.mark.parametrize("dilemma", DILEMMAS)
def test_the_headline_is_that_of_the_summary(dilemma: str) -> None:
    with Journal.open(fickle(dilemma)) as journal:
        summary = summarise(journal)
    frames = fickle_frames(dilemma)
    assert cooperation(frames, RoundSpan.end(frames)).value == pytest.approx(summary.headline)
    assert overall(frames, RoundSpan.end(frames)).value == pytest.approx(summary.overall)
    rates = [None if math.isnan(v) else v for v in cooperation_by_round(frames).value]
    assert rates == pytest.approx(summary.cooperation)


@pytest.mark.parametrize("dilemma", DILEMMAS)
def test_the_headline_says_how_many_decisions_it_lacks(dilemma: str) -> None:
    frames = fickle_frames(dilemma)
    since = 6 if dilemma == "participation" else 3
    assert cooperation(frames, RoundSpan.end(frames)).missing == lost(
        dilemma, *QUESTIONS[dilemma], since=since
    )
    assert overall(frames, RoundSpan.end(frames)).missing == lost(dilemma, *QUESTIONS[dilemma]) > 0


def test_rounds_weigh_alike_however_many_acted_in_them() -> None:
    rows = [*acts("CC"), {"round": 2, "agent": "A", "cooperation": 0.0}]
    assert cooperation(made(last=2, encounters=rows), ALL) == Rate(0.5, 3, 0)


def test_participation_takes_the_latest_round_of_choices_and_no_window() -> None:
    rows = [{"round": t, "cooperation": c} for t, c in ((1, 1.0), (1, 1.0), (6, 0.0), (6, 1.0))]
    run = made("participation", last=8, choices=rows, encounters=acts("DD"))
    assert (
        cooperation(run, RoundSpan.all(run))
        == cooperation(run, RoundSpan.end(run, 1))
        == Rate(0.5, 2, 0)
    )
    assert cooperation(run, RoundSpan(2, 5)) == Rate(1.0, 2, 0)
    assert met_cooperation(run, RoundSpan.all(run)) == Rate(0.0, 2, 0)


def test_a_void_encounter_is_missing_once_whatever_is_known_of_it() -> None:
    void = [{"round": 1, "encounter": "r1/meet/A-B", "agent": a, "outcome": "void"} for a in "AB"]
    gone = [
        {"round": 1, "operation": "ChooseMove", "decision": f"r1/meet/A-B/ChooseMove/{a}"}
        for a in "AB"
    ]
    other = {"round": 1, "operation": "Reflect", "decision": "r1/respond/A/Reflect/A"}
    for missing, counted in (([], 1), (gone[:1], 1), (gone, 2), ([other], 1)):
        assert cooperation(made(encounters=void, missing=missing), ALL) == Rate(None, 0, counted)


def test_a_trustees_cooperation_leaves_out_deals_that_were_declined() -> None:
    run = _deals({"promised": 50, "returned": 50}, {"promised": 50})
    assert cooperation_by_agent(run).set_index("agent").cooperation["T"] == 1.0
    assert cooperation(run, ALL).value == 0.5
    assert deeds(run)[["agent", "partner", "cooperation"]].to_numpy().tolist() == [["T", "I", 1.0]]


def test_cooperation_so_far_stops_at_the_round_asked_for() -> None:
    run = made(agents="ABX", encounters=acts("CD", "DD"))
    so_far = cooperation_by_agent(run, 1)
    assert so_far.acts.tolist() == [1, 1, 0]
    assert so_far.cooperation.tolist()[:2] == [1.0, 0.0]
    assert math.isnan(so_far.cooperation[2])


@settings(max_examples=15)
@given(moves)
def test_the_four_outcomes_sum_to_one(rounds: list[str]) -> None:
    run = made(last=8, encounters=acts(*rounds))
    shares = [share(run, ALL, outcome) for outcome in OUTCOMES]
    assert sum(each.value or 0 for each in shares) == pytest.approx(1)
    assert [each.value for each in shares] == [rounds.count(o) / len(rounds) for o in OUTCOMES]


@settings(max_examples=15)
@given(moves)
def test_what_follows_an_outcome_is_what_was_done_next(rounds: list[str]) -> None:
    run = made(last=8, encounters=acts(*rounds))
    for outcome in OUTCOMES:
        sides = list(pairwise(rounds))
        sides += [(a[::-1], b[::-1]) for a, b in sides]
        next_ = [b[0] == "C" for a, b in sides if a == outcome]
        expected = sum(next_) / len(next_) if next_ else None
        assert after(run, ALL, outcome)[:2] == (pytest.approx(expected), len(next_))


@pytest.mark.parametrize(("round_", "value"), [("CC", 1.0), ("DD", 0.0), ("CD", 0.75)])
def test_efficiency_is_0_where_all_defect_and_1_where_all_cooperate(
    round_: str, value: float
) -> None:
    assert efficiency(made(encounters=acts(round_)), ALL) == Rate(value, 2, 0)


def test_efficiency_of_the_donor_game_is_the_share_of_help() -> None:
    frames = fickle_frames("donor")
    assert efficiency(frames, ALL).value == pytest.approx(met_cooperation(frames, ALL).value)
    assert efficiency(fickle_frames("investment"), ALL).value is None


def test_esteem_is_what_was_held_before_the_round_of_the_encounter() -> None:
    told = {"observer": "A", "target": "B", "role": "player"}
    held = [{**told, "round": t, "score": s} for t, s in ((1, 0.1), (1, 0.9), (2, -0.9), (3, 0.3))]
    run = made(last=4, encounters=acts("CC", "CC", "DC", "CC"), reputations=held)
    known = esteemed(run).set_index("round").score
    assert known.to_dict() == {2: 0.9, 3: -0.9, 4: 0.3}
    assert discrimination(run, RoundSpan.all(run)) == Rate(1.0, 3, 0)


@pytest.mark.parametrize("dilemma", ["pd", "donor"])
def test_esteem_in_a_run_is_the_last_score_of_earlier_rounds(dilemma: str) -> None:
    frames = fickle_frames(dilemma)
    scores = {
        (kept.observer, kept.target, kept.round): kept.score
        for kept in frames["reputations"].itertuples()
    }
    expected = {}
    for met in frames["encounters"].itertuples():
        held = [scores.get((met.agent, met.partners[0], t)) for t in range(met.round)]
        known = [score for score in held if score is not None]
        if known and not math.isnan(met.cooperation):
            expected[met.encounter, met.agent] = known[-1]
    assert esteemed(frames).set_index(["encounter", "agent"]).score.to_dict() == expected


def test_discrimination_needs_partners_of_both_kinds() -> None:
    held = [{"observer": "A", "target": "B", "role": "player", "round": 1, "score": 0.5}]
    run = made(encounters=acts("CC", "CC"), reputations=held)
    assert discrimination(run, ALL) == Rate(None, 1, 0)


def test_equal_scores_are_in_one_quarter() -> None:
    held = [
        {"observer": "A", "target": t, "role": "player", "round": 1, "score": s}
        for t, s in zip("BCDEFGHI", (-1, -0.5, 0, 0, 0, 0, 0.5, 1), strict=True)
    ]
    met = [
        {"round": 2, "encounter": t, "agent": "A", "partners": (t,), "partner_roles": ("player",),
         "cooperation": float(t > "E")}
        for t in "BCDEFGHI"
    ]  # fmt: skip
    run = made(encounters=met, reputations=held)
    assert cooperation_by_quarter(run, ALL).n.tolist() == [2, 4, 0, 2]
    assert [towards_quarter(run, ALL, q).value for q in (1, 2, 3, 4)] == [0.0, 0.5, None, 1.0]


def _deals(*facts: dict[str, int], percent: int = 50):
    rows = [
        {"round": 1, "encounter": f"e{n}", "agent": agent, "role": role, "cooperation": 1.0,
         "partners": (other,), "partner_roles": (opposite,), "facts": json.dumps(told)}
        for n, each in enumerate(facts)
        for agent, role, other, opposite, told in (
            ("I", "investor", "T", "trustee", {"percent": percent if "returned" in each else 0}),
            ("T", "trustee", "I", "investor", each),
        )
    ]  # fmt: skip
    return made("investment", agents="IT", encounters=rows)


def test_a_promise_of_nothing_is_kept_but_not_fair_and_falls_short_of_nothing() -> None:
    run = _deals({"promised": 0, "returned": 0, "reported": 100})
    assert kept_of_accepted(run, ALL) == cooperation(run, ALL) == Rate(1.0, 1, 0)
    assert fair_adherence(run, ALL) == Rate(0.0, 1, 0)
    assert shortfall(run, ALL) == Rate(None, 0, 0)
    given = _deals({"promised": 0, "returned": 30, "reported": 100})
    assert shortfall(given, ALL) == Rate(None, 0, 0)


def test_half_of_the_proceeds_is_fair_and_more_than_promised_makes_up_for_nothing() -> None:
    half, generous = ({"promised": 50, "returned": share} for share in (50, 100))
    assert fair_adherence(_deals(half), ALL) == Rate(1.0, 1, 0)
    assert shortfall(_deals(generous, {"promised": 50, "returned": 25}), ALL) == Rate(0.25, 2, 0)


def test_reports_that_are_not_known_are_not_lies() -> None:
    told = {"promised": 50, "returned": 50}
    run = _deals(told, {**told, "reported": 100}, {**told, "reported": 90})
    assert honesty(run, ALL) == Rate(0.5, 2, 0)


def test_a_meeting_without_funds_is_no_deal() -> None:
    rows = [{"round": 1, "encounter": "e", "agent": a, "outcome": "no_funds"} for a in "AB"]
    run = made("investment", encounters=rows)
    assert no_funds(run, ALL) == Rate(1.0, 1, 0)
    assert {of(run, ALL) for of in (cooperation, acceptance, sent)} == {Rate(None, 0, 0)}


def test_deals_are_those_that_trustees_proposed() -> None:
    frames = fickle_frames("investment")
    met = frames["encounters"]
    offers = met[met.facts.fillna("").str.contains("promised")]
    accepted = offers[offers.outcome == "consummated"]
    assert len(deals(frames)) == len(offers)
    assert acceptance(frames, ALL)[:2] == (pytest.approx(len(accepted) / len(offers)), len(offers))
    sides = met[(met.role == "investor") & met.encounter.isin(offers.encounter)]
    assert sent(frames, ALL).value == pytest.approx(sides.cooperation.mean())


def test_the_slope_is_that_of_ordinary_least_squares() -> None:
    frames = fickle_frames("pd")
    rates = cooperation_by_round(frames)
    expected = linregress(rates["round"], rates.value).slope
    assert slope(frames, ALL) == (pytest.approx(expected), 7, lost("pd", "ChooseMove"))


@pytest.mark.parametrize(
    ("rounds", "start"),
    [("DDD", 1.0), ("CDD", 2.0), ("DCD", 3.0), ("DDC", None), ("D D", 1.0), ("CCC", None)],
)
def test_a_collapse_lasts_to_the_end(rounds: str, start: float | None) -> None:
    rows = [
        {"round": t, "cooperation": float(c == "C")} for t, c in enumerate(rounds, 1) if c != " "
    ]
    assert collapse(made(encounters=rows), ALL).value == start


def test_a_fifth_is_no_collapse() -> None:
    rows = [{"round": t, "cooperation": float(at == 0)} for t in (1, 2) for at in range(4 + t)]
    assert collapse(made(encounters=rows), ALL).value == 2.0
