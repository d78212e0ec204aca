"""A line to a model: written down before it is sent, asked for once, given up in good time."""

import asyncio
import json
import sqlite3
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from shutil import copy
from typing import Any, TypeVar

import pytest
from societies import founded, society, views
from virtual import now, run

from repunet.errors import RepuNetError, Stopped, UsageError
from repunet.minds.language.client import SILENT, UNKNOWN, ModelClient
from repunet.minds.language.form import Form
from repunet.minds.language.repair import RepairDialogue
from repunet.minds.language.session import ModelSession
from repunet.models.allowance import Allowance
from repunet.models.failure import (
    Content,
    Overloaded,
    Permanent,
    RateLimited,
    Transient,
    Unreachable,
    Unsupported,
)
from repunet.models.output_mode import NegotiatedMode
from repunet.models.request import Message, OutputMode, Reply, Request, Sampling, Usage
from repunet.models.throttle import Throttle
from repunet.questions.mind import NoAnswer
from repunet.record.attempts import AttemptLog, Name
from repunet.record.journal import Journal
from repunet.scenarios.pd import ChooseMove, Move
from repunet.world.persona import Participant

T = TypeVar("T")
Said = Reply | Exception | Callable[[Request], Awaitable[Reply]]
GOOD = '{"move": "cooperate", "reason": "why"}'
BRIEF, YES = '{"move":"cooperate","reason":"why"}', Move("cooperate", "why")
USED = Usage(100, 10)
KEY = "sk-canary-0123456789"


def said(text: str = GOOD, finish: Any = "stop") -> Reply:
    return Reply(text, finish, USED)


async def slow(_: Request) -> Reply:
    await asyncio.sleep(1)
    return said()


@dataclass
class Stub:
    """A server by script: says one thing after the other, and the last one ever after."""

    path: Path
    script: list[Said]
    sent: list[tuple[float, str, OutputMode, Request]] = field(default_factory=list)

    async def send(self, request: Request, mode: OutputMode, at: str) -> Reply:
        self.sent.append((now(), at, mode, request))
        assert ("sent", at, mode) in rows(self.path, "status, coordinate, rung")
        answer = self.script[min(len(self.sent), len(self.script)) - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, Reply) else await answer(request)

    async def close(self) -> None:
        pass

    @property
    def times(self) -> list[float]:
        return [time for time, _, _, _ in self.sent]


def rows(path: Path, columns: str) -> list[tuple[Any, ...]]:
    """Return the attempts that are on disk, for anybody to see."""
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        return connection.execute(f"SELECT {columns} FROM attempts ORDER BY id").fetchall()


def decisions(path: Path) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        return connection.execute("SELECT coordinate, answer, why FROM decisions").fetchall()


@dataclass
class Desk:
    """What is needed to ask a stub."""

    stub: Stub
    session: ModelSession
    line: ModelClient

    async def ask(self, number: int = 1, prompt: str = "And you?") -> Any:
        """Return the answer of one agent."""
        at = f"r1/meet/A{number:02d}"
        name = Name(f"{at}/ChooseMove/A01", "ChooseMove", "A01")
        turns = Message("system", "You are Ann."), Message("user", prompt)
        form = Form.of(QUESTION)
        request = Request("http", "m", turns, form.schema, Sampling(max_tokens=50))
        decided = self.session.decided(name, request)
        if decided is not None:
            return decided.answer
        return await RepairDialogue(self.line, name, QUESTION, form, request).answer()


def question() -> ChooseMove:
    look, (ego, alter) = views(society()), (Participant(f"A0{i}", "player") for i in (1, 2))
    known = look.acquaintance("A01", alter)
    return ChooseMove(setting=look.setting, ego=look.ego(ego), alter=known, own_records=None)


QUESTION = question()


def meet(
    path: Path,
    work: Callable[[Desk], Coroutine[Any, Any, T]],
    *script: Said,
    mode: OutputMode | None = "schema",
    **allowed: Any,
) -> tuple[T, Stub]:
    """Let the work ask a stub, in a run that may have begun before; time is virtual."""

    async def main() -> tuple[T, Stub]:
        with Journal.open(path, write=True) as journal:
            stub, allowance = Stub(path, list(script)), Allowance(**allowed)
            session = ModelSession(AttemptLog(journal), allowance)
            throttle = Throttle("stub", allowance)
            line = ModelClient("stub", stub, session, throttle, NegotiatedMode(mode), None, (KEY,))
            await asyncio.sleep(1)  # no time is 0
            return await work(Desk(stub, session, line)), stub

    return run(main())


