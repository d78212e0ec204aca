"""Names of 0.1.0: what was written for it works for one release more, with a warning."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from installing import installed

import repunet
from repunet.cli import execute
from repunet.moved import MODULES, NAMES, moved

PLUGIN = Path(__file__).parent / "data" / "plugin_of_0_1_0"
IMPORTED = """
import sys, warnings
from importlib import import_module

warnings.simplefilter("ignore")
for old, new in zip(sys.argv[1::2], sys.argv[2::2]):
    assert import_module(old).held is import_module(new), old
import repunet
assert callable(repunet.run), repunet.run
"""


@pytest.mark.slow
def test_every_module_that_has_moved_is_found_by_its_old_name() -> None:
    pairs = [name for old, new in MODULES.items() for name in (f"repunet.{old}", f"repunet.{new}")]
    done = subprocess.run([sys.executable, "-c", IMPORTED, *pairs], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_new_name_of_a_module_is_said() -> None:
    old = "import repunet.journal"
    words = [sys.executable, "-W", "error::DeprecationWarning", "-c", old]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 1
    assert "repunet.journal is now repunet.record.journal" in done.stderr


def test_a_name_that_was_never_there_is_not_found() -> None:
    assert moved("repunet.nothing") is None
    with pytest.raises(ModuleNotFoundError, match=r"repunet\.nothing"):
        import_module("repunet.nothing")


@pytest.mark.slow
@pytest.mark.parametrize("module", NAMES)
def test_every_class_that_was_renamed_is_there_by_its_new_name(module: str) -> None:
    held = import_module(f"repunet.{module}")
    assert [new for new in NAMES[module].values() if not hasattr(held, new)] == []


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_scenario_that_was_written_for_0_1_0_is_played(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with installed(PLUGIN, tmp_path / "site"):
        assert execute(["run", "stag-hunt", "--agents", "4", "--rounds", "2", "--name", "a"]) == 0
        assert execute(["verify", "a"]) == 0
    assert "missing decisions, of all" in capsys.readouterr().out


def test_a_view_has_its_manifest_by_the_old_name_too(tmp_path: Path) -> None:
    view = repunet.run("pd", agents=4, rounds=1, mind="chance", storage=tmp_path)
    with pytest.warns(DeprecationWarning, match=r"is now RunView\.manifest"):
        assert view.founding == view.manifest
