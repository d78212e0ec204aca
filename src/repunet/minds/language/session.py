"""Session: what all model calls of a run share, from the log of attempts to the budget."""

from asyncio import Event, Timeout, get_running_loop, timeout
from collections.abc import Awaitable, Callable, Mapping
from difflib import unified_diff
from typing import TypeVar

from repunet.errors import Stopped, UsageError
from repunet.models.allowance import Allowance
from repunet.models.batch import Batch
from repunet.models.cancellation import Halted, unless
from repunet.models.failure import TimedOut
from repunet.models.ledger import DOLLAR, Exhausted, Ledger, Reservation, Spending
from repunet.models.prices import Price
from repunet.models.request import Request
from repunet.record.attempts import AttemptLog, DecisionTaken, Name, Sending, messages
from repunet.record.notes import PLAIN
from repunet.record.storage import called

T = TypeVar("T")

GRACE = 30.0
"""Seconds for which answers in flight are awaited once the run stops."""
FEW, SMALL, SHARE = 3, 0.25, 0.05
"""A round stops the run if more of its decisions are missing than a few, and than a share: where
little is asked, a few are this many, or a larger share."""
HOPELESS = 10
"""As many missing decisions stop it at once, if they are half of all."""
UNHEARD = "no answer in time"
"""Reason of a decision that is missing because nobody answered, after the name of the model."""
TOLD = 3
"""So many of the missing decisions are told of, each with its reason."""


