"""Taking over the reference's seeds and runs."""

import json
import os
import random
import shutil
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from repunet.analysis.snapshot import Snapshot
from repunet.analysis.summary import summarise
from repunet.cli import execute
from repunet.compat.reference.importing import ReferenceSource, take_over
from repunet.compat.reference.records import _appraisal
from repunet.errors import RepuNetError, UsageError
from repunet.record.journal import Journal
from repunet.runs.run import found
from repunet.tracing.verification import verify
from repunet.world.society import Society
from repunet.world.treatment import TREATMENTS

DATA = Path(__file__).parents[2] / "shared" / "reference-data"
needs_reference = pytest.mark.skipif(not DATA.is_dir(), reason="needs the reference's files")
SEEDS = [("pd", "pd_game_seed"), ("participation", "sign_seed"), ("investment", "invest_seed")]
RUNS = ["pd_full", "sign_up_full", "investment_full"]
STORES = {
    "records": "reputation/reputation_database.json",
    "archive": "reputation/out_of_date_reputation_database.json",
    "gossip": "reputation/gossip_database.json",
    "nodes": "memory/associative_memory/nodes.json",
    "scratch": "memory/scratch.json",
}
Command = Callable[..., tuple[int, str, str]]


# The real ones --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Unpack the runs that the reference wrote."""
    folder, found = tmp_path_factory.mktemp("reference"), {}
    for name in RUNS:
        with tarfile.open(DATA / "runs" / f"{name}.tar.gz") as archive:
            archive.extractall(folder / name, filter="data")
        (found[name],) = (folder / name).iterdir()
    return found


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


def last_step(run: Path) -> Path:
    return max(run.glob("step_*"), key=lambda step: int(step.name.removeprefix("step_")))


def held(step: Path, store: str) -> dict[str, Any]:
    """Return what the files of a step hold in a store, by person."""
    return {
        person.name: json.loads((person / STORES[store]).read_text("utf-8"))
        for person in sorted((step / "personas").iterdir())
    }


def taken(
    folder: Path, into: Path, treatment: str = "full", scenario: str | None = None
) -> tuple[Path, Society, ReferenceSource]:
    """Return the run file of an import, the society in it, and what was read."""
    source = ReferenceSource(folder, scenario)
    arm = source.treatment or TREATMENTS[treatment]
    source.check(arm)
    minds = {"*": "embedded"}
    manifest = found(source.dialect.scenario, arm, source.personas, 1, minds, source.ties)
    path, _ = take_over(source, manifest, folder=into)
    return path, society_in(path), source


def society_in(path: Path) -> Society:
    with Journal.open(path) as journal:
        society = journal.manifest.society()
        for written in journal.events():
            society.apply(written.event)
        return society


@needs_reference
@pytest.mark.parametrize(("scenario", "seed"), SEEDS)
def test_a_seed_becomes_a_run_of_its_people_that_has_not_begun(
    scenario: str, seed: str, repunet: Command
) -> None:
    code, out, _ = repunet("import", DATA / "seeds" / seed, "--scenario", scenario, "--json")
    imported = json.loads(out)
    assert (code, imported["carried"]["agents"], imported["carried"]["steps"]) == (0, 20, 0)
    assert imported["left_out"] == []
    learned = held(DATA / "seeds" / seed / "step_0", "scratch")
    for agent in society_in(Path(imported["path"])).agents.values():
        texts = learned[agent.persona.name]["learned"]
        role = next(iter(texts)) if isinstance(texts, dict) else "player"
        text = texts[role] if isinstance(texts, dict) else texts
        assert agent.persona.description(scenario, role) == text


@needs_reference
def test_a_seed_that_tells_no_scenario_asks_for_it(repunet: Command) -> None:
    code, _, err = repunet("import", DATA / "seeds" / "sign_seed")
    assert (code, len(err.splitlines())) == (2, 1)
    assert "--scenario participation or --scenario pd" in err


@needs_reference
def test_a_seed_is_played_as_any_run(repunet: Command) -> None:
    repunet("import", DATA / "seeds" / "invest_seed", "--name", "seed", "--mind", "chance")
    code, out, _ = repunet("resume", "seed", "--rounds", "1", "--quiet")
    assert (code, "1 of 1" in out, "mind: chance." in out) == (0, True, True)


