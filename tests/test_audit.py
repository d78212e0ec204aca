"""Audits: a run file is what it says, and all that happened in it follows from what was decided."""

import asyncio
import json
import sqlite3
import zlib
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from societies import MISSING, Stub, dilemmas, founded, minds, only, play
from test_plans import Fusible
from victim import ROUNDS, begun, played

from repunet.cli import execute
from repunet.errors import UsageError
from repunet.layer import Layer
from repunet.minds.fusing import Fusing
from repunet.questions import operations as ops
from repunet.questions.mind import Mind
from repunet.record.checksum import seal
from repunet.record.journal import Journal, link
from repunet.runs.run import begin, fork, found
from repunet.simulation import Simulation
from repunet.tracing.replaying import Replayed, replay
from repunet.tracing.verification import CHECKS, Verification, verify
from repunet.world.event import DecisionMissing
from repunet.world.population import population
from repunet.world.treatment import TREATMENTS


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return played(tmp_path_factory.mktemp("finished"))


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    """Return the file of a finished run that may be spoilt."""
    path = tmp_path / "copy" / "run.sqlite"
    path.parent.mkdir()
    path.write_bytes(finished.read_bytes())
    return path


def execute_in(path: Path, *statement: Any) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(*statement)


def resealed(path: Path, number: int | None = None) -> None:
    """Let the checksums of a file fit what was changed in it."""
    with closing(sqlite3.connect(path)) as connection, connection:
        seal(connection, number)


def replayed(path: Path) -> Replayed:
    with Journal.open(path) as journal:
        return replay(journal)


def written(folder: Path, mind: Mind, *, compact: bool = False, **manifest: Any) -> Path:
    """Let a society play four rounds, write it down, and return where."""
    people = founded(**manifest)
    way = partial(Simulation, compact=True) if compact else Simulation
    game = play(Fusing(mind) if compact else mind, people, 4, way)
    plan = "compact" if compact else "faithful"
    with Journal.create(folder / "run.sqlite", people, plan=plan) as journal:
        for number, events in enumerate(game.rounds, start=1):
            at = f"r{number}/"
            decisions = [d for d in game.decisions if d.coordinate.startswith(at)]
            journal.commit(number, events, decisions)
    return folder / "run.sqlite"


def redigested(path: Path) -> None:
    """Give a run the digests of the events that are in it now."""
    with Journal.open(path) as journal:
        digest, digests = journal.digest(0), []
        for number in range(1, journal.rounds + 1):
            digest = link(digest, journal.bodies(number))
            digests.append((digest, number))
    for each in digests:
        execute_in(path, "UPDATE rounds SET digest = ? WHERE round = ?", each)


# Derived again -------------------------------------------------------------------------------


@pytest.mark.parametrize("arm", TREATMENTS)
@pytest.mark.parametrize("dilemma", dilemmas())
def test_a_run_follows_from_its_decisions(dilemma: str, arm: str, tmp_path: Path) -> None:
    path = written(tmp_path, minds("mixed"), treatment=arm, dilemma=dilemma, n=7)
    found = replayed(path)
    assert (found.difference, found.rounds) == (None, 4)
    assert verify(path).wrong == ()


@pytest.mark.parametrize("dilemma", dilemmas())
def test_a_run_of_several_questions_at_once_follows_too(dilemma: str, tmp_path: Path) -> None:
    path = written(tmp_path, Fusible(1), compact=True, dilemma=dilemma)
    with Journal.open(path) as journal:
        assert any(d.operation == "TakeStock" for d in journal.decisions(1))
    assert replayed(path).difference is None
    assert verify(path).wrong == ()


@pytest.mark.parametrize("compact", [False, True])
def test_what_was_missing_is_missing_again_for_the_same_reason(
    compact: bool, tmp_path: Path
) -> None:
    rules = {
        ops.DecideTie: ops.Decision(yes=True, reason=""),
        ops.DecideGossip: ops.GossipWish(yes=True, satisfied=True, reason=""),
        ops.ChooseListener: ops.Selection("nobody", ""),
        ops.Reflect: only(1, MISSING, ops.Reflection("", "", satisfied=True)),
    }
    path = written(tmp_path, Singly(rules), compact=compact)
    with Journal.open(path) as journal:
        whys = {w.event.why for w in journal.events() if isinstance(w.event, DecisionMissing)}
    assert str(MISSING) in whys
    assert len(whys) > 1
    assert replayed(path).difference is None
    assert verify(path).wrong == ()


class Singly(Stub):
    """A mind that answers one question at a time."""

    async def answer(self, operation: Any, at: Any) -> Any:
        if operation.label in ("TakeStock", "WeighGossip"):
            raise MISSING
        return await super().answer(operation, at)


