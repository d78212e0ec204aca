"""Answers that come in pieces, as events or lines, whether or not they were asked for."""

import json
from collections.abc import Mapping
from io import StringIO
from typing import Any

from repunet.models.wire_format import THOUGHTS, part, text_of

END = "[DONE]"
"""What OpenAI's protocol sends last."""
CALLS = 64
"""Calls of tools in one answer; no answer has more than one."""


class Pieces:
    """The pieces of one answer, joined as they come."""

    def __init__(self) -> None:
        self.size = 0
        """Characters of text so far."""
        self.whole = False
        """Whether the server has said that nothing is left to say."""
        self.ended = False
        """Whether nothing more is to be read."""
        self._answer: dict[str, Any] = {"object": "chat.completion"}
        self._texts: dict[str, StringIO] = {}
        self._calls: dict[int, tuple[str, StringIO]] = {}
        self._finish: Any = None

    def add(self, kind: str, data: str) -> None:
        """Add what one event holds; ValueError if it is neither JSON nor the end."""
        if data.strip() == END:
            self.whole = self.ended = True
            return
        said = json.loads(data)
        if kind == "error" or part(said, "object") == "error" or part(said, "error"):
            self._answer = {"error": part(said, "error") or said}
            self._texts, self._calls, self._finish = {}, {}, None
            self.whole = self.ended = True
            return
        self._take(said)

    def _take(self, said: Any) -> None:
        """Add one piece."""
        said = _of_ollama(said) if part(said, "done") is not None else said
        known = {name: part(said, name) for name in ("id", "model", "created", "usage")}
        self._answer |= {name: value for name, value in known.items() if value is not None}
        choices = part(said, "choices")
        if isinstance(choices, list) and choices and not part(choices[0], "index"):
            self._add_choice(choices[0])

    def joined(self) -> dict[str, Any]:
        """Return the answer as it would have come in one piece."""
        message: dict[str, Any] = {name: text.getvalue() for name, text in self._texts.items()}
        if self._calls:
            message["tool_calls"] = [
                {"type": "function", "function": {"name": name, "arguments": text.getvalue()}}
                for name, text in self._calls.values()
            ]
        if not message and self._finish is None:
            return self._answer
        said = {"role": "assistant", **message}
        choice = {"index": 0, "message": said, "finish_reason": self._finish}
        return {**self._answer, "choices": [choice]}

    def _add_choice(self, choice: Any) -> None:
        if part(choice, "finish_reason") is not None:
            self._finish, self.whole = part(choice, "finish_reason"), True
        delta = part(choice, "delta") or part(choice, "message")
        if not isinstance(delta, Mapping):
            return
        for name in ("content", "refusal", *THOUGHTS):
            self._extend(self._texts, name, text_of(delta.get(name)))
        calls = delta.get("tool_calls")
        for call in calls if isinstance(calls, list) else ():
            self._add_call(part(call, "index") or 0, part(call, "function"))

    def _add_call(self, index: Any, function: Any) -> None:
        if not isinstance(index, int) or index not in range(CALLS):
            return
        name, arguments = self._calls.get(index, ("", StringIO()))
        self._calls[index] = (name or text_of(part(function, "name")), arguments)
        self.size += arguments.write(text_of(part(function, "arguments")))

    def _extend(self, texts: dict[str, StringIO], name: str, more: str) -> None:
        if more:
            self.size += texts.setdefault(name, StringIO()).write(more)


def _of_ollama(said: Any) -> dict[str, Any]:
    """Return a piece in Ollama's own words as OpenAI's protocol has it."""
    delta = part(said, "message") or {"content": part(said, "response")}
    finish = (part(said, "done_reason") or "stop") if part(said, "done") else None
    taken, given = part(said, "prompt_eval_count"), part(said, "eval_count")
    return {
        "model": part(said, "model"),
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
        "usage": {"prompt_tokens": taken, "completion_tokens": given} if given else None,
    }


class AnthropicPieces(Pieces):
    """The pieces of one answer in Anthropic's protocol."""

    def __init__(self) -> None:
        super().__init__()
        self._blocks: dict[int, tuple[dict[str, Any], StringIO]] = {}

    def _take(self, said: Any) -> None:
        match part(said, "type"):
            case "message_start":
                self._answer = dict(part(said, "message") or {})
            case "content_block_start" if part(said, "index") in range(CALLS):
                block = dict(part(said, "content_block") or {})
                self._blocks[part(said, "index")] = block, StringIO()
                self._write(said, block.pop("text", ""))
            case "content_block_delta":
                self._write(said, part(part(said, "delta"), "text"))
            case "message_delta":
                usage = {**(self._answer.get("usage") or {}), **(part(said, "usage") or {})}
                self._answer |= {**(part(said, "delta") or {}), "usage": usage}
                self.whole = self._answer.get("stop_reason") is not None
            case "message_stop":
                self.whole = self.ended = True

    def _write(self, said: Any, more: Any) -> None:
        _, text = self._blocks.get(part(said, "index"), ({}, StringIO()))
        self.size += text.write(text_of(more))

    def joined(self) -> dict[str, Any]:
        """Return the answer as it would have come in one piece."""
        if "error" in self._answer:
            return self._answer
        spoken = [(block, text) for block, text in self._blocks.values() if _is_text(block)]
        content = [{**block, "text": text.getvalue()} for block, text in spoken]
        return {**self._answer, "content": content}


class GooglePieces(Pieces):
    """The pieces of one answer in Google's protocol."""

    def __init__(self) -> None:
        super().__init__()
        self._text = StringIO()
        self._candidate: dict[str, Any] = {}

    def _take(self, said: Any) -> None:
        self._answer = {**self._answer, **said} if isinstance(said, Mapping) else self._answer
        candidates = self._answer.pop("candidates", None)
        first = candidates[0] if isinstance(candidates, list) and candidates else None
        if not isinstance(first, Mapping):
            return
        parts = part(first.get("content"), "parts")
        for each in parts if isinstance(parts, list) else ():
            if not part(each, "thought"):
                self.size += self._text.write(text_of(part(each, "text")))
        self._candidate |= first
        self.whole = self.whole or bool(first.get("finishReason"))

    def joined(self) -> dict[str, Any]:
        """Return the answer as it would have come in one piece."""
        if "error" in self._answer:
            return self._answer
        content = {"role": "model", "parts": [{"text": self._text.getvalue()}]}
        return {**self._answer, "candidates": [{**self._candidate, "content": content}]}


def _is_text(block: Mapping[str, Any]) -> bool:
    return block.get("type") == "text"


def pieces_like(data: str) -> Pieces:
    """Return what joins pieces of the protocol that the first of them is of."""
    try:
        said = json.loads(data)
    except ValueError:
        return Pieces()
    if part(said, "type") == "message_start":
        return AnthropicPieces()
    return Pieces() if part(said, "candidates") is None else GooglePieces()
