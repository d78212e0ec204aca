"""Paces: how many seconds a model takes to an answer, and who says so."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

from repunet.errors import RepuNetError
from repunet.models.endpoint import Endpoint
from repunet.models.serving import HERE
from repunet.record.attempts import ANSWERED, INVALID, SINCE
from repunet.record.journal import Journal
from repunet.record.storage import called

Case: TypeAlias = Literal["low", "likely", "high"]
ASSUMED = 2.0
"""Seconds to the slowest of the answers asked for at once, from a vendor's server."""
VARIES = 4.0
"""How many times as long it may take, and what part of it."""
LOOKED_AT = 100
"""Runs in which a model's answers are looked for, the newest first."""
OF_ONE = (
    "SELECT operation, count(*), avg(latency), min(latency), max(latency) FROM attempts "
    f"WHERE model = ? AND status IN ('{ANSWERED}', '{INVALID}') AND latency > 0 "
    "AND NOT inherited GROUP BY operation"
)


class QuestionPace(NamedTuple):
    """One kind of question, and the seconds to its answers."""

    operation: str
    answers: int
    mean: float
    least: float
    most: float


@dataclass(frozen=True, slots=True)
class AnswerPace:
    """Seconds to an answer of a model."""

    low: float
    likely: float
    high: float
    source: str
    """Where they are from, in words."""
    by_operation: Mapping[str, float] = field(default_factory=dict)
    """What is likely for each kind of question that was measured."""

    def of(self, case: Case, operation: str | None = None) -> float:
        """Return the seconds to an answer, to a kind of question where that was measured."""
        seconds: float = getattr(self, case)
        if operation is None or operation not in self.by_operation:
            return seconds
        return seconds / self.likely * self.by_operation[operation]

    def __str__(self) -> str:
        return f"low {self.low:.3g}, likely {self.likely:.3g}, high {self.high:.3g}, {self.source}"


def assumed(latency: float, source: str) -> AnswerPace:
    """Return the pace of a model whose answers take about so long."""
    return AnswerPace(latency / VARIES, latency, latency * VARIES, source)


def pace(endpoint: Endpoint, files: Iterable[Path]) -> AnswerPace | None:
    """Return the pace of a model as the newest runs measured it that asked it.

    Without one it is assumed for vendors' servers, and not known for a model on this machine.
    """
    found = measured(endpoint.name, files)
    if found is not None or endpoint.provider in HERE:
        return found
    return assumed(ASSUMED, "which is assumed, not measured")


def measured(model: str, files: Iterable[Path]) -> AnswerPace | None:
    """Return how long a model's answers took: each kind of question in the newest run that has it.

    Short questions say little of long ones, so that all kinds are looked for.
    """
    known: dict[str, QuestionPace] = {}
    runs: list[str] = []
    for path in _newest(files)[:LOOKED_AT]:
        with suppress(RepuNetError), Journal.open(path) as journal:
            new = {kind.operation: kind for kind in _kinds(journal, model)}
            runs += [called(path)] * bool(new.keys() - known.keys())
            known = new | known
    answers = sum(kind.answers for kind in known.values())
    if not answers:
        return None
    return AnswerPace(
        min(kind.least for kind in known.values()),
        sum(kind.answers * kind.mean for kind in known.values()) / answers,
        max(kind.most for kind in known.values()),
        f"as measured in {', '.join(runs)}, of {answers:,} answers",
        {name: kind.mean for name, kind in known.items()},
    )


def _kinds(journal: Journal, model: str) -> Iterator[QuestionPace]:
    if journal.schema >= SINCE:
        yield from (QuestionPace(*row) for row in journal.rows(OF_ONE, model))


def _newest(files: Iterable[Path]) -> list[Path]:
    """Return those that were written last first."""
    dated = []
    for path in files:
        with suppress(OSError):
            dated.append((path.stat().st_mtime, path))
    return [path for _, path in sorted(dated, reverse=True)]
