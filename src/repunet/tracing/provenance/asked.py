"""What models were asked for a decision, and what they said."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from repunet.models.ledger import DOLLAR
from repunet.prompts import Prompt
from repunet.record.attempts import SINCE, blob, messages
from repunet.record.journal import Journal

COLUMNS = (
    "id, kind, model, rung, status, why, finish, latency, input, cached, output, reasoning, "
    "estimated, cost, stale, inherited, answer"
)


@dataclass(frozen=True, slots=True)
class TracedAttempt:
    """A request that was sent for a decision, and what came of it."""

    id: int
    kind: str
    model: str
    rung: str
    status: str
    why: str | None
    finish: str | None
    latency: float | None
    input: int | None
    cached: int | None
    output: int | None
    reasoning: int | None
    estimated: bool
    dollars: float | None
    stale: bool
    inherited: bool
    said: str | None


@dataclass(frozen=True, slots=True)
class TracedReply:
    """The text that a decision was read from, how it was read, and the first words sent for it."""

    text: str | None = None
    parsing: str | None = None
    sent: Prompt | None = None

    def was_sent(self, prompt: Prompt) -> bool | None:
        """Tell whether exactly this was sent; None where nothing was."""
        return None if self.sent is None else self.sent == prompt


def attempts(journal: Journal, decision: str) -> tuple[TracedAttempt, ...]:
    """Return all requests for a decision, in the order in which they were sent."""
    if journal.schema < SINCE:
        return ()
    query = f"SELECT {COLUMNS} FROM attempts WHERE coordinate = ? ORDER BY id"
    return tuple(_attempt(journal, *row) for row in journal.rows(query, decision))


def _attempt(journal: Journal, *row: Any) -> TracedAttempt:
    *known, estimated, cost, stale, inherited, answer = row
    said = None if answer is None else blob(journal, answer)
    dollars = None if cost is None else cost / DOLLAR
    return _made(*known, bool(estimated), dollars, bool(stale), bool(inherited), said)


_made: Callable[..., TracedAttempt] = TracedAttempt


def raw(journal: Journal, decision: str) -> TracedReply:
    """Return what a decision was read from; nothing where no model was asked."""
    if journal.schema < SINCE:
        return TracedReply()
    query = (
        "SELECT d.parsing, a.answer, (SELECT min(id) FROM attempts WHERE coordinate = ?1 AND "
        "request = d.request) FROM decisions d LEFT JOIN attempts a ON a.id = d.attempt "
        "WHERE d.coordinate = ?1"
    )
    row = journal.row(query, decision)
    if row is None:
        return TracedReply()
    parsing, answer, first = row
    text = None if answer is None else blob(journal, answer)
    return TracedReply(text, parsing, None if first is None else _sent(journal, first))


def _sent(journal: Journal, attempt: int) -> Prompt:
    system, user = messages(journal, attempt)[:2]
    return Prompt(system.content, user.content)
