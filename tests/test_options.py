"""Options of commands: each one that is offered is read, and does something where it is offered."""

import dis
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from functools import reduce
from inspect import signature
from io import StringIO
from operator import getitem
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from language_societies import served
from societies import mostly_slow

from repunet import cli
from repunet.cli import app, execute, location
from repunet.cli.spec_options import ELSEWHERE, PLAYED, Declared
from repunet.runs.spec import Limits, RunSpec

SOURCES = Path(__file__).parents[1] / "src" / "repunet" / "cli"
HELD = ("--help", "--version", "-h")
BATCH = {
    "run": "run pd --agents 2 --rounds 1 --model {} --batch asked",
    "resume": "resume there --rounds 1 --batch asked",
    "fork": "fork there --at 0 --rounds 1 --batch asked",
    "sweep": "sweep grid.toml --batch asked",
    "batch": "batch jobs.txt --batch asked",
    "reproduce": "reproduce figure2 --scenario pd --seeds 1 --agents 2 --rounds 1 --model {} "
    "--batch asked",
    "shell": "shell --agents 2 --model {} --batch asked",
}
"""Commands that can write their requests into a folder."""
PLAN = {
    "--scenario": "investment",
    "--spec": "spec.toml",
    "--rounds": "3",
    "--treatment": "none",
    "--reputation": "n",
    "--gossip": "n",
    "--set": "rewiring=off",
    "--profile": "reference",
    "--plan": "compact",
    "--prompts": "reference",
    "--seed": "2",
    "--mind": "A01=embedded",
    "--model": "openai:gpt-4o",
    "--personas": "people.json",
    "--agents": "6",
    "--network": "ties.json",
    "--concurrency": "1",
    "--requests-per-minute": "1",
    "--tokens-per-minute": "10",
    "--budget": "0.000001",
    "--max-calls": "1",
    "--max-total-tokens": "10",
    "--slots": "0",
    "--prices": "nowhere.toml",
    "--latency": "9",
    "--operations": "",
    "--json": "",
}
"""What `plan` may be told."""


def commands(within: Any = app, before: str = "") -> Iterator[tuple[str, Callable[..., Any]]]:
    """Yield every command by its words, with the function that it is."""
    for name in within:
        if name in HELD:
            continue
        each = within[name]
        if each.default_command is None:
            yield from commands(each, f"{before}{name} ")
        else:
            yield before + name, each.default_command


COMMANDS = dict(commands())


def offered(name: str) -> set[str]:
    """Return the options of a command."""
    return {
        word
        for argument in app[name].assemble_argument_collection()
        for word in argument.names
        if word.startswith("--") and not word.startswith("--no-")
    }


def groups() -> set[type]:
    """Return the classes of options that several commands share."""
    hints = (hint for command in COMMANDS.values() for hint in get_type_hints(command).values())
    found = {kind for hint in hints for kind in (hint, *get_args(hint)) if is_dataclass(kind)}
    return {kind for kind in found if isinstance(kind, type)}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_reads_each_option_it_has(name: str) -> None:
    command = COMMANDS[name]
    read = {step.argval for step in dis.get_instructions(command) if "STORE" not in step.opname}
    flat = read | {word for pair in read if isinstance(pair, tuple) for word in pair}
    assert set(signature(command).parameters) - flat == set()


@pytest.mark.parametrize("group", sorted(groups(), key=str), ids=lambda kind: kind.__name__)
def test_each_option_that_commands_share_is_read_somewhere(group: type) -> None:
    text = "\n".join(path.read_text("utf-8") for path in SOURCES.rglob("*.py"))
    own = {"spec", "set_", "mind", "model", "batch"}  # the others are read all together
    taken = issubclass(group, Declared) and "self.said()" in text
    for each in fields(group):  # type: ignore[arg-type]
        by_name = re.search(rf"\.{each.name}\b", text)
        assert by_name or (taken and each.name not in own), each.name


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_an_option_begins_with_what_it_is(name: str) -> None:
    riddle = re.compile(r"(An?|The|How|What|Where|Who|Which|Of|As|In|Only|By|If|With|For|Its) ")
    command = reduce(getitem, name.split(), app)
    for argument in command.assemble_argument_collection(parse_docstring=True):
        if argument.show:
            said = argument.parameter.help
            assert said, argument.name
            assert not riddle.match(said), (argument.name, said)


