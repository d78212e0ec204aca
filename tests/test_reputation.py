"""What one agent makes of another."""

from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from societies import player

from repunet.minds.recorded import dumped
from repunet.questions.mind import adapter
from repunet.world.reputation import Appraisal, ReputationStore, Version

weights = st.tuples(*[st.floats(0, 1)] * 5).filter(lambda five: sum(five) > 1e-9)
whole = st.tuples(*[st.integers(0, 100)] * 5).filter(any)


@given(st.one_of(weights, whole))
def test_any_five_weights_make_a_score_between_minus_one_and_one(five: tuple[float, ...]) -> None:
    appraisal = Appraisal("", five)
    assert -1 <= appraisal.score <= 1
    assert sum(appraisal.weights) == pytest.approx(1, abs=3e-6)
    assert all(0 <= weight <= 1 for weight in appraisal.weights)


@given(whole)
def test_a_score_is_the_good_less_the_bad(five: tuple[int, ...]) -> None:
    worst, bad, _, good, best = (weight / sum(five) for weight in five)
    assert Appraisal("", five).score == pytest.approx(good + best - bad - worst, abs=5e-6)


@given(st.one_of(weights, whole))
def test_an_appraisal_stays_the_same_when_it_is_written_and_read(five: tuple[float, ...]) -> None:
    appraisal = Appraisal("Mostly fair.", five)
    assert Appraisal(appraisal.text, appraisal.weights) == appraisal
    assert adapter(Appraisal).validate_json(dumped(appraisal)) == appraisal


@pytest.mark.parametrize(
    ("five", "score"),
    [
        ((1, 0, 0, 0, 0), -1),
        ((0, 1, 0, 0, 0), -1),
        ((0, 0, 1, 0, 0), 0),
        ((0, 0, 0, 1, 0), 1),
        ((0, 0, 0, 0, 1), 1),
        ((1, 1, 1, 1, 1), 0),
        ((0, 0, 10, 30, 60), 0.9),
        ((0.2, 0.2, 0.2, 0.2, 0.2), 0),
    ],
)
def test_the_paper_scores_like_this(five: tuple[float, ...], score: float) -> None:
    assert Appraisal("", five).score == score


@pytest.mark.parametrize("odd", [-0.1, nan, inf, -inf])
@pytest.mark.parametrize("place", range(5))
def test_weights_that_mean_nothing_are_refused(odd: float, place: int) -> None:
    five = [0.2] * 5
    five[place] = odd
    with pytest.raises(ValueError, match="five weights"):
        Appraisal("", tuple(five))


def test_no_weight_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="not all zero"):
        Appraisal("", (0, 0, 0, 0, 0))


@pytest.mark.parametrize("five", ["[0.5, 0.5]", "[0, 0, 0, 0, 0]", "[2, 0, 0, 0, 0]", "[]"])
def test_an_answer_with_other_weights_can_not_be_read(five: str) -> None:
    with pytest.raises(ValidationError):
        adapter(Appraisal).validate_json(f'{{"text": "", "weights": {five}}}')


def version(number: int, good: float, role: str = "player", round_: int = 1) -> Version:
    who = player(number)._replace(role=role)
    verdict = Appraisal(f"Version {round_}.", (1 - good, 0, 0, 0, good))
    return Version(verdict.of(who, "pd"), round_, "encounter", (f"r{round_}/meet",))


def test_the_newest_record_is_the_current_one_and_all_are_kept() -> None:
    store = ReputationStore()
    versions = [version(2, 0.1 * round_, round_=round_) for round_ in range(1, 4)]
    for each in versions:
        store.record(each)
    assert store.of(player(2)) == versions[-1].reputation
    assert store.history(player(2)) == tuple(versions)
    assert list(store) == [versions[-1].reputation]
    assert len(store) == 1


def test_records_are_kept_by_agent_and_role() -> None:
    store = ReputationStore()
    store.record(version(2, 1.0, "investor"))
    store.record(version(2, 0.0, "trustee"))
    assert [r.score for r in store.about("A02", ("investor", "trustee"))] == [1, -1]
    assert [r.score for r in store.about("A02", ("trustee",))] == [-1]
    assert store.of(player(2)) is None
    assert [target.role for target in store.targets()] == ["investor", "trustee"]
