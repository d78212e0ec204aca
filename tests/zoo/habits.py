"""Habits of servers: what each does, and how a run must end that meets it."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from aiohttp import web

from repunet.fake_llm.asked import read
from repunet.fake_llm.wire import completion, said

End: TypeAlias = Literal["equal", "missing", "stop"]
Answer: TypeAlias = dict[str, Any] | web.StreamResponse
TRUE: Any = object()
"""Stands for the true text of an answer."""


@dataclass(frozen=True)
class Call:
    """A request, and what may be said to it."""

    request: web.Request
    body: dict[str, Any]
    decision: str
    number: int
    """The how manieth request it is, from 1."""
    times: int
    """The how manieth request for its decision."""
    begun: str = ""
    """The true text of the answer to the first one, which a model would also give when asked again.
    """

    @property
    def operation(self) -> str:
        return self.decision.split("/")[-2]

    @property
    def actor(self) -> str:
        return self.decision.split("/")[-1]

    @property
    def key(self) -> str:
        held = self.request.headers
        return held.get("X-Api-Key", held.get("Authorization", "").removeprefix("Bearer "))

    @property
    def room(self) -> int:
        """Return how many tokens an answer may have."""
        return self.body.get("max_tokens") or self.body.get("max_completion_tokens") or 0

    @property
    def text(self) -> str:
        """Return the true text of the answer."""
        return str(self._completion()["choices"][0]["message"]["content"])

    def answered(self, content: Any = TRUE, finish: Any = TRUE, **message: Any) -> dict[str, Any]:
        """Return a true answer, or one with this content, this reason to end, these parts."""
        completed = self._completion()
        choice = completed["choices"][0]
        if content is not TRUE:
            choice["message"]["content"] = content
        if finish is not TRUE:
            choice["finish_reason"] = finish
        choice["message"].update(message)
        return completed

    def wrong(self, message: str, status: int = 400, **parts: Any) -> web.Response:
        """Return an error in OpenAI's words."""
        error = {"message": message, "type": "invalid_request_error", "param": None, "code": None}
        return web.json_response({"error": {**error, **parts}}, status=status)

    def _completion(self) -> dict[str, Any]:
        asked = read(self.body, self.decision)
        return completion(
            asked, said(asked, asked.in_format or asked.in_prompt, (), None), usage=True
        )


Does: TypeAlias = Callable[[Call], Awaitable[Answer]]


@dataclass(frozen=True)
class Habit:
    """What a server does, whose habit that is, and how a run must end that meets it."""

    name: str
    does: Does
    whose: str
    ends: End = "equal"
    says: str = ""
    """What is said of it: by the stop, or as the reason of what is missing."""
    where: Callable[[Call], bool] = lambda _: True
    """The requests that it strikes; the others are answered."""
    extra: int = 10**6
    """Requests at most beyond those of a run without it; for a stop, in all."""
    control: bool = False
    """Whether version 0.1.0 stood it."""
    awaited: bool = False
    """Whether it is not mended yet, and so not played."""
    slow: bool = False
    deadline: float = 5.0
    """Seconds that a request may take, as `--deadline` says it."""
    settings: str = ""
    """What is appended to the name of the model."""
    native: bool = False
    """Whether it is met in Anthropic's own protocol."""

    async def answer(self, call: Call) -> Answer:
        return await self.does(call) if self.where(call) else call.answered()


HABITS: dict[str, Habit] = {}


def habit(whose: str, **facts: Any) -> Callable[[Does], Does]:
    """Note a habit under the name of its function."""

    def noted(does: Does) -> Does:
        name = does.__name__.replace("_", " ")
        assert name not in HABITS, f"two habits are called {name!r}"
        HABITS[name] = Habit(name, does, whose, **facts)
        return does

    return noted


def asks(operation: str, *actors: str) -> Callable[[Call], bool]:
    """Return what tells the requests for an operation of these agents, or of all."""
    return lambda call: call.operation == operation and (not actors or call.actor in actors)


def quoted(text: str) -> str:
    """Return a text as JSON writes it."""
    return json.dumps(text)
