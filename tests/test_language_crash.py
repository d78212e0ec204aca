"""A run that asks language models, killed or interrupted at any moment: nothing is paid twice."""

import asyncio
import json
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import count
from pathlib import Path
from threading import Thread
from typing import Any
from unittest.mock import patch

import pytest
from language_societies import (
    MODEL,
    NAME,
    Command,
    Errand,
    Nursery,
    attempts,
    begun,
    company,
    digest,
    hasty,
    played,
    resumed,
    served,
    terms,
    told,
    unseen,
)

from repunet.errors import Stopped
from repunet.fake_llm import FakeLLM
from repunet.fake_llm.faults import Faults
from repunet.fake_llm.settings import Latency
from repunet.fake_llm.stats import CountedQuestion
from repunet.minds.language import client, session
from repunet.record.attempts import ANSWERED, INVALID, LOST, SENT, messages
from repunet.record.journal import Journal

LOAD = {
    "latency": "heavy:0.03",
    "faults": Faults(rate_limited=0.05, server_error=0.03, reset=0.02, half=0.02),
}
N = 6

Moment = tuple[str, int]
COMMITS: list[Moment] = [
    ("sent", 1),
    ("before sent", 4),
    ("answered", 9),
    ("before answered", 10),
    ("before round", 1),
    ("round", 1),
    ("answered", 5),
]
"""When it is killed, counted from when it was last begun."""
REQUESTS = (7, 11, 17)
"""So many requests have come since it was last begun when it is, whatever it does then."""


@pytest.fixture(autouse=True)
def quickly() -> Iterator[None]:
    with hasty():
        yield


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    nursed = Nursery()
    yield nursed
    nursed.close()


