"""Exporting: a run of ours as step folders that the reference reads."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from repunet.compat.own_words import rewritten, with_own_words
from repunet.compat.reference.dialect import (
    ARCHIVE,
    BASIC_CHAT,
    CHAT,
    EVENT,
    EVERYBODY,
    GOSSIP,
    HEARD,
    META,
    NODES,
    NOTES,
    PARTICIPATION,
    PD,
    PEOPLE,
    RECORDS,
    SCRATCH,
    Dialect,
    dialect,
)
from repunet.compat.reference.notes import NOTES_FORMAT, ExportNotes, fingerprint, read_notes
from repunet.compat.reference.phrases import (
    EVENTS,
    TEXTS,
    answers_in,
    sign_up,
    sign_up_text,
)
from repunet.compat.reference.reading import Folder, plain
from repunet.compat.reference.writing import ExportFolder, Files
from repunet.errors import UsageError
from repunet.record.journal import Journal
from repunet.world.encounter import UNIT, Encounter
from repunet.world.event import (
    ChoiceMade,
    EncounterEnded,
    Event,
    GossipHeard,
    GossipUntold,
    Imported,
    PastEvent,
    TreatmentChanged,
    unfolded,
)
from repunet.world.gossip import LIKERT, Gossip
from repunet.world.persona import AgentId, Participant, Persona, Role
from repunet.world.reputation import Reputation, Version
from repunet.world.society import Society

OURS = "repunet"


@dataclass(frozen=True, slots=True)
class Exported:
    """Counts and files of an export."""

    path: str
    steps: tuple[int, ...]
    files: int
    stayed: tuple[str, ...]
    """Steps that were there before and that this run does not have."""


def export(
    journal: Journal, path: Path, *, round_: int | None = None, force: bool = False
) -> Exported:
    """Write a run as a run of the reference: a folder for each step, or for one of them.

    Nothing that is there is overwritten, unless forced, and nothing is deleted. Raises UsageError
    for a scenario that the reference does not know.
    """
    spelled = dialect(journal.manifest.scenario)
    for persona in journal.manifest.personas:
        plain(persona.name)
    if round_ is not None and not 0 <= round_ <= journal.rounds:
        raise UsageError(f"the run has rounds 0 to {journal.rounds}, not {round_}")
    steps = tuple(range(journal.rounds + 1) if round_ is None else [round_])
    place = ExportFolder(path, force=force)
    stayed = place.prepare(steps)
    _check_older(path, steps[-1], stayed)
    book, files = Book(journal, spelled), 0
    rounds: list[Imported] = []
    for number in range(steps[-1] + 1):
        rounds += book.turn(number)
        if number in steps:
            files += place.write(f"step_{number}", book.step(number))
    names = [persona.name for persona in journal.manifest.personas]
    marks = {n: fingerprint(Folder(path / f"step_{n}"), names) for n in steps}
    notes = ExportNotes(
        name=journal.path.parent.name,
        founding=journal.manifest,
        rounds=tuple(rounds),
        steps=marks,
    )
    files += place.write("", {(NOTES,): NOTES_FORMAT.dump_json(notes, indent=1)})
    return Exported(str(path), steps, files, stayed)


def _check_older(path: Path, last: int, stayed: Sequence[str]) -> None:
    """Raise UsageError where later steps of an older export would seem to be of this one."""
    if not stayed:
        return
    try:
        notes = read_notes(path)
    except UsageError:
        return
    older = sorted(n for n in notes.steps if n > last and f"step_{n}" in stayed) if notes else []
    if notes and older:
        which = " to ".join(dict.fromkeys((f"step_{older[0]}", f"step_{older[-1]}")))
        raise UsageError(
            f"{path} holds {which} of an older export ({notes.name}), which would seem to be of "
            f"this one: say another folder, or remove {which}"
        )


class Book:
    """A run as it is told, step by step, to the reference."""

    def __init__(self, journal: Journal, spelled: Dialect) -> None:
        self._journal = journal
        self._spelled = spelled
        self._society: Society = journal.manifest.society()
        self._ids = {agent: place for place, agent in enumerate(self._society.agents)}
        self._nodes: dict[AgentId, list[dict[str, Any]]] = defaultdict(list)
        self._heard: dict[AgentId, list[dict[str, Any]]] = defaultdict(list)
        self._met: dict[Participant, list[Encounter]] = defaultdict(list)
        self._rewritten: set[Participant] = set()
        self._results = ""

    def turn(self, number: int) -> Iterator[Imported]:
        """Let a round happen; yield what our notes keep of it. Nothing happens in round 0."""
        if not number:
            return
        stored = [written.event for written in self._journal.events(number, number)]
        for event in stored:
            self._society.apply(event)
        self._rewritten = rewritten(self._rewritten, stored)
        happened = [each for event in stored for each in unfolded(event)]
        self._note(number, happened)
        self._results = self._text(number, happened)
        yield _kept(stored, happened)

    def _name(self, agent: AgentId) -> str:
        return self._society.name(agent)

    # What happened

    def _note(self, number: int, happened: Iterable[Event]) -> None:
        happened = list(happened)
        choices = [event for event in happened if isinstance(event, ChoiceMade)]
        if choices and self._spelled == PARTICIPATION:
            for agent in self._ids:
                words = sign_up(choices, self._name)
                self._remember(
                    agent, number, EVENT, "sign up", (self._name(agent), EVERYBODY), words
                )
        told = [event.gossip for event in happened if isinstance(event, GossipHeard)]
        for event in happened:
            match event:
                case EncounterEnded(encounter=met):
                    self._encounter(number, met)
                case GossipHeard(gossip=gossip):
                    self._gossip(number, gossip, told)
                case _:
                    pass

    def _remember(
        self,
        agent: AgentId,
        number: int,
        kind: str,
        predicate: str,
        between: tuple[str, str],
        text: str,
        conversation: str | None = None,
    ) -> None:
        nodes = self._nodes[agent]
        node: dict[str, Any] = {
            "id": len(nodes) + 1,
            "type": kind,
            "subject": between[0],
            "predicate": predicate,
            "object": between[1],
            "description": text,
        }
        if conversation is not None:
            node["conversation"] = conversation
        nodes.append(node | {"created_at": number})

    def _encounter(self, number: int, met: Encounter) -> None:
        if met.outcome == "no_funds" or (met.outcome == "void" and self._spelled != PD):
            return
        for who in met.participants:
            self._met[who].append(met)
        names = [self._name(who.agent) for who in met.participants]
        if self._spelled == PARTICIPATION:
            if met.outcome == "consummated":
                self._talk(number, met, (names[0], names[1]))
            return
        text = EVENTS[self._spelled](met, self._name)
        for seat, who in enumerate(met.participants):
            between = names[seat], names[1 - seat]
            self._remember(who.agent, number, EVENT, self._spelled.predicate, between, text)

    def _talk(self, number: int, met: Encounter, names: tuple[str, str]) -> None:
        views = [
            f"- {name}'s Viewpoint: {story}" for name, story in zip(names, met.stories, strict=True)
        ]
        summary = "\n".join([f"- summary: {names[0]} and {names[1]} talked.", *views])
        said = "\n\n".join(_spoken(met, names))
        for who in met.participants:
            self._remember(who.agent, number, CHAT, BASIC_CHAT, names, summary, said)

    def _gossip(self, number: int, gossip: Gossip, told: Sequence[Gossip]) -> None:
        names = self._name(gossip.gossiper), self._name(gossip.listener)
        said = f"{names[0]}: {gossip.said}"
        mirrored = names if gossip.order == 1 else (names[1], names[0])
        why = gossip.said
        self._remember(gossip.gossiper, number, CHAT, GOSSIP, mirrored, why, said)
        self._remember(gossip.listener, number, CHAT, GOSSIP, names, why, said)
        if self._society.treatment.reputation:
            self._heard[gossip.listener].append(self._judged(number, gossip, told))
        else:
            self._heard[gossip.listener].append(self._unjudged(number, gossip, told))

    def _judged(self, number: int, gossip: Gossip, told: Sequence[Gossip]) -> dict[str, Any]:
        """Return a record of gossip as there is with reputation."""
        teller = self._name(gossip.gossiper)
        core = {
            "type": "first-order" if gossip.order == 1 else "second-order",
            "complained ID": str(self._ids[gossip.target]),
            "complained name": self._name(gossip.target),
            "complained role": gossip.role,
        }
        said = {"gossip info": gossip.text, "credibility level": LIKERT[gossip.credibility]}
        if gossip.order == 1:
            spread = {
                "whether to spread gossip second-hand": _spread(gossip, told),
                "reasons": "",
            }
            return core | {"gossiper name": teller} | said | spread | {"created_at": number}
        path = {
            "first-order gossiper name": self._name(gossip.path[0]),
            "second-order gossiper name": teller,
        }
        return core | path | said | {"gossiper name": teller, "created_at": number}

    def _unjudged(self, number: int, gossip: Gossip, told: Sequence[Gossip]) -> dict[str, Any]:
        """Return a record of gossip as there is without reputation."""
        return {
            "Complained agent ID": str(self._ids[gossip.target]),
            "Complained agent name": self._name(gossip.target),
            "Gossip info": gossip.text,
            "Spread gossip further": _spread(gossip, told),
            "type": "first order" if gossip.order == 1 else "second order",
            "credibility level": "None",
            "created_at": number,
        }

    # What there is after a step

    def step(self, number: int) -> Files:
        """Return the files of a step."""
        names = [self._name(agent) for agent in self._ids]
        files: Files = {META: _json({"persona_names": names, "step": number}, 2)}
        for agent in self._ids:
            own = (PEOPLE, self._name(agent))
            current, archive = self._records(agent)
            files |= {
                (*own, *SCRATCH): _json(self._scratch(agent, number), 2),
                (*own, *NODES): _json(self._nodes[agent], 4),
                (*own, *RECORDS): _json(current, 4),
                (*own, *ARCHIVE): _json(archive, 4),
                (*own, *HEARD): _json(self._heard[agent], 4),
            }
        if number and self._results:
            folder, name = self._spelled.results
            files[folder, f"{name}_{number}.txt"] = self._results.encode()
        return files

    def _scratch(self, agent: AgentId, number: int) -> dict[str, Any]:
        one = self._society.agents[agent]
        wealth = one.wealth // UNIT if one.wealth % UNIT == 0 else one.wealth / UNIT
        ties, shunned = self._society.network.partners(agent), self._society.shunned(agent)
        return {
            "name": one.persona.name,
            "innate": None,
            "learned": self._learned(agent),
            "currently": None,
            "ID": self._ids[agent],
            "role": None,
            "curr_step": number,
            "complain_buffer": [],
            **self._counters(agent),
            "relationship": {
                "bind_list": self._relations(ties),
                "black_list": self._relations(shunned),
            },
            "resources_unit": wealth,
            "observed": {},
        }

    def _learned(self, agent: AgentId) -> str | dict[str, str]:
        one, roles = self._society.agents[agent], self._spelled.roles
        described = {
            role: self._described(one.persona, role, one.self_images.get(role, ""))
            for role in roles
        }
        return described if len(roles) > 1 else described[roles[0]]

    def _described(self, persona: Persona, role: Role, image: str) -> str:
        """Return who somebody is, and how they came to see themselves."""
        if Participant(persona.id, role) in self._rewritten:
            return image
        return with_own_words(persona.description(self._spelled.scenario, role), image)

    def _counters(self, agent: AgentId) -> dict[str, int]:
        counts = {}
        for role in ("investor", "trustee"):
            met = self._met[Participant(agent, role)]
            counts[f"total_num_{role}"] = len(met)
            counts[f"success_num_{role}"] = sum(one.outcome == "consummated" for one in met)
        talks = [
            met for role in ("player", "resident") for met in self._met[Participant(agent, role)]
        ]
        went_well = sum(met.outcome != "declined" for met in talks)
        return counts | {"total_chat_num": len(talks), "success_chat_num": went_well}

    def _relations(self, alters: Iterable[Participant]) -> list[Any]:
        """Return ties as they are written: to people in a role, or to people."""
        if self._society.treatment.reputation:
            return [[self._name(alter.agent), alter.role] for alter in alters]
        return list(dict.fromkeys(self._name(alter.agent) for alter in alters))

    def _records(self, agent: AgentId) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the records that stand, and those that were replaced, one for each step."""
        store = self._society.agents[agent].reputations
        current, archive = {}, {}
        for target in store.targets():
            key = f"{target.role.capitalize()}_{self._ids[target.agent]}"
            last = {version.round: version for version in store.history(target)}
            versions = [last[number] for number in sorted(last)]
            current[key] = self._record(versions[-1].reputation)
            for before, after in pairwise(versions):
                replaced = self._record(before.reputation) | {"reason": self._reason(agent, after)}
                archive[f"{key}_pre_{after.round}"] = replaced
        return current, archive

    def _record(self, reputation: Reputation) -> dict[str, Any]:
        return {
            "ID": self._ids[reputation.target],
            "name": self._name(reputation.target),
            "role": reputation.role,
            "scenario": self._spelled.spelled,
            "content": reputation.text,
            "numerical record": f"({', '.join(map(_weight, reputation.weights))})",
        }

    def _reason(self, agent: AgentId, version: Version) -> str:
        """Return why a version replaced the one before it."""
        match version.cause:
            case "encounter":
                return self._spelled.updated
            case "observation" if self._spelled == PARTICIPATION:
                return "reputation update after sign up"
            case "observation":
                return "observed"
        log = self._society.agents[agent].gossip
        orders = {each.order for each in log.last(len(log)) if each.id in version.because}
        order = "second" if orders == {2} else "first"
        return f"reputation update after {order} order gossip"

    def _text(self, number: int, happened: Sequence[Event]) -> str:
        """Return the result text of a round, nothing where there is none."""
        if self._spelled == PARTICIPATION:
            choices = [event for event in happened if isinstance(event, ChoiceMade)]
            return sign_up_text(number, choices, self._name) if choices else ""
        answers = answers_in(self._journal.decisions(number))
        blocks = [
            TEXTS[self._spelled](
                event.encounter, self._name, answers, gossips=self._society.treatment.gossip
            )
            for event in happened
            if isinstance(event, EncounterEnded) and (event.encounter.acts or self._spelled == PD)
        ]
        return "".join(blocks)