@needs_reference
@pytest.mark.parametrize("run", RUNS)
def test_all_that_a_run_holds_is_carried_over(
    run: str, real: dict[str, Path], tmp_path: Path
) -> None:
    _, society, source = taken(real[run], tmp_path)
    step = last_step(real[run])
    assert source.report.lines == []
    assert len(society.agents) == len(held(step, "scratch"))
    for agent in society.agents.values():
        name, store = agent.persona.name, agent.reputations
        assert len(store) == len(held(step, "records")[name])
        versions = sum(len(store.history(target)) for target in store.targets())
        assert versions == len(store) + len(held(step, "archive")[name])
        assert len(agent.gossip) == len(held(step, "gossip")[name])
        scratch = held(step, "scratch")[name]
        ties = {(society.name(t.agent), t.role) for t in society.network.partners(agent.persona.id)}
        assert ties == {tuple(tie) for tie in scratch["relationship"]["bind_list"]}
        shunned = [[society.name(a.agent), a.role] for a in society.shunned(agent.persona.id)]
        assert shunned == scratch["relationship"]["black_list"]
        assert agent.wealth == round(scratch["resources_unit"] * 1000)


@needs_reference
@pytest.mark.parametrize("run", RUNS)
def test_records_are_what_the_files_say_word_for_word(
    run: str, real: dict[str, Path], tmp_path: Path
) -> None:
    _, society, source = taken(real[run], tmp_path)
    for person in source.company.people:
        kept = {
            (society.name(each.target), each.role): (each.text, each.weights)
            for each in society.agents[person.agent].reputations
        }
        stored = held(last_step(real[run]), "records")[person.name]
        assert kept == {
            (record["name"], key.split("_")[0].lower()): (
                record["content"],
                _appraisal("", record["numerical record"]).weights,
            )
            for key, record in stored.items()
        }


@needs_reference
@pytest.mark.parametrize("run", RUNS)
def test_every_step_stands_as_its_own_folder_has_it(
    run: str, real: dict[str, Path], tmp_path: Path
) -> None:
    path, _, source = taken(real[run], tmp_path)
    with Journal.open(path) as journal:
        society = journal.manifest.society()
        for written in journal.events():
            if written.seq == 0 and written.round > 1:
                scratches = held(real[run] / f"step_{written.round - 1}", "scratch")
                ties = sum(len(each["relationship"]["bind_list"]) for each in scratches.values())
                assert len(society.network) == ties
                for one in society.agents.values():
                    had = scratches[one.persona.name]["resources_unit"]
                    assert one.wealth == round(had * 1000)
            society.apply(written.event)
    assert society.round == source.number


@needs_reference
@pytest.mark.parametrize("run", RUNS)
def test_versions_stand_from_the_step_in_which_they_replaced_another(
    run: str, real: dict[str, Path], tmp_path: Path
) -> None:
    _, society, source = taken(real[run], tmp_path)
    for person in source.company.people:
        store = society.agents[person.agent].reputations
        replaced = sorted(
            version.round for t in store.targets() for version in store.history(t)[1:]
        )
        archive = held(last_step(real[run]), "archive")[person.name]
        assert replaced == sorted(int(key.rpartition("_pre_")[2]) for key in archive)
        assert all(v.because for t in store.targets() for v in store.history(t)[:1])


@needs_reference
@pytest.mark.parametrize("run", RUNS)
def test_an_imported_run_is_sound_says_so_and_goes_on(
    run: str, real: dict[str, Path], repunet: Command
) -> None:
    code, out, _ = repunet("import", real[run], "--treatment", "full", "--name", "past")
    assert (code, "which mind made its past is not known" in out) == (0, True)
    number = int(last_step(real[run]).name.removeprefix("step_"))
    assert f"after round {number} of {number}" in repunet("show", "past")[1]
    assert "mind: not known (imported)." in " ".join(repunet("show", "past")[1].split())
    assert repunet("resume", "past", "--rounds", "1", "--quiet")[0] == 0
    shown = " ".join(repunet("show", "past")[1].split())
    assert f"after round {number + 1} of {number + 1}" in shown
    assert f"mind: not known to round {number} (imported), then embedded." in shown
    assert not verify(Path("runs/past/run.sqlite")).wrong


@needs_reference
def test_an_agent_of_an_imported_run_is_shown_with_its_past(
    real: dict[str, Path], repunet: Command
) -> None:
    repunet("import", real["pd_full"], "--treatment", "full", "--name", "past")
    _, out, _ = repunet("show", "past", "--agent", "Ahmed Hassan", "--json")
    one = json.loads(out)
    assert (one["mind"], one["wealth"]) == ("not known (imported)", 16)
    assert [met["payoff"] for met in one["meetings"]] == [5, 0, 1]
    assert one["meetings"][0]["story"].startswith("You chose to defect and Elena Ivanova")
    assert one["self_image"]["player"].startswith("You are Ahmed Hassan. Their conduct")


