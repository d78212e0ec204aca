"""Requests that are refused: for a while, for ever, for want of money."""

from aiohttp import web

from zoo.habits import Answer, Call, habit


@habit(
    "Groq: the model, not the request, has missed the format (console.groq.com/docs/errors)",
)
async def json_mode_is_missed_now_and_then(call: Call) -> Answer:
    if call.number % 5 != 1:
        return call.answered()
    said = "Failed to validate JSON. Adjust the prompt. See 'failed_generation'."
    return call.wrong(said, code="json_validate_failed", failed_generation="I will")


@habit(
    "OpenAI-compatible gateways: the type says it",
    ends="stop",
    says="no money left",
    extra=1,
)
async def no_money_by_type_alone(call: Call) -> Answer:
    said = "Your current quota is exceeded; check plan and billing."
    return call.wrong(said, 429, type="insufficient_quota")


@habit("MiniMax: base_resp in a 200", ends="stop", says="insufficient balance", extra=1)
async def no_money_in_a_200(call: Call) -> Answer:
    said = {"status_code": 1008, "status_msg": "insufficient balance"}
    return {"id": "1", "choices": None, "usage": None, "base_resp": said}


@habit(
    "Anthropic: a 400 about credit",
    ends="stop",
    says="credit balance is too low",
    extra=1,
    control=True,
)
async def no_money_as_a_bad_request(call: Call) -> Answer:
    return call.wrong("Your credit balance is too low to access the API.")


@habit(
    "OpenRouter: credits run out mid-run as an error in a 200",
    ends="stop",
    says="credits",
    extra=1,
)
async def no_money_as_an_error_in_a_200(call: Call) -> Answer:
    return {"error": {"code": 402, "message": "Insufficient credits. Add more to go on."}}


@habit("Google: a 429 that speaks of a quota per minute", control=True)
async def a_quota_per_minute_passes(call: Call) -> Answer:
    if call.number != 3:
        return call.answered()
    said = "Quota exceeded for metric: generate_content requests, limit: 15 per minute"
    return call.wrong(said, 429, type="RESOURCE_EXHAUSTED")


@habit(
    "OpenAI: a request larger than a minute's tokens",
    ends="stop",
    says="max_tokens",
    extra=1,
)
async def a_request_larger_than_a_minute(call: Call) -> Answer:
    said = (
        "Request too large for m on tokens per min (TPM): Limit 3000, Requested 6200. "
        "The tokens must be reduced."
    )
    return call.wrong(said, 429, type="tokens", code="rate_limit_exceeded")


@habit("vLLM: an unknown model", ends="stop", says="does not exist", extra=1, control=True)
async def a_model_that_nobody_knows(call: Call) -> Answer:
    return call.wrong("The model `fake` does not exist.", 404, code="model_not_found")


@habit("a page of a proxy, of a login, of a maintenance, with status 200", control=True)
async def a_page_instead_of_an_answer(call: Call) -> Answer:
    if call.number % 6 == 2:
        return web.Response(text="<html>Please wait</html>", content_type="text/html")
    return call.answered()
