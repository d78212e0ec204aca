"""Servers that let one wait: by what they say, by silence, a byte at a time."""

import asyncio
import json

from aiohttp import web

from zoo.habits import Answer, Call, habit


def busy(status: int, after: str, said: str = "try again later") -> web.Response:
    error = {"error": {"message": said, "type": "server_error", "param": None, "code": None}}
    return web.json_response(error, status=status, headers={"Retry-After": after})


@habit("Cloudflare: Retry-After 3600 with a passing 503 (developers.cloudflare.com)")
async def an_hour_of_rest_after_a_503(call: Call) -> Answer:
    return busy(503, "3600") if call.number == 5 else call.answered()


@habit("gateways that write a time stamp where seconds belong")
async def thirty_years_of_rest_after_a_500(call: Call) -> Answer:
    return busy(500, "1e9") if call.number == 5 else call.answered()


@habit("proxies with a wrong clock: a date long ago, less than nothing, no number", control=True)
async def a_rest_that_is_none(call: Call) -> Answer:
    afters = {3: "Thu, 01 Jan 1970 00:00:00 GMT", 5: "-7", 7: "nan", 9: "inf", 11: "soon"}
    after = afters.get(call.number)
    return busy(503, after) if after else call.answered()


@habit(
    "Groq: a limit per day (console.groq.com/docs/rate-limits)",
    ends="stop",
    says="3,600 s, past --deadline",
    extra=40,
)
async def a_limit_per_day(call: Call) -> Answer:
    return busy(429, "3600", "rate limit") if call.number > 9 else call.answered()


@habit("llama.cpp: 503 while a model is loaded (tools/server/README.md)", extra=9, control=True)
async def a_model_that_is_loading(call: Call) -> Answer:
    return busy(503, "0", "Loading model") if call.number < 9 else call.answered()


@habit(
    "llama.cpp, vLLM under load: a connection is taken and nothing said",
    ends="stop",
    says="no answer in",
    extra=60,
    deadline=1.0,
    control=True,
)
async def silence_after_a_while(call: Call) -> Answer:
    if call.number > 4:
        await asyncio.sleep(3600)
    return call.answered()


@habit(
    "tarpits: a byte now and then, for ever",
    ends="stop",
    says="no answer in",
    extra=60,
    deadline=1.0,
    slow=True,
)
async def a_byte_now_and_then(call: Call) -> Answer:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(call.request)
    for _ in range(10**5):
        await response.write(b" ")
        await asyncio.sleep(0.05)
    return response


@habit("DeepSeek: blank lines while a request waits (api-docs.deepseek.com/quick_start/rate_limit)")
async def blank_lines_while_one_waits(call: Call) -> Answer:
    return web.Response(text="\n" * 9 + json.dumps(call.answered()), content_type="text/plain")