@needs_reference
def test_cooperation_in_an_import_is_that_of_the_result_texts(
    real: dict[str, Path], tmp_path: Path
) -> None:
    path, _, _ = taken(real["pd_full"], tmp_path)
    with Journal.open(path) as journal:
        rates = summarise(journal).cooperation
    for number, rate in enumerate(rates, start=1):
        folder = real["pd_full"] / f"step_{number}" / "pd_game results"
        text = (folder / f"pd_game_results_{number}.txt").read_text("utf-8")
        labels = [line for line in text.splitlines() if "Game Result:" in line]
        kind = sum(2 * ("All-C" in line) + ("Cooperate," in line) for line in labels)
        kind += sum("-Cooperate " in line and "All" not in line for line in labels)
        assert rate == pytest.approx(kind / 20)


@needs_reference
def test_the_choices_of_a_round_are_those_of_its_result_text(
    real: dict[str, Path], tmp_path: Path
) -> None:
    _, society, _ = taken(real["sign_up_full"], tmp_path)
    text = (
        real["sign_up_full"] / "step_1" / "sign up result" / "sign_up_results_1.txt"
    ).read_text()
    said = dict(line.split(". ", 2)[1].split(": ") for line in text.splitlines()[1:21])
    joined = {society.name(a): act.move == "join" for a, act in society.choices.items()}
    assert joined == {name: word == "Yes" for name, word in said.items()}


@needs_reference
def test_refused_deals_keep_what_was_promised(real: dict[str, Path], tmp_path: Path) -> None:
    path, _, _ = taken(real["investment_full"], tmp_path)
    with Journal.open(path) as journal:
        summary = summarise(journal)
        met = [e.encounter for w in journal.events() if w.event.kind == "imported"
               for e in w.event.past if e.kind == "encounter_ended"]  # fmt: skip
    declined = [one for one in met if one.outcome == "declined"]
    assert declined
    assert all("promised" in one.acts[1].facts for one in met)
    assert summary.overall == pytest.approx(
        sum(one.acts[1].facts.get("returned", -1) >= one.acts[1].facts["promised"] for one in met)
        / len(met)
    )


@needs_reference
def test_one_step_can_be_taken_by_itself(real: dict[str, Path], tmp_path: Path) -> None:
    shutil.copytree(real["pd_full"] / "step_2", tmp_path / "alone" / "step_2")
    _, society, source = taken(tmp_path / "alone" / "step_2", tmp_path)
    assert (society.round, source.report.lines) == (2, [])
    scratches = held(tmp_path / "alone" / "step_2", "scratch").values()
    assert len(society.network) == sum(len(s["relationship"]["bind_list"]) for s in scratches)
    assert not any(agent.self_images for agent in society.agents.values())


@needs_reference
def test_a_step_that_was_not_finished_does_not_count(real: dict[str, Path], tmp_path: Path) -> None:
    run = shutil.copytree(real["pd_full"], tmp_path / "crashed")
    shutil.copytree(run / "step_3", run / "step_4")
    assert ReferenceSource(run).number == 3
    with pytest.raises(UsageError, match="was not finished"):
        ReferenceSource(run / "step_4")


@needs_reference
def test_a_run_says_which_treatments_it_fits(real: dict[str, Path], repunet: Command) -> None:
    code, _, err = repunet("import", real["pd_full"])
    assert (code, len(err.splitlines())) == (2, 1)
    assert err.strip().endswith("say --treatment; its files fit full")
    code, _, err = repunet("import", real["pd_full"], "--treatment", "none")
    assert (code, "has reputation" in err) == (2, True)
    code, _, err = repunet("import", real["pd_full"], "--treatment", "full", "--scenario", "s")
    assert (code, "is of pd, not of participation" in err) == (2, True)


# Arms that the reference's data has no example of, written to its formats ---------------------

ANN, BOB, CY, DEE = NAMES = ("Ann Ash", "Bob Beech", "Cy Cedar", "Dee Dill")


def write(path: Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), "utf-8")


def scratch(name: str, **changes: Any) -> dict[str, Any]:
    ties = {"bind_list": changes.pop("ties", []), "black_list": changes.pop("black", [])}
    return {
        "name": name, "innate": None, "learned": f"You are {name}.", "currently": None,
        "ID": NAMES.index(name), "role": None, "curr_step": 1, "complain_buffer": [],
        "relationship": ties, "resources_unit": 10, "observed": {}, **changes,
    }  # fmt: skip


