"""The people of the reference implementation: its profiles, its seeds and its step folders."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from repunet.errors import UsageError
from repunet.system.documents import read_data
from repunet.world.persona import Disposition, Persona, agent_id
from repunet.world.population import (
    legible_name,
    legible_text,
    people_from,
    require_society,
)

INVESTMENT = "investment"
OUR_NAME = {"investment": INVESTMENT, "pd_game": "pd", "sign_up": "participation"}
ROLE_KEYS = {
    "investor": ("investor", "investor_learned", "0"),
    "trustee": ("trustee", "trustee_learned", "1"),
}
OPENING = re.compile(
    r"\s*You are (?P<name>[^,.]+), an? (?P<age>\d{1,3})[- ]years?[- ]old"
    r"(?: (?P<gender>[^\s,.]+))?(?: from (?:the )?(?P<country>[^,.;]+))?"
)


class DescriptionOpening(NamedTuple):
    """Facts in the opening of a description of a person; None is not said."""

    age: int | None
    gender: str | None
    country: str | None


def read_personas(path: str | Path, scenario: str) -> tuple[Persona, ...]:
    """Return the people of a profiles file, a seed or step folder, or a file of our own format.

    The reference's descriptions stay word for word, so the disposition is custom. Its runs rewrite
    them every round: of a run's folder the earliest step is read, of a step folder that step.
    """
    path, scenario = Path(path), OUR_NAME.get(scenario, scenario)
    if path.is_dir():
        return _personas(_learned_of_step(_step_folder(path)), scenario, path)
    data = read_data(path)
    if path.suffix.lower() == ".toml" or isinstance(data, list) or _is_ours(data):
        return _suited(people_from(data, path), scenario, path)
    if not isinstance(data, dict):
        raise UsageError(f"{path}: expected a list of people, or an object of names and texts")
    return _personas(_profiles(data, scenario, path), scenario, path)


def origin(description: str) -> DescriptionOpening:
    """Return what an opening such as "You are Ann Ash, a 29-year-old female from Peru." says."""
    found = OPENING.match(description)
    if not found:
        return DescriptionOpening(None, None, None)
    country = found["country"]
    return DescriptionOpening(
        int(found["age"]), found["gender"], country.strip() if country else None
    )


def _is_ours(data: object) -> bool:
    """Return whether this is an object with a list of people, not one of names and texts."""
    people = data.get("people") if isinstance(data, dict) else None
    return isinstance(people, list) and any(isinstance(person, dict) for person in people)


def _suited(people: tuple[Persona, ...], scenario: str, path: Path) -> tuple[Persona, ...]:
    for person in people:
        if not person.describes(scenario):
            there = ", ".join(person.descriptions)
            raise UsageError(
                f'{path}: {person.name} has no description for "{scenario}"; there is: {there}'
            )
    return people


def _profiles(
    data: Mapping[str, object], scenario: str, path: Path
) -> Iterable[tuple[str, object, str]]:
    """Return name, description as found and place of each, be the file flat or by scenario."""
    names = {*OUR_NAME, *OUR_NAME.values(), scenario}
    if not any(key in names and isinstance(text, dict) for key, text in data.items()):
        return [(name, text, f"{path}: {name}") for name, text in data.items()]
    by_scenario = {OUR_NAME.get(key, key): people for key, people in data.items()}
    if scenario not in by_scenario:
        there = ", ".join(by_scenario)
        raise UsageError(f'{path}: has no descriptions for "{scenario}"; there is: {there}')
    people = by_scenario[scenario]
    if not isinstance(people, dict):
        raise UsageError(f'{path}: "{scenario}" must be an object of names and texts')
    return [(name, text, f"{path}: {scenario}: {name}") for name, text in people.items()]


def _step_folder(path: Path) -> Path:
    """Return the folder if it is a step, else its earliest: later ones rewrite the people."""
    if (path / "reverie").is_dir() or (path / "personas").is_dir():
        return path
    steps = [step for step in path.glob("step_*") if re.fullmatch(r"step_\d+", step.name)]
    if not steps:
        raise UsageError(f"{path}: is no step folder (reverie, personas), nor holds step_0")
    return min(steps, key=lambda step: int(step.name.removeprefix("step_")))


def _learned_of_step(step: Path) -> Iterable[tuple[str, object, str]]:
    meta = step / "reverie" / "meta.json"
    found = read_data(meta)
    names = found.get("persona_names") if isinstance(found, dict) else None
    if not isinstance(names, list):
        raise UsageError(f'{meta}: has no list "persona_names"')
    for name in names:
        folder = step / "personas" / _folder_name(name, meta)
        if not folder.is_dir():
            raise UsageError(f'{folder}: no such folder, but {meta} names "{name}"')
        scratch = folder / "memory" / "scratch.json"
        found = read_data(scratch)
        if not isinstance(found, dict) or found.get("learned") is None:
            raise UsageError(f'{scratch}: has no "learned", the description of {name}')
        yield name, found["learned"], f'{scratch}: "learned"'


def _folder_name(name: object, meta: Path) -> str:
    legible = legible_name(name, str(meta))
    if legible in (".", "..") or "/" in legible or "\\" in legible:
        raise UsageError(f'{meta}: "{legible}" can\'t be the name of a folder')
    return legible


def _personas(
    found: Iterable[tuple[str, object, str]], scenario: str, path: Path
) -> tuple[Persona, ...]:
    described = [
        (legible_name(name, where), _descriptions(text, scenario, where))
        for name, text, where in found
    ]
    require_society([name for name, _ in described], path)
    return tuple(
        _persona(agent_id(number, len(described)), name, descriptions)
        for number, (name, descriptions) in enumerate(described, start=1)
    )


def _persona(agent: str, name: str, descriptions: dict[str, str]) -> Persona:
    said = origin(next(filter(OPENING.match, descriptions.values()), ""))
    return Persona(
        id=agent,
        name=name,
        age=said.age,
        gender=said.gender,
        country=said.country,
        disposition=Disposition.CUSTOM,
        descriptions=descriptions,
    )


def _descriptions(learned: object, scenario: str, where: str) -> dict[str, str]:
    """Return the texts by scenario or role; the reference wrote text, a pair, or an object."""
    match learned:
        case {"value": text} | [text]:
            return {scenario: legible_text(text, where)}
        case [investor, trustee] if scenario == INVESTMENT:
            return _by_role({"investor": investor, "trustee": trustee}, where)
        case dict() if scenario == INVESTMENT:
            return _by_role(learned, where)
        case dict() | list():
            raise UsageError(
                f'{where}: expected one text for "{scenario}", not several; is it for investment?'
            )
        case _:
            return {scenario: legible_text(learned, where)}


def _by_role(learned: Mapping[str, object], where: str) -> dict[str, str]:
    described = {}
    for role, keys in ROLE_KEYS.items():
        key = next((key for key in keys if key in learned), None)
        if key is None:
            raise UsageError(f"{where}: has no description of the {role}")
        described[f"{INVESTMENT}/{role}"] = legible_text(learned[key], f"{where}: {role}")
    return described
