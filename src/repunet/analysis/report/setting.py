"""What was run: all that a run follows from, how far it went, and where it comes from."""

import json
from dataclasses import asdict, dataclass, fields
from hashlib import sha256

from repunet import __version__
from repunet.analysis.report.headline import COUNTS, over
from repunet.analysis.report.repeating import Repetition, repetition
from repunet.analysis.tables.history import History
from repunet.errors import UsageError
from repunet.prompts import sources
from repunet.record.attempts import SINCE
from repunet.record.changes import ForkOrigin, origin, treatment_label
from repunet.record.journal import Journal
from repunet.record.notes import BRANCHED, TEMPLATES
from repunet.scenarios import scenario
from repunet.world.event import TreatmentChanged
from repunet.world.treatment import TREATMENTS, UNLIMITED, Treatment


@dataclass(frozen=True, slots=True)
class Switch:
    """A switch of the treatment that is not as in the full system."""

    name: str
    now: str
    full: str


@dataclass(frozen=True, slots=True)
class Prompts:
    """The words in which language models were asked."""

    name: str
    read: bool
    """Whether anybody read them: only language models do."""
    hash: str
    """SHA-256 over the names and texts of all templates; empty where they are not known."""
    templates: tuple[tuple[str, str], ...]
    """Each template with the SHA-256 of its text."""


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A round that was begun, and of which nothing counts: it was never committed."""

    round: int
    requests: int
    answered: int


@dataclass(frozen=True, slots=True)
class MindOf:
    """A mind, for whom it decides, and what its answers depend on."""

    whose: str
    given: str
    details: str
    """As JSON."""


@dataclass(frozen=True, slots=True)
class RunSetting:
    """Settings a run was played with."""

    name: str
    scenario: str
    title: str
    cooperation: str
    """What counts as cooperation."""
    treatment: str
    """With what changed in it, and when."""
    switches: tuple[Switch, ...]
    mind: str
    minds: tuple[MindOf, ...]
    prompts: Prompts
    plan: str
    begun_with: str
    made_with: str
    """The RepuNet that made the report."""
    seed: int
    digest: str
    agents: int
    rounds: int
    planned: int
    unfinished: Unfinished | None
    origin: ForkOrigin | None
    repeat: Repetition
    imported: int
    branched: tuple[tuple[str, str], ...]

    @property
    def is_complete(self) -> bool:
        """Tell whether all rounds that were planned are committed."""
        return self.rounds >= self.planned

    @property
    def stretch(self) -> str:
        """Return over what the headline is, such as the last 5 rounds."""
        return over(self.scenario, self.rounds)

    @property
    def counts(self) -> str:
        """Return what the headline counts, in a sentence, if that is not plain."""
        return COUNTS.get(self.scenario, "")


def setting(journal: Journal, history: History) -> RunSetting:
    """Return what was run, as far as the history of the run goes."""
    manifest, dilemma = history.manifest, scenario(history.manifest.scenario)
    changed = {at.round: event.treatment for at, event in history.of(TreatmentChanged)}
    return RunSetting(
        name=history.name,
        scenario=dilemma.name,
        title=dilemma.title,
        cooperation=dilemma.cooperation,
        treatment=treatment_label(journal, changed),
        switches=_switches(manifest.treatment),
        mind=history.minds(manifest.mind_names),
        minds=tuple(
            MindOf(whose, str(mind["given"]), json.dumps(mind, ensure_ascii=False, indent=1))
            for whose, mind in manifest.minds.items()
        ),
        prompts=_prompts(journal),
        plan=journal.notes.plan,
        begun_with=journal.meta("version") or "not noted",
        made_with=__version__,
        seed=manifest.seed,
        digest=history.digest,
        agents=len(manifest.personas),
        rounds=history.last,
        planned=journal.notes.planned,
        unfinished=_unfinished(journal, history.last),
        origin=origin(journal),
        repeat=repetition(journal, history.last, history.imported),
        imported=history.imported,
        branched=_branched(journal),
    )


def _switches(treatment: Treatment) -> tuple[Switch, ...]:
    full = asdict(TREATMENTS["full"])
    return tuple(
        Switch(field.name, _spelt(getattr(treatment, field.name)), _spelt(full[field.name]))
        for field in fields(treatment)
        if getattr(treatment, field.name) != full[field.name]
    )


def _spelt(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return "unlimited" if value == UNLIMITED else str(value)


def _prompts(journal: Journal) -> Prompts:
    name, kept = journal.notes.wording, journal.meta(TEMPLATES)
    try:
        texts = json.loads(kept) if kept else sources(name, journal.manifest.scenario)
    except UsageError:  # a wording that is not installed here, and that nobody read
        texts = {}
    hashes = tuple((title, _hash(text)) for title, text in sorted(texts.items()))
    whole = _hash("\n".join(f"{title} {each}" for title, each in hashes)) if hashes else ""
    return Prompts(name, kept is not None, whole, hashes)


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _unfinished(journal: Journal, last: int) -> Unfinished | None:
    if journal.schema < SINCE:
        return None
    query = (
        "SELECT max(round), count(*), coalesce(sum(status = 'answered'), 0) FROM attempts "
        "WHERE round > ? AND NOT stale"
    )
    ((number, requests, answered),) = journal.rows(query, last)
    return Unfinished(number, requests, answered) if requests else None


def _branched(journal: Journal) -> tuple[tuple[str, str], ...]:
    noted = journal.rows(
        "SELECT key, value FROM meta WHERE key GLOB ? ORDER BY key", f"{BRANCHED}*"
    )
    return tuple((key.removeprefix(BRANCHED), value) for key, value in noted)
