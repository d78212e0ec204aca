"""A language model that answers by rule: how a model of any other kind is brought to RepuNet."""

import json
from typing import Any

from repunet.models.failure import Unsupported
from repunet.models.request import OutputMode, Reply, Request, Usage

LEVELS = ("very_bad", "bad", "neutral", "good", "very_good")
"""Shares of an opinion, which sum to 100."""


class RuleModel:
    """Model that says yes, takes the first of what is allowed, and thinks well of everyone.

    `rule:MODEL` names it; `rule:MODEL,opinion=bad` lets it think badly of everyone.
    """

    def __init__(self, model: str, opinion: str = "good") -> None:
        if opinion not in LEVELS:
            raise ValueError(f"opinion is one of {', '.join(LEVELS)}, not {opinion!r}")
        self.model = model
        self.opinion = opinion

    def describe(self) -> dict[str, Any]:
        """Return what else answers depend on: a run goes on only while it is the same."""
        return {"rules": 1, "opinion": self.opinion}

    async def send(self, request: Request, mode: OutputMode, at: str) -> Reply:
        """Answer one request; a real model would be asked here, and awaited."""
        if mode == "lean":
            raise Unsupported("there is nothing between a schema and plain JSON here")
        text = json.dumps(self._value(request.schema))
        words = sum(len(message.content.split()) for message in request.messages)
        return Reply(text, usage=Usage(words, len(text.split())), served=self.model)

    async def close(self) -> None:
        """Let go of connections: there are none."""

    def _value(self, schema: Any) -> Any:
        """Return what a JSON schema allows."""
        if "enum" in schema:
            return schema["enum"][0]
        match schema["type"]:
            case "object":
                names = schema["properties"]
                values = {name: self._value(each) for name, each in names.items()}
                shares = {level: 100 * (level == self.opinion) for level in LEVELS}
                return values | {name: shares[name] for name in names if name in LEVELS}
            case "array":
                allowed = schema["items"].get("enum")
                least = schema.get("minItems", 0)
                return allowed[:least] if allowed else [self._value(schema["items"])] * least
            case "boolean":
                return True
            case "integer" | "number":
                return schema.get("minimum", 0)
            case _:
                return "Because the rule says so."
