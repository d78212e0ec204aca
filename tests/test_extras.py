"""What an extra brings is asked for by the command that installs it here."""

import sys
from pathlib import Path

import pytest

from repunet.errors import UsageError
from repunet.system import extras
from repunet.system.extras import installation, library

ROOT = Path(__file__).resolve().parents[1]


def test_in_a_checkout_s_own_environment_the_command_is_bootstrap(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "prefix", str(ROOT / ".venv"))
    monkeypatch.setattr(sys, "executable", str(ROOT / ".venv" / "bin" / "python"))
    monkeypatch.chdir(ROOT)
    assert installation("local") == ".venv/bin/python bootstrap.py local"
    monkeypatch.chdir(ROOT / "src")
    assert installation("local") == f"{ROOT}/.venv/bin/python {ROOT}/bootstrap.py local"


def test_in_another_environment_the_command_is_its_own_pip(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    checkout = tmp_path / "my checkout"
    checkout.mkdir()
    (checkout / "bootstrap.py").touch()
    monkeypatch.setattr(extras, "CHECKOUT", checkout)
    monkeypatch.setattr(sys, "executable", "/usr/bin/python3")
    assert installation("ray") == f"/usr/bin/python3 -m pip install -e '{checkout}[ray]'"


def test_where_there_is_no_checkout_no_command_is_made_up(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(extras, "CHECKOUT", tmp_path)
    assert installation("ray") == 'install RepuNet with its extra "ray"'


def test_what_is_not_there_is_named_with_the_command() -> None:
    with pytest.raises(UsageError) as error:
        library("nowhere_to_be_found", "analysis")
    assert str(error.value) == f"nowhere_to_be_found is not installed: {installation('analysis')}"