def ask(path: Path, *script: Said, **options: Any) -> tuple[Any, Stub]:
    """Return one answer, or the exception that came in its place."""
    return meet(path, outcome, *script, **options)


async def outcome(desk: Desk, number: int = 1, prompt: str = "And you?") -> Any:
    try:
        return await desk.ask(number, prompt)
    except RepuNetError as error:
        return error


async def all_of(desk: Desk, numbers: Iterable[int]) -> list[Any]:
    return await asyncio.gather(*(outcome(desk, number) for number in numbers))


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("begun") / "run.sqlite"
    Journal.create(path, founded()).close()
    return path


@pytest.fixture
def path(tmp_path: Path, begun: Path) -> Path:
    """Return the file of a run that has just begun."""
    return Path(copy(begun, tmp_path / "run.sqlite"))


# What is written down --------------------------------------------------------------------------


def test_an_answer_and_what_led_to_it_are_on_disk(path: Path) -> None:
    assert ask(path, said())[0] == YES
    assert rows(path, "kind, status, rung, input, output, estimated, round") == [
        ("first", "answered", "schema", 100, 10, 0, 1)
    ]
    assert decisions(path) == [
        ("r1/meet/A01/ChooseMove/A01", GOOD.replace(": ", ":").replace(", ", ","), None)
    ]


def test_what_is_on_disk_is_never_asked_for_again(path: Path) -> None:
    ask(path, said())
    answer, stub = ask(path, Permanent("nobody asks"))
    assert json.loads(answer) == json.loads(GOOD)
    assert stub.sent == []


def test_a_reply_that_was_not_understood_is_on_disk_too(path: Path) -> None:
    ask(path, said("no"), Permanent("no money"))
    assert rows(path, "kind, status") == [("first", "invalid"), ("repair", "permanent")]
    answer, stub = ask(path, said())
    assert answer == YES
    assert [request.messages[2].content for *_, request in stub.sent] == ["no"]
    assert rows(path, "kind")[2:] == [("repair",)]


def test_what_was_sent_and_not_answered_is_sent_again_and_counts(path: Path) -> None:
    async def kill(desk: Desk) -> None:
        task = asyncio.create_task(desk.ask())
        await asyncio.sleep(0.5)
        task.cancel()

    meet(path, kill, slow)
    assert rows(path, "status") == [("sent",)]
    (answer, spent), stub = meet(path, lambda desk: answered_and_spent(desk), said())
    assert answer == YES
    assert len(stub.sent) == 1
    assert spent.calls == 2
    assert spent.tokens > 110 + 50


async def answered_and_spent(desk: Desk) -> Any:
    answer = await desk.ask()
    return answer, desk.session.log.spent()


def test_other_words_at_the_same_place_stop_the_run(path: Path) -> None:
    ask(path, said())
    with pytest.raises(UsageError, match="--branch") as caught:
        meet(path, lambda desk: desk.ask(prompt="And I?"), said())
    assert "-And you?\n+And I?" in caught.value.detail


# Conversations ---------------------------------------------------------------------------------


def test_a_model_is_shown_what_is_wrong_with_its_answer(path: Path) -> None:
    wrong = '{"move": "run", "reason": "why"}'
    answer, stub = ask(path, said(wrong), said("hm"), said())
    assert answer == YES
    dialogue = stub.sent[-1][3].messages
    assert [turn.role for turn in dialogue] == ["system", "user", *["assistant", "user"] * 2]
    assert (dialogue[2].content, dialogue[4].content) == (wrong, "hm")
    assert "move must be one of cooperate, defect" in dialogue[3].content
    assert rows(path, "kind, status") == [
        ("first", "invalid"),
        ("repair", "invalid"),
        ("repair", "answered"),
    ]


