"""Bodies of answers: in pieces, packed, under another label, without end."""

import json
import zlib
from collections.abc import Iterable
from typing import Any

from aiohttp import web

from zoo.habits import Answer, Call, habit

MIB = 2**20


async def streamed(call: Call, *data: Any, first: str = "", end: str = "[DONE]") -> Answer:
    """Send events, and an end if there is one."""
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(call.request)
    sent = "".join(f"data: {json.dumps(each)}\n\n" for each in data)
    await response.write(f"{first}{sent}{end and f'data: {end}{chr(10) * 2}'}".encode())
    return response


def pieces(call: Call) -> Iterable[dict[str, Any]]:
    whole = call.answered()
    choice = whole["choices"][0]
    text = choice["message"]["content"]
    for start in range(0, len(text), 7):
        yield {"choices": [{"index": 0, "delta": {"content": text[start : start + 7]}}]}
    yield {"choices": [{"index": 0, "delta": {}, "finish_reason": choice["finish_reason"]}]}
    yield {"choices": [], "usage": whole["usage"]}


@habit("servers that only stream, whatever was asked for (older text-generation-webui)")
async def a_server_that_only_streams(call: Call) -> Answer:
    return await streamed(call, *pieces(call))


@habit("OpenRouter: comments while a model is awaited (openrouter.ai/docs/api-reference/streaming)")
async def comments_in_a_stream(call: Call) -> Answer:
    return await streamed(call, *pieces(call), first=": OPENROUTER PROCESSING\n\n" * 3, end="")


@habit("OpenRouter: an error in the middle of a stream (docs/api-reference/errors)")
async def an_error_in_a_stream(call: Call) -> Answer:
    error = {"error": {"code": 502, "message": "Provider disconnected"}}
    cut = [] if call.number != 5 else [*list(pieces(call))[:2], error]
    return await streamed(call, *(cut or pieces(call)))


@habit("any server that dies while it streams")
async def a_stream_that_is_cut(call: Call) -> Answer:
    if call.number != 5:
        return await streamed(call, *pieces(call))
    return await streamed(call, *list(pieces(call))[:2], end="")


async def packed(call: Call, coding: str, *parts: bytes) -> Answer:
    """Send what many parts become once they are packed."""
    packer = zlib.compressobj(9, wbits=31 if coding == "gzip" else 15)
    data = b"".join(packer.compress(part) for part in parts) + packer.flush()
    response = web.StreamResponse(
        headers={"Content-Type": "application/json", "Content-Encoding": coding}
    )
    response.content_length = len(data)
    await response.prepare(call.request)
    await response.write(data)
    return response


@habit("Cloudflare: answers are packed (developers.cloudflare.com/speed)", control=True)
async def an_answer_that_is_packed(call: Call) -> Answer:
    return await packed(call, "gzip", json.dumps(call.answered()).encode())


@habit("attackers: a body that unpacks to a thousand times its size", slow=True)
async def a_bomb(call: Call) -> Answer:
    if call.number != 5:
        return call.answered()
    return await packed(call, "gzip", *[b"0" * MIB] * 64)


@habit("attackers, and servers in a loop: a body without end")
async def a_body_without_end(call: Call) -> Answer:
    if call.number != 5:
        return call.answered()
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(call.request)
    for _ in range(10**4):
        await response.write(b"[" * MIB)
    return response


@habit("load balancers: a long page in HTML instead of an error", control=True)
async def a_long_page_with_a_503(call: Call) -> Answer:
    page = f"<html>busy{'x' * 5 * MIB}</html>"
    return web.Response(text=page, status=503) if call.number == 5 else call.answered()


@habit("proxies that add a header for everything, thousands of them", control=True)
async def thousands_of_headers(call: Call) -> Answer:
    headers = {f"X-Trace-{number}": "1" for number in range(5000)}
    said = call.answered()
    return web.json_response(said, headers=headers) if call.number == 5 else said
