"""Who lives in a society: the twenty, as many more as asked for, or people of your own.

The twenty have the names, ages, countries and dispositions of the paper's agents (appendix B),
half of them prosocial; their descriptions are ours. Nobody is drawn at random: the k-th person is
the same in every society large enough to have one.
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from importlib.resources import files
from itertools import chain, count, islice
from pathlib import Path
from string import ascii_uppercase
from typing import Any
from unicodedata import normalize

from repunet.errors import UsageError, suggest
from repunet.system.documents import read_data, repeated
from repunet.world.persona import ANY_SCENARIO, Disposition, Persona, agent_id

SMALLEST, LARGEST = 2, 100_000
LONGEST_NAME = 80
YOUNGEST, OLDEST = 18, 70
FIELDS = ("name", "description", "descriptions", "age", "gender", "country", "disposition")


def population(n: int, *scenarios: str) -> tuple[Persona, ...]:
    """Return n people described for the scenarios named (for all that we know, if none is named).

    Half are prosocial, one more if n is odd. Of the twenty, a smaller society has the first of
    either disposition by name; whoever comes after them is drawn from pools of names.
    """
    if n < SMALLEST:
        raise UsageError(f"a society needs at least {SMALLEST} people, not {n}; ask for more")
    if n > LARGEST:
        raise UsageError(f"a society has at most {LARGEST:,} people, not {n:,}; ask for fewer")
    keys = _keys(scenarios)
    return tuple(
        Persona(
            id=agent_id(number, n),
            name=someone.name,
            age=someone.age,
            gender=someone.gender,
            country=someone.country,
            disposition=someone.disposition,
            descriptions=_describe(someone, keys),
        )
        for number, someone in enumerate(_people(n), start=1)
    )


def load_people(path: str | Path) -> tuple[Persona, ...]:
    """Return the people of a JSON list or of a TOML file's `[[people]]`, in the file's order.

    Each has a `name`, a `description` (for any scenario) or `descriptions` (by scenario or by
    "scenario/role"), and if known an `age`, `gender`, `country` and `disposition`.
    """
    return people_from(read_data(path), path)


def people_from(data: object, path: str | Path) -> tuple[Persona, ...]:
    """Return the people in data already read from the path (which is named in what is wrong)."""
    entries = data.get("people") if isinstance(data, dict) else data
    if not isinstance(entries, list):
        raise UsageError(f"{path}: expected a list of people, each with a name and a description")
    people = tuple(
        _person(entry, agent_id(number, len(entries)), f"{path}: person {number}")
        for number, entry in enumerate(entries, start=1)
    )
    require_society([person.name for person in people], path)
    return people


def require_society(names: Sequence[str], path: str | Path) -> None:
    """Raise unless there are two people or more, each with a name that nobody could mistake."""
    met: dict[str, str] = {}
    for name in names:
        if (other := met.setdefault(folded(name), name)) != name:
            raise UsageError(f'{path}: "{other}" and "{name}" are too alike; rename one of them')
    if (again := repeated(names)) is not None:
        raise UsageError(f'{path}: two people are called "{again}"; rename one of them')
    for number in range(1, len(names) + 1):
        if (taken := met.get(folded(agent := agent_id(number, len(names))))) is not None:
            raise UsageError(f'{path}: "{taken}" is also the id {agent}; rename the person')
    if len(names) < SMALLEST:
        raise UsageError(f"{path}: has {len(names)} people; a society needs at least {SMALLEST}")


def folded(name: str) -> str:
    """Return what a name has in common with all that are read as the same name."""
    return " ".join(normalize("NFKC", normalize("NFKC", name).casefold()).split())


def legible_name(value: object, where: str) -> str:
    """Return the name without blanks around it; raise if it isn't one printable line."""
    if not isinstance(value, str):
        raise UsageError(f"{where}: name must be text, not {_kind(value)}")
    name = value.strip()
    if not name:
        raise UsageError(f"{where}: name is empty; give everyone a name")
    if not name.isprintable():
        raise UsageError(f"{where}: name {name!a} must be one line of printable characters")
    if len(name) > LONGEST_NAME:
        short = f"{name[:20]}..."
        raise UsageError(f'{where}: name "{short}" has more than {LONGEST_NAME} characters')
    return name


def legible_text(value: object, where: str) -> str:
    """Return the text unchanged; raise if it is no text, blank, or no proper Unicode."""
    if not isinstance(value, str):
        raise UsageError(f"{where} must be text, not {_kind(value)}")
    if not value.strip():
        raise UsageError(f"{where} is empty; say who the person is")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise UsageError(f"{where} holds half a character (a lone surrogate); remove it")
    return value


# Our own people


@dataclass(frozen=True, slots=True)
class _Someone:
    """A person not yet described; `temperament` says which of our descriptions is theirs."""

    name: str
    age: int
    gender: str
    country: str
    disposition: Disposition
    temperament: int


@cache
def _source() -> dict[str, Any]:
    return tomllib.loads(files("repunet.world").joinpath("population.toml").read_text("utf-8"))


def _keys(scenarios: Sequence[str]) -> tuple[str, ...]:
    """Return the keys of our descriptions that suit the scenarios."""
    known = tuple(_source()["values"])
    if not scenarios:
        return known
    found = [[key for key in known if key.split("/")[0] == scenario] for scenario in scenarios]
    return tuple(dict.fromkeys(chain.from_iterable(keys or [ANY_SCENARIO] for keys in found)))


