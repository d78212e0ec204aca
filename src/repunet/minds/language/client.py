"""A line to one model: every request is paced, paid for, sent, and written down."""

from asyncio import get_running_loop
from dataclasses import dataclass, replace

from repunet.chance import draw
from repunet.errors import RepuNetError, Stopped
from repunet.minds.language.session import UNHEARD, ModelSession
from repunet.models.batch import Batch
from repunet.models.cancellation import Halted
from repunet.models.failure import (
    Content,
    Failure,
    Interrupted,
    Overloaded,
    Permanent,
    RateLimited,
    TimedOut,
    TooLarge,
    Transient,
    Unacceptable,
    Unreachable,
    Unsupported,
)
from repunet.models.ledger import Reservation
from repunet.models.local import LocalTransport
from repunet.models.output_mode import NegotiatedMode
from repunet.models.person import PersonTransport
from repunet.models.prices import Price
from repunet.models.redaction import redacted
from repunet.models.request import (
    OutputMode,
    Reply,
    Request,
    Transport,
    Usage,
    worded,
)
from repunet.models.throttle import Throttle
from repunet.record.attempts import ANSWERED, LOST, AttemptOutcome, Kind, Name, Sending

FIRST_DELAY, LONGEST_DELAY = 0.5, 30.0
"""Seconds between an attempt that failed and the next one; doubled each time."""
PAUSES_SPARED = 3
"""So often the pause that its endpoint is given is enough for a request that was one too many."""
UNKNOWN = 30.0
"""Seconds after which an endpoint is given up that has never answered, nor said to be busy."""
TRIES = 4
"""So often a request is sent that its server does not take: that may have been an accident."""
SILENT = 3
"""So many requests that come to their deadline one after another show that nobody is there."""
MORE = 2
"""How many times as much room is given to an answer that was cut off."""
BYTES_A_TOKEN = 4
"""For estimates, where the provider does not count."""


class Unanswered(RepuNetError):  # noqa: N818
    """One request can't be answered, though the endpoint answers others."""

    def __init__(self, message: str, number: int) -> None:
        super().__init__(message)
        self.number = number
        """The last attempt."""


@dataclass(frozen=True, slots=True)
class ModelResponse:
    """A reply, and the attempt it belongs to."""

    number: int
    reply: Reply
    outcome: AttemptOutcome | None
    """What is to be written down; None for a reply that was on disk already."""


class Failed(Exception):  # noqa: N818
    """A request failed, and that has been written down."""

    def __init__(self, failure: Failure, number: int) -> None:
        super().__init__(str(failure))
        self.failure = failure
        self.number = number


@dataclass(slots=True, eq=False)
class RetryState:
    """Count and beginning of a request's failures."""

    began: float | None = None
    """When it was sent first."""
    since: float = 0.0
    """When it failed first."""
    failures: int = 0
    last: Failed | None = None
    roomy: bool = False
    """Whether it is for more room than there was at first."""
    refusals: int = 0
    """How often it was not taken as it was."""


