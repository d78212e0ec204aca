"""Factors: what a run follows from beside its seed, and thus which runs are repetitions."""

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import PurePath
from typing import Any

from repunet.analysis.tables.history import History
from repunet.record.changes import origin, treatment_label
from repunet.record.journal import Journal
from repunet.record.notes import SPEC, TEMPLATES
from repunet.world.event import TreatmentChanged
from repunet.world.treatment import TREATMENTS

ROUNDS = "rounds"
CUT_OFF = " of "
SHORT = 6
"""Digits that tell apart what has no name of its own."""
WORDS = {
    "treatment": "{}",
    "mind": "{}",
    "set-up": "minds set up as {}",
    "prompts": "prompts {}",
    "words": "words {}",
    "plan": "plan {}",
    "agents": "{} agents",
    "profile": "profile {}",
    "people": "people of {}",
    "network": "network of {}",
    "past": "{}",
    ROUNDS: "{} rounds",
}
"""How each factor is said where arms differ in it; the order is that of the arms' names."""
IMPLIED = {"set-up": ("mind",), "words": ("mind", "prompts"), "prompts": ("mind",)}
"""What is the way of a mind, where every mind has but one."""


def factors(journal: Journal, history: History) -> dict[str, str]:
    """Return what a run follows from, all but its scenario and its seed, in words.

    `rounds` are those that are committed, `30 of 60` where fewer than planned. Prompts count only
    if somebody read them.
    """
    manifest, spec = history.manifest, json.loads(journal.meta(SPEC) or "{}")
    changed = {at.round: event.treatment for at, event in history.of(TreatmentChanged)}
    templates, forked = journal.meta(TEMPLATES), origin(journal)
    planned = journal.notes.planned
    return {
        "treatment": treatment_label(journal, changed),
        "mind": history.minds(manifest.mind_names),
        "set-up": _hash({whose: _unnamed(mind) for whose, mind in manifest.minds.items()}),
        "prompts": journal.notes.wording if templates else "",
        "words": _hash(templates) if templates else "",
        "plan": journal.notes.plan,
        "agents": str(len(manifest.personas)),
        "profile": str(spec.get("profile") or ""),
        "people": _file(spec.get("personas")),
        "network": _file(spec.get("network")),
        "past": f"forked after round {forked.round}" if forked else "",
        ROUNDS: _rounds(history.last, planned),
    }


def differing(runs: Sequence[Mapping[str, str]]) -> list[str]:
    """Return in which factors runs differ.

    >>> differing([{"treatment": "full", "plan": "x"}, {"treatment": "none", "plan": "x"}])
    ['treatment']
    """
    return [name for name in WORDS if len({run.get(name, "") for run in runs}) > 1]


def telling(runs: Sequence[Mapping[str, str]]) -> list[str]:
    """Return the factors in which runs differ, but for what goes without saying.

    >>> telling([{"mind": "embedded", "set-up": "1"}, {"mind": "chance", "set-up": "2"}])
    ['mind']
    """
    found = differing(runs)
    return [name for name in found if not _goes_with(runs, name, IMPLIED.get(name, ()))]


def _goes_with(runs: Sequence[Mapping[str, str]], name: str, others: Sequence[str]) -> bool:
    """Tell whether what these others are says what this one is."""
    pairs = {(tuple(run.get(each, "") for each in others), run.get(name, "")) for run in runs}
    return bool(others) and len(pairs) == len({known for known, _ in pairs})


def said(values: Mapping[str, str], names: Sequence[str]) -> str:
    """Return some factors of a run in words, e.g. as the name of its arm.

    >>> said({"treatment": "full", "agents": "20"}, ["treatment", "agents"])
    'full, 20 agents'
    """
    named = ((name, values.get(name, "")) for name in WORDS if name in names)
    return ", ".join(WORDS[name].format(value) for name, value in named if value)


def rank(values: Mapping[str, str]) -> tuple[Any, ...]:
    """Return what arms are sorted by: treatments from full to none, numbers by their size."""
    return tuple(_rank(name, values.get(name, "")) for name in WORDS)


def is_cut_off(values: Mapping[str, str]) -> bool:
    """Tell whether a run ended before the rounds that were planned."""
    return CUT_OFF in values[ROUNDS]


def reached(values: Mapping[str, str]) -> str:
    """Return how many rounds there are."""
    return values[ROUNDS].partition(CUT_OFF)[0]


def _rank(name: str, value: str) -> tuple[int, str]:
    if name == "treatment":
        known = [*TREATMENTS]
        return (known.index(value) if value in known else len(known), value)
    digits = value.partition(CUT_OFF)[0]
    return (int(digits), value) if digits.isdecimal() else (0, value)


def _rounds(last: int, planned: int) -> str:
    return f"{last}{CUT_OFF}{planned}" if last < planned else str(last)


def _unnamed(mind: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in mind.items() if key not in ("given", "name")}


def _file(path: object) -> str:
    return PurePath(str(path)).name if path else ""


def _hash(value: object) -> str:
    return sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:SHORT]
