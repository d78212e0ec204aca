"""Answers that come in pieces, as server-sent events, whether or not they were asked for."""

import json
from collections.abc import Mapping
from io import StringIO
from typing import Any

from repunet.models.body import THOUGHTS, part, text_of

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
            self._texts, self._calls = {}, {}
            self.whole = self.ended = True
            return
        known = {name: part(said, name) for name in ("id", "model", "usage")}
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
        choice = {"message": {"role": "assistant", **message}, "finish_reason": self._finish}
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