def event(subject: str, predicate: str, other: str, text: str, step: int = 1) -> dict[str, Any]:
    return {
        "id": 1, "type": "EVENT", "subject": subject, "predicate": predicate, "object": other,
        "description": text, "created_at": step,
    }  # fmt: skip


def chat(subject: str, other: str, said: str, predicate: str = "gossip") -> dict[str, Any]:
    node = event(subject, predicate, other, "a reason")
    return node | {"type": "CHAT", "conversation": said}


def told(about: str, text: str, order: str = "first order", spread: str = "No") -> dict[str, Any]:
    return {
        "Complained agent ID": str(NAMES.index(about)), "Complained agent name": about,
        "Gossip info": text, "Spread gossip further": spread, "type": order,
        "credibility level": "None", "created_at": 1,
    }  # fmt: skip


def step_of(folder: Path, **stores: dict[str, Any]) -> Path:
    """Write a first step; what is not said of a person is empty."""
    step = folder / "run" / "step_1"
    write(step / "reverie" / "meta.json", {"persona_names": list(NAMES), "step": 1})
    empty = {"records": {}, "archive": {}, "gossip": [], "nodes": []}
    for name in NAMES:
        for store, path in STORES.items():
            default = scratch(name) if store == "scratch" else empty[store]
            write(step / "personas" / name / path, stores.get(store, {}).get(name, default))
    return step


def game(one: str, other: str, *words: str) -> str:
    same = words[0] == words[1]
    label = f"All-{words[0]}" if same else f"{one}-{words[0]}, {other}-{words[1]}"
    return f"Game_result is {label}. {one} chose {words[0]}, {other} chose {words[1]}"


@pytest.fixture
def gossiping(tmp_path: Path) -> Path:
    """A step without reputation: Ann tells Cy about Bob, and Cy tells Dee."""
    said, passed = f"{ANN}: He cheats.\n\n{CY}: Oh.", f"{CY}: I hear he cheats.\n\n{DEE}: Oh."
    played = game(ANN, BOB, "Cooperate", "Defect")
    return step_of(
        tmp_path,
        scratch={
            ANN: scratch(ANN, ties=[CY], black=[BOB]),
            BOB: scratch(BOB, resources_unit=15),
            CY: scratch(CY, ties=[ANN, DEE]),
        },
        nodes={
            ANN: [event(ANN, "pd_game", BOB, played), chat(ANN, CY, said)],
            BOB: [event(BOB, "pd_game", ANN, played)],
            CY: [chat(ANN, CY, said), chat(DEE, CY, passed)],
            DEE: [chat(CY, DEE, passed)],
        },
        gossip={CY: [told(BOB, "Bob cheats", spread="Yes")],
                DEE: [told(BOB, "Bob is said to cheat", "second order")]},
    )  # fmt: skip


def test_without_reputation_ties_are_to_names(gossiping: Path, tmp_path: Path) -> None:
    _, society, source = taken(gossiping, tmp_path, "no-reputation")
    assert source.report.lines == []
    assert [(ego, alter.agent, alter.role) for ego, alter in society.network] == [
        ("A01", "A03", "player"), ("A03", "A01", "player"), ("A03", "A04", "player"),
    ]  # fmt: skip
    assert [alter.agent for alter in society.shunned("A01")] == ["A02"]
    assert society.agents["A02"].wealth == 15_000
    assert not any(len(agent.reputations) for agent in society.agents.values())


def test_without_reputation_memories_say_who_told_whom(gossiping: Path, tmp_path: Path) -> None:
    _, society, _ = taken(gossiping, tmp_path, "no-reputation")
    (first,), (second,) = (society.agents[a].gossip.last(9) for a in ("A03", "A04"))
    assert (first.path, first.target, first.said, first.credibility) == (
        ("A01",), "A02", "He cheats.", 3,
    )  # fmt: skip
    assert (second.path, second.text) == (("A01", "A03"), "Bob is said to cheat")
    assert first.encounter == second.encounter == "r1/meet/A01-A02"


def test_gossip_of_which_nobody_knows_who_told_it_is_left_out(
    gossiping: Path, tmp_path: Path
) -> None:
    write(gossiping / "personas" / CY / STORES["nodes"], [])
    _, society, source = taken(gossiping, tmp_path, "no-reputation")
    assert not len(society.agents["A03"].gossip)
    assert source.report.lines == [
        "Cy Cedar, gossip 1: the files do not say who told it",
        "Dee Dill, gossip 1: the files do not say from whom Cy Cedar had it",
    ]


