"""A server that sends the bytes it is told to, however wrong they are."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

Habit: TypeAlias = Callable[[asyncio.StreamWriter], Awaitable[None]]
"""What is done with a connection once a request has come."""


def answer(text: str = "hi", **more: Any) -> dict[str, Any]:
    """Return an answer of OpenAI's protocol."""
    message = {"role": "assistant", "content": text}
    return {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]} | more


def head(status: int = 200, kind: str = "application/json", *lines: str) -> bytes:
    """Return what comes before a body that ends with the connection."""
    first = f"HTTP/1.1 {status} Said", f"Content-Type: {kind}", "Connection: close"
    return "\r\n".join((*first, *lines, "", "")).encode()


def saying(*parts: bytes, times: int = 1) -> Habit:
    """Send all of this, the last part so many times, and hang up."""

    async def habit(writer: asyncio.StreamWriter) -> None:
        for part in (*parts, *parts[-1:] * (times - 1)):
            writer.write(part)
            await writer.drain()

    return habit


def events(*data: Any, first: bytes = b"", end: bytes = b"data: [DONE]\n\n") -> Habit:
    """Send events, as a server does that only streams."""
    sent = b"".join(b"data: " + json.dumps(each).encode() + b"\n\n" for each in data)
    return saying(head(200, "text/event-stream") + first + sent + end)


def delta(finish: str | None = None, /, **parts: Any) -> dict[str, Any]:
    """Return a piece of an answer."""
    return {"id": "c-1", "choices": [{"index": 0, "delta": parts, "finish_reason": finish}]}


def packed(data: bytes, times: int = 1, *, level: int = 9) -> bytes:
    """Return a packed answer; packing zeros more than once makes a thousandfold of each time."""
    for _ in range(times):
        data = gzip.compress(data, level)
    return data


async def silent(_: asyncio.StreamWriter) -> None:
    """Say nothing and stay."""
    await asyncio.Event().wait()


def slowly(data: bytes, seconds: float = 0.05) -> Habit:
    """Send a byte, and another a little later, and so on."""

    async def habit(writer: asyncio.StreamWriter) -> None:
        for byte in data:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(seconds)

    return habit


@asynccontextmanager
async def listening(habit: Habit) -> AsyncIterator[str]:
    """Listen, and do so with everybody who has sent the head of a request; yield the URL."""
    tasks: set[asyncio.Task[Any]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await reader.readuntil(b"\r\n\r\n")
            await habit(writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
