"""The server: lets requests in or sends them away, waits, and answers or fails to."""

import asyncio
import errno
import json
import socket
import struct
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from threading import Thread
from typing import Any, Self, TextIO
from urllib.parse import unquote

from aiohttp import web

from repunet.errors import UsageError
from repunet.fake_llm.asked import BOUNDS, ChatRequest, MalformedRequest, keywords, read
from repunet.fake_llm.faults import Transport
from repunet.fake_llm.settings import Latency, Settings
from repunet.fake_llm.stats import Stats, question
from repunet.fake_llm.wire import ModelReply, Rejected, completion, said
from repunet.models.request import Schema

DECISION = "X-RepuNet-Decision"
"""The header in which our clients say, percent-encoded, which decision they ask for."""

WAITING = 4096
"""How many connections may wait to be let in."""
LARGEST = 64 * 2**20
"""Bytes of a request."""
FAREWELL = 0.05
"""Seconds that requests in flight are given when the server stops."""
MINUTE = 60.0


class FakeLLM:
    """A server that speaks OpenAI's protocol, for as long as one is in its context."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        self.stats = Stats()
        self.port = self.settings.port
        self._latency = Latency.read(self.settings.latency)
        self._admitted: deque[float] = deque()
        self._busy = 0
        self._runner: web.AppRunner | None = None
        self._log: TextIO | None = None

    @property
    def url(self) -> str:
        """Return the address that clients call their base."""
        return f"http://{self.settings.host}:{self.port}/v1"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Begin to listen; raise UsageError where somebody else does."""
        self._runner = web.AppRunner(
            self._application(),
            access_log=None,
            handler_cancellation=True,
            shutdown_timeout=FAREWELL,
        )
        await self._runner.setup()
        try:
            if self.settings.log is not None:
                self._log = self.settings.log.open("a", encoding="utf-8")
            await self._listen(self._runner)
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Let go of all connections, answered or not."""
        if self._runner is not None:
            await self._runner.cleanup()
        if self._log is not None:
            self._log.close()
        self._runner = self._log = None

    async def _listen(self, runner: web.AppRunner) -> None:
        site = web.TCPSite(runner, self.settings.host, self.settings.port, backlog=WAITING)
        try:
            await site.start()
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            raise UsageError(
                f"port {self.settings.port} is in use: choose another, or 0 for any that is free"
            ) from None
        self.port = runner.addresses[0][1]

    def _application(self) -> web.Application:
        application = web.Application(client_max_size=LARGEST)
        for prefix in ("", "/v1"):
            application.router.add_post(f"{prefix}/chat/completions", self._complete)
            application.router.add_get(f"{prefix}/models", self._models)
        application.router.add_get("/health", self._health)
        application.router.add_get("/stats", self._report)
        return application

    async def _health(self, _: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def _report(self, _: web.Request) -> web.Response:
        return web.json_response(self.stats.report())

    async def _models(self, _: web.Request) -> web.Response:
        names = self.settings.models or ("fake",)
        models = [{"id": n, "object": "model", "created": 0, "owned_by": "repunet"} for n in names]
        return web.json_response({"object": "list", "data": models})

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        """Answer a request, or fail to, and count what became of it."""
        number, outcome = self.stats.arrived(), "gone"
        try:
            response, outcome = await self._answered(request, number)
        except Rejected as error:
            outcome = str(error.status)
            return web.json_response(error.body, status=error.status, headers=error.headers)
        finally:
            self.stats.left(outcome)
        return response

    async def _answered(self, request: web.Request, number: int) -> tuple[web.StreamResponse, str]:
        asked = await self._asked(request)
        schema = self._accepted(asked)
        self._let_in()
        self._busy += 1
        try:
            fault = self.settings.faults.on_the_way(self.settings.seed, number)
            await self._delayed(request, fault, number)
            if self.settings.quota is not None and self.stats.answered >= self.settings.quota:
                raise _no_money()
            faults = self.settings.faults.in_answer(self.settings.seed, number, asked.fingerprint)
            answer = said(asked, schema, faults, self._instead(asked, request.headers))
            return await self._sent(request, asked, answer, fault)
        finally:
            self._busy -= 1

    async def _asked(self, request: web.Request) -> ChatRequest:
        self._admit_key(request.headers.get("Authorization", ""))
        decision = request.headers.get(DECISION)
        try:
            body = json.loads(await request.read())
            asked = read(body, None if decision is None else unquote(decision))
        except MalformedRequest as error:
            raise Rejected(400, str(error), param=error.param) from None
        except (ValueError, RecursionError):
            raise Rejected(400, "the body of the request is not JSON") from None
        self.stats.asked[question(asked)] += 1
        return asked

    def _admit_key(self, authorization: str) -> None:
        key = self.settings.key
        if key is not None and authorization != f"Bearer {key}":
            message = f"this key is not known here: {authorization}"
            raise Rejected(401, message, code="invalid_api_key")

    def _accepted(self, asked: ChatRequest) -> Schema | None:
        """Return the schema to answer in; raise Rejected if something is not supported."""
        known = self.settings.models
        if known and asked.model not in known:
            message = f"the model '{asked.model}' does not exist"
            raise Rejected(404, message, param="model", code="model_not_found")
        refused = ("stream",) if asked.body.get("stream") else ()
        for name in (*refused, *self.settings.reject_parameters):
            if asked.body.get(name) is not None:
                raise _unsupported(name)
        try:
            return self._schema(asked)
        except MalformedRequest as error:
            raise Rejected(400, str(error), param=error.param) from None

    def _schema(self, asked: ChatRequest) -> Schema | None:
        mode, wanted = self.settings.response_format, asked.body.get("response_format")
        if wanted is None or mode == "ignore":
            return asked.in_prompt
        schema = asked.in_format
        if mode == "reject-500":
            raise _broken(500, "the server had an error while processing your request")
        if mode == "reject" or (mode == "reject-schema" and schema is not None):
            raise Rejected(
                400, "'response_format' is not supported by this model", param="response_format"
            )
        if mode == "reject-bounds":
            _refuse_bounds(schema)
        return asked.in_prompt if schema is None else schema

    def _let_in(self) -> None:
        """Let a request in, unless there are too many at once or in this minute."""
        slots, pace = self.settings.slots, self.settings.requests_per_minute
        if slots is not None and self._busy >= slots:
            raise _too_much("too many requests at once", self.settings.retry_after)
        if pace is None:
            return
        now, admitted = asyncio.get_running_loop().time(), self._admitted
        while admitted and admitted[0] <= now - MINUTE:
            admitted.popleft()
        if len(admitted) >= pace:
            wait = round(admitted[0] + MINUTE - now, 3) if admitted else MINUTE
            raise _too_much("too many requests in this minute", wait)
        admitted.append(now)

    async def _delayed(self, request: web.Request, fault: Transport | None, number: int) -> None:
        """Let time pass before an answer; raise Rejected or cut the connection if there is none."""
        match fault:
            case "rate_limited":
                raise _too_much("you ask too much", self.settings.retry_after)
            case "server_error":
                raise _broken(500, "the server had an error while processing your request")
            case "unavailable":
                raise _broken(503, "the server is overloaded")
            case "hang":
                await asyncio.sleep(self.settings.hang)
            case "reset":
                _reset(request)
            case _:
                await asyncio.sleep(self._latency.of(self.settings.seed, number))

    def _instead(self, asked: ChatRequest, headers: Mapping[str, str]) -> str | None:
        answers = self.settings.answers
        return None if answers is None else answers(dict(asked.body), headers)

    async def _sent(
        self, request: web.Request, asked: ChatRequest, answer: ModelReply, fault: Transport | None
    ) -> tuple[web.StreamResponse, str]:
        body = json.dumps(completion(asked, answer, usage=self.settings.usage)).encode()
        if fault is not None:
            return await _half(request, body if fault == "half" else b""), fault
        if request.transport is None or request.transport.is_closing():
            return web.Response(), "gone"
        self.stats.answers(asked, answer.size)
        self._write(asked, answer)
        return web.Response(body=body, content_type="application/json"), "200"

    def _write(self, asked: ChatRequest, answer: ModelReply) -> None:
        if self._log is None:
            return
        line = {
            "number": self.stats.answered,
            **question(asked)._asdict(),
            "model": asked.model,
            "prompt_tokens": asked.prompt_tokens,
            "completion_tokens": answer.size,
        }
        self._log.write(json.dumps(line) + "\n")
        self._log.flush()


@contextmanager
def serving(settings: Settings | None = None) -> Iterator[FakeLLM]:
    """Serve from a thread of its own, for those who have no loop."""
    server = FakeLLM(settings)
    with _elsewhere() as loop:
        try:
            asyncio.run_coroutine_threadsafe(server.start(), loop).result()
            yield server
        finally:
            asyncio.run_coroutine_threadsafe(server.stop(), loop).result()


@contextmanager
def _elsewhere() -> Iterator[asyncio.AbstractEventLoop]:
    """Return a loop that runs in a thread of its own."""
    begun: Future[asyncio.AbstractEventLoop] = Future()

    def work() -> None:
        with asyncio.Runner() as runner:
            begun.set_result(runner.get_loop())
            runner.get_loop().run_forever()

    thread = Thread(target=work, name="fake-llm", daemon=True)
    thread.start()
    loop = begun.result()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


def _refuse_bounds(schema: Schema | None) -> None:
    if found := sorted(set(keywords(schema)) & set(BOUNDS)):
        message = (
            f"invalid schema for 'response_format': {', '.join(map(repr, found))} not permitted"
        )
        raise Rejected(400, message, param="response_format")


def _unsupported(name: str) -> Rejected:
    message = f"unsupported parameter: '{name}' is not supported by this model"
    if name == "max_tokens":
        message += "; use 'max_completion_tokens' instead"
    return Rejected(400, message, param=name, code="unsupported_parameter")


def _too_much(message: str, retry_after: float | None) -> Rejected:
    code = "rate_limit_exceeded"
    return Rejected(429, message, "rate_limit_error", code=code, retry_after=retry_after)


def _no_money() -> Rejected:
    code = "insufficient_quota"
    return Rejected(429, "your quota is used up: see to your billing", code, code=code)


def _broken(status: int, message: str) -> Rejected:
    return Rejected(status, message, "server_error")


def _reset(request: web.Request) -> None:
    """Cut the connection at once, so that the client is told of a reset."""
    if request.transport is not None:
        bound: Any = request.transport.get_extra_info("socket")
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        request.transport.abort()


async def _half(request: web.Request, body: bytes) -> web.StreamResponse:
    """Send half of a body and cut the connection."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    response.content_length = len(body)
    if body and request.transport is not None:
        await response.prepare(request)
        await response.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return response
