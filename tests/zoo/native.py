"""Habits of servers that are asked in Anthropic's own protocol, through its own client."""

import json
from collections.abc import Iterator
from typing import Any

from aiohttp import web

from zoo.habits import Answer, Call, habit
from zoo.server import as_anthropic

MIB = 2**20


@habit("proxies that answer with something else, and much of it", native=True, slow=True)
async def a_native_answer_that_is_too_large(call: Call) -> Answer:
    if call.number != 5:
        return call.answered()
    return web.Response(text='["' + "0" * 3 * MIB + '"]', content_type="application/json")


def pieces(said: dict[str, Any]) -> Iterator[dict[str, Any]]:
    (text,) = said["content"]
    yield {"type": "message_start", "message": {**said, "content": [], "stop_reason": None}}
    yield {"type": "content_block_start", "index": 0, "content_block": {**text, "text": ""}}
    for start in range(0, len(text["text"]), 7):
        delta = {"type": "text_delta", "text": text["text"][start : start + 7]}
        yield {"type": "content_block_delta", "index": 0, "delta": delta}
    yield {"type": "message_delta", "delta": {"stop_reason": "end_turn"}}
    yield {"type": "message_stop"}


@habit(
    "gateways that only stream (docs.anthropic.com/en/api/messages-streaming)",
    native=True,
    slow=True,
    extra=0,
)
async def a_native_answer_in_pieces(call: Call) -> Answer:
    said = pieces(as_anthropic(call.answered()))
    text = "".join(f"event: {each['type']}\ndata: {json.dumps(each)}\n\n" for each in said)
    return web.Response(text=text, content_type="text/event-stream")


@habit(
    "gateways that give every answer status 200: Anthropic's error about credit",
    native=True,
    slow=True,
    ends="stop",
    says="credit balance is too low",
    extra=1,
)
async def a_native_error_in_a_200(call: Call) -> Answer:
    error = {"type": "invalid_request_error", "message": "Your credit balance is too low."}
    return {"type": "error", "error": error}


@habit(
    "gateways that say which key they refuse",
    native=True,
    slow=True,
    ends="stop",
    says="[key]",
    extra=1,
)
async def a_native_key_is_echoed(call: Call) -> Answer:
    told = {"type": "authentication_error", "message": f"bad key: {call.key}"}
    return web.json_response({"type": "error", "error": told}, status=401)
