"""The throttle: how many requests an endpoint is sent at once, and how fast."""

import asyncio
from asyncio import Event, Semaphore, Task
from collections import Counter
from contextlib import AbstractAsyncContextManager as Slot
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from virtual import now, run

from repunet.models.allowance import Allowance
from repunet.models.cancellation import Halted
from repunet.models.failure import RateLimited
from repunet.models.throttle import MINUTE, START, Throttle, throttle

SHRUNK = int(0.8 * START)


async def use(
    there: Throttle, tokens: int = 1, seconds: float = 1.0, halted: Event | None = None
) -> float:
    """Return when the turn came."""
    async with there.slot(tokens, halted):
        began = now()
        await asyncio.sleep(seconds)
    return began


async def waiters(there: Throttle, number: int, halted: Event | None = None) -> list[Task[float]]:
    tasks = [asyncio.create_task(use(there, halted=halted)) for _ in range(number)]
    await asyncio.sleep(0)
    return tasks


def starts(allowance: Allowance, amounts: list[int], seconds: float = 1.0) -> list[float]:
    async def main() -> list[float]:
        there = Throttle("a", allowance)
        return await asyncio.gather(*(use(there, amount, seconds) for amount in amounts))

    return run(main())


def fullest_minute(times: list[float], amounts: list[int]) -> int:
    taken = list(zip(times, amounts, strict=True))
    return max(sum(n for at, n in taken if start <= at < start + MINUTE) for start in times)


def test_the_limit_doubles_with_every_full_round_until_the_first_sign_of_congestion() -> None:
    begun = Counter(starts(Allowance(), [1] * 15 * START))
    assert begun == {0.0: START, 1.0: 2 * START, 2.0: 4 * START, 3.0: 8 * START}


def test_after_congestion_a_full_round_raises_the_limit_by_about_one() -> None:
    async def main() -> list[float]:
        there = Throttle("a", Allowance())
        there.congested()
        return await asyncio.gather(*(use(there) for _ in range(4 * SHRUNK + 6)))

    begun = Counter(run(main()))
    assert begun == {float(second): SHRUNK + second for second in range(4)}


def test_a_limit_that_nobody_comes_near_stays() -> None:
    async def main() -> None:
        there = Throttle("a", Allowance())
        for _ in range(50):
            await use(there)
        assert there.limit == START

    run(main())


def test_a_block_that_fails_is_no_success() -> None:
    async def main() -> None:
        there = Throttle("a", Allowance(concurrency=1))
        with pytest.raises(RateLimited):
            async with there.slot(1):
                raise RateLimited("no")
        assert (there._learned, there.in_flight) == (START, 0)

    run(main())


def test_the_limit_shrinks_once_per_cooldown() -> None:
    async def main() -> None:
        there = Throttle("a", Allowance())
        for _ in range(9):
            there.congested()
            there.rate_limited(0.5)
        assert there.limit == SHRUNK
        await asyncio.sleep(1.0)
        there.congested()
        assert there.limit == int(0.8 * 0.8 * START)

    run(main())


def test_what_shrinks_is_the_limit_in_force() -> None:
    async def main() -> None:
        there = Throttle("a", Allowance(concurrency=10))
        there.congested()
        assert there.limit == 8

    run(main())


def test_a_long_wait_that_the_server_asks_for_is_one_cooldown() -> None:
    async def main() -> None:
        there = Throttle("a", Allowance())
        there.rate_limited(20)
        await asyncio.sleep(19)
        there.rate_limited(1)
        assert there.limit == SHRUNK

    run(main())


def test_one_request_may_always_be_in_flight() -> None:
    async def main() -> None:
        there = Throttle("a", Allowance(concurrency=2))
        for _ in range(20):
            there.congested()
            await asyncio.sleep(2)
        assert there.limit == 1
        await use(there)

    run(main())


@pytest.mark.parametrize(("most", "concurrency"), [(40, None), (None, 40), (40, 99), (99, 40)])
def test_the_limit_has_a_ceiling(most: int | None, concurrency: int | None) -> None:
    async def main() -> None:
        there = throttle("a", Allowance(concurrency=concurrency), most=most)
        tasks = await waiters(there, 400)
        while not all(task.done() for task in tasks):
            assert there.in_flight <= there.limit <= 40
            await asyncio.sleep(0.5)

    run(main())


