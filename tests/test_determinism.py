"""What happens in a society depends on its founding, and on nothing about time."""

import os
import random
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest
from societies import DelayingMind, Latency, digest, dilemmas, founded, minds, mostly_slow, play

from repunet.minds.chance import ChanceMind
from repunet.minds.limited import Limited
from repunet.questions.coordinate import Coordinate
from repunet.questions.deliberation import Unit, together
from repunet.questions.mind import Mind, Operation
from repunet.simulation import Simulation
from repunet.world.event import Event
from repunet.world.treatment import TREATMENTS

CONCURRENCIES = (1, 2, 7, 64)
LATENCIES: tuple[Latency, ...] = ("constant", "heavy-tailed", "reversed")
SEEDS = (1, 2, 3)
ROUNDS = 3
WORLDS = [(dilemma, arm) for dilemma in dilemmas() for arm in TREATMENTS]

each_world = pytest.mark.parametrize(("dilemma", "arm"), WORLDS)


def digests(
    dilemma: str,
    arm: str,
    seed: int,
    mind: Callable[[int], Mind] = lambda seed: minds("mixed", seed),
    simulation: type[Simulation] = Simulation,
) -> set[str]:
    """Return the digests of one society at every pace; there should be only one."""
    manifest = founded(arm, dilemma=dilemma, n=7, seed=seed)
    paces = [(limit, latency) for limit in CONCURRENCIES for latency in LATENCIES]
    games = (
        play(Limited(DelayingMind(mind(seed), latency), limit), manifest, ROUNDS, simulation)
        for limit, latency in paces
    )
    return {digest(game.events) for game in games}


@each_world
@pytest.mark.parametrize("seed", mostly_slow(SEEDS[:2], SEEDS[:1]))
def test_nothing_depends_on_concurrency_or_latency(dilemma: str, arm: str, seed: int) -> None:
    undisturbed = play(minds("mixed", seed), founded(arm, dilemma=dilemma, n=7, seed=seed), ROUNDS)
    assert digests(dilemma, arm, seed) == {digest(undisturbed.events)}


class Hasty(Simulation):
    """Lets every unit's events happen as soon as the unit is done: what must not be."""

    async def _phase(
        self,
        units: Sequence[Unit],
        work: Iterable[Coroutine[Any, Any, Any]],
        events: Callable[[Any], Iterable[Event]],
    ) -> list[Any]:
        async def finish(unit: Unit, thinking: Coroutine[Any, Any, Any]) -> Any:
            result = await thinking
            self._happen(unit.close(events(result)))
            return result

        return await together(self.mind, map(finish, units, work))


@each_world
def test_effects_in_the_order_of_completion_would_be_noticed(dilemma: str, arm: str) -> None:
    assert len(digests(dilemma, arm, 1, simulation=Hasty)) > 1


class Streaming(ChanceMind):
    """Draws from one stream, in the order in which it happens to be asked: what must not be."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self._stream = random.Random(seed)

    async def answer(self, operation: Operation[Any], at: Coordinate) -> Any:
        lucky = at._replace(unit=f"{at.unit}/{self._stream.random()}")
        return await super().answer(operation, lucky)


@each_world
def test_a_mind_that_draws_from_a_stream_would_be_noticed(dilemma: str, arm: str) -> None:
    assert len(digests(dilemma, arm, 1, mind=Streaming)) > 1


@pytest.mark.parametrize("latency", LATENCIES[1:])
def test_uneven_latencies_come_in_an_order_of_their_own(latency: Latency) -> None:
    at_once = DelayingMind(minds("mixed"), "none")
    delayed = DelayingMind(minds("mixed"), latency)
    play(at_once, founded(n=7), ROUNDS)
    play(delayed, founded(n=7), ROUNDS)
    assert set(delayed.finished) == set(at_once.finished)
    assert delayed.finished != at_once.finished


def test_reversed_latencies_answer_the_last_question_first() -> None:
    delayed = DelayingMind(ChanceMind(1), "reversed")
    game = play(delayed, founded("none", n=6), 1)
    moves = [asked.at for asked in game.asked if asked.at.operation == "ChooseMove"]
    answered = [at for at in delayed.finished if at.operation == "ChooseMove"]
    assert answered == moves[::-1]


def test_another_seed_is_another_history() -> None:
    histories = {digest(play(minds("embedded", s), founded(seed=s)).events) for s in SEEDS}
    assert len(histories) == len(SEEDS)


SCRIPT = """
from societies import digest, founded, minds, play
print(digest(play(minds("mixed"), founded(n=7), 4).events))
"""


@pytest.mark.slow
def test_nothing_depends_on_the_process_that_plays() -> None:
    def played(hash_seed: str) -> str:
        env = os.environ | {"PYTHONHASHSEED": hash_seed}
        command = [sys.executable, "-c", SCRIPT]
        return subprocess.check_output(command, env=env, cwd=Path(__file__).parent, text=True)

    here = digest(play(minds("mixed"), founded(n=7), 4).events)
    assert {played("1").strip(), played("2").strip()} == {here}
