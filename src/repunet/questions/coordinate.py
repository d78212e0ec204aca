"""Coordinates: the name of each decision, which it has before it has a value.

`r12/meet/A07-A11/ChooseMove/A07` is a unit of work, an operation and the agent that decides. They
are written to run files and are addresses of random draws, so that their form never changes.
"""

import re
from dataclasses import dataclass
from typing import NamedTuple

from repunet.world.persona import AgentId

UNIT = re.compile(
    r"(?P<group>[^/]+)/(?P<phase>[^/>0-9]*)(?P<wave>[0-9]*)(?P<path>[^>]*)(?P<part>.*)"
)
"""`r12/gossip2/r12/respond/A03/A07>A11`: group, phase, wave, path within it, part of the unit."""
ROUND = re.compile(r"r([0-9]+)")


@dataclass(frozen=True, slots=True)
class UnitAddress:
    """Address of a unit of work in a run.

    >>> str(UnitAddress("r12", "gossip", 2, "/m1/A07")), UnitAddress.parse("r12/meet/A-B").phase
    ('r12/gossip2/m1/A07', 'meet')
    """

    group: str
    """`r12` for a round; in a layer the id of the call."""
    phase: str
    """choose, note, match, meet, respond, observe or gossip."""
    wave: int = 0
    """Of gossip, from 1; 0 elsewhere."""
    path: str = ""
    """Rest of the address within its phase, with its slash."""
    part: str = ""
    """Part of the unit, with its `>`: the alter or the piece it is about."""

    @classmethod
    def parse(cls, text: str) -> "UnitAddress":
        """Return the address that a text is; raises ValueError if it is none."""
        found = UNIT.fullmatch(text)
        if found is None:
            raise ValueError(f"{text!r} is no address of a unit")
        wave = int(found["wave"] or 0)
        return cls(found["group"], found["phase"], wave, found["path"], found["part"])

    @classmethod
    def of_round(cls, round_: int, phase: str, path: str = "", wave: int = 0) -> "UnitAddress":
        """Return the address of a unit of a phase of a round."""
        return cls(f"r{round_}", phase, wave, path)

    @property
    def round(self) -> int | None:
        """Return its round; None in a layer, whose calls have ids."""
        found = ROUND.fullmatch(self.group)
        return int(found[1]) if found else None

    @property
    def whole(self) -> str:
        """Return the unit that this is a part of."""
        return f"{self.group}/{self.phase}{self.wave or ''}{self.path}"

    def __str__(self) -> str:
        return self.whole + self.part


class Coordinate(NamedTuple):
    """The name of a decision: it has one before it has a value, and the program gives it."""

    unit: str
    """For example `r12/meet/A07-A11`."""
    operation: str
    actor: AgentId

    @classmethod
    def parse(cls, text: str) -> "Coordinate":
        """Return the coordinate that a text is; raises ValueError if it is none."""
        unit, operation, actor = text.rsplit("/", 2)
        return cls(unit, operation, actor)

    @property
    def address(self) -> UnitAddress:
        """Return the address of its unit, taken apart; raises ValueError if it has none."""
        return UnitAddress.parse(self.unit)

    @property
    def group(self) -> str:
        """Return its round as `r12`, or in a layer the id of the call."""
        return self.unit.partition("/")[0]

    def __str__(self) -> str:
        return f"{self.unit}/{self.operation}/{self.actor}"