def test_a_run_without_either_is_taken_over(tmp_path: Path) -> None:
    played = game(ANN, BOB, "Defect", "Defect")
    step = step_of(tmp_path, nodes={ANN: [event(ANN, "pd_game", BOB, played)]})
    _, society, source = taken(step, tmp_path, "none")
    assert source.check(TREATMENTS["full"]) is None  # nothing in it speaks for any treatment
    assert [len(society.agents[a].memory) for a in society.agents] == [1, 1, 0, 0]


def test_an_error_in_a_game_is_a_void_encounter(tmp_path: Path) -> None:
    text = f"Game_result is Error. {ANN} chose Error, {BOB} chose Cooperate"
    step = step_of(tmp_path, nodes={ANN: [event(ANN, "pd_game", BOB, text)]})
    path, society, source = taken(step, tmp_path, "none")
    with Journal.open(path) as journal:
        assert summarise(journal).void == 1
    assert (source.report.lines, len(society.agents["A01"].memory)) == ([], 0)


def test_a_game_that_was_repeated_counts_once_and_wealth_is_as_in_the_files(tmp_path: Path) -> None:
    node = event(ANN, "pd_game", BOB, game(ANN, BOB, "Cooperate", "Cooperate"))
    step = step_of(
        tmp_path, nodes={ANN: [node] * 6}, scratch={ANN: scratch(ANN, resources_unit=28)}
    )
    _, society, source = taken(step, tmp_path, "none")
    assert (len(society.agents["A01"].memory), society.agents["A01"].wealth) == (1, 28_000)
    assert len(source.report.lines) == 5


def test_voluntary_participation_without_reputation(tmp_path: Path) -> None:
    list_of_all = "".join(f"{name}: {'Yes' if name != BOB else 'No'}\n" for name in NAMES)
    talk = chat(ANN, BOB, f"{ANN}: I join.\n\n{BOB}: I don't.", "basic chat")
    step = step_of(
        tmp_path,
        nodes={
            ANN: [event(ANN, "sign up", "All persona", list_of_all), talk],
            BOB: [event(BOB, "sign up", "All persona", list_of_all), talk],
        },
    )
    _, society, source = taken(step, tmp_path, "no-reputation")
    assert source.dialect.scenario == "participation"
    assert [act.move for act in society.choices.values()] == ["join", "stay out", "join", "join"]
    (met,) = society.agents["A02"].memory
    assert (
        met.story == "You stayed out; Ann Ash joined. Ann Ash said: «I join.» You said: «I don't.»"
    )


def deal(plan: int, amount: float, back: int, reported: float) -> str:
    shares = {"Final Allocation": f"Trustee receives {100 - back}%, investor receives {back}%.",
              "reported_investment_outcome": f"{reported} units."}  # fmt: skip
    return (
        f"Success investment: investor is {ANN}, trustee is {BOB}\nstage 1: trustee_plan is "
        f"The investor gets {plan}% and the trustee {100 - plan}%.\nstage 2: investor invests "
        f"{amount} units\nstage 3: trustee_allocation is {shares}, and "
        f"reported_investment_outcome is {reported} units."
    )


def test_investment_without_reputation(tmp_path: Path) -> None:
    said = f"{ANN}: He took half.\n\n{CY}: Oh."
    step = step_of(
        tmp_path,
        nodes={
            ANN: [event(ANN, "investment", BOB, deal(60, 5.0, 25, 8.0)), chat(ANN, CY, said)],
            CY: [chat(ANN, CY, said)],
        },
        gossip={CY: [told(BOB, "Bob keeps too much")]},
        scratch={ANN: scratch(ANN, ties=[BOB], resources_unit=7.5)},
    )
    _, society, source = taken(step, tmp_path, "no-reputation")
    (met,) = society.agents["A02"].memory
    assert (met.own.payoff, met.others[0].payoff, source.report.lines) == (7500, -2500, [])
    facts = {"promised": 60, "returned": 25, "reported": 80, "amount": 5000, "proceeds": 10000}
    assert met.own.facts == facts
    assert list(society.network) == [("A01", ("A02", "trustee"))]  # the role in which they met
    assert society.agents["A03"].gossip.last(1)[0].role == "trustee"


def test_shares_of_more_than_one_whole_are_what_they_were(tmp_path: Path) -> None:
    text = deal(60, 5.0, 25, 8.0).replace("Trustee receives 75%", "Trustee receives 90%")
    step = step_of(tmp_path, nodes={ANN: [event(ANN, "investment", BOB, text)]})
    _, society, _ = taken(step, tmp_path, "none")
    assert [met.own.payoff for met in society.agents["A02"].memory] == [9000]


# Records that can't be used -------------------------------------------------------------------


