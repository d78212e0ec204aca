"""The step folders of the reference: which one counts, who is in it, and what they had."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from repunet.compat.reference.dialect import (
    ARCHIVE,
    DIALECTS,
    HEARD,
    INVESTMENT,
    META,
    NODES,
    PEOPLE,
    RECORDS,
    SCRATCH,
    SEED,
    STEP,
    Dialect,
)
from repunet.compat.reference.reading import (
    Folder,
    Report,
    UnusableRecord,
    listed,
    mapping,
    plain,
    shown,
    text_of,
    units,
)
from repunet.errors import UsageError
from repunet.world.persona import AgentId, Persona, Role, agent_id
from repunet.world.persona_files import read_personas
from repunet.world.population import LONGEST_NAME, SMALLEST

PROMISED = re.compile(
    r"^\| Trustee: (.{1,80}): allocated plan trustee_part: [^%\n]{1,20}%, "
    r"investor_part: (\d{1,3})[^%\n]{0,20}%.*\n\| Investor: (.{1,80}?): investor decided",
    re.MULTILINE,
)
Promises: TypeAlias = Mapping[tuple[int, str, str], int]
"""Shares in percent, by step, investor and trustee."""
MOST_PEOPLE = 1000
MOST_STEPS = 10_000


Relations: TypeAlias = tuple[tuple[AgentId, Role | None], ...]
"""To whom, and in which role; None where the files do not say in which."""


@dataclass(frozen=True, slots=True)
class Somebody:
    """A person of a step, as the files call them."""

    agent: AgentId
    name: str
    number: int
    """The number by which records name them."""


@dataclass(frozen=True, slots=True)
class KnownNames:
    """Names of everybody, in all forms that the files use."""

    people: tuple[Somebody, ...]
    dialect: Dialect
    by_name: Mapping[str, Somebody] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {each.name: each for each in self.people})

    def named(self, name: object) -> Somebody:
        """Return whom a name stands for; raises Malformed if it stands for nobody."""
        found = self.by_name.get(name) if isinstance(name, str) else None
        if found is None:
            raise UnusableRecord(f"nobody here is called {shown(name)}")
        return found

    def numbered(self, name: object, number: object) -> Somebody:
        """Return whom a name and a number stand for; raises Malformed where they disagree."""
        found = self.named(name)
        if str(number).strip() != str(found.number):
            raise UnusableRecord(f"{found.name} has the number {found.number}, not {shown(number)}")
        return found


@dataclass(frozen=True, slots=True)
class State:
    """State of one person after a step, as far as it is known."""

    learned: dict[Role, str]
    ties: Relations | None
    shunned: Relations | None
    wealth: int | None
    by_role: bool | None
    """Whether ties are to people in a role, as with reputation; None if there are none."""
    complaints: int


@dataclass(frozen=True, slots=True)
class Memory:
    """Memory files of one person."""

    nodes: list[object]
    records: dict[str, object]
    archive: dict[str, object]
    heard: list[object]


def steps_in(path: Path) -> tuple[Path, int, Path | None]:
    """Return the last finished step of a run, or the step itself, its number, and its run.

    Raises UsageError where there is none.
    """
    folder = Folder(path)
    if (path / META[0]).is_dir():
        number = _number(folder, path, ())
        named = STEP.fullmatch(path.resolve().name)
        if named and int(named[1]) != number:
            raise UsageError(f"{path} was not finished: it is at step {number}; import {number}")
        return path, number, path.resolve().parent if named else None
    found = {int(m[1]): each for each in _folders(path) if (m := STEP.fullmatch(each.name))}
    if len(found) > MOST_STEPS:
        raise UsageError(f"{path} has more than {MOST_STEPS} steps")
    for number, step in sorted(found.items(), reverse=True):
        if _number(folder, step, (step.name,)) == number:
            return step, number, path
    raise UsageError(f"{path}: no step of the reference is here (step_0, reverie, personas)")


def _folders(path: Path) -> list[Path]:
    try:
        return [each for each in path.iterdir() if each.is_dir()]
    except OSError as error:
        raise UsageError(f"{path} can't be read ({error.strerror})") from None


def _number(folder: Folder, path: Path, parts: tuple[str, ...]) -> int:
    meta = folder.json(*parts, *META)
    number = meta.get("step") if isinstance(meta, dict) else None
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= MOST_STEPS:
        raise UsageError(f"{path.joinpath(*META)}: has no number of a step")
    return number


def names_in(folder: Folder) -> list[str]:
    """Return who is in a step; raises UsageError where that can't be told."""
    meta = folder.json(*META)
    names = meta.get("persona_names") if isinstance(meta, dict) else None
    where = folder.path.joinpath(*META)
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise UsageError(f'{where}: has no list "persona_names"')
    if not SMALLEST <= len(names) <= MOST_PEOPLE:
        raise UsageError(f"{where}: has {len(names)} people, not {SMALLEST} to {MOST_PEOPLE}")
    for name in names:
        if len(plain(name)) > LONGEST_NAME or name != name.strip():
            raise UsageError(f"{where}: {shown(name)} can't be a name")
        if not (folder.path / PEOPLE / name).is_dir():
            raise UsageError(f"{folder.path}: there is no folder of {name}, but {META[1]} has one")
    return names


