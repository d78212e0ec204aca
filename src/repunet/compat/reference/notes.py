"""Our own file in a run of the reference: what its format has no place for."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from math import isfinite
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from repunet.compat.reference.dialect import FILES, META, NODES, NOTES, PEOPLE
from repunet.compat.reference.reading import Folder
from repunet.errors import UsageError
from repunet.record.manifest import Manifest
from repunet.world.encounter import Act, Encounter
from repunet.world.event import (
    ChoiceMade,
    EncounterEnded,
    Event,
    GossipHeard,
    GossipUntold,
    Imported,
    ReputationShaped,
    SelfImageRevised,
    TieFormed,
    TieSevered,
    TreatmentChanged,
)
from repunet.world.gossip import LIKERT
from repunet.world.persona import AgentId, Participant

VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportNotes:
    """Notes of ours in an export, beside the folders as the reference reads them."""

    format: Literal["repunet sim-storage"] = "repunet sim-storage"
    version: Literal[1] = 1
    name: str
    founding: Manifest
    rounds: tuple[Imported, ...]
    steps: dict[int, str] = field(default_factory=dict)
    """The fingerprint of each step folder as it was written."""


NOTES_FORMAT: TypeAdapter[ExportNotes] = TypeAdapter(ExportNotes)


def fingerprint(folder: Folder, names: Iterable[str]) -> str:
    """Return the hash of all files of a step that an import reads."""
    digest = sha256(folder.bytes(*META))
    for name in names:
        for parts in FILES:
            digest.update(sha256(folder.bytes(PEOPLE, name, *parts)).digest())
    return digest.hexdigest()


def read_notes(run: Path) -> ExportNotes | None:
    """Return our notes in a run, None if there are none; raises UsageError if they are no good."""
    if not (run / NOTES).exists():
        return None
    content = Folder(run).bytes(NOTES)
    try:
        notes = NOTES_FORMAT.validate_json(content)
    except (ValidationError, UsageError, ValueError, RecursionError):
        raise UsageError(f"{run / NOTES}: not notes of this version of RepuNet") from None
    if not _sound(notes):
        raise UsageError(f"{run / NOTES}: names agents, roles or numbers that there are not")
    return notes


def last_own(run: Path, step: Path, number: int) -> int | None:
    """Return the last step that we wrote if a later one does not continue it, None otherwise.

    What the reference has played since begins with the memories that we wrote.
    """
    try:
        notes = read_notes(run)
        last = max(notes.steps, default=number) if notes else number
        path = run / f"step_{last}"
        if notes is None or last >= number or path.is_symlink():
            return None
        ours, names = Folder(path), [each.name for each in notes.founding.personas]
        if fingerprint(ours, names) != notes.steps[last]:
            return None
        later = Folder(step)
        return None if all(_goes_on(ours, later, name) for name in names) else last
    except UsageError:
        return None


def _goes_on(ours: Folder, later: Folder, name: str) -> bool:
    """Tell whether somebody remembers in a later step what they did in ours."""
    before, after = (_remembered(folder.json(PEOPLE, name, *NODES)) for folder in (ours, later))
    return before <= after


def _remembered(nodes: object) -> Counter[str]:
    entries = nodes if isinstance(nodes, list) else []
    return Counter(repr(each.get("description")) for each in entries if isinstance(each, dict))


def _sound(notes: ExportNotes) -> bool:
    manifest = notes.founding
    agents = {persona.id for persona in manifest.personas}
    if len(agents) < len(manifest.personas):
        return False
    named = {alter.agent for _, alter in manifest.ties} | {ego for ego, _ in manifest.ties}
    for each in notes.rounds:
        named |= {*each.wealth, *each.shunned}
        named |= {alter.agent for alters in each.shunned.values() for alter in alters}
        for event in each.past:
            named |= set(_agents(event))
    return named <= agents and all(_is_sound(event) for each in notes.rounds for event in each.past)


def _agents(event: Event) -> Iterator[AgentId]:
    match event:
        case ChoiceMade(act=act):
            yield act.agent
        case EncounterEnded(encounter=met):
            yield from (who.agent for who in met.participants)
            yield from (act.agent for act in met.acts)
            yield from (agent for known in met.knew_before for agent in known)
        case ReputationShaped(observer=agent, reputation=reputation):
            yield from (agent, reputation.target)
        case SelfImageRevised(agent=agent):
            yield agent
        case TieFormed(ego=agent, alter=alter) | TieSevered(ego=agent, alter=alter):
            yield from (agent, alter.agent)
        case GossipUntold(gossiper=agent, target=target):
            yield from (agent, target.agent)
        case GossipHeard(gossip=gossip):
            yield from (gossip.target, gossip.listener, *gossip.path)
        case _:
            pass


def _is_sound(event: Event) -> bool:
    match event:
        case TreatmentChanged():
            return True
        case ChoiceMade(act=act):
            return _is_act(act)
        case EncounterEnded(encounter=met):
            return _is_encounter(met)
        case ReputationShaped(reputation=reputation):
            return -1 <= reputation.score <= 1
        case GossipHeard(gossip=gossip):
            judged = gossip.credibility in LIKERT and -1 <= gossip.valence <= 1
            return judged and len(gossip.path) in (1, 2)
        case _:
            return True


def _is_encounter(met: Encounter) -> bool:
    seats = len(met.participants)
    return (
        len(set(met.participants)) == seats
        and len(met.acts) in (0, seats)
        and len(met.stories) == len(met.knew_before) == seats
        and all(
            _is_act(act) and act.participant == who
            for act, who in zip(met.acts, met.participants, strict=False)
        )
    )


def _is_act(act: Act) -> bool:
    numbers = (act.valence, 0.0 if act.cooperation is None else act.cooperation)
    return all(isfinite(each) and -1 <= each <= 1 for each in numbers)


def roles_in(rounds: Iterable[Imported]) -> set[str]:
    """Return the roles that people have had, and others have had for them."""
    found: set[str] = set()
    for each in rounds:
        found |= {alter.role for alters in each.shunned.values() for alter in alters}
        for event in each.past:
            match event:
                case ChoiceMade(act=act):
                    found.add(act.role)
                case EncounterEnded(encounter=met):
                    found |= {who.role for who in met.participants}
                case ReputationShaped(reputation=reputation):
                    found.add(reputation.role)
                case SelfImageRevised(role=role):
                    found.add(role)
                case TieFormed(alter=alter) | TieSevered(alter=alter):
                    found.add(alter.role)
                case GossipUntold(target=Participant(role=role)):
                    found.add(role)
                case GossipHeard(gossip=gossip):
                    found.add(gossip.role)
                case _:
                    pass
    return found
