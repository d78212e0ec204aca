"""Reading folders that others wrote: nothing outside them, nothing without bounds, no guesses."""

import json
from collections.abc import Iterable
from math import isfinite
from pathlib import Path
from stat import S_ISREG

from repunet.errors import UsageError
from repunet.world.encounter import UNIT

LARGEST = 16 * 2**20
"""Bytes of a file."""
IN_ALL = 2**30
"""Bytes of all files that one import reads."""
LONGEST = 20_000
"""Characters of a text."""
RICHEST = 10**9
"""Units that anybody may have, or owe."""


class UnusableRecord(Exception):  # noqa: N818
    """A record can't be used; the message says why, and the record is left out."""


class Report:
    """Records that were left out of an import, with a line on each."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def __call__(self, where: str, why: object) -> None:
        """Note that something is left out."""
        self.lines.append(f"{where}: {why}")


class Folder:
    """A folder, and what is in it; a link that leads out of it is not followed."""

    def __init__(self, path: Path) -> None:
        try:
            there = path.is_dir()
        except OSError:
            there = False
        if not there:
            raise UsageError(f"{shown(str(path))} is no folder: say where a seed or a run is")
        self.path = path
        self._root = path.resolve()
        self._left = IN_ALL

    def file(self, *parts: str) -> Path:
        """Return the path of a regular file in the folder; raises UsageError if it is none."""
        path = self.path.joinpath(*map(plain, parts))
        try:
            inside = path.resolve(strict=True).is_relative_to(self._root)
            regular = S_ISREG(path.stat().st_mode)
        except (OSError, RuntimeError, ValueError):
            raise UsageError(f"{path}: there is no such file, or it can't be read") from None
        if not inside:
            raise UsageError(f"{path} leads out of the folder: it is not followed")
        if not regular:
            raise UsageError(f"{path} is not a file")
        return path

    def bytes(self, *parts: str) -> bytes:
        """Return what is in a file; raises UsageError if it can't be read or is too much."""
        path = self.file(*parts)
        try:
            with path.open("rb") as stream:
                content = stream.read(LARGEST + 1)
        except OSError as error:
            raise UsageError(f"{path} can't be read ({error.strerror})") from None
        self._left -= len(content)
        if len(content) > LARGEST or self._left < 0:
            raise UsageError(f"{path} has more than an import reads ({LARGEST} bytes a file)")
        return content

    def json(self, *parts: str) -> object:
        """Return what a JSON file holds; raises UsageError for one that is none."""
        path, content = self.path.joinpath(*parts), self.bytes(*parts)
        try:
            return json.loads(content.decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            raise UsageError(f"{path}: not UTF-8 at byte {error.start}") from None
        except json.JSONDecodeError as error:
            place = f"line {error.lineno}, column {error.colno}"
            raise UsageError(f"{path}: not valid JSON: {error.msg} at {place}") from None
        except RecursionError:
            raise UsageError(f"{path}: is nested too deeply") from None
        except ValueError:
            raise UsageError(f"{path}: holds a number of too many digits") from None


def plain(name: str) -> str:
    """Return the name if a file or folder can be called so; raises UsageError otherwise."""
    legible = 0 < len(name.encode(errors="replace")) <= 255 and name.isprintable()
    if not legible or name in (".", "..") or {"/", "\\"} & set(name):
        raise UsageError(f"{shown(name)} can't be the name of a file or folder")
    return name


def shown(value: object) -> str:
    """Return a value as a message shows it: short, and in characters that do no harm."""
    said = ascii(value)
    return said if len(said) <= 60 else f"{said[:57]}..."


def text_of(value: object, what: str) -> str:
    """Return a text; raises Malformed if it is none, too long, or no proper Unicode."""
    if not isinstance(value, str):
        raise UnusableRecord(f"{what} must be text, not {shown(value)}")
    if len(value) > LONGEST:
        raise UnusableRecord(f"{what} has more than {LONGEST} characters")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise UnusableRecord(f"{what} holds half a character (a lone surrogate)")
    return value


def step_of(value: object, last: int) -> int:
    """Return the number of a step up to the last one; raises Malformed if it is none."""
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= last:
        raise UnusableRecord(f"there is no step {shown(value)}")
    return value


def units(value: object) -> int:
    """Return an amount of units in thousandths; raises Malformed if it is none."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not isfinite(value) or abs(value) > RICHEST:  # type: ignore[arg-type]
        raise UnusableRecord(f"{shown(value)} is no amount")
    return round(value * UNIT)  # type: ignore[operator]


def mapping(value: object, what: str) -> dict[str, object]:
    """Return an object; raises Malformed if it is none."""
    if not isinstance(value, dict):
        raise UnusableRecord(f"{what} must be an object, not {shown(value)}")
    return value


def listed(value: object, what: str) -> list[object]:
    """Return a list; raises Malformed if it is none."""
    if not isinstance(value, list):
        raise UnusableRecord(f"{what} must be a list, not {shown(value)}")
    return value


def first_of(entry: dict[str, object], keys: Iterable[str]) -> object:
    """Return the value of the first of the keys that is there, None if none is."""
    by_key = {key.strip().casefold(): value for key, value in entry.items()}
    return next((by_key[key.casefold()] for key in keys if key.casefold() in by_key), None)