@pytest.mark.parametrize("name", ["run", "plan", "shell"])
def test_options_of_a_run_say_what_the_spec_declares(name: str) -> None:
    helps = {a.name: a.parameter.help for a in app[name].assemble_argument_collection()}
    declared = RunSpec.model_fields | Limits.model_fields
    played = {*PLAYED} if name == "plan" else set()
    for field in declared.keys() - {*ELSEWHERE, *played}:
        text = str(declared[field].description).removesuffix(".")
        option = f"--{field.replace('_', '-')}"
        assert str(helps.get(option, helps.get("SCENARIO"))).startswith(text), option


def test_the_file_of_a_command_has_its_name() -> None:
    files = {path.stem for path in (SOURCES / "commands").glob("*.py")} - {"__init__"}
    assert files == {location(name).rpartition(":")[2] for name in cli.COMMANDS}


def test_a_batch_is_offered_by_those_commands_that_can_write_one() -> None:
    assert {name for name in COMMANDS if " " not in name and "--batch" in offered(name)} == {*BATCH}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("REPUNET_STORAGE", "LLM_MODEL", "LLM_API_BASE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.mark.parametrize("name", mostly_slow(BATCH, ["run", "shell"]))
def test_a_batch_is_written_wherever_it_is_offered(
    name: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served() as server:
        model = f"{server.url}#fake"
        small = f'scenario{{}} = {{}}\nmodel = "{model}"\nagents = 2\nrounds = 1\n'
        (place / "grid.toml").write_text(small.format("s", '["pd"]'))
        (place / "jobs.txt").write_text(f'"scenario=pd agents=2 rounds=1 model={model}"\n')
        (place / "lines").write_text("run pd 1\n")
        if name in ("resume", "fork"):
            begun = f"run pd --agents 2 --rounds 1 --name there --quiet --model {model}"
            assert execute(begun.split()) == 0
    with (place / "lines").open() as lines:
        monkeypatch.setattr("sys.stdin", lines)
        assert execute(BATCH[name].format(model).split()) == 3
    assert list((place / "asked").rglob("requests.jsonl"))


def test_a_loop_plays_as_many_rounds_as_it_was_told_to(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", StringIO("run pd\nrun 1\n"))
    assert execute(["shell", "--rounds", "2", "--agents", "2", "--quiet"]) == 0
    said = capsys.readouterr().out
    assert "after round 2" in said
    assert "after round 3" in said


@pytest.mark.parametrize("option", ["--window", "--tolerance"])
def test_half_of_a_rule_for_the_end_is_refused(
    option: str, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute(["reproduce", "table1", "--mind", "embedded", option, "1", "--dry-run"]) == 2
    assert "is about --until-stable: add that" in capsys.readouterr().err


def forecast(place: Path, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    code = execute(["plan", *words])
    printed = capsys.readouterr()
    return code, printed.out + printed.err


def test_every_option_of_a_forecast_is_tried_below() -> None:
    aliases = {"--mode", "--steps", "--sim"}
    assert offered("plan") - aliases == {*PLAN}


@pytest.mark.parametrize("option", mostly_slow(PLAN, ["--rounds", "--spec", "--slots"]))
def test_an_option_of_a_forecast_changes_it(
    option: str, place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    people = [{"name": name, "descriptions": {"*": "You are kind."}} for name in ("Ann", "Bob")]
    (place / "people.json").write_text(json.dumps(people))
    (place / "ties.json").write_text(json.dumps([["Liam OConnor", "Ahmed Hassan"]]))
    (place / "spec.toml").write_text("rounds = 4\n")
    first = [] if option == "--scenario" else ["pd"]
    usual = {"--agents": "4", "--rounds": "2", "--model": "openai:gpt-4o-mini", "--latency": "1"}
    if option in ("--personas", "--mind", "--spec"):
        usual.pop("--rounds" if option == "--spec" else "--agents")
    words = [word for pair in usual.items() if pair[0] != option for word in pair]
    plain = forecast(place, capsys, "pd", *(word for pair in usual.items() for word in pair))
    changed = forecast(place, capsys, *first, *words, option, *filter(None, [PLAN[option]]))
    assert changed != plain
