"""Requests and answers as OpenAI's protocol writes them."""

import json
from collections.abc import Container, Mapping
from typing import Any

from repunet.models.lean import lean
from repunet.models.request import Finish, Reply, Request, Rung, Usage

ROOM, OTHER_ROOM = "max_tokens", "max_completion_tokens"
"""What most servers call the most tokens of an answer, and what some do."""
LONGEST = 400
"""Characters of what a server says besides an answer."""
THOUGHTS = "reasoning_content", "reasoning", "thinking"
"""The fields in which servers put what a model thinks before it answers."""
IMPOSSIBLE = 10**12
"""So many tokens no answer takes."""


def body(
    model: str, request: Request, rung: Rung, *, room: str = ROOM, dropped: Container[str] = ()
) -> dict[str, Any]:
    """Return a request as it is sent, without the parameters that the server does not know."""
    sampling = request.sampling
    parameters = {
        room: sampling.max_tokens,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "frequency_penalty": sampling.frequency_penalty,
        "presence_penalty": sampling.presence_penalty,
    }
    return {
        "model": model,
        "messages": [message._asdict() for message in request.messages],
        **{name: value for name, value in parameters.items() if name not in dropped},
        **_response_format(request, rung),
    }


def _response_format(request: Request, rung: Rung) -> dict[str, Any]:
    match rung:
        case "schema" | "lean":
            schema = request.schema if rung == "schema" else lean(request.schema)
            named = {"name": "answer", "strict": True, "schema": schema}
            return {"response_format": {"type": "json_schema", "json_schema": named}}
        case "object":
            return {"response_format": {"type": "json_object"}}
        case _:
            return {}


def reply_of(answer: Any) -> Reply | None:
    """Return what a server said, be it an object of a client's or JSON; None if it is nothing."""
    choices = part(answer, "choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    message = part(first, "message")
    if message is None:
        return None
    refusal, text = part(message, "refusal"), _said(message)
    return Reply(
        text=storable(text or str(refusal or "")),
        finish=_finish(part(first, "finish_reason"), refused=bool(refusal)),
        usage=_usage(part(answer, "usage")),
        id=_word(part(answer, "id")),
        served=_word(part(answer, "model")),
        elsewhere="" if text or refusal else _elsewhere(message),
    )


def part(value: Any, name: str) -> Any:
    """Return a part of an object or of JSON, None if it has none of that name."""
    return value.get(name) if isinstance(value, Mapping) else getattr(value, name, None)


def storable(text: str) -> str:
    r"""Return the text with every half of a surrogate pair written out: alone they are no Unicode.

    >>> storable("a\ud800")
    'a\\ud800'
    """
    return text.encode(errors="backslashreplace").decode()


def _said(message: Any) -> str:
    """Return the text of a message and the arguments of its tool calls, which are answers too."""
    calls = part(message, "tool_calls")
    called = [part(call, "function") for call in (calls if isinstance(calls, list) else ())]
    given = [part(each, "arguments") for each in (*called, part(message, "function_call"))]
    texts = map(text_of, (part(message, "content"), *given))
    return "\n".join(text for text in texts if text.strip())


def _elsewhere(message: Any) -> str:
    """Return the field for thoughts in which the only text of a message is, if it is in one."""
    return next((name for name in THOUGHTS if text_of(part(message, name)).strip()), "")


def text_of(content: Any) -> str:
    """Return a text that may come in parts, some of them thoughts, or as the object it writes."""
    if isinstance(content, list):
        spoken = [each for each in content if part(each, "type") not in THOUGHTS]
        return "".join(text_of(part(each, "text")) for each in spoken)
    if isinstance(content, Mapping):
        return json.dumps(content, ensure_ascii=False)
    return content if isinstance(content, str) else ""


def _finish(reason: object, *, refused: bool) -> Finish:
    if refused or reason == "content_filter":
        return "refused"
    return "length" if reason == "length" else "stop"


def _usage(said: Any) -> Usage | None:
    taken, given = _count(said, "prompt_tokens"), _count(said, "completion_tokens")
    if taken is None or given is None:
        return None
    before = _count(part(said, "prompt_tokens_details"), "cached_tokens")
    unseen = _count(part(said, "completion_tokens_details"), "reasoning_tokens")
    return Usage(taken, given, before or 0, unseen or 0)


def _count(said: Any, name: str) -> int | None:
    """Return a number of tokens, None for what can be none."""
    count = part(said, name)
    return count if isinstance(count, int) and 0 <= count < IMPOSSIBLE else None


def _word(value: object) -> str | None:
    return storable(value) if isinstance(value, str) else None
