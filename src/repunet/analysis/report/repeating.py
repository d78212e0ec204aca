"""How to repeat a run: the spec that founds it once more, and the commands that play it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from shlex import join, quote
from typing import Any

from repunet.models.allowance import Allowance
from repunet.models.endpoint import PERSON
from repunet.record.changes import ForkOrigin, changes, origin
from repunet.record.journal import Journal
from repunet.record.manifest import Manifest
from repunet.record.notes import BRANCHED, SPEC
from repunet.record.storage import FILE, called

BESIDE = "spec.json"
"""The file beside a run from which it can be founded once more."""
NAME = "again"
"""What the repetition is called."""


@dataclass(frozen=True, slots=True)
class Repetition:
    """Commands that play a run once more, as far as it is committed."""

    spec: str
    """As JSON, what founds it with as many rounds; empty where it was not founded from a spec."""
    begun: str
    """The command that plays it from that spec, saved as `spec.json`, or forks it; unnamed."""
    beside: str
    """The command that reads the spec beside the run instead; empty for a fork."""
    check: str
    """The command that prints the digest by which it is known."""
    checks: tuple[str, ...]
    """What tells whether the run file is sound, and gets its tables out."""
    obstacle: str
    """Why no command can repeat it, in a sentence; empty where one can."""

    @property
    def commands(self) -> tuple[str, ...]:
        """Return the commands that play it again, and tell whether it is the same run."""
        return f"{self.begun} --name {NAME}", self.check


def repetition(journal: Journal, rounds: int, imported: int = 0) -> Repetition:
    """Return how to repeat the first rounds of a run, all that are committed."""
    source, spec = origin(journal), _spec(journal)
    asked = max(1, rounds - (source.round if source else 0))
    limits = [*_options(spec.get("limits", {}))]
    so_far = ["--rounds", str(asked), *limits]
    near = ["repunet", "run", "--spec", str(journal.path.with_name(BESIDE)), *so_far]
    forked = ["repunet", *_forked(journal, source), *so_far] if source else []
    return Repetition(
        spec=_again(spec, asked, journal.manifest) if spec else "",
        begun=join(forked or ["repunet", "run", "--spec", BESIDE]),
        beside="" if source else join(near),
        check=f"repunet digest {NAME} --round {rounds}",
        checks=_checks(called(journal.path)),
        obstacle=_obstacle(journal, source, spec, imported),
    )


def _checks(name: str) -> tuple[str, ...]:
    words = "verify {}", "replay {}", "export {} tables --to csv"
    return tuple(f"repunet {each.format(name)}" for each in words)


def _obstacle(
    journal: Journal, source: ForkOrigin | None, spec: Mapping[str, Any], imported: int
) -> str:
    if imported and source is None:
        return f"Its first {imported} rounds were taken over by repunet import."
    if PERSON in journal.manifest.mind_names.split(" + "):
        return "A person decided in it."
    if any(journal.rows("SELECT 1 FROM meta WHERE key GLOB ?", f"{BRANCHED}*")):
        return "RepuNet or a mind changed while it was being played (repunet resume --branch)."
    return "" if spec or source else "It was not founded from a spec."


def _spec(journal: Journal) -> dict[str, Any]:
    """Return what the run was founded from, with the limits it had in the end, if it was."""
    kept: dict[str, Any] = json.loads(journal.meta(SPEC) or "{}")
    return kept


def _again(spec: Mapping[str, Any], rounds: int, manifest: Manifest) -> str:
    """Return the spec of so many rounds, whose minds say all that they had from the environment."""
    same = {key: value for key, value in spec.items() if key != "name"}
    changed = same | {"rounds": rounds, "minds": manifest.assigned}
    return json.dumps(changed, ensure_ascii=False, indent=2) + "\n"


def _forked(journal: Journal, source: ForkOrigin) -> list[str]:
    beside = journal.path.parent.with_name(source.name) / FILE
    name = str(beside.parent) if beside.is_file() and quote(source.name) != called(beside) else ""
    switches = changes(journal).get(source.round + 1, {}).items()
    said = [word for name, value in switches for word in ("--set", f"{name}={value}")]
    return ["fork", name or source.name, "--at", str(source.round), *said]


def _options(limits: Mapping[str, Any]) -> Iterator[str]:
    """Yield the options of the limits it had in the end: a spec beside a run may be older."""
    usual = Allowance().model_dump()
    for name, value in limits.items():
        if value != usual.get(name):
            yield from (f"--{name.replace('_', '-')}", str(value))


def numbered(commands: Sequence[str]) -> tuple[str, ...]:
    """Return commands, each with a name of its own for the run that it makes.

    >>> numbered(["repunet run pd"])
    ('repunet run pd --name again-1',)
    """
    return tuple(f"{each} --name {NAME}-{at}" for at, each in enumerate(commands, start=1))