def test_nothing_is_sent_before_the_server_wants_to_be_asked_again() -> None:
    async def main() -> None:
        there = Throttle("a", Allowance())
        there.rate_limited(7.5)
        there.rate_limited(2.5)
        assert await asyncio.gather(use(there), use(there)) == [7.5, 7.5]

    run(main())


def test_a_server_that_does_not_say_when_is_left_alone_longer_each_time() -> None:
    async def main() -> None:
        there = Throttle("a", Allowance())
        for most in (0.25, 0.5, 1, 2, 4, 8, 16, 30, 30):
            before = now()
            there.rate_limited()
            with suppress(RateLimited):
                async with there.slot(1):
                    assert most / 2 < now() - before < most
                    raise RateLimited("again")
            await asyncio.sleep(MINUTE)

    run(main())


def test_a_success_ends_the_growth_of_pauses() -> None:
    async def main() -> None:
        there = Throttle("a", Allowance())
        for _ in range(5):
            there.rate_limited()
            await asyncio.sleep(60)
        await use(there)
        before = now()
        there.rate_limited()
        assert await use(there) - before < 0.25

    run(main())


@given(st.lists(st.integers(0, 3), min_size=2, max_size=30), st.integers(1, 4))
def test_who_comes_first_is_served_first(gaps: list[int], concurrency: int) -> None:
    async def main() -> None:
        there, served = (
            Throttle(
                "a",
                Allowance(concurrency=concurrency, requests_per_minute=40, tokens_per_minute=60),
            ),
            [],
        )

        async def ask(number: int) -> None:
            async with there.slot(1 + number % 7):
                served.append(number)
                await asyncio.sleep(1 + number % 3)

        tasks = []
        for number, gap in enumerate(gaps):
            await asyncio.sleep(gap / 4)
            tasks.append(asyncio.create_task(ask(number)))
        await asyncio.gather(*tasks)
        assert served == sorted(served)

    run(main())


@pytest.mark.slow
@given(st.integers(1, 60), st.integers(1, 200), st.integers(1, 100))
def test_no_minute_has_more_requests_than_allowed(limit: int, number: int, most: int) -> None:
    times = starts(Allowance(concurrency=most, requests_per_minute=limit), [1] * number)
    assert fullest_minute(times, [1] * number) <= limit


@given(st.integers(50, 500), st.lists(st.integers(1, 50), min_size=1, max_size=150))
def test_no_minute_has_more_tokens_than_allowed(limit: int, amounts: list[int]) -> None:
    times = starts(Allowance(tokens_per_minute=limit), amounts)
    assert fullest_minute(times, amounts) <= limit


def test_requests_are_sent_evenly_and_as_fast_as_allowed() -> None:
    times = starts(Allowance(requests_per_minute=120), [1] * 600)
    assert sum(at < 1 for at in times) <= 7
    assert max(Counter(int(at) for at in times if at >= 1).values()) <= 6
    assert 4 * MINUTE <= times[-1] < 5 * MINUTE


def test_what_a_minute_does_not_allow_has_one_for_itself() -> None:
    times = starts(Allowance(tokens_per_minute=100), [1, 500, 1])
    assert times[0] == 0
    assert times[1] == MINUTE
    assert times[2] == MINUTE + 300 - 2


def test_twenty_waiters_who_go_away_leave_nothing_behind() -> None:
    async def main() -> None:
        there = Throttle("a", Allowance(concurrency=2))
        tasks = await waiters(there, 24)
        for task in tasks[:20]:
            task.cancel()
        assert await asyncio.gather(*tasks[20:]) == [0, 0, 1, 1]
        assert (there.in_flight, there.waiting) == (0, 0)

    run(main())


def test_a_turn_that_comes_while_its_waiter_goes_is_given_to_the_next() -> None:
    async def main() -> None:
        there = Throttle("a", Allowance(concurrency=1))
        async with there.slot(1):
            going, staying = await waiters(there, 2)
        assert there.in_flight == 1  # the turn of the one who goes
        going.cancel()
        assert await staying == 0
        assert (there.in_flight, going.cancelled()) == (0, True)

    run(main())


