"""Profiles: the reference's institutions as switches, and what agents see of others under them."""

import pytest
from societies import Played, founded, minds, play

from repunet.errors import UsageError
from repunet.questions.operations import ShapePeerFromObservation
from repunet.world.event import ChoiceMade, Matched, ReputationShaped, TieSevered
from repunet.world.profile import profiled
from repunet.world.treatment import TREATMENTS

ROUNDS = 11


def game(dilemma: str, arm: str, profile: str = "reference", mind: str = "chance") -> Played:
    treatment = profiled(TREATMENTS[arm], profile, dilemma)
    return play(minds(mind), founded(treatment, dilemma=dilemma, n=8), ROUNDS)


def test_the_paper_s_profile_changes_nothing() -> None:
    assert all(profiled(arm, "paper", "pd") == arm for arm in TREATMENTS.values())


def test_an_unknown_profile_is_refused_with_a_suggestion() -> None:
    with pytest.raises(UsageError, match='did you mean "reference"'):
        profiled(TREATMENTS["full"], "refrence", "pd")


def test_a_profile_is_part_of_the_treatment_s_name() -> None:
    label = profiled(TREATMENTS["full"], "reference", "pd").label
    assert label.startswith("full, ")
    assert "shunning=on" in label


@pytest.mark.parametrize("arm", ["no-reputation", "none"])
def test_without_reputation_the_reference_matches_at_random(arm: str) -> None:
    assert {m.by for m in game("pd", arm).all(Matched)} == {"chance"}
    assert "choice" in {m.by for m in game("pd", arm, "paper").all(Matched)}


def test_the_reference_lets_nobody_choose_whom_to_talk_with() -> None:
    assert {m.by for m in game("participation", "full").all(Matched)} == {"chance"}


def test_choices_are_observed_by_those_who_hold_a_record() -> None:
    played = game("participation", "full")
    asked = played.questions(ShapePeerFromObservation)
    assert asked
    assert all(question.alter.records for question in asked)
    assert {e.cause for e in played.all(ReputationShaped)} >= {"encounter", "observation"}
    seen = [e for e in played.all(ReputationShaped) if e.cause == "observation"]
    assert all(event.because[0].rpartition("/")[0].endswith("/choose") for event in seen)
    assert not game("participation", "full", "paper").questions(ShapePeerFromObservation)


def test_deeds_are_observed_every_five_rounds() -> None:
    played = game("investment", "full", mind="embedded")
    seen = [
        number
        for number, events in enumerate(played.rounds, start=1)
        for event in events
        if isinstance(event, ReputationShaped) and event.cause == "observation"
    ]
    assert set(seen) == {6, 11}


def test_what_is_observed_may_cut_a_tie_but_never_builds_one() -> None:
    played = game("participation", "full")
    assert "observation" in {event.cause for event in played.all(TieSevered)}


def test_without_reputation_nothing_is_observed() -> None:
    assert not game("participation", "no-reputation").questions(ShapePeerFromObservation)


def test_public_choices_are_in_everybody_s_view() -> None:
    played = game("participation", "none")
    chosen = {event.act.agent: event.act.move for event in played.rounds[0]
              if isinstance(event, ChoiceMade)}  # fmt: skip
    asked = [
        a for a in played.asked if str(a.at).startswith("r2/") and hasattr(a.operation, "tied")
    ]
    alone = game("participation", "none", "paper")
    assert len(chosen) == 8
    assert asked
    assert all(q.choices is None for q in alone.questions(type(played.asked[0].operation)))
