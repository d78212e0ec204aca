"""Provenance: what a decision was made from, and what came of it, agree with the journal."""

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from societies import (
    ARMS,
    CUT,
    GOSSIP,
    MISSING,
    PASS_ON,
    TIE,
    Stub,
    dilemmas,
    founded,
    minds,
    mostly_slow,
    only,
    play,
)
from test_plans import Fusible
from victim import played

from repunet.cli import execute
from repunet.errors import RepuNetError, UsageError
from repunet.fake_llm import Faults, Settings, serving
from repunet.layer import Layer
from repunet.minds.fusing import Fusing
from repunet.minds.router import assign
from repunet.questions import operations as ops
from repunet.questions.mind import Mind
from repunet.record.journal import Journal
from repunet.record.manifest import Manifest
from repunet.runs.run import begin, found
from repunet.simulation import Simulation
from repunet.tracing.provenance import Provenance, explain, find
from repunet.tracing.provenance.parts import lines, parts
from repunet.tracing.provenance.sources import OCCASION
from repunet.world.event import DecisionMissing, EncounterEnded, GossipHeard, ReputationShaped
from repunet.world.population import population
from repunet.world.treatment import TREATMENTS

Command = Callable[..., tuple[int, str, str]]
EVERYTHING = replace(ARMS["witnessed"], witnesses=0.1)
COMPACT = {"faithful": False, "compact": True}


def written(
    folder: Path, mind: Mind, people: Manifest, rounds: int = 5, *, compact: bool = False
) -> Path:
    """Let a society play, write it down, and return where."""
    way = partial(Simulation, compact=True) if compact else Simulation
    game = play(Fusing(mind) if compact else mind, people, rounds, way)
    plan = "compact" if compact else "faithful"
    with Journal.create(folder / "run.sqlite", people, plan=plan) as journal:
        for number, events in enumerate(game.rounds, start=1):
            decided = [d for d in game.decisions if d.coordinate.startswith(f"r{number}/")]
            journal.commit(number, events, decided)
    return folder / "run.sqlite"


@contextmanager
def traced(path: Path) -> Iterator[Provenance]:
    with Journal.open(path) as journal:
        yield Provenance(journal)


def talkative(**rules: object) -> Stub:
    """Return a mind that ties itself, talks and passes on what it hears."""
    told = {ops.DecideTie: TIE, ops.DecideGossip: GOSSIP, ops.JudgeGossip: PASS_ON}
    return Stub({**told, **{getattr(ops, name): rule for name, rule in rules.items()}})


RUNS = [(d, p) for d in dilemmas() for p in COMPACT]
OFTEN = [("pd", "faithful"), ("participation", "compact"), ("investment", "faithful")]


