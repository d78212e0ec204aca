"""Changes of treatment within a run: those that happened, and those that are planned.

A change happens in an event, so that the digest says so. Until its round is played, the intention
stands in the run file: a round, and the switches that are set when it begins.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from pydantic import TypeAdapter

from repunet.record.journal import Journal
from repunet.world.event import TreatmentChanged
from repunet.world.society import Society
from repunet.world.treatment import Treatment

Changes: TypeAlias = dict[int, dict[str, str]]
"""The switches that are set, in words, by the round that begins with them."""

CHANGES, ORIGIN = "changes", "forked from"
DIGITS = 6


@dataclass(frozen=True, slots=True)
class ForkOrigin:
    """Run and round that a fork comes from."""

    name: str
    round: int
    """The last one that is shared."""
    digest: str
    """Of the shared rounds."""


_CHANGES: TypeAdapter[Changes] = TypeAdapter(Changes)
ORIGIN_ADAPTER: TypeAdapter[ForkOrigin] = TypeAdapter(ForkOrigin)


def changes(journal: Journal) -> Changes:
    """Return what is, or was, to change in a run."""
    return _CHANGES.validate_json(journal.meta(CHANGES) or "{}")


def origin(journal: Journal) -> ForkOrigin | None:
    """Return where a run was forked from, None if it is no fork."""
    kept = journal.meta(ORIGIN)
    return ORIGIN_ADAPTER.validate_json(kept) if kept else None


def switched(treatment: Treatment, switches: Mapping[str, str]) -> Treatment:
    """Return the treatment with switches set from words; its new numbers are rounded, as events'.

    Raises UsageError for a switch that is not known, and for what it can't be set to.
    """
    new = treatment.switched(**switches)
    values = {name: getattr(new, name) for name in new.differences(treatment)}
    rounded: dict[str, Any] = {
        name: round(value, DIGITS) for name, value in values.items() if isinstance(value, float)
    }
    return replace(new, **rounded)


def due(planned: Changes, society: Society) -> list[TreatmentChanged]:
    """Return the change with which the next round begins; nothing if all is like that already."""
    new = switched(society.treatment, planned.get(society.round + 1, {}))
    return [] if new == society.treatment else [TreatmentChanged(treatment=new)]


def treatment_label(journal: Journal, happened: Mapping[int, Treatment]) -> str:
    """Return the treatment of a run as outputs show it: `full, from round 8 no-gossip`.

    What has happened is said by whoever has read the events; what is still to come is added.
    """
    founded = journal.manifest.treatment
    now = list(happened.values())[-1] if happened else founded
    to_come = _to_come(now, changes(journal), journal.rounds)
    parts = [f"from round {n} {each.label}" for n, each in [*happened.items(), *to_come]]
    return ", ".join([founded.label, *parts])


def _to_come(now: Treatment, planned: Changes, after: int) -> Iterator[tuple[int, Treatment]]:
    for number, switches in sorted(planned.items()):
        new = switched(now, switches)
        if number > after and new != now:
            yield number, new
            now = new
