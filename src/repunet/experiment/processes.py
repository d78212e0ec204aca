"""Many runs in several processes of this machine, for minds that compute their answers.

Each is `python -m repunet.experiment.worker`: it reads a run on every line, and writes what becomes
of it. One that dies costs nothing: its run is given to another one, which goes on with it.
"""

import os
import sys
from asyncio import AbstractEventLoop, create_subprocess_exec, gather, get_running_loop
from asyncio.subprocess import PIPE, Process
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress

from repunet.experiment.cell import Job
from repunet.experiment.outcome import JobOutcome
from repunet.experiment.playing import seen
from repunet.experiment.progress import Board
from repunet.experiment.stopping import Stopping

COMMAND = ("-m", "repunet.experiment.worker")
STOP = "stop"
TRIES = 3
"""Processes that may die over one run before it is given up."""


def cpus() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Worker:
    """Another process, which plays one run after the other."""

    def __init__(self, process: Process) -> None:
        self._process = process

    @classmethod
    async def begin(cls) -> "Worker":
        """Start it, out of reach of Ctrl-C."""
        command = sys.executable, *COMMAND
        return cls(
            await create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, start_new_session=True)
        )

    async def play(self, job: Job, board: Board) -> JobOutcome | None:
        """Let it play a run; None if it died over it."""
        assert self._process.stdout is not None
        self._send(job.to_json())
        while said := (await self._process.stdout.readline()).decode():
            kind, _, value = said.partition(" ")
            if kind == "outcome":
                return JobOutcome.from_json(value)
            if kind == "round":
                board.round(job, int(value))
        await self._process.wait()
        return None

    def stop(self) -> None:
        """Let it stop after the round at hand."""
        self._send(STOP)

    def _send(self, line: str) -> None:
        assert self._process.stdin is not None
        with suppress(ConnectionError, RuntimeError):
            self._process.stdin.write(f"{line}\n".encode())

    @property
    def end(self) -> str:
        """Return how it ended."""
        code = self._process.returncode or 0
        return f"signal {-code}" if code < 0 else f"code {code}"

    async def close(self, *, kill: bool) -> None:
        """End it; it has nothing to do any more, or is not given the time."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        if kill:
            with suppress(ProcessLookupError):
                self._process.kill()
        await self._process.wait()


class Processes:
    """Executor that plays runs in as many processes as there are processors."""

    def __init__(self, stopping: Stopping, at_once: int | None) -> None:
        self.at_once = at_once or cpus()
        self._stopping = stopping
        self._idle: list[Worker] = []
        self._busy: set[Worker] = set()
        self._deaths: Counter[str] = Counter()

    async def play(self, jobs: Sequence[Job], board: Board) -> None:
        queue = deque(jobs)
        await gather(*(self._play(queue, board) for _ in range(min(self.at_once, len(jobs)))))

    async def _play(self, queue: deque[Job], board: Board) -> None:
        while queue:
            job = queue.popleft()
            if self._stopping():
                board.not_begun(job, "interrupted")
            elif not await self._played(job, board):
                queue.appendleft(job)

    async def _played(self, job: Job, board: Board) -> bool:
        """Give a run to a process; return whether something became of it."""
        worker = self._idle.pop() if self._idle else await Worker.begin()
        self._busy.add(worker)
        board.began(job)
        outcome = await worker.play(job, board)
        self._busy.discard(worker)
        if outcome is not None:
            self._idle.append(worker)
        else:
            outcome = self._given_up(job, worker)
        if outcome is not None:
            board.ended(job, outcome)
        return outcome is not None

    def _given_up(self, job: Job, worker: Worker) -> JobOutcome | None:
        """Return what became of a run over which a process died; None to try again."""
        self._deaths[job.id] += 1
        if self._stopping():
            return JobOutcome.of(seen(job), "stopped", "interrupted")
        if self._deaths[job.id] < TRIES:
            return None
        reason = f"{TRIES} processes died over it, the last with {worker.end}"
        return JobOutcome.of(seen(job), "failed", reason)

    def stop(self) -> None:
        """Let every process stop after its round."""
        for worker in self._busy:
            worker.stop()

    async def close(self) -> None:
        """End all processes; those that still play go on with it another time."""
        busy = [worker.close(kill=True) for worker in self._busy]
        await gather(*busy, *(worker.close(kill=False) for worker in self._idle))


@asynccontextmanager
async def in_processes(stopping: Stopping, at_once: int | None) -> AsyncIterator[Processes]:
    """Hold processes that play."""
    executor, loop = Processes(stopping, at_once), get_running_loop()
    try:
        with stopping.telling(lambda: _in(loop, executor.stop)):
            yield executor
    finally:
        await executor.close()


def _in(loop: AbstractEventLoop, do: Callable[[], None]) -> None:
    loop.call_soon_threadsafe(do)
