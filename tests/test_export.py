"""Giving runs to the reference, and taking them back."""

import asyncio
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from societies import state

from repunet.cli import execute
from repunet.compat.own_words import OWN_WORDS
from repunet.compat.reference.exporting import export
from repunet.compat.reference.importing import ReferenceSource, take_over
from repunet.errors import UsageError
from repunet.record.journal import Journal
from repunet.runs.run import begin, found
from repunet.world.persona import Disposition, Persona
from repunet.world.population import population
from repunet.world.society import Society
from repunet.world.treatment import TREATMENTS

Command = Callable[..., tuple[int, str, str]]
DILEMMAS = ("pd", "participation", "investment")
ARMS = ("full", "no-gossip", "no-reputation", "none")
STORES = {
    "scratch": "memory/scratch.json",
    "nodes": "memory/associative_memory/nodes.json",
    "records": "reputation/reputation_database.json",
    "archive": "reputation/out_of_date_reputation_database.json",
    "gossip": "reputation/gossip_database.json",
}


def played(
    folder: Path, dilemma: str, arm: str = "full", n: int = 6, rounds: int = 6, seed: int = 1
) -> Path:
    """Return the run file of a small society."""
    minds = {"*": "embedded"}
    manifest = found(dilemma, TREATMENTS[arm], population(n, dilemma), seed, minds)
    with begin(manifest, rounds, folder=folder) as run:
        asyncio.run(run.play())
        return run.journal.path


def exported(run: Path, folder: Path, **options: Any) -> Path:
    with Journal.open(run) as journal:
        export(journal, folder, **options)
    return folder


def taken(folder: Path, into: Path, arm: str, dilemma: str) -> tuple[Society, ReferenceSource]:
    """Return the society of what was exported, taken back."""
    source = ReferenceSource(folder, None if source_has_notes(folder) else dilemma)
    treatment = source.treatment or TREATMENTS[arm]
    source.check(treatment)
    minds = {"*": "embedded"}
    manifest = found(source.dialect.scenario, treatment, source.personas, 1, minds, source.ties)
    path, _ = take_over(source, manifest, folder=into)
    return society_in(path), source


def source_has_notes(folder: Path) -> bool:
    return (folder / "repunet.json").exists()


def society_in(path: Path, last: int | None = None) -> Society:
    with Journal.open(path) as journal:
        society = journal.manifest.society()
        for written in journal.events(1, last):
            society.apply(written.event)
        return society


def read(step: Path, name: str, store: str) -> Any:
    return json.loads((step / "personas" / name / STORES[store]).read_text("utf-8"))


@pytest.fixture
def repunet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    monkeypatch.chdir(tmp_path)
    for variable in ("REPUNET_STORAGE", "LLM_MODEL", "LLM_API_BASE"):
        monkeypatch.delenv(variable, raising=False)

    def command(*words: object) -> tuple[int, str, str]:
        code = execute(list(map(str, words)))
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return command


# The formats, field by field ------------------------------------------------------------------

WEIGHTS = re.compile(r"\((\d(\.\d+)?, ){4}\d(\.\d+)?\)")
REASONS = {
    "reputation update after pd_game", "reputation update after interaction",
    "reputation update after sign up", "reputation update agter stage 4", "observed",
    "reputation update after first order gossip", "reputation update after second order gossip",
}  # fmt: skip
ROLES = {"pd": {"player"}, "participation": {"resident"}, "investment": {"investor", "trustee"}}
SPELLED = {"pd": "pd_game", "participation": "sign up", "investment": "investment"}
LEVELS = {"very uncredible", "uncredible", "neutral", "credible", "very credible"}
SCRATCH = [
    "name", "innate", "learned", "currently", "ID", "role", "curr_step", "complain_buffer",
    "total_num_investor", "success_num_investor", "total_num_trustee", "success_num_trustee",
    "total_chat_num", "success_chat_num", "relationship", "resources_unit", "observed",
]  # fmt: skip
EVENT = ["id", "type", "subject", "predicate", "object", "description", "created_at"]
RECORD = ["ID", "name", "role", "scenario", "content", "numerical record"]
FIRST = [
    "type", "complained ID", "complained name", "complained role", "gossiper name", "gossip info",
    "credibility level", "whether to spread gossip second-hand", "reasons", "created_at",
]  # fmt: skip
SECOND = [
    "type", "complained ID", "complained name", "complained role", "first-order gossiper name",
    "second-order gossiper name", "gossip info", "credibility level", "gossiper name", "created_at",
]  # fmt: skip
UNJUDGED = [
    "Complained agent ID", "Complained agent name", "Gossip info", "Spread gossip further", "type",
    "credibility level", "created_at",
]  # fmt: skip
TEXTS = {
    "pd": [
        r"Game_result is (All-Cooperate|All-Defect|.+-(Cooperate|Defect), .+-(Cooperate|Defect))\. "
        r".+ chose (Cooperate|Defect), .+ chose (Cooperate|Defect)"
    ],
    "participation": [r"(.+: (Yes|No)\n)+"],
    "investment": [
        r"Success investment: investor is .+, trustee is .+\nstage 1: trustee_plan is .+\n"
        r"stage 2: investor invests [\d.]+ units\nstage 3: trustee_allocation is \{.+\}, and "
        r"reported_investment_outcome is [\d.]+ units\.",
        r"Failed investment\. Investor is .+ and Trustee is .+\.\n"
        r"Investor's decision and explanation:.+",
    ],
}