class ModelSession:
    """State that all language minds of a run share: journal, budget, templates, round."""

    def __init__(
        self,
        log: AttemptLog,
        allowance: Allowance,
        *,
        wording: str = PLAIN,
        prices: Mapping[str, Price] | None = None,
        branched: bool = False,
        batch: Batch | None = None,
        ledger: Ledger | None = None,
    ) -> None:
        self.log = log
        self.allowance = allowance
        self.wording = wording
        self.prices = prices
        self.batch = batch
        """Where requests go instead of to a server, and answers come from."""
        self.halted = Event()
        self.round = log.journal.rounds + 1
        spent = log.spent()
        if spent.unpriced and allowance.budget is not None:
            raise UsageError(
                f"what {spent.unpriced:,} calls of this run cost is not known, so a budget can't "
                "be kept: use --max-total-tokens"
            )
        self.ledger = ledger or Ledger(allowance, Spending(*spent))
        self._shares = ledger is not None
        self._branched = branched
        self._why: Stopped | None = None
        self._reason = ""
        self._timeouts: set[Timeout] = set()
        self._answered = 0
        self._missing: list[DecisionTaken] = []
        self._too_many = False
        self._gone = False
        self.listeners: list[Callable[[str], None]] = []
        """Whoever is to be told, in a line, of what an endpoint refuses."""
        self._learnt: set[tuple[str, str]] = set()

    def learn(self, model: str, what: str, learnt: str, told: str) -> None:
        """Keep with the run what an endpoint was found to take, and tell it once."""
        if (model, what) not in self._learnt:
            self._learnt.add((model, what))
            self.log.journal.note(learnt_of(model), learnt)
            for listener in self.listeners:
                listener(told)

    # The end

    def stop(self, why: str, options: str = "", detail: str = "") -> Stopped:
        """Send nothing more, whoever asks; return what tells why, and how to go on."""
        if self._why is None:
            on = f"to go on: repunet resume {called(self.log.journal.path)}{options}"
            self._reason = why
            self._why = Stopped(f"{why}; nothing is lost; {on}", detail=detail)
            self.halted.set()
            for limit in self._timeouts:
                _hurry(limit)
        return self._why

    def awaiting(self) -> Stopped:
        """Return what ends a wait of a batch, while others still put their requests."""
        return Stopped("answers are awaited")

    def ended(self, stopped: Stopped) -> Stopped:
        """Return how a round ended that was stopped, now that nothing is under way any more."""
        anew = [each for each in self._missing if self._too_many or self._is_unheard(each)]
        self.log.set_aside(missing.name.coordinate for missing in anew)
        if self.batch is None or not self.batch.pending:
            return stopped
        run, written = called(self.log.journal.path), self.batch.write()
        why = "" if self._why is None else f"{self._reason}; "
        on = f"then: repunet resume {run} --batch {self.batch.folder}"
        return Stopped(f"{why}{written}, {on}", detail=stopped.detail)

    def stopped(self) -> Stopped:
        """Return why nothing is sent any more."""
        return self._why or self.stop("stopped")

    def require_open(self) -> None:
        """Raise Stopped if nothing is to be sent any more."""
        if self._why is not None:
            raise self._why

    async def pause(self, seconds: float) -> None:
        """Wait; raises Stopped as soon as the run stops."""
        loop = get_running_loop()
        over = loop.create_future()
        timer = loop.call_later(seconds, over.set_result, None)
        try:
            await unless(self.halted, over)
        except Halted:
            raise self.stopped() from None
        finally:
            timer.cancel()

    async def in_time(self, sending: Awaitable[T], seconds: float | None) -> T:
        """Await an answer for so many seconds, None is for ever, or to the end of the run."""
        try:
            async with timeout(seconds) as limit:
                self._timeouts.add(limit)
                if self.halted.is_set():
                    _hurry(limit)
                try:
                    return await sending
                finally:
                    self._timeouts.discard(limit)
        except TimeoutError:
            why = f"no answer in {max(0.0, round(seconds or 0, 1)):g} s"
            if self.halted.is_set():
                why = f"no answer before the run stopped ({self._reason})"
            raise TimedOut(why, charged=True) from None

    # The budget

    @property
    def spending(self) -> Spending:
        """Return what this run has spent, whoever else spends from the same ledger."""
        return Spending(*self.log.spent()) if self._shares else self.ledger.booked

    async def reserve(self, sending: Sending) -> Reservation:
        """Set aside what a request may cost at most; raises Stopped where there is not as much."""
        try:
            return await self.ledger.reserve(
                sending.reserved, sending.reserved_cost, self.halted, model=sending.model
            )
        except Exhausted as error:
            raise self.stop(_exhausted(error), f" {_option(error)} MORE") from None
        except Halted:
            raise self.stopped() from None

    # The decisions

    def decided(self, name: Name, request: Request) -> DecisionTaken | None:
        """Return the decision that is on disk; raises UsageError if it answers another request.

        That is for good reason where what others were asked before is asked anew.
        """
        decided = self.log.decided(name.coordinate)
        if decided is None or decided.request == request.key:
            return decided
        if self._branched or self.log.asks_anew:
            return None
        run = called(self.log.journal.path)
        raise UsageError(
            f"{name.coordinate} was asked in other words, or of another model, before: undo the "
            f"change, or go on with it: repunet resume {run} --branch",
            detail=self._difference(decided, request),
        )

    def _difference(self, decided: DecisionTaken, request: Request) -> str:
        before = messages(self.log.journal, decided.attempt)[: len(request.messages)]
        old, new = (
            "\n".join(message.content for message in dialogue).splitlines()
            for dialogue in (before, request.messages)
        )
        return "\n".join(unified_diff(old, new, "as it was asked", "as it would be", lineterm=""))

    def count(self, decided: DecisionTaken) -> None:
        """Take note of a decision, or of one that can't be had; stop where it is hopeless."""
        if decided.answer is not None:
            self._answered += 1
            return
        self._missing.append(decided)
        if len(self._missing) >= max(HOPELESS, self._answered):
            raise self.too_many_missing()

    def begin_round(self, number: int) -> None:
        """Forget the round before, which is committed, and how it may have ended.

        Of a round that has begun before, the missing decisions are asked anew if they are too many:
        what was the matter then may be so no more.
        """
        self._why, self._too_many, self._gone = None, False, False
        self.halted.clear()
        if number != self.round:
            self.log.forget()
        known = self.log.known()
        missing = [each.name.coordinate for each in known if each.answer is None]
        if too_many(len(missing), len(known)):
            self.log.set_aside(missing)
        self.round, self._answered, self._missing = number, 0, []

    def check_round(self, missing: int, decisions: int) -> None:
        """Raise Stopped if too many of a round's decisions are missing for it to be committed."""
        if self._missing and too_many(missing, decisions):
            raise self.too_many_missing()

    def gone(self, why: str) -> Stopped:
        """Stop, since an endpoint is gone; what it left unanswered before is asked anew later."""
        self._gone = True
        return self.stop(why)

    def _is_unheard(self, missing: DecisionTaken) -> bool:
        return self._gone and f": {UNHEARD}: " in (missing.why or "")

    def too_many_missing(self) -> Stopped:
        """Stop; the missing decisions are asked anew when the run is resumed."""
        self._too_many = True
        asked, missing = self._answered + len(self._missing), len(self._missing)
        told = sorted(f"{each.name.coordinate}: {each.why}" for each in self._missing)[:TOLD]
        told += [f"... and {missing - TOLD} more"] * (missing > TOLD)
        return self.stop(
            f"{missing} of {asked} decisions of round {self.round} could not be had, such as "
            f"{self._missing[-1].name.coordinate} ({self._missing[-1].why})",
            detail="\n".join(told),
        )


def learnt_of(model: str) -> str:
    """Return the name of the fact that says what an endpoint was found to take."""
    return f"learnt of {model}"


def too_many(missing: int, asked: int) -> bool:
    """Return whether more decisions are missing than a round can do without.

    >>> too_many(1, 4), too_many(2, 4), too_many(3, 56), too_many(4, 56), too_many(5, 100)
    (False, True, False, True, False)
    """
    return missing > max(min(FEW, SMALL * asked), SHARE * asked)


def _hurry(limit: Timeout) -> None:
    """Wait for no person any more, and for nobody else for long."""
    now, until = get_running_loop().time(), limit.when()
    if not limit.expired():
        limit.reschedule(now if until is None else min(until, now + GRACE))


def _option(error: Exhausted) -> str:
    return f"--{error.cap.replace('_', '-')}"


def _exhausted(error: Exhausted) -> str:
    """Return what there is not enough of for another request."""
    amounts = error.limit, error.spent, error.needed
    if error.cap == "budget":
        limit, spent, needed = (f"${amount / DOLLAR:.4f}" for amount in amounts)
    else:
        limit, spent, needed = (f"{amount:,}" for amount in amounts)
    return (
        f"{_option(error)} {limit} is used up: {spent} spent or set aside, and the next request "
        f"may need {needed}"
    )
