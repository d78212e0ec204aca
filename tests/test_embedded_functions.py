"""The pure functions of the embedded mind, against the prototype's figures and on their own."""

import json
from dataclasses import asdict, fields, replace
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repunet.minds.embedded.model import participation, talk, trust
from repunet.minds.embedded.model.dilemma import Outlook, WeighedChoice
from repunet.minds.embedded.model.evidence import (
    NO_EVIDENCE,
    WeightedActs,
    add_act,
    add_together,
    base_rate,
    belief,
    from_levels,
    horizon,
    levels,
    observability,
    score,
)
from repunet.minds.embedded.model.parameters import PROFILES, Parameters
from repunet.minds.embedded.model.temperament import EGOIST, disposition, social_weights
from repunet.world.stakes import Game, Option, Trust

DATA = Path(__file__).parent / "data"
GOLDEN: dict[str, Any] = json.loads((DATA / "embedded_mind_golden.json").read_text())
MORE: dict[str, Any] = json.loads((DATA / "embedded_mind_more.json").read_text())
SEEDS = Path(__file__).parents[2] / "shared" / "reference-data" / "seeds"
needs_reference = pytest.mark.skipif(not SEEDS.is_dir(), reason="needs the reference's seeds")

NAMES = {
    "prosocial_behind": "pro_behind",
    "prosocial_ahead": "pro_ahead",
    "prosocial_kind": "pro_recip",
    "prosocial_unkind": "pro_neg",
    "prosocial_guilt": "pro_guilt",
    "selfish_behind": "self_behind",
    "selfish_ahead": "self_ahead",
    "selfish_kind": "self_recip",
    "selfish_unkind": "self_neg",
    "selfish_guilt": "self_guilt",
    "precision": "Lam",
    "image_concern": "img",
    "patience": "delta",
    "first_belief": "b0",
    "belief_weight": "w_obs",
    "prior_strength": "n_prior",
    "conditional_share": "theta",
    "uninformed_mass": "c0",
    "ageing": "forget",
    "negativity": "asym",
    "excuse": "nu",
    "gossip_propensity": "g0",
    "gossip_prosociality": "g_pro",
    "gossip_bias": "g_bias",
    "slur": "lie",
    "gossip_weight": "tau",
    "credulity": "z0",
    "credit_source": "k_src",
    "credit_distrust": "k_soc",
    "credit_dissent": "k_dis",
    "second_hand": "second",
    "sociability": "tie_slope",
    "common_return": "mpcr",
    "participation_range": "vp_range",
    "other_members": "n_oth",
    "congestion": "congest",
    "participation_image": "obs_vp",
}
"""The prototype's names of our parameters; the jitter is off in its golden cases."""

P = Parameters()
PD = Game(
    (
        Option("cooperate", 1.0, met=(3.0, 3.0), unmet=(0.0, 5.0)),
        Option("defect", 0.0, met=(5.0, 0.0), unmet=(1.0, 1.0)),
    ),
    excusable=True,
)
HALFWAY = Option("halfway", 0.5, met=(4.0, 2.0), unmet=(0.5, 3.0))
WEIGHTS = {"prosocial": social_weights(1.0, 0.0, P), "self": social_weights(0.0, 0.0, P)}

shares = st.floats(0.0, 1.0)
valences = st.floats(-1.0, 1.0)
records = st.builds(WeightedActs, st.floats(0.0, 10.0), st.floats(0.0, 9.5))
outlooks = st.builds(
    Outlook,
    st.builds(social_weights, shares, st.floats(-3.0, 3.0), st.just(P)),
    records,
    shares,
    shares,
)


def near(expected: Any) -> Any:
    return pytest.approx(expected, abs=1e-6)


def golden(fn: str) -> list[dict[str, Any]]:
    return [case for case in GOLDEN["cases"] if case["fn"] == fn]


