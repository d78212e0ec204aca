"""How far an experiment is: one account of all its runs, wherever they are played."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from repunet.experiment.cell import Job
from repunet.experiment.outcome import JobOutcome, Status
from repunet.models.ledger import Ledger, Spending

Listener = Callable[[Job, JobOutcome | None], None]
"""Is told of every round of a run, and of its outcome."""


class Board:
    """Progress of all runs of an experiment, the earlier ones included."""

    def __init__(self, jobs: Sequence[Job], before: Mapping[str, JobOutcome]) -> None:
        self.jobs = tuple(jobs)
        self.ledger: Ledger | None = None
        """What all of them spend from, if they do."""
        self.listener: Listener = lambda job, outcome: None
        self.outcomes = {id_: seen for id_, seen in before.items() if seen.status != "stopped"}
        self._before = dict(before)
        self._rounds = {id_: seen.rounds for id_, seen in before.items()}
        self._running: set[str] = set()

    def began(self, job: Job) -> None:
        """Note that a run is being played."""
        self._running.add(job.id)
        self.outcomes.pop(job.id, None)
        self.listener(job, None)

    def round(self, job: Job, number: int) -> None:
        """Note that a round is committed."""
        self._rounds[job.id] = number
        self.listener(job, None)

    def ended(self, job: Job, outcome: JobOutcome) -> None:
        """Note what became of a run."""
        self._running.discard(job.id)
        self._rounds[job.id] = outcome.rounds
        self.outcomes[job.id] = outcome
        self.listener(job, outcome)

    def not_begun(self, job: Job, reason: str) -> None:
        """Note that a run is left as it was."""
        self.outcomes[job.id] = self._before.get(job.id, JobOutcome("stopped")).because(reason)
        self.listener(job, None)

    def outcome(self, job: Job) -> JobOutcome:
        """Return what became of a run, as far as that is known."""
        rounds = self._rounds.get(job.id, 0)
        return self.outcomes.get(job.id) or JobOutcome("stopped", "interrupted", rounds)

    def with_status(self, *statuses: Status) -> list[Job]:
        """Return the runs of which that became, in their order."""
        return [job for job in self.jobs if self.status(job) in statuses]

    def status(self, job: Job) -> Status | None:
        """Return what became of a run; None as long as it is to come."""
        return self.outcomes[job.id].status if job.id in self.outcomes else None

    @property
    def counts(self) -> Counter[str]:
        """Return how many runs there are of each status, and how many are running."""
        counted = Counter[str](outcome.status for outcome in self.outcomes.values())
        counted["running"] = len(self._running)
        return counted

    @property
    def rounds(self) -> tuple[int, int]:
        """Return how many rounds are committed, and how many there are to be."""
        done = sum(min(self._rounds.get(job.id, 0), job.rounds) for job in self.jobs)
        return done, sum(job.rounds for job in self.jobs)

    @property
    def longer(self) -> list[Job]:
        """Return the runs that have more rounds than are asked for now."""
        return [job for job in self.jobs if self._rounds.get(job.id, 0) > job.rounds]

    @property
    def spending(self) -> Spending:
        """Return what was asked of language models, for all runs, in all sessions."""
        if self.ledger is not None:
            return self.ledger.booked
        known = {**self._before, **self.outcomes}.values()
        return sum((outcome.spending for outcome in known), Spending())
