"""A line to one model: every request is paced, paid for, sent, and written down."""

from asyncio import get_running_loop
from dataclasses import dataclass, replace

from repunet.attempts import ANSWERED, LOST, Kind, Name, Outcome, Sending
from repunet.chance import draw
from repunet.errors import RepuNetError, Stopped
from repunet.minds.language.correspondence import Correspondence
from repunet.models.batch import Batch
from repunet.models.failure import (
    Content,
    Failure,
    Overloaded,
    Permanent,
    RateLimited,
    TimedOut,
    Transient,
    Unacceptable,
    Unreachable,
    Unsupported,
)
from repunet.models.halt import Halted
from repunet.models.ladder import Ladder
from repunet.models.ledger import Reservation
from repunet.models.person import Person
from repunet.models.prices import Price
from repunet.models.request import (
    Reply,
    Request,
    Rung,
    Transport,
    Usage,
    worded,
)
from repunet.models.secrets import redacted
from repunet.models.throttle import Throttle

FIRST_DELAY, LONGEST_DELAY = 0.5, 30.0
"""Seconds between an attempt that failed and the next one; doubled each time."""
PAUSES_SPARED = 3
"""So often the pause that its endpoint is given is enough for a request that was one too many."""
UNKNOWN = 30.0
"""Seconds after which an endpoint is given up that has never answered anything."""
BYTES_A_TOKEN = 4
"""For estimates, where the provider does not count."""


class Unanswered(RepuNetError):  # noqa: N818
    """One request can't be answered, though the endpoint answers others."""

    def __init__(self, message: str, number: int) -> None:
        super().__init__(message)
        self.number = number
        """The last attempt."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A reply, and the attempt it belongs to."""

    number: int
    reply: Reply
    outcome: Outcome | None
    """What is to be written down; None for a reply that was on disk already."""


@dataclass(slots=True)
class Trouble:
    """How often, and since when, a request has failed."""

    failures: int = 0
    since: float = 0.0