def outlook_of(case: dict[str, Any]) -> Outlook:
    return Outlook(WEIGHTS[case["who"]], WeightedActs(*case["me"]), case["q"], case["base"])


def test_the_parameters_are_the_prototypes() -> None:
    ours = asdict(P)
    assert {NAMES[name]: ours[name] for name in NAMES} == {
        theirs: GOLDEN["params"][theirs] for theirs in NAMES.values()
    }
    unnamed = {field.name for field in fields(P)} - set(NAMES)
    assert unnamed == {"jitter", "passed_on_from", "confiding", "observability"}


def test_the_sharp_profile_differs_in_precision_alone() -> None:
    assert replace(PROFILES["embedded:sharp"], precision=P.precision) == PROFILES["embedded"] == P


def test_the_prisoners_dilemma_is_chosen_as_in_the_prototype() -> None:
    dilemma = WeighedChoice(PD, P)
    for case in golden("pd"):
        outlook = outlook_of(case)
        utility = dilemma.utilities(case["belief"], outlook.weights)
        reputation = dilemma.reputational_values(case["belief"], outlook)
        assert utility[0] - utility[1] == near(case["dU"]), case
        assert reputation[0] - reputation[1] == near(case["B"]), case
        assert dilemma.probabilities(case["belief"], outlook)[0] == near(case["p"]), case


def test_participation_is_chosen_as_in_the_prototype() -> None:
    for case in golden("vp"):
        weights = WEIGHTS[case["who"]]
        chosen = participation.participation_probability(case["x"], case["q"], weights, P)
        assert chosen == near(case["p"]), case


def test_investors_choose_as_in_the_prototype() -> None:
    for case in golden("inv"):
        weights = WEIGHTS[case["who"]]
        chances = trust.investment_probabilities(case["a"], case["x"], weights, 2.0, P)
        mean = sum(share * chance for share, chance in zip(trust.INVESTMENTS, chances, strict=True))
        assert 1.0 - chances[0] == near(case["accept"]), case
        assert mean == near(case["frac"]), case


def test_a_record_walks_as_in_the_prototype() -> None:
    record = NO_EVIDENCE
    for step in GOLDEN["record_walk"]:
        record = add_act(record, step["v"], P)
        assert record == near((step["good"], step["bad"]))
        assert score(record, P) == near(step["score"])
        assert belief(record, 0.5, P) == near(step["belief_base_half"])


def test_trustees_promise_as_in_the_prototype() -> None:
    for case in MORE["plans"]:
        parameters = replace(P, precision=case["precision"])
        chances = trust.plan_probabilities(outlook_of(case), case["multiplier"], parameters)
        assert chances == near(tuple(case["p"])), case


def test_trustees_settle_as_in_the_prototype() -> None:
    for case in MORE["returns"]:
        outlook = outlook_of(case)
        choice = trust.return_choice(
            case["promise"], case["invested"], outlook, case["multiplier"], P
        )
        assert choice.keep == near(case["keep"]), case
        assert choice.kept == near(case["kept"]), case
        assert choice.probabilities == near(tuple(case["broken"])), case


def test_talk_and_ties_are_as_in_the_prototype() -> None:
    for case in MORE["talks"]:
        assert talk.talk_probability(case["score"], P) == near(case["p"])
        assert talk.keep_tie_probability(case["score"], P) == near(case["p"])
    for case in MORE["ties"]:
        chance = talk.tie_probability(case["belief"], case["base"], case["exposure"], P)
        assert chance == near(case["p"])
    assert PD.exposure == near(0.7)


def test_gossip_is_told_as_in_the_prototype() -> None:
    for case in MORE["gossip"]:
        parameters = replace(P, gossip_bias=case["bias"])
        chance = talk.gossip_propensity(case["valence"], case["prosociality"], parameters)
        assert chance == near(case["p"]), case


def test_gossip_is_judged_as_in_the_prototype() -> None:
    for case in MORE["credibilities"]:
        level = talk.credibility_level(
            case["source"], case["distrust"], case["valence"], case["own"], P
        )
        assert level == case["level"], case


