"""bootstrap.py in a folder of its own, with a uv that only takes notes."""

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parent.parent / "bootstrap.py"

PROFILES = ("core", "analysis", "local", "providers", "ray", "axelrod", "dev", "slow")
LOCKS = [f"locks/{name}.txt" for name in PROFILES]


class Checkout:
    """A fresh copy of a project, and what was installed for it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.notes = root / "notes"
        (root / "locks").mkdir(parents=True)
        for name in ("pyproject.toml", *LOCKS, "notes"):
            (root / name).touch()
        shutil.copy(SOURCE, root)
        self.program("uv", f'echo "$@" >> "{self.notes}"')

    def program(self, name: str, script: str) -> str:
        """A program of this name, first on the PATH."""
        path = self.root / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return str(path)

    def bootstrap(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        inherited = {name: value for name, value in os.environ.items() if name != "PYTHON"}
        path = f"{self.root / 'bin'}{os.pathsep}{os.environ['PATH']}"
        return subprocess.run(
            [sys.executable, str(self.root / "bootstrap.py"), *arguments],
            env={**inherited, "PATH": path, **environment},
            capture_output=True,
            text=True,
        )

    def installs(self, *arguments: str) -> bool:
        """Whether this call had anything to install."""
        self.notes.write_text("")
        assert self.bootstrap(*arguments).returncode == 0
        return self.notes.read_text() != ""


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path / "checkout")


def test_the_command_runs_in_the_environment_and_its_exit_code_comes_back(
    checkout: Checkout,
) -> None:
    done = checkout.bootstrap("core", "--", "python", "-c", "import sys; sys.exit(sys.prefix)")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == str(checkout.root / ".venv")


def test_an_unchanged_lock_installs_nothing(checkout: Checkout) -> None:
    assert checkout.installs("core", "--", "true")
    assert not checkout.installs("core", "--", "true")


def test_core_is_satisfied_by_dev_but_dev_not_by_core(checkout: Checkout) -> None:
    assert checkout.installs("core", "--", "true")
    assert checkout.installs("dev", "--", "true")
    assert not checkout.installs("core", "--", "true")


@pytest.mark.parametrize("name", ["locks/core.txt", "pyproject.toml"])
def test_a_change_of_the_lock_or_the_project_installs_again(checkout: Checkout, name: str) -> None:
    checkout.installs("core", "--", "true")
    (checkout.root / name).write_text("# changed\n")
    assert checkout.installs("core", "--", "true")


def test_every_file_of_a_lock_is_checked_against_its_hash(checkout: Checkout) -> None:
    checkout.installs("dev", "--", "true")
    packages, project = checkout.notes.read_text().splitlines()
    assert packages.endswith(f"--require-hashes -r {checkout.root}/locks/dev.txt")
    assert project.endswith(f"--no-deps --no-build-isolation -e {checkout.root}")


def test_an_interrupted_installation_starts_from_nothing(checkout: Checkout) -> None:
    checkout.program("uv", "exit 1")
    assert checkout.bootstrap("core", "--", "true").returncode == 2
    (checkout.root / ".venv" / "ruin").touch()
    checkout.program("uv", "exit 0")
    assert checkout.bootstrap("core", "--", "true").returncode == 0
    assert not (checkout.root / ".venv" / "ruin").exists()


def test_a_moved_environment_is_made_again(checkout: Checkout) -> None:
    checkout.installs("core", "--", "true")
    moved = Checkout(checkout.root.with_name("moved"))
    (checkout.root / ".venv").rename(moved.root / ".venv")
    assert moved.installs("core", "--", "true")


def test_a_python_that_is_too_old_is_one_line_and_code_2(checkout: Checkout) -> None:
    old = checkout.program("python3.5", "exit 1")
    done = checkout.bootstrap("core", "--", "true", PYTHON=old)
    assert done.returncode == 2
    assert done.stderr == f"bootstrap: RepuNet needs Python 3.11 or newer; tried {old}\n"


def test_calls_at_the_same_time_install_once(checkout: Checkout) -> None:
    with ThreadPoolExecutor() as pool:
        calls = [pool.submit(checkout.bootstrap, "core", "--", "true") for _ in range(4)]
    assert [call.result().returncode for call in calls] == [0] * 4
    assert len(checkout.notes.read_text().splitlines()) == 2
