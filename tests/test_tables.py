"""Tables of a run: what they say is what happened, and each row says where that is to be found."""

import json
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from functools import cache
from itertools import groupby
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any

import pytest
import victim
from language_societies import MODEL, attempts, company, hasty, played, served
from patience import PATIENCE
from societies import dilemmas, meeting, player

from repunet.analysis.snapshot import Snapshot
from repunet.analysis.summary import summarise
from repunet.analysis.tables import TABLES, Column, History
from repunet.errors import UsageError
from repunet.fake_llm.faults import Faults
from repunet.models.prices import Price
from repunet.record.journal import Journal
from repunet.record.manifest import Manifest
from repunet.runs.run import Terms, fork
from repunet.world.event import (
    EncounterEnded,
    Event,
    Imported,
    Matched,
    RoundBegan,
    SatOut,
    TieFormed,
    TieSevered,
)
from repunet.world.persona import Participant
from repunet.world.society import Society

ROUNDS = 4
FAULTS = Faults(server_error=0.2, wrong_enum=0.3, first=("",))
PRICES = {"fake": Price(0.5, 2.0)}
PAST = {"round_began", "matched", "sat_out", "gossip_invited", "decision_missing", "agent_joined"}
"""What is not told of a round that was played elsewhere."""
SOCIETIES = [
    *((dilemma, "full", "faithful") for dilemma in dilemmas()),
    *((dilemma, "full", "compact") for dilemma in ("pd", "investment")),
    ("pd", "none", "faithful"),
    ("language", "full", "faithful"),
    ("language", "full", "compact"),
    ("imported", "full", "faithful"),
]


@pytest.fixture(scope="module", autouse=True)
def place() -> Iterator[None]:
    """Remove what was played, once nothing is read of it any more."""
    yield
    rmtree(home())
    for kept in (home, society, read, rows):
        kept.cache_clear()


@cache
def home() -> Path:
    return Path(mkdtemp())


@cache
def society(dilemma: str, treatment: str, plan: str) -> Path:
    """Return the file of a small run."""
    folder = home() / f"{dilemma}-{treatment}-{plan}"
    folder.mkdir()
    if dilemma == "imported":
        return imported(folder, society("pd", "full", "faithful"))
    if dilemma == "language":
        people = company(MODEL, "A04=embedded", treatment=treatment)
        with hasty(), served(faults=FAULTS):
            return played(folder, people, 2, plan=plan, terms=Terms(prices=PRICES))
    manifest = company("embedded", "A02=chance", n=5, scenario=dilemma, treatment=treatment)
    return played(folder, manifest, ROUNDS, plan=plan)


def imported(folder: Path, source: Path) -> Path:
    """Return a run in which the rounds of another one were not played, but imported."""
    path = folder / "imported" / "run.sqlite"
    path.parent.mkdir()
    with Journal.open(source) as old, Journal.create(path, old.manifest, planned="4") as new:
        for number, events in grouped(old):
            past = tuple(unnamed(event) for event in events if event.kind not in PAST)
            began = RoundBegan(round=number)
            new.commit(number, [began, Imported(source="test", past=past)], [])  # type: ignore[arg-type]
    return path


def unnamed(event: Any) -> Any:
    return replace(event, decision="") if hasattr(event, "decision") else event


def grouped(journal: Journal) -> Iterator[tuple[int, list[Event]]]:
    for number, written in groupby(journal.events(), key=lambda each: each.round):
        yield number, [each.event for each in written]


@pytest.fixture(params=SOCIETIES, ids="-".join)
def journal(request: pytest.FixtureRequest) -> Iterator[Journal]:
    with Journal.open(society(*request.param)) as opened:
        yield opened


@pytest.fixture
def history(journal: Journal) -> History:
    return read(journal.path)


@cache
def read(path: Path) -> History:
    with Journal.open(path) as journal:
        return History(journal)


@cache
def rows(history: History, table: str) -> list[Any]:
    return TABLES[table].rows(history)


