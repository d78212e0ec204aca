"""What a run asked of language models, and what that cost: by question, agent, round or kind."""

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

from repunet.models.ledger import DOLLAR
from repunet.record.attempts import LOST, SENT, SINCE
from repunet.record.journal import Journal

By: TypeAlias = Literal["operation", "agent", "round", "kind", "model"]
BY: tuple[By, ...] = get_args(By)
COLUMNS: dict[By, str] = {
    "operation": "operation",
    "agent": "actor",
    "round": "round",
    "kind": "kind",
    "model": "model",
}


@dataclass(frozen=True, slots=True)
class Cost:
    """Calls, tokens and dollars of some of a run's attempts."""

    of: str
    calls: int
    """Requests sent."""
    failed: int
    """Those of them that brought nothing that could be used."""
    input: int
    cached: int
    """Tokens of the input that the provider had seen before."""
    output: int
    reasoning: int
    estimated: int
    """Calls whose tokens the provider did not count."""
    possibly: int
    """Tokens that requests without an answer may have cost, at most."""
    possibly_dollars: float | None
    """What these tokens cost, at most; None where the price of any of them is not known."""
    dollars: float | None
    """None where the price of any of them is not known."""
    latency: float | None
    """Mean seconds to an answer."""

    @property
    def from_cache(self) -> float | None:
        """Return the share of the input that was seen before; None where nobody says of any."""
        return min(1.0, self.cached / self.input) if self.cached and self.input else None


def costs(journal: Journal, by: By) -> list[Cost]:
    """Return what was asked, one entry for each operation, agent, round, or kind of attempt."""
    if journal.schema < SINCE:
        return []
    column, order = COLUMNS[by], "1" if by == "round" else "2 DESC, 1"
    grouped = _query(column, f"GROUP BY {column} ORDER BY {order}")
    return [_cost(row) for row in journal.rows(grouped)]


def total(journal: Journal) -> Cost:
    """Return what was asked in all."""
    if journal.schema < SINCE:
        return Cost("all", 0, 0, 0, 0, 0, 0, 0, 0, 0.0, None, None)
    (row,) = journal.rows(_query("'all'", ""))
    return _cost(row)


def _query(column: str, group: str) -> str:
    lost = f"status IN ('{SENT}', '{LOST}')"
    return (
        f"SELECT {column}, count(*), coalesce(sum(status <> 'answered'), 0),"
        " coalesce(sum(input), 0), coalesce(sum(cached), 0), coalesce(sum(output), 0),"
        " coalesce(sum(reasoning), 0), coalesce(sum(estimated), 0),"
        f" coalesce(sum(CASE WHEN {lost} THEN reserved END), 0),"
        f" coalesce(sum(CASE WHEN {lost} THEN reserved_cost END), 0),"
        f" coalesce(sum({lost} AND reserved_cost IS NULL), 0),"
        " coalesce(sum(input IS NOT NULL AND cost IS NULL), 0), coalesce(sum(cost), 0),"
        " count(input), avg(CASE WHEN input IS NOT NULL THEN latency END)"
        f" FROM attempts WHERE NOT inherited {group}"
    )


def _cost(row: tuple[Any, ...]) -> Cost:
    of, calls, failed, taken, cached, given, reasoning, estimated, possibly, *rest = row
    reserved, unknown, unpriced, cost, answered, latency = rest
    return Cost(
        of=str(of),
        calls=calls,
        failed=failed,
        input=taken,
        cached=cached,
        output=given,
        reasoning=reasoning,
        estimated=estimated,
        possibly=possibly,
        possibly_dollars=None if unknown else reserved / DOLLAR,
        dollars=cost / DOLLAR if answered and not unpriced else None,
        latency=latency,
    )
