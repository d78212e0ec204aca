"""What is sent to a language model, and what comes back."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from hashlib import sha256
from typing import Any, Literal, NamedTuple, Protocol, TypeAlias

Schema: TypeAlias = Mapping[str, Any]
"""A JSON schema."""

OutputMode: TypeAlias = Literal["schema", "lean", "object", "text"]
"""Output mode: how the format of an answer is asked for, the strictest first.

`schema`: the server holds the model to the schema. `lean`: the same, without lengths and bounds,
which some servers refuse. `object`: the server holds it to JSON, the schema is in the prompt.
`text`: the schema is in the prompt.
"""
OUTPUT_MODES: tuple[OutputMode, ...] = ("schema", "lean", "object", "text")

SCHEMA_MARK = "The JSON schema of the answer:"
"""The line before a schema that is in the prompt."""

Finish: TypeAlias = Literal["stop", "length", "refused", "filtered", "unknown", "broken"]
"""Why an answer ended: it was whole; or cut; the model refused, or a filter kept it back; for a
reason that is not known; or since something failed, so that it is no answer.
"""


class Message(NamedTuple):
    """One turn of a dialogue."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Sampling:
    """Sampling parameters; the defaults are those of the reference runner's README."""

    max_tokens: int = 4096
    temperature: float = 0.0
    top_p: float = 1.0
    frequency_penalty: float = 0.0
    presence_penalty: float = 0.0


@dataclass(frozen=True)
class Request:
    """A dialogue to be continued. What it says does not depend on how its format is asked for."""

    provider: str
    model: str
    messages: tuple[Message, ...]
    schema: Schema
    sampling: Sampling = Sampling()

    @cached_property
    def key(self) -> str:
        """Return the SHA-256 of the request as canonical JSON."""
        fields = {
            "provider": self.provider,
            "model": self.model,
            "messages": self.messages,
            "schema": self.schema,
            "sampling": asdict(self.sampling),
        }
        canonical = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return sha256(canonical.encode()).hexdigest()

    @cached_property
    def bound(self) -> int:
        """Return how many tokens it can cost at most: every byte in, and all that may come out."""
        size = sum(len(message.content.encode()) + 16 for message in self.messages)
        return size + 2 * len(json.dumps(self.schema)) + self.sampling.max_tokens

    def at_most(self, output: int) -> "Usage":
        """Return what it took at most, where its server does not say it."""
        return Usage(self.bound - self.sampling.max_tokens, output, estimated=True)

    def followed(self, *messages: Message) -> "Request":
        """Return the same dialogue, some turns later."""
        return replace(self, messages=(*self.messages, *messages))

    def with_room(self, factor: int) -> "Request":
        """Return the same request, with that many times the tokens for its answer."""
        more = replace(self.sampling, max_tokens=self.sampling.max_tokens * factor)
        return replace(self, sampling=more)


def worded(request: Request, mode: OutputMode) -> Request:
    """Return the request as it is sent: with its schema in the prompt where that is needed."""
    if mode in ("schema", "lean"):
        return request
    *before, last = request.messages
    schema = json.dumps(request.schema, ensure_ascii=False)
    last = Message(last.role, f"{last.content}\n\n{SCHEMA_MARK}\n{schema}")
    return replace(request, messages=(*before, last))


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens that a request took, as the provider says or as estimated."""

    input: int
    output: int
    cached: int = 0
    """Those of the input that the provider had seen before."""
    reasoning: int = 0
    """Those of the output that nobody sees."""
    estimated: bool = False

    @property
    def total(self) -> int:
        """Return all tokens, in and out."""
        return self.input + self.output


@dataclass(frozen=True, slots=True)
class Reply:
    """Reply of a model."""

    text: str
    finish: Finish = "stop"
    usage: Usage | None = None
    """None where the server did not say."""
    id: str | None = None
    """What the provider calls it."""
    served: str | None = None
    """The model that answered, as the server names it."""
    elsewhere: str = ""
    """The field in which all of its text was, where that is the one for thoughts."""
    reason: str = ""
    """Why it ended, in the words of its server."""


class Transport(Protocol):
    """A way to have a request answered: a server, a file of answers, a person."""

    async def send(self, request: Request, mode: OutputMode, at: str) -> Reply:
        """Send one request, once, and return the reply; `at` names the decision it is for.

        Raises one of the failures of `repunet.models.failure`, and nothing else.
        """
        ...

    async def close(self) -> None:
        """Let go of connections and processes."""
        ...
