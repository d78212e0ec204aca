"""Formats: how servers say that they don't know one, and what they label answers."""

import json

from aiohttp import web

from zoo.habits import Answer, Call, habit


@habit("OpenRouter: no route for a format, as a 404 (openrouter.ai/docs/errors)", extra=4)
async def no_route_for_the_format(call: Call) -> Answer:
    if "response_format" in call.body:
        said = "No endpoints found that can handle the requested parameters."
        return call.wrong(said, 404, code=404)
    return call.answered()


@habit("servers for which a format is not implemented: 501", extra=4)
async def a_format_is_not_implemented(call: Call) -> Answer:
    if "response_format" in call.body:
        return call.wrong("response_format is not implemented", 501)
    return call.answered()


@habit("servers that know JSON, and no schema: 422", extra=3, control=True)
async def only_json_is_known(call: Call) -> Answer:
    if call.body.get("response_format", {}).get("type") == "json_schema":
        return call.wrong("response_format.type: input should be 'text' or 'json_object'", 422)
    return call.answered()


@habit("small servers that label JSON as text/plain", extra=0)
async def json_is_labelled_as_text(call: Call) -> Answer:
    return web.Response(text=json.dumps(call.answered()), content_type="text/plain")


@habit("small servers that label nothing", extra=0)
async def json_has_no_label(call: Call) -> Answer:
    return web.Response(body=json.dumps(call.answered()).encode(), headers={"Content-Type": ""})
