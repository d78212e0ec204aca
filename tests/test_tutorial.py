"""The tutorial: its commands and its Python program print what the page shows."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[1] / "docs" / "tutorial.md").read_text("utf-8")
BLOCKS = re.findall(r"^```console\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
FILES = re.findall(r"^`([\w.]+)`:\n\n```\w+\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
RUN = {"repunet": ["-m", "repunet.cli"], "python": []}


def steps() -> list[tuple[str, str]]:
    """Return each command of the page that is run here, and what it shows below it."""
    pieces = "".join(BLOCKS).split("$ ")[1:]
    found = [(piece.split("\n", 1)[0], piece.split("\n", 1)[1]) for piece in pieces]
    return [step for step in found if step[0].split()[0] in RUN and "openai:" not in step[0]]


def printed(command: str, folder: Path) -> str:
    """Return what a command prints, apart from its progress."""
    program, *words = shlex.split(command)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("LLM_")}
    env = clean | {"COLUMNS": "110"}
    done = subprocess.run(
        [sys.executable, *RUN[program], *words], cwd=folder, env=env, capture_output=True, text=True
    )
    differs = words[:1] == ["diff"]  # as `diff` does, it leaves with 1 where two runs differ
    assert done.returncode == differs, f"{command}: {done.stderr}"
    return lines(done.stdout)


def lines(text: str) -> str:
    """Return a text without what the eye does not see: blanks at ends of lines, empty lines."""
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines() if line.strip())


def test_the_tutorial_shows_something_of_nearly_every_command() -> None:
    assert len(steps()) > 8
    assert [command for command, shown in steps() if not shown.strip()] == []
    assert {name for name, _ in FILES} == {"study.toml", "study.py"}


@pytest.mark.slow
def test_each_command_of_the_tutorial_prints_what_is_shown_below_it(tmp_path: Path) -> None:
    for name, text in FILES:
        (tmp_path / name).write_text(text, "utf-8")
    for command, shown in steps():
        rest = printed(command, tmp_path)
        for part in map(lines, re.split(r"^\.\.\.$\n", shown, flags=re.MULTILINE)):
            assert part in rest, f"{command}: {part}"
            rest = rest.partition(part)[2] if part else rest
