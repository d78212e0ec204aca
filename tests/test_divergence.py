"""Divergence: where two runs part, and whether minds, luck or what was known before is why."""

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import pytest
import victim
from societies import CUT, GOSSIP, TIE, Stub, founded
from test_provenance import written

from repunet.cli import execute
from repunet.questions import operations as ops
from repunet.questions.mind import Mind
from repunet.record.journal import Journal
from repunet.runs.run import fork
from repunet.scenarios.pd import Move
from repunet.tracing.divergence import Divergence, diverge
from repunet.world.persona import Participant
from repunet.world.population import population

Command = Callable[..., tuple[int, str, str]]


def compared(first: Path, second: Path) -> Divergence:
    with Journal.open(first) as one, Journal.open(second) as other:
        return diverge(one, other)


def of_minds(folder: Path, first: Mind, second: Mind, rounds: int = 4) -> Divergence:
    """Compare two runs of people who all know each other, decided by different minds."""
    people = founded(n=4)
    pairs = permutations((person.id for person in people.personas), 2)
    people = replace(
        people, ties=tuple((ego, Participant(alter, "player")) for ego, alter in pairs)
    )
    paths = []
    for name, mind in (("one", first), ("other", second)):
        (folder / name).mkdir()
        paths.append(written(folder / name, mind, people, rounds))
    return compared(*paths)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return victim.played(tmp_path_factory.mktemp("run"))


def test_a_run_is_the_same_as_itself(run: Path) -> None:
    found = compared(run, run)
    assert (found.same, found.equal_rounds, found.parting) == (True, victim.ROUNDS, None)
    assert (found.founding, found.noted) == ((), ())


def test_a_longer_run_is_not_the_same_and_never_parts(run: Path, tmp_path: Path) -> None:
    found = compared(victim.played(tmp_path, 2), run)
    assert (found.same, found.equal_rounds, found.parting) == (False, 2, None)
    assert found.after[0] is None
    assert found.rounds == (2, victim.ROUNDS)


def test_the_same_question_with_another_answer_is_the_mind_s_doing(tmp_path: Path) -> None:
    def turns(_: object, at: object) -> Move:
        later = str(at).startswith("r3/") and str(at).endswith("A02")
        return Move("defect" if later else "cooperate", "")

    kind = {ops.ChooseAct: Move("cooperate", "")}
    found = of_minds(tmp_path, Stub(kind), Stub({ops.ChooseAct: turns}))
    parting = found.parting
    assert found.equal_rounds == 2
    assert parting
    assert parting.root
    assert "ChooseMove/A02" in (parting.root.first.decision if parting.root.first else "")
    assert (parting.root.same_question, parting.root.same_answer) == (True, False)
    assert "the minds differ" in parting.root.verdict
    assert parting.root in parting.decisions
    assert "defect" in parting.second_told
    assert (found.before, found.after[0]) == ((1.0, 1.0), 1.0)
    assert (found.after[1] or 0) < 1


def test_words_that_leave_no_event_are_the_first_decision_that_differs(tmp_path: Path) -> None:
    other = ops.Reflection("I did otherwise.", "They acted.", satisfied=True)
    rule = {ops.Reflect: other, ops.ReviseSelfImage: lambda o, _: ops.Text(str(o.of_self))}
    same = {ops.ReviseSelfImage: lambda o, _: ops.Text(str(o.of_self))}
    parting = of_minds(tmp_path, Stub(same), Stub(rule)).parting
    assert parting
    assert parting.root
    assert parting.root.verdict.startswith("the same question, answered in another way")
    assert parting.root.first
    assert "/Reflect/" in parting.root.first.decision
    (image,) = parting.decisions
    assert not image.same_question
    assert "what was known before differs" in image.verdict
    assert any("I did otherwise." in line for line in image.prompts)
    assert any("/Reflect/" in line for line in image.only_second)


def test_a_question_that_only_one_run_asks_is_said_to_be_so(tmp_path: Path) -> None:
    def wish(operation: object, at: object) -> ops.GossipWish:
        return GOSSIP if "r2/" in str(at) else replace(GOSSIP, yes=False)

    ties = {ops.DecideTie: TIE}
    found = of_minds(tmp_path, Stub(ties), Stub(ties | {ops.DecideGossip: wish}))
    assert found.parting
    asked = {each.verdict for each in found.parting.decisions}
    assert asked == {"asked only in the second run"}
    assert found.parting.root
    assert found.parting.root.same_question