def test_levels_are_read_as_in_the_prototype() -> None:
    for case in MORE["levels"]:
        assert from_levels(case["weights"], P) == near(tuple(case["evidence"]))


def test_texts_read_as_prosocial_as_in_the_prototype() -> None:
    for case in MORE["texts"]:
        assert disposition(case["text"]) == near(case["disposition"]), case


@needs_reference
def test_the_references_personas_read_as_in_the_prototype() -> None:
    people = json.loads((SEEDS / "profiles.json").read_text())
    for scenario, expected in MORE["dispositions"].items():
        read = {name: disposition(text) for name, text in people[scenario].items()}
        assert read == near(expected)


@given(records)
def test_levels_sum_to_one_and_hold_the_score(record: WeightedActs) -> None:
    worst, bad, _, good, best = weights = levels(record, P)
    assert sum(weights) == pytest.approx(1.0)
    assert good + best - bad - worst == pytest.approx(score(record, P))


@given(records)
def test_levels_below_the_cap_give_the_evidence_back(record: WeightedActs) -> None:
    assert from_levels(levels(record, P), P) == pytest.approx(record, abs=1e-9)


@given(st.lists(st.integers(0, 100), min_size=5, max_size=5).filter(any))
def test_any_five_weights_can_be_read(parts: list[int]) -> None:
    record = from_levels([part / sum(parts) for part in parts], P)
    assert record.good >= 0.0
    assert record.bad >= 0.0
    assert record.mass <= P.uninformed_mass + P.negativity / (1.0 - P.ageing) + 1e-9


@given(records, valences, shares)
def test_a_score_lies_between_minus_one_and_one(
    record: WeightedActs, valence: float, weight: float
) -> None:
    assert -1.0 < score(add_act(record, valence, P, weight), P) < 1.0


@given(st.floats(0.0, 10.0), st.floats(0.05, 1.0))
def test_a_bad_act_on_a_good_name_moves_it_more_than_a_good_one(good: float, size: float) -> None:
    before = score(WeightedActs(good, 0.0), P)
    rise = score(add_act(WeightedActs(good, 0.0), size, P), P) - before
    fall = before - score(add_act(WeightedActs(good, 0.0), -size, P), P)
    assert fall > rise


@given(records, st.lists(st.tuples(valences, shares), max_size=4))
def test_acts_judged_together_have_no_order(
    record: WeightedActs, acts: list[tuple[float, float]]
) -> None:
    outcomes = {add_together(record, order, P) for order in permutations(acts)}
    assert len(outcomes) == 1


@given(records, valences, shares)
def test_one_act_judged_together_is_one_act(
    record: WeightedActs, valence: float, weight: float
) -> None:
    assert add_together(record, [(valence, weight)], P) == add_act(record, valence, P, weight)


@given(records, valences)
def test_an_act_without_weight_leaves_no_trace(record: WeightedActs, valence: float) -> None:
    assert add_act(record, valence, P, 0.0) == record == add_together(record, [], P)


@given(st.lists(shares, max_size=8))
def test_a_base_rate_stays_a_probability(observations: list[float]) -> None:
    assert 0.0 <= base_rate(observations, P) <= 1.0


def test_the_newest_observation_weighs_most_in_the_base_rate() -> None:
    assert base_rate([], P) == 0.5
    assert base_rate([0.0, 1.0], P) > base_rate([1.0, 0.0], P)


def test_observability_is_the_smoothed_share_of_the_known() -> None:
    assert observability([]) == 0.5
    assert observability([True, True, False]) == pytest.approx(3 / 5)


@given(records)
def test_who_is_shunned_is_coloured_longer(record: WeightedActs) -> None:
    assert horizon(record, 0.2, P) > horizon(record, 1.0, P)


