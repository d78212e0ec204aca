"""Specs: what a file may say of a run, how it is merged with flags, and what is said of errors."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from repunet.cli import execute
from repunet.errors import UsageError
from repunet.minds.router import LANGUAGE
from repunet.models.allowance import Allowance
from repunet.questions.batched import BatchedQuestions
from repunet.record.journal import Journal
from repunet.runs.spec import Limits, RunSpec, operations, read_spec
from repunet.world.treatment import TREATMENTS

PAGE = (Path(__file__).parents[1] / "docs" / "how-to" / "write-a-spec.md").read_text("utf-8")
PAPER = RunSpec().merged(scenario="pd")
WHOLE = """
scenario = "pd_game"
rounds = 12
reputation = "y"
gossip = false
profile = "reference"
plan = "compact"
prompts = "plain-b"
seed = 7
personas = "people.json"
network = "ties.json"
name = "whole"

[set]
second-order = false
witnesses = 0.2
memory_window = "unlimited"

[minds]
"*" = "embedded:sharp"
"Ann Ash" = "grudger"

[minds.roles]
player = "chance"

[minds.operations]
TellGossip = "embedded"

[limits]
concurrency = 4
budget = 2
prices = "prices.toml"
"""
PEOPLE = '[{"name": "Ann Ash", "description": "a"}, {"name": "Bo Bly", "description": "b"}]'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with people and their ties in it."""
    (tmp_path / "people.json").write_text(PEOPLE)
    (tmp_path / "ties.json").write_text('[["Ann Ash", "Bo Bly"]]')
    return tmp_path


def written(folder: Path, text: str) -> RunSpec:
    """Return the spec that a file says."""
    (folder / "run.toml").write_text(text)
    return read_spec(folder / "run.toml")


def test_without_a_word_a_run_is_the_paper_s() -> None:
    assert PAPER.condition == TREATMENTS["full"]
    assert (PAPER.rounds, len(PAPER.people), PAPER.seed) == (30, 20, 1)
    assert (PAPER.plan, PAPER.prompts, PAPER.profile) == ("faithful", "plain", "paper")
    assert PAPER.limits == Limits()


def test_a_spec_says_all_that_a_run_is_made_from(folder: Path) -> None:
    spec = written(folder, WHOLE)
    manifest = spec.manifest()
    assert [person.name for person in manifest.personas] == ["Ann Ash", "Bo Bly"]
    assert manifest.assigned == {
        "*": "embedded:sharp",
        "A01": "grudger",
        "role:player": "chance",
        "operation:TellGossip": "embedded",
    }
    assert (manifest.scenario, manifest.seed, len(manifest.ties)) == ("pd", 7, 1)
    assert (spec.plan, spec.prompts, spec.name, spec.rounds) == ("compact", "plain-b", "whole", 12)
    assert manifest.treatment.shunning


def test_a_table_of_switches_says_what_set_says(folder: Path) -> None:
    spec = written(folder, WHOLE.replace('"reference"', '"paper"'))
    words = {"second_order": "off", "witnesses": "0.2", "memory_window": "unlimited"}
    assert spec.condition == TREATMENTS["no-gossip"].switched(**words)


def test_limits_are_an_allowance(folder: Path) -> None:
    limits = written(folder, WHOLE).limits
    assert isinstance(limits, Allowance)
    assert limits == Limits(concurrency=4, budget=2.0, prices=folder / "prices.toml")


def test_paths_are_relative_to_the_file_and_those_of_flags_are_not(folder: Path) -> None:
    spec = written(folder, WHOLE)
    assert spec.personas == folder / "people.json"
    assert spec.merged(personas=Path("others.json")).personas == Path("others.json")
    assert spec.merged(seed=3).personas == folder / "people.json"


def test_a_spec_is_kept_as_json(folder: Path) -> None:
    spec = written(folder, WHOLE)
    assert RunSpec.model_validate_json(spec.to_json()) == spec
    assert RunSpec.model_validate_json(PAPER.to_json()) == PAPER


def test_a_mind_or_a_model_is_everyone_s(folder: Path) -> None:
    assert written(folder, 'mind = "chance"').minds == {"*": "chance"}
    assert written(folder, 'model = "openai:x"\n[minds]\nAnn = "chance"').minds == {
        "*": "openai:x",
        "Ann": "chance",
    }