def check_scratch(found: dict[str, Any], names: list[str], dilemma: str, rates: bool) -> None:
    assert list(found) == SCRATCH
    assert (found["innate"], found["currently"], found["role"]) == (None, None, None)
    assert found["name"] == names[found["ID"]]
    kinds = dict if dilemma == "investment" else str
    assert isinstance(found["learned"], kinds)
    if isinstance(found["learned"], dict):
        assert list(found["learned"]) == ["investor", "trustee"]
    assert all(
        isinstance(found[key], int) for key in SCRATCH if key.endswith("_num") or "_num_" in key
    )
    assert (found["complain_buffer"], found["observed"]) == ([], {})
    assert list(found["relationship"]) == ["bind_list", "black_list"]
    assert len(found["relationship"]["black_list"]) <= 5
    for tie in [*found["relationship"]["bind_list"], *found["relationship"]["black_list"]]:
        name, role = tie if rates else (tie, None)
        assert name in names
        assert role in ROLES[dilemma] if rates else isinstance(tie, str)
    assert isinstance(found["resources_unit"], int | float)


def check_nodes(found: list[dict[str, Any]], names: list[str], step: int, dilemma: str) -> None:
    assert [node["id"] for node in found] == list(range(1, len(found) + 1))
    assert [n["created_at"] for n in found] == sorted(n["created_at"] for n in found)
    for node in found:
        assert 1 <= node["created_at"] <= step
        assert node["subject"] in names
        if node["type"] == "EVENT":
            assert list(node) == EVENT
            assert node["predicate"] == SPELLED[dilemma]
            assert any(
                re.fullmatch(text, node["description"], re.DOTALL) for text in TEXTS[dilemma]
            )
        else:
            assert node["type"] == "CHAT"
            assert list(node) == [*EVENT[:-1], "conversation", "created_at"]
            assert node["predicate"] in ("basic chat", "gossip")
            assert ":" in node["conversation"]
            assert node["object"] in names


def check_record(key: str, found: dict[str, Any], names: list[str], dilemma: str) -> None:
    assert list(found)[:6] == RECORD
    assert found["name"] == names[found["ID"]]
    assert found["role"] in ROLES[dilemma]
    assert key == f"{found['role'].capitalize()}_{found['ID']}"
    assert found["scenario"] == SPELLED[dilemma]
    assert isinstance(found["content"], str)
    assert WEIGHTS.fullmatch(found["numerical record"])
    weights = [float(each) for each in found["numerical record"].strip("()").split(",")]
    assert sum(weights) == pytest.approx(1, abs=1e-5)


def check_gossip(found: dict[str, Any], names: list[str], step: int, rates: bool) -> None:
    if not rates:
        assert list(found) == UNJUDGED
        assert found["credibility level"] == "None"
        assert found["type"] in ("first order", "second order")
        assert found["Complained agent name"] == names[int(found["Complained agent ID"])]
    else:
        assert list(found) == (FIRST if found["type"] == "first-order" else SECOND)
        assert found["credibility level"] in LEVELS
        assert found["complained name"] == names[int(found["complained ID"])]
        assert found["gossiper name"] in names
        assert found.get("whether to spread gossip second-hand", "No") in ("Yes", "No")
    assert 1 <= found["created_at"] <= step


