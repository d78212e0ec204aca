"""A server with one habit, and runs that meet it, in one process and one loop."""

import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
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
        body = json.loads(await request.text())
        call = Call(request, body, decision, len(self.calls) + 1, self.times[decision])
        begun = self.texts.setdefault(decision, call.text)
        call = replace(call, begun=begun)
        self.calls.append(call)
        said = await self.habit.answer(call)
        return web.json_response(said) if isinstance(said, dict) else said


@asynccontextmanager
async def kept(habit: Habit) -> AsyncIterator[Server]:
    """Keep a server for the block."""
    server = Server(habit)
    application = web.Application(client_max_size=2**26)
    application.router.add_post("/v1/chat/completions", server.handle)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.01)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        server.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        yield server
    finally:
        await runner.cleanup()
