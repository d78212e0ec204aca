"""OpenAI's protocol: what is sent, how failures are told apart, and that keys stay secret."""

import asyncio
import json
import logging
import ssl
import traceback
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeVar
from unittest.mock import patch

import pytest
from aiohttp import web

from repunet.fake_llm import Faults, Settings, serving
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
from repunet.models.learnt import OTHER_ROOM, ROOM
from repunet.models.openai import OpenAITransport, retry_after
from repunet.models.request import (
    OUTPUT_MODES,
    Message,
    OutputMode,
    Reply,
    Request,
    Sampling,
    Usage,
    worded,
)

T = TypeVar("T")
KEY = "sk-canary-0123456789abcdef"
SCHEMA = {
    "type": "object",
    "properties": {"text": {"type": "string", "maxLength": 200}},
    "required": ["text"],
    "additionalProperties": False,
}
TURNS = Message("system", "You are Ann."), Message("user", "What do you say?")
ASKED = Request("http", "fake", TURNS, SCHEMA, Sampling(99, 0.5))
AT = "r1/meet/A01-A02>A03/ChooseMove/A01"


@pytest.fixture(autouse=True, scope="module")
def _certificates() -> Iterator[None]:
    """Load them once: for every transport, that takes longer than the rest of a test."""
    with patch.object(ssl, "create_default_context", cache(ssl.create_default_context)):
        yield


def use(url: str, work: Callable[[OpenAITransport], Coroutine[Any, Any, T]], **given: Any) -> T:
    """Let the work have a transport, in a loop of its own."""

    async def main() -> T:
        there = OpenAITransport("fake", url, **{"key": KEY, "timeout": 60.0, **given})
        try:
            return await work(there)
        finally:
            await there.close()

    return asyncio.run(main())


def send(url: str, mode: OutputMode = "schema", **given: Any) -> Reply:
    return use(url, lambda there: there.send(worded(ASKED, mode), mode, AT), **given)


def failure(url: str, mode: OutputMode = "schema", **given: Any) -> Failure:
    with pytest.raises(Failure) as caught:
        send(url, mode, **given)
    assert isinstance(caught.value, Failure)
    return caught.value


