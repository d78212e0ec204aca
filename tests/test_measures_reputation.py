"""Reputation: standing, who knows of whom, how far they agree, and whether they are right."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from measured import DILEMMAS, QUESTIONS, acts, fickle_frames, lost, made
from scipy.stats import pearsonr, spearmanr

from repunet.analysis.measures.accuracy import accuracy, discernment
from repunet.analysis.measures.cooperation import cooperation_by_agent
from repunet.analysis.measures.measure import Rate, RoundSpan
from repunet.analysis.measures.reputation import (
    cooperation_and_standing,
    coverage,
    disagreement,
    focal_role,
    mean_standing,
    scores,
    self_peer_gap,
    standing,
)
from repunet.analysis.measures.response import (
    negativity,
    response_to_cooperation,
    response_to_defection,
)

AT, ALL = RoundSpan(1, 1), RoundSpan(1, 60)
PEERS = ("ShapePeerReputation", "ShapePeerFromGossip", "ShapePeerFromObservation")


def _matrix(dilemma: str, round_: int) -> np.ndarray:
    frames = fickle_frames(dilemma)
    return scores(frames, round_, focal_role(dilemma)).to_numpy().copy()


@pytest.mark.parametrize("dilemma", DILEMMAS)
@pytest.mark.parametrize("round_", [0, 1, 4, 7])
def test_scores_are_the_last_that_each_observer_gave(dilemma: str, round_: int) -> None:
    frames, role = fickle_frames(dilemma), focal_role(dilemma)
    expected = {
        (row.observer, row.target): row.score
        for row in frames["reputations"].itertuples()
        if row.round <= round_ and row.role == role
    }
    held = scores(frames, round_, role)
    known = {(i, j): held.loc[i, j] for i in held for j in held if not np.isnan(held.loc[i, j])}
    assert known == expected
    assert list(held.index) == list(held.columns) == frames.agents


@pytest.mark.parametrize("dilemma", DILEMMAS)
def test_standing_coverage_gap_and_disagreement_follow_from_the_scores(dilemma: str) -> None:
    frames, matrix = fickle_frames(dilemma), _matrix(dilemma, 7)
    own = matrix.diagonal().copy()
    np.fill_diagonal(matrix, np.nan)
    others = [column[~np.isnan(column)] for column in matrix.T]
    stood = np.array([each.mean() if len(each) else np.nan for each in others])
    assert standing(frames, 7, focal_role(dilemma)).tolist() == pytest.approx(
        stood.tolist(), nan_ok=True
    )
    assert mean_standing(frames, ALL.end(frames)).value == pytest.approx(np.nanmean(stood))
    assert coverage(frames, RoundSpan(1, 7)).value == pytest.approx((~np.isnan(matrix)).sum() / 56)
    assert self_peer_gap(frames, RoundSpan(1, 7)).value == pytest.approx(np.nanmean(own - stood))
    spread = [each.std(ddof=1) for each in others if len(each) > 1]
    expected = pytest.approx(np.mean(spread)) if spread else None
    assert disagreement(frames, RoundSpan(1, 7))[:2] == (expected, len(spread))


@pytest.mark.parametrize("dilemma", DILEMMAS)
def test_correlations_are_those_of_scipy(dilemma: str) -> None:
    frames = fickle_frames(dilemma)
    stood = standing(frames, 7, focal_role(dilemma)).to_numpy()
    done = cooperation_by_agent(frames).cooperation.to_numpy()
    both = ~np.isnan(stood) & ~np.isnan(done)
    assert both.sum() > 2
    assert cooperation_and_standing(frames, RoundSpan(7, 7))[:2] == (
        pytest.approx(pearsonr(done[both], stood[both])[0]),
        both.sum(),
    )
    assert accuracy(frames, RoundSpan(7, 7)).value == pytest.approx(
        spearmanr(done[both], stood[both])[0]
    )


def test_missing_appraisals_of_all_rounds_so_far_are_counted() -> None:
    frames = fickle_frames("pd")
    assert mean_standing(frames, RoundSpan(7, 7)).missing == lost("pd", *PEERS) > 0
    both = lost("pd", *PEERS, "ShapeSelfReputation")
    assert self_peer_gap(frames, RoundSpan(7, 7)).missing == both > lost("pd", *PEERS)


@pytest.mark.parametrize("dilemma", DILEMMAS)
def test_what_is_set_beside_cooperation_lacks_appraisals_and_acts(dilemma: str) -> None:
    frames = fickle_frames(dilemma)
    rates = [
        of(frames, RoundSpan(7, 7)) for of in (cooperation_and_standing, accuracy, discernment)
    ]
    missing = lost(dilemma, *PEERS, *QUESTIONS[dilemma])
    assert [rate.missing for rate in rates] == [missing] * 3


def _society(cooperation: list[float], standings: list[float]):
    people = [f"A{n}" for n in range(len(cooperation))]
    stood = [
        {"round": 1, "agent": who, "role": "player", "standing": s, "observers": 1}
        for who, s in zip(people, standings, strict=True)
    ]
    done = [
        {"round": 1, "agent": who, "cooperation": c}
        for who, c in zip(people, cooperation, strict=True)
    ]
    return made(agents=people, encounters=done, standings=stood)


numbers = st.sampled_from((0.0, 0.25, 0.5, 1.0))


@pytest.mark.slow
@settings(max_examples=15)
@given(st.lists(st.tuples(numbers, numbers), min_size=2, max_size=12))
def test_the_auc_counts_pairs_of_the_two_halves(people: list[tuple[float, float]]) -> None:
    done, stood = map(list, zip(*people, strict=True))
    levels = sorted(set(done))
    found = discernment(_society(done, stood), AT)
    if len(levels) < 2:
        assert found == Rate(None, len(done), 0)
        return
    cut = min(levels[:-1], key=lambda c: abs(2 * sum(d <= c for d in done) - len(done)))
    top, bottom = ([s for d, s in people if (d > cut) is up] for up in (True, False))
    wins = sum((a > b) + 0.5 * (a == b) for a in top for b in bottom)
    assert found == (pytest.approx(wins / len(top) / len(bottom)), len(done), 0)


def test_a_correlation_needs_three_agents_who_differ() -> None:
    for run in (_society([0, 1], [0, 1]), _society([1, 1, 1], [0, 0.5, 1])):
        assert cooperation_and_standing(run, AT).value is None
        assert accuracy(run, AT).value is None


def test_means_of_the_same_scores_do_not_differ_by_their_rounding() -> None:
    stood = [sum([0.1] * others) / others for others in (2, 3, 5, 6)]
    assert len(set(stood)) > 1
    everyone = _society([0, 1, 0, 1], stood)
    for of in (cooperation_and_standing, accuracy):
        assert of(everyone, AT).value is None
    assert standing(everyone, 1, "player").nunique() == 1
    thrice = [dict(round=1, agent="A", cooperation=0.1) for _ in range(3)]
    once = dict(round=1, agent="B", cooperation=sum([0.1] * 3) / 3)
    assert once["cooperation"] != 0.1
    assert (
        cooperation_by_agent(made(agents="AB", encounters=[*thrice, once])).cooperation.nunique()
        == 1
    )


def test_a_response_is_to_the_record_the_encounter_took_the_place_of() -> None:
    told = {"observer": "A", "target": "B", "role": "player"}
    held = [
        {**told, "round": 1, "score": 0.0, "cause": "encounter", "because": ("r1",)},
        {**told, "round": 1, "score": 0.5, "cause": "gossip", "because": ("g",)},
        {**told, "round": 2, "score": 0.7, "cause": "encounter", "because": ("r2",)},
        {**told, "round": 3, "score": -0.1, "cause": "encounter", "because": ("r3",)},
    ]
    run = made(encounters=acts("CC", "CC", "CD"), reputations=held)
    assert response_to_cooperation(run, ALL) == (pytest.approx(0.2), 1, 0)
    assert response_to_defection(run, ALL) == (pytest.approx(-0.8), 1, 0)
    assert negativity(run, ALL) == (pytest.approx(0.6), 2, 0)
    assert negativity(run, RoundSpan(1, 2)) == Rate(None, 1, 0)


def test_who_joined_later_is_no_other_before() -> None:
    people = [{"agent": "A"}, {"agent": "B"}, {"agent": "C", "round": 2}]
    stood = [{"round": t, "agent": "A", "role": "player", "observers": 1} for t in (1, 2)]
    run = made(agents=people, standings=stood)
    assert [coverage(run, RoundSpan(t, t)).n for t in (1, 2)] == [2, 6]
    assert math.isnan(standing(run, 1, "player")["C"])