def test_who_waits_too_long_at_the_head_lets_the_others_pass() -> None:
    async def main() -> None:
        there = Throttle("a", Allowance(tokens_per_minute=100))
        await use(there, 50)
        large = asyncio.create_task(use(there, 100))
        small = asyncio.create_task(use(there, 10))
        await asyncio.sleep(30)
        large.cancel()
        assert await small == 31

    run(main())


def test_a_run_that_is_halted_waits_no_longer_and_others_do() -> None:
    async def main() -> None:
        there, halted = Throttle("a", Allowance(concurrency=1)), Event()
        first = await waiters(there, 1)
        tasks, others = await waiters(there, 20, halted), await waiters(there, 1, Event())
        halted.set()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(end) for end in ends] == [Halted] * 20
        assert now() == 0
        assert await asyncio.gather(*first, *others) == [0, 1]

    run(main())


def test_a_run_that_was_halted_gets_no_turn() -> None:
    async def main() -> None:
        there, halted = Throttle("a", Allowance()), Event()
        halted.set()
        with pytest.raises(Halted):
            await use(there, halted=halted)
        assert (there.in_flight, there.waiting) == (0, 0)

    run(main())


def test_a_turn_is_awaited_until_then_and_leaves_nothing_behind() -> None:
    async def main() -> None:
        there = Throttle("a", Allowance())
        there.rate_limited(60)
        with pytest.raises(TimeoutError):
            async with there.slot(1, until=now() + 5):
                raise AssertionError
        assert (now(), there.in_flight, there.waiting) == (5, 0, 0)

    run(main())


def test_an_endpoint_has_one_throttle() -> None:
    async def main() -> Throttle:
        assert throttle("a", Allowance()) is throttle("a", Allowance())
        assert throttle("a", Allowance()) is not throttle("b", Allowance())
        return throttle("a", Allowance())

    assert run(main()) is not run(main())


def test_whoever_shares_a_throttle_keeps_to_the_strictest_allowance() -> None:
    async def main() -> None:
        there = throttle("a", Allowance(concurrency=4))
        async with there.slot(1):
            assert throttle("a", Allowance()).limit == 4
            assert throttle("a", Allowance(concurrency=2)).limit == 2
        assert throttle("a", Allowance(concurrency=8)).limit == 8

    run(main())


class Server:
    """Answers in half a second to one and a half, and refuses what it has no room for."""

    def __init__(self, capacity: int) -> None:
        self.capacity, self.busy, self.answered, self.refused = capacity, 0, 0, 0

    async def answer(self) -> None:
        if self.busy >= self.capacity:
            self.refused += 1
            await asyncio.sleep(0.05)
            raise RateLimited("too many", retry_after=1.0)
        self.busy += 1
        await asyncio.sleep(0.5 + (self.answered * 79 % 100) / 100)
        self.busy -= 1
        self.answered += 1

    async def until_answered(self, gate: Throttle | Semaphore) -> None:
        while True:
            slot: Slot[None] = gate if isinstance(gate, Semaphore) else gate.slot(1)
            try:
                async with slot:
                    return await self.answer()
            except RateLimited as refusal:
                if isinstance(gate, Throttle):
                    gate.rate_limited(refusal.retry_after)
                else:
                    await asyncio.sleep(refusal.retry_after or 0)


def refusals(make_gate: type[Throttle] | type[Semaphore], *given: object) -> tuple[int, float]:
    async def main() -> tuple[int, float]:
        server, gate = Server(capacity=50), make_gate(*given)  # type: ignore[arg-type]
        await asyncio.gather(*(server.until_answered(gate) for _ in range(400)))
        return server.refused, now()

    return run(main())


def test_a_server_refuses_far_less_than_with_a_fixed_number_of_slots() -> None:
    refused, seconds = refusals(Throttle, "a", Allowance())
    fixed = [refusals(Semaphore, slots)[0] for slots in (64, 100, 400)]
    assert refused <= 20
    assert min(fixed) > 20 * refused
    assert seconds < 1.5 * 400 / 50
