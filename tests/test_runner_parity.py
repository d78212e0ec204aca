"""Whoever comes from the reference's runner finds here all that its README names."""

import io
import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from repunet.cli import app, execute
from repunet.models.endpoint import ANY_KEY, BASE, OPENAI_KEY, SAMPLING_VARIABLES, endpoint
from repunet.record.storage import VARIABLE
from repunet.scenarios import scenario

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "reference" / "from-the-runner.md"
README = ROOT.parent / "shared" / "seeds" / "runner-readme.md"
ROW = re.compile(r"^\| (.+?) \| (.+?) \| ?(.*?) ?\|$", re.MULTILINE)
CODE = re.compile(r"`([^`]+)`")
NAMED = re.compile(
    r"--[a-z]+(?:-[a-z]+)*|LLM_[A-Z_]+|OPENAI_API_KEY|fs_storage|key_owner|openai_api_key"
    r"|llm_model|llm_api_base|(?:\w+/)*\w+\.(?:py|sh|json)|outputs/<run_id>\.log"
    r"|`(?:save|fin|exit)`|run (?:invest|sign|pd)"
)
SEEDS = {
    "invest_seed": {"investor": "You lend.", "trustee": "You borrow."},
    "pd_game_seed": "You are kind.",
    "sign_seed": "You are cool.",
}


def rows(section: str) -> list[tuple[str, str]]:
    """Return what is there, and what is here, in a section of the page."""
    text = PAGE.read_text().split(f"## {section}\n")[1].split("\n## ")[0]
    return [(theirs, ours) for theirs, ours, _ in ROW.findall(text)][1:]