def scratch_of(folder: Folder, name: str) -> dict[str, object]:
    """Return what a person's scratch file holds; raises UsageError if it is no object."""
    found = folder.json(PEOPLE, name, *SCRATCH)
    if not isinstance(found, dict):
        raise UsageError(f"{folder.path.joinpath(PEOPLE, name, *SCRATCH)}: must be an object")
    return found


def company_of(folder: Folder, names: Iterable[str], dialect: Dialect) -> KnownNames:
    """Return everybody in a step; raises UsageError where two have one number."""
    names = list(names)
    people = []
    for place, name in enumerate(names):
        number = scratch_of(folder, name).get("ID")
        if not isinstance(number, int) or isinstance(number, bool):
            number = place
        people.append(Somebody(agent_id(place + 1, len(names)), name, number))
    if len({each.number for each in people}) < len(people):
        raise UsageError(f"{folder.path}: two people have one ID")
    return KnownNames(tuple(people), dialect)


def personas_of(folder: Folder, dialect: Dialect) -> tuple[Persona, ...]:
    """Return who the people of a step are; its files have been read before."""
    for name in names_in(folder):
        try:
            _learned(scratch_of(folder, name).get("learned"), dialect)
        except UnusableRecord as error:
            where = folder.path.joinpath(PEOPLE, name, *SCRATCH)
            raise UsageError(f"{where}: {error}") from None
    return read_personas(folder.path, dialect.scenario)


def state_of(folder: Folder, who: Somebody, company: KnownNames, report: Report) -> State:
    """Return what a person had; what can't be used is reported and left out."""
    scratch = scratch_of(folder, who.name)
    where = f"{folder.path.name}, {who.name}"
    try:
        relations = mapping(scratch.get("relationship"), "relationship")
    except UnusableRecord as error:
        relations = {}
        report(f"{where}", error)
    ties = _relations(relations, "bind_list", who, company, report, where)
    shunned = _relations(relations, "black_list", who, company, report, where)
    complaints = scratch.get("complain_buffer")
    return State(
        learned=_self_images(scratch, company.dialect, report, where),
        ties=ties,
        shunned=shunned,
        wealth=_wealth(scratch, report, where),
        by_role=_by_role(relations),
        complaints=len(complaints) if isinstance(complaints, list) else 0,
    )


def _self_images(
    scratch: Mapping[str, object], dialect: Dialect, report: Report, where: str
) -> dict[Role, str]:
    try:
        return _learned(scratch.get("learned"), dialect)
    except UnusableRecord as error:
        report(where, error)
        return {}


def _learned(learned: object, dialect: Dialect) -> dict[Role, str]:
    """Return the description in each role; the reference wrote text, a pair, or an object."""
    roles = dialect.roles
    match learned:
        case {"value": one} | [one]:
            return dict.fromkeys(roles, text_of(one, "learned"))
        case [*each] if len(each) == len(roles):
            return {r: text_of(t, "learned") for r, t in zip(roles, each, strict=True)}
        case dict():
            keys = {r: (r, f"{r}_learned", str(i)) for i, r in enumerate(roles)}
            found = {
                r: next((learned[k] for k in ks if k in learned), None) for r, ks in keys.items()
            }
            return {role: text_of(one, f"learned, {role}") for role, one in found.items()}
        case _:
            return dict.fromkeys(roles, text_of(learned, "learned"))


def _wealth(scratch: Mapping[str, object], report: Report, where: str) -> int | None:
    try:
        return units(scratch.get("resources_unit"))
    except UnusableRecord as error:
        report(f"{where}, resources_unit", error)
        return None


