"""Cells: the runs of an experiment, each known by what it is and not by its name."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from repunet.analysis.makers import minds_of
from repunet.errors import UsageError
from repunet.minds.default import EMBEDDED
from repunet.minds.language.terms import asks_in_words
from repunet.minds.router import mind_router
from repunet.models.endpoint import PERSON
from repunet.models.ledger import Spending
from repunet.record.attempts import spent
from repunet.record.journal import Journal
from repunet.record.manifest import DEFAULT, Manifest
from repunet.record.notes import FAITHFUL, PLAIN, TEMPLATES
from repunet.record.storage import FILE
from repunet.runs.drift import beginnings
from repunet.runs.spec import AGENTS, PROFILE, RunSpec

SHORT = 8
"""Digits of its id in the name of a run's folder."""
LONGEST = 80


@dataclass(frozen=True, slots=True)
class Job:
    """Description of a run to be played by any process, as JSON."""

    id: str
    """The hash of all that the run follows from."""
    path: str
    """Of the run file."""
    manifest: str
    rounds: int
    plan: str
    prompts: str
    spec: str
    command: str = ""
    """What was said to have it played, for its log."""

    @property
    def name(self) -> str:
        """Return what the run is called."""
        return Path(self.path).parent.name

    def to_json(self) -> str:
        """Return it in one line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Job":
        """Return what was sent."""
        return cls(**json.loads(text))


@dataclass(frozen=True)
class Cell:
    """One run of an experiment."""

    spec: RunSpec
    manifest: Manifest
    facts: Mapping[str, str]
    """What is noted with the run, so that a change is found out."""
    asks_in_words: bool

    @classmethod
    def of(cls, spec: RunSpec, environ: Mapping[str, str]) -> "Cell":
        """Return the cell of a spec; raises UsageError for anything that is not known."""
        cast = spec.assign_minds((), (), environ)
        manifest = cast.manifest()
        minds = mind_router(manifest.assigned, manifest.seed)
        if PERSON in manifest.mind_names.split(" + "):
            raise UsageError("a person can't play many runs at once: repunet run")
        facts = beginnings(manifest, minds, cast.prompts)
        return cls(cast, manifest, facts, asks_in_words(minds))

    @cached_property
    def id(self) -> str:
        """Return the hash of all that the run follows from, but for the number of its rounds."""
        return _identity(self.manifest, self.spec.plan, self.spec.prompts, self.facts)

    @cached_property
    def name(self) -> str:
        """Return the name of its folder: what it is, as far as it fits, and its id."""
        spec, minds = self.spec, self.manifest.mind_names
        words = [self.manifest.scenario, self.manifest.treatment.label]
        words += [spec.profile] * (spec.profile != PROFILE)
        words += [minds] * (minds != EMBEDDED)
        words += [f"n{len(self.manifest.personas)}"] * (len(self.manifest.personas) != AGENTS)
        words += [spec.prompts] * (spec.prompts != PLAIN) + [spec.plan] * (spec.plan != FAITHFUL)
        slug = re.sub(r"[^a-z0-9.]+", "-", " ".join(words).lower())[:LONGEST].strip("-.")
        return f"{slug}-s{spec.seed}-{self.id[:SHORT]}"

    def job(self, folder: Path, command: str = "") -> Job:
        """Return what is to be done for it, in the folder of the experiment."""
        return Job(
            self.id,
            str((folder / self.name / FILE).absolute()),
            self.manifest.to_json(),
            self.spec.rounds,
            self.spec.plan,
            self.spec.prompts,
            _anywhere(self.spec).to_json(),
            command,
        )

    def to_dict(self) -> dict[str, object]:
        """Return what tells it from the others, for scripts."""
        return {
            "name": self.name,
            "scenario": self.manifest.scenario,
            "treatment": self.manifest.treatment.label,
            "profile": self.spec.profile,
            "mind": self.manifest.mind_names,
            "model": self.manifest.assigned[DEFAULT] if self.asks_in_words else None,
            "prompts": self.spec.prompts,
            "plan": self.spec.plan,
            "agents": len(self.manifest.personas),
            "seed": self.spec.seed,
            "planned": self.spec.rounds,
        }


def _anywhere(spec: RunSpec) -> RunSpec:
    """Return the same spec with paths that are right wherever it is read."""
    limits = spec.limits
    if limits.prices is not None:
        limits = limits.model_copy(update={"prices": limits.prices.absolute()})
    paths = {"personas": spec.personas, "network": spec.network}
    whole = {key: path.absolute() for key, path in paths.items() if path is not None}
    return spec.model_copy(update={**whole, "limits": limits})


@dataclass(frozen=True, slots=True)
class Seen:
    """Facts read from an existing run file."""

    id: str
    rounds: int
    digest: str
    spending: Spending
    mind: str
    """Which minds made it, as outputs say it."""


def look(path: Path) -> Seen:
    """Return what is in a run file; raises UsageError if it is none, or damaged."""
    with Journal.open(path) as journal:
        journal.verify()
        spending = Spending(*spent(journal))
        digest = journal.digest()
        return Seen(identity(journal), journal.rounds, digest, spending, minds_of(journal))


def identity(journal: Journal) -> str:
    """Return the hash of all that a run follows from."""
    plan = journal.notes.plan
    templates = journal.meta(TEMPLATES)
    facts = {} if templates is None else {TEMPLATES: templates}
    return _identity(journal.manifest, plan, journal.notes.wording, facts)


def _identity(manifest: Manifest, plan: str, prompts: str, facts: Mapping[str, str]) -> str:
    parts = [manifest.digest(), plan, prompts, facts.get(TEMPLATES, "")]
    return sha256(json.dumps(parts).encode()).hexdigest()