@pytest.mark.parametrize("reply", [said("hm"), said("", "refused"), said('{"move": 1}'), said("")])
def test_after_three_answers_that_can_not_be_used_a_decision_is_missing(
    path: Path, reply: Reply
) -> None:
    answer, stub = ask(path, reply)
    assert isinstance(answer, NoAnswer)
    assert str(answer).startswith("stub: ")
    assert len(stub.sent) == 3
    assert rows(path, "status") == [("invalid",)] * 3
    assert [(answer, why[:5]) for _, answer, why in decisions(path)] == [(None, "stub:")]


def test_silence_is_shown_as_such(path: Path) -> None:
    _, stub = ask(path, said(""), said())
    assert stub.sent[1][3].messages[2] == ("assistant", "(no answer)")


def test_a_model_that_refuses_is_told_so(path: Path) -> None:
    answer, stub = ask(path, said("I can't help with that.", "refused"), said())
    assert answer == YES
    assert "refuses to answer" in stub.sent[1][3].messages[3].content


def test_an_answer_that_was_cut_gets_more_room_once(path: Path) -> None:
    answer, stub = ask(path, said(GOOD[:20], "length"))
    assert isinstance(answer, NoAnswer)
    rooms = [request.sampling.max_tokens for *_, request in stub.sent]
    assert rooms == [50, 100, 100, 100]
    assert [kind for (kind,) in rows(path, "kind")] == ["first", "room", "repair", "repair"]
    assert len(stub.sent[1][3].messages) == 2


def test_an_answer_that_is_whole_though_it_was_cut_is_taken(path: Path) -> None:
    assert ask(path, said(GOOD, "length"))[0] == YES


def test_a_missing_decision_is_not_asked_for_again(path: Path) -> None:
    ask(path, said("hm"))
    assert ask(path, said())[1].sent == []


# Failures --------------------------------------------------------------------------------------


def test_what_fails_is_sent_again_ever_later_until_it_is_answered(path: Path) -> None:
    answer, stub = ask(path, *[Transient("no")] * 5, said())
    assert answer == YES
    waits = [after - before for before, after in zip(stub.times, stub.times[1:], strict=False)]
    assert all(0.5 * 2**n / 2 <= wait <= 0.5 * 2**n * 1.5 for n, wait in enumerate(waits))
    assert rows(path, "kind, status") == [
        ("first", "transient"),
        *[("retry", "transient")] * 4,
        ("retry", "answered"),
    ]


@pytest.mark.parametrize("failure", [Unreachable("nobody"), Transient("no", charged=True)])
def test_an_endpoint_that_never_answers_is_given_up_soon(path: Path, failure: Exception) -> None:
    error, stub = ask(path, failure)
    assert isinstance(error, Stopped)
    assert error.exit_code == 3
    assert "stub does not answer" in str(error)
    assert f"repunet resume {path.parent}" in str(error)
    assert stub.times[-1] - stub.times[0] == pytest.approx(UNKNOWN)
    assert 3 < len(stub.sent) < 12


@pytest.mark.parametrize("after", [None, 0.0, 5.0])
def test_who_is_sent_away_for_ever_comes_back_so_often_and_no_more(
    path: Path, after: float | None
) -> None:
    error, stub = ask(path, RateLimited("too much", retry_after=after))
    assert isinstance(error, Stopped)
    assert stub.times[-1] - stub.times[0] >= UNKNOWN
    assert len(stub.sent) < 200


def test_an_endpoint_that_died_is_given_up_at_the_deadline(path: Path) -> None:
    async def work(desk: Desk) -> list[Any]:
        return [await outcome(desk, 1), await outcome(desk, 2)]

    (first, second), stub = meet(path, work, said(), Unreachable("nobody"), deadline=100.0)
    assert first == YES
    assert isinstance(second, Stopped)
    assert stub.times[-1] - stub.times[1] == pytest.approx(100)


def test_a_request_that_nobody_answers_is_missing_while_others_are_answered(path: Path) -> None:
    async def work(desk: Desk) -> Any:
        found, _ = await asyncio.gather(outcome(desk, 13, "poison"), others(desk))
        return found

    async def others(desk: Desk) -> None:
        for number in range(1, 13):
            assert await desk.ask(number) == YES
            await asyncio.sleep(10)

    async def answer(request: Request) -> Reply:
        if request.messages[1].content == "poison":
            raise Transient("no")
        return said()

    found, stub = meet(path, work, answer, deadline=100.0)
    assert isinstance(found, NoAnswer)
    assert "no answer in time" in str(found)
    assert stub.times[-1] - stub.times[0] < 125