class ModelClient:
    """One model at the other end."""

    def __init__(
        self,
        name: str,
        transport: Transport,
        session: ModelSession,
        throttle: Throttle,
        negotiated: NegotiatedMode,
        price: Price | None,
        secrets: tuple[str, ...] = (),
    ) -> None:
        self.name = name
        self.secrets = secrets
        """Keys that are kept out of what is said, whoever says it."""
        self.session = session
        self._transport = transport
        self._throttle = throttle
        self._negotiated = negotiated
        self._price = price
        self._patient = isinstance(transport, PersonTransport)
        self._computes_here = isinstance(transport, LocalTransport)
        self._is_known = session.log.has_heard(name)
        """Whether it has ever answered: then it is up to a request if it is not answered."""
        self._heard_at = 0.0
        self._unheard = 0
        """How many requests came to their deadline since anything was heard."""
        self._unsent: set[RetryState] = set()
        """The requests that have not been sent yet, as they wait for their turn."""

    async def exchange(self, request: Request, name: Name, kind: Kind) -> ModelResponse:
        """Return the reply to a request: the one that is on disk, or a new one.

        Raises Unanswered, and Stopped where nothing will be answered.
        """
        received = self.session.log.received(name.coordinate, request)
        if received is not None:
            return ModelResponse(*received, None)
        if self.session.batch is not None and not self._patient:
            return await self._by_file(self.session.batch, request, name, kind)
        if kind == "first" and self.session.log.has_tried(name.coordinate, request):
            kind = "retry"
        trial = RetryState(roomy=kind == "room")
        self._unsent.add(trial)
        try:
            return await self._answered(request, name, kind, trial)
        except TimeoutError:
            raise self._out_of_time(trial) from None
        finally:
            self._unsent.discard(trial)

    async def _answered(
        self, request: Request, name: Name, kind: Kind, trial: RetryState
    ) -> ModelResponse:
        """Send a request until it is answered; raises TimeoutError once it waits for too long."""
        while True:
            self.session.require_open()
            async with self._negotiated.admitted(self._end(trial)) as mode:
                sending = self._sending(request, name, kind, mode)
                try:
                    return await self._send(sending, trial)
                except Failed as failed:
                    trial.last = failed
                    await self._recover(failed, sending, trial)
            kind = "retry"

    async def _by_file(
        self, batch: Batch, request: Request, name: Name, kind: Kind
    ) -> ModelResponse:
        """Return the answer that is in the folder; else put the request there, and stop."""
        session, sending = self.session, self._sending(request, name, kind, "schema")
        reservation = await session.reserve(sending)
        reply = batch.reply(request, name.coordinate)
        useless = None if reply is None else self._useless(reply, request, name)
        if reply is None or useless is not None:
            batch.put(request, name.coordinate, useless)
            session.ledger.settle(reservation, sending.reserved, sending.reserved_cost)
            raise session.awaiting()
        number = await session.log.began(sending, session.round)
        return self._received(sending, reservation, number, reply, None)

    def _useless(self, reply: Reply, request: Request, name: Name) -> str | None:
        """Return why this very answer could not be used before, None if it was not tried."""
        text = redacted(reply.text, *self.secrets)
        return self.session.log.useless(name.coordinate, request, text)

    def _sending(self, request: Request, name: Name, kind: Kind, mode: OutputMode) -> Sending:
        bound = Usage(request.bound - request.sampling.max_tokens, request.sampling.max_tokens)
        return Sending(
            name=name,
            kind=kind,
            model=self.name,
            mode=mode,
            request=request,
            dropped=tuple(sorted(getattr(self._transport, "dropped", ()))),
            reserved=bound.total,
            reserved_cost=None if self._price is None else self._price.cost(bound),
        )

    async def _send(self, sending: Sending, trial: RetryState) -> ModelResponse:
        session, estimate = self.session, _estimate(sending.request, "")
        reservation = await session.reserve(sending)
        try:
            async with self._throttle.slot(estimate, session.halted, self._end(trial)):
                return await self._sent(sending, reservation, trial)
        except TimeoutError:
            session.ledger.release(reservation)
            raise
        except Halted:
            session.ledger.release(reservation)
            raise session.stopped() from None

    async def _sent(
        self, sending: Sending, reservation: Reservation, trial: RetryState
    ) -> ModelResponse:
        session, now = self.session, get_running_loop().time
        number = await session.log.began(sending, session.round)
        self._unsent.discard(trial)
        asked, began = worded(sending.request, sending.mode), now()
        trial.began = began if trial.began is None else trial.began
        try:
            reply = await session.in_time(
                self._transport.send(asked, sending.mode, sending.name.coordinate),
                None if self._patient else self._time_for(trial, began),
            )
        except Stopped as stopped:
            raise session.stop(str(stopped)) from None
        except Failure as failure:
            self._slow_down(failure)
            await self._fail(failure, sending, reservation, number, now() - began)
            raise Failed(failure, number) from failure
        if reply.finish in ("stop", "unknown"):
            self._negotiated.heard(sending.mode, reply.text, whole=reply.finish == "stop")
        self._is_known, self._heard_at, self._unheard = True, now(), 0
        return self._received(sending, reservation, number, reply, round(now() - began, 4))

    def _received(
        self,
        sending: Sending,
        reservation: Reservation,
        number: int,
        reply: Reply,
        latency: float | None,
    ) -> ModelResponse:
        reply = replace(reply, text=redacted(reply.text, *self.secrets))
        usage = reply.usage or _estimated(sending.request, reply)
        cost = None if self._price is None else self._price.cost(usage)
        self.session.ledger.settle(reservation, usage.total, cost)
        return ModelResponse(
            number, reply, AttemptOutcome(ANSWERED, None, reply, usage, cost, latency)
        )

    async def _fail(
        self,
        failure: Failure,
        sending: Sending,
        reservation: Reservation,
        number: int,
        latency: float,
    ) -> None:
        """Write down a failure; one that may have been charged for counts in full, others not."""
        session, usage, cost = self.session, failure.usage, None
        if usage is not None:
            cost = None if self._price is None else self._price.cost(usage)
            session.ledger.settle(reservation, usage.total, cost)
        elif failure.charged:
            session.ledger.settle(reservation, sending.reserved, sending.reserved_cost)
        else:
            session.ledger.release(reservation)
        status = LOST if failure.charged else failure.status
        seconds = round(latency, 4)
        outcome = AttemptOutcome(status, str(failure), usage=usage, cost=cost, latency=seconds)
        await session.log.ended(number, outcome, round_=session.round)

    def _slow_down(self, failure: Failure) -> None:
        """Take a sign of congestion to heart before anything else is sent."""
        asked_for = self._asked_for(failure)
        if isinstance(failure, RateLimited):
            self._throttle.rate_limited(asked_for or None)  # 0 says nothing
        elif isinstance(failure, TimedOut | Overloaded) or failure.retry_after is not None:
            self._throttle.congested(asked_for)

    def _asked_for(self, failure: Failure) -> float:
        """Return for how many seconds the server wants to be left alone, if that can be kept to."""
        asked_for = failure.retry_after or 0.0
        return asked_for if asked_for <= self.session.allowance.deadline else 0.0

    async def _recover(self, failed: "Failed", sending: Sending, trial: RetryState) -> None:
        """Prepare to send it again; raise where that makes no sense."""
        match failed.failure:
            case Unsupported(parameter=str()) as failure:
                self._learn(failure, sending, trial, failed.number)
                return
            case Unsupported() as failure:
                if not self._negotiated.refused(sending.mode):
                    raise self._given_up(f"{failure}")
                return
            case Unacceptable() as failure:
                await self._insist(failure, sending, trial, failed.number)
                return
            case TooLarge() as failure if trial.roomy:
                raise Unanswered(f"no more room: {failure}", failed.number)
            case Permanent() as failure:
                raise self._given_up(f"{failure}")
            case Content() as failure:
                raise Unanswered(f"refused: {failure}", failed.number)
            case TimedOut() | Overloaded() | Unreachable() | Interrupted():
                pass
            case Transient():
                self._negotiated.failed(sending.mode)
        await self._wait(failed, sending, trial)

    def _learn(
        self, failure: Unsupported, sending: Sending, trial: RetryState, number: int
    ) -> None:
        """Write down what the endpoint refuses; raise where there is no more room than before."""
        learnt, parameter = getattr(self._transport, "learnt", None), failure.parameter
        if learnt is not None:
            what = f"is limited to {learnt.most:,}" if failure.most else "is not sent as it was"
            told = f"{self.name} refuses {parameter}, which {what} from now on ({failure})"
            self.session.learn(self.name, f"{parameter} {failure.most}", str(learnt), told)
        if trial.roomy and (failure.most or sending.request.sampling.max_tokens) * MORE <= (
            sending.request.sampling.max_tokens
        ):
            raise Unanswered(f"no more room: {failure}", number)

    async def _insist(
        self, failure: Unacceptable, sending: Sending, trial: RetryState, number: int
    ) -> None:
        """Prepare to send again what was not taken, a few times; raise after those."""
        trial.refusals += 1
        if trial.refusals % TRIES:
            await self.session.pause(FIRST_DELAY)
        elif self._negotiated.settled or not self._negotiated.refused(sending.mode):
            if self._is_known:
                raise Unanswered(f"not accepted: {failure}", number)
            raise self._given_up(f"{failure}")

    async def rest(self, times: int) -> None:
        """Wait before a question is put again whose answers so many times were none."""
        await self.session.pause(FIRST_DELAY * 2.0 ** (times - 1))

    async def _wait(self, failed: Failed, sending: Sending, trial: RetryState) -> None:
        """Wait before it is sent again; raise where that has been done for long enough."""
        failure, now = failed.failure, get_running_loop().time()
        trial.since = trial.since if trial.failures else now
        trial.failures += 1
        left, asked_for = (self._end(trial) or now) - now, self._asked_for(failure)
        too_long = isinstance(failure, RateLimited) and (failure.retry_after or 0.0) > asked_for
        if left <= 0 or too_long:
            raise self._out_of_time(trial)
        patient = PAUSES_SPARED if isinstance(failure, RateLimited) else 0
        delay = min(LONGEST_DELAY, FIRST_DELAY * 2.0 ** (trial.failures - 1 - patient))
        if trial.failures > patient:
            delay *= 0.5 + draw(0, sending.name.coordinate, trial.failures)
            await self.session.pause(min(max(delay, asked_for), left))

    def _end(self, trial: RetryState) -> float | None:
        """Return when a request is given up; None before it is sent: it may wait for its turn."""
        if trial.began is None:
            return None
        end = trial.began + self.session.allowance.deadline
        if self._is_known or trial.last is None or not trial.failures:
            return end
        is_there = isinstance(trial.last.failure, Overloaded | RateLimited)
        return end if is_there else min(end, trial.since + UNKNOWN)

    def _time_for(self, trial: RetryState, now: float) -> float:
        """Return for how many seconds an attempt may last.

        What is computed here would only begin anew: it has all the time of its question.
        """
        left = (self._end(trial) or now) - now
        return left if self._computes_here else min(self.session.allowance.timeout, left)

    def _out_of_time(self, trial: RetryState) -> Exception:
        """Return how a request ends that was not answered in time.

        That is up to the request if others were answered meanwhile, or if no other waits, but not
        for ever: a few such requests in a row show that nobody is there.
        """
        if trial.last is None:
            raise RuntimeError("a request has failed without a reason")
        failure, others = trial.last.failure, self._heard_at > (trial.began or 0.0)
        self._unheard += not others
        silent = not others and (self._unsent or self._unheard >= SILENT)
        gone = silent or isinstance(failure, Unreachable | RateLimited)
        if self._is_known and not gone:
            return Unanswered(f"{UNHEARD}: {failure}", trial.last.number)
        seconds = get_running_loop().time() - (trial.began or 0.0)
        tried = f"requests failed: {trial.failures}, in {seconds:.0f} s"
        if (failure.retry_after or 0.0) > self._asked_for(failure):
            tried = (
                f"it wants to be asked again after {failure.retry_after:,.0f} s, past --deadline"
            )
        return self._given_up(f"{failure}; {tried}")

    def _given_up(self, why: str) -> Stopped:
        return self.session.gone(f"{self.name} does not answer: {why}")


def _estimate(request: Request, text: str) -> int:
    size = sum(len(message.content.encode()) for message in request.messages)
    return (size + len(text.encode())) // BYTES_A_TOKEN


def _estimated(request: Request, reply: Reply) -> Usage:
    return Usage(_estimate(request, ""), len(reply.text.encode()) // BYTES_A_TOKEN, estimated=True)
