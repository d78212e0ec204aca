"""Members: who takes part in a layer, and what may be called by a name."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from repunet.errors import UsageError
from repunet.scenarios.outside import OUTSIDE
from repunet.world.persona import ANY_SCENARIO, Disposition, Persona, Role

LONGEST_NAME = 100


def member(agent: str | Persona, scenario_name: str, roles: Sequence[Role]) -> Persona:
    """Return a persona that is described in every role of the layer."""
    if isinstance(agent, str):
        text = {ANY_SCENARIO: f"You are {agent}."}
        agent = Persona(agent, agent, None, None, None, Disposition.CUSTOM, text)
    require_name("id of an agent", agent.id)
    require_name("name of an agent", agent.name)
    texts = {f"{scenario_name}/{role}": agent.description(OUTSIDE, role) for role in roles}
    if len(set(texts.values())) == 1:
        texts = {ANY_SCENARIO: texts.popitem()[1]}
    return replace(agent, descriptions=texts)


def require_name(kind: str, name: str) -> None:
    """Raise UsageError for what can't stand in a coordinate or in a line of output."""
    plain = name == name.strip() and name.isprintable() and not set(name) & set("/>*")
    if not plain or not 0 < len(name) <= LONGEST_NAME:
        raise UsageError(
            f"{name!r} can't be the {kind}: up to {LONGEST_NAME} letters without / > *"
        )


def require_distinct(people: Sequence[Persona]) -> None:
    """Raise UsageError where two share an id or a name."""
    for word in ("id", "name"):
        found = Counter(str(getattr(person, word)) for person in people)
        for name, times in found.items():
            if times > 1:
                raise UsageError(
                    f"{times} agents have the {word} {name}: every agent needs its own"
                )