@pytest.mark.parametrize("arm", ARMS)
@pytest.mark.parametrize("dilemma", DILEMMAS)
def test_every_file_is_as_the_reference_writes_it(dilemma: str, arm: str, tmp_path: Path) -> None:
    folder = exported(played(tmp_path, dilemma, arm), tmp_path / "theirs")
    rates = TREATMENTS[arm].reputation
    for number in (0, 1, 6):
        step = folder / f"step_{number}"
        meta = json.loads((step / "reverie" / "meta.json").read_text())
        assert list(meta) == ["persona_names", "step"]
        assert meta["step"] == number
        names = meta["persona_names"]
        assert sorted(each.name for each in (step / "personas").iterdir()) == sorted(names)
        for name in names:
            scratch = read(step, name, "scratch")
            assert scratch["curr_step"] == number
            check_scratch(scratch, names, dilemma, rates)
            check_nodes(read(step, name, "nodes"), names, number, dilemma)
            for key, record in read(step, name, "records").items():
                assert rates
                check_record(key, record, names, dilemma)
            for key, record in read(step, name, "archive").items():
                base, _, replaced = key.rpartition("_pre_")
                assert 1 <= int(replaced) <= number
                assert record["reason"] in REASONS
                check_record(base, record, names, dilemma)
            for piece in read(step, name, "gossip"):
                check_gossip(piece, names, number, rates)


@pytest.mark.parametrize("dilemma", DILEMMAS)
def test_an_export_holds_something_of_everything(dilemma: str, tmp_path: Path) -> None:
    """So that the test above has something to look at."""
    step = exported(played(tmp_path, dilemma, n=8, rounds=8), tmp_path / "theirs") / "step_8"
    names = json.loads((step / "reverie" / "meta.json").read_text())["persona_names"]
    for store in ("nodes", "records", "archive", "gossip"):
        assert any(read(step, name, store) for name in names), store
    assert any(read(step, name, "scratch")["relationship"]["bind_list"] for name in names)


RESULTS = {
    "pd": ("pd_game results/pd_game_results_{}.txt", range(1, 7)),
    "participation": ("sign up result/sign_up_results_{}.txt", (1, 6)),
    "investment": ("investment results/investment_results_{}.txt", range(1, 7)),
}


@pytest.mark.parametrize("dilemma", DILEMMAS)
def test_result_texts_are_where_the_reference_has_them(dilemma: str, tmp_path: Path) -> None:
    folder = exported(played(tmp_path, dilemma), tmp_path / "theirs")
    path, steps = RESULTS[dilemma]
    there = sorted(str(each.relative_to(folder)) for each in folder.rglob("*.txt"))
    assert there == sorted(f"step_{number}/{path.format(number)}" for number in steps)


def test_the_result_text_of_a_game_has_its_stages_and_payoffs(tmp_path: Path) -> None:
    folder = exported(played(tmp_path, "pd"), tmp_path / "theirs")
    text = (folder / "step_1" / "pd_game results" / "pd_game_results_1.txt").read_text()
    assert text.count("|**Stage  2**") == text.count("End of PD Game") == 3
    payoffs = [int(each) for each in re.findall(r"\| Player[12]: .+: payoff (\d)", text)]
    labels = re.findall(r"\| Game Result: (.+?) +\|", text)
    assert sum(payoffs) == sum({"All-C": 6, "All-D": 2}.get(each[:5], 5) for each in labels)
    assert len(re.findall(r"evaluation \{'self_reputation': '.+', 'opponent_rep", text)) == 6
    assert len(re.findall(r"gossip willing (Yes|No), ", text)) == 6
    assert {len(line) for line in text.splitlines() if line.startswith("+")} == {100}


def test_learned_says_who_somebody_is_and_how_they_came_to_see_themselves(tmp_path: Path) -> None:
    run = played(tmp_path, "pd")
    folder = exported(run, tmp_path / "theirs")
    for agent in society_in(run).agents.values():
        name = agent.persona.name
        described = agent.persona.description("pd")
        assert read(folder / "step_0", name, "scratch")["learned"] == described
        learned = read(folder / "step_6", name, "scratch")["learned"]
        assert learned == f"{described}{OWN_WORDS}{agent.self_images['player']}"


# What is in the way ---------------------------------------------------------------------------