def test_what_is_refused_for_its_content_is_missing_and_costs_one_attempt(path: Path) -> None:
    found, stub = ask(path, Content("400: flagged"))
    assert isinstance(found, NoAnswer)
    assert len(stub.sent) == 1
    assert rows(path, "status") == [("content",)]


def test_what_can_never_be_answered_stops_the_run_at_once(path: Path) -> None:
    async def work(desk: Desk) -> list[Any]:
        found = await all_of(desk, range(1, 9))
        return [*found, await outcome(desk, 9)]

    found, stub = meet(path, work, Permanent("401: no"), concurrency=2)
    assert {type(each) for each in found} == {Stopped}
    assert len({str(each) for each in found}) == 1
    assert len(stub.sent) == 2
    assert decisions(path) == []


def test_who_does_not_answer_in_time_is_asked_again(path: Path) -> None:
    answer, stub = ask(path, never, said(), timeout=7.0)
    assert answer == YES
    assert stub.times[1] - stub.times[0] > 7
    assert rows(path, "status, why")[0] == ("lost", "no answer in 7 s")


@pytest.mark.parametrize("after", [3600.0, 1e9])
@pytest.mark.parametrize("busy", [Overloaded, Transient])
def test_a_server_that_wants_too_long_a_rest_is_asked_again_before_the_deadline(
    path: Path, after: float, busy: type[Transient]
) -> None:
    async def work(desk: Desk) -> list[Any]:
        return await all_of(desk, range(1, 9))

    found, stub = meet(path, work, busy("503", retry_after=after), said(), deadline=5.0)
    assert found == [YES] * 8
    assert stub.times[-1] - stub.times[0] < 5


@pytest.mark.parametrize("after", [3600.0, 1e9])
def test_a_limit_that_outlasts_the_deadline_stops_the_run_at_once(path: Path, after: float) -> None:
    async def work(desk: Desk) -> tuple[list[Any], float]:
        return await all_of(desk, range(1, 9)), now()

    (found, ended), _ = meet(path, work, RateLimited("429", retry_after=after), deadline=5.0)
    assert {type(each) for each in found} == {Stopped}
    assert ended < 2


async def never(_: Request) -> Reply:
    await asyncio.sleep(10**6)
    return said()


MUTE: tuple[Said, ...] = (never, Overloaded("503"), Overloaded("503", retry_after=4.0))


@pytest.mark.parametrize("mode", ["schema", None])
@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("mute", MUTE)
def test_nothing_waits_past_the_deadline_while_nobody_is_answered(
    path: Path, mute: Said, known: bool, mode: OutputMode | None
) -> None:
    async def work(desk: Desk) -> list[tuple[Any, float]]:
        if known:
            assert await desk.ask(20) == YES
        return await asyncio.gather(*(timed(desk, number) for number in range(1, 9)))

    async def timed(desk: Desk, number: int) -> tuple[Any, float]:
        return await outcome(desk, number), now()

    script = (said(f"So: {GOOD}" if mode is None else GOOD), mute) if known else (mute,)
    found, stub = meet(path, work, *script, mode=mode, deadline=5.0, concurrency=1)
    begun = first_sent(stub)
    ends = [end - begun[number] for number, (_, end) in enumerate(found, 1) if number in begun]
    assert max(ends) == pytest.approx(5)
    assert [type(end) for end, _ in found].count(NoAnswer) < (SILENT if known else 1)


def first_sent(stub: Stub) -> dict[int, float]:
    """Return when each agent's request was sent first."""
    begun: dict[int, float] = {}
    for time, at, _, _ in stub.sent:
        begun.setdefault(int(at.split("/")[2][1:]), time)
    return begun


def test_who_has_fallen_silent_takes_no_deadline_for_each_of_many_questions(path: Path) -> None:
    async def work(desk: Desk) -> tuple[list[Any], float]:
        assert await desk.ask(20) == YES
        began = now()
        return [await outcome(desk, number) for number in range(1, 9)], now() - began

    (found, took), _ = meet(path, work, said(), never, deadline=5.0)
    assert [type(each) for each in found] == [NoAnswer] * (SILENT - 1) + [Stopped] * 6
    assert took == pytest.approx(5 * SILENT)