@pytest.fixture(scope="module", params=mostly_slow(RUNS, OFTEN), ids="-".join)
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of a small society, of each scenario and plan."""
    dilemma, plan = request.param
    arm = replace(EVERYTHING, public_choices=True, observation=dilemma == "participation")
    mind = Fusible(1) if COMPACT[plan] else minds("mixed")
    folder = tmp_path_factory.mktemp(f"{dilemma}-{plan}")
    return written(folder, mind, founded(arm, dilemma=dilemma, n=5), compact=COMPACT[plan])


@pytest.fixture(scope="module")
def provenance(run: Path) -> Iterator[Provenance]:
    with traced(run) as found:
        yield found


# Back and forth --------------------------------------------------------------------------------


def test_all_that_a_question_shows_was_decided_before_it(provenance: Provenance) -> None:
    questions = provenance.trace.questions
    for name, question in questions.items():
        put = provenance.trace.put(question)
        for source in provenance.sources(name):
            assert source.round <= question.round
            assert all(questions[each].number < put.number for each in source.decisions)
            assert source.decisions or source.kind in ("persona", "sum", "match"), source


def test_every_source_is_an_event_of_the_journal(run: Path, provenance: Provenance) -> None:
    with Journal.open(run) as journal:
        events = {(w.round, w.seq): w.event for w in journal.events()}
    kinds = {"record": ReputationShaped, "gossip": GossipHeard, "memory": EncounterEnded}
    for name in provenance.trace.questions:
        for source in provenance.sources(name):
            if source.kind in kinds and source.event is not None:
                event = events[source.round, source.event]
                assert isinstance(event, kinds[source.kind])
                assert source.shown in json.dumps(repr(event), ensure_ascii=False)


def test_whatever_an_agent_is_shown_has_a_source(provenance: Provenance) -> None:
    for name, question in provenance.trace.questions.items():
        operation = provenance.trace.put(question).operation
        found = {(s.kind, s.shown) for s in provenance.sources(name)}
        for memory in operation.ego.memory:
            assert ("memory", memory.story) in found
        for record in getattr(operation, "own_records", None) or ():
            assert ("record", record.text) in found
        alters = getattr(operation, "alters", None) or getattr(operation, "candidates", ())
        for alter in (*alters, *filter(None, [getattr(operation, "alter", None)])):
            assert all(("record", record.text) in found for record in alter.records or ())
            assert all(("gossip", piece.text) in found for piece in alter.gossip or ())


def test_what_is_a_source_of_a_decision_has_it_among_what_came_later(
    provenance: Provenance,
) -> None:
    trace, back, forth = provenance.trace, set(), set()
    for name, question in trace.questions.items():
        put = str(trace.put(question).at)
        shown = [s for s in provenance.sources(name) if s.kind != OCCASION]
        back |= {(each, put) for s in shown for each in s.decisions}
        forth |= {(name, later.decision) for later in provenance.later(name)}
    whole = {name for name in trace.questions if provenance.parts(name)}
    assert {pair for pair in forth if pair[0] not in whole} == back


def test_later_decisions_are_only_those_whose_prompt_holds_it(talking: Provenance) -> None:
    chosen = [name for name in talking.trace.questions if "/RankPartners/" in name]
    assert any(talking.effects(name) for name in chosen)
    assert not any(
        "they meet by choice" in " ".join(later.shown)
        for name in chosen
        for later in talking.later(name)
    )


def test_an_event_is_an_effect_of_the_decision_that_it_names(
    run: Path, provenance: Provenance
) -> None:
    with Journal.open(run) as journal:
        named = [(w, getattr(w.event, "decision", None)) for w in journal.events()]
    for written_, decision in named:
        if decision:
            places = {(each.round, each.event) for each in provenance.effects(decision)}
            assert (written_.round, written_.seq) in places


def test_every_line_of_a_prompt_has_a_template_and_each_source_a_line(
    provenance: Provenance,
) -> None:
    one_of_each = {q.at.operation: q for q in provenance.trace.questions.values() if not q.fused}
    for question in one_of_each.values():
        sources = provenance.sources(str(question.at))
        for wording in ("plain", "plain-b"):
            prompt, shows = parts(question, wording, sources)
            text = [line for part in shows for line in part.text.splitlines()]
            assert text == [
                line for line in f"{prompt.system}\n{prompt.user}".splitlines() if line.strip()
            ]
            assert all(part.template.startswith("plain") for part in shows)
            shown = {number for part in shows for number in part.sources}
            hidden = [s for n, s in enumerate(sources) if n not in shown and s.kind != OCCASION]
            assert hidden == []


def test_every_decision_can_be_explained(run: Path, provenance: Provenance) -> None:
    with Journal.open(run) as journal:
        known = [d.coordinate for n in range(journal.rounds) for d in journal.decisions(n + 1)]
        missing = [w.event for w in journal.events() if isinstance(w.event, DecisionMissing)]
        assert {*provenance.trace.questions} >= {*known, *(each.decision for each in missing)}
    for name in known[:: max(1, len(known) // 25)]:
        explained = provenance.explain(name, depth=2)
        assert explained.answer is not None
        assert explained.shows


# In particular ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def talking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provenance]:
    people = founded("full", n=6)
    path = written(tmp_path_factory.mktemp("talking"), talkative(), people, 6)
    with traced(path) as found:
        yield found


def test_what_is_passed_on_is_traced_to_who_first_told_it(talking: Provenance) -> None:
    name = next(n for n in talking.trace.questions if "/gossip2/" in n and "TellGossip" in n)
    (heard,) = [source for source in talking.sources(name) if source.kind == "gossip"]
    (reason,) = [source for source in talking.sources(name) if source.shown == PASS_ON.reason]
    assert heard.decisions[-1] == reason.decisions[0]
    assert heard.because[1].startswith(f"r{heard.round}/meet/")
    assert "told by" in heard.what


def test_a_question_shows_what_the_one_before_it_answered(talking: Provenance) -> None:
    name = next(n for n in talking.trace.questions if "ShapePeerReputation" in n)
    words = [source for source in talking.sources(name) if source.kind == "words"]
    unit = name.partition(">")[0]
    assert [source.decisions[0].rpartition("/")[0] for source in words] == [f"{unit}/Reflect"]


def test_a_record_that_was_just_shaped_is_known_to_be_the_new_version(talking: Provenance) -> None:
    name = next(n for n in talking.trace.questions if n.startswith("r5/") and "DecideTie" in n)
    (record,) = [source for source in talking.sources(name) if source.kind == "record"]
    assert record.round == 5
    assert record.decisions == (name.replace("DecideTie", "ShapePeerReputation"),)


def test_a_choice_of_partner_is_why_two_meet(talking: Provenance) -> None:
    name = next(n for n in talking.trace.questions if "RankPartners" in n)
    (match,) = [effect for effect in talking.effects(name) if effect.kind == "matched"]
    assert "meet by choice" in match.what
    met = [q for q in talking.trace.questions if f"r{match.round}/meet/" in q]
    assert any("meet by choice" in s.what for q in met for s in talking.sources(q))


def test_each_step_reaches_further_and_repeats_nothing(talking: Provenance) -> None:
    name = next(iter(talking.trace.questions))
    near, far = talking.later(name), talking.later(name, depth=3)
    assert far[: len(near)] == near
    assert {later.depth for later in far} == {1, 2, 3}
    assert len({later.decision for later in far}) == len(far)


def test_a_tie_that_was_cut_is_traced_to_its_cut(tmp_path: Path) -> None:
    mind = talkative(DecideTie=lambda o, _: CUT if o.tied else TIE)
    with traced(written(tmp_path, mind, founded("full", n=2), 3)) as found:
        cut = found.sources("r3/respond/A01>A02/DecideTie/A01")
        formed = found.sources("r2/respond/A01>A02/DecideTie/A01")
        name = found.trace.society.name("A02")
    assert [s.decisions for s in cut if s.kind == "tie"] == [("r2/respond/A01>A02/DecideTie/A01",)]
    assert [s.what for s in formed if s.kind == "tie"] == [f"tie to {name}: formed"]


def test_a_part_of_a_fused_answer_says_so_and_shows_what_was_asked(tmp_path: Path) -> None:
    path = written(tmp_path, Fusible(1), founded(n=4), 2, compact=True)
    with Journal.open(path) as journal:
        part = explain(journal, "r2 A01 Reflect")
        whole = explain(journal, part.part_of or "")
    assert whole.operation == "TakeStock"
    assert part.decision in whole.parts
    assert (part.prompt, part.sources) == (whole.prompt, whole.sources)


def test_a_missing_decision_is_explained_with_why_it_is_missing(tmp_path: Path) -> None:
    mind = Stub({ops.DecideTie: only(1, MISSING, TIE)})
    path = written(tmp_path, mind, founded(n=2), 2)
    with Journal.open(path) as journal:
        explained = explain(journal, "r2 A01 DecideTie")
    assert (explained.answer, explained.missing) == (None, str(MISSING))
    assert [effect.kind for effect in explained.effects] == ["decision_missing"]


def test_a_block_says_which_switch_put_it_there(talking: Provenance) -> None:
    name = next(n for n in talking.trace.questions if n.startswith("r6/") and "ChooseMove" in n)
    question = talking.question(name)
    _, shows = parts(question, "plain", talking.sources(name))
    switches = {block: part.switches for part in shows for block in part.blocks}
    assert switches["gossip: the institution"] == {"gossip": "on"}
    assert switches["memory: your meetings"]["memory_window"] == "5"
    assert switches["reputation: your record of another"]["peer_reputation"] == "on"


def test_lines_know_the_blocks_around_and_in_them() -> None:
    marked = "a\n\x02x\x03\x04\nb \x02y\x03c\x02/y\x03\nd\n\x02/x\x03\x04\n\ne"
    assert [*lines(marked)] == [("a", ()), ("b c", ("x", "y")), ("d", ("x",)), ("e", ())]


def test_a_layer_is_not_explained(tmp_path: Path) -> None:
    async def layer() -> None:
        async with Layer.open(tmp_path / "layer", ["ann", "bob"]):
            pass

    asyncio.run(layer())
    with (
        Journal.open(tmp_path / "layer" / "run.sqlite") as journal,
        pytest.raises(UsageError, match="is a layer"),
    ):
        Provenance(journal)


def test_a_run_that_does_not_follow_is_not_explained(tmp_path: Path) -> None:
    import sqlite3

    path = played(tmp_path, 2)
    connection = sqlite3.connect(path)
    with connection:
        changed = "UPDATE events SET body = replace(body, '\"cooperate\"', '\"defect\"')"
        connection.execute(f"{changed} WHERE round = 2")
    connection.close()
    with Journal.open(path) as journal, pytest.raises(RepuNetError, match="repunet replay a"):
        Provenance(journal)


# By language models ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a run of a fake model whose answers often have to be repaired."""
    people = population(4, "pd")
    with serving(Settings(faults=Faults(garbage=0.3))) as server:
        assigned = assign((f"{server.url}#fake",), people)
        manifest = found("pd", TREATMENTS["full"], people, 1, assigned)
        folder = tmp_path_factory.mktemp("asked")
        with begin(manifest, 1, folder=folder, name="asked") as run:
            asyncio.run(run.play())
    return run.journal.path


