"""Who a player is before the first game: a name, a life and a preference, all innate."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from repunet.errors import UsageError

AgentId = str
Role = str

ANY_SCENARIO = "*"


class Participant(NamedTuple):
    """An agent in a role: whom reputations, ties and acts are about (paper, section 3.1)."""

    agent: AgentId
    role: Role


class Disposition(StrEnum):
    """The initial preference that an experiment varies (paper, section 4.1)."""

    PROSOCIAL = "prosocial"
    SELF_INTERESTED = "self_interested"
    CUSTOM = "custom"
    """Whatever the description says: the mind reads the text."""


class Pronouns(NamedTuple):
    """Pronouns of a person: `subject` acts, `object` is acted on, `possessive` owns."""

    subject: str
    object: str
    possessive: str


HE = Pronouns("he", "him", "his")
SHE = Pronouns("she", "her", "her")
THEY = Pronouns("they", "them", "their")


@dataclass(frozen=True, slots=True)
class Persona:
    """A person as described at the outset; no game changes it.

    `descriptions` maps a scenario ("pd"), a role in it ("investment/trustee") or any scenario ("*")
    to a text in the second person.
    """

    id: AgentId
    name: str
    age: int | None
    gender: str | None
    country: str | None
    disposition: Disposition
    descriptions: dict[str, str] = field(hash=False)

    def description(self, scenario: str, role: Role = "") -> str:
        """Return the most specific text: that of the role, of the scenario, or of any scenario."""
        for key in (f"{scenario}/{role}", scenario, ANY_SCENARIO):
            if key in self.descriptions:
                return self.descriptions[key]
        where = f'"{scenario}/{role}"' if role else f'"{scenario}"'
        there = ", ".join(self.descriptions) or "nothing"
        raise UsageError(f"{self.name} has no description for {where}; there is: {there}")

    def describes(self, scenario: str) -> bool:
        """Return whether some description suits the scenario, in at least one of its roles."""
        return any(
            key in (scenario, ANY_SCENARIO) or key.startswith(f"{scenario}/")
            for key in self.descriptions
        )

    @property
    def pronouns(self) -> Pronouns:
        """Return he, she or they (the last where the gender is neither or not given)."""
        match (self.gender or "").casefold():
            case "male" | "man" | "m":
                return HE
            case "female" | "woman" | "f":
                return SHE
            case _:
                return THEY


def agent_id(number: int, size: int) -> AgentId:
    """Return the id of the `number`-th of `size` agents, counted from 1: A01, or A0001 of 1000."""
    return f"A{number:0{max(2, len(str(size)))}d}"
