"""The zoo: whatever a server's habit is, a run ends well, and nothing in it is made up."""

import asyncio
import os
import re
import ssl
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from shutil import disk_usage
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import pytest
from language_societies import MODEL, NAME, at, company, hasty, missing, terms

import zoo  # noqa: F401 - notes the habits
from repunet.errors import Stopped
from repunet.record.journal import Journal
from repunet.runs.run import begin, reopen
from repunet.world.event import DecisionMissing
from zoo.habits import HABITS, Answer, Call, Habit
from zoo.server import Server, kept

KEY = "sk-canary-0123456789abcdef"
NATIVE = "anthropic:claude-haiku-4-5"
MERCY = 60.0
"""Seconds beyond its deadline after which a run is said to hang."""
LARGEST = 64 * 2**20
"""Bytes that an answer may take."""
UNLIKE_KEYS = re.compile(r"[^!-~]+")
ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")


@pytest.fixture(autouse=True, scope="module")
def _quickly() -> Iterator[None]:
    """Wait for nobody long, and load the certificates once."""
    context = cache(ssl.create_default_context)
    with patch.object(ssl, "create_default_context", context), hasty():
        yield


async def honest(call: Call) -> Answer:
    return call.answered()


async def refusing(call: Call) -> Answer:
    return call.answered("", "content_filter")


def met(folder: Path, habit: Habit, *, again: bool = False) -> tuple[Server, Stopped | None]:
    """Play a run, or go on with it, beside a server with a habit; return how it stopped."""

    async def main() -> tuple[Server, Stopped | None]:
        async with kept(habit) as server, asyncio.timeout(habit.deadline + MERCY):
            limits = terms(deadline=habit.deadline, timeout=habit.deadline)
            keys = {"LLM_API_KEY": KEY, "ANTHROPIC_API_KEY": KEY}
            there = {"ANTHROPIC_BASE_URL": server.url.removesuffix("/v1")}
            with at(server.url), patch.dict("os.environ", keys | there):
                return server, await played(folder, habit, limits, again=again)

    return asyncio.run(main())


async def played(folder: Path, habit: Habit, limits: Any, *, again: bool) -> Stopped | None:
    path = folder / NAME / "run.sqlite"
    manifest = company((NATIVE if habit.native else MODEL) + habit.settings)
    with (
        reopen(path, terms=limits)
        if again
        else begin(manifest, 1, folder=folder, name=NAME, terms=limits)
    ) as run:
        try:
            await run.play()
        except Stopped as stopped:
            return stopped
    return None


def told(folder: Path) -> tuple[str, list[Any]]:
    """Return the digest of a run, and its events without the reasons of what is missing."""
    with Journal.open(folder / NAME / "run.sqlite") as journal:
        events = [written.event for written in journal.events()]
        plain = [replace(e, why="") if isinstance(e, DecisionMissing) else e for e in events]
        return journal.digest(), plain


class Peace:
    """Runs without habits, each played once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[object, tuple[str, list[Any], int]] = {}

    def without(self, habit: Habit) -> tuple[str, list[Any], int]:
        """Return digest, events and number of requests of the run as it should have been."""
        lacks = habit.ends == "missing"
        same = (habit.settings, habit.native, habit.where if lacks else None)
        if same not in self._known:
            folder = self._folder / str(len(self._known))
            server, stopped = met(folder, replace(habit, does=refusing if lacks else honest))
            assert stopped is None
            self._known[same] = (*told(folder), len(server.calls))
        return self._known[same]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Keep runs in memory where that is possible: a disk takes a fifth of their time."""
    memory = Path("/dev/shm")
    usable = os.access(memory, os.W_OK) and disk_usage(memory).free > 2**30
    with TemporaryDirectory(dir=memory if usable else tmp_path) as kept_there:
        yield Path(kept_there)


@pytest.fixture(scope="module")
def peace(tmp_path_factory: pytest.TempPathFactory) -> Peace:
    return Peace(tmp_path_factory.mktemp("peace"))


CASES = [
    pytest.param(habit, id=name, marks=[pytest.mark.slow] if habit.slow else [])
    for name, habit in HABITS.items()
    if not habit.awaited
]


@pytest.mark.parametrize("habit", CASES)
def test_a_run_ends_well_whatever_the_habit_of_its_server(
    habit: Habit, peace: Peace, folder: Path
) -> None:
    digest, events, requests = peace.without(habit)
    with bounded():
        server, stopped = met(folder, habit)
    assert keys_in(folder) == []
    if habit.ends == "stop":
        assert habit.says in str(stopped)
        assert len(server.calls) <= habit.extra
        _, stopped = met(folder, replace(habit, does=honest), again=True)
    assert stopped is None, str(stopped)
    found, seen = told(folder)
    if habit.ends == "missing":
        assert seen == events
        assert all(habit.says in why for why in whys(folder))
    else:
        assert (found, missing(folder / NAME / "run.sqlite")) == (digest, [])
    if habit.ends != "stop":
        assert len(server.calls) <= requests + habit.extra


def test_every_habit_says_whose_it_is() -> None:
    assert all(len(habit.whose) > 8 for habit in HABITS.values())


def whys(folder: Path) -> list[str]:
    with Journal.open(folder / NAME / "run.sqlite") as journal:
        events = [written.event for written in journal.events()]
    return [event.why for event in events if isinstance(event, DecisionMissing)]


# What no habit may do ---------------------------------------------------------------------------


def keys_in(folder: Path) -> list[str]:
    """Return the files in which the key is, be it in disguise."""
    with Journal.open(folder / NAME / "run.sqlite") as journal:
        texts = [
            zlib.decompress(body).decode() for (body,) in journal.rows("SELECT body FROM blobs")
        ]
    held = [f"a text: {text}" for text in texts if is_told(text)]
    files = (path for path in folder.rglob("*") if path.is_file())
    return held + [path.name for path in files if is_told(path.read_bytes().decode("latin-1"))]


def is_told(text: str) -> bool:
    """Tell whether the key is in a text, after escapes and signs that no key has."""
    plain = ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
    return KEY in UNLIKE_KEYS.sub("", plain)


@contextmanager
def bounded() -> Iterator[None]:
    """Check that the block takes a bounded amount of memory, where that can be measured."""
    reset = Path("/proc/self/clear_refs")
    if not reset.exists():
        yield
        return
    reset.write_text("5", encoding="ascii")
    before = taken("VmRSS")
    yield
    assert taken("VmHWM") - before < LARGEST


def taken(name: str) -> int:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(re.search(rf"{name}:\s+(\d+) kB", status)[1]) * 1024  # type: ignore[index]