def test_all_that_was_sent_and_said_is_shown(asked: Path) -> None:
    with Journal.open(asked) as journal:
        query = "SELECT coordinate FROM attempts WHERE kind = 'repair' AND status = 'answered'"
        (name,) = journal.row(query) or ("",)
        explained = explain(journal, name)
    assert explained.as_sent is True
    assert [each.kind for each in explained.attempts][:2] == ["first", "repair"]
    assert explained.attempts[0].why
    assert explained.raw == explained.attempts[-1].said
    assert explained.parsing in ("json", "found")


# Found by name ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        "r2/respond/A01/Reflect/A01",
        "r2/respond/A01/Reflect",
        "r2 A01 Reflect",
        "reflect a01 R2",
        "r2 /A01 Refle",
    ],
)
def test_a_decision_is_found_by_part_of_its_name(words: str, tmp_path: Path) -> None:
    rule = {ops.DecideTie: TIE}
    with Journal.open(written(tmp_path, Stub(rule), founded(n=2), 2)) as journal:
        assert find(journal, words) == "r2/respond/A01/Reflect/A01"


def test_several_are_listed_and_one_that_is_not_there_is_suggested(tmp_path: Path) -> None:
    with Journal.open(written(tmp_path, Stub(), founded(n=4), 2)) as journal:
        with pytest.raises(UsageError, match="any of 8 decisions") as several:
            find(journal, "ChooseMove")
        with pytest.raises(UsageError, match="did you mean") as none:
            find(journal, "r2/respond/A01/Reflekt/A01")
        with pytest.raises(UsageError, match="are called like r1/"):
            find(journal, "")
    assert several.value.detail.count("\n") == 7
    assert "r2/respond/A01/Reflect/A01" in str(none.value)