@given(shares, st.floats(-20.0, 20.0))
def test_weights_stay_below_equal_regard_when_ahead(prosociality: float, z: float) -> None:
    assert 0.0 <= social_weights(prosociality, z, P).ahead <= 0.95


@given(st.floats(-3.0, 3.0))
def test_the_jitter_leaves_egoists_alone(z: float) -> None:
    assert social_weights(0.0, z, P) == EGOIST


@given(shares, outlooks, st.booleans(), st.booleans())
def test_probabilities_of_options_sum_to_one(
    trusted: float, outlook: Outlook, excusable: bool, three: bool
) -> None:
    options = (*PD.options, HALFWAY) if three else PD.options
    chances = WeighedChoice(Game(options, excusable), P).probabilities(trusted, outlook)
    assert len(chances) == len(options)
    assert sum(chances) == pytest.approx(1.0)


@given(shares, outlooks)
def test_the_order_of_options_changes_no_probability(trusted: float, outlook: Outlook) -> None:
    options = (*PD.options, HALFWAY)
    forth = WeighedChoice(Game(options, True), P).probabilities(trusted, outlook)
    back = WeighedChoice(Game(options[::-1], True), P).probabilities(trusted, outlook)
    assert forth == pytest.approx(back[::-1])


@given(shares, outlooks)
def test_grounds_sum_to_the_log_odds(trusted: float, outlook: Outlook) -> None:
    dilemma = WeighedChoice(PD, P)
    cooperate, defect = dilemma.logits(trusted, outlook)
    assert dilemma.grounds(0, trusted, outlook).log_odds == near(cooperate - defect)
    assert dilemma.grounds(1, trusted, outlook).log_odds == near(defect - cooperate)


@given(shares, st.floats(-3.0, 3.0))
def test_being_seen_makes_cooperation_likelier(prosociality: float, z: float) -> None:
    dilemma, weights = WeighedChoice(PD, P), social_weights(prosociality, z, P)
    chances = [
        dilemma.probabilities(0.5, Outlook(weights, WeightedActs(2.0, 1.0), seen, 0.5))[0]
        for seen in (0.0, 0.5, 1.0)
    ]
    assert chances == sorted(chances)
    assert chances[0] < chances[2]


def test_a_half_cooperative_act_is_worth_less_to_a_name_than_a_whole_one() -> None:
    dilemma = WeighedChoice(Game((*PD.options, HALFWAY), excusable=True), P)
    outlook = Outlook(WEIGHTS["self"], WeightedActs(1.0, 0.0), 0.8, 0.5)
    whole, none, half = dilemma.reputational_values(0.5, outlook)
    assert none < half < whole


def test_extreme_stakes_do_not_overflow() -> None:
    options = (
        Option("give", 1.0, met=(0.0, 1e6), unmet=(-1.0, 1e6)),
        Option("keep", 0.0, met=(1.0, -1e6), unmet=(0.0, -1e6)),
    )
    outlook = Outlook(WEIGHTS["prosocial"], NO_EVIDENCE, 0.9, 0.5)
    chances = WeighedChoice(Game(options, excusable=False), P).probabilities(0.5, outlook)
    assert sum(chances) == pytest.approx(1.0)


def test_stakes_without_a_choice_are_refused() -> None:
    with pytest.raises(ValueError, match="two options"):
        Game(PD.options[:1], excusable=False)
    with pytest.raises(ValueError, match="not in"):
        Option("give", 1.5, met=(0.0, 1.0), unmet=(0.0, 1.0))


@given(shares, shares, outlooks, st.floats(0.0, 3.0))
def test_investments_are_a_distribution(
    trusted: float, promise: float, outlook: Outlook, multiplier: float
) -> None:
    chances = trust.investment_probabilities(trusted, promise, outlook.weights, multiplier, P)
    assert len(chances) == len(trust.INVESTMENTS)
    assert sum(chances) == pytest.approx(1.0)
    assert min(chances) >= 0.0


