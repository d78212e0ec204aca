"""Manifest of a run: all that it follows from, before anything has happened in it."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from pydantic import TypeAdapter

from repunet.world.network import Tie
from repunet.world.persona import Persona
from repunet.world.society import Society
from repunet.world.treatment import Treatment

DEFAULT = "*"
"""Stands for every agent that has no mind of its own in `Manifest.minds`."""
ROLE, OPERATION = SELECTORS = ("role:", "operation:")
"""How keys of `Manifest.minds` begin that stand for a role, and for an operation."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """A scenario, a treatment, the people, the seed, and the minds that decide for them."""

    scenario: str
    treatment: Treatment
    personas: tuple[Persona, ...]
    seed: int
    minds: dict[str, dict[str, Any]]
    """Each mind by agent, operation or role, `*` for everyone else: its name as given, and what
    answers depend on.
    """
    ties: tuple[Tie, ...] = ()
    """The network that there is from the start; the paper's agents start isolated."""

    def society(self) -> Society:
        """Return the society before its first round, with nothing between its agents but ties."""
        return Society(self.scenario, self.treatment, self.personas, self.seed, self.ties)

    def to_json(self) -> str:
        """Return the record as canonical JSON: sorted keys, no spaces."""
        return _canonical(MANIFEST.dump_python(self, mode="json"))

    @classmethod
    def from_json(cls, text: str) -> "Manifest":
        """Return the record that was written; raises ValueError if it is malformed."""
        return MANIFEST.validate_json(text)

    def digest(self) -> str:
        """Return the hash with which the digest of every run founded like this begins.

        Numbers are rounded to six digits, as they are in events.
        """
        rounded = json.loads(self.to_json(), parse_float=lambda digits: round(float(digits), 6))
        return sha256(_canonical(rounded).encode()).hexdigest()

    @property
    def assigned(self) -> dict[str, str]:
        """Return the name of each mind as it was given, by agent, operation, role or `*`."""
        return {agent: str(mind["given"]) for agent, mind in self.minds.items()}

    def mind_of(self, agent: str) -> str:
        """Return the name of its own mind, or of all that decide for those who have none."""
        shared = (key for key in self.minds if key == DEFAULT or key.startswith(SELECTORS))
        return self._names([agent] if agent in self.minds else shared)

    @property
    def mind_names(self) -> str:
        """Return the names of all minds at work, as outputs show them."""
        return self._names(self.minds)

    def _names(self, keys: Iterable[str]) -> str:
        return " + ".join(dict.fromkeys(str(self.minds[key]["name"]) for key in keys))


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


MANIFEST: TypeAdapter[Manifest] = TypeAdapter(Manifest)
