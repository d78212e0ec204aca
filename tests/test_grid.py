"""Grids and lists of jobs: which runs they stand for, and what is said of errors."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from repunet.errors import UsageError
from repunet.experiment.cell import Cell
from repunet.experiment.grid import Grid, read_grid
from repunet.experiment.jobs import read_jobs
from repunet.record.storage import NAME
from repunet.runs.spec import RunSpec

PEOPLE = '[{"name": "Ann Ash", "description": "a"}, {"name": "Bo Bly", "description": "b"}]'
SCRIPT = """\
#!/usr/bin/env bash
set -e
PYTHON="${PYTHON:-python}"
JOBS=(
  "scenario=pd_game reputation=y gossip=n steps=5"   # the second treatment
  "scenario=invest reputation=n gossip=n steps=3"
)
for job in "${JOBS[@]}"; do echo "$job"; done
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "people.json").write_text(PEOPLE)
    return tmp_path


def grid(folder: Path, text: str, file: str = "grid.toml") -> Grid:
    (folder / file).write_text(text)
    return read_grid(folder / file)


def jobs(folder: Path, text: str) -> Grid:
    (folder / "jobs.sh").write_text(text)
    return read_jobs(folder / "jobs.sh")


def cell(**values: Any) -> Cell:
    return Cell.of(RunSpec().merged(**{"scenario": "pd", "agents": 4} | values), {})


def test_a_grid_is_every_combination_of_what_it_lists(folder: Path) -> None:
    found = grid(folder, 'scenarios = ["pd", "donor"]\ntreatments = ["full", "none"]\nagents = 4\n')
    pairs = [(spec.scenario, spec.treatment) for spec in found.specs]
    assert pairs == [("pd", "full"), ("pd", "none"), ("donor", "full"), ("donor", "none")]
    assert {spec.agents for spec in found.specs} == {4}


def test_treatments_take_turns_and_seeds_come_one_after_another(folder: Path) -> None:
    one = grid(folder, 'scenario = "pd"\nseeds = [3, 1]\ntreatments = ["none", "full"]\n')
    same = grid(folder, 'treatments = ["none", "full"]\nseeds = [3, 1]\nscenario = "pd"\n')
    order = [(spec.seed, spec.treatment) for spec in one.specs]
    assert order == [(3, "none"), (3, "full"), (1, "none"), (1, "full")]
    assert one == same


def test_everything_that_a_spec_may_say_may_be_listed_or_common(folder: Path) -> None:
    found = grid(
        folder,
        'scenarios = ["pd"]\ntreatments = ["full"]\nprofiles = ["paper", "reference"]\n'
        'prompts = ["plain", "plain-b"]\nplans = ["faithful", "compact"]\nagents = [4, 6]\n'
        'minds = ["embedded", "chance"]\nseeds = [1]\nrounds = 3\n'
        "[[set]]\n[[set]]\nrewiring = false\n[limits]\nbudget = 2\n",
    )
    assert len(set(found.specs[0].model_fields_set)) > 8
    assert len(found.specs) == 2**6
    assert {spec.limits.budget for spec in found.specs} == {2}
    assert Counter(str(spec.switches) for spec in found.specs).keys() == {
        "{}", "{'rewiring': 'off'}",
    }  # fmt: skip


def test_the_people_and_their_luck_are_the_same_under_every_treatment(folder: Path) -> None:
    found = grid(
        folder, 'scenario = "pd"\ntreatments = ["full", "none"]\nseeds = [7]\nagents = 4\n'
    )
    full, none = (Cell.of(spec, {}).manifest for spec in found.specs)
    assert (full.personas, full.seed, full.minds) == (none.personas, none.seed, none.minds)
    assert full.treatment != none.treatment


def test_minds_and_models_are_one_list_of_names_and_tables(folder: Path) -> None:
    found = grid(
        folder,
        'scenario = "pd"\nmodels = ["vllm:one"]\n'
        'minds = ["chance", { "*" = "embedded", roles = { player = "chance" } }]\n',
    )
    minds = [spec.minds for spec in found.specs]
    assert minds == [
        {"*": "chance"},
        {"*": "embedded", "role:player": "chance"},
        {"*": "vllm:one"},
    ]


def test_models_that_are_listed_share_the_table_of_other_minds(folder: Path) -> None:
    found = grid(
        folder, 'scenario = "pd"\nmodels = ["vllm:a", "vllm:b"]\n[minds]\nA01 = "chance"\n'
    )
    assert [spec.minds for spec in found.specs] == [
        {"A01": "chance", "*": "vllm:a"},
        {"A01": "chance", "*": "vllm:b"},
    ]


