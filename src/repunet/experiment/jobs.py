"""Job lists: runs one by one, each a line of words, as the batch script of the reference has them.

`"scenario=pd reputation=y gossip=n steps=30"`; what is left out is as in the paper.
"""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from repunet.errors import UsageError
from repunet.experiment.grid import (
    Grid,
    called_by,
    keys,
    read_values,
    require_file,
    require_known,
)
from repunet.runs.spec import SWITCHES, RunSpec
from repunet.system.documents import read_text

ARRAY = re.compile(r"^\s*(?:declare -a |readonly )?JOBS=\((.*?)^\s*\)", re.DOTALL | re.MULTILINE)
ONE_LINE = re.compile(r"^\s*JOBS=\((.*)\)\s*$", re.MULTILINE)
STEPS = "steps"
NUMBERS = ("rounds", "seed", "agents")
TABLES = ("set", "minds", "limits", "name")
"""What a job does not say."""
THEIRS = {"sim": "personas"}
"""What the reference's runner calls otherwise."""


def read_jobs(path: Path) -> Grid:
    """Return the runs of a list of jobs, or of a shell script with an array `JOBS`.

    Raises UsageError, with the file and the job, for what can't be.
    """
    text = _text(path)
    specs = []
    for number, words in enumerate(_jobs(path, text), start=1):
        try:
            specs.append(_spec(words, path.parent))
        except UsageError as error:
            raise UsageError(f"{path}: job {number}: {error}") from None
    if not specs:
        raise UsageError(f"{path}: lists no jobs, such as scenario=pd reputation=y gossip=y")
    return Grid(called_by(path), tuple(specs))


def _text(path: Path) -> str:
    """Return what is in the file; raises UsageError if it can't be read as text."""
    require_file(path, "a list of jobs")
    return read_text(path)


def _jobs(path: Path, text: str) -> Iterator[list[str]]:
    """Yield the words of each job."""
    array = ONE_LINE.search(text) or ARRAY.search(text)
    try:
        if array:
            items = shlex.split(array[1], comments=True)
            yield from (shlex.split(item) for item in items)
            return
        for line in text.splitlines():
            words = shlex.split(line, comments=True)
            if words:
                yield shlex.split(words[0]) if len(words) == 1 else words
    except ValueError as error:
        raise UsageError(f"{path}: can't be read as words: {error}") from None


def _spec(words: list[str], folder: Path) -> RunSpec:
    known = [key for key in keys() if key not in TABLES]
    values: dict[str, object] = {}
    switches: dict[str, str] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals:
            raise UsageError(f"each word is key=value, not {word!r}")
        key = "rounds" if key == STEPS else key
        if key in values or key in switches:
            raise UsageError(f"{key} is there twice: keep one of them")
        if (switch := key.replace("-", "_")) in SWITCHES and key not in known:
            switches[switch] = value
        elif key in THEIRS and key not in known:
            raise UsageError(f"{key}= is the reference's word: say {THEIRS[key]}=, with a path")
        else:
            require_known(key, (*known, STEPS))
            values[key] = _whole(key, value) if key in NUMBERS else value
    return read_values(values | ({"set": switches} if switches else {}), folder)


def _whole(key: str, value: str) -> int:
    try:
        return int(value)
    except ValueError:
        raise UsageError(f"{key} should be a whole number, not {value!r}") from None