# At the command line ---------------------------------------------------------------------------


@pytest.fixture
def repunet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    monkeypatch.chdir(tmp_path)

    def command(*words: str) -> tuple[int, str, str]:
        code = execute(list(words))
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return command


def test_why_prints_sources_answers_and_what_came_of_it(repunet: Command, asked: Path) -> None:
    code, out, _ = repunet("why", str(asked), "r1", "A01", "DecideGossip", "--depth", "2")
    assert code == 0
    for words in ("plain/_records.md", "= record of", "reputation=on", "What was said", "first"):
        assert words in out


def test_why_gives_scripts_the_whole_structure(repunet: Command, asked: Path) -> None:
    _, out, _ = repunet("why", str(asked), "r1 A01 Reflect", "--json")
    explained = json.loads(out)
    assert explained["answer"].keys() == {"of_self", "of_alter", "satisfied"}
    assert {source["kind"] for source in explained["sources"]} >= {"persona", "memory", "story"}
    assert explained["later"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "say which decision"),
        (("r9 Nothing",), "there is no decision"),
        (("r1 Reflect A01", "--depth", "0"), "at least 1 step"),
        (("Reflect",), "can be any of 4 decisions"),
    ],
)
def test_bad_use_is_one_line_that_says_what_to_do(
    words: tuple[str, ...], message: str, repunet: Command, asked: Path
) -> None:
    code, out, err = repunet("why", str(asked), *words)
    assert (code, out) == (2, "")
    assert message in err.splitlines()[-1]
