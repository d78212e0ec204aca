"""The record of what was asked of models: every request ever sent, and what came of it.

It is the cache, too: an answer that was paid for is on disk before anybody sees it, and is found
there under the name of its decision and the request that it answers.
"""

import json
import time
import zlib
from asyncio import Future, get_running_loop
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from hashlib import sha256
from sqlite3 import Connection
from typing import Any, Literal, NamedTuple

from repunet.errors import RepuNetError
from repunet.models.request import Finish, Message, OutputMode, Reply, Request, Usage
from repunet.record.journal import Journal
from repunet.record.safe_opening import unpacked

Kind = Literal["first", "retry", "repair", "room"]
"""Why it was sent: for the first time; again, after it failed; with what was wrong; with more room.
"""
SENT, ANSWERED, INVALID, LOST = "sent", "answered", "invalid", "lost"
"""On its way; understood; not understood; perhaps counted by the provider, but never received."""
SINCE = 2
"""The version of the run file that first held attempts."""
RECEIVED = f"('{ANSWERED}', '{INVALID}')"


class Name(NamedTuple):
    """The name of a decision, in the words of the journal."""

    coordinate: str
    operation: str
    actor: str
    target: str | None = None


@dataclass(frozen=True, slots=True)
class Sending:
    """A request that is about to be sent."""

    name: Name
    kind: Kind
    model: str
    mode: OutputMode
    request: Request
    dropped: tuple[str, ...] = ()
    """Parameters that the endpoint does not know, and that are left out."""
    reserved: int = 0
    """Tokens that it can cost at most."""
    reserved_cost: int | None = None
    """Billionths of a dollar; None where the price is not known."""


@dataclass(frozen=True, slots=True)
class AttemptOutcome:
    """Outcome of a request."""

    status: str
    why: str | None = None
    reply: Reply | None = None
    usage: Usage | None = None
    cost: int | None = None
    latency: float | None = None


@dataclass(frozen=True, slots=True)
class DecisionTaken:
    """A decision that is on disk, and the request that led to it."""

    name: Name
    request: str
    attempt: int
    answer: str | None
    """As JSON; None if it could not be had."""
    parsing: str | None = None
    why: str | None = None
    """Why it could not be had."""


class Spent(NamedTuple):
    """Sum of what was asked for so far; what was never answered counts in full.

    What was refused, as by a server that has too much to do, took nothing, and does not count.
    """

    calls: int
    tokens: int
    cost: int
    """Billionths of a dollar, where the price is known."""
    unpriced: int
    """Calls whose price is not known."""