def test_a_question_that_nobody_answers_is_alone_where_the_next_one_is_answered(path: Path) -> None:
    async def work(desk: Desk) -> list[Any]:
        asked = [(number, "poison" if number % 3 else "well") for number in range(1, 13)]
        return [await outcome(desk, number, prompt) for number, prompt in asked]

    async def answer(request: Request) -> Reply:
        return await never(request) if request.messages[1].content == "poison" else said()

    found, _ = meet(path, work, said(), answer, deadline=5.0)
    assert Stopped not in map(type, found)


def test_a_turn_that_would_come_after_the_deadline_is_not_awaited(path: Path) -> None:
    limits = {"deadline": 5.0, "requests_per_minute": 1}
    found, stub = ask(path, Transient("500"), said(), **limits)
    assert isinstance(found, Stopped)
    assert len(stub.sent) == 1


def test_a_wait_for_a_turn_has_no_deadline_while_others_are_answered(path: Path) -> None:
    async def work(desk: Desk) -> list[Any]:
        return await all_of(desk, range(1, 21))

    found, stub = meet(path, work, slow, concurrency=1, deadline=5.0)
    assert found == [YES] * 20
    assert stub.times[-1] - stub.times[0] == 19


def test_a_server_that_loads_its_model_for_a_minute_is_awaited(path: Path) -> None:
    async def loading(_: Request) -> Reply:
        if now() < 61:
            raise Overloaded("503: loading model")
        return said()

    (found, spent), stub = meet(path, lambda desk: answered_and_spent(desk), loading, deadline=90.0)
    assert found == YES
    assert (spent.calls, spent.tokens) == (1, 110)
    assert len(stub.sent) < 12


@pytest.mark.parametrize(
    ("failure", "calls"),
    [(Overloaded("503"), 0), (RateLimited("429"), 0), (Transient("cut", charged=True), 1)],
)
def test_what_was_refused_took_nothing_and_what_was_lost_may_have(
    path: Path, failure: Exception, calls: int
) -> None:
    async def work(desk: Desk) -> list[tuple[int, ...]]:
        await outcome(desk)
        booked = desk.session.ledger.booked
        return [(booked.calls, booked.tokens), desk.session.log.spent()[:2]]

    (booked, written), _ = meet(path, work, failure, Permanent("401"))
    assert booked == written
    assert booked[0] == calls == (booked[1] > 0)


def test_a_parameter_that_is_not_known_costs_no_wait(path: Path) -> None:
    answer, stub = ask(path, Unsupported("no", parameter="top_p"), said())
    assert answer == YES
    assert stub.times[0] == stub.times[1]


def test_a_format_that_is_refused_leads_down_the_ladder(path: Path) -> None:
    answer, stub = ask(path, *[Unsupported("no")] * 3, said(), mode=None)
    assert answer == YES
    assert [mode for _, _, mode, _ in stub.sent] == ["schema", "lean", "object", "text"]
    prompts = [request.messages[-1].content for *_, request in stub.sent]
    assert [prompt.count('"maxLength"') for prompt in prompts] == [0, 0, 1, 1]
    assert len(set(rows(path, "request"))) == 1


def test_a_format_that_is_refused_at_the_end_of_the_ladder_ends_the_run(path: Path) -> None:
    found, stub = ask(path, Unsupported("no"), mode=None)
    assert isinstance(found, Stopped)
    assert len(stub.sent) == 4


def test_until_the_format_is_known_one_request_is_sent(path: Path) -> None:
    _, stub = meet(path, lambda desk: all_of(desk, range(1, 9)), slow, mode=None)
    assert [time - stub.times[0] for time in stub.times] == [0, *[1] * 7]


# The end ---------------------------------------------------------------------------------------


def test_those_in_flight_are_awaited_and_kept_when_the_run_stops(path: Path) -> None:
    async def work(desk: Desk) -> list[Any]:
        asked = asyncio.create_task(all_of(desk, range(1, 7)))
        await asyncio.sleep(0.5)
        desk.session.stop("Ctrl-C")
        return await asked

    found, stub = meet(path, work, slow, concurrency=4)
    assert [type(each) for each in found] == [Move] * 4 + [Stopped] * 2
    assert len(stub.sent) == len(decisions(path)) == 4


