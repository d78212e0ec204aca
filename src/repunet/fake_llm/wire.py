"""What a server sends, in OpenAI's format."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from repunet.fake_llm.asked import BYTES, ChatRequest, tokens
from repunet.fake_llm.example import SchemaInstance, spoiled
from repunet.fake_llm.faults import Content
from repunet.fake_llm.words import text
from repunet.models.made_up import marked
from repunet.models.request import Schema

REFUSAL = "I can't help with that."


class Rejected(Exception):  # noqa: N818
    """A request that gets an error for an answer."""

    def __init__(
        self,
        status: int,
        message: str,
        kind: str = "invalid_request_error",
        *,
        param: str | None = None,
        code: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": {"message": message, "type": kind, "param": param, "code": code}}
        self.headers = {} if retry_after is None else {"Retry-After": f"{retry_after:g}"}


@dataclass(frozen=True, slots=True)
class ModelReply:
    """Reply of the fake model."""

    content: str | None
    refusal: str | None = None
    finish: str = "stop"

    @property
    def size(self) -> int:
        """Return how many tokens it is."""
        return tokens(len((self.content or self.refusal or "").encode()))


def said(
    asked: ChatRequest, schema: Schema | None, faults: Sequence[Content], instead: str | None
) -> ModelReply:
    """Return the answer to what was asked, with what is wrong with it."""
    if "refusal" in faults:
        return ModelReply(None, REFUSAL)
    plain = instead if instead is not None else _content(asked.fingerprint, schema, faults)
    answer = ModelReply(_wrapped(plain, asked.fingerprint, faults))
    if "cut" in faults:
        answer = _cut(answer, answer.size // 2)
    return answer if asked.room is None else _cut(answer, asked.room)


def completion(asked: ChatRequest, answer: ModelReply, *, usage: bool) -> dict[str, Any]:
    """Return the body of an answer."""
    message = {"role": "assistant", "content": answer.content, "refusal": answer.refusal}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": answer.finish}
    body = {
        "id": f"chatcmpl-{asked.fingerprint[:24]}",
        "object": "chat.completion",
        "created": 0,
        "model": marked(asked.model),
        "choices": [choice],
    }
    if usage:
        body["usage"] = {
            "prompt_tokens": asked.prompt_tokens,
            "completion_tokens": answer.size,
            "total_tokens": asked.prompt_tokens + answer.size,
        }
    return body


def _content(key: str, schema: Schema | None, faults: Sequence[Content]) -> str:
    if schema is None:
        return text(key)
    wrong = "wrong_enum" in faults
    try:
        value = spoiled(schema, key) if wrong else SchemaInstance(schema, key).value(schema)
    except (AttributeError, KeyError, TypeError, ValueError):
        message = "invalid schema for 'response_format': it can't be understood"
        raise Rejected(400, message, param="response_format") from None
    return json.dumps(value, ensure_ascii=False)


def _wrapped(content: str, key: str, faults: Sequence[Content]) -> str:
    if "garbage" in faults:
        content = text(key, "garbage", least=60)
    if "fenced" in faults:
        content = f"```json\n{content}\n```"
    if "prose" in faults:
        before, after = text(key, "before"), text(key, "after")
        content = f"{before} So my answer is this:\n\n{content}\n\n{after}"
    return content


def _cut(answer: ModelReply, room: int) -> ModelReply:
    if answer.size <= room or answer.content is None:
        return answer
    kept = answer.content.encode()[: max(0, room) * BYTES].decode(errors="ignore")
    return replace(answer, content=kept, finish="length")