@pytest.fixture(scope="module")
def in_peace(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the digest of the run that nobody killed, by a server without faults."""
    with served():
        return digest(played(tmp_path_factory.mktemp("in peace"), company(n=N), 2))


def journalled(path: Path, *statuses: str) -> set[CountedQuestion]:
    """Return the questions of the attempts with these statuses, as the server names them."""
    with Journal.open(path) as journal:
        return {
            CountedQuestion(attempt.coordinate, _fingerprint(journal, attempt.id))
            for attempt in attempts(path)
            if attempt.status in statuses
        }


def _fingerprint(journal: Journal, attempt: int) -> str:
    said = json.dumps([MODEL.partition(":")[2], messages(journal, attempt)], ensure_ascii=False)
    return sha256(said.encode()).hexdigest()


@dataclass
class Killed:
    """A run that was killed again and again, and the server that it asked all the time."""

    server: FakeLLM
    errand: Errand
    kills: int = 0
    safe: Counter[CountedQuestion] = field(default_factory=Counter)
    """Questions whose answers were on disk at a kill, and how often they had been received."""

    @property
    def path(self) -> Path:
        return self.errand.path

    def was_killed(self) -> None:
        self.kills += 1
        if self.path.exists():
            on_disk = journalled(self.path, ANSWERED, INVALID)
            self.safe |= {at: self.server.stats.asked[at] for at in on_disk - self.safe.keys()}

    @property
    def repeats(self) -> int:
        return self.server.stats.answered - len(told(self.server))

    @property
    def in_flight(self) -> int:
        """Return how many requests were on their way at the kills."""
        return sum(attempt.status == SENT for attempt in unseen(self.path))

    def check(self, in_peace: str) -> None:
        stats = self.server.stats
        assert digest(self.path) == in_peace
        assert journalled(self.path, ANSWERED, INVALID) == told(self.server).keys()
        assert {at: stats.asked[at] for at in self.safe} == self.safe  # never sent again
        assert self.repeats <= self.in_flight
        assert len(attempts(self.path)) >= stats.received
        print(f"{self.kills} kills, {self.in_flight} in flight at them, {self.repeats} repeats")


def killed_at(nursery: Nursery, server: FakeLLM, folder: Path, moments: list[Moment]) -> Killed:
    """Kill a run at each of these moments and let it go on to its end."""
    run = Killed(server, Errand(str(folder), server.url, n=N))
    for what, times in moments:
        code = nursery.do(Errand(str(folder), server.url, what, times, n=N))
        if code == 0:  # it ended before
            break
        assert code == -signal.SIGKILL
        run.was_killed()
    assert nursery.do(run.errand) == 0
    return run


def killed_after(nursery: Nursery, server: FakeLLM, folder: Path, counts: Sequence[int]) -> Killed:
    """Kill a run each time that so many requests have come, and let it go on to its end."""
    run = Killed(server, Errand(str(folder), server.url, n=N))
    for requests in counts:
        enough = server.stats.received + requests
        child = nursery.begin(run.errand)
        while server.stats.received < enough:
            time.sleep(0.01)
        os.kill(child, signal.SIGKILL)
        assert nursery.end() == -signal.SIGKILL
        run.was_killed()
    assert nursery.do(run.errand) == 0
    return run


@pytest.mark.slow
def test_a_run_killed_at_its_commits_becomes_the_run_left_in_peace(
    nursery: Nursery, tmp_path: Path, in_peace: str
) -> None:
    with served(**LOAD) as server:
        run = killed_at(nursery, server, tmp_path, COMMITS)
    assert run.kills == len(COMMITS)
    run.check(in_peace)


@pytest.mark.slow
def test_a_run_killed_at_any_time_becomes_the_run_left_in_peace(
    nursery: Nursery, tmp_path: Path, in_peace: str
) -> None:
    with served(**LOAD) as server:
        run = killed_after(nursery, server, tmp_path, REQUESTS)
    assert run.kills == len(REQUESTS)
    run.check(in_peace)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_a_run_killed_ten_times_becomes_the_run_left_in_peace(
    seed: int, nursery: Nursery, tmp_path: Path, in_peace: str
) -> None:
    luck = random.Random(seed)
    kinds = ["sent", "before sent", "answered", "before answered"]
    moments: list[Moment] = [(luck.choice(kinds), luck.randint(1, 14)) for _ in range(9)]
    moments.insert(luck.randint(5, 9), (luck.choice(["round", "before round"]), 1))
    with served(**{**LOAD, "latency": f"heavy:{luck.uniform(0.05, 0.1)}", "seed": seed}) as server:
        run = killed_at(nursery, server, tmp_path, moments)
    assert run.kills >= 8
    run.check(in_peace)


@pytest.mark.parametrize("writes", [1, 2, 9, 20])
def test_what_can_not_be_written_is_seen_by_nobody(
    writes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_peace: str
) -> None:
    transaction, left = Journal.transaction, count(writes, -1)

    def until_full(journal: Journal) -> AbstractContextManager[Any]:
        if next(left) <= 0:
            raise Stopped("the disk is full")
        return transaction(journal)

    with served() as first, begun(tmp_path, company(n=N), 2) as run:
        with monkeypatch.context() as full:
            full.setattr(Journal, "transaction", until_full)
            with pytest.raises(Stopped, match="the disk is full"):
                asyncio.run(run.play())
        path = run.journal.path
    kept = journalled(path, ANSWERED)
    assert first.stats.asked.keys() == journalled(path, ANSWERED, SENT)
    with served() as second:
        assert resumed(path) == in_peace
    assert not kept & second.stats.asked.keys()


# Interrupted -----------------------------------------------------------------------------------

STUCK = Faults(first=("",) * 14, hang=1)
"""Fourteen answers, and never one more."""
QUIET = 0.6
"""Seconds without a request after which none is to be expected."""


def busy(server: FakeLLM, answered: int, in_flight: int = 4) -> int:
    """Wait until that much was answered and is on its way; return how much was received."""
    before, stats = -1, server.stats
    while stats.answered < answered or stats.in_flight < in_flight or stats.received > before:
        before = stats.received
        time.sleep(QUIET)
    return before


@contextmanager
def answering_late(seconds: float) -> Iterator[FakeLLM]:
    """Serve fourteen answers at once, and every other one after some time."""

    def late(_: int, number: int) -> float:
        return seconds if number > 14 else 0.0

    with patch.object(Latency, "of", staticmethod(late)), served() as server:
        yield server


@contextmanager
def commanded(nursery: Nursery, folder: Path, server: FakeLLM) -> Iterator[int]:
    """Begin a run as a command, wait until it is busy, and yield its process."""
    words = ["run", "pd", "--mind", MODEL, "--agents", str(N), "--rounds", "2", "--name", NAME]
    child = nursery.begin(Command(str(folder), server.url, [*words, "--storage", "."]))
    busy(server, 14)
    yield child


def told_to_go_on(folder: Path) -> bool:
    """Return whether the last line of a command that was stopped says how to go on."""
    *_, line = (folder / "err").read_text().splitlines()
    return line.startswith("repunet: ") and line.endswith(f"to go on: repunet resume {NAME}")


@pytest.mark.slow
def test_after_an_interrupt_nothing_is_sent_and_what_is_in_flight_is_kept(
    nursery: Nursery, tmp_path: Path, in_peace: str
) -> None:
    path = tmp_path / NAME / "run.sqlite"
    with answering_late(5 * QUIET) as first, commanded(nursery, tmp_path, first) as child:
        sent = first.stats.received
        os.kill(child, signal.SIGINT)
        assert nursery.end() == 3
    assert first.stats.received == first.stats.answered == sent
    assert journalled(path, ANSWERED) == told(first).keys()
    assert told_to_go_on(tmp_path)
    with served() as second:
        assert resumed(path) == in_peace
    assert not told(first).keys() & second.stats.asked.keys()


@pytest.mark.slow
def test_a_second_interrupt_ends_the_run_at_once(
    nursery: Nursery, tmp_path: Path, in_peace: str
) -> None:
    path = tmp_path / NAME / "run.sqlite"
    with served(faults=STUCK) as first, commanded(nursery, tmp_path, first) as child:
        before = time.monotonic()
        os.kill(child, signal.SIGINT)
        time.sleep(0.1)
        os.kill(child, signal.SIGTERM)  # two of a kind can be taken for one
        assert nursery.end() == 3
        assert time.monotonic() - before < session.GRACE
    assert told_to_go_on(tmp_path)
    assert len(unseen(path)) == first.stats.received - first.stats.answered > 0
    with served() as second:
        assert resumed(path) == in_peace
    assert not told(first).keys() & second.stats.asked.keys()


def interrupted(folder: Path, server: FakeLLM, in_flight: int, **options: Any) -> Path:
    """Interrupt a run that is busy; it stops soon, and says how to go on."""
    with begun(folder, company(n=N), 2, **options) as run:
        watch = Thread(target=lambda: busy(server, 14, in_flight) and run.interrupt())
        watch.start()
        with pytest.raises(Stopped, match=r"^interrupted; nothing is lost"):
            asyncio.run(run.play())
        watch.join()
    return run.journal.path


@pytest.mark.slow
def test_what_is_in_flight_at_an_interrupt_is_not_awaited_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_peace: str
) -> None:
    monkeypatch.setattr(session, "GRACE", 0.2)
    with served(faults=STUCK) as first:
        path = interrupted(tmp_path, first, 4)
    assert {attempt.status for attempt in unseen(path)} == {LOST}
    with served():
        assert resumed(path) == in_peace


@pytest.mark.slow
def test_what_waits_for_its_turn_at_an_interrupt_is_not_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_peace: str
) -> None:
    monkeypatch.setattr(session, "GRACE", 0.2)
    with served(faults=STUCK) as first:
        path = interrupted(tmp_path, first, 3, terms=terms(concurrency=3))
    assert first.stats.received == len(attempts(path)) == 14 + 3
    with served():
        assert resumed(path) == in_peace


@pytest.mark.slow
def test_what_waits_to_be_sent_again_at_an_interrupt_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_peace: str
) -> None:
    monkeypatch.setattr(client, "FIRST_DELAY", 600.0)
    monkeypatch.setattr(client, "LONGEST_DELAY", 600.0)
    failing = Faults(first=("",) * 14, server_error=1)
    with served(faults=failing) as first:
        path = interrupted(tmp_path, first, 0)
    assert {attempt.kind for attempt in attempts(path)} == {"first"}
    with served():
        assert resumed(path) == in_peace
