"""Scenarios: one file for each social dilemma, found by entry point; anybody can add one."""

from functools import cache
from importlib.metadata import entry_points

from repunet.errors import unknown
from repunet.scenarios.base import Scenario
from repunet.scenarios.outside import outside

__all__ = ["Scenario", "scenario", "scenarios"]


@cache
def scenarios() -> dict[str, Scenario]:
    """Return every scenario that is installed, by name."""
    found = (entry.load()() for entry in entry_points(group="repunet.scenarios"))
    return {scenario.name: scenario for scenario in sorted(found, key=lambda s: str(s.name))}


def scenario(name: str) -> Scenario:
    """Return the scenario of that name or alias; raises UsageError, with a suggestion, if none."""
    known = scenarios()
    aliases = {alias: each for each in known.values() for alias in each.aliases}
    found = known.get(name) or aliases.get(name) or outside(name)
    if found is None:
        raise unknown("scenario", name, known)
    return found
