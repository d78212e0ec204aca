"""Measures of gossip: how much, about whom, in what tone, how true, and how far it gets."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from language_societies import company, played
from measured import made
from scipy import stats

from repunet.analysis.measures import gossip, hearsay, reach
from repunet.analysis.measures.cooperation import cooperation_by_agent
from repunet.analysis.measures.measure import Measure, Rate, RoundSpan
from repunet.analysis.sentiment import Sentiment
from repunet.analysis.tables.frames import Frames, open_frames
from repunet.runs.run import fork

AGENTS = "ABCDEF"
MEASURES: tuple[Measure, ...] = (*gossip.MEASURES, *hearsay.MEASURES, *reach.MEASURES)
ONE = RoundSpan(1, 1)
VALENCES = st.sampled_from([-1.0, -0.5, 0.0, 0.5, 1.0])
LABELS = st.sampled_from(["positive", "neutral", "negative"])


def told(target: str, listener: str = "", encounter: str = "", **given: Any) -> dict[str, Any]:
    """Return a piece of gossip, of the first round and order if nothing is said."""
    piece = {"round": 1, "order": 1, "target": target, "listener": listener}
    return piece | {"encounter": encounter, "credibility": 3} | given


def act(agent: str, encounter: str, cooperation: float, valence: float | None = None) -> Any:
    return {
        "round": 1,
        "encounter": encounter,
        "agent": agent,
        "partners": ("F",),
        "partner_roles": ("player",),
        "cooperation": cooperation,
        "valence": 2 * cooperation - 1 if valence is None else valence,
    }


def values(frames: Frames, span: RoundSpan = ONE) -> dict[str, Rate]:
    return {measure.name: measure.of(frames, span) for measure in MEASURES}


def cooperated(seat: Any) -> bool:
    """Tell whether an act was one of cooperation: of trustees, whether it kept its promise."""
    if seat.role in ("investor", "trustee"):
        facts = json.loads(seat.facts or "{}")
        return "promised" in facts and facts.get("returned", -1) >= facts["promised"]
    return bool(seat.cooperation >= 0.5)


def shares(rates: dict[str, Rate], family: str) -> list[float | None]:
    return [rates[f"{family}_{kind}"].value for kind in ("positive", "neutral", "negative")]


class ByHand:
    """A classifier that finds in a text the label it consists of."""

    name, version = "by hand", "1"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def classify(self, texts: Sequence[str]) -> list[Sentiment]:
        self.asked += texts
        return [Sentiment(text.split()[0], float(text.split()[1])) for text in texts]  # type: ignore


# How much, and about whom ----------------------------------------------------------------------


def test_volume_is_what_an_agent_hears_in_a_round_in_which_it_is_there() -> None:
    people = [{"agent": "A"}, {"agent": "B"}, {"agent": "C", "round": 3}]
    pieces = [told("A", round=round_) for round_ in (1, 2, 3)]
    run = made(agents=people, last=3, gossip=pieces)
    assert gossip.volume(run, RoundSpan(1, 3)) == Rate(3 / 7, 7)
    assert gossip.volume(run, RoundSpan(2, 2)) == Rate(1 / 2, 2)


def test_what_was_passed_on_is_of_the_second_order() -> None:
    run = made(agents="AB", gossip=[told("A", order=order) for order in (1, 2, 2, 1)])
    assert gossip.second_order(run, ONE) == Rate(0.5, 4)


def test_of_imported_rounds_nobody_knows_what_was_meant_or_came_to_nothing() -> None:
    rounds = [{"round": 1, "source": "reference"}, {"round": 2}]
    pieces = [told("A", valence=0.0), told("A", round=2, valence=1.0)]
    run = made(agents="AB", rounds=rounds, gossip=pieces)
    found = values(run, RoundSpan(1, 2))
    assert found["valence"] == Rate(1.0, 1)
    assert found["gossip_untold"] == Rate(0.0, 1)
    assert found["gossip_error"] == Rate(None, 0)
    assert found["credibility"].n == found["gossip_second_order"].n == 2


def test_those_never_talked_about_are_listed_too() -> None:
    run = made(agents="ABC", gossip=[told("B"), told("B", order=2), told("C", round=2)])
    assert gossip.pieces_by_agent(run, ONE).pieces.tolist() == [0, 2, 0]


@settings(max_examples=10, deadline=None)
@given(targets=st.text(AGENTS, max_size=12), stood=st.lists(VALENCES, min_size=6, max_size=6))
def test_talk_and_standing_go_together_as_scipy_finds(targets: str, stood: list[float]) -> None:
    rows = [
        {"round": 1, "agent": a, "role": "player", "standing": s}
        for a, s in zip(AGENTS, stood, strict=True)
    ]
    run = made(agents=AGENTS, gossip=[told(target) for target in targets], standings=rows)
    counts = [targets.count(agent) for agent in AGENTS]
    found = gossip.talk_and_standing(run, ONE)
    if len(set(counts)) > 1 and len(set(stood)) > 1:
        assert found.value == pytest.approx(stats.pearsonr(counts, stood).statistic)
    else:
        assert found == Rate(None, 6)


def test_missing_decisions_about_gossip_of_these_rounds_stand_beside_it() -> None:
    asked = ("DecideGossip", "TellGossip", "JudgeGossip", "DecideTie", "ShapePeerFromGossip")
    lost = [{"round": 2, "operation": operation} for operation in (*asked, "ChooseMove")]
    run = made(agents="AB", missing=[*lost, {"round": 1, "operation": "IdentifyGossip"}])
    found = values(run, RoundSpan(2, 2))
    so_far = {"rounds_until_known", "defectors_known"}
    assert {found[name].missing for name in found if name not in so_far} == {3}
    assert {found[name].missing for name in so_far} == {5}  # those of round 1 and of records too


# Tone ------------------------------------------------------------------------------------------


@settings(max_examples=10, deadline=None)
@given(tones=st.lists(st.tuples(LABELS, st.sampled_from([0.25, 0.5, 1.0])), max_size=10))
def test_tone_is_the_papers_mean_and_shares_sum_to_one(tones: Any) -> None:
    said = [f"{label} {confidence}" for label, confidence in tones]
    run = made(gossip=[told("A", said=text) for text in said])
    by = gossip.classified(run, ByHand())
    table = gossip.sentiment_shares(run, ONE, by)
    signs = [{"positive": 1, "neutral": 0, "negative": -1}[label] * c for label, c in tones]
    mean = gossip.sentiment_mean(run, ONE, by)
    assert mean.n == table.pieces.sum() == len(tones)
    assert mean.value == (pytest.approx(np.mean(signs)) if tones else None)
    assert table.share.sum() == pytest.approx(1.0 if tones else 0.0)
    assert set(table.classifier) == {"by hand (1)"}


def test_each_text_is_judged_once_and_silence_never() -> None:
    said = ["positive 1", "positive 1", " ", "", "negative 1"]
    run, judge = made(gossip=[told("A", said=text) for text in said]), ByHand()
    by = gossip.classified(run, judge)
    assert judge.asked == ["positive 1", "negative 1"]
    assert gossip.sentiment_share(run, ONE, by, "positive") == Rate(2 / 3, 3)


def test_only_what_was_said_in_the_span_counts_for_tone() -> None:
    pieces = [told("A", said="positive 1"), told("A", said="negative 1", round=2)]
    run = made(gossip=pieces)
    by = gossip.classified(run, ByHand())
    assert gossip.sentiment_mean(run, RoundSpan(2, 2), by) == Rate(-1.0, 1)


# After which acts ------------------------------------------------------------------------------


def test_an_act_is_talked_about_if_anything_of_its_actor_was_heard() -> None:
    acts = [act("A", "e", 1.0), act("B", "e", 0.0), act("A", "f", 0.5), act("B", "f", 0.25)]
    run = made(encounters=acts, gossip=[told("A", encounter="e"), told("A", encounter="e")])
    found = values(run)
    assert found["gossip_after_c"] == Rate(0.5, 2)  # a degree of one half is C
    assert found["gossip_after_d"] == Rate(0.0, 2)


def test_an_act_towards_several_is_one_act() -> None:
    met = {"round": 1, "encounter": "e", "cooperation": 1.0}
    group = [
        met | {"agent": "A", "partners": ("B", "C"), "partner_roles": ("player", "player")},
        met | {"agent": "B", "partners": ("A",), "partner_roles": ("player",)},
    ]
    run = made(encounters=group, gossip=[told("A", encounter="e")])
    assert values(run)["gossip_after_c"] == Rate(0.5, 2)


def test_in_a_run_p_of_gossip_is_as_counted_one_by_one(run: Path) -> None:
    frames = open_frames(run)
    heard = {(piece.encounter, piece.target) for piece in frames["gossip"].itertuples()}
    acts = [seat for seat in frames["encounters"].itertuples() if cooperated(seat)]
    counted = [(seat.encounter, seat.agent) in heard for seat in acts]
    found = hearsay.talked_about(frames, RoundSpan.all(frames), cooperative=True)
    assert found == Rate(pytest.approx(np.mean(counted)) if counted else None, len(counted))


# Meaning, credibility, truth -------------------------------------------------------------------


@settings(max_examples=10, deadline=None)
@given(pairs=st.lists(st.tuples(VALENCES, VALENCES), max_size=10))
def test_gossip_is_as_true_as_scipy_and_a_sum_by_hand_find(pairs: list[Any]) -> None:
    acts = [act("A", f"e{n}", 1.0, true) for n, (_, true) in enumerate(pairs)]
    pieces = [told("A", encounter=f"e{n}", valence=said) for n, (said, _) in enumerate(pairs)]
    run = made(encounters=acts, gossip=pieces)
    wrong, right = hearsay.error(run, ONE), hearsay.sign_agreement(run, ONE)
    together = hearsay.truth_correlation(run, ONE)
    if not pairs:
        assert wrong == right == together == Rate(None, 0)
        return
    said, true = np.array(pairs).T
    assert wrong == Rate(pytest.approx(np.abs(said - true).mean()), len(pairs))
    assert right == Rate(pytest.approx(np.mean(np.sign(said) == np.sign(true))), len(pairs))
    if len(pairs) > 2 and np.ptp(said) and np.ptp(true):
        assert together.value == pytest.approx(stats.pearsonr(said, true).statistic)
    else:
        assert together == Rate(None, len(pairs))


@settings(max_examples=10, deadline=None)
@given(valences=st.lists(VALENCES, min_size=1, max_size=6))
def test_gossip_is_meant_well_ill_or_neither(valences: list[float]) -> None:
    run = made(gossip=[told("A", valence=valence) for valence in valences])
    found = [hearsay.valence_share(run, ONE, sign).value for sign in (1, 0, -1)]
    signs = [[valence > 0, valence == 0, valence < 0] for valence in valences]
    assert found == pytest.approx(np.mean(signs, axis=0).tolist())
    assert hearsay.valence(run, ONE) == Rate(pytest.approx(np.mean(valences)), len(valences))


def test_gossip_about_what_nobody_recorded_is_neither_true_nor_false() -> None:
    void = {"round": 1, "encounter": "e", "agent": "A", "outcome": "void"}
    pieces = [told("A", encounter="e", valence=1.0), told("B", encounter="f", valence=1.0)]
    found = values(made(encounters=[void], gossip=pieces))
    assert found["gossip_error"] == found["gossip_truth"] == Rate(None, 0)
    assert found["valence"] == Rate(1.0, 2)


def test_distortion_is_told_hop_by_hop() -> None:
    pieces = [told("A", encounter="e", order=o, valence=v) for o, v in ((1, 1), (1, 0.5), (2, -1))]
    run = made(encounters=[act("A", "e", 1.0)], gossip=pieces)
    rows = hearsay.distortion(run, ONE).to_numpy().tolist()
    assert rows == [[1, 2, 0.25], [2, 1, 2.0]]
    assert values(run)["gossip_error_second"] == Rate(2.0, 1)


def test_pieces_nobody_was_asked_to_judge_are_apart() -> None:
    rounds = [
        {"round": 1, "treatment": "full, credibility=off"},
        {"round": 2, "treatment": "full, rewiring=off"},
    ]
    pieces = [told("A"), told("A", round=2), told("A", round=2, credibility=5)]
    run = made(rounds=rounds, gossip=pieces)
    assert hearsay.credibilities(run, RoundSpan(1, 2)).pieces.tolist() == [0, 0, 1, 0, 1, 1]
    assert hearsay.credibility(run, RoundSpan(1, 2)) == Rate(4.0, 2)
    assert hearsay.credibilities(run, RoundSpan(1, 2)).share.sum() == pytest.approx(1.0)


# Reach -----------------------------------------------------------------------------------------


def test_reach_counts_each_listener_of_an_encounter_once() -> None:
    heard = [("B", "e", 1), ("C", "e", 1), ("B", "e", 2), ("D", "f", 1), ("E", "", 1)]
    run = made(gossip=[told("A", listener, met, order=order) for listener, met, order in heard])
    assert reach.reach(run, ONE) == Rate(1.5, 2)
    assert reach.widest_reach(run, ONE) == Rate(2.0, 2)


def test_half_know_by_gossip_of_negative_valence_heard_at_any_time_before() -> None:
    pieces = [
        told("A", "B", round=1, valence=-0.5),
        told("A", "C", round=2, valence=1.0),
        told("A", "C", round=4, valence=-1.0),
    ]
    run = made(agents="ABCDE", last=5, encounters=[act("A", "e", 0.0)], gossip=pieces)
    found = reach.defectors(run, RoundSpan.all(run)).to_dict("records")
    assert found == [{"agent": "A", "since": 1, "knowing": 0.5, "rounds": 3.0}]


def test_who_heard_nothing_ill_does_not_know() -> None:
    pieces = [told("A", "B", valence=0.0), told("A", "B", valence=0.5)]
    run = made(agents="AB", encounters=[act("A", "e", 0.0)], gossip=pieces)
    assert reach.defectors(run, RoundSpan.all(run)).knowing.tolist() == [0.0]


def test_a_record_counts_only_while_it_is_below_zero() -> None:
    held = {"target": "A", "round": 1, "observer": "B", "score": -0.5, "until_round": 2}
    better = {"target": "A", "round": 2, "observer": "B", "score": 0.5}
    own = {"target": "A", "round": 1, "observer": "A", "score": -1.0, "of_self": True}
    late = {"target": "A", "round": 2, "observer": "C", "score": -0.5}
    encounters = [act("A", "e", 0.0)]
    run = made(agents="ABCDE", encounters=encounters, reputations=[held, better, own, late])
    assert reach.defectors(run, RoundSpan.all(run)).knowing.tolist() == [0.25]
    assert reach.rounds_until_known(run, RoundSpan.all(run)) == Rate(None, 0)
    assert reach.defectors_known(run, RoundSpan.all(run)) == Rate(0.0, 1)


def test_rounds_are_counted_from_when_an_agent_became_a_defector() -> None:
    acts = [act("A", "e", 1.0), *(act("A", f"e{t}", 0.0) | {"round": t} for t in (3, 4))]
    known = {"target": "A", "round": 1, "observer": "B", "score": -0.5}
    run = made(agents="AB", last=4, encounters=acts, reputations=[known])
    assert reach.defectors(run, RoundSpan(1, 3)).empty  # one act of two: not below one half
    assert reach.defectors(run, RoundSpan(1, 4))[["since", "rounds"]].values.tolist() == [[4, 0.0]]


# Runs ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=["pd", "participation", "investment", "donor"])
def run(request: Any, tmp_path_factory: Any) -> Path:
    people = company("embedded", "A02=chance", n=6, scenario=request.param)
    return played(tmp_path_factory.mktemp(request.param), people, 7)


def test_cooperation_so_far_is_that_of_each_agent_after_each_round(run: Path) -> None:
    frames = open_frames(run)
    found = reach._cooperation_so_far(frames)
    for number in range(1, frames.last + 1):
        expected = cooperation_by_agent(frames, number).cooperation.to_numpy()
        np.testing.assert_allclose(found[number - 1], expected)


def test_every_measure_works_on_a_run(run: Path) -> None:
    frames = open_frames(run)
    found = values(frames, RoundSpan.all(frames))
    for name, rate in found.items():
        assert type(rate.value) in (float, type(None)), name
        assert type(rate.n) is type(rate.missing) is int, name
        assert rate.value is None or np.isfinite(rate.value), name
    for family in ("gossip", "valence"):
        assert sum(shares(found, family)) == pytest.approx(1.0)


def test_a_fork_that_turns_gossip_off_is_measured_in_the_rounds_that_had_it(tmp_path: Path) -> None:
    whole = played(tmp_path / "whole", company("embedded", n=6), 4)
    with fork(whole, 3, {"gossip": "off"}, folder=tmp_path, name="fork") as run:
        asyncio.run(run.play())
        frames, parent = open_frames(run.journal.path), open_frames(whole)
    shared, rest = RoundSpan(1, 3), RoundSpan(4, 4)
    assert values(frames, shared) == values(parent, shared)
    assert hearsay.valence(frames, shared).n > 0
    assert gossip.volume(frames, rest) == Rate(0.0, 6)


def test_before_the_first_round_there_is_nothing_to_measure() -> None:
    run = made(agents="AB", last=0)
    assert {rate[:2] for rate in values(run, RoundSpan.all(run)).values()} == {(None, 0)}


def test_a_run_without_gossip_has_no_shares() -> None:
    found = values(made(agents="AB", encounters=[act("A", "e", 1.0)]))
    assert found["gossip_volume"] == Rate(0.0, 2)
    assert found["gossip_after_c"] == Rate(0.0, 1)
    zero = {"gossip_volume", "gossip_after_c"}
    assert {rate[:2] for name, rate in found.items() if name not in zero} == {(None, 0)}
