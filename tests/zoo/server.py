"""A server with one habit, and runs that meet it, in one process and one loop."""

import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from repunet.fake_llm.server import DECISION
from zoo.habits import Call, Habit


@dataclass
class Server:
    """Answers as a habit has it, and counts."""

    habit: Habit
    url: str = ""
    calls: list[Call] = field(default_factory=list)
    times: Counter[str] = field(default_factory=Counter)
    texts: dict[str, str] = field(default_factory=dict)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        decision = unquote(request.headers.get(DECISION, ""))
        self.times[decision] += 1
        body, native = json.loads(await request.text()), request.path.endswith("/messages")
        body = as_openai(body) if native else body
        call = Call(request, body, decision, len(self.calls) + 1, self.times[decision])
        if decision not in self.texts:
            self.texts[decision] = call.text
        call = replace(call, begun=self.texts[decision])
        self.calls.append(call)
        said = await self.habit.answer(call)
        if not isinstance(said, dict):
            return said
        return web.json_response(as_anthropic(said) if native and "choices" in said else said)


def as_openai(body: dict[str, Any]) -> dict[str, Any]:
    """Return a request of Anthropic's protocol as one of OpenAI's."""
    system = [{"role": "system", "content": body["system"]}]
    turns = [{**turn, "content": plain(turn["content"])} for turn in system + body["messages"]]
    form = body.get("output_config", {}).get("format")
    held = {"type": "json_schema", "json_schema": {"name": "answer", **form}} if form else None
    return {
        **{name: body[name] for name in ("model", "max_tokens")},
        "messages": turns,
        **({"response_format": held} if held else {}),
    }


def plain(content: Any) -> str:
    return content if isinstance(content, str) else "".join(part["text"] for part in content)


def as_anthropic(said: dict[str, Any]) -> dict[str, Any]:
    """Return an answer of OpenAI's protocol as one of Anthropic's."""
    (choice,), usage = said["choices"], said["usage"]
    return {
        "id": said["id"],
        "type": "message",
        "role": "assistant",
        "model": said["model"],
        "content": [{"type": "text", "text": choice["message"]["content"]}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {
            "input_tokens": usage["prompt_tokens"],
            "output_tokens": usage["completion_tokens"],
        },
    }


@asynccontextmanager
async def kept(habit: Habit) -> AsyncIterator[Server]:
    """Keep a server for the block."""
    server = Server(habit)
    application = web.Application(client_max_size=2**26)
    for path in ("/v1/chat/completions", "/v1/messages"):
        application.router.add_post(path, server.handle)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.01)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        server.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        yield server
    finally:
        await runner.cleanup()
