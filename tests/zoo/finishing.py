"""Why answers end: reasons that nobody promised."""

from zoo.habits import Answer, Call, asks, habit

ONE = asks("ChooseMove", "A01")


@habit(
    "OpenRouter: a provider that breaks off, with status 200 (openrouter.ai/docs/errors)",
)
async def an_answer_ends_in_an_error(call: Call) -> Answer:
    if call.number % 4:
        return call.answered()
    answer = call.answered("", "error")
    answer["choices"][0]["error"] = {"code": 502, "message": "provider disconnected"}
    return answer


@habit("OpenRouter, at the very first requests")
async def the_first_answers_end_in_an_error(call: Call) -> Answer:
    return call.answered("", "error") if call.number <= 2 else call.answered()


@habit("DeepSeek: insufficient_system_resource (api-docs.deepseek.com)")
async def resources_do_not_suffice(call: Call) -> Answer:
    if call.number % 5:
        return call.answered()
    return call.answered(call.text[:9], "insufficient_system_resource")


@habit(
    "gateways to Gemini put the reason behind the name of the filter",
    ends="missing",
    where=ONE,
    says="refuse",
    extra=0,
)
async def a_filter_has_a_suffix(call: Call) -> Answer:
    return call.answered(finish="content_filter: PROHIBITED_CONTENT")


@habit("Zhipu: sensitive (docs.bigmodel.cn)", ends="missing", where=ONE, says="refuse")
async def a_filter_is_called_sensitive(call: Call) -> Answer:
    return call.answered("", "sensitive")


@habit("Mistral: model_length; Anthropic's gateways: max_tokens", where=ONE)
async def a_cut_is_called_otherwise(call: Call) -> Answer:
    if call.room > 4096:
        return call.answered()
    reason = "model_length" if call.times == 1 else "max_tokens"
    return call.answered(call.text[: len(call.text) // 2], reason)


@habit("gateways: eos, end_turn, tool_calls, an empty word, null", control=True)
async def a_whole_answer_ends_for_any_reason(call: Call) -> Answer:
    reasons = ("eos", "end_turn", "tool_calls", "", None, "STOP", "stop_sequence", "weird")
    return call.answered(finish=reasons[call.number % len(reasons)])


@habit("gateways that lose answers, and say a reason of their own", where=ONE)
async def nothing_ends_for_an_unknown_reason(call: Call) -> Answer:
    return call.answered("", "weird") if call.times < 6 else call.answered()