def test_a_fork_follows_from_its_decisions_and_its_change(finished: Path, tmp_path: Path) -> None:
    import victim

    with fork(finished, 2, {"reputation": "off"}, folder=tmp_path) as forked:
        victim.play(forked)
    found = replayed(forked.journal.path)
    assert (found.difference, found.rounds) == (None, ROUNDS)
    assert verify(forked.journal.path).wrong == ()


def test_a_run_that_has_not_begun_follows_from_nothing(tmp_path: Path) -> None:
    with begun(tmp_path) as run:
        pass
    assert replayed(run.journal.path) == Replayed("a", 0, 0, 0, None)
    assert verify(run.journal.path).wrong == ()


def test_a_replay_counts_what_it_derived(finished: Path) -> None:
    with Journal.open(finished) as journal:
        decisions = sum(len(journal.decisions(n + 1)) for n in range(ROUNDS))
        events = len([*journal.events()])
    assert replayed(finished) == Replayed("a", ROUNDS, events, decisions, None)


def test_the_first_event_that_does_not_follow_is_named(run: Path) -> None:
    with Journal.open(run) as journal:
        seq, body = next((n, b) for n, b in enumerate(journal.bodies(3)) if '"defect"' in b)
    kinder = body.replace('"defect"', '"cooperate"')
    execute_in(run, "UPDATE events SET body = ? WHERE round = 3 AND seq = ?", (kinder, seq))
    found = replayed(run)
    assert found.rounds == 2
    assert found.difference
    assert (found.difference.round, found.difference.seq) == (3, seq)
    assert (found.difference.stored, found.difference.derived) == (kinder, body)


def test_an_event_that_is_gone_or_added_differs(run: Path) -> None:
    last = "(SELECT max(seq) FROM events WHERE round = 2)"
    execute_in(run, f"DELETE FROM events WHERE round = 2 AND seq = {last}")
    gone = replayed(run).difference
    assert gone
    assert (gone.round, gone.stored) == (2, None)
    sat = '{"kind":"sat_out","agent":"A01"}'
    for seq in (gone.seq, (gone.seq or 0) + 1):
        execute_in(run, "INSERT INTO events VALUES (2, ?, 'sat_out', ?)", (seq, sat))
    added = replayed(run).difference
    assert added
    assert (added.stored, added.derived) == (sat, gone.derived)


def decided(path: Path, number: int, change: Callable[[list[list[Any]]], object]) -> None:
    """Change the decisions of a round."""
    with Journal.open(path) as journal:
        kept = [list(each) for each in journal.decisions(number)]
    change(kept)
    block = zlib.compress(json.dumps(kept).encode())
    execute_in(path, "UPDATE rounds SET decisions = ? WHERE round = ?", (block, number))
    resealed(path, number)


def test_a_decision_that_is_gone_leaves_its_event_missing(run: Path) -> None:
    decided(run, 2, lambda kept: kept.pop(0))
    difference = replayed(run).difference
    assert difference
    assert difference.round == 2
    assert "decision_missing" in (difference.derived or "")


def test_a_decision_that_nobody_asks_for_is_a_difference(run: Path) -> None:
    extra = ["r2/zzz/DecideTie/A01", "DecideTie", "A01", "A02", '{"yes":true,"reason":""}']
    decided(run, 2, lambda kept: kept.append(extra))
    difference = replayed(run).difference
    assert difference
    assert (difference.round, difference.seq, difference.derived) == (2, None, None)
    assert (difference.stored or "").startswith("r2/zzz/DecideTie/A01")


@pytest.mark.parametrize("answer", ["", "no json", "[]", '{"move":"fly","reason":""}'])
def test_an_answer_that_is_none_ends_in_a_difference_not_in_a_crash(answer: str, run: Path) -> None:
    def spoil(kept: list[list[Any]]) -> None:
        next(each for each in kept if each[1] == "ChooseMove")[4] = answer

    decided(run, 4, spoil)
    difference = replayed(run).difference
    assert difference
    assert difference.round == 4


async def layer(path: Path) -> None:
    async with Layer.open(path, ["ann", "bob"]) as opened:
        await opened.add("cid")


def test_a_layer_is_verified_and_not_replayed(tmp_path: Path) -> None:
    import asyncio

    asyncio.run(layer(tmp_path / "layer"))
    path = tmp_path / "layer" / "run.sqlite"
    assert verify(path).wrong == ()
    with pytest.raises(UsageError, match=r"is a layer.*repunet verify"):
        replayed(path)


# Sound ---------------------------------------------------------------------------------------