def _relations(
    relations: Mapping[str, object],
    key: str,
    who: Somebody,
    company: KnownNames,
    report: Report,
    where: str,
) -> Relations | None:
    try:
        entries = listed(relations.get(key), key)
    except UnusableRecord as error:
        report(where, error)
        return None
    found = []
    for number, entry in enumerate(entries, start=1):
        try:
            found.append(_relation(entry, who, company))
        except UnusableRecord as error:
            report(f"{where}, {key} {number}", error)
    return tuple(found)


def _relation(entry: object, who: Somebody, company: KnownNames) -> tuple[AgentId, Role | None]:
    name, role = entry if isinstance(entry, list) and len(entry) == 2 else (entry, None)
    found = company.named(name)
    if found == who:
        raise UnusableRecord(f"{who.name} can't be tied to themselves")
    if role is None:
        return found.agent, None if len(company.dialect.roles) > 1 else company.dialect.roles[0]
    known = company.dialect.role(role) if isinstance(role, str) else None
    if known is None:
        raise UnusableRecord(f"there is no role {shown(role)}")
    return found.agent, known


def _by_role(relations: Mapping[str, object]) -> bool | None:
    both = [relations.get("bind_list"), relations.get("black_list")]
    entries = [entry for found in both if isinstance(found, list) for entry in found]
    kinds = {isinstance(entry, list) for entry in entries}
    return kinds.pop() if len(kinds) == 1 else None


def memory_of(folder: Folder, name: str, report: Report) -> Memory:
    """Return what a person keeps; raises UsageError if a file of it is not what it is to be."""
    found = [folder.json(PEOPLE, name, *parts) for parts in (NODES, RECORDS, ARCHIVE, HEARD)]
    for parts, content, kind in zip(
        (NODES, RECORDS, ARCHIVE, HEARD), found, (list, dict, dict, list), strict=True
    ):
        if not isinstance(content, kind):
            noun = "a list" if kind is list else "an object"
            raise UsageError(f"{folder.path.joinpath(PEOPLE, name, *parts)}: must be {noun}")
    nodes, records, archive, heard = found
    return Memory(nodes, records, archive, heard)  # type: ignore[arg-type]


def promises_in(folder: Folder, number: int) -> Promises:
    """Return which shares trustees promised in a step, as far as its result text is there."""
    place, name = INVESTMENT.results
    if not (folder.path / place / f"{name}_{number}.txt").is_file():
        return {}
    text = folder.bytes(place, f"{name}_{number}.txt").decode(errors="replace")
    return {
        (number, investor.strip(), trustee.strip()): int(share)
        for trustee, share, investor in PROMISED.findall(text)
    }


def inferred(folder: Folder, names: Iterable[str], memories: Iterable[Memory]) -> set[str]:
    """Return the scenarios that the files of a step can be of."""
    signs: set[str] = set()
    for memory in memories:
        for node in memory.nodes:
            signs |= _of_node(node)
        for key in (*memory.records, *memory.archive):
            signs |= _of_role(key.split("_")[0])
    for each in DIALECTS.values():
        if (folder.path / each.results[0]).is_dir():
            signs.add(each.scenario)
    learned = [scratch_of(folder, name).get("learned") for name in names]
    for name in names:
        signs |= _of_ties(scratch_of(folder, name))
    if any(isinstance(each, dict) and "value" not in each for each in learned):
        signs.add("investment")
    return signs or set(DIALECTS) - {"investment"}


def _of_node(node: object) -> set[str]:
    predicate = node.get("predicate") if isinstance(node, dict) else None
    if predicate == "basic chat":
        return {"participation"}
    return {each.scenario for each in DIALECTS.values() if each.predicate == predicate}


def _of_role(word: object) -> set[str]:
    if not isinstance(word, str):
        return set()
    return {each.scenario for each in DIALECTS.values() if each.role(word)}


def _of_ties(scratch: Mapping[str, object]) -> set[str]:
    relations = scratch.get("relationship")
    binds = relations.get("bind_list") if isinstance(relations, dict) else None
    pairs = [each for each in binds or () if isinstance(each, list) and len(each) == 2]
    return set().union(*(_of_role(role) for _, role in pairs))


def seed_of(run: Path | None, names: Iterable[str]) -> Folder | None:
    """Return the first step of a run, in which nothing has been rewritten, if it is there."""
    if run is None or not (run / SEED / META[0]).is_dir():
        return None
    try:
        seed = Folder(run / SEED)
        return seed if names_in(seed) == list(names) else None
    except UsageError:
        return None
