"""Grids: a file that says what an experiment compares, every combination of what it lists."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from reprlib import repr as shortened
from typing import Any

from repunet.errors import UsageError, unknown
from repunet.record.storage import NAME
from repunet.runs.spec import SWITCHES, Limits, RunSpec, key_of, validated
from repunet.system.documents import read_data

PLURALS = {
    "seeds": "seed",
    "scenarios": "scenario",
    "profiles": "profile",
    "plans": "plan",
    "minds": "mind",
    "models": "model",
    "treatments": "treatment",
}
"""The keys of lists that are called otherwise than what they list."""
ORDER = (
    ("seed",),
    ("scenario",),
    ("profile",),
    ("personas",),
    ("agents",),
    ("plan",),
    ("prompts",),
    ("mind", "model"),
    ("set",),
    ("treatment",),
)
"""What may be listed, the slowest to change first: treatments take turns, seed by seed."""
LISTED = {key for keys in ORDER for key in keys}

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Grid:
    """The runs of an experiment, in the order in which they are begun."""

    name: str
    specs: tuple[RunSpec, ...]


def read_grid(path: Path) -> Grid:
    """Return the grid in a TOML file; paths in it are relative to the file.

    Raises UsageError, with the file and the key, for what can't be.
    """
    require_file(path, "a grid")
    data = read_data(path)
    try:
        if not isinstance(data, Mapping):
            raise UsageError("a grid is a table of settings")
        return grid_of(data, path.stem, path.parent)
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from None


def grid_of(data: Mapping[str, Any], default: str = "sweep", folder: Path = Path()) -> Grid:
    """Return the grid that a mapping says, as a file does; without a name it has the default one.

    Paths in it are relative to the folder. Raises UsageError, with the key, for what can't be.
    """
    name, common, lists = _sorted(data)
    specs = tuple(read_values(common | one, folder) for one in _combined(lists))
    return Grid(named(default if name is None else name), specs)


def require_file(path: Path, what: str) -> None:
    """Raise UsageError if a folder is there instead of a file that is read as something."""
    if path.is_dir():
        raise UsageError(f"{path}: {what} is a file, and this is a folder; check the path")


def called_by(path: Path) -> str:
    """Return what the experiment in a file is called that does not say it."""
    return named(path.stem)


def named(name: object) -> str:
    """Return the name of an experiment; raises UsageError if it can't be the name of a folder."""
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} can't name a sweep: set name to up to 100 letters, digits, . - _"
        )
    return name


def read_values(values: Mapping[str, Any], folder: Path) -> RunSpec:
    """Return the spec with these values; raises UsageError, with the key, for what can't be."""
    return validated(values, key_of, folder=folder)


def keys() -> tuple[str, ...]:
    """Return what a spec may hold, by the words for it in a file."""
    names = (field.alias or name for name, field in RunSpec.model_fields.items())
    return (*names, "mind", "model")


def require_known(key: str, known: Sequence[str]) -> None:
    """Raise UsageError, with where it belongs or what resembles it, for an unknown key."""
    for table, names in (("limits", Limits.model_fields), ("set", SWITCHES)):
        if key in names and key not in known:
            raise UsageError(f"{key} belongs in the table [{table}]")
    if key not in known:
        raise unknown("key", key, known)


def _sorted(data: Mapping[str, Any]) -> tuple[object, Values, dict[str, list[Values]]]:
    """Return the name, what all runs have in common, and what they differ in, by its key."""
    known = (*keys(), *PLURALS)
    common: Values = {}
    lists: dict[str, list[Values]] = {}
    for word, value in data.items():
        require_known(word, known)
        key = word if isinstance(value, Mapping) else PLURALS.get(word, word)
        if key in lists or key in common:
            raise UsageError(f"say either {key} or {word}, not both")
        if key in LISTED and isinstance(value, list):
            lists[key] = _entries(word, key, value)
        elif word in PLURALS and key != word:
            raise UsageError(f"{word} takes a list, not {shortened(value)}")
        else:
            common[key] = value
    return common.pop("name", None), common, lists


def _entries(word: str, key: str, values: Sequence[object]) -> list[Values]:
    if not values:
        raise UsageError(f"{word} lists nothing: leave it out, or list something")
    tables = "minds" if key == "mind" else key
    return [{tables if isinstance(value, Mapping) else key: value} for value in values]


def _combined(lists: Mapping[str, list[Values]]) -> Iterator[Values]:
    """Yield every combination, in canonical order; minds and models are one list."""
    axes = ([each for key in keys_ for each in lists.get(key, ())] for keys_ in ORDER)
    for combination in product(*(axis for axis in axes if axis)):
        yield {key: value for values in combination for key, value in values.items()}