class Script:
    """A server that says what it was told to say, and keeps what it was asked."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[web.Request] = []
        self.bodies: list[dict[str, Any]] = []
        self.answers: list[Callable[[web.Request], web.StreamResponse]] = []

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.bodies.append(json.loads(await request.text() or "{}"))
        self.asked.append(request)
        return self.answers[min(len(self.asked), len(self.answers)) - 1](request)


def exchange(
    work: Callable[[OpenAITransport, Script], Coroutine[Any, Any, T]],
    *answers: Callable[[web.Request], web.StreamResponse],
    path: str = "/v1",
) -> T:
    """Let the work have a transport to a server that gives these answers, the last one ever."""

    async def main() -> T:
        script = Script()
        script.answers = list(answers)
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", script.handle)
        runner = web.AppRunner(application, shutdown_timeout=0.01)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        script.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        there = OpenAITransport("fake", script.url + path, KEY, 60.0)
        try:
            return await work(there, script)
        finally:
            await there.close()
            await runner.cleanup()

    return asyncio.run(main())


def one(*answers: Callable[[web.Request], web.StreamResponse]) -> Reply:
    return exchange(lambda there, _: there.send(ASKED, "schema", AT), *answers)


def failed(*answers: Callable[[web.Request], web.StreamResponse]) -> Failure:
    with pytest.raises(Failure) as caught:
        one(*answers)
    assert isinstance(caught.value, Failure)
    return caught.value


def saying(body: Any, status: int = 200, **headers: str) -> Callable[[web.Request], web.Response]:
    text = body if isinstance(body, str) else json.dumps(body)
    kind = "text/html" if text.startswith("<") else "application/json"
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _: web.Response(text=text, status=status, headers=named, content_type=kind)


def wrong(message: str, status: int = 400, **parts: Any) -> Callable[[web.Request], web.Response]:
    headers = parts.pop("headers", {})
    return saying({"error": {"message": message, **parts}}, status, **headers)


def answer(content: Any = "hi", finish: str = "stop", **more: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": content, **more.pop("message", {})}
    choice = {"index": 0, "message": message, "finish_reason": finish}
    return {"id": "c-1", "model": "fake-2", "object": "chat.completion", "choices": [choice]} | more


# What is sent ----------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", OUTPUT_MODES)
def test_each_mode_asks_for_the_format_in_its_way(mode: OutputMode) -> None:
    async def work(there: OpenAITransport, script: Script) -> Any:
        await there.send(ASKED, mode, AT)
        return script.bodies[0].get("response_format")

    wanted = exchange(work, saying(answer()))
    match mode:
        case "schema":
            held = {"name": "answer", "strict": True, "schema": SCHEMA}
            assert wanted == {"type": "json_schema", "json_schema": held}
        case "lean":
            assert wanted["json_schema"]["schema"]["properties"] == {"text": {"type": "string"}}
        case "object":
            assert wanted == {"type": "json_object"}
        case "text":
            assert wanted is None


def test_a_request_is_sent_once_as_it_is_and_named() -> None:
    async def work(there: OpenAITransport, script: Script) -> Script:
        await there.send(ASKED, "text", "r1/\u00e9 \n/A01")
        return script

    script = exchange(work, saying(answer()))
    (asked,), (body,) = script.asked, script.bodies
    assert asked.headers["Authorization"] == f"Bearer {KEY}"
    assert asked.headers["X-RepuNet-Decision"] == "r1/%C3%A9%20%0A/A01"
    assert body["messages"][1] == {"role": "user", "content": "What do you say?"}
    assert (body[ROOM], body["temperature"], body["model"]) == (99, 0.5, "fake")


def test_the_version_in_a_url_goes_with_every_request() -> None:
    async def work(there: OpenAITransport, script: Script) -> str:
        await there.send(ASKED, "text", AT)
        return script.asked[0].path_qs

    sent = exchange(work, saying(answer()), path="/v1?api-version=2024-10-21")
    assert sent == "/v1/chat/completions?api-version=2024-10-21"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_nobody_is_sent_elsewhere_with_the_prompt_and_the_key(status: int) -> None:
    async def work(there: OpenAITransport, script: Script) -> tuple[str, int]:
        with pytest.raises(Permanent) as caught:
            await there.send(ASKED, "text", AT)
        return str(caught.value), len(script.asked)

    said, asked = exchange(work, saying({}, status, Location="/v2/chat/completions"))
    assert said.startswith("the server is elsewhere: correct its URL")
    assert asked == 1


# What comes back -------------------------------------------------------------------------------


def test_an_answer_says_what_it_took() -> None:
    usage = {
        "prompt_tokens": 30,
        "completion_tokens": 12,
        "prompt_tokens_details": {"cached_tokens": 20},
        "completion_tokens_details": {"reasoning_tokens": 9},
    }
    assert one(saying(answer(usage=usage))) == Reply(
        "hi", "stop", Usage(30, 12, 20, 9), "c-1", "fake-2", reason="stop"
    )


@pytest.mark.parametrize("usage", [None, {}, 5, {"prompt_tokens": 3}, {"prompt_tokens": "3"}])
def test_what_an_answer_took_may_not_be_said(usage: Any) -> None:
    assert one(saying(answer(usage=usage))).usage is None


@pytest.mark.parametrize(
    ("body", "text", "finish"),
    [
        (answer("a", "length"), "a", "length"),
        (answer("", "content_filter"), "", "filtered"),
        (answer(None, message={"refusal": "No."}), "No.", "refused"),
        (answer(None), "", "stop"),
        (answer([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]), "ab", "stop"),
        (answer([{"type": "thinking", "thinking": "x"}, {"text": "b"}, None]), "b", "stop"),
        (answer("a", "weird"), "a", "unknown"),
        ({"choices": [{"message": {"content": "a"}}]}, "a", "stop"),
    ],
)
def test_the_text_of_an_answer_is_found(body: Any, text: str, finish: str) -> None:
    reply = one(saying(body))
    assert (reply.text, reply.finish) == (text, finish)


@pytest.mark.parametrize(
    "body",
    [
        "<html>hello</html>",
        "null",
        "5",
        "[]",
        "{}",
        "",
        "{broken",
        {"choices": []},
        {"choices": {"a": 1}},
        {"choices": 5},
        {"choices": [None]},
        {"choices": [{}]},
    ],
)
def test_what_is_no_answer_may_have_been_charged_and_is_asked_again(body: Any) -> None:
    found = failed(saying(body))
    assert type(found) is Transient
    assert found.charged


def test_an_error_that_looks_like_an_answer_is_told() -> None:
    assert "upstream is down" in str(failed(saying({"error": {"message": "upstream is down"}})))


def test_an_answer_can_be_stored_whatever_is_in_it() -> None:
    said = '{"choices": [{"message": {"content": "a\\ud800"}}], "id": "c\\udfff\\u001b"}'
    reply = one(saying(said))
    assert (reply.text, reply.id) == ("a\\ud800", "c\\udfff")


# Failures --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "kind", "charged"),
    [
        ("rate_limited", RateLimited, False),
        ("server_error", Transient, False),
        ("unavailable", Overloaded, False),
        ("reset", Transient, True),
        ("half", Transient, True),
    ],
)
def test_a_fault_has_its_class(fault: Any, kind: type[Failure], charged: bool) -> None:
    with serving(Settings(faults=Faults(first=(fault,)), retry_after=2.5)) as server:
        found = failure(server.url)
    assert (type(found), found.charged) == (kind, charged)
    assert found.retry_after == (2.5 if fault == "rate_limited" else None)


def test_who_does_not_answer_in_time_may_still_charge() -> None:
    with serving(Settings(faults=Faults(first=("hang",)))) as server:
        found = failure(server.url, timeout=1.0)
    assert (type(found), found.charged) == (TimedOut, True)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9/v1", "http://nobody.invalid/v1", "http://localhost:9/v1"]
)
def test_who_is_not_there_charges_nothing(url: str) -> None:
    found = failure(url)
    assert (type(found), found.charged) == (Unreachable, False)
    assert str(found).startswith("nobody answers at that address")


def test_who_does_not_speak_tls_was_sent_nothing() -> None:
    with serving() as server:
        found = failure(server.url.replace("http:", "https:"))
    assert (type(found), found.charged) == (Unreachable, False)


def test_a_server_that_can_not_write_http_is_asked_again() -> None:
    both = {"Content-Length": "2", "Transfer-Encoding": "chunked"}
    found = failed(lambda _: web.Response(body=b"{}", headers={**both, "X": "y"}))
    assert isinstance(found, Transient)


@pytest.mark.parametrize(
    ("answers", "kind"),
    [
        (wrong("no", 401), Permanent),
        (wrong("no", 403), Permanent),
        (wrong("your input was flagged", 403), Content),
        (wrong("no", 404), Permanent),
        (wrong("no", 402), Permanent),
        (wrong("no", 429, code="insufficient_quota"), Permanent),
        (wrong("no", 429), RateLimited),
        (wrong("no", 408), Transient),
        (wrong("no", 409), Transient),
        (wrong("no", 599), Transient),
        (saying("<html>Bad gateway</html>", 502), Overloaded),
        (wrong("no", 413), Content),
        (wrong("no", 400, code="content_filter"), Content),
        (wrong("no", 400, code="context_length_exceeded", param="messages"), Content),
        (wrong("maximum context length is 9; lower 'max_tokens'", param="max_tokens"), Content),
        (wrong("the request exceeds the available context size"), Content),
        (wrong("'temperature' must be at most 1", param="temperature"), Permanent),
        (wrong("max_tokens is too large: 99", param="max_tokens"), Unsupported),
        (wrong("no"), Unacceptable),
        (saying('"no"', 400), Unacceptable),
        (saying("[]", 418), Unacceptable),
    ],
)
def test_a_status_has_its_class(answers: Any, kind: type[Failure]) -> None:
    found = failed(answers)
    assert (type(found), found.charged) == (kind, False)
    assert "\n" not in str(found)


def test_a_complaint_is_one_line_of_limited_length() -> None:
    found = str(failed(wrong("a\n\x1b[31mb\ud800 " + "x" * 9999)))
    assert found.isprintable()
    assert len(found) < 500


# When to come back -----------------------------------------------------------------------------

NOON, LATER = "Fri, 02 Jan 2026 12:00:00 GMT", "Fri, 02 Jan 2026 12:01:30 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "2.5"}, 2.5),
        ({"retry-after": "-3"}, 0),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after-ms": "soon", "retry-after": "9"}, 9),
        ({"retry-after": LATER, "date": NOON}, 90),
        ({"retry-after": NOON, "date": LATER}, 0),
        ({"retry-after": LATER}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "soon", "date": NOON}, None),
        ({"retry-after": "Fri, 99 Jan 99999999 12:00:00 GMT", "date": NOON}, None),
        ({}, None),
    ],
)
def test_a_server_may_say_when_to_come_back(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds


@pytest.mark.parametrize("status", [429, 503])
def test_when_to_come_back_is_kept(status: int) -> None:
    assert failed(wrong("no", status, headers={"Retry_After": "7"})).retry_after == 7
    dates = {"Retry_After": LATER, "Date": NOON}
    assert failed(wrong("no", status, headers=dates)).retry_after == 90


# What a server does not know -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("served", "refused"),
    [
        ("honour", set()),
        ("ignore", set()),
        ("reject", {"schema", "lean", "object"}),
        ("reject-schema", {"schema", "lean"}),
        ("reject-bounds", {"schema"}),
    ],
)
def test_a_format_is_refused_as_such(served: Any, refused: set[OutputMode]) -> None:
    with serving(Settings(response_format=served)) as server:
        for mode in OUTPUT_MODES:
            if mode in refused:
                found = failure(server.url, mode)
                assert (type(found), found.charged) == (Unsupported, False)
                assert isinstance(found, Unsupported)
                assert found.parameter is None
            else:
                held = served != "ignore" or mode in ("object", "text")
                assert send(server.url, mode).text.startswith("{") == held


def test_a_format_may_break_a_server() -> None:
    with serving(Settings(response_format="reject-500")) as server:
        assert type(failure(server.url, "schema")) is Transient
        assert send(server.url, "text").finish == "stop"


async def until_answered(there: OpenAITransport) -> list[str | None]:
    """Return the parameters that had to be left out."""
    left_out: list[str | None] = []
    for _ in range(9):
        try:
            await there.send(ASKED, "schema", AT)
        except Unsupported as error:
            left_out.append(error.parameter)
        else:
            break
    return left_out


def test_what_a_server_does_not_know_is_left_out_from_then_on() -> None:
    async def work(there: OpenAITransport) -> tuple[list[str | None], set[str]]:
        left_out = await until_answered(there)
        assert await until_answered(there) == []
        return left_out, there.dropped

    with serving(Settings(reject_parameters=("temperature", "top_p"))) as server:
        left_out, dropped = use(server.url, work)
    assert left_out == ["temperature", "top_p"]
    assert dropped == {"temperature", "top_p"}


def test_the_room_of_an_answer_has_another_name_where_it_must() -> None:
    async def work(there: OpenAITransport, script: Script) -> list[dict[str, Any]]:
        assert await until_answered(there) == [ROOM]
        assert there.dropped == set()
        return script.bodies

    said = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."
    refusal = wrong(said, param=ROOM, code="unsupported_parameter")
    first, second = exchange(work, refusal, saying(answer()))
    assert (first[ROOM], OTHER_ROOM in first) == (99, False)
    assert (second[OTHER_ROOM], ROOM in second) == (99, False)


def test_answers_of_any_length_are_not_asked_for() -> None:
    async def work(there: OpenAITransport) -> None:
        with pytest.raises(Permanent, match="can't be limited"):
            await until_answered(there)

    with serving(Settings(reject_parameters=(ROOM, OTHER_ROOM))) as server:
        use(server.url, work)


@pytest.mark.parametrize("refused", [("temperature",), (ROOM,)])
def test_what_many_requests_at_once_learn_is_learnt_once(refused: tuple[str, ...]) -> None:
    async def work(there: OpenAITransport) -> list[Any]:
        wait = (there.send(ASKED, "schema", AT) for _ in range(20))
        first = await asyncio.gather(*wait, return_exceptions=True)
        assert {type(each) for each in first} == {Unsupported}
        wait = (there.send(ASKED, "schema", AT) for _ in range(20))
        await asyncio.gather(*wait)
        return sorted(there.dropped)

    with serving(Settings(reject_parameters=refused)) as server:
        assert use(server.url, work) == [name for name in refused if name != ROOM]


@pytest.mark.parametrize(
    "said",
    [
        "Unsupported value: 'temperature' does not support 0.5 with this model.",
        'Invalid JSON payload received. Unknown name "temperature": Cannot find field.',
        "temperature is not supported",
        "[{'type': 'extra_forbidden', 'loc': ['body', 'temperature'], "
        "'msg': 'Extra inputs are not permitted'}]",
    ],
)
def test_servers_name_what_they_do_not_know_in_many_ways(said: str) -> None:
    found = failed(wrong(said, status=422))
    assert isinstance(found, Unsupported)
    assert found.parameter == "temperature"


# Keys ------------------------------------------------------------------------------------------


def everything(error: BaseException | None) -> Iterator[str]:
    """Yield all that an error and what hangs on to it would say."""
    while error is not None:
        yield from (str(error), repr(error), repr(error.__dict__), repr(error.args))
        yield "".join(traceback.format_exception(error))
        error = error.__cause__ or error.__context__


CARELESS = f"this key is not known here: Bearer {KEY}"


@pytest.mark.parametrize(
    "answers",
    [
        wrong(CARELESS, 401),
        wrong("x" * 380 + KEY, 401),
        wrong(CARELESS, 429),
        wrong(CARELESS, 500),
        wrong(CARELESS, 400),
        wrong(CARELESS, 400, code=KEY, param=KEY),
        saying(f"<html>{'x' * 380}{KEY}</html>", 502),
        saying(f"<html>{'x' * 380}{KEY}</html>"),
        saying({"error": {"message": CARELESS}}),
        saying({"error": CARELESS}),
        saying({"choices": [], "key": KEY}),
        saying({}, 307, Location=f"http://127.0.0.1:9/{KEY}"),
    ],
)
def test_no_failure_holds_the_key(answers: Any, caplog: pytest.LogCaptureFixture) -> None:
    with listening(caplog):
        found = failed(answers)
    said = "\n".join(everything(found))
    assert KEY not in said
    assert KEY[:12] not in str(found)
    assert found.__cause__ is found.__context__ is None
    assert KEY not in caplog.text


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/v1", "https://127.0.0.1:9/v1"])
def test_no_broken_connection_holds_the_key(url: str, caplog: pytest.LogCaptureFixture) -> None:
    with listening(caplog):
        found = failure(url)
    assert KEY not in "\n".join(everything(found)) + caplog.text


def test_no_answer_holds_the_key(caplog: pytest.LogCaptureFixture) -> None:
    with listening(caplog):
        reply = one(saying(answer(f"it is {KEY}", id=f"c-{KEY}", model=KEY)))
    assert KEY not in repr(reply) + caplog.text
    assert KEY[:9] not in (reply.id or "")
    assert any(record.name.startswith("openai") for record in caplog.records)


def test_a_transport_does_not_show_its_key() -> None:
    async def work(there: OpenAITransport) -> str:
        return f"{there!r} {there!s} {there._client!r}"

    assert KEY not in use("http://127.0.0.1:9/v1", work)


@contextmanager
def listening(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Let every logger that there is say everything."""
    names = (None, "openai", "httpx", "httpx2", "httpcore", "aiohttp", "asyncio")
    for name in names:
        caplog.set_level(logging.DEBUG, logger=name)
    yield


# Many ------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_five_hundred_requests_are_in_flight_at_once() -> None:
    async def work(there: OpenAITransport) -> int:
        replies = await asyncio.gather(*(there.send(ASKED, "schema", AT) for _ in range(500)))
        return len({reply.text for reply in replies})

    with serving(Settings(latency=0.5)) as server:
        assert use(server.url, work, timeout=30.0) == 1
        assert server.stats.most_in_flight > 400
        assert server.stats.statuses == {"200": 500}