def by_hand(folder: Path, *rounds: list[Event], manifest: Manifest | None = None) -> History:
    """Return the history of a run in which this happened."""
    path = folder / "run.sqlite"
    with Journal.create(path, manifest or company("embedded")) as journal:
        for number, events in enumerate(rounds, start=1):
            journal.commit(number, [RoundBegan(round=number), *events], [])
    with Journal.open(path) as journal:
        return History(journal)


def states(journal: Journal) -> Iterator[Society]:
    """Yield the society at the end of each round."""
    society = journal.manifest.society()
    for _, events in grouped(journal):
        for event in events:
            society.apply(event)
        yield society


# What is declared ------------------------------------------------------------------------------

HOLDS: dict[str, Any] = {
    "text": lambda value: type(value) is str,
    "whole number": lambda value: type(value) is int,
    "number": lambda value: type(value) is float,
    "yes or no": lambda value: type(value) is bool,
    "list of texts": lambda value: type(value) is tuple and all(type(v) is str for v in value),
    "JSON": lambda value: json.loads(value) is not ...,
}


def fits(column: Column, value: Any) -> bool:
    return column.optional if value is None else HOLDS[column.kind](value)


def test_every_column_holds_what_it_is_declared_to_hold(history: History) -> None:
    for name, table in TABLES.items():
        for row in rows(history, name):
            wrong = [c.name for c, v in zip(table.columns, row, strict=True) if not fits(c, v)]
            assert wrong == [], row


@pytest.mark.parametrize("table", TABLES.values(), ids=list(TABLES))
def test_every_table_and_every_column_says_what_it_means(table: Any) -> None:
    assert table.meaning
    assert [c.name for c in table.columns if len(c.meaning) < 2] == []
    assert [c.name for c in table.columns] == list(table.row._fields)


EVENTS = {
    "encounters": "encounter_ended",
    "choices": "choice_made",
    "reputations": "reputation_shaped",
    "self_images": "self_image_revised",
    "gossip": "gossip_heard",
    "untold": "gossip_untold",
    "missing": "decision_missing",
}


def test_every_row_says_where_its_event_is_and_every_event_is_there(
    journal: Journal, history: History
) -> None:
    there: dict[str, set[tuple[int, int, int | None]]] = {kind: set() for kind in EVENTS.values()}
    for written in journal.events():
        past = written.event.past if isinstance(written.event, Imported) else ()
        for part, event in [(None, written.event), *enumerate(past)]:
            there.setdefault(event.kind, set()).add((written.round, written.seq, part))
    for table, kind in EVENTS.items():
        found = rows(history, table)
        assert {(row.round, row.seq, getattr(row, "part", None)) for row in found} == there[kind]


# What happened ---------------------------------------------------------------------------------


def test_rounds_add_up_to_the_summary(journal: Journal, history: History) -> None:
    whole, found = summarise(journal), rows(history, "rounds")
    assert tuple(row.cooperation for row in found) == whole.cooperation
    for of_rounds, of_summary in {"void": "void", "heard": "gossip", "calls": "calls"}.items():
        assert sum(getattr(row, of_rounds) for row in found) == getattr(whole, of_summary)
    assert sum(row.missing for row in found) == whole.missing == len(rows(history, "missing"))
    assert sum(row.asked for row in found) == whole.decisions
    assert sum(row.tokens for row in found) == whole.tokens
    assert sum(row.formed - row.severed for row in found) == whole.ties
    assert found[-1].digest == whole.digest
    assert len(rows(history, "decisions")) + whole.missing == whole.decisions


def test_agents_are_those_of_the_society(journal: Journal, history: History) -> None:
    everyone = Snapshot(journal).rows()
    found = [(row.agent, row.name, row.disposition, row.mind) for row in rows(history, "agents")]
    assert found == [(r.id, r.name, r.disposition, r.mind) for r in everyone]


def test_ties_are_the_network_at_the_end_of_each_round(journal: Journal, history: History) -> None:
    spells = rows(history, "ties")
    for state, row in zip(states(journal), rows(history, "rounds"), strict=True):
        there = {
            (spell.ego, Participant(spell.alter, spell.role))
            for spell in spells
            if spell.from_round <= state.round
            and (spell.until_round is None or spell.until_round > state.round)
        }
        assert there == set(state.network)
        assert row.ties == len(there)