def test_a_tie_that_is_cut_in_one_run_only_comes_from_an_answer(tmp_path: Path) -> None:
    cutting = Stub({ops.DecideTie: lambda o, at: CUT if o.tied and at.actor == "A01" else TIE})
    parting = of_minds(tmp_path, Stub({ops.DecideTie: TIE}), cutting).parting
    assert parting
    assert any(not each.same_answer for each in parting.decisions)
    assert parting.second_told.endswith("cut its tie to Akiko Sato") or "tie" in parting.second_told


def test_all_that_foundings_differ_in_is_named(tmp_path: Path) -> None:
    people = population(5, "pd")
    one, other = founded(people=people[:4]), founded("no-gossip", people=people, seed=2)
    older = replace(other.personas[0], age=99)
    other = replace(other, personas=(older, *other.personas[1:]), minds={"*": {"name": "x"}})
    for name, people in (("one", one), ("other", other)):
        (tmp_path / name).mkdir()
        written(tmp_path / name, Stub(), people, 1)
    found = compared(tmp_path / "one" / "run.sqlite", tmp_path / "other" / "run.sqlite")
    facts = {each.what for each in found.founding}
    assert facts == {"treatment: gossip", "seed", "person A01: age", "person A05", "mind of *"}


def test_a_fork_parts_where_its_treatment_changes(run: Path, tmp_path: Path) -> None:
    with fork(run, 3, {"reputation": "off"}, folder=tmp_path) as forked:
        victim.play(forked)
    found = compared(run, forked.journal.path)
    assert found.equal_rounds == 3
    assert [each.what for each in found.noted] == ["changes"]
    assert found.parting
    assert "no-reputation" in found.parting.second_told
    assert found.parting.root
    assert "treatments differ in reputation" in found.parting.root.verdict
    assert any("opinion of you" in line for line in found.parting.root.prompts)


def test_what_can_t_be_derived_is_compared_by_its_events(run: Path, tmp_path: Path) -> None:
    import sqlite3

    spoilt = tmp_path / "spoilt" / "run.sqlite"
    spoilt.parent.mkdir()
    spoilt.write_bytes(run.read_bytes())
    connection = sqlite3.connect(spoilt)
    with connection:
        body = "replace(body, '\"cooperate\"', '\"defect\"')"
        connection.execute(f"UPDATE events SET body = {body} WHERE round = 4")
    connection.close()
    found = compared(run, spoilt)
    assert found.parting
    assert "does not follow" in (found.parting.unknown or "")
    assert found.parting.first_told != found.parting.second_told


# At the command line ---------------------------------------------------------------------------


@pytest.fixture
def repunet(capsys: pytest.CaptureFixture[str]) -> Command:
    def command(*words: str) -> tuple[int, str, str]:
        code = execute(list(words))
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return command


def test_equal_runs_leave_code_0_and_others_1_without_an_error(
    repunet: Command, run: Path, tmp_path: Path
) -> None:
    shorter = str(victim.played(tmp_path, 2))
    assert repunet("diff", str(run), str(run))[0] == 0
    code, out, err = repunet("diff", str(run), shorter)
    assert (code, err) == (1, "")
    assert "equal in all 2 rounds" in out


def test_scripts_get_the_whole_comparison(repunet: Command, run: Path, tmp_path: Path) -> None:
    with fork(run, 3, {"gossip": "off"}, folder=tmp_path) as forked:
        victim.play(forked)
    code, out, _ = repunet("diff", str(run), str(forked.journal.path), "--json")
    found = json.loads(out)
    assert (code, found["equal_rounds"], found["parting"]["round"]) == (1, 3, 4)
    code, out, _ = repunet("diff", str(run), str(forked.journal.path))
    assert "The first question or answer that differs" in out


def test_a_run_that_is_not_there_is_bad_use(repunet: Command, run: Path) -> None:
    code, out, err = repunet("diff", str(run), "nowhere")
    assert (code, out, err.count("\n")) == (2, "", 1)
