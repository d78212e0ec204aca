"""Seeds: files of people that runs are founded with, made from others or from what a run taught.

A seed is `seeds/NAME.json` where runs live. What is there is neither replaced nor removed unless
that is asked for, and nothing is ever written over what it was made from.
"""

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from repunet.compat.own_words import rewritten, with_own_words
from repunet.errors import UsageError, unknown
from repunet.record.journal import Journal
from repunet.record.storage import FILE, NAME, home, locate, portable, run_files
from repunet.scenarios import scenario as find_scenario
from repunet.scenarios import scenarios
from repunet.system.documents import read_data
from repunet.world.persona import ANY_SCENARIO, Participant, Persona, Role
from repunet.world.persona_files import OUR_NAME, read_personas
from repunet.world.population import people_from
from repunet.world.society import Society

SEEDS = "seeds"
THEIR_STORAGE = "sim_storage"
THERE = re.compile(rf"(\./)?({THEIR_STORAGE}/)?(?P<name>[^/]+)(/step_(?P<step>[0-9]{{1,9}}))?/?")
"""How the reference's runner names a simulation, or a step of one."""
THEIR_NAME = {ours: theirs for theirs, ours in OUR_NAME.items()}


@dataclass(frozen=True, slots=True)
class Seed:
    """A file of people, and what it says of itself."""

    name: str
    path: str
    scenario: str | None
    source: str | None
    """What the people were made from."""
    people: tuple[Persona, ...]


@dataclass(frozen=True, slots=True)
class Learned:
    """People as something left them, and what that was."""

    scenario: str
    source: str
    people: tuple[Persona, ...]
    file: Path
    """Where they were read, which is not to be written over."""


# Where seeds are ------------------------------------------------------------------------------


def seed_path(name: str, folder: Path | None = None) -> Path:
    """Return where a seed of that name is, or would be; raises UsageError if it can be no name."""
    if not NAME.fullmatch(name):
        raise UsageError(f"{name!r} can't name a seed: use up to 100 letters, digits, . - _")
    return home(folder) / SEEDS / f"{name}.json"


def seed_names(folder: Path | None = None) -> list[str]:
    """Return the names of all seeds."""
    return sorted(path.stem for path in (home(folder) / SEEDS).glob("*.json"))


def is_seed(word: str, folder: Path | None = None) -> bool:
    """Tell whether there is a seed of that name."""
    return bool(NAME.fullmatch(word)) and seed_path(word, folder).is_file()


def people_at(word: Path | str, folder: Path | None = None) -> Path:
    """Return the file of people of that path; if nothing is there, that of the seed so called.

    It may be called as the reference's runner does it: `sim_storage/NAME/step_0`, or without the
    first part.
    """
    name, step = there(str(word))
    seeds = [each for each in (str(word), "" if step else name) if is_seed(each, folder)]
    found = (Path(word), Path(THEIR_STORAGE, word), *(seed_path(each, folder) for each in seeds))
    return next((path for path in found if path.exists()), Path(word))


def there(word: str) -> tuple[str, int | None]:
    """Return the name and the step in a path of the reference's runner; no name if it is none.

    >>> there("sim_storage/demo/step_0"), there("demo/step_2"), there("a/b")
    (('demo', 0), ('demo', 2), ('', None))
    """
    found = THERE.fullmatch(word.replace(os.sep, "/"))
    if found is None:
        return "", None
    return found["name"], None if found["step"] is None else int(found["step"])


def read_seed(word: str, folder: Path | None = None) -> Seed:
    """Return a seed given by name or path; raises UsageError if there is none, or it is none."""
    path = seed_path(word, folder) if is_seed(word, folder) else Path(word)
    if not path.is_file():
        raise unknown("seed", word, seed_names(folder))
    data = read_data(path)
    said: Mapping[str, object] = data if isinstance(data, dict) else {}
    scenario, source = (
        str(said[key]) if isinstance(said.get(key), str) else None for key in ("scenario", "source")
    )
    return Seed(path.stem, str(path), scenario, source, people_from(data, path))