class Line:
    """One model at the other end."""

    def __init__(
        self,
        name: str,
        transport: Transport,
        correspondence: Correspondence,
        throttle: Throttle,
        ladder: Ladder,
        price: Price | None,
        secrets: tuple[str, ...] = (),
    ) -> None:
        self.name = name
        self.secrets = secrets
        """Keys that are kept out of what is said, whoever says it."""
        self.correspondence = correspondence
        self._transport = transport
        self._throttle = throttle
        self._ladder = ladder
        self._price = price
        self._patient = isinstance(transport, Person)
        self._is_known = correspondence.log.has_heard(name)
        """Whether it has ever answered: then it is up to a request if it is not answered."""

    async def exchange(self, request: Request, name: Name, kind: Kind) -> Letter:
        """Return the reply to a request: the one that is on disk, or a new one.

        Raises Unanswered, and Stopped where nothing will be answered.
        """
        received = self.correspondence.log.received(name.coordinate, request)
        if received is not None:
            return Letter(*received, None)
        if self.correspondence.batch is not None and not self._patient:
            return await self._by_file(self.correspondence.batch, request, name, kind)
        if kind == "first" and self.correspondence.log.has_tried(name.coordinate, request):
            kind = "retry"
        trouble = Trouble()
        while True:
            self.correspondence.require_open()
            async with self._ladder.admitted() as rung:
                sending = self._sending(request, name, kind, rung)
                try:
                    return await self._send(sending)
                except Failed as failed:
                    await self._recover(failed, sending, trouble)
            kind = "retry"

    async def _by_file(self, batch: Batch, request: Request, name: Name, kind: Kind) -> Letter:
        """Return the answer that is in the folder; else put the request there, and stop."""
        correspondence, sending = self.correspondence, self._sending(request, name, kind, "schema")
        reservation = await correspondence.reserve(sending)
        reply = batch.reply(request, name.coordinate)
        if reply is None:
            batch.put(request, name.coordinate)
            correspondence.ledger.settle(reservation, sending.reserved, sending.reserved_cost)
            raise correspondence.awaiting()
        number = await correspondence.log.began(sending, correspondence.round)
        return self._received(sending, reservation, number, reply, None)

    def _sending(self, request: Request, name: Name, kind: Kind, rung: Rung) -> Sending:
        bound = Usage(request.bound - request.sampling.max_tokens, request.sampling.max_tokens)
        return Sending(
            name=name,
            kind=kind,
            model=self.name,
            rung=rung,
            request=request,
            dropped=tuple(sorted(getattr(self._transport, "dropped", ()))),
            reserved=bound.total,
            reserved_cost=None if self._price is None else self._price.cost(bound),
        )

    async def _send(self, sending: Sending) -> Letter:
        correspondence, request = self.correspondence, sending.request
        reservation = await correspondence.reserve(sending)
        try:
            async with self._throttle.slot(_estimate(request, ""), correspondence.halted):
                return await self._sent(sending, reservation)
        except Halted:
            correspondence.ledger.release(reservation)
            raise correspondence.stopped() from None

    async def _sent(self, sending: Sending, reservation: Reservation) -> Letter:
        correspondence, now = self.correspondence, get_running_loop().time
        number = await correspondence.log.began(sending, correspondence.round)
        asked, began = worded(sending.request, sending.rung), now()
        try:
            reply = await correspondence.in_time(
                self._transport.send(asked, sending.rung, sending.name.coordinate),
                patient=self._patient,
            )
        except Stopped as stopped:
            raise correspondence.stop(str(stopped)) from None
        except Failure as failure:
            self._slow_down(failure)
            await self._fail(failure, sending, reservation, number, now() - began)
            raise Failed(failure, number) from failure
        if reply.finish == "stop":
            self._ladder.heard(sending.rung, reply.text)
        self._is_known = True
        return self._received(sending, reservation, number, reply, round(now() - began, 4))

    def _received(
        self,
        sending: Sending,
        reservation: Reservation,
        number: int,
        reply: Reply,
        latency: float | None,
    ) -> Letter:
        reply = replace(reply, text=redacted(reply.text, *self.secrets))
        usage = reply.usage or _estimated(sending.request, reply)
        cost = None if self._price is None else self._price.cost(usage)
        self.correspondence.ledger.settle(reservation, usage.total, cost)
        return Letter(number, reply, Outcome(ANSWERED, None, reply, usage, cost, latency))

    async def _fail(
        self,
        failure: Failure,
        sending: Sending,
        reservation: Reservation,
        number: int,
        latency: float,
    ) -> None:
        """Write down a failure; one that may have been charged for counts in full."""
        correspondence, lost = self.correspondence, failure.charged
        tokens, cost = (sending.reserved, sending.reserved_cost) if lost else (0, 0)
        correspondence.ledger.settle(reservation, tokens, cost)
        status = LOST if lost else failure.status
        outcome = Outcome(status, str(failure), latency=round(latency, 4))
        await correspondence.log.ended(number, outcome, round_=correspondence.round)

    def _slow_down(self, failure: Failure) -> None:
        """Take a sign of congestion to heart before anything else is sent."""
        if isinstance(failure, RateLimited):
            self._throttle.rate_limited(failure.retry_after or None)  # 0 says nothing
        elif isinstance(failure, TimedOut | Overloaded) or failure.retry_after is not None:
            self._throttle.congested(failure.retry_after or 0.0)

    async def _recover(self, failed: "Failed", sending: Sending, trouble: Trouble) -> None:
        """Prepare to send it again; raise where that makes no sense."""
        match failed.failure:
            case Unsupported(parameter=str()):
                return
            case Unsupported() as failure:
                if not self._ladder.refused(sending.rung):
                    raise self._given_up(f"{failure}")
                return
            case Unacceptable() as failure if self._is_known:
                raise Unanswered(f"not accepted: {failure}", failed.number)
            case Permanent() as failure:
                raise self._given_up(f"{failure}")
            case Content() as failure:
                raise Unanswered(f"refused: {failure}", failed.number)
            case TimedOut() | Overloaded() | Unreachable():
                pass
            case Transient():
                self._ladder.failed(sending.rung)
        await self._wait(failed, sending, trouble)

    async def _wait(self, failed: "Failed", sending: Sending, trouble: Trouble) -> None:
        """Wait before it is sent again; raise where that has been done for long enough."""
        failure, now = failed.failure, get_running_loop().time()
        if not trouble.failures:
            trouble.since = now
        trouble.failures += 1
        deadline = self.correspondence.allowance.deadline
        patience = deadline if self._is_known else min(UNKNOWN, deadline)
        left, asked_for = trouble.since + patience - now, failure.retry_after or 0.0
        if left <= 0 or asked_for > patience:
            if self._is_known and not isinstance(failure, Unreachable | RateLimited):
                raise Unanswered(f"no answer in time: {failure}", failed.number)
            tried = f"tried {trouble.failures} times in {now - trouble.since:.0f} s"
            raise self._given_up(f"{failure}; {tried}")
        patient = PAUSES_SPARED if isinstance(failure, RateLimited) else 0
        delay = min(LONGEST_DELAY, FIRST_DELAY * 2.0 ** (trouble.failures - 1 - patient))
        if trouble.failures > patient:
            delay *= 0.5 + draw(0, sending.name.coordinate, trouble.failures)
            await self.correspondence.pause(min(max(delay, asked_for), left))

    def _given_up(self, why: str) -> Stopped:
        return self.correspondence.stop(f"{self.name} does not answer: {why}")


class Failed(Exception):  # noqa: N818
    """A request failed, and that has been written down."""

    def __init__(self, failure: Failure, number: int) -> None:
        super().__init__(str(failure))
        self.failure = failure
        self.number = number


def _estimate(request: Request, text: str) -> int:
    size = sum(len(message.content.encode()) for message in request.messages)
    return (size + len(text.encode())) // BYTES_A_TOKEN


def _estimated(request: Request, reply: Reply) -> Usage:
    return Usage(_estimate(request, ""), len(reply.text.encode()) // BYTES_A_TOKEN, estimated=True)