def record(name: str = BOB, **changes: Any) -> dict[str, Any]:
    return {
        "ID": NAMES.index(name), "name": name, "role": "player", "scenario": "pd_game",
        "content": "fair", "numerical record": "(0, 0, 0.1, 0.3, 0.6)", **changes,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("entry", "score"),
    [
        (record(), 0.9),
        (record(**{"numerical record": "<(0, 0, 0.1, 0.3, 0.6)>"}), 0.9),
        (record(**{"numerical record": [0.5, 0, 0.5, 0, 0]}), -0.5),
        (record(**{"numerical record": "(0, 1, 1, 0, 0)"}), -0.5),
        (record(role="credible"), 0.9),
        (record(ID="1"), 0.9),
    ],
)
def test_the_spellings_of_the_reference_are_read(
    entry: dict[str, Any], score: float, tmp_path: Path
) -> None:
    step = step_of(tmp_path, records={ANN: {"Player_1": entry}})
    _, society, source = taken(step, tmp_path)
    assert [each.score for each in society.agents["A01"].reputations] == [score]
    assert source.report.lines == []


@pytest.mark.parametrize(
    ("key", "entry", "why"),
    [
        ("Player_1", record(**{"numerical record": "(0.1, 0.9)"}), "is not five weights"),
        ("Player_1", record(**{"numerical record": "(0, 0, 0, 0, 0)"}), "one of them above 0"),
        ("Player_1", record(**{"numerical record": "(-1, 0, 0, 0, 2)"}), "is not five weights"),
        ("Player_1", record(**{"numerical record": "(nan, 0, 0, 0, 1)"}), "is not five weights"),
        ("Player_1", record(ID=3), "has the number 1, not 3"),
        ("Player_3", record(), "its key is not that of Bob Beech"),
        ("Player_1", record() | {"name": "Bo"},
         "nobody here is called 'Bo'"),
        ("Resident_1", record(), "names no role"),
        ("Player_1", record(content="x" * 1_000_000), "more than 20000 characters"),
        ("Player_1", record(content="\ud800"), "half a character"),
        ("Player_1", record(content=7), "content must be text"),
        ("Player_1", ["fair"], "must be an object"),
    ],
)  # fmt: skip
def test_a_record_that_can_t_be_used_is_reported_and_left_out(
    key: str, entry: object, why: str, tmp_path: Path
) -> None:
    step = step_of(tmp_path, records={ANN: {key: entry, "Player_2": record(CY)}})
    _, society, source = taken(step, tmp_path, scenario="pd")
    assert [each.target for each in society.agents["A01"].reputations] == ["A03"]
    (line,) = source.report.lines
    assert line.startswith(f"Ann Ash, record '{key}': ")
    assert why in line
    assert len(line) < 300


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ({"credibility level": "sort of"}, "is no credibility"),
        ({"complained name": "Bo"}, "nobody here is called"),
        ({"complained ID": "3"}, "has the number 1, not 3"),
        ({"gossiper name": CY}, "can't have told themselves"),
        ({"type": "third-order"}, "is no kind of gossip"),
        ({"created_at": 9}, "there is no step 9"),
        ({"gossip info": None}, "gossip info must be text"),
    ],
)
def test_gossip_that_can_t_be_used_is_reported_and_left_out(
    entry: dict[str, Any], why: str, tmp_path: Path
) -> None:
    good = {
        "type": "first-order", "complained ID": "1", "complained name": BOB,
        "complained role": "player", "gossiper name": ANN, "gossip info": "he cheats",
        "credibility level": "credible", "whether to spread gossip second-hand": "No",
        "reasons": "", "created_at": 1,
    }  # fmt: skip
    step = step_of(tmp_path, gossip={CY: [good, good | entry]}, records={ANN: {"Player_0": 1}})
    _, society, source = taken(step, tmp_path)
    assert [each.credibility for each in society.agents["A03"].gossip.last(9)] == [4]
    assert any(line.startswith("Cy Cedar, gossip 2: ") and why in line
               for line in source.report.lines)  # fmt: skip


def test_history_without_its_present_is_left_out(tmp_path: Path) -> None:
    archived = {"Player_1_pre_1": record(reason="reputation update after pd_game")}
    step = step_of(tmp_path, archive={ANN: archived})
    _, society, source = taken(step, tmp_path)
    assert not len(society.agents["A01"].reputations)
    (line,) = source.report.lines
    assert line.endswith("no record has replaced it")


# Files that can't be trusted ------------------------------------------------------------------


def linked_out(path: Path, step: Path) -> None:
    elsewhere = step.parents[1] / "elsewhere"
    shutil.move(path, elsewhere)
    path.symlink_to(elsewhere)


