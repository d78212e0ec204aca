"""Many runs in one event loop, which share the wait for language models, and all limits."""

from asyncio import TaskGroup, sleep
from collections import deque
from collections.abc import Sequence

from repunet.experiment.cell import Job
from repunet.experiment.playing import play
from repunet.experiment.progress import Board
from repunet.experiment.shared_ledger import SharedLedger
from repunet.experiment.stopping import Stopping
from repunet.minds.language.terms import Terms

AT_ONCE = 16
"""Runs that are under way at the same time, if nothing is said: enough to keep a server busy, few
enough that a budget which runs out leaves most of the runs that were begun finished.
"""


class Local:
    """Executor that plays runs in this process."""

    def __init__(
        self, stopping: Stopping, at_once: int, terms: Terms, shared_ledger: SharedLedger
    ) -> None:
        self._stopping = stopping
        self._at_once = at_once
        self._terms = terms
        self._shared_ledger = shared_ledger

    async def play(self, jobs: Sequence[Job], board: Board) -> None:
        queue = deque(jobs)
        async with TaskGroup() as group:
            for _ in range(min(self._at_once, len(jobs))):
                group.create_task(self._play(queue, board))

    async def _play(self, queue: deque[Job], board: Board) -> None:
        while queue:
            job = queue.popleft()
            if self._stopping() or self._shared_ledger.exhausted:
                board.not_begun(job, self._shared_ledger.exhausted or "interrupted")
                continue
            board.began(job)
            board.ended(job, await play(job, board.round, self._stopping, self._terms))
            await sleep(0)
