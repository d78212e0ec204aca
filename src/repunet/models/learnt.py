"""What an endpoint was found to take: the parameters that it refuses, and its room for answers."""

import json
from asyncio import AbstractEventLoop, get_running_loop
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

ROOM, OTHER_ROOM = "max_tokens", "max_completion_tokens"
"""What most servers call the most tokens of an answer, and what some do."""
SAMPLING = ("temperature", "top_p", "frequency_penalty", "presence_penalty")
"""The parameters that can be left out."""
LEAST = 16
"""Tokens below which there is no room for an answer."""


@dataclass(slots=True)
class Learnt:
    """Parameters and sizes that an endpoint refuses, as its refusals told."""

    dropped: set[str] = field(default_factory=set)
    """Parameters that are not sent."""
    room: str = ROOM
    """What it calls the most tokens of an answer."""
    most: int | None = None
    """The most tokens of an answer that it takes."""

    def limited(self, tokens: int) -> int:
        """Return how many tokens may be asked for where so many are wanted."""
        return tokens if self.most is None else min(tokens, self.most)

    def refuse(self, parameter: str, most: int | None = None) -> None:
        """Take note that a parameter was refused, or that there is no more room than so much."""
        if most is not None:
            self.most = self.limited(most)
        elif parameter == ROOM:
            self.room = OTHER_ROOM
        else:
            self.dropped.add(parameter)

    def __str__(self) -> str:
        """Return it as JSON, to be written down."""
        facts = {"dropped": sorted(self.dropped), "room": self.room, "most": self.most}
        return json.dumps(facts)

    def recall(self, written: str | None) -> None:
        """Take over what was written down, as far as it can be understood."""
        try:
            facts = json.loads(written or "{}")
        except ValueError:
            return
        if isinstance(facts, Mapping):
            self._recall(facts)

    def _recall(self, facts: Mapping[str, Any]) -> None:
        dropped, most = facts.get("dropped"), facts.get("most")
        if isinstance(dropped, list):
            self.dropped |= {name for name in SAMPLING if name in dropped}
        if facts.get("room") == OTHER_ROOM:
            self.room = OTHER_ROOM
        if isinstance(most, int) and most >= LEAST:
            self.most = self.limited(most)


_known: WeakKeyDictionary[AbstractEventLoop, dict[str, Learnt]] = WeakKeyDictionary()


def learnt(endpoint: str, before: Learnt) -> Learnt:
    """Return what everything in this event loop that asks this endpoint has learnt of it.

    `before` is what is known of it before it is asked.
    """
    return _known.setdefault(get_running_loop(), {}).setdefault(endpoint, before)