def everything(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_nothing_is_overwritten_unless_forced_and_nothing_deleted(
    tmp_path: Path, repunet: Command
) -> None:
    repunet("run", "pd", "--agents", "2", "--rounds", "1", "--quiet", "--name", "one")
    repunet("run", "pd", "--agents", "2", "--rounds", "2", "--quiet", "--name", "two", "--seed", 5)
    assert repunet("export", "two", "out", "--to", "sim-storage")[0] == 0
    (tmp_path / "out" / "repunet.json").unlink()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    before = everything(tmp_path / "out")
    code, _, err = repunet("export", "one", "out", "--to", "sim-storage")
    assert (code, "--force" in err, len(err.splitlines())) == (2, True, 1)
    assert everything(tmp_path / "out") == before
    code, out, _ = repunet("export", "one", "out", "--to", "sim-storage", "--force")
    assert (code, "step_2 was there before, and stays" in out) == (0, True)
    after = everything(tmp_path / "out")
    assert before.keys() <= after.keys()
    assert {p for p in before if before[p] == after[p]} >= {
        p for p in before if "step_2" in p.parts or p.name == "mine.txt"
    }


def test_a_shorter_run_is_not_written_over_a_longer_one(tmp_path: Path, repunet: Command) -> None:
    exported(played(tmp_path, "pd", n=4, rounds=4), tmp_path / "mix")
    short = played(tmp_path, "pd", n=4, rounds=2, seed=7)
    before = everything(tmp_path / "mix")
    code, _, err = repunet("export", short, "mix", "--to", "sim-storage", "--force")
    assert (code, len(err.splitlines())) == (2, 1)
    assert "mix holds step_3 to step_4 of an older export" in err
    assert err.strip().endswith("say another folder, or remove step_3 to step_4")
    assert everything(tmp_path / "mix") == before
    for number in (3, 4):
        shutil.rmtree(tmp_path / "mix" / f"step_{number}")
    assert repunet("export", short, "mix", "--to", "sim-storage", "--force")[0] == 0
    assert state(taken(tmp_path / "mix", tmp_path / "back", "full", "pd")[0]) == state(
        society_in(short)
    )


def test_steps_of_another_run_are_not_taken_for_those_of_an_export(
    tmp_path: Path, repunet: Command
) -> None:
    other = exported(played(tmp_path, "pd", n=4, rounds=4), tmp_path / "other")
    short = played(tmp_path, "pd", n=4, rounds=2, seed=7)
    mix = exported(short, tmp_path / "mix")
    for number in (3, 4):
        shutil.copytree(other / f"step_{number}", mix / f"step_{number}")
    society, source = taken(mix, tmp_path / "back", "full", "pd")
    assert source.report.lines == ["mix: steps 3 to 4 are not of this export"]
    assert state(society) == state(society_in(short))
    code, _, err = repunet("import", "mix/step_4")
    assert (code, len(err.splitlines()), "is not of this export" in err) == (2, 1, True)


def test_one_file_is_called_a_file(tmp_path: Path, repunet: Command) -> None:
    run = played(tmp_path, "pd", n=2, rounds=1)
    assert repunet("export", run, "out", "--to", "graphml")[1].startswith("1 file in out\n")


@pytest.mark.parametrize("link", ["step_0", "step_0/personas", "step_0/reverie/meta.json"])
def test_nothing_is_written_through_a_link(link: str, tmp_path: Path) -> None:
    run = played(tmp_path, "pd", n=2, rounds=1)
    elsewhere, place = tmp_path / "elsewhere", tmp_path / "out" / link
    elsewhere.mkdir()
    (elsewhere / "kept").write_text("kept")
    place.parent.mkdir(parents=True)
    place.symlink_to(elsewhere / "kept" if link.endswith(".json") else elsewhere)
    if link.endswith(".json"):
        exported(run, tmp_path / "out", force=True)
        assert not place.is_symlink()
    else:
        with pytest.raises(UsageError, match="is a link"):
            exported(run, tmp_path / "out", force=True)
    assert everything(elsewhere) == {elsewhere / "kept": b"kept"}


@pytest.mark.parametrize("name", ["../../Ann", "Ann/Ash", ".."])
def test_a_name_that_no_folder_can_have_is_refused(name: str, tmp_path: Path) -> None:
    people = [
        Persona(f"A0{i}", called, None, None, None, Disposition.CUSTOM, {"*": "You are kind."})
        for i, called in ((1, name), (2, "Bob"))
    ]
    manifest = found("pd", TREATMENTS["full"], people, 1, {"*": "chance"})
    with begin(manifest, 1, folder=tmp_path) as run:
        asyncio.run(run.play())
    with pytest.raises(UsageError, match="can't be the name of a file or folder"):
        exported(run.journal.path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_dilemma_that_the_reference_does_not_know_is_refused(repunet: Command) -> None:
    repunet("run", "donor", "--agents", "4", "--rounds", "1", "--quiet", "--name", "giving")
    code, _, err = repunet("export", "giving", "out", "--to", "sim-storage")
    assert (code, len(err.splitlines())) == (2, 1)
    assert "the reference does not know donor: it has pd, participation, investment" in err
    assert not Path("out").exists()


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--to", "sim_storage"), 'unknown target "sim_storage" (did you mean "sim-storage"?)'),
        (("--to", "sim-storage", "--round", "9"), "has rounds 0 to 1, not 9"),
        ((), "--to"),
    ],
)
def test_what_can_t_be_exported_is_said_in_one_line(
    words: tuple[str, ...], why: str, repunet: Command
) -> None:
    repunet("run", "pd", "--agents", "2", "--rounds", "1", "--quiet", "--name", "one")
    code, _, err = repunet("export", "one", "out", *words)
    assert (code, len(err.splitlines()), why in err) == (2, 1, True)