def test_every_check_says_what_it_looked_at(finished: Path) -> None:
    with Journal.open(finished) as journal:
        findings = [check(journal) for check in CHECKS]
        counts = {finding.what: finding.count for finding in findings}
        assert [finding.what for finding in findings] == [check.__name__ for check in CHECKS]
        assert counts["rounds"] == counts["digests"] == ROUNDS
        assert counts["events"] == len([*journal.events()])
        assert counts["decisions"] == replay(journal).decisions
    assert verify(finished) == Verification("a", str(finished), tuple(findings))


@pytest.mark.parametrize("audit", [verify, replayed])
def test_an_audit_changes_no_byte_and_locks_nobody_out(
    audit: Callable[[Path], object], run: Path
) -> None:
    before = run.read_bytes(), run.stat().st_mtime_ns
    audit(run)
    assert (run.read_bytes(), run.stat().st_mtime_ns) == before
    assert [file.name for file in run.parent.iterdir()] == ["run.sqlite"]


SPOILT = {
    "an event of another kind": (
        "UPDATE events SET kind = 'sat_out' WHERE round = 2 AND seq = 0",
        "round 2, event 0: is round_began and is filed as sat_out",
    ),
    "an event that can't be read": (
        "UPDATE events SET body = '{}' WHERE round = 2 AND seq = 1",
        "round 2, event 1: can't be read",
    ),
    "an event that is gone": (
        "DELETE FROM events WHERE round = 2 AND seq = 1",
        "round 2 has a gap in its events",
    ),
    "another digest": (
        "UPDATE rounds SET digest = 'x' WHERE round = 4",
        "round 4: its digest does not follow",
    ),
    "a round that is gone": ("DELETE FROM rounds WHERE round = 4", "round 4 is missing"),
    "events of no round": (
        "INSERT INTO events SELECT 9, seq, kind, body FROM events WHERE round = 1",
        "round 9 has events and was never committed",
    ),
    "decisions that can't be read": (
        "UPDATE rounds SET decisions = x'00' WHERE round = 3",
        "round 3: its decisions can't be read",
    ),
    "another founding": (
        "UPDATE meta SET value = replace(value, '\"seed\":1', '\"seed\":2') WHERE key = 'founding'",
        "round 1: its digest does not follow",
    ),
    "text that is none": (
        "UPDATE events SET body = CAST(x'7bff' AS TEXT) WHERE round = 2 AND seq = 1",
        "Could not decode to UTF-8",
    ),
    "a fork of something else": (
        'INSERT INTO meta VALUES (\'forked from\', \'{"name":"b","round":2,"digest":"x"}\')',
        "rounds 1 to 2 are not those of b",
    ),
    "a fork of nothing": (
        "INSERT INTO meta VALUES ('forked from', 'b')",
        "where it was forked from, and to what, can't be read",
    ),
}


@pytest.mark.parametrize("case", SPOILT, ids=lambda case: case.replace(" ", "-"))
def test_what_is_wrong_is_said_with_its_place(case: str, run: Path) -> None:
    statement, expected = SPOILT[case]
    execute_in(run, statement)
    assert any(expected in line for line in verify(run).wrong)


def test_one_thing_that_is_wrong_is_not_all_that_is_checked(run: Path) -> None:
    execute_in(run, "UPDATE events SET body = '{}' WHERE round = 2 AND seq = 1")
    findings = {finding.what: finding for finding in verify(run).findings}
    assert len(findings) == len(CHECKS)
    assert findings["events"].wrong == ("round 2, event 1: can't be read",)
    assert len(findings["digests"].wrong) == 1
    assert not findings["decisions"].wrong


def test_a_decision_that_an_event_names_must_be_there(run: Path) -> None:
    decided(run, 2, lambda kept: [kept.remove(e) for e in [*kept] if e[1].startswith("Shape")])
    wrong = verify(run).wrong
    assert wrong
    assert all("its decision r2/" in line and "is not there" in line for line in wrong)


def test_a_decision_that_was_missing_must_not_be_there(tmp_path: Path) -> None:
    path = written(tmp_path, Stub({ops.Reflect: only(1, MISSING, ops.Reflection("", "", True))}))
    with Journal.open(path) as journal:
        events = [w.event for w in journal.events(2, 2)]
    name = next(event.decision for event in events if isinstance(event, DecisionMissing))
    decided(path, 2, lambda kept: kept.append([name, "Reflect", "A01", None, "{}"]))
    (line,) = verify(path).wrong
    assert line.endswith(f"its decision {name} is answered")