def test_flags_win_and_what_is_not_said_stays(folder: Path) -> None:
    spec = written(folder, WHOLE)
    merged = spec.merged(rounds=3, seed=None, switches={"witnesses": "0"}, limits={"budget": 5.0})
    assert (merged.rounds, merged.seed) == (3, 7)
    assert merged.switches == spec.switches | {"witnesses": "0"}
    assert merged.limits == spec.limits.model_copy(update={"budget": 5.0})


@pytest.mark.parametrize(
    ("file", "flags", "becomes"),
    [
        ({"treatment": "none"}, {"gossip": "y"}, "no-reputation"),
        ({"treatment": "full"}, {"reputation": "n", "gossip": "n"}, "none"),
        ({"reputation": False}, {"gossip": "n"}, "none"),
        ({"reputation": False}, {"treatment": "no-gossip"}, "no-gossip"),
        ({}, {"gossip": "n"}, "no-gossip"),
    ],
)
def test_a_treatment_is_merged_by_what_it_means(
    file: dict[str, Any], flags: dict[str, Any], becomes: str
) -> None:
    assert PAPER.merged(**file).merged(**flags).condition == TREATMENTS[becomes]


def test_a_number_of_people_takes_the_place_of_a_file_of_them(folder: Path) -> None:
    spec = written(folder, WHOLE)
    assert len(spec.merged(agents=5).people) == 5
    assert len(spec.merged(agents=5).merged(personas=folder / "people.json").people) == 2


def test_everybody_is_cast_and_flags_win_over_names_and_ids_alike(folder: Path) -> None:
    spec = written(folder, WHOLE)
    cast = spec.assign_minds(["A01=chance", "role:player=embedded"], ["Bo Bly=openai:x"], {})
    assert cast.minds == {
        "*": "embedded:sharp",
        "A01": "chance",
        "A02": "openai:x",
        "role:player": "embedded",
        "operation:TellGossip": "embedded",
    }


@pytest.mark.parametrize(
    ("environ", "mind"), [({}, "embedded"), ({"LLM_MODEL": "gpt-4o"}, "openai:gpt-4o")]
)
def test_who_has_no_mind_has_that_of_the_environment(environ: dict[str, str], mind: str) -> None:
    assert PAPER.assign_minds([], [], environ).minds == {"*": mind}
    assert PAPER.assign_minds(["A01=chance"], [], environ).minds == {"*": mind, "A01": "chance"}
    assert (
        PAPER.assign_minds(["chance"], [], environ | {"LLM_API_BASE": "nowhere"}).minds["*"]
        == "chance"
    )


@pytest.mark.parametrize("provider", LANGUAGE)
def test_every_provider_s_models_are_models(provider: str) -> None:
    assert PAPER.assign_minds([], [f"{provider}:x"], {}).minds == {"*": f"{provider}:x"}


WRONG = {
    "rouns = 3": 'unknown key "rouns" (did you mean "rounds"?)',
    "Rounds = 3": 'did you mean "rounds"?',
    "rounds = '3'": "rounds should be a whole number, not '3'",
    "rounds = 3.5": "rounds should be a whole number, not 3.5",
    "rounds = true": "rounds should be a whole number",
    "rounds = 0": "rounds should be at least 1, not 0",
    "seed = 1979-05-27": "seed should be a whole number",
    "scenario = 3": "scenario should be text in quotes, not 3",
    "scenario = 'pdd'": 'unknown scenario "pdd" (did you mean "pd"?)',
    "treatment = 'ful'": 'did you mean "full"?',
    "treatment = 'none'\ngossip = true": "either treatment or reputation and gossip",
    "reputation = 'perhaps'": "reputation takes y or n, not 'perhaps'",
    "profile = 'papr'": 'did you mean "paper"?',
    "plan = 'compat'": 'did you mean "compact"?',
    "prompts = 'plane'": 'did you mean "plain"?',
    "personas = 3": "personas should be a path in quotes",
    "personas = 'a'\nagents = 3": "either personas or agents",
    "set = 'rewiring=off'": "set should be a table",
    "[set]\nrewirng = false": 'did you mean "rewiring"?',
    "[set]\nrewiring = 'maybe'": "say rewiring=on or rewiring=off",
    "[set]\nrewiring = [1]": "on, off or a number",
    "rewiring = false": "rewiring belongs in the table [set]",
    "budget = 3": "budget belongs in the table [limits]",
    "[limits]\nbudgt = 3": 'unknown key in [limits] "budgt" (did you mean "budget"?)',
    "[limits]\nbudget = -1": "limits.budget should be at least 0, not -1",
    "[limits]\ndeadline = inf": "limits.deadline should be a finite number",
    "limits = 3": "limits should be a table",
    "minds = 'chance'": "minds should be a table",
    "[minds]\nAnn = ''": "minds.Ann should be the name of a mind",
    "[minds.roles]\nplayer = 3": "minds.role:player should be text in quotes",
    "mind = 'chance'\nmodel = 'openai:x'": "say one of mind, model",
    "model = 'chance'": 'chance is no language model; to let it decide: mind = "chance"',
    "= 3": "not valid TOML",
    "seed = 1\nseed = 2": "not valid TOML",
}


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_is_said_in_one_line_with_the_file_and_the_key(
    folder: Path, text: str
) -> None:
    with pytest.raises(UsageError) as error:
        written(folder, text)
    message = str(error.value)
    assert message.startswith(f"{folder / 'run.toml'}: ")
    assert WRONG[text] in message
    assert "\n" not in message


