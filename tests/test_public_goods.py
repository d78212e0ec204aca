"""A public goods game from outside the package: found by its entry point, held to every contract.

Nothing in the package knows of it; the tests that find scenarios by themselves are run on it, in
a process of their own, as they stand.
"""

import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from installing import install, installed
from societies import MISSING, Stub, everyone, founded, minds, only, play

from repunet.cli import execute
from repunet.minds.scripted import extreme, played
from repunet.prompts import render, wordings
from repunet.questions import operations as ops
from repunet.scenarios import Scenario, scenario
from repunet.world.encounter import UNIT
from repunet.world.event import EncounterEnded, Matched
from repunet.world.population import population
from repunet.world.treatment import TREATMENTS

ROOT = Path(__file__).parents[1]
PROJECT = ROOT / "examples" / "public_goods"
MODULE = PROJECT / "public_goods" / "__init__.py"
NAME = "public-goods"
SLOW = ("embedded_mind", "perspective", "replay", "router")
EVERY_SCENARIO = (
    *("contract", "determinism", "prompts"),
    *(pytest.param(name, marks=pytest.mark.slow) for name in SLOW),
)
"""Files of tests that hold every scenario that is installed to something."""


@pytest.fixture(autouse=True, scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with installed(PROJECT, tmp_path_factory.mktemp("site")):
        yield


@pytest.fixture
def goods() -> Scenario:
    return scenario(NAME)


def giving(**amounts: str) -> Stub:
    """Return a mind with which everybody gives half, but for those whose amount is told."""

    def move(asked: Any, at: Any) -> Any:
        label = f"give {amounts.get(at.actor, 'half')}"
        return played(asked, next(o for o in asked.game.options if o.label == label), "")

    return Stub({ops.ChooseActInGroup: move})


def test_it_is_one_short_module_with_its_templates() -> None:
    assert len(MODULE.read_text("utf-8").splitlines()) < 100
    assert {path.name for path in PROJECT.rglob("*.py")} == {MODULE.name}
    templates = {
        wording: {path.name for path in (MODULE.parent / wording).iterdir()}
        for wording in wordings()
    }
    assert set(map(frozenset, templates.values())) == {frozenset({"rules.md", "contribute.md"})}


def test_the_package_knows_nothing_of_it() -> None:
    sources = [*ROOT.glob("src/**/*.py"), *ROOT.glob("src/**/*.md"), ROOT / "pyproject.toml"]
    assert not [path for path in sources if re.search("public.goods", path.read_text("utf-8"))]


@pytest.mark.slow
@pytest.mark.parametrize("tests", EVERY_SCENARIO)
def test_it_is_held_to_what_every_scenario_is_held_to(tests: str, tmp_path: Path) -> None:
    done = contract(tests, tmp_path)
    assert done.returncode == 0, done.stdout
    assert int(re.findall(r"(\d+) passed", done.stdout)[-1]) > 1


def contract(tests: str, site: Path) -> subprocess.CompletedProcess[str]:
    """Run a file of tests, as far as it is about this scenario, where this scenario is there."""
    places = os.pathsep.join(map(str, install(PROJECT, site)))
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
    return subprocess.run(
        [*command, f"tests/test_{tests}.py", "-k", NAME],
        cwd=ROOT,
        env=env | {"PYTHONPATH": places},
        capture_output=True,
        text=True,
    )


def test_what_is_earned_is_what_is_kept_and_a_share_of_what_was_given(goods: Scenario) -> None:
    given = {"nothing": 0.0, "half": 0.5, "all": 1.0}
    game = play(giving(A01="nothing", A02="all", A03="all"), founded("none", dilemma=NAME, n=4), 1)
    (met,) = game.encounters.values()
    pot = sum(given[act.move.removeprefix("give ")] for act in met.acts)
    for act in met.acts:
        amount = given[act.move.removeprefix("give ")]
        assert act.payoff == round(UNIT * (1 - amount + 0.4 * pot))
        assert (act.cooperation, act.valence) == (amount, 2 * amount - 1)
    assert (pot, sum(act.payoff for act in met.acts)) == (2.5, round(UNIT * (1.5 + 1.6 * 2.5)))


def test_the_stakes_are_what_one_earns_if_all_others_give_all_or_nothing(goods: Scenario) -> None:
    nothing, half, everything = goods.stakes.options  # type: ignore[union-attr]
    assert nothing.met == pytest.approx((2.2, 1.2))
    assert (nothing.unmet, everything.met) == ((1, 1), pytest.approx((1.6, 1.6)))
    assert half.met == pytest.approx((1.9, 1.4))
    assert half.unmet == pytest.approx((0.7, 1.2))
    assert everything.unmet == pytest.approx((0.4, 1.4))


def test_it_is_a_dilemma(goods: Scenario) -> None:
    options = sorted(goods.stakes.options, key=lambda o: o.cooperation)  # type: ignore[union-attr]
    for less, more in pairwise(options):
        assert less.met[0] > more.met[0]
        assert less.unmet[0] > more.unmet[0]
    assert options[-1].met[0] > options[0].unmet[0]


def test_giving_little_is_excused_where_the_others_gave_little() -> None:
    game = play(giving(A01="nothing", A02="nothing"), founded("none", dilemma=NAME, n=4), 1)
    (met,) = game.encounters.values()
    assert {act.agent for act in met.acts if act.excused} == {"A01", "A02"}
    game = play(giving(A01="nothing"), founded("none", dilemma=NAME, n=4), 1)
    (met,) = game.encounters.values()
    assert not any(act.excused for act in met.acts)


def test_each_of_the_four_has_its_own_story() -> None:
    game = play(giving(A01="nothing"), founded("none", dilemma=NAME, n=4), 1)
    (met,) = game.encounters.values()
    names = [game.society.name(member.agent) for member in met.participants]
    for seat, (story, act) in enumerate(zip(met.stories, met.acts, strict=True)):
        assert story.startswith(f"You chose to {act.move}; ")
        assert names[seat] not in story
        assert all(name in story for name in names if name != names[seat])
        assert story.endswith(f" You earned {act.payoff / UNIT:g}.")


def test_all_four_are_asked_at_once_and_one_missing_answer_voids_the_meeting() -> None:
    asked = play(giving(), founded(dilemma=NAME, n=4), 1).questions(ops.ChooseActInGroup)[0]
    half = played(asked, asked.game.options[1], "")
    stub = Stub({ops.ChooseActInGroup: only(1, MISSING, half)})
    game = play(stub, founded(dilemma=NAME, n=8), 1)
    outcomes = {met.participants: met.outcome for met in game.encounters.values()}
    assert Counter(outcomes.values()) == {"void": 1, "consummated": 1}
    assert len(game.questions(ops.ChooseActInGroup)) == 8


def test_after_a_meeting_one_thinks_of_oneself_once_and_of_each_of_the_others() -> None:
    wish = ops.GossipWish(yes=False, satisfied=False, reason="")
    stub = Stub({ops.DecideGossip: wish, ops.ChooseActInGroup: _all})
    count = Counter(asked.at.operation for asked in play(stub, founded(dilemma=NAME, n=4), 1).asked)
    of_oneself = ("Contribute", "Reflect", "ShapeSelfReputation", "ReviseSelfImage")
    of_others = ("ShapePeerReputation", "DecideTie", "DecideGossip")
    assert count == dict.fromkeys(of_oneself, 4) | dict.fromkeys(of_others, 4 * 3)


def _all(asked: Any, _: Any) -> Any:
    return played(asked, extreme(asked.game, cooperative=True), "")


@pytest.mark.parametrize("mind", ["embedded", "chance", "tit-for-tat", "mixed"])
@pytest.mark.parametrize("n", [4, 7, 11])
def test_groups_are_of_four_whatever_the_mind_and_whoever_is_left_sits_out(
    mind: str, n: int
) -> None:
    game = play(minds(mind), founded(dilemma=NAME, n=n), 3)
    assert {len(matched.participants) for matched in game.all(Matched)} == {4}
    assert len(game.all(EncounterEnded)) == 3 * (n // 4)


def test_a_strategy_remembers_all_meetings_with_any_of_the_group_each_once() -> None:
    people = population(4, NAME)
    team = everyone("A01=grudger", "A02=defector", "cooperator", people=people)
    game = play(team, founded(dilemma=NAME, people=people), 4)
    for asked in game.questions(ops.ChooseActInGroup):
        rounds = [past.round for past in asked.history]
        assert rounds == sorted(set(rounds))
    last = game.questions(ops.ChooseActInGroup)[-1]
    assert len(last.history) == 3


@pytest.mark.parametrize("arm", TREATMENTS)
@pytest.mark.parametrize("wording", wordings())
def test_no_prompt_speaks_of_choosing_partners_where_nobody_can(wording: str, arm: str) -> None:
    game = play(minds("embedded"), founded(arm, dilemma=NAME, n=4), 2)
    for asked in game.questions(ops.ChooseActInGroup):
        prompt = render(asked, wording, marked=True)
        assert "partner" not in "".join(re.findall("\x02(.*?)\x03", prompt.system))
        assert str(import_module("public_goods").MULTIPLIER) in prompt.system


def test_it_can_be_run_by_any_of_its_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in (NAME, "pgg"):
        assert execute(["run", name, "--agents", "8", "--rounds", "2", "--quiet"]) == 0
    assert "runs/public-goods-full-s1/run.sqlite" in capsys.readouterr().out
