"""Outcomes: what became of the runs of an experiment."""

import json
from dataclasses import asdict, dataclass, field, replace
from typing import Literal, TypeAlias, get_args

from repunet.errors import RepuNetError
from repunet.experiment.cell import Seen
from repunet.models.ledger import Spending

Status: TypeAlias = Literal["done", "stopped", "elsewhere", "failed"]
"""At its planned end; stopped at a committed round; written by another process; impossible."""
STATUSES: tuple[Status, ...] = get_args(Status)
ANSWER_FIRST = ", then: repunet resume"
GO_ON, NOTHING_LOST = "; to go on: ", "; nothing is lost"


@dataclass(frozen=True, slots=True)
class JobOutcome:
    """Outcome of one run of an experiment."""

    status: Status
    reason: str = ""
    rounds: int = 0
    digest: str | None = None
    spending: Spending = field(default_factory=Spending)
    mind: str = ""
    """Which minds made it, as far as it was played."""

    @classmethod
    def of(cls, seen: Seen | None, status: Status, reason: str = "") -> "JobOutcome":
        """Return what became of a run whose file was seen, if there is one."""
        if seen is None:
            return cls(status, reason)
        return cls(status, reason, seen.rounds, seen.digest, seen.spending, seen.mind)

    def because(self, reason: str) -> "JobOutcome":
        """Return the same for another reason."""
        return replace(self, reason=reason)

    def to_json(self) -> str:
        """Return it in one line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "JobOutcome":
        """Return what was sent."""
        values = json.loads(text)
        return cls(**{**values, "spending": Spending(**values["spending"])})


def why(error: BaseException) -> str:
    """Return the reason why a run ended, without how to go on with that run alone."""
    if isinstance(error, RepuNetError):
        said = str(error).partition(GO_ON)[0].partition(ANSWER_FIRST)[0]
        return said.removesuffix(NOTHING_LOST)
    place, trace = "", error.__traceback__
    while trace is not None:
        place, trace = f" ({trace.tb_frame.f_code.co_filename}:{trace.tb_lineno})", trace.tb_next
    return f"{type(error).__name__}: {' '.join(str(error).split())}{place}"