def _spoken(met: Encounter, names: tuple[str, str]) -> Iterator[str]:
    """Yield what two said to each other, as far as the story of the first of them holds it."""
    for name, before in zip(names, ("You said: «", f"{names[1]} said: «"), strict=True):
        _, _, rest = met.stories[0].partition(before)
        if rest:
            yield f"{name}: {rest.partition('»')[0]}"
    _, _, rest = met.stories[0].partition("You talked: «")
    if rest:
        yield rest.partition("»")[0]


def _kept(stored: Sequence[Event], happened: Sequence[Event]) -> Imported:
    """Return a round as our notes keep it; who decided it there is not told."""
    taken = [event for event in stored if isinstance(event, Imported)]
    past = tuple(_undecided(event) for event in happened if isinstance(event, PastEvent))
    wealth = {agent: had for event in taken for agent, had in event.wealth.items()}
    shunned = {ego: alters for event in taken for ego, alters in event.shunned.items()}
    return Imported(source=OURS, past=past, wealth=wealth, shunned=shunned)


def _undecided(event: PastEvent) -> PastEvent:
    if isinstance(event, TreatmentChanged | EncounterEnded | GossipUntold):
        return event
    return replace(event, decision="")


def _spread(gossip: Gossip, told: Sequence[Gossip]) -> str:
    further = (*gossip.path, gossip.listener), gossip.target, gossip.encounter
    passed_on = any((each.path, each.target, each.encounter) == further for each in told)
    return "Yes" if passed_on else "No"


def _weight(weight: float) -> str:
    return f"{weight:.6f}".rstrip("0").rstrip(".")


def _json(value: object, indent: int) -> bytes:
    return json.dumps(value, indent=indent, ensure_ascii=False).encode()