def piped(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def scratch_is(value: object) -> Callable[[Path], None]:
    return lambda step: write(step / "personas" / ANN / STORES["scratch"], value)


def nodes_are(content: bytes) -> Callable[[Path], None]:
    return lambda step: (step / "personas" / ANN / STORES["nodes"]).write_bytes(content) and None


def meta_is(**changes: object) -> Callable[[Path], None]:
    meta = {"persona_names": list(NAMES), "step": 1} | changes
    return lambda step: write(step / "reverie" / "meta.json", meta)


def nodes_of(step: Path) -> Path:
    return step / "personas" / ANN / STORES["nodes"]


WAYS: dict[str, Callable[[Path], None]] = {
    "a name that leads out": meta_is(persona_names=["../../../secret", BOB]),
    "an absolute name": meta_is(persona_names=["/etc", BOB]),
    "a name of a megabyte": meta_is(persona_names=["x" * 1_000_000, BOB]),
    "a name that is half a character": meta_is(persona_names=["\ud800", BOB]),
    "a name that is a number": meta_is(persona_names=[1, BOB]),
    "the same name twice": meta_is(persona_names=[ANN, BOB, ANN]),
    "nobody": meta_is(persona_names=[]),
    "no number of the step": meta_is(step=None),
    "a step far away": meta_is(step=10**9),
    "a file that is a link out": lambda step: linked_out(nodes_of(step), step),
    "a person who is a link out": lambda step: linked_out(step / "personas" / ANN, step),
    "a file that is a pipe": lambda step: piped(nodes_of(step)),
    "a person without a folder": lambda step: shutil.rmtree(step / "personas" / ANN),
    "a file that is not there": lambda step: nodes_of(step).unlink(),
    "a scratch that is a list": scratch_is([]),
    "no description": scratch_is(scratch(ANN, learned=None)),
    "two people with one number": scratch_is(scratch(ANN, ID=1)),
    "no UTF-8": nodes_are(b'[{"id": "\xff\xfe"}]'),
    "half a file": nodes_are(b'[{"id": 1, "type": "EVE'),
    "another type": nodes_are(b'{"id": 1}'),
    "a deep file": nodes_are(b"[" * 100_000),
    "a number of many digits": nodes_are(b"[" + b"9" * 100_000 + b"]"),
    "a file of many bytes": nodes_are(b" " * (17 * 2**20)),
}


@pytest.mark.parametrize("how", WAYS)
def test_files_that_can_t_be_trusted_are_refused_in_one_line(
    how: str, tmp_path: Path, repunet: Command
) -> None:
    step = step_of(tmp_path, records={ANN: {"Player_1": record()}})
    WAYS[how](step)
    code, out, err = repunet("import", step.parent, "--treatment", "full", "--storage", "kept")
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert len(err) < 700
    assert not list(tmp_path.glob("kept/*"))


@pytest.mark.parametrize("store", STORES)
def test_a_file_that_is_not_what_it_should_be_is_named_by_its_whole_path(
    store: str, tmp_path: Path, repunet: Command
) -> None:
    path = step_of(tmp_path) / "personas" / ANN / STORES[store]
    write(path, "text")
    code, _, err = repunet("import", tmp_path / "run", "--scenario", "pd", "--treatment", "full")
    assert (code, str(path) in err) == (2, True)


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("a deep file", "is nested too deeply"),
        ("a number of many digits", "holds a number of too many digits"),
    ],
)
def test_what_python_can_t_read_is_said_in_our_words(
    how: str, says: str, tmp_path: Path, repunet: Command
) -> None:
    step = step_of(tmp_path)
    WAYS[how](step)
    _, _, err = repunet("import", step, "--scenario", "pd", "--treatment", "full")
    assert err.strip().endswith(f"nodes.json: {says}")


def later_steps(folder: Path) -> Path:
    """Write a run of three steps in which nothing happens; return its folder."""
    first = step_of(folder)
    for number in (0, 2, 3):
        step = shutil.copytree(first, first.with_name(f"step_{number}"))
        write(step / "reverie" / "meta.json", {"persona_names": list(NAMES), "step": number})
    return first.parent


def test_a_step_that_is_not_there_is_reported(tmp_path: Path, repunet: Command) -> None:
    run = later_steps(tmp_path)
    shutil.rmtree(run / "step_1")
    code, out, _ = repunet("import", run, "--scenario", "pd", "--treatment", "none", "--json")
    assert (code, json.loads(out)["left_out"]) == (0, [
        "step_1 is not there: ties, self-images and wealth of that round are not known"
    ])  # fmt: skip


