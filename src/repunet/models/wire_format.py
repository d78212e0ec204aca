"""Requests and answers as OpenAI's protocol writes them."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from repunet.models.learnt import SAMPLING, Learnt
from repunet.models.request import Finish, OutputMode, Reply, Request, Usage
from repunet.models.schema_subset import lean
from repunet.models.vendors import known, unsaid

LONGEST = 400
"""Characters of what a server says besides an answer."""
THOUGHTS = "reasoning_content", "reasoning", "thinking"
"""The fields in which servers put what a model thinks before it answers."""
FILTERED = re.compile(
    r"filter|sensitive|safety|prohibit|blocklist|recitation|spii|refus|moderat|guardrail|policy"
    r"|flagged|blocked|censor|toxic",
    re.IGNORECASE,
)
"""Words for an answer that a filter kept back: OpenAI's, Google's, Zhipu's, gateways'."""
CUT = re.compile(r"length|max.*token|token.?limit|truncat|context.?window|error.?limit|^limit$")
"""Words for an answer that was cut: OpenAI's, Anthropic's, Mistral's."""
BROKEN = re.compile(
    r"error|insufficient|resource|abort|cancel|time.?out|timed|interrupt|overload|unavailable"
    r"|network|disconnect|fail|malformed|exception|shut.?down|killed|preempt|evict"
)
"""Words for an answer that something broke off: OpenRouter's, DeepSeek's, Zhipu's, vLLM's."""
WHOLE = (
    "stop", "eos", "eos_token", "end", "end_turn", "end_of_text", "stop_sequence", "stop_token",
    "tool_calls", "tool_use", "tool_call", "function_call", "complete", "completed", "finish",
    "finished", "done", "normal", "null", "none", "success", "natural",
)  # fmt: skip
"""Words for an answer that is whole."""
IMPOSSIBLE = 10**12
"""So many tokens no answer takes."""


def body(
    model: str, request: Request, mode: OutputMode, learnt: Learnt | None = None
) -> dict[str, Any]:
    """Return a request as it is sent: without what says nothing, and what the server refuses."""
    provider, sampling, values = request.provider, request.sampling, asdict(request.sampling)
    learnt = learnt or known(provider, request.model)
    left_out = learnt.dropped | unsaid(provider, request.model, sampling)
    return {
        "model": model,
        "messages": [message._asdict() for message in request.messages],
        learnt.room: learnt.limited(sampling.max_tokens),
        **{name: values[name] for name in SAMPLING if name not in left_out},
        **_response_format(request, mode),
    }


def _response_format(request: Request, mode: OutputMode) -> dict[str, Any]:
    match mode:
        case "schema" | "lean":
            schema = request.schema if mode == "schema" else lean(request.schema)
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
    elsewhere = "" if text or refusal else _elsewhere(message)
    return Reply(
        text=storable(text or str(refusal or "")),
        finish=_finish(first, text or elsewhere, refused=bool(refusal)),
        usage=_usage(part(answer, "usage")),
        id=_word(part(answer, "id")),
        served=_word(part(answer, "model")),
        elsewhere=elsewhere,
        reason=_reason(first),
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


def _finish(choice: Any, text: str, *, refused: bool) -> Finish:
    """Return why an answer ended; servers have many words for it, and new ones every year."""
    reason = part(choice, "finish_reason")
    if part(choice, "error"):
        return "broken"
    if isinstance(reason, str) and FILTERED.search(reason):
        return "filtered"
    if refused:
        return "refused"
    if reason is None or reason == "":
        return "stop" if text else "unknown"
    word = reason.strip().lower() if isinstance(reason, str) else ""
    if CUT.search(word):
        return "length"
    if BROKEN.search(word):
        return "broken"
    return "stop" if word in WHOLE else "unknown"


def _reason(choice: Any) -> str:
    """Return the words of a server for why an answer ended."""
    error = part(choice, "error")
    said = part(error, "message") or error or part(choice, "finish_reason") or ""
    return storable(str(said))[:LONGEST]


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