def test_a_reply_that_needs_repair_is_kept_though_the_run_stops(path: Path) -> None:
    async def work(desk: Desk) -> Any:
        asked = asyncio.create_task(outcome(desk))
        await asyncio.sleep(0.5)
        desk.session.stop("Ctrl-C")
        return await asked

    async def wrong(_: Request) -> Reply:
        await asyncio.sleep(1)
        return said("hm")

    found, stub = meet(path, work, wrong)
    assert isinstance(found, Stopped)
    assert len(stub.sent) == 1
    assert rows(path, "status") == [("invalid",)]
    assert ask(path, said())[1].sent[0][3].messages[2].content == "hm"


def test_nobody_is_awaited_for_ever_when_the_run_stops(path: Path) -> None:
    async def work(desk: Desk) -> float:
        asked = asyncio.create_task(outcome(desk))
        await asyncio.sleep(5)
        began = now()
        desk.session.stop("Ctrl-C")
        assert isinstance(await asked, Stopped)
        return now() - began

    async def never(_: Request) -> Reply:
        await asyncio.sleep(10**6)
        return said()

    assert meet(path, work, never, timeout=300.0)[0] == pytest.approx(30)
    assert rows(path, "why") == [("no answer before the run stopped (Ctrl-C)",)]


def test_who_waits_before_asking_again_stops_at_once(path: Path) -> None:
    async def work(desk: Desk) -> float:
        asked = asyncio.create_task(outcome(desk))
        await asyncio.sleep(2)
        began = now()
        desk.session.stop("Ctrl-C")
        assert isinstance(await asked, Stopped)
        return now() - began

    assert meet(path, work, Transient("no", retry_after=20))[0] == 0


def test_a_run_without_hope_ends_and_asks_again_when_it_is_resumed(path: Path) -> None:
    async def work(desk: Desk) -> list[Any]:
        found = await all_of(desk, range(1, 41))
        desk.session.ended(Stopped(""))
        return found

    found, stub = meet(path, work, said("hm"), concurrency=5)
    assert {type(each) for each in found} == {NoAnswer, Stopped}
    assert "could not be had" in str(next(each for each in found if isinstance(each, Stopped)))
    assert len(stub.sent) < 3 * 40
    assert decisions(path) == []
    assert ask(path, said())[0] == YES


# Keys ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "disguise",
    [
        KEY,
        KEY.upper(),
        "".join(f"\\u{ord(sign):04x}" for sign in KEY),
        "\\u200b".join(KEY),
        "\u200b".join(KEY),
        KEY.encode().hex(),
    ],
)
def test_a_key_is_kept_nowhere_whatever_its_disguise(disguise: str, path: Path) -> None:
    answer, _ = ask(path, said(GOOD.replace("why", f"It is {disguise}.")))
    assert answer == Move("cooperate", "It is [key].")
    assert "It is [key]." in str(decisions(path))


def test_a_key_that_only_the_reading_reveals_is_kept_nowhere(path: Path) -> None:
    split = "".join(f"\\\n{sign}" for sign in KEY)
    assert ask(path, said(GOOD.replace("why", split)))[0] == Move("cooperate", "[key]")


# The purse -------------------------------------------------------------------------------------


def test_no_more_is_sent_than_the_purse_holds(path: Path) -> None:
    found, stub = meet(path, lambda desk: all_of(desk, range(1, 9)), slow, max_calls=3)
    assert len(stub.sent) == 3
    assert sorted(type(each).__name__ for each in found) == ["Move"] * 3 + ["Stopped"] * 5
    again, stub = ask(path, said(), max_calls=3)
    assert stub.sent == [] or isinstance(again, Stopped)


def test_what_may_have_been_charged_counts_in_full(path: Path) -> None:
    _, _ = ask(path, Transient("reset", charged=True), said())
    (lost, reserved), (_, _) = rows(path, "status, reserved")
    assert lost == "lost"

    async def spent(desk: Desk) -> int:
        return desk.session.log.spent().tokens

    assert meet(path, spent)[0] == reserved + 110
