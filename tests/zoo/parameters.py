"""Parameters that servers refuse, in many words."""

from aiohttp import web

from zoo.habits import Answer, Call, habit


@habit(
    "Anthropic from Claude 4.1 on (github.com/anomalyco/opencode/issues/1644)",
    extra=0,
)
async def temperature_and_top_p_may_not_both_be_given(call: Call) -> Answer:
    if {"temperature", "top_p"} <= call.body.keys():
        return call.wrong(
            "`temperature` and `top_p` may not both be given for this model; give one."
        )
    return call.answered()


@habit(
    "Anthropic from Claude 4.1 on, where both were set",
    settings=",top_p=0.9",
    extra=1,
)
async def of_two_that_exclude_each_other_one_is_left_out(call: Call) -> Answer:
    if {"temperature", "top_p"} <= call.body.keys():
        return call.wrong("temperature and top_p cannot both be specified for this model.")
    return call.answered()


@habit("text-generation-inference (huggingface.co/docs): top_p below 1", extra=0)
async def a_top_p_of_1_is_out_of_range(call: Call) -> Answer:
    if call.body.get("top_p") == 1:
        said = {
            "error": "validation: `top_p` has to be > 0.0 and < 1.0",
            "error_type": "validation",
        }
        return web.json_response(said, status=422)
    return call.answered()


def without_penalties(call: Call) -> Answer:
    if not {"frequency_penalty", "presence_penalty"} & call.body.keys():
        return call.answered()
    said = "Penalty is not enabled for m"
    error = {"code": 400, "message": said, "status": "INVALID_ARGUMENT"}
    return web.json_response([{"error": error}], status=400)


@habit("Google's compatible endpoint: 'Penalty is not enabled for models/...'", extra=0)
async def a_penalty_is_refused_without_its_name(call: Call) -> Answer:
    return without_penalties(call)


@habit(
    "Google's compatible endpoint, where a penalty was set",
    settings=",frequency_penalty=0.5",
    extra=1,
)
async def a_penalty_that_was_set_is_left_out(call: Call) -> Answer:
    return without_penalties(call)


@habit(
    "OpenAI's o-series and GPT-5 (github.com/tmc/langchaingo/issues/1355)", extra=1, control=True
)
async def no_temperature_but_the_default(call: Call) -> Answer:
    if call.body.get("temperature", 1) != 1:
        said = "Unsupported value: 'temperature' does not support 0 with this model."
        return call.wrong(said, param="temperature", code="unsupported_value")
    return call.answered()


@habit(
    "text-generation-inference refuses a temperature of 0: 'must be strictly positive'",
    extra=1,
)
async def a_temperature_of_0_is_out_of_range(call: Call) -> Answer:
    if call.body.get("temperature") == 0:
        said = {"error": "Input validation error: `temperature` must be strictly positive"}
        return web.json_response(said, status=422)
    return call.answered()


def without_top_p(call: Call, said: str, status: int = 400) -> Answer:
    return call.wrong(said, status) if "top_p" in call.body else call.answered()


@habit("servers that write names as Java does", settings=",top_p=0.9", extra=1)
async def a_name_is_written_in_another_way(call: Call) -> Answer:
    return without_top_p(call, "Validation failed: topP is not a valid field here")


@habit("servers that use the name of the method: nucleus sampling", settings=",top_p=0.9", extra=1)
async def top_p_is_called_nucleus_sampling(call: Call) -> Answer:
    return without_top_p(call, "Nucleus sampling cannot be combined with greedy decoding", 422)
