"""Room for answers: how servers say that there is none."""

from typing import Any

from zoo.habits import Answer, Call, asks, habit

LONG = asks("ChooseMove", "A01")
"""The decision whose answer is long."""


def capped(call: Call, most: int, message: str, **parts: Any) -> Answer:
    """Return an answer cut in half, or the refusal of more room than there is."""
    if call.room > most:
        return call.wrong(message, **parts)
    if call.times == 1:
        return call.answered(call.text[: len(call.text) // 2], "length")
    return call.answered(call.begun)


@habit(
    "OpenAI: 'max_tokens is too large: 8192. This model supports at most ...'",
    where=LONG,
)
async def more_room_than_the_model_has(call: Call) -> Answer:
    name = "max_tokens" if "max_tokens" in call.body else "max_completion_tokens"
    said = f"{name} is too large: 8192. This model supports at most 4096 completion tokens."
    return capped(call, 4096, said, param=name)


@habit("vLLM: prompt and max_tokens are over the context ('reduce the length')", extra=4)
async def less_room_than_the_context_leaves(call: Call) -> Answer:
    if call.room <= 3292:
        return call.answered()
    said = (
        f"This model's maximum context length is 4000 tokens. However, you requested "
        f"{708 + call.room} tokens (708 in the messages, {call.room} in the completion). "
        "Please reduce the length."
    )
    return call.wrong(said, type="BadRequestError", code=400)


@habit("servers whose first answer is that there is less room than 4096")
async def less_room_than_we_ask_for(call: Call) -> Answer:
    if call.room > 2048:
        return call.wrong("max_tokens must be less than or equal to 2048", param="max_tokens")
    return call.answered()


@habit("servers that do not say how much room there is")
async def less_room_without_a_number(call: Call) -> Answer:
    if call.room > 1500:
        return call.wrong("The requested number of output tokens exceeds the limit of the model")
    return call.answered()
