"""The donor game: only who gives pays, and only who gives is known by it."""

import inspect
import re
from fractions import Fraction

import pytest
from societies import MISSING, Played, Stub, everyone, founded, minds, only, play

from repunet.minds.scripted import extreme, played
from repunet.prompts import render, wordings
from repunet.questions.operations import ShapePeerReputation
from repunet.scenarios import donor, scenario
from repunet.scenarios.donor import BENEFIT, COST, DecideHelp
from repunet.world.encounter import UNIT, Act, Encounter
from repunet.world.event import Matched, ReputationShaped
from repunet.world.population import population
from repunet.world.stakes import Game
from repunet.world.treatment import TREATMENTS

GAME = scenario("donor").stakes


def answering(*, helps: bool) -> Stub:
    return Stub({DecideHelp: lambda o, _: played(o, extreme(o.game, cooperative=helps), "")})


def parts(met: Encounter) -> tuple[Act, Act]:
    """Return the act of the donor and that of the recipient."""
    giving, receiving = met.acts
    return giving, receiving


@pytest.fixture(scope="module")
def game() -> Played:
    return play(minds("embedded"), founded(dilemma="donor", n=8), 12)


def test_it_is_short() -> None:
    assert len(inspect.getsource(donor).splitlines()) < 100


def test_stakes_are_those_of_helping_each_other() -> None:
    assert isinstance(GAME, Game)
    help_, pass_by = GAME.options
    for mine, theirs in ((help_, help_), (help_, pass_by), (pass_by, help_), (pass_by, pass_by)):
        gives, gets = mine.cooperation, theirs.cooperation
        expected = BENEFIT * gets - COST * gives, BENEFIT * gives - COST * gets
        assert (mine.met if gets else mine.unmet) == expected
    assert Fraction(GAME.exposure) == Fraction(BENEFIT, BENEFIT + COST)


def test_only_the_donor_decides_and_only_the_donor_pays(game: Played) -> None:
    asked = [each.at for each in game.asked if isinstance(each.operation, DecideHelp)]
    assert [at.actor for at in asked] == [m.participants[0].agent for m in game.all(Matched)]
    for met in game.encounters.values():
        giving, receiving = parts(met)
        helped = giving.move == "help"
        assert (giving.payoff, receiving.payoff) == (-COST * UNIT * helped, BENEFIT * UNIT * helped)


def test_only_the_donor_is_judged(game: Played) -> None:
    for met in game.encounters.values():
        giving, receiving = parts(met)
        assert giving.cooperation == (giving.move == "help")
        assert giving.valence == 2 * giving.cooperation - 1
        assert (receiving.cooperation, receiving.valence) == (None, 0.0)


def test_no_record_of_a_recipient_says_more_for_its_being_helped(game: Played) -> None:
    weights: dict[tuple[str, str], tuple[float, ...]] = {}
    changed = {True: 0, False: 0}
    for event in game.all(ReputationShaped):
        rated, key = event.reputation, (event.observer, event.reputation.target)
        before = weights.get(key, (0.2,) * 5)
        weights[key] = rated.weights
        if event.cause == "encounter":
            gave = rated.target == parts(game.encounters[event.because[0]])[0].agent
            changed[gave] += rated.weights != pytest.approx(before, abs=1e-5)
    assert changed[True] > 0 == changed[False]


def test_passing_by_is_not_excused_by_whom_one_passes_by() -> None:
    game = play(answering(helps=False), founded(dilemma="donor", n=4), 4)
    assert not any(act.excused for met in game.encounters.values() for act in met.acts)
    assert not scenario("donor").stakes.excusable  # type: ignore[union-attr]


@pytest.mark.parametrize("helps", [True, False])
def test_each_of_the_two_has_its_own_story(helps: bool) -> None:
    game = play(answering(helps=helps), founded("none", dilemma="donor", n=2), 1)
    (met,) = game.encounters.values()
    giver, receiver = (game.society.name(p.agent) for p in met.participants)
    did, paid, had = ("help", 1, 3) if helps else ("pass by", 0, 0)
    assert met.stories == (
        f"You chose to {did} {receiver}; you paid {paid}, {receiver} received {had}.",
        f"{giver} chose to {did} you; {giver} paid {paid}, you received {had}.",
    )


def test_without_the_donor_s_answer_nothing_takes_place() -> None:
    game = play(Stub({DecideHelp: MISSING}), founded(dilemma="donor", n=6), 2)
    assert {met.outcome for met in game.encounters.values()} == {"void"}
    assert not game.questions(ShapePeerReputation)


def test_one_missing_answer_leaves_the_other_pairs_alone() -> None:
    kind = played(_asked(), extreme(_asked().game, cooperative=True), "")
    stub = Stub({DecideHelp: only(1, MISSING, kind)})
    game = play(stub, founded(dilemma="donor", n=6), 6)
    for met in game.encounters.values():
        assert (met.outcome == "void") == (met.participants[0].agent == "A01")


def _asked() -> DecideHelp:
    return play(Stub(), founded(dilemma="donor", n=2), 1).questions(DecideHelp)[0]


def test_everybody_gives_and_receives_in_turn(game: Played) -> None:
    for seat in (0, 1):
        assert {m.participants[seat].agent for m in game.all(Matched)} == set(game.society.agents)


@pytest.mark.parametrize("arm", TREATMENTS)
@pytest.mark.parametrize("wording", wordings())
def test_the_rules_name_the_stakes_and_nothing_else(wording: str, arm: str) -> None:
    asked = play(Stub(), founded(arm, dilemma="donor", n=4), 3).questions(DecideHelp)[-1]
    prompt = render(asked, wording)
    rules = prompt.system.replace(asked.ego.description, "")
    assert re.findall(r"-?\d+", rules) == ["-1", "3", "0", "0"]
    assert '"help"' in prompt.user
    assert '"pass by"' in prompt.user


def test_tit_for_tat_answers_what_a_donor_did_and_not_what_a_recipient_received() -> None:
    people = population(2, "donor")
    strategies = everyone("A01=tit-for-tat", "cooperator", people=people)
    game = play(strategies, founded(dilemma="donor", people=people), 12)
    assert {parts(met)[0].move for met in game.encounters.values()} == {"help"}


def test_whoever_sees_somebody_helped_learns_of_the_donor_alone() -> None:
    game = play(minds("chance"), founded("witnessed", dilemma="donor", n=8), 4)
    seen = [event for event in game.all(ReputationShaped) if event.cause == "observation"]
    donors = [parts(game.encounters[event.because[0]])[0].agent for event in seen]
    assert [event.reputation.target for event in seen] == donors != []