def test_one_round_can_be_exported_by_itself(tmp_path: Path) -> None:
    run = played(tmp_path, "pd", rounds=4)
    folder = exported(run, tmp_path / "theirs", round_=2)
    assert sorted(each.name for each in folder.iterdir()) == ["repunet.json", "step_2"]
    society, _ = taken(folder, tmp_path / "back", "full", "pd")
    assert state(society) == state(society_in(run, 2))


# There and back -------------------------------------------------------------------------------


def facts(society: Society, rates: bool) -> Any:
    """Return what survives in the reference's own files: one version of a record for each step.

    Without reputation they hold no roles of ties and no credibility.
    """
    people = {}
    for agent, one in society.agents.items():
        store = one.reputations
        histories = {target: store.history(target) for target in store.targets()}
        versions = {
            target: [each.reputation for each in dict((v.round, v) for v in history).values()]
            for target, history in histories.items()
        }
        told = one.gossip.last(len(one.gossip))
        earned = [(m.round, m.own.move, m.payoff) for m in one.memory if m.own.payoff]
        people[agent] = (
            one.persona.name,
            (one.wealth, earned),
            dict(one.self_images),
            versions,
            [(each.path, each.about, each.text, each.said) for each in told],
            {who if rates else who.agent for ego, who in society.network if ego == agent},
        )
        if rates:
            people[agent] += ([each.credibility for each in told], society.shunned(agent))
    return society.round, people, society.choices