def test_a_grid_is_called_by_its_name_or_its_file(folder: Path) -> None:
    assert grid(folder, 'scenario = "pd"', "first.toml").name == "first"
    assert grid(folder, 'scenario = "pd"\nname = "second"', "first.toml").name == "second"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('treatmens = ["full"]', r'unknown key "treatmens" \(did you mean "treatments"\?\)'),
        ('treatments = ["ful"]', r'unknown treatment "ful" \(did you mean "full"\?\)'),
        ('scenarios = ["pdd"]', r'unknown scenario "pdd"'),
        ("seeds = []", "seeds lists nothing"),
        ("seeds = 3", "seeds takes a list, not 3"),
        ('seeds = ["x"]', "seed should be a whole number, not 'x'"),
        ("seed = 1\nseeds = [2]", "say either seed or seeds"),
        ("rounds = [1, 2]", r"rounds should be a whole number, not \[1, 2\]"),
        ("budget = 3", r"budget belongs in the table \[limits\]"),
        ("[limits]\nbuget = 3", r'unknown key in \[limits\] "buget" \(did you mean "budget"'),
        ("[[set]]\nrewirin = false", r'unknown switch "rewirin"'),
        ('name = "a/b"', "can't name a sweep"),
        ('models = ["gpt"]', "no language model: say whose it is"),
        ("seeds = [1", "not valid TOML"),
    ],
)
def test_what_is_wrong_is_said_in_one_line_with_the_file(
    folder: Path, text: str, said: str
) -> None:
    with pytest.raises(UsageError, match=said) as error:
        grid(folder, text)
    assert str(error.value).startswith(str(folder / "grid.toml"))


# What a run is known by


@pytest.mark.parametrize(
    "other",
    [
        {"seed": 2},
        {"treatment": "none"},
        {"agents": 6},
        {"scenario": "donor"},
        {"minds": {"*": "chance"}},
        {"switches": {"rewiring": "off"}},
        {"prompts": "plain-b"},
        {"plan": "compact"},
    ],
    ids=str,
)
def test_what_a_run_follows_from_is_in_its_id(other: dict[str, Any]) -> None:
    assert cell(**other).id != cell().id


@pytest.mark.parametrize(
    "other",
    [
        {"name": "b"},
        {"limits": {"concurrency": 3}},
        {"rounds": 99},
        {"treatment": "full"},
        {"minds": {"*": "embedded"}},
    ],
    ids=str,
)
def test_what_it_does_not_follow_from_is_not(other: dict[str, Any]) -> None:
    assert (cell(**other).id, cell(**other).name) == (cell().id, cell().name)


def test_people_count_by_who_they_are_and_not_by_their_file(folder: Path) -> None:
    (folder / "same.json").write_text(json.dumps(json.loads(PEOPLE), indent=2))
    (folder / "others.json").write_text(PEOPLE.replace("Bly", "Blue"))
    text = 'scenario = "pd"\npersonas = ["people.json", "same.json", "others.json"]\n'
    ids = [Cell.of(spec, {}).id for spec in grid(folder, text).specs]
    assert ids[0] == ids[1] != ids[2]


def test_a_run_is_called_what_it_is_and_its_id() -> None:
    named = cell(treatment="none", seed=3, minds={"*": "chance"})
    assert named.name == f"pd-none-chance-n4-s3-{named.id[:8]}"
    long = cell(switches={"rewiring": "off", "self_image": "off", "witnesses": "0.123456789"} | {
        "memory_window": "7", "alter_memory": "9", "gossip_window": "11", "error": "0.0123456"
    })  # fmt: skip
    assert NAME.fullmatch(long.name)


def test_a_person_plays_no_sweep() -> None:
    with pytest.raises(UsageError, match="a person can't play many runs"):
        cell(minds={"*": "embedded", "A01": "human"})


# Lists of jobs


def test_the_reference_s_list_of_jobs_is_read_from_its_script(folder: Path) -> None:
    first, second = jobs(folder, SCRIPT).specs
    assert (first.scenario, first.rounds, first.condition.label) == ("pd_game", 5, "no-gossip")
    assert (second.dilemma.name, second.rounds, second.condition.label) == ("investment", 3, "none")


def test_a_job_may_be_a_line_and_say_all_that_a_spec_says(folder: Path) -> None:
    text = (
        "# mine\nscenario=pd steps=5 seed=2 agents=6 treatment=none rewiring=off mind=chance\n\n"
        "'scenario=pd reputation=y gossip=y steps=5'\nscenario=pd personas=people.json\n"
    )
    first, second, third = jobs(folder, text).specs
    assert (first.seed, first.agents, first.minds) == (2, 6, {"*": "chance"})
    assert first.condition.label == "none, rewiring=off"
    assert second.condition.label == "full"
    assert len(third.people) == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("scenario=pd stepps=3", r'job 1: unknown key "stepps" \(did you mean "steps"\?\)'),
        ("scenario=pd steps=x", "job 1: rounds should be a whole number, not 'x'"),
        ("scenario=pd steps=0", "job 1: rounds should be at least 1, not 0"),
        ("scenario=pd\nscenario=pd gossip=maybe", "job 2: gossip takes y or n"),
        ("scenario=pd pd", "job 1: each word is key=value, not 'pd'"),
        ("scenario=pd steps=3 rounds=4", "rounds is there twice"),
        ("scenario='pd", "can't be read as words"),
        ("# nothing", "lists no jobs"),
        ("scenario=pd sim=pd_seed/step_0", "job 1: sim= is the reference's word: say personas="),
    ],
)
def test_what_is_wrong_with_a_job_is_said_in_one_line(folder: Path, text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        jobs(folder, text)


@pytest.mark.parametrize("read", [read_grid, read_jobs])
def test_a_file_that_is_not_there_or_a_folder_is_said_to_be(read: Any, folder: Path) -> None:
    with pytest.raises(UsageError, match=r"nosuch\.txt: no such file; check the path$"):
        read(folder / "nosuch.txt")
    with pytest.raises(UsageError, match=r"is a file, and this is a folder; check the path$"):
        read(folder)
