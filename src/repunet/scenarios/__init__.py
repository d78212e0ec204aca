"""Scenarios: one file for each social dilemma, found by entry point; anybody can add one.

The package can be called, as `repunet.scenarios()`: it returns all that are installed, by name.
"""

import sys
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType

from repunet.errors import unknown
from repunet.scenarios.base import Scenario
from repunet.scenarios.outside import outside
from repunet.system.terminal import in_one_line, tell

__all__ = ["Scenario", "scenario", "scenarios"]

GROUP = "repunet.scenarios"


@cache
def scenarios() -> dict[str, Scenario]:
    """Return every scenario that is installed, by name."""
    found = filter(None, map(_loaded, entry_points(group=GROUP)))
    return {scenario.name: scenario for scenario in sorted(found, key=lambda s: s.name)}


def _loaded(entry: EntryPoint) -> Scenario | None:
    """Return a scenario that is installed; one that can't be had is named, and left out."""
    try:
        made = entry.load()()
        if isinstance(made, Scenario) and isinstance(getattr(made, "name", None), str):
            return made
        why = "it is no scenario"
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - whatever a stranger's module does
        why = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    tell(f"warning: the scenario {entry.name} can't be used: {in_one_line(why)} ({entry.value})")
    return None


def scenario(name: str) -> Scenario:
    """Return the scenario of that name or alias; raises UsageError, with a suggestion, if none."""
    known = scenarios()
    aliases = {alias: each for each in known.values() for alias in each.aliases}
    found = known.get(name) or aliases.get(name) or outside(name)
    if found is None:
        raise unknown("scenario", name, known)
    return found


class _Scenarios(ModuleType):
    def __call__(self) -> dict[str, Scenario]:
        return dict(scenarios())


sys.modules[__name__].__class__ = _Scenarios