def ours(section: str) -> list[str]:
    """Return all that is here, in the order of a section."""
    return [code for _, here in rows(section) for code in CODE.findall(here)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder as the README has it, in which every command of the page was run."""
    place = tmp_path_factory.mktemp("runner")
    for name, learned in SEEDS.items():
        seed(place / "sim_storage" / name / "step_0", learned)
    jobs = 'JOBS=(\n  "scenario=pd reputation=y gossip=n steps=2"\n)\n'
    (place / "batch_run.sh").write_text(jobs)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        patch.delenv(VARIABLE, raising=False)
        patch.setattr("sys.stdin", io.StringIO(""))
        for line in (*ours("Commands"), *ours("Options and words")):
            assert execute(shlex.split(line)[1:]) == 0, line
        yield place


def seed(step: Path, learned: object) -> None:
    """Write a seed of two as the reference does."""
    names = ["Ann Ash", "Bob Beech"]
    files: dict[str, object] = {"reverie/meta.json": {"persona_names": names, "step": 0}}
    for number, name in enumerate(names):
        home = f"personas/{name}"
        relations: dict[str, list[str]] = {"bind_list": [], "black_list": []}
        kept = {"name": name, "learned": learned, "ID": number, "relationship": relations}
        files[f"{home}/memory/scratch.json"] = {**kept, "resources_unit": 10}
        files[f"{home}/memory/associative_memory/nodes.json"] = []
        for store in ("reputation", "out_of_date_reputation"):
            files[f"{home}/reputation/{store}_database.json"] = {}
        files[f"{home}/reputation/gossip_database.json"] = []
    for name, content in files.items():
        (step / name).parent.mkdir(parents=True, exist_ok=True)
        (step / name).write_text(json.dumps(content))


@pytest.mark.skipif(not README.is_file(), reason="needs the reference's README")
def test_the_page_names_all_that_the_readme_names() -> None:
    named, page = set(NAMED.findall(README.read_text())), PAGE.read_text()
    assert len(named) > 30
    assert [word for word in sorted(named) if word not in page] == []


def test_every_command_of_the_page_works_as_it_is_written(folder: Path) -> None:
    assert (folder / "runs" / "pd-no-gossip-s1" / "run.sqlite").is_file()


@pytest.mark.slow
def test_every_line_of_the_loop_works_as_it_is_written(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = ours("In the loop")
    assert lines[-2:] == ["exit", "fin"]
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join([*lines[:-2], "fin"])))
    assert execute(["shell", "--quiet"]) == 0
    printed = capsys.readouterr().out
    for played in ("pd-full-s1", "investment-full-s1", "participation-full-s1"):
        assert f"{played} after round 3" in printed


def test_every_path_of_the_page_is_there(folder: Path) -> None:
    for _, here in rows("Paths"):
        for code in CODE.findall(here):
            if code.startswith("repunet "):
                app.parse_args([*code.split()[1:], "--help"], exit_on_error=False)
            else:
                assert (folder / code).is_file(), code


def test_every_variable_of_the_page_is_read() -> None:
    read = {*SAMPLING_VARIABLES.values(), BASE, "LLM_MODEL", OPENAI_KEY, VARIABLE, ANY_KEY}
    named = set(ours("Environment and settings")) - {"bootstrap.py"}
    assert named <= read
    assert (ROOT / "bootstrap.py").is_file()


def test_the_variables_mean_what_they_mean_there() -> None:
    environ = {"LLM_MAX_TOKENS": "9", "LLM_TEMPERATURE": "0.5", "LLM_TOP_P": "0.4"}
    environ |= {"LLM_FREQUENCY_PENALTY": "1", "LLM_PRESENCE_PENALTY": "-1"}
    asked = endpoint("openai", "gpt-4o-mini", {}, environ).sampling
    assert (asked.max_tokens, asked.temperature, asked.top_p) == (9, 0.5, 0.4)
    assert (asked.frequency_penalty, asked.presence_penalty) == (1, -1)


@pytest.mark.parametrize(
    ("name", "words"),
    {
        "investment": "i invest investment",
        "participation": "s sign sign_up",
        "pd": "p pd pd_game",
    }.items(),
)
def test_its_words_for_scenarios_are_understood(name: str, words: str) -> None:
    assert {scenario(word).name for word in words.split()} == {name}


def test_one_dilemma_may_be_said_twice_but_not_two(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    small = ("--agents", "2", "--steps", "1", "--quiet")
    assert execute(["run", "p", "--scenario", "pd_game", *small]) == 0
    assert execute(["run", "pd", "--scenario", "investment", *small]) == 2
    assert "say one dilemma: pd, or --scenario investment" in capsys.readouterr().err


def test_exported_profiles_are_in_its_format(folder: Path) -> None:
    exported = json.loads((folder / "sim_storage" / "profiles.json").read_text())
    assert list(exported) == ["investment", "pd_game", "sign_up"]
    assert exported["investment"]["Ann Ash"] == SEEDS["invest_seed"]
    assert exported["pd_game"] == dict.fromkeys(("Ann Ash", "Bob Beech"), "You are kind.")


PROGRAMS = {
    "start.py": "repunet shell",
    "auto_run.py --sim a/step_0": "repunet run",
    "scripts/run_simulation.py --scenario pd": "repunet run",
    "scripts/batch_run.sh": "repunet batch FILE",
    "sim_storage/change_sim_folder.py --treatment investment": "repunet seed new",
    "sim_storage/export_profiles.py": "repunet profiles export",
}


@pytest.mark.parametrize("typed", PROGRAMS)
def test_a_program_of_the_runner_is_told_by_its_name_here(
    typed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute(typed.split()) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f" is called here: {PROGRAMS[typed]};" in line


SMALL = ("--steps", "1", "--quiet")
AS_TYPED = {
    "a seed there": "run --sim pd_game_seed/step_0 --mode pd --name b",
    "the same by its whole path": "run pd --sim sim_storage/pd_game_seed/step_0 --name c",
    "a seed of ours": "run --sim demo_invest/step_0 --mode investment --reputation y --gossip n",
    "the same below their folder": "run i --sim sim_storage/demo_invest/step_0 --name d",
}


@pytest.mark.parametrize("case", AS_TYPED)
def test_a_step_is_found_as_it_is_typed_there(case: str, folder: Path) -> None:
    assert execute([*AS_TYPED[case].split(), *SMALL]) == 0


def test_a_run_of_ours_is_a_seed_by_one_of_its_steps(folder: Path) -> None:
    made = "seed new --treatment pd_game --sim-name of_step --from-seed pd-no-gossip-s1/step_2"
    assert execute(made.split()) == 0


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("pd-no-gossip-s1/step_2", "repunet fork pd-no-gossip-s1 --at 2 --rounds N"),
        ("nowhere/step_0", "repunet seed new SCENARIO --name nowhere"),
    ],
)
def test_a_step_that_founds_nothing_is_one_line_that_says_what_does(
    step: str, said: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert execute(["run", "pd", "--sim", step, *SMALL]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line
