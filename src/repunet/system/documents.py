"""Documents: files that a user wrote, as text, JSON or TOML, read within bounds.

UTF-8 with or without a byte order mark, UTF-16 and UTF-32 with one; any ends of lines. Whatever
can't be read is one line that names the file, the place and what to do.
"""

import codecs
import json
import os
import tomllib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from stat import S_ISREG
from typing import Any, NoReturn

from repunet.errors import UsageError

LARGEST = 64 * 2**20
"""Bytes of a file."""
DEEPEST = 64
"""Lists and objects in each other."""
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""How a file begins that says how it is encoded; longer marks stand before those they begin with.
"""


def read_data(path: str | Path) -> object:
    """Return what a JSON or TOML file (by its suffix) holds; raises UsageError with the place."""
    return read_toml(path) if Path(path).suffix.lower() == ".toml" else read_json(path)


def read_json(path: str | Path) -> object:
    """Return what a JSON file holds; raises UsageError, with the place, for anything else."""
    text = read_text(path)
    try:
        content = json.loads(text, object_pairs_hook=_object, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise UsageError(f"{path}: not valid JSON: {error.msg} at {place}") from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: can't be used: {_why(error)}") from None
    return _shallow(content, path)


def read_toml(path: str | Path) -> dict[str, Any]:
    """Return what a TOML file holds; raises UsageError, with the place, for anything else."""
    text = read_text(path)
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path}: not valid TOML: {error}") from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: can't be used: {_why(error)}") from None
    _shallow(content, path)
    return content


def read_text(path: str | Path, largest: int = LARGEST) -> str:
    """Return what a file of text holds, with line feeds between its lines, or raise UsageError."""
    content = _bytes(Path(path), largest)
    encoding = next((name for mark, name in MARKS if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        called = "UTF-8" if encoding.startswith("utf-8") else encoding.upper()
        raise UsageError(f"{path}: not {called} at byte {error.start}; save it as UTF-8") from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _bytes(path: Path, largest: int) -> bytes:
    """Return what is in a regular file: a pipe or a device might never end, or never begin."""
    try:
        if not S_ISREG(os.stat(path).st_mode):
            kind = "a directory" if path.is_dir() else "no regular file"
            raise UsageError(f"{path}: can't be read: it is {kind}; name a file")
        with path.open("rb") as file:
            content = file.read(largest + 1)
    except UsageError:
        raise
    except FileNotFoundError:
        raise UsageError(f"{path}: no such file; check the path") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"{path}: can't be read: {reason}") from None
    if len(content) > largest:
        raise UsageError(f"{path}: is larger than {largest // 2**20} MB; split it, or shorten it")
    return content


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a JSON object; the standard reader would drop all but the last of equal keys."""
    if (key := repeated(key for key, _ in pairs)) is not None:
        raise ValueError(f'"{key}" is there twice in one object; keep one of them')
    return dict(pairs)


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number in JSON; write one, or null")


def _why(error: Exception) -> str:
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error)


def _shallow(content: object, path: str | Path) -> object:
    """Return the content; raises UsageError where lists and objects are in each other too deep."""
    level = [content]
    for _ in range(DEEPEST):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return content
    raise UsageError(f"{path}: can't be used: it is nested too deeply")


def _inside(value: object) -> Iterable[object]:
    match value:
        case dict():
            return value.values()
        case list():
            return value
        case _:
            return ()


def repeated(words: Iterable[str]) -> str | None:
    """Return the first word that is there twice."""
    return next((word for word, times in Counter(words).items() if times > 1), None)
