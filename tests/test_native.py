"""Providers with protocols of their own."""

import asyncio
import json
import os
import re
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

pytest.importorskip("pydantic_ai")
pytest.importorskip("anthropic")

from aiohttp import web
from pydantic_ai.exceptions import ContentFilterError, UserError
from pydantic_ai.messages import ModelResponse, TextPart
from pydantic_ai.models.function import FunctionModel
from pydantic_ai.usage import RequestUsage
from raw_server import head, saying
from raw_server import listening as bytes_listening

from repunet.errors import UsageError
from repunet.models import failure, native
from repunet.models.environment import ADDRESSES
from repunet.models.learnt import Learnt
from repunet.models.native import NativeTransport
from repunet.models.redaction import known, redacted
from repunet.models.request import Message, Reply, Request, Sampling, Usage
from repunet.system.extras import installation

KEY = "sk-ant-of-a-test-0123456789"
HAIKU, OLD, NEW = "claude-haiku-4-5", "claude-3-haiku-20240307", "claude-opus-4-8"
RATING = {"type": "integer", "minimum": 1, "maximum": 5}
SCHEMA = {
    "type": "object",
    "properties": {"rating": RATING},
    "required": ["rating"],
    "additionalProperties": False,
}
TURNS = (
    Message("system", "You are Ann."),
    Message("user", "How good is Bob?"),
    Message("assistant", "Good."),
    Message("user", "As a number?"),
)
SAID = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-haiku-4-5-20251001",
    "content": [{"type": "text", "text": '{"rating":4}'}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 20, "output_tokens": 6, "cache_read_input_tokens": 10},
}


def request(model: str = HAIKU, **sampling: Any) -> Request:
    return Request("anthropic", model, TURNS, SCHEMA, Sampling(**sampling))


def refusal(message: str, kind: str = "invalid_request_error") -> dict[str, Any]:
    return {"type": "error", "error": {"type": kind, "message": message}}


class Anthropic:
    """An endpoint that says always the same, and keeps what it was asked."""

    def __init__(self, answer: Any, status: int, headers: dict[str, str]) -> None:
        self.answer, self.status, self.headers = answer, status, headers
        self.asked: list[dict[str, Any]] = []
        self.delay = 0.0

    async def handle(self, request: web.Request) -> web.Response:
        self.asked.append(await request.json())
        await asyncio.sleep(self.delay)
        return web.json_response(self.answer, status=self.status, headers=self.headers)