# Writing --------------------------------------------------------------------------------------


def write_seed(
    name: str,
    scenario: str,
    source: str,
    people: Iterable[Persona],
    folder: Path | None = None,
    *,
    made_from: Path | None = None,
    force: bool = False,
) -> Path:
    """Write a seed, whole or not at all; raises UsageError for one that is there, unless forced."""
    path = seed_path(name, folder)
    content = {
        "scenario": scenario,
        "source": source,
        "people": [_entry(person) for person in people],
    }
    sources = [] if made_from is None else [made_from]
    write_new(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n", sources, force=force)
    return path


def write_new(path: Path, text: str, sources: Iterable[Path] = (), *, force: bool) -> None:
    """Write a file that is none of the sources, and is not there yet or may be replaced."""
    for source in sources:
        if path.exists() and source.exists() and path.samefile(source):
            raise UsageError(f"{path} is what it would be made from: choose another name")
    if not path.exists():
        portable(path.name, "a file")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _place(path, text, force=force)
    except FileExistsError:
        raise UsageError(f"{path} is there already: choose another name, or add --force") from None
    except OSError as error:
        raise UsageError(f"{path} can't be written ({error.strerror})") from None


def _place(path: Path, text: str, *, force: bool) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_text(text, "utf-8")
        if force:
            draft.replace(path)
        else:
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def _entry(person: Persona) -> dict[str, Any]:
    said = {"name": person.name, "age": person.age, "gender": person.gender}
    said |= {"country": person.country, "disposition": person.disposition.value}
    known = {key: value for key, value in said.items() if value is not None}
    return {**known, "descriptions": person.descriptions}


# What people are made from --------------------------------------------------------------------


def suited(people: Iterable[Persona], scenario: str) -> tuple[Persona, ...]:
    """Return the people with no other descriptions than those that suit a scenario."""

    def suits(key: str) -> bool:
        return key.partition("/")[0] in (scenario, ANY_SCENARIO)

    return tuple(
        replace(each, descriptions={k: t for k, t in each.descriptions.items() if suits(k)})
        for each in people
    )


def learned(word: str, scenario: str | None, folder: Path | None = None) -> Learned:
    """Return the people of a seed, of ours or of the reference's, or of a round of a run.

    Raises UsageError for what is not there, and for people who are not described for the scenario.
    """
    run, at, number = word.rpartition("@")
    if at and number.isdecimal():
        return learned_in(locate(run, folder), scenario, int(number))
    ours, run_file = is_seed(word, folder), _run_file(word, folder)
    if ours and run_file:
        seed, at_end = seed_path(word, folder), f"{word}@{_rounds(run_file)}"
        raise UsageError(f"{word} is a seed and a run: say {at_end}, or {seed}")
    if run_file:
        return learned_in(run_file, scenario)
    path = people_at(word, folder)
    if not path.exists():
        name, step = there(word)
        if step is not None and (theirs := _run_file(name, folder)):
            return learned_in(theirs, scenario, step)
        if at and _run_file(run, folder):
            raise UsageError(f"{word}: after @ comes a round, not {number!r}")
        raise unknown("seed or run", word, (*seed_names(folder), *run_names(folder)))
    said = scenario or scenario_of(path)
    return Learned(said, word, suited(read_personas(path, said), said), path)


def _run_file(word: str, folder: Path | None) -> Path | None:
    try:
        path = locate(word, folder)
    except UsageError:
        return None
    return path if path.name == FILE else None


def run_names(folder: Path | None = None) -> list[str]:
    """Return the names of all runs."""
    return [path.parent.name for path in run_files(folder)]


def _rounds(path: Path) -> int:
    with Journal.open(path) as journal:
        return journal.rounds


def learned_in(path: Path, scenario: str | None, at: int | None = None) -> Learned:
    """Return the people of a run as they were after one of its rounds, the last if none is said.

    Somebody's self-image follows the description they had, after the words "In your own words:",
    in the place of what stands there from an earlier seed. One that was imported is the whole
    description: the reference rewrites descriptions.
    """
    with Journal.open(path) as journal:
        name, last = path.parent.name, journal.rounds
        number = last if at is None else at
        if not 0 <= number <= last:
            raise UsageError(f"{name} has rounds 0 to {last}, not {number}")
        society, rewritten = _after(journal, number)
    if scenario is not None and scenario != society.scenario:
        raise UsageError(
            f"{name} is of {society.scenario}: what people learned there is not about {scenario}"
        )
    people = tuple(_as_it_is(society, agent, rewritten) for agent in society.agents)
    return Learned(society.scenario, f"{name}@{number}", people, path)


def _after(journal: Journal, number: int) -> tuple[Society, set[Participant]]:
    """Return the society after a round, and whose self-image is a whole description."""
    society = journal.manifest.society()
    events = [written.event for written in journal.events(1, number)]
    for event in events:
        society.apply(event)
    return society, rewritten(set(), events)


def _as_it_is(society: Society, agent: str, whole: set[Participant]) -> Persona:
    persona, images = society.agents[agent].persona, society.agents[agent].self_images
    scenario, texts = society.scenario, {}
    for role in find_scenario(scenario).roles:
        image = images.get(role, "")
        described = persona.description(scenario, role)
        is_whole = Participant(agent, role) in whole
        texts[role] = image if is_whole else with_own_words(described, image)
    return replace(persona, descriptions=_by_role(scenario, texts))


def _by_role(scenario: str, texts: Mapping[Role, str]) -> dict[str, str]:
    if len(texts) == 1:
        return {scenario: next(iter(texts.values()))}
    return {f"{scenario}/{role}": text for role, text in texts.items()}


def scenario_of(path: Path) -> str:
    """Return the scenario that people are for; raises UsageError if the file does not tell.

    A seed of ours says it; the reference's are told by their names, such as `invest_seed`.
    """
    if path.is_file():
        data = read_data(path)
        said = data.get("scenario") if isinstance(data, dict) else None
        if isinstance(said, str):
            return find_scenario(said).name
    else:
        run = path.resolve().parent if path.name.startswith("step_") else path.resolve()
        words = run.name.replace("-", "_").lower().split("_")
        known = {name: scenario for name, scenario in _all_names().items() if len(name) > 1}
        found = {known[word] for word in words if word in known}
        if len(found) == 1:
            return found.pop()
    raise UsageError(f"{path} does not say for which scenario its people are: say pd={path}")


def _all_names() -> dict[str, str]:
    """Return the scenarios by their names and aliases."""
    found = scenarios().values()
    return {name: each.name for each in found for name in (each.name, *each.aliases)}


# Profiles -------------------------------------------------------------------------------------


def profiles(words: Iterable[str], folder: Path | None = None) -> tuple[dict[str, Any], list[Path]]:
    """Return people of seeds and runs as the reference's profiles, and where they were read.

    That is an object by scenario, in the reference's words, of descriptions by name. Raises
    UsageError where the same person is described in two ways.
    """
    found: dict[str, dict[str, Any]] = {}
    files = []
    for word in words:
        scenario, source = _said(word)
        given = learned(source, scenario, folder)
        files.append(given.file)
        people = found.setdefault(THEIR_NAME.get(given.scenario, given.scenario), {})
        for name, text in _profiles(given):
            if people.setdefault(name, text) != text:
                where = f"{given.scenario}: see {word}"
                raise UsageError(f"{name} is described in two ways for {where}")
    return found, files


def _said(word: str) -> tuple[str | None, str]:
    """Return the scenario that is said before an equals sign, if there is one, and the source."""
    first, equals, rest = word.partition("=")
    if equals and first in _all_names() and not Path(word).exists():
        return find_scenario(first).name, rest
    return None, word


def _profiles(given: Learned) -> Iterator[tuple[str, Any]]:
    roles = find_scenario(given.scenario).roles
    for person in given.people:
        texts = {role: person.description(given.scenario, role) for role in roles}
        same = len(set(texts.values())) == 1
        yield person.name, next(iter(texts.values())) if same else texts