EXAMPLES = settings(
    max_examples=10, deadline=None, derandomize=True, database=None,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


@pytest.mark.slow
@EXAMPLES
@given(
    dilemma=st.sampled_from(DILEMMAS),
    arm=st.sampled_from(ARMS),
    n=st.integers(3, 7),
    rounds=st.integers(1, 7),
    seed=st.integers(0, 10**6),
)
def test_what_is_exported_and_taken_back_is_what_it_was(
    dilemma: str, arm: str, n: int, rounds: int, seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    tmp_path = tmp_path_factory.mktemp("case")
    run = played(tmp_path, dilemma, arm, n, rounds, seed)
    folder = exported(run, tmp_path / "theirs")
    society, source = taken(folder, tmp_path / "back", arm, dilemma)
    assert state(society) == state(society_in(run))
    assert society.choices == society_in(run).choices
    assert source.report.lines == []
    assert source.treatment == TREATMENTS[arm]

    (folder / "repunet.json").unlink()
    rates = TREATMENTS[arm].reputation
    society, source = taken(folder, tmp_path / "bare", arm, dilemma)
    assert facts(society, rates) == facts(society_in(run), rates)
    assert source.report.lines == []


def test_a_change_of_treatment_survives(tmp_path: Path, repunet: Command) -> None:
    repunet("run", "pd", "--agents", "4", "--rounds", "3", "--quiet", "--name", "one")
    repunet("fork", "one", "--at", 2, "--set", "gossip=off", "--quiet", "--name", "two")
    assert repunet("export", "two", "out", "--to", "sim-storage")[0] == 0
    code, out, _ = repunet("import", "out", "--name", "three", "--json")
    imported = json.loads(out)
    assert (code, imported["left_out"], imported["past_minds"]) == (0, [], "embedded")
    assert state(society_in(Path("runs/three/run.sqlite"))) == state(
        society_in(Path("runs/two/run.sqlite"))
    )
    assert "full, from round 3 no-gossip" in " ".join(repunet("show", "three")[1].split())
    assert repunet("resume", "three", "--rounds", "1", "--quiet")[0] == 0
    assert repunet("verify", "three")[0] == 0


def test_an_import_can_be_exported_and_taken_back(tmp_path: Path) -> None:
    first = exported(played(tmp_path, "investment"), tmp_path / "first")
    (first / "repunet.json").unlink()
    taken(first, tmp_path / "once", "full", "investment")
    (run,) = tmp_path.glob("once/*/run.sqlite")
    second = exported(run, tmp_path / "second")
    society, _ = taken(second, tmp_path / "twice", "full", "investment")
    assert state(society) == state(society_in(run))
    for number in range(7):
        for path in (first / f"step_{number}" / "personas").rglob("*_database.json"):
            assert path.read_bytes() == (second / path.relative_to(first)).read_bytes()


def test_what_the_reference_plays_after_an_export_is_read_from_its_files(tmp_path: Path) -> None:
    run = played(tmp_path, "pd", n=4, rounds=3)
    folder = exported(run, tmp_path / "theirs")
    step = shutil.copytree(folder / "step_3", folder / "step_4")
    names = [agent.persona.name for agent in society_in(run).agents.values()]
    (step / "reverie" / "meta.json").write_text(json.dumps({"persona_names": names, "step": 4}))
    path = step / "personas" / names[0] / STORES["nodes"]
    text = f"Game_result is All-Defect. {names[0]} chose Defect, {names[1]} chose Defect"
    node = {"type": "EVENT", "subject": names[0], "predicate": "pd_game", "object": names[1]}
    nodes = [*json.loads(path.read_text()), node | {"description": text, "created_at": 4}]
    path.write_text(json.dumps(nodes))
    society, source = taken(folder, tmp_path / "back", "full", "pd")
    assert (society.round, source.shared) == (4, 3)
    before = society_in(run).agents["A01"]
    assert list(society.agents["A01"].memory)[:-1] == list(before.memory)[-4:]
    assert society.agents["A01"].memory[-1].story.endswith("both chose to defect; each earned 1.")


def spoilt(notes: dict[str, Any], how: str) -> object:
    """Return our notes, made bad in one way."""
    match how:
        case "another version":
            notes["version"] = 2
        case "a stranger":
            notes["rounds"][0]["wealth"] = {"A99": 1}
        case "another role":
            notes["founding"]["ties"] = [["A01", ["A77", "player"]]]
        case "a number that is none":
            notes["rounds"][0]["past"][0]["encounter"]["acts"][0]["valence"] = float("nan")
        case "a story too few":
            notes["rounds"][0]["past"][0]["encounter"]["stories"] = []
        case "another step":
            notes["steps"] = dict.fromkeys(notes["steps"], "0" * 64)
        case "a list":
            return [notes]
    return notes


@pytest.mark.parametrize(
    "how",
    [
        "another version", "a stranger", "another role", "a number that is none",
        "a story too few", "another step", "a list",
    ],
)  # fmt: skip
def test_notes_that_can_t_be_trusted_are_left_out_and_the_files_are_read(
    how: str, tmp_path: Path
) -> None:
    run = played(tmp_path, "pd", rounds=2)
    folder = exported(run, tmp_path / "theirs")
    notes = json.loads((folder / "repunet.json").read_text())
    (folder / "repunet.json").write_text(json.dumps(spoilt(notes, how)))
    source = ReferenceSource(folder)
    assert source.treatment is None
    (line,) = source.report.lines
    assert line.startswith("repunet.json: ")
    assert "left out" not in line
    society, _ = taken(folder, tmp_path / "back", "full", "pd")
    assert facts(society, True) == facts(society_in(run), True)


def test_a_step_that_was_edited_is_read_and_our_notes_of_it_are_not(tmp_path: Path) -> None:
    folder = exported(played(tmp_path, "pd", rounds=2), tmp_path / "theirs")
    name = next((folder / "step_2" / "personas").iterdir()).name
    scratch = read(folder / "step_2", name, "scratch") | {"resources_unit": 77}
    path = folder / "step_2" / "personas" / name / STORES["scratch"]
    path.write_text(json.dumps(scratch))
    society, source = taken(folder, tmp_path / "back", "full", "pd")
    assert source.shared == 1
    assert {a.wealth for a in society.agents.values() if a.persona.name == name} == {77_000}