def test_payoffs_lead_to_what_everyone_has(journal: Journal, history: History) -> None:
    found = {(row.round, row.agent): row for row in rows(history, "payoffs")}
    before = dict.fromkeys(history.manifest.society().agents, 10.0)
    for state in states(journal):
        for agent, had in before.items():
            row = found[state.round, agent]
            assert row.wealth == state.agents[agent].wealth / 1000
            assert row.wealth == pytest.approx(had + (row.payoff or 0))
            before[agent] = row.wealth


def test_payoffs_are_those_of_the_encounters_they_name(history: History) -> None:
    seats = {(row.encounter, row.agent): row for row in rows(history, "encounters")}
    for row in rows(history, "payoffs"):
        earned = [seats[id_, row.agent].payoff for id_ in row.encounters]
        known = [payoff for payoff in earned if payoff is not None]
        assert row.payoff == (pytest.approx(sum(known)) if known else None)


def test_reputations_are_the_records_at_the_end_of_each_round(
    journal: Journal, history: History
) -> None:
    versions = rows(history, "reputations")
    for state in states(journal):
        there = {
            (row.observer, row.target, row.role): (row.score, row.text, row.version)
            for row in versions
            if row.round <= state.round
            and (row.until_round is None or row.until_round > state.round)
        }
        held = {
            (agent, *target): (now.score, now.text, len(store.history(target)))
            for agent, store in ((a, s.reputations) for a, s in state.agents.items())
            for target in store.targets()
            if (now := store.of(target))
        }
        assert there == held


def test_standings_are_those_of_the_society(journal: Journal, history: History) -> None:
    found = {(row.round, row.agent, row.role): row for row in rows(history, "standings")}
    for state in states(journal):
        for (number, agent, role), row in found.items():
            if number == state.round:
                whom = Participant(agent, role)
                own = state.agents[agent].reputations.of(whom)
                assert row.standing == pytest.approx(state.standing(whom))
                assert row.own == (own.score if own else None)
    known = sum(row.observers for row in found.values() if row.round == history.last)
    assert known == sum(row.observers for row in Snapshot(journal).rows())


def test_everyone_heard_told_and_lived_through_what_its_portrait_says(
    journal: Journal, history: History
) -> None:
    snapshot, pieces = Snapshot(journal), rows(history, "gossip")
    seats = rows(history, "encounters")
    for agent in snapshot.society.agents:
        one = snapshot.of(agent)
        assert [p.gossip for p in pieces if p.listener == agent] == [p.id for p in one.heard]
        assert [p.gossip for p in pieces if p.gossiper == agent] == [p.id for p in one.told]
        assert [p.gossip for p in pieces if p.target == agent] == [p.id for p in one.talked_about]
        lived = [row for row in seats if row.agent == agent and row.move is not None]
        assert [(row.story, row.payoff) for row in lived] == [
            (met.story, met.payoff) for met in one.meetings
        ]
        assert [bool(row.knew_before) for row in lived] == [m.knew_before for m in one.meetings]
        assert sum(row.gossiper == agent for row in rows(history, "untold")) == one.untold


def test_what_is_passed_on_is_heard_a_second_time(history: History) -> None:
    pieces = rows(history, "gossip")
    onward = {(p.round, p.encounter, p.target, p.path) for p in pieces if p.order == 2}
    assert {
        (p.round, p.encounter, p.target, (*p.path, p.listener)) for p in pieces if p.passed_on
    } == onward


def test_encounters_say_who_chose_to_meet(journal: Journal, history: History) -> None:
    matched = [w.event for w in journal.events() if isinstance(w.event, Matched)]
    choosers = [event.participants[0].agent for event in matched if event.by == "choice"]
    seats = rows(history, "encounters")
    met = {row.encounter: row for row in seats}
    assert sorted(row.chosen_by for row in met.values() if row.chosen_by) == sorted(choosers)
    for row in seats:
        assert row.agent not in row.partners
        assert set(row.knew_before) <= set(row.partners)
        assert (row.move is None) == (row.payoff is None) == (row.facts is None)


