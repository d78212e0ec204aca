"""Answers: where servers put them, and in what they wrap them."""

import json

from zoo.habits import Answer, Call, asks, habit, quoted


@habit("models that write JSON into a string, since they were asked for a text", extra=0)
async def an_answer_is_a_string_of_json(call: Call) -> Answer:
    return call.answered(quoted(call.text))


@habit("models that repeat the name of the schema around the answer", extra=0)
async def an_answer_is_wrapped_in_the_name_of_the_schema(call: Call) -> Answer:
    return call.answered(json.dumps({"answer": json.loads(call.text)}))


@habit(
    "vLLM and SGLang, where the parser of thoughts takes everything (docs.vllm.ai)",
    ends="stop",
    says="reasoning_content",
    extra=40,
)
async def an_answer_is_in_the_field_for_thoughts(call: Call) -> Answer:
    return call.answered(None, reasoning_content=call.text)


@habit("gateways that turn formats into tools: the arguments are the answer", extra=0)
async def an_answer_is_the_call_of_a_tool(call: Call) -> Answer:
    function = {"name": "answer", "arguments": call.text}
    calls = [{"id": "1", "type": "function", "function": function}]
    return call.answered(None, "tool_calls", tool_calls=calls)


@habit("Mistral: content in parts, thoughts among them", extra=0, control=True)
async def an_answer_comes_in_parts(call: Call) -> Answer:
    half = len(call.text) // 2
    thought = {"type": "thinking", "thinking": "hm"}
    texts = [{"type": "text", "text": part} for part in (call.text[:half], call.text[half:])]
    return call.answered([thought, *texts])


@habit(
    "models that are cut after a draft",
    ends="missing",
    where=asks("ChooseMove", "A01"),
)
async def an_answer_is_cut_after_a_draft(call: Call) -> Answer:
    draft = '{"move": "cooperate", "reason": "First thought."}'
    return call.answered(f"Draft: {draft}\nFinal: {call.text[: len(call.text) // 2]}")
