"""A run, once more, from its journal."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from societies import MISSING, Stub, digest, dilemmas, founded, minds, only, play, run

from repunet.errors import UsageError
from repunet.minds.replay import ReplayMind
from repunet.minds.router import make_mind
from repunet.questions import operations as ops
from repunet.questions.coordinate import Coordinate
from repunet.questions.mind import NoAnswer
from repunet.record.journal import DecisionRecord, Journal
from repunet.world.event import DecisionMissing
from repunet.world.treatment import TREATMENTS


def written(path: Path, mind: object, treatment: str = "full", **kwargs: object) -> Path:
    """Play a society, write it down, and return where."""
    manifest = founded(treatment, **kwargs)
    game = play(mind, manifest, 4)
    with Journal.create(path / "run.sqlite", manifest) as journal:
        for number, events in enumerate(game.rounds, start=1):
            at = f"r{number}/"
            decisions = [d for d in game.decisions if d.coordinate.startswith(at)]
            journal.commit(number, events, decisions)
    return path / "run.sqlite"


@pytest.mark.parametrize("arm", TREATMENTS)
@pytest.mark.parametrize("dilemma", dilemmas())
def test_a_replay_is_event_for_event_the_run(dilemma: str, arm: str, tmp_path: Path) -> None:
    path = written(tmp_path, minds("mixed"), arm, dilemma=dilemma, n=7)
    with Journal.open(path) as journal:
        again = play(ReplayMind(journal), journal.manifest, 4)
        assert digest(again.events) == digest(each.event for each in journal.events())
        assert digest(again.events) != digest(())


def test_a_replay_asks_nobody_what_the_journal_does_not_hold(tmp_path: Path) -> None:
    path = written(tmp_path, Stub())
    with Journal.open(path) as journal:
        again = play(ReplayMind(journal), journal.manifest, 5)
    assert not [e for events in again.rounds[:4] for e in events if isinstance(e, DecisionMissing)]
    assert [e for e in again.rounds[4] if isinstance(e, DecisionMissing)]


@pytest.mark.parametrize("answer", [MISSING, ops.Selection("nobody", "")])
def test_a_replay_misses_the_decisions_that_were_missing(answer: object, tmp_path: Path) -> None:
    rules = {
        ops.DecideTie: ops.Decision(yes=True, reason=""),
        ops.DecideGossip: ops.GossipWish(yes=True, satisfied=True, reason=""),
        ops.ChooseListener: answer,
        ops.Reflect: only(1, MISSING, ops.Reflection("", "", satisfied=True)),
    }
    path = written(tmp_path, Stub(rules))
    with Journal.open(path) as journal:
        events = [each.event for each in journal.events()]
        again = play(ReplayMind(journal), journal.manifest, 4)
    missing = [e.decision for e in events if isinstance(e, DecisionMissing)]
    assert [e.decision for e in again.all(DecisionMissing)] == missing != []


def test_a_replay_finds_rounds_in_any_order(tmp_path: Path) -> None:
    path = written(tmp_path, minds("embedded"))
    with Journal.open(path) as journal:
        mind, at = ReplayMind(journal), journal.decisions(2)[0].coordinate
        unit, operation, actor = at.rsplit("/", 2)
        with pytest.raises(NoAnswer, match="holds no answer"):
            run(mind.answer(None, Coordinate("r99/meet", operation, actor)))
        assert unit.startswith("r2/")
        assert mind.name == "replay of test"
        assert mind.describe()["digest"] == journal.digest()


def test_a_replay_finds_decisions_that_are_named_otherwise(tmp_path: Path) -> None:
    at = Coordinate("deal-17/respond/ann>bob", "DecideTie", "ann")
    yes = DecisionRecord(str(at), "DecideTie", "ann", "bob", '{"yes":true,"reason":"so"}')
    with Journal.create(tmp_path / "run.sqlite", founded()) as journal:
        journal.commit(1, [], [])
        journal.commit(2, [], [yes])
        mind, asked = ReplayMind(journal), SimpleNamespace(answer=ops.Decision)
        assert run(mind.answer(asked, at)) == ops.Decision(yes=True, reason="so")
        with pytest.raises(NoAnswer, match="holds no answer"):
            run(mind.answer(asked, Coordinate("deal-18/respond/ann>bob", "DecideTie", "ann")))


def test_a_replay_needs_a_run_file() -> None:
    with pytest.raises(UsageError, match="which run file"):
        make_mind("replay", 1)
    with pytest.raises(UsageError, match="no run file"):
        make_mind("replay:nowhere.sqlite", 1)