def _describe(someone: _Someone, keys: Sequence[str]) -> dict[str, str]:
    source = _source()
    article = "the " if someone.country in source["with_article"] else ""
    opening = source["opening"].format(
        name=someone.name,
        age=someone.age,
        person=source["persons"][someone.gender],
        country=article + someone.country,
    )
    described = {}
    for key in keys:
        texts = source["values"][key][someone.disposition.value]
        described[key] = f"{opening} {texts[someone.temperament % len(texts)]}"
    return described


def _people(n: int) -> Iterator[_Someone]:
    prosocial, self_interested = map(_twenty, (Disposition.PROSOCIAL, Disposition.SELF_INTERESTED))
    ours = prosocial[: (n + 1) // 2] + self_interested[: n // 2]
    yield from sorted(ours, key=lambda someone: someone.name)
    yield from islice(_newcomers({someone.name for someone in ours}), n - len(ours))


def _twenty(disposition: Disposition) -> tuple[_Someone, ...]:
    entries = _source()["twenty"][disposition.value]
    return tuple(
        _Someone(**entry, disposition=disposition, temperament=index)
        for index, entry in enumerate(entries)
    )


def _newcomers(taken: set[str]) -> Iterator[_Someone]:
    """Yield people from the pools without end, each with a name that is not yet taken."""
    pools = _source()["pools"]
    for index in count():
        lots = blake2b(str(index).encode(), digest_size=16, person=b"newcomer").digest()
        pool = pools[int.from_bytes(lots[:2]) % len(pools)]
        gender = ("female", "male")[lots[2] % 2]
        given = pool[gender][lots[3] % len(pool[gender])]
        family = pool["family"][int.from_bytes(lots[4:6]) % len(pool["family"])]
        names = (f"{given} {middle}{family}" for middle in _initials(lots[6]))
        name = next(name for name in names if name not in taken)
        taken.add(name)
        yield _Someone(
            name=name,
            age=YOUNGEST + int.from_bytes(lots[7:9]) % (OLDEST - YOUNGEST + 1),
            gender=gender,
            country=pool["country"],
            disposition=(Disposition.PROSOCIAL, Disposition.SELF_INTERESTED)[index % 2],
            temperament=int.from_bytes(lots[9:11]),
        )


def _initials(first: int) -> Iterator[str]:
    """Yield nothing, then "K. " and every other letter from there on, then "KL. " and so on."""
    letters = len(ascii_uppercase)
    yield ""
    for number in count():
        rounds, step = divmod(number, letters)
        initial = ascii_uppercase[(first + step) % letters]
        while rounds:
            rounds, step = divmod(rounds - 1, letters)
            initial += ". " + ascii_uppercase[step]
        yield f"{initial}. "


# People of your own


def _person(entry: object, agent: str, where: str) -> Persona:
    if not isinstance(entry, dict):
        raise UsageError(f"{where}: expected an object with a name, not {_kind(entry)}")
    for key in entry:
        if key not in FIELDS:
            hint = suggest(key, FIELDS)
            raise UsageError(f'{where}: unknown field "{key}"{hint}; known: {", ".join(FIELDS)}')
    if "name" not in entry:
        raise UsageError(f"{where}: has no name; give everyone a name")
    name = legible_name(entry["name"], where)
    where = f"{where} ({name})"
    return Persona(
        id=agent,
        name=name,
        age=_age(entry.get("age"), where),
        gender=_optional(entry, "gender", where),
        country=_optional(entry, "country", where),
        disposition=_disposition(entry.get("disposition"), where),
        descriptions=_descriptions(entry, where),
    )


def _descriptions(entry: Mapping[str, object], where: str) -> dict[str, str]:
    given = entry.get("descriptions", {})
    if not isinstance(given, dict):
        raise UsageError(f"{where}: descriptions must be an object of texts, not {_kind(given)}")
    described = {
        key: legible_text(text, f'{where}: the description for "{key}"')
        for key, text in given.items()
    }
    if "description" in entry:
        described[ANY_SCENARIO] = legible_text(entry["description"], f"{where}: description")
    if not described:
        raise UsageError(f"{where}: has no description; say who the person is")
    return described


def _age(value: object, where: str) -> int | None:
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 150:
        raise UsageError(f"{where}: age must be a whole number from 0 to 150, not {value!r}")
    return value


def _optional(entry: Mapping[str, object], field: str, where: str) -> str | None:
    value = entry.get(field)
    return None if value is None else legible_text(value, f"{where}: {field}")


def _disposition(value: object, where: str) -> Disposition:
    if value is None:
        return Disposition.CUSTOM
    known = [disposition.value.replace("_", "-") for disposition in Disposition]
    word = value.replace("_", "-").replace(" ", "-").lower() if isinstance(value, str) else ""
    if word not in known:
        hint = suggest(word, known)
        raise UsageError(f"{where}: unknown disposition {value!r}{hint}; known: {', '.join(known)}")
    return Disposition(word.replace("-", "_"))


def _kind(value: object) -> str:
    """Return what a value read from JSON or TOML is called there."""
    match value:
        case None:
            return "nothing (null)"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case list():
            return "a list"
        case dict():
            return "an object"
        case _:
            return f"a {type(value).__name__}"