@given(st.floats(-2e-6, 2e-6))
def test_flat_investment_is_halved_between_refusal_and_every_amount(tilt: float) -> None:
    # Egoists who expect to get back just what they entrust are indifferent.
    chances = trust.investment_probabilities(1.0, 0.5 + tilt, EGOIST, 2.0, P)
    assert chances == pytest.approx((0.5, *[0.05] * 10), abs=1e-4)
    own = trust.Investors(0.5 + tilt, 2.0, replace(P, conditional_share=0.0))
    invested, accepted = own.answer(WeightedActs(1e12, 0.0), 1.0)
    assert (invested, accepted) == pytest.approx((0.275, 0.5), abs=1e-4)


@given(shares, shares, outlooks, st.floats(1.0, 3.0))
def test_returns_are_a_distribution_on_either_side_of_the_promise(
    promise: float, invested: float, outlook: Outlook, multiplier: float
) -> None:
    choice = trust.return_choice(promise, invested, outlook, multiplier, P)
    assert choice.kept >= promise
    assert all(share < promise for share in choice.shares)
    assert 0.0 <= choice.keep <= 1.0
    assert sum(choice.probabilities) == pytest.approx(1.0 if choice.shares else 0.0)


def test_a_promise_of_nothing_cannot_be_broken() -> None:
    outlook = Outlook(WEIGHTS["self"], NO_EVIDENCE, 0.5, 0.5)
    choice = trust.return_choice(0.0, 0.5, outlook, 2.0, P)
    assert (choice.keep, choice.shares, choice.probabilities) == (1.0, (), ())
    assert Trust.valence_of_return(0.0, 0.0) == -1.0
    assert Trust.valence_of_return(0.5, 0.0) == 1.0


@given(shares, st.floats(0.01, 1.0))
def test_a_kept_promise_of_half_or_more_is_a_good_act(returned: float, promise: float) -> None:
    valence = Trust.valence_of_return(returned, promise)
    assert -1.0 <= valence <= 1.0
    assert valence == 1.0 or returned < max(promise, 0.5)


@given(outlooks)
def test_promises_are_a_distribution(outlook: Outlook) -> None:
    assert sum(trust.plan_probabilities(outlook, 2.0, P)) == pytest.approx(1.0)


def test_a_breach_is_reported_as_if_it_were_kept() -> None:
    assert trust.reported_proceeds(0.5, 0.6, 8.0) == 8.0
    assert trust.reported_proceeds(0.5, 0.25, 8.0) == 4.0
    assert Trust.valence_of_investment(0.0) == -1.0


def test_participation_grounds_are_material_fair_and_image() -> None:
    grounds = participation.participation_grounds(0.5, 1.0, EGOIST, P)
    assert grounds.fairness == 0.0
    assert grounds.material < 0.0 < grounds.image


def test_strangers_always_talk() -> None:
    assert talk.talk_probability(None, P) == 1.0


def test_only_the_credible_is_passed_on_and_less_readily() -> None:
    told = talk.gossip_propensity(1.0, 0.5, P)
    assert told == P.gossip_propensity
    assert talk.passing_on_propensity(1.0, 4, 0.5, P) == told / 2
    assert talk.passing_on_propensity(1.0, 3, 0.5, P) == 0.0


def test_slurs_are_the_self_interesteds() -> None:
    assert talk.slur_probability(1.0, P) == 0.0
    assert talk.slur_probability(0.0, P) == P.slur


def test_gossip_weighs_by_its_credibility() -> None:
    assert [talk.gossip_weight(level, P) for level in (1, 3, 5)] == [0.0, 0.25, 0.5]


def test_indices_rise_with_what_is_thought_of_somebody() -> None:
    assert talk.listener_index(0.5, P) == 1.0
    assert talk.company_index(0.5, P) == 1.75
    assert talk.partner_index(0.5, PD.exposure, P) == pytest.approx(3.5)