def test_a_file_that_is_none_is_said_to_be_none(folder: Path) -> None:
    (folder / "binary.toml").write_bytes(b"\xff\xfe\x00")
    (folder / "list.json").write_text("[]")
    for name in ("nowhere.toml", "binary.toml", "list.json", "."):
        with pytest.raises(UsageError, match=r"no such file|UTF-8|a table|directory"):
            read_spec(folder / name)


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        ({"rounds": 0}, "--rounds should be at least 1, not 0"),
        ({"limits": {"max_calls": 0}}, "--max-calls should be at least 1, not 0"),
        ({"reputation": ""}, "--reputation takes y or n, not ''"),
    ],
)
def test_what_is_wrong_with_flags_is_said_of_flags(flags: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        PAPER.merged(**flags)


def test_a_run_needs_a_scenario_to_be_founded() -> None:
    with pytest.raises(UsageError, match="say which dilemma"):
        RunSpec().assign_minds(["embedded"], [], {})


def test_every_question_of_every_scenario_can_have_a_mind() -> None:
    known = operations()
    assert {"ChooseMove", "Settle", "Speak", "JudgeGossip", "RankPartners"} <= set(known)
    assert not {"ChooseAct", "Operation", "Fused", "TakeStock", "WeighGossip"} & set(known)
    assert BatchedQuestions.__name__ not in known


# The page about it -------------------------------------------------------------------------------


def shown(kind: str) -> str:
    """Return what the page shows in a block of that kind."""
    (block,) = re.findall(rf"^```{kind}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    return str(block)


def test_the_page_shows_every_key_there_is(folder: Path) -> None:
    spec = written(folder, shown("toml"))
    told = set(re.findall(r"\w+", PAGE))
    assert {each.alias or name for name, each in RunSpec.model_fields.items()} <= told
    assert set(Limits.model_fields) - {"prices"} == spec.limits.model_fields_set
    assert {"mind", "model", "personas", "reputation", "gossip", "prices"} <= told


def test_the_page_s_commands_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "run.toml").write_text(shown("toml"))
    (tmp_path / "ties.json").write_text(shown("json"))
    for line in shown("console").splitlines():
        assert execute([*shlex.split(line)[2:], "--quiet"]) == 0, line
    capsys.readouterr()
    assert execute(["runs", "--json"]) == 0
    made = {run["name"]: run for run in json.loads(capsys.readouterr().out)}
    assert made.keys() == {"mixed", "again", "other"}
    assert (made["again"]["seed"], made["other"]["scenario"]) == (8, "investment")
    assert "grudger" in made["other"]["mind"]


def test_the_spec_beside_a_run_founds_the_same_run_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert execute(["seed", "new", "--scenario", "pd", "--name", "people"]) == 0
    said = ("pd", "--rounds", "2", "--personas", "runs/seeds/people.json", "--seed", "7")
    assert execute(["run", *said, "--name", "one", "--mind", "A02=chance", "--quiet"]) == 0
    assert execute(["run", "--spec", "runs/one/spec.json", "--quiet"]) == 0
    digests = [digest_of(path) for path in Path("runs").glob("*/run.sqlite")]
    assert (len(digests), len(set(digests))) == (2, 1)


def digest_of(path: Path) -> str:
    with Journal.open(path) as journal:
        return journal.digest()