class AttemptLog:
    """The attempts of a run, for whoever adds to them."""

    def __init__(self, journal: Journal) -> None:
        journal.paid = True
        self.journal = journal
        self._queue: list[tuple[Callable[[Connection], None], Future[None]]] = []
        self._stored: set[str] = set()
        self._replies: dict[tuple[str, str], tuple[int, Reply]] = {}
        self._decided: dict[str, DecisionTaken] = {}
        self._tried: set[tuple[str, str]] = set()
        self._last = 0
        self.asks_anew = False
        """Whether decisions of the round at hand were set aside, so that others may change too."""
        if _has_attempts(journal):
            self._load(journal.rounds + 1)

    def _load(self, round_: int) -> None:
        """Read what is known of a round that has not been finished."""
        (self._last,) = self.journal.row("SELECT coalesce(max(id), 0) FROM attempts") or (0,)
        query = (
            "SELECT id, coordinate, request, answer, finish, input, output, cached, reasoning, "
            f"estimated, provider_id, served FROM attempts WHERE round >= ? AND NOT stale "
            f"AND status IN {RECEIVED} ORDER BY id"
        )
        tried = "SELECT coordinate, request FROM attempts WHERE round >= ? AND NOT stale"
        self._tried = {(name, request) for name, request in self.journal.rows(tried, round_)}
        for number, coordinate, request, *said in self.journal.rows(query, round_):
            self._replies[coordinate, request] = number, self._reply(*said)
        query = (
            "SELECT coordinate, operation, actor, target, request, attempt, answer, parsing, why "
            "FROM decisions WHERE round >= ?"
        )
        stale = "SELECT 1 FROM attempts WHERE round >= ? AND stale LIMIT 1"
        self.asks_anew = self.journal.row(stale, round_) is not None
        for row in self.journal.rows(query, round_):
            self._decided[row[0]] = DecisionTaken(Name(*row[:4]), *row[4:])

    def _reply(self, answer: str, finish: Finish, *rest: Any) -> Reply:
        taken, given, cached, reasoning, estimated, provider_id, served = rest
        usage = Usage(taken, given, cached, reasoning, bool(estimated))
        return Reply(blob(self.journal, answer), finish, usage, provider_id, served)

    def decided(self, coordinate: str) -> DecisionTaken | None:
        """Return the decision of that name in the round at hand, if it has been made."""
        return self._decided.get(coordinate)

    def known(self) -> tuple[DecisionTaken, ...]:
        """Return all decisions of the round at hand that are on disk."""
        return tuple(self._decided.values())

    def has_heard(self, model: str) -> bool:
        """Tell whether a model has ever answered anything in this run."""
        query = f"SELECT 1 FROM attempts WHERE model = ? AND status IN {RECEIVED} LIMIT 1"
        return _has_attempts(self.journal) and self.journal.row(query, model) is not None

    def received(self, coordinate: str, request: Request) -> tuple[int, Reply] | None:
        """Return what that request, for that decision, has been answered already."""
        return self._replies.get((coordinate, request.key))

    def has_tried(self, coordinate: str, request: Request) -> bool:
        """Tell whether that request was sent for that decision before this process began."""
        return (coordinate, request.key) in self._tried

    def useless(self, coordinate: str, request: Request, text: str) -> str | None:
        """Return why this answer, to that request, was set aside, None if it was not."""
        if not _has_attempts(self.journal):
            return None
        query = (
            "SELECT why FROM attempts WHERE coordinate = ? AND request = ? AND answer = ? AND stale"
        )
        row = self.journal.row(query, coordinate, request.key, address(text))
        return None if row is None else str(row[0] or "it could not be used")

    async def began(self, sending: Sending, round_: int) -> int:
        """Write down that a request is about to be sent; return its number once that is safe."""
        self._last += 1
        number, request = self._last, sending.request
        contents = [message.content for message in request.messages]
        schema = json.dumps(request.schema, ensure_ascii=False)
        roles = [message.role for message in request.messages]
        row = {
            "id": number,
            "round": round_,
            "coordinate": sending.name.coordinate,
            "operation": sending.name.operation,
            "actor": sending.name.actor,
            "kind": sending.kind,
            "model": sending.model,
            "rung": sending.mode,
            "request": request.key,
            "messages": json.dumps(list(zip(roles, map(address, contents), strict=True))),
            "schema": address(schema),
            "sampling": json.dumps(asdict(request.sampling)),
            "dropped": " ".join(sending.dropped),
            "sent": time.time(),
            "reserved": sending.reserved,
            "reserved_cost": sending.reserved_cost,
            "status": SENT,
        }
        await self._write(lambda connection: self._insert(connection, row, [*contents, schema]))
        return number

    def _insert(self, connection: Connection, row: dict[str, Any], texts: Iterable[str]) -> None:
        for text in texts:
            self._store(connection, text)
        marks = ", ".join(f":{name}" for name in row)
        connection.execute(f"INSERT INTO attempts ({', '.join(row)}) VALUES ({marks})", row)

    def _store(self, connection: Connection, text: str) -> None:
        where = address(text)
        if where not in self._stored:
            body = zlib.compress(text.encode(), 3)
            connection.execute("INSERT OR IGNORE INTO blobs VALUES (?, ?)", (where, body))
            self._stored.add(where)

    async def ended(
        self,
        number: int,
        outcome: AttemptOutcome,
        decided: DecisionTaken | None = None,
        *,
        round_: int,
    ) -> None:
        """Write down what came of a request, and with it the decision it led to."""
        usage, reply = outcome.usage, outcome.reply
        row = {
            "id": number,
            "status": outcome.status,
            "why": outcome.why,
            "answer": None if reply is None else address(reply.text),
            "finish": None if reply is None else reply.finish,
            "latency": outcome.latency,
            "input": usage and usage.input,
            "cached": usage and usage.cached,
            "output": usage and usage.output,
            "reasoning": usage and usage.reasoning,
            "estimated": usage and int(usage.estimated),
            "cost": outcome.cost,
            "provider_id": reply and reply.id,
            "served": reply and reply.served,
        }
        changes = ", ".join(f"{name} = :{name}" for name in row if name != "id")

        def write(connection: Connection) -> None:
            if reply is not None:
                self._store(connection, reply.text)
            connection.execute(f"UPDATE attempts SET {changes} WHERE id = :id", row)
            if decided is not None:
                _decide(connection, decided, round_)

        await self._write(write)
        self._keep(decided)

    async def reread(
        self, number: int, status: str | None, decided: DecisionTaken | None = None, *, round_: int
    ) -> None:
        """Write down what a reply that had been received before was found to mean."""

        def write(connection: Connection) -> None:
            if status is not None:
                connection.execute("UPDATE attempts SET status = ? WHERE id = ?", (status, number))
            if decided is not None:
                _decide(connection, decided, round_)

        await self._write(write)
        self._keep(decided)

    def _keep(self, decided: DecisionTaken | None) -> None:
        if decided is not None:
            self._decided[decided.name.coordinate] = decided

    def set_aside(self, coordinates: Iterable[str]) -> None:
        """Forget what was said to these decisions, so that they are asked anew."""
        names = frozenset(coordinates)
        with self.journal.transaction() as connection:
            for name in sorted(names):
                connection.execute("UPDATE attempts SET stale = 1 WHERE coordinate = ?", (name,))
                connection.execute("DELETE FROM decisions WHERE coordinate = ?", (name,))
                self._decided.pop(name, None)
        self._replies = {key: said for key, said in self._replies.items() if key[0] not in names}
        self._tried = {key for key in self._tried if key[0] not in names}
        self.asks_anew = self.asks_anew or bool(names)

    def forget(self) -> None:
        """Let go of the answers of a round that has been committed."""
        self._replies.clear()
        self._decided.clear()
        self.asks_anew = False

    def spent(self) -> Spent:
        """Return what this run has asked for so far; what it inherited by a fork was not."""
        return spent(self.journal)

    async def _write(self, write: Callable[[Connection], None]) -> None:
        """Write; return once it is safe. What comes up in one turn of the loop is one commit."""
        loop = get_running_loop()
        written: Future[None] = loop.create_future()
        self._queue.append((write, written))
        if len(self._queue) == 1:
            loop.call_soon(self._flush)
        await written

    def _flush(self) -> None:
        queue, self._queue = self._queue, []
        failure: Exception | None = None
        try:
            with self.journal.transaction() as connection:
                for write, _ in queue:
                    write(connection)
        except Exception as error:  # noqa: BLE001 - whoever waits must learn of it
            failure = error
        for _, written in queue:
            if written.done():
                continue
            if failure is None:
                written.set_result(None)
            else:
                written.set_exception(failure)


