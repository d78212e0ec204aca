"""Drift: whether a run would go on as it began, and what is noted where it does not."""

import json
from collections.abc import Sequence
from difflib import unified_diff

from repunet import __version__
from repunet.minds.language.terms import asks_in_words
from repunet.minds.router import MindRouter
from repunet.prompts import sources
from repunet.questions.mind import Mind
from repunet.record.journal import Journal
from repunet.record.manifest import Manifest
from repunet.record.notes import BRANCHED, PLAIN, TEMPLATES


def beginnings(manifest: Manifest, minds: MindRouter, wording: str = PLAIN) -> dict[str, str]:
    """Return what is noted of a new run, so that a change is found out later."""
    facts = {"version": __version__, "prompts": wording}
    if asks_in_words(minds):
        facts[TEMPLATES] = json.dumps(sources(wording, manifest.scenario))
    return facts


def differences(journal: Journal, minds: Mind) -> list[str]:
    """Return what is no longer as it was when the run was begun, in words."""
    changed = []
    if edits(journal):
        changed.append("its prompts have been edited since")
    if minds.describe() != journal.manifest.minds:
        changed.append("its minds are not as they were")
    if journal.notes.version != __version__:
        changed.append(
            f"it was begun with RepuNet {journal.notes.version or 'of old'}, not {__version__}"
        )
    return changed


def edits(journal: Journal) -> str:
    """Return how the prompts differ now from those that the run was begun with, line by line."""
    before = journal.notes.templates or {}
    now = _sources(journal) if before else {}
    texts = ((name, before.get(name, ""), now.get(name, "")) for name in before | now)
    return "\n".join(
        line
        for name, old, new in texts
        for line in unified_diff(
            old.splitlines(), new.splitlines(), f"{name} then", f"{name} now", lineterm=""
        )
    )


def notes(journal: Journal, changed: Sequence[str], at: int) -> dict[str, str]:
    """Return what is noted of a run that goes on otherwise after a round, if it does."""
    if not changed:
        return {}
    noted = {f"{BRANCHED}{at}": "; ".join(changed), "version": __version__}
    if journal.notes.templates is not None:
        noted[TEMPLATES] = json.dumps(_sources(journal))
    return noted


def has_branched(journal: Journal) -> bool:
    """Tell whether the run goes on otherwise since the round that was committed last."""
    return journal.meta(f"{BRANCHED}{journal.rounds}") is not None


def _sources(journal: Journal) -> dict[str, str]:
    return sources(journal.notes.wording, journal.manifest.scenario)
