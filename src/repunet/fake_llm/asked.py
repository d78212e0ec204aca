"""What a client asks: its messages, the schema of the answer, and a fingerprint of both."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any, NamedTuple

from repunet.models.request import SCHEMA_MARK, Schema

BOUNDS = ("maxLength", "minLength", "minimum", "maximum")
"""What some servers refuse in a schema."""

BYTES = 4
"""How many bytes count as one token."""


class MalformedRequest(ValueError):  # noqa: N818
    """The body is no request for an answer; `param` is what is wrong with it."""

    def __init__(self, message: str, param: str | None = None) -> None:
        super().__init__(message)
        self.param = param


class Turn(NamedTuple):
    """A message, as text."""

    role: str
    content: str


class Found(NamedTuple):
    """A schema in a message, and what the message says without it."""

    schema: Schema
    rest: str


@dataclass(frozen=True)
class ChatRequest:
    """One request for an answer."""

    body: Mapping[str, Any]
    model: str
    turns: tuple[Turn, ...]
    """Without the schema that our clients append."""
    in_prompt: Schema | None
    decision: str | None
    """What the client says that it asks for."""
    bytes: int
    """How long the messages are."""

    @cached_property
    def fingerprint(self) -> str:
        """Return what the answer follows from: the model and the messages."""
        said = json.dumps([self.model, self.turns], ensure_ascii=False)
        return sha256(said.encode("utf-8", "surrogatepass")).hexdigest()

    @cached_property
    def in_format(self) -> Schema | None:
        """Return the schema that the request holds the server to."""
        wanted = self.body.get("response_format")
        if not isinstance(wanted, Mapping) or wanted.get("type") != "json_schema":
            return None
        held = wanted.get("json_schema")
        schema = held.get("schema") if isinstance(held, Mapping) else None
        if not isinstance(schema, Mapping):
            raise MalformedRequest("there is no schema in 'response_format'", "response_format")
        return schema

    @property
    def prompt_tokens(self) -> int:
        """Return an estimate of what the messages take."""
        return tokens(self.bytes)

    @property
    def room(self) -> int | None:
        """Return how many tokens the answer may take; None is any number."""
        limits = (self.body.get(name) for name in ("max_completion_tokens", "max_tokens"))
        return next((limit for limit in limits if isinstance(limit, int)), None)


def tokens(size: int) -> int:
    """Return an estimate of how many tokens so many bytes are."""
    return -(-size // BYTES)


def read(body: Any, decision: str | None) -> ChatRequest:
    """Return what a body asks; raise Malformed if that can't be made out."""
    if not isinstance(body, Mapping) or not isinstance(model := body.get("model"), str):
        raise MalformedRequest("there is no 'model' in the request", "model")
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise MalformedRequest("there are no 'messages' in the request", "messages")
    turns = [_turn(message) for message in messages]
    size = sum(len(turn.content.encode("utf-8", "surrogatepass")) for turn in turns)
    schema = None
    for number, turn in reversed(list(enumerate(turns))):
        if found := find(turn.content):
            schema, turns[number] = found.schema, Turn(turn.role, found.rest)
            break
    return ChatRequest(body, model, tuple(turns), schema, decision, size)


def find(content: str) -> Found | None:
    """Return the last schema in a message, or None."""
    last = None
    if '"properties"' in content:
        for start, value in _objects(content):
            if value.get("type") == "object" and isinstance(value.get("properties"), dict):
                last = Found(value, _without(content, start))
    return last


def keywords(schema: Any) -> Iterator[str]:
    """Yield all that a schema makes use of, without the names of its properties."""
    if isinstance(schema, list):
        for each in schema:
            yield from keywords(each)
    if isinstance(schema, Mapping):
        for word, each in schema.items():
            yield word
            named = word in ("properties", "$defs") and isinstance(each, Mapping)
            yield from keywords(list(each.values()) if named else each)


def _turn(message: Any) -> Turn:
    if not isinstance(message, Mapping) or not isinstance(role := message.get("role"), str):
        raise MalformedRequest("a message has no 'role'", "messages")
    content = message.get("content")
    parts = content if isinstance(content, list) else [{"text": content}]
    said = [part.get("text") for part in parts if isinstance(part, Mapping)]
    return Turn(role, "\n".join(each for each in said if isinstance(each, str)).rstrip())


def _objects(content: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the JSON objects in a text that are in no other, with where they begin."""
    decoder = json.JSONDecoder()
    start = content.find("{")
    while start >= 0:
        try:
            value, end = decoder.raw_decode(content, start)
        except (ValueError, RecursionError):
            end = start + 1
        else:
            yield start, value
        start = content.find("{", end)


def _without(content: str, start: int) -> str:
    """Return what was said before a schema was appended; all of it if it was part of what is asked.

    What our clients append begins with the line that ends in the mark.
    """
    before = content[:start].rstrip()
    if not before.endswith(SCHEMA_MARK):
        return content
    return before[: before.rfind("\n") + 1].rstrip()