def test_only_the_last_step_must_be_sound(tmp_path: Path, repunet: Command) -> None:
    run = later_steps(tmp_path)
    (run / "step_2" / "personas" / ANN / STORES["scratch"]).write_text("[")
    words = ("import", run, "--scenario", "pd", "--treatment", "none")
    code, out, _ = repunet(*words)
    assert (code, out.count("left out"), "left out: step_2: " in out) == (0, 1, True)
    (run / "step_3" / "personas" / ANN / STORES["scratch"]).write_text("[")
    assert repunet(*words)[0] == 2


def test_one_step_is_called_a_step(tmp_path: Path, repunet: Command) -> None:
    step_of(tmp_path)
    out = repunet("import", tmp_path / "run", "--scenario", "pd", "--treatment", "none")[1]
    assert "4 agents, 1 step, 0 encounters" in out


@pytest.mark.parametrize("place", ["nowhere", "file", "x" * 100_000])
def test_what_is_no_folder_of_the_reference_is_said(
    place: str, tmp_path: Path, repunet: Command
) -> None:
    (tmp_path / "file").write_text("")
    code, _, err = repunet("import", place)
    assert (code, len(err) < 200) == (2, True)
    code, _, err = repunet("import", tmp_path)
    assert (code, "no step of the reference is here" in err) == (2, True)


@pytest.fixture(scope="module")
def few(real: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The last steps of the real runs, with six of their people."""
    folder, found = tmp_path_factory.mktemp("few"), []
    for name, run in real.items():
        step = shutil.copytree(last_step(run), folder / name / last_step(run).name)
        meta = json.loads((step / "reverie" / "meta.json").read_text())
        meta["persona_names"] = meta["persona_names"][:6]
        write(step / "reverie" / "meta.json", meta)
        found.append(step)
    return found


VALUES = [
    None, True, -1, 10**30, 1e308, "", "..", "/", "x" * 50_000, "\ud800", "\0", [], {}, [[]],
    {"ID": 0}, "None", "Player_0", "(1,0,0,0,0)", ["Ahmed Hassan", "player"], float("nan"),
]  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    pairs = value.items() if isinstance(value, dict) else ()
    for key, one in enumerate(value) if isinstance(value, list) else pairs:
        yield from places(one, (*path, key))


def mutated(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = mutated(value[path[0]], path[1:], new)
    return copy


def damage(path: Path, luck: random.Random) -> None:
    """Change one thing in a file: a value in it, a stretch of its bytes, or its end."""
    content = path.read_bytes()
    where, how = luck.randrange(len(content) + 1), luck.randrange(6)
    if how == 0:
        path.write_bytes(content[:where])
    elif how == 1:
        path.write_bytes(content[:where] + luck.randbytes(3) + content[where:])
    else:
        value = json.loads(content)
        chosen = luck.choice(list(places(value)))
        write(path, mutated(value, chosen, luck.choice(VALUES)))


@pytest.mark.slow
@needs_reference
@settings(max_examples=60, deadline=None, derandomize=True, database=None,
          suppress_health_check=list(HealthCheck))  # fmt: skip
@given(lot=st.integers(0, 10**9))
def test_damaged_copies_of_real_files_give_messages_and_never_a_traceback(
    lot: int, few: list[Path], tmp_path_factory: pytest.TempPathFactory
) -> None:
    luck = random.Random(lot)
    step = luck.choice(few)
    victim = luck.choice([step / "reverie" / "meta.json", *files_of(step)])
    sound, there = victim.read_bytes(), sorted(step.parents[1].rglob("*"))
    storage = tmp_path_factory.mktemp("runs")
    try:
        damage(victim, luck)
        error = complaint(step, storage)
    finally:
        victim.write_bytes(sound)
    assert "\n" not in error
    assert len(error) < 1000
    assert bool(error) == (not list(storage.rglob("*.sqlite")))
    assert sorted(step.parents[1].rglob("*")) == there


def files_of(step: Path) -> list[Path]:
    names = json.loads((step / "reverie" / "meta.json").read_text())["persona_names"]
    return [step / "personas" / name / path for name in names for path in STORES.values()]


def complaint(step: Path, storage: Path) -> str:
    """Import a step; return what was complained of, if nothing came of it."""
    try:
        path, society, source = taken(step, storage)
    except RepuNetError as error:
        return str(error)
    assert not verify(path).wrong
    with Journal.open(path) as journal:
        snapshot = Snapshot(journal)
        assert [snapshot.of(agent).id for agent in society.agents] == list(society.agents)
    assert all(len(line) < 1000 and "\n" not in line for line in source.report.lines)
    return ""
