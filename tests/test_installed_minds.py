"""The commands `minds` and `models`: all there is, where it comes from, and no key."""

import json
from pathlib import Path
from typing import Any

import pytest
from installing import installed

from repunet.cli import execute
from repunet.minds.installed import KEYS_OF_VENDORS, MEANINGS
from repunet.minds.router import BUILT_IN
from repunet.minds.scripted import STRATEGIES
from repunet.models.endpoint import LANGUAGE, NATIVE

EXAMPLES = Path(__file__).parents[1] / "examples"
KEY = "sk-of-nobody-1234"


def listed(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    assert execute([*words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_every_mind_of_ours_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    found = {each["name"].partition(":")[0]: each for each in listed(capsys, "minds")}
    assert set(found) >= (set(BUILT_IN) | set(STRATEGIES)) - set(LANGUAGE)
    assert set(MEANINGS) == set(BUILT_IN) - set(LANGUAGE)
    assert all(each["meaning"] for each in found.values())


def test_every_provider_of_ours_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    names = [each["name"].partition(":")[0] for each in listed(capsys, "models")]
    assert names[: len(LANGUAGE)] == list(LANGUAGE)
    assert set(KEYS_OF_VENDORS) == set(NATIVE)


def test_a_key_is_told_to_be_set_and_never_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.delenv("GROQ_API_KEY", raising=False)
    found = {each["name"]: each for each in listed(capsys, "models")}
    assert found["openai:MODEL"]["keys"] == ["OPENAI_API_KEY"]
    assert found["openai:MODEL"]["key_set"]
    assert not found["groq:MODEL"]["key_set"]
    assert execute(["models"]) == 0
    out = capsys.readouterr().out
    assert "OPENAI_API_KEY: set" in out
    assert KEY not in out + json.dumps(found)


@pytest.mark.parametrize("command", ["minds", "models"])
def test_a_list_fits_a_narrow_terminal(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert execute([command]) == 0
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80


@pytest.mark.parametrize(
    ("command", "package", "name", "from_"),
    [
        ("minds", "discriminator", "discriminator", "repunet-discriminator 0.1.0"),
        ("models", "rule_model", "rule:MODEL", "repunet-rule-model 0.1.0"),
    ],
)
def test_a_plug_in_is_listed_with_its_package(
    command: str, package: str, name: str, from_: str,
    tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    with installed(EXAMPLES / package, tmp_path):
        *_, last = listed(capsys, command)
        assert (last["name"], last["kind"], last["package"]) == (name, "plug-in", from_)
        assert execute([command]) == 0
    assert from_ in " ".join(capsys.readouterr().out.split())


def test_a_plug_in_that_can_t_be_used_is_listed_with_the_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "broken"\nversion = "1"\n'
        '[project.entry-points."repunet.models"]\nbroken = "no_such_module:Model"\n'
        '[project.entry-points."repunet.minds"]\nbroken-mind = "no_such_module:mind"\n'
    )
    with installed(tmp_path, tmp_path / "site"):
        for command in ("minds", "models"):
            *others, last = listed(capsys, command)
            assert "ModuleNotFoundError" in last["problem"]
            assert not any(each["problem"] for each in others)