def test_every_decision_that_a_row_names_is_in_the_table_of_decisions(history: History) -> None:
    decided = {row.decision: row for row in rows(history, "decisions")}
    named = ("choices", "reputations", "self_images", "ties", "gossip")
    for row in (row for table in named for row in rows(history, table)):
        if row.decision is not None:
            assert decided[row.decision].actor in row
    assert not decided.keys() & {row.decision for row in rows(history, "missing")}


def test_a_table_up_to_a_round_is_that_of_the_run_that_ended_there(tmp_path: Path) -> None:
    with Journal.open(society("pd", "full", "faithful")) as journal:
        early = History(journal, 2)
    manifest = company("embedded", "A02=chance", n=5)
    with Journal.open(played(tmp_path, manifest, 2)) as journal:
        short = History(journal)
    for name in TABLES:
        assert rows(early, name) == rows(short, name)


def test_an_imported_round_says_what_happened_and_not_who_decided() -> None:
    both = [read(society(name, "full", "faithful")) for name in ("pd", "imported")]
    for table in ("reputations", "gossip", "ties", "encounters", "payoffs", "standings"):
        pairs = zip(*(rows(history, table) for history in both), strict=True)
        for before, after in pairs:
            differs = {n for n, v in before._asdict().items() if v != getattr(after, n)}
            unknown = {"seq", "part", "by", "out", "decision"}
            assert {name.rsplit("_")[-1] for name in differs} <= unknown
    assert {row.source for row in rows(both[1], "rounds")} == {"test"}
    assert {row.mind for row in rows(both[1], "agents")} == {"not known (imported)"}


# Corners ---------------------------------------------------------------------------------------


def test_a_pair_that_parts_and_ties_again_has_two_rows(tmp_path: Path) -> None:
    tie = TieFormed(ego="A01", alter=player(2), reason="new", decision="")
    cut = TieSevered(ego="A01", alter=player(2), cause="gossip", reason="old", decision="d")
    first, second, third = rows(by_hand(tmp_path, [tie], [cut, tie], [tie, cut, tie]), "ties")
    assert (first.from_round, first.until_round, first.cut_decision) == (1, 2, "d")
    assert (second.from_round, second.until_round, second.until_seq) == (2, 3, 2)
    assert (third.from_round, third.until_round, third.cut_cause) == (3, None, None)


def test_a_tie_from_the_start_stands_since_round_0(tmp_path: Path) -> None:
    people = replace(company("embedded"), ties=(("A01", player(2)),))
    cut = TieSevered(ego="A01", alter=player(2), cause="gossip", reason="old", decision="")
    (spell,) = rows(by_hand(tmp_path, [cut], manifest=people), "ties")
    assert (spell.from_round, spell.from_seq, spell.until_round) == (0, None, 1)


def test_where_nothing_was_done_nothing_is_known_of_it(tmp_path: Path) -> None:
    void = EncounterEnded(encounter=meeting("cooperate", "defect", outcome="void"))
    history = by_hand(tmp_path, [SatOut(agent="A03"), void])
    assert {(row.move, row.payoff, row.cooperation) for row in rows(history, "encounters")} == {
        (None, None, None)
    }
    assert [row.payoff for row in rows(history, "payoffs")] == [None] * 4
    assert [row.agent for row in rows(history, "payoffs") if row.sat_out] == ["A03"]
    assert rows(history, "rounds")[0].cooperation is None


def test_two_agents_are_enough_and_a_run_without_rounds_has_agents_only(tmp_path: Path) -> None:
    with Journal.open(played(tmp_path, company("embedded", n=2), 3)) as journal:
        history, none = History(journal), History(journal, 0)
    assert len(rows(history, "encounters")) == len(rows(history, "payoffs")) == 6
    assert {name for name in TABLES if rows(none, name)} == {"agents"}


def test_a_fork_says_since_when_it_lives_under_another_treatment(tmp_path: Path) -> None:
    source = society("pd", "full", "faithful")
    with fork(source, 2, {"gossip": "off"}, folder=tmp_path, rounds=2) as run:
        victim.play(run)
        treatments = [row.treatment for row in rows(History(run.journal), "rounds")]
    assert treatments == ["full", "full", "no-gossip", "no-gossip"]