def _decide(connection: Connection, decided: DecisionTaken, round_: int) -> None:
    name = decided.name
    connection.execute(
        "INSERT OR REPLACE INTO decisions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            name.coordinate,
            round_,
            name.operation,
            name.actor,
            name.target,
            decided.request,
            decided.attempt,
            decided.parsing,
            decided.answer,
            decided.why,
        ),
    )


def _has_attempts(journal: Journal) -> bool:
    return journal.schema >= SINCE


def address(text: str) -> str:
    """Return the hash under which a text is stored."""
    return sha256(text.encode()).hexdigest()


def blob(journal: Journal, where: str) -> str:
    """Return the text that is stored under a hash; raises RepuNetError if it is not there."""
    row = journal.row("SELECT body FROM blobs WHERE hash = ?", where)
    try:
        if row is not None:
            return unpacked(row[0]).decode()
    except ValueError:
        pass
    raise RepuNetError(f"{journal.path} lacks a text that it names, or it is damaged: {where}")


def messages(journal: Journal, attempt: int) -> tuple[Message, ...]:
    """Return the dialogue that an attempt sent."""
    row = journal.row("SELECT messages FROM attempts WHERE id = ?", attempt)
    if row is None:
        raise RepuNetError(f"{journal.path} has no attempt {attempt}")
    return tuple(Message(role, blob(journal, where)) for role, where in json.loads(row[0]))


def reply_to(journal: Journal, coordinate: str) -> str | None:
    """Return the text from which a decision was read, None if it was not read from any."""
    if not _has_attempts(journal):
        return None
    query = (
        "SELECT a.answer FROM decisions d JOIN attempts a ON a.id = d.attempt "
        "WHERE d.coordinate = ? AND d.answer IS NOT NULL"
    )
    row = journal.row(query, coordinate)
    return None if row is None or row[0] is None else blob(journal, row[0])


def spent(journal: Journal) -> Spent:
    """Return what a run has asked for so far."""
    if not _has_attempts(journal):
        return Spent(0, 0, 0, 0)
    unseen = f"status IN ('{SENT}', '{LOST}')"
    row = journal.row(
        f"SELECT coalesce(sum({unseen} OR status IN {RECEIVED} OR input IS NOT NULL), 0),"
        f" coalesce(sum(CASE WHEN {unseen} THEN reserved ELSE coalesce(input + output, 0) END), 0),"
        f" coalesce(sum(CASE WHEN {unseen} THEN reserved_cost ELSE cost END), 0),"
        f" coalesce(sum(CASE WHEN {unseen} THEN reserved_cost IS NULL"
        f" ELSE status IN {RECEIVED} AND cost IS NULL END), 0)"
        " FROM attempts WHERE NOT inherited"
    )
    return Spent(*(row or (0, 0, 0, 0)))