@pytest.mark.parametrize(
    ("place", "value", "expected"),
    [(1, "Reflekt", "filed as Reflekt"), (4, "{", "can't be read"), (0, "x", "is filed as")],
)
def test_a_decision_that_is_misfiled_is_named(
    place: int, value: str, expected: str, run: Path
) -> None:
    decided(run, 2, lambda kept: kept[5].__setitem__(place, value))
    assert any(
        line.startswith("round 2, decision") and expected in line for line in verify(run).wrong
    )


def test_a_decision_that_is_there_twice_is_named(run: Path) -> None:
    decided(run, 2, lambda kept: kept.append(kept[0]))
    (line,) = verify(run).wrong
    assert line.endswith(": is there twice")


def test_a_treatment_that_changed_without_intention_is_named(
    finished: Path, tmp_path: Path
) -> None:
    import victim

    with fork(finished, 2, {"gossip": "off"}, folder=tmp_path) as forked:
        victim.play(forked)
    path = forked.journal.path
    execute_in(path, "UPDATE meta SET value = '{}' WHERE key = 'changes'")
    resealed(path)
    assert verify(path).wrong == ("round 3: a treatment changed that was not to",)


def test_history_that_was_rewritten_with_its_digests_still_does_not_follow(run: Path) -> None:
    kinder = "UPDATE events SET body = replace(body, 'defect', 'cooperate') WHERE round > 2"
    execute_in(run, kinder)
    redigested(run)
    assert verify(run).wrong == ()
    assert replayed(run).difference is not None


@pytest.mark.parametrize("content", [b"", b"my notes\n", b"\x00" * 5000])
def test_a_file_that_is_no_run_file_is_what_is_wrong(content: bytes, run: Path) -> None:
    run.write_bytes(content)
    (line,) = verify(run).wrong
    assert "is not a run file, or it is damaged" in line


def test_any_damaged_page_is_noticed(run: Path) -> None:
    whole = run.read_bytes()
    for page in range(0, len(whole), 4096):
        run.write_bytes(whole[:page] + bytes(range(256)) * 16 + whole[page + 4096 :])
        assert verify(run).wrong


def test_a_file_of_a_newer_repunet_is_bad_use(run: Path) -> None:
    execute_in(run, "PRAGMA user_version = 99")
    with pytest.raises(UsageError, match="upgrade RepuNet"):
        verify(run)


# The commands --------------------------------------------------------------------------------


def test_a_sound_run_is_said_to_be_sound(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute(["verify", str(finished)]) == 0
    said = capsys.readouterr().out
    assert said.count("sound") == len(CHECKS)
    assert execute(["replay", str(finished)]) == 0
    assert f"{ROUNDS} rounds, " in (said := capsys.readouterr().out)
    assert said.endswith("decisions: all follow from the journal\n")


def test_a_run_that_is_not_sound_fails_and_says_where(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kinder = "UPDATE events SET body = replace(body, 'defect', 'cooperate') WHERE round = 2"
    execute_in(run, kinder)
    assert execute(["verify", str(run)]) == 1
    said = capsys.readouterr()
    assert "round 2: its digest does not follow" in said.out
    assert said.err.startswith("repunet: copy is not sound: round 2")
    assert execute(["replay", str(run)]) == 1
    said = capsys.readouterr()
    assert said.out.startswith("1 rounds, ")
    assert "then, in round 2, event " in said.out
    assert said.err == "repunet: copy does not follow from its decisions\n"


@pytest.mark.parametrize("command", ["verify", "replay"])
def test_scripts_get_json_either_way(
    command: str, run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute([command, str(run), "--json"]) == 0
    before = json.loads(capsys.readouterr().out)
    execute_in(run, "UPDATE events SET body = replace(body, 'defect', 'cooperate')")
    assert execute([command, str(run), "--json"]) == 1
    after = json.loads(capsys.readouterr().out)
    assert before.keys() == after.keys()
    assert before != after


@pytest.mark.parametrize("command", ["verify", "replay", "fork"])
def test_a_run_that_is_not_there_is_bad_use(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    more = ("--at", "1") if command == "fork" else ()
    assert execute([command, "nothing", *more, "--storage", str(tmp_path)]) == 2
    assert 'no run "nothing"' in capsys.readouterr().err


def test_what_is_seen_of_somebody_in_two_roles_is_two_decisions(tmp_path: Path) -> None:
    arm = replace(TREATMENTS["full"], observation=True)
    manifest = found("investment", arm, population(7, "investment"), 1, {"*": "embedded"})
    with begin(manifest, 7, folder=tmp_path) as begun:
        asyncio.run(begun.play())
        names = [each.coordinate for n in range(1, 8) for each in begun.journal.decisions(n)]
        assert len(names) == len(set(names))
        assert replay(begun.journal).difference is None