@pytest.mark.slow
@pytest.mark.parametrize("moment", [("INSERT INTO events", 100), ("COMMIT", 4)])
def test_a_run_killed_in_mid_round_shows_what_was_committed(
    moment: tuple[str, int], tmp_path: Path
) -> None:
    command = [sys.executable, victim.__file__, "begin", str(tmp_path), "a", *map(str, moment)]
    assert subprocess.run(command, timeout=PATIENCE).returncode == -signal.SIGKILL
    with Journal.open(tmp_path / "a" / "run.sqlite") as journal:
        history = History(journal)
        assert history.last == journal.rounds > 0
        assert [row.round for row in rows(history, "rounds")] == [*range(1, history.last + 1)]
        for table in ("encounters", "reputations", "payoffs", "decisions", "standings"):
            assert max(row.round for row in rows(history, table)) == history.last


def test_each_decision_says_which_mind_made_it(tmp_path: Path) -> None:
    minds = ("embedded", "operation:ChooseMove=defector", "A01=chance", "role:player=chance")
    history = read(played(tmp_path, company(*minds), 1))
    decided = {(row.actor, row.operation): row.mind for row in rows(history, "decisions")}
    assert decided["A01", "ChooseMove"] == decided["A01", "Reflect"] == "chance"
    assert decided["A02", "ChooseMove"] == "defector"
    assert decided["A02", "Reflect"] == "embedded + chance"


def test_a_file_of_an_older_repunet_has_no_requests(tmp_path: Path) -> None:
    path = played(tmp_path, company("embedded"), 2)
    with closing(sqlite3.connect(path)) as file:
        drops = "; ".join(f"DROP TABLE {name}" for name in ("attempts", "decisions", "blobs"))
        file.executescript(f"{drops}; PRAGMA user_version = 1")
    history = read(path)
    assert rows(history, "attempts") == []
    assert {row.attempt for row in rows(history, "decisions")} == {None}
    assert [row.calls for row in rows(history, "rounds")] == [0, 0]


def test_a_damaged_file_is_said_to_be_damaged(tmp_path: Path) -> None:
    path = played(tmp_path, company("embedded"), 1)
    with closing(sqlite3.connect(path)) as file, file:
        file.execute("UPDATE events SET body = '{}' WHERE seq = 3")
        file.execute("UPDATE rounds SET decisions = x'00'")
    for table in ("ties", "decisions"):
        with pytest.raises(UsageError, match="not a run file, or it is damaged"):
            rows(read(path), table)


# Language models -------------------------------------------------------------------------------


@pytest.fixture(params=["faithful", "compact"])
def asked(request: pytest.FixtureRequest) -> Iterator[Journal]:
    with Journal.open(society("language", "full", request.param)) as opened:
        yield opened


def test_attempts_are_those_in_the_file_with_what_came_of_them(asked: Journal) -> None:
    found, stored = rows(History(asked), "attempts"), attempts(asked.path)
    assert [(row.attempt, row.status, row.decision) for row in found] == [
        (each.id, each.status, each.coordinate) for each in stored
    ]
    costs = [None if each.cost is None else each.cost / 10**9 for each in stored]
    assert [row.dollars for row in found] == costs
    assert any(row.answer for row in found)
    whole = summarise(asked)
    assert whole.dollars == pytest.approx(sum(r.dollars for r in rows(History(asked), "rounds")))


def test_a_decision_of_a_model_leads_to_the_answer_it_was_read_from(asked: Journal) -> None:
    history = History(asked)
    sent = {row.attempt: row for row in rows(history, "attempts")}
    decided = rows(history, "decisions")
    of_models = [row for row in decided if row.attempt is not None]
    assert of_models
    for row in of_models:
        assert sent[row.attempt].decision == row.decision
        assert sent[row.attempt].status == "answered"
        assert sent[row.attempt].model == row.mind
    assert {row.mind for row in decided if row.actor == "A04"} == {"embedded"}


def test_attempts_of_a_round_that_is_not_committed_are_not_shown(asked: Journal) -> None:
    early = History(asked, 1)
    assert {row.round for row in rows(early, "attempts")} == {1}
    assert {row.round for row in rows(early, "decisions")} == {1}
