"""Encounters that happen in another system, which only tells of them (paper, section 3.1)."""

from collections.abc import Sequence
from functools import cache
from typing import ClassVar, cast

from repunet.errors import UsageError
from repunet.matching import Matching
from repunet.questions.deliberation import Unit
from repunet.scenarios.base import Scenario
from repunet.world.encounter import Encounter
from repunet.world.event import Event
from repunet.world.persona import Participant, Role
from repunet.world.stakes import Stakes, Unstated

OUTSIDE = "layer"


class Outside(Scenario):
    """Scenario of a layer: roles and encounters come from another system."""

    title = "Encounters in another system"
    stakes: ClassVar[Stakes] = Unstated()
    cooperation = "the degree that the other system gives each act"
    source = "paper, section 3.1"

    async def match(self, matching: Matching) -> Sequence[Event]:
        """Raise UsageError: who meets whom is decided elsewhere."""
        raise UsageError("this is a layer: its encounters come from another system, not in rounds")

    async def meet(self, unit: Unit, group: tuple[Participant, ...]) -> Encounter:
        """Raise UsageError: what happens is decided elsewhere."""
        raise UsageError("this is a layer: what happens in its encounters is decided elsewhere")


def outside_name(roles: Sequence[Role]) -> str:
    """Return the name under which encounters in these roles are recorded.

    >>> outside_name(["seller", "buyer"])
    'layer:seller,buyer'
    """
    return f"{OUTSIDE}:{','.join(roles)}"


@cache
def outside(name: str) -> Outside | None:
    """Return the scenario that such a name stands for, None if it stands for none."""
    head, _, roles = name.partition(":")
    if head != OUTSIDE or not roles:
        return None
    named = type("Outside", (Outside,), {"name": name, "roles": tuple(roles.split(","))})
    return cast(Outside, named())