@asynccontextmanager
async def listening(endpoint: Anthropic) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_post("/v1/messages", endpoint.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


class Conversation:
    """A way to ask the endpoint once."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.patch = patch
        self.transport: NativeTransport

    def ask(
        self, endpoint: Anthropic, asked: Request, mode: Any = "schema", timeout: float = 20
    ) -> Reply:
        async def ask() -> Reply:
            async with listening(endpoint) as url:
                self.patch.setenv("ANTHROPIC_BASE_URL", url)
                self.transport = NativeTransport("anthropic", asked.model, timeout=timeout)
                try:
                    return await self.transport.send(asked, mode, "r1/meet/Rate/Ann")
                finally:
                    await self.transport.close()

        return asyncio.run(ask())


@pytest.fixture
def talk(monkeypatch: pytest.MonkeyPatch) -> Conversation:
    for variable in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(variable, raising=False)
        monkeypatch.delenv(variable.lower(), raising=False)
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    return Conversation(monkeypatch)


def says(answer: dict[str, Any] = SAID, status: int = 200, **headers: str) -> Anthropic:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Anthropic(answer, status, named)


def test_a_reply_holds_what_was_said_and_what_it_took(talk: Conversation) -> None:
    reply = talk.ask(says(), request())
    assert reply.text == '{"rating":4}'
    assert (reply.finish, reply.id, reply.served) == ("stop", "msg_1", SAID["model"])
    assert reply.usage == Usage(input=30, output=6, cached=10)


@pytest.mark.parametrize(("reason", "finish"), [("max_tokens", "length"), ("refusal", "filtered")])
def test_a_reply_says_why_it_ends(reason: str, finish: str, talk: Conversation) -> None:
    assert talk.ask(says({**SAID, "stop_reason": reason}), request()).finish == finish


def test_a_dialogue_is_sent_turn_by_turn(talk: Conversation) -> None:
    endpoint = says()
    talk.ask(endpoint, request())
    (asked,) = endpoint.asked
    assert "You are Ann." in json.dumps(asked["system"])
    assert [turn["role"] for turn in asked["messages"]] == ["user", "assistant", "user"]
    assert "As a number?" in json.dumps(asked["messages"][-1])


@pytest.mark.parametrize("mode", ["schema", "lean"])
def test_the_provider_holds_the_model_to_the_schema(mode: str, talk: Conversation) -> None:
    endpoint = says()
    talk.ask(endpoint, request(), mode)
    form = endpoint.asked[0]["output_config"]["format"]
    assert form["type"] == "json_schema"
    assert form["schema"]["required"] == ["rating"]
    assert "minimum" not in form["schema"]["properties"]["rating"]


@pytest.mark.parametrize("mode", ["object", "text"])
def test_the_lower_modes_ask_for_no_format(mode: str, talk: Conversation) -> None:
    endpoint = says()
    talk.ask(endpoint, request(), mode)
    assert "output_config" not in endpoint.asked[0]


def test_sampling_is_sent_except_for_what_changes_nothing(talk: Conversation) -> None:
    endpoint = says()
    talk.ask(endpoint, request(max_tokens=77, temperature=0.5))
    (asked,) = endpoint.asked
    assert (asked["max_tokens"], asked["temperature"]) == (77, 0.5)
    assert "top_p" not in asked


def test_a_model_that_refuses_sampling_is_asked_without(talk: Conversation) -> None:
    endpoint = says()
    talk.ask(endpoint, request(NEW, temperature=0.5, top_p=0.9))
    assert {"temperature", "top_p"} <= talk.transport.dropped
    assert not {"temperature", "top_p"} & set(endpoint.asked[0])


def test_a_refused_parameter_is_left_out_from_then_on(talk: Conversation) -> None:
    answer = refusal("`temperature` and `top_p` cannot both be specified for this model.")
    with pytest.raises(failure.Unsupported) as error:
        talk.ask(says(answer, 400), request(top_p=0.9))
    assert error.value.parameter == "temperature"
    assert "temperature" in talk.transport.dropped


def test_a_value_out_of_range_is_not_left_out(talk: Conversation) -> None:
    with pytest.raises(failure.Permanent, match="less than or equal to 1"):
        talk.ask(
            says(refusal("temperature: should be less than or equal to 1"), 400),
            request(temperature=1.5),
        )
    assert "temperature" not in talk.transport.dropped


def test_a_model_without_formats_says_so_before_it_is_asked(talk: Conversation) -> None:
    endpoint = says()
    with pytest.raises(failure.Unsupported, match="not supported"):
        talk.ask(endpoint, request(OLD))
    assert endpoint.asked == []


FAILURES: list[tuple[int, str, type[failure.Failure], str]] = [
    (400, "output_config.format.schema: too complex", failure.Unsupported, "too complex"),
    (400, "messages: at least one", failure.Unacceptable, "400: messages"),
    (400, "Output blocked by content filtering policy", failure.Content, "blocked"),
    (400, "Your credit balance is too low", failure.Permanent, "no money left"),
    (400, "prompt is too long: 9 tokens > 8 maximum", failure.Content, "too long"),
    (401, "invalid x-api-key", failure.Permanent, "set ANTHROPIC_API_KEY"),
    (402, "pay first", failure.Permanent, "no money left"),
    (403, "not for you", failure.Permanent, "set ANTHROPIC_API_KEY"),
    (404, "model: claude-x", failure.Permanent, "not known there"),
    (408, "too slow", failure.Transient, "408"),
    (409, "conflict", failure.Transient, "409"),
    (429, "slower, please", failure.RateLimited, "slower"),
    (500, "oops", failure.Transient, "500"),
    (503, "later", failure.Overloaded, "503"),
    (529, "overloaded", failure.Overloaded, "529"),
]


@pytest.mark.parametrize(("status", "message", "kind", "words"), FAILURES)
def test_a_failure_has_a_class_and_is_asked_once(
    status: int, message: str, kind: type[failure.Failure], words: str, talk: Conversation
) -> None:
    endpoint = says(refusal(message), status, retry_after="7")
    with pytest.raises(kind, match=words) as error:
        talk.ask(endpoint, request())
    assert type(error.value) is kind
    assert len(endpoint.asked) == 1
    assert error.value.retry_after == (
        7 if kind in (failure.RateLimited, failure.Transient, failure.Overloaded) else None
    )


def test_no_key_is_repeated_by_a_failure(talk: Conversation) -> None:
    with pytest.raises(failure.Permanent, match=r"\[key\]") as error:
        talk.ask(says(refusal(f"no such key: {KEY}"), 401), request())
    assert KEY not in str(error.value)
    assert error.value.__cause__ is None
    assert error.value.__suppress_context__


def test_an_answer_that_takes_too_long_is_given_up(talk: Conversation) -> None:
    endpoint = says()
    endpoint.delay = 60
    with pytest.raises(failure.TimedOut) as error:
        talk.ask(endpoint, request(), timeout=1.0)
    assert error.value.charged
    assert len(endpoint.asked) == 1


def test_an_endpoint_that_is_not_there_may_come_back(talk: Conversation) -> None:
    talk.patch.setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:9")

    async def ask() -> None:
        transport = NativeTransport("anthropic", HAIKU, timeout=60)
        try:
            await transport.send(request(), "text", "r1")
        finally:
            await transport.close()

    with pytest.raises(failure.Unreachable, match="nobody answers at that address") as error:
        asyncio.run(ask())
    assert not error.value.charged


@pytest.mark.parametrize(
    ("said", "kind", "words"),
    [
        (refusal("Overloaded", "overloaded_error"), failure.Interrupted, "Overloaded"),
        (refusal("Your credit balance is too low"), failure.Permanent, "no money left"),
        (refusal("upstream has gone"), failure.Interrupted, "upstream has gone"),
        ({"error": {"message": f"no such key: {KEY}"}}, failure.Interrupted, r"\[key\]"),
    ],
)
def test_an_error_with_status_200_is_told_in_its_words(
    said: dict[str, Any], kind: type[failure.Failure], words: str, talk: Conversation
) -> None:
    with pytest.raises(kind, match=words) as error:
        talk.ask(says(said), request())
    assert type(error.value) is kind
    assert (error.value.usage is not None) == (kind is failure.Interrupted)


class Streams(Anthropic):
    """An endpoint that sends events, whatever it is asked."""

    async def handle(self, request: web.Request) -> web.Response:
        kinds = ((each["type"], json.dumps(each)) for each in self.answer)
        events = "".join(f"event: {kind}\ndata: {data}\n\n" for kind, data in kinds)
        return web.Response(text=events, content_type="text/event-stream")


BEGUN = {**SAID, "content": [], "stop_reason": None}


def block(index: int, kind: str, **parts: Any) -> dict[str, Any]:
    return {"type": f"content_block_{kind}", "index": index, **parts}


PIECES: list[dict[str, Any]] = [
    {"type": "message_start", "message": BEGUN},
    block(0, "start", content_block={"type": "thinking", "thinking": ""}),
    block(0, "delta", delta={"type": "thinking_delta", "thinking": "5?"}),
    block(1, "start", content_block={"type": "text", "text": ""}),
    {"type": "ping"},
    block(1, "delta", delta={"type": "text_delta", "text": '{"rati'}),
    block(1, "delta", delta={"type": "text_delta", "text": 'ng":4}'}),
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 6}},
    {"type": "message_stop"},
]


def test_a_native_answer_that_comes_in_pieces_is_the_same(talk: Conversation) -> None:
    whole = talk.ask(says(), request())
    assert talk.ask(Streams(PIECES, 200, {}), request()) == whole


def test_a_native_stream_that_is_cut_is_no_answer(talk: Conversation) -> None:
    with pytest.raises(failure.Transient, match="cut") as error:
        talk.ask(Streams(PIECES[:-2], 200, {}), request())
    assert error.value.charged


@pytest.mark.parametrize("provider", ["anthropic", "google", "groq"])
def test_no_native_provider_reads_more_than_an_answer_needs(
    provider: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def ask() -> None:
        async with bytes_listening(saying(head(), b"[" + b"0" * 2**20, times=64)) as url:
            monkeypatch.setitem(os.environ, ADDRESSES[provider].variable, url.removesuffix("/v1"))
            monkeypatch.setitem(os.environ, f"{provider.upper()}_API_KEY", KEY)
            transport = NativeTransport(provider, "some-model", timeout=20)
            try:
                await transport.send(request(), "text", "r1")
            finally:
                await transport.close()

    with pytest.raises(failure.Transient, match="larger than 2 MiB") as error:
        asyncio.run(ask())
    assert error.value.charged


def test_gibberish_is_transient(talk: Conversation) -> None:
    with pytest.raises(failure.Transient):
        talk.ask(says({"type": "message", "content": 3}), request())


def made_of(function: Callable[..., Any], patch: pytest.MonkeyPatch) -> NativeTransport:
    """Return a transport to a function."""

    async def answer(*arguments: Any) -> ModelResponse:
        return function(*arguments)

    patch.setattr(native, "_model", lambda *_: FunctionModel(answer, model_name="a function"))
    return NativeTransport("anthropic", HAIKU, timeout=60)


def test_lengths_and_bounds_are_sent_unless_lean_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen = []

    def function(_: Any, info: Any) -> ModelResponse:
        seen.append(info.model_request_parameters.output_object.json_schema)
        return ModelResponse([TextPart("{}")], usage=RequestUsage(input_tokens=1, output_tokens=2))

    transport = made_of(function, monkeypatch)
    for mode in ("schema", "lean"):
        reply = asyncio.run(transport.send(request(), mode, "r1"))
        assert (reply.usage, reply.served) == (Usage(1, 2), "a function")
    assert [each["properties"]["rating"] for each in seen] == [RATING, {"type": "integer"}]


RAISED: list[tuple[Exception, Any, type[failure.Failure]]] = [
    (ContentFilterError("filtered"), "text", failure.Content),
    (UserError("no such thing"), "text", failure.Permanent),
    (UserError("no such thing"), "schema", failure.Unsupported),
    (ConnectionResetError("reset"), "text", failure.Transient),
    (KeyError("oops"), "text", failure.Transient),
    (type("NoCredentialsError", (Exception,), {})("none"), "text", failure.Permanent),
]


@pytest.mark.parametrize(("raised", "mode", "kind"), RAISED)
def test_whatever_is_raised_has_a_class(
    raised: Exception, mode: Any, kind: type[failure.Failure], monkeypatch: pytest.MonkeyPatch
) -> None:
    def function(*_: Any) -> ModelResponse:
        raise raised

    with pytest.raises(kind):
        asyncio.run(made_of(function, monkeypatch).send(request(), mode, "r1"))


@pytest.mark.parametrize(
    ("provider", "variable"),
    [
        ("anthropic", "ANTHROPIC_API_KEY"),
        ("google", "GOOGLE_API_KEY or GEMINI_API_KEY"),
        ("groq", "GROQ_API_KEY"),
        ("mistral", "MISTRAL_API_KEY"),
        ("bedrock", "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
        ("cohere", "cohere"),
    ],
)
def test_a_missing_key_is_named(
    provider: str, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ANTHROPIC", "GOOGLE", "GEMINI", "GROQ", "MISTRAL"):
        monkeypatch.delenv(f"{name}_API_KEY", raising=False)
    for name in ("ACCESS_KEY_ID", "BEARER_TOKEN_BEDROCK", "PROFILE"):
        monkeypatch.delenv(f"AWS_{name}", raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    with pytest.raises(UsageError, match=variable):
        NativeTransport(provider, "some-model", timeout=60)


@pytest.mark.parametrize("provider", ["google", "groq", "mistral", "bedrock"])
def test_every_provider_can_be_made_ready(provider: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GOOGLE_API_KEY", "GROQ_API_KEY", "MISTRAL_API_KEY", "AWS_ACCESS_KEY_ID"):
        monkeypatch.setenv(name, KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", KEY)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    transport = NativeTransport(provider, "some-model", timeout=60, learnt=Learnt({"top_p"}))
    assert "top_p" in transport.dropped
    asyncio.run(transport.close())


def test_an_unknown_provider_is_a_mistake() -> None:
    with pytest.raises(UsageError, match="nobody:model"):
        NativeTransport("nobody", "model", timeout=60)


def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pydantic_ai.models", None)
    with pytest.raises(UsageError, match=re.escape(installation("providers"))):
        NativeTransport("anthropic", HAIKU, timeout=60)


def test_secrets_are_those_that_are_named_like_keys() -> None:
    environ = {"A_API_KEY": "12345678", "AWS_SECRET_ACCESS_KEY": "abcdefgh", "B_TOKEN": "short"}
    said = "12345678 or abcdefgh, in short"
    assert redacted(said, *known(environ)) == "[key] or [key], in short"
    assert redacted(said, *known({"A_API_KEY": "", "KEYS": "abcdefgh"})) == said
