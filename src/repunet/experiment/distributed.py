"""Many runs on several machines, by Ray: each is a task, which goes on with what there is.

All machines must see the folder of the experiment under the same path. Ray gives a task whose
process or machine is lost to another one; what was committed is not played again.
"""

import asyncio
import logging
import os
import re
import signal
import socket
import sys
from asyncio import create_task, gather, get_running_loop, sleep
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, redirect_stdout, suppress
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from repunet.errors import UsageError
from repunet.experiment.cell import Job
from repunet.experiment.outcome import JobOutcome
from repunet.experiment.playing import play
from repunet.experiment.processes import TRIES, cpus
from repunet.experiment.progress import Board
from repunet.experiment.stopping import Stopping

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
ray: Any = import_module("ray")
RayError: type[Exception] = import_module("ray.exceptions").RayError

EVERY = 0.5
"""Seconds after which rounds are told, and a task asks whether it is to stop."""
ADDRESS = "RAY_ADDRESS"
WAIT = 5.0
"""Seconds in which somebody must answer at that address."""
LONGEST = 200
"""Characters of what Ray says."""
AUTHENTICATION = re.compile(r"auth|token", re.IGNORECASE)


class Exchange:
    """Ray actor through which tasks report progress and learn that they are to stop."""

    def __init__(self) -> None:
        self._rounds: dict[str, int] = {}
        self._stopping = False

    def tell(self, id_: str, round_: int) -> bool:
        """Note a round; return whether to stop."""
        self._rounds[id_] = round_
        return self._stopping

    def take(self, stopping: bool) -> dict[str, int]:
        """Return the rounds that were told since."""
        self._stopping = stopping
        rounds, self._rounds = self._rounds, {}
        return rounds


def played(job: str, exchange: Any) -> str:
    """Play a run, wherever this is called."""
    return asyncio.run(_played(Job.from_json(job), exchange)).to_json()


async def _played(job: Job, exchange: Any) -> JobOutcome:
    stopping, now, told = Stopping(), get_running_loop().time, 0.0

    def tell(job: Job, round_: int) -> None:
        nonlocal told
        if now() - told >= EVERY:
            told = now()
            with suppress(RayError):  # whoever began it is told of the outcome
                if ray.get(exchange.tell.remote(job.id, round_)):
                    stopping.ask()

    return await play(job, tell, stopping)


class OnRay:
    """Executor that plays runs on a Ray cluster."""

    def __init__(self, stopping: Stopping, at_once: int) -> None:
        self._stopping = stopping
        self._at_once = at_once
        self._exchange = ray.remote(num_cpus=0)(Exchange).remote()
        self._played = ray.remote(num_cpus=1, max_retries=TRIES)(played)

    async def play(self, jobs: Sequence[Job], board: Board) -> None:
        queue, by_id = deque(jobs), {job.id: job for job in jobs}
        listening = create_task(self._listen(by_id, board))
        try:
            tasks = range(min(self._at_once, len(jobs)))
            await gather(*(self._play(queue, board) for _ in tasks))
        finally:
            listening.cancel()

    async def _play(self, queue: deque[Job], board: Board) -> None:
        while queue:
            job = queue.popleft()
            if self._stopping():
                board.not_begun(job, "interrupted")
                continue
            board.began(job)
            try:
                said = await self._played.remote(job.to_json(), self._exchange)
                board.ended(job, JobOutcome.from_json(said))
            except RayError as error:
                lines = str(error).strip().splitlines() or [""]
                board.ended(job, JobOutcome("failed", f"{type(error).__name__}: {lines[0]}"))

    async def _listen(self, jobs: dict[str, Job], board: Board) -> None:
        while True:
            await sleep(EVERY)
            with suppress(RayError):
                for id_, number in (await self._exchange.take.remote(self._stopping())).items():
                    if id_ in jobs and board.status(jobs[id_]) is None:
                        board.round(jobs[id_], number)


@asynccontextmanager
async def on_ray(stopping: Stopping, at_once: int | None) -> AsyncIterator[OnRay]:
    """Hold a cluster: the one that `RAY_ADDRESS` names, else one of this machine's."""
    quietly: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    if address := os.environ.get(ADDRESS):
        require_reachable(address)
        _begin(**quietly)
        most = at_once or int(ray.cluster_resources().get("CPU", 1))
    else:
        most = at_once or cpus()
        _begin(num_cpus=most, include_dashboard=False, **quietly)
    try:
        with redirect_stdout(sys.stderr):  # what Ray says of its workers is no result
            yield OnRay(stopping, most)
    finally:
        ray.shutdown()


def _begin(**options: Any) -> None:
    """Begin, or join, a cluster, and let signals mean what they meant before."""
    before = signal.getsignal(signal.SIGTERM)
    try:
        with redirect_stdout(sys.stderr):
            ray.init(**options)
    except (RayError, ConnectionError, RuntimeError, ValueError, OSError) as error:
        raise refused(os.environ.get(ADDRESS, ""), error) from None
    finally:
        signal.signal(signal.SIGTERM, before)


def require_reachable(address: str) -> None:
    """Raise UsageError where nobody listens at the address of a cluster: Ray waits for minutes."""
    where = urlsplit(address if "://" in address else f"ray://{address}")
    try:
        host, port = where.hostname, where.port
    except ValueError:
        raise UsageError(f"{ADDRESS} is no address such as 10.0.0.1:6379: {address}") from None
    if host is None or port is None:
        return  # auto, local, or the name of a session: Ray knows
    try:
        socket.create_connection((host, port), timeout=WAIT).close()
    except OSError as error:
        raise UsageError(
            f"no cluster answers at {ADDRESS}={address} ({error.strerror or error}): start one "
            "with `ray start --head`, or unset it for a cluster on this machine"
        ) from None


def refused(address: str, error: BaseException) -> UsageError:
    """Return why a cluster could not be begun or joined, and what to do about it."""
    said = " ".join(str(error).split())[:LONGEST]
    if AUTHENTICATION.search(f"{type(error).__name__} {said}"):
        return UsageError(
            f"the cluster at {address or 'this machine'} wants its token: set RAY_AUTH_MODE=token "
            f"and RAY_AUTH_TOKEN to what `ray get-auth-token` prints there ({said})"
        )
    if address:  # somebody listens there, and Ray does not say if it is for want of a token
        return UsageError(
            f"the cluster at {address} does not let us in ({said}): if it was started with a "
            "token, set RAY_AUTH_MODE=token and RAY_AUTH_TOKEN to what `ray get-auth-token` prints "
            f"there; else check {ADDRESS}, or use --on processes"
        )
    return UsageError(f"Ray can't be used ({said}): check {ADDRESS}, or use --on processes")
