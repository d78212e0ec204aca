"""Names of 0.1.0 and what they are called now: old imports work for one release, with a warning."""

from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any
from warnings import warn

MODULES: Mapping[str, str] = {
    "agent": "world.agent",
    "analysis.certificate": "tracing.certificate",
    "analysis.divergence": "tracing.divergence",
    "analysis.forecast": "planning.forecast",
    "analysis.interview": "runs.interview",
    "analysis.portrait": "analysis.snapshot",
    "analysis.provenance": "tracing.provenance",
    "analysis.provenance.tape": "tracing.provenance.trace",
    "analysis.rehearsal": "planning.rehearsal",
    "analysis.replaying": "tracing.replaying",
    "analysis.ticks": "planning.virtual_time",
    "analysis.verification": "tracing.verification",
    "attempts": "record.attempts",
    "cli.advice": "cli.printing.advice",
    "cli.broad": "cli.printing.tables",
    "cli.compared": "cli.printing.comparison",
    "cli.comparing": "cli.commands.compare",
    "cli.dilemmas": "cli.commands.scenarios",
    "cli.doctor": "cli.commands.doctor",
    "cli.drawing": "cli.commands.figures",
    "cli.fake": "cli.commands.fake_llm",
    "cli.models": "cli.commands.cost",
    "cli.output": "cli.printing.console",
    "cli.planning": "cli.commands.plan",
    "cli.play": "cli.playing",
    "cli.reporting": "cli.commands.report",
    "cli.reproduced": "cli.printing.reproduction",
    "cli.reproducing": "cli.commands.reproduce",
    "cli.seeds": "cli.commands.seed",
    "cli.shell": "cli.commands.shell",
    "cli.specified": "cli.spec_options",
    "cli.validating": "cli.commands.validate",
    "cli.words": "cli.commands.prompts",
    "compat.personas": "world.persona_files",
    "continuity": "runs.drift",
    "deliberation": "questions.deliberation",
    "encounter": "world.encounter",
    "event": "world.event",
    "experiment.purse": "experiment.shared_ledger",
    "forking": "runs.forking",
    "founding": "record.manifest",
    "fused": "questions.batched",
    "garbage": "record.collector",
    "gossip": "world.gossip",
    "journal": "record.journal",
    "layer.charter": "layer.settings",
    "layer.chronicle": "layer.state",
    "layer.episode": "layer.responses",
    "mind": "questions.mind",
    "minds.embedded.dilemma": "minds.embedded.model.dilemma",
    "minds.embedded.evidence": "minds.embedded.model.evidence",
    "minds.embedded.investing": "minds.embedded.answers.trust",
    "minds.embedded.judging": "minds.embedded.answers.impressions",
    "minds.embedded.parameters": "minds.embedded.model.parameters",
    "minds.embedded.participating": "minds.embedded.answers.participation",
    "minds.embedded.participation": "minds.embedded.model.participation",
    "minds.embedded.playing": "minds.embedded.answers.dilemma",
    "minds.embedded.talk": "minds.embedded.model.talk",
    "minds.embedded.talking": "minds.embedded.answers.talk",
    "minds.embedded.temperament": "minds.embedded.model.temperament",
    "minds.embedded.texts": "minds.embedded.answers.texts",
    "minds.embedded.trust": "minds.embedded.model.trust",
    "minds.language.conversation": "minds.language.repair",
    "minds.language.correspondence": "minds.language.session",
    "minds.language.line": "minds.language.client",
    "minds.language.switchboard": "minds.language.connect",
    "minds.roster": "minds.router",
    "models.body": "models.wire_format",
    "models.connections": "models.file_limits",
    "models.halt": "models.cancellation",
    "models.ladder": "models.output_mode",
    "models.lean": "models.schema_subset",
    "models.secrets": "models.redaction",
    "network": "world.network",
    "operations": "questions.operations",
    "persona": "world.persona",
    "perspective": "questions.perspective",
    "population": "world.population",
    "profile": "world.profile",
    "reputation": "world.reputation",
    "run": "runs.run",
    "runlog": "runs.log",
    "society": "world.society",
    "spec": "runs.spec",
    "stakes": "world.stakes",
    "storage": "record.storage",
    "treatment": "world.treatment",
    "validation.chain": "validation.theory.memory_one_chain",
    "validation.consensus": "validation.checks.consensus",
    "validation.continuation": "validation.theory.continuation",
    "validation.discriminator": "validation.minds.discriminator",
    "validation.humans": "validation.checks.humans",
    "validation.leading_eight": "validation.theory.leading_eight",
    "validation.matches": "validation.checks.matches",
    "validation.mean_field": "validation.theory.mean_field",
    "validation.memory_one": "validation.checks.memory_one",
    "validation.norm_mind": "validation.minds.norm",
    "validation.norms": "validation.checks.norms",
    "validation.private_opinions": "validation.theory.private_opinions",
    "validation.reciprocity": "validation.checks.reciprocity",
    "validation.standing": "validation.minds.standing",
    "validation.threshold": "validation.theory.threshold",
    "validation.verdicts": "validation.checks.verdicts",
}
"""New name of each module that has moved, within `repunet`."""

NAMES: Mapping[str, Mapping[str, str]] = {
    "analysis.comparison": {
        "Question": "ComparisonSettings",
    },
    "layer.responses": {
        "Episodes": "EncounterResponses",
    },
    "layer.settings": {
        "Charter": "LayerSettings",
    },
    "layer.state": {
        "Chronicle": "LayerState",
    },
    "layer.view": {
        "View": "AlterView",
    },
    "minds.router": {
        "Roster": "MindRouter",
        "Company": "Assignees",
        "roster": "mind_router",
    },
    "questions.batched": {
        "Fused": "BatchedQuestions",
        "Stock": "EncounterAnswers",
        "OfAlter": "AlterAnswers",
        "Weighed": "PieceAnswers",
        "Belief": "GossipAnswers",
        "TakeStock": "RespondToEncounter",
    },
    "questions.deliberation": {
        "Deliberation": "Unit",
        "there": "present",
    },
    "questions.mind": {
        "Asked": "AnswerShape",
    },
    "questions.operations": {
        "Judged": "JudgedPiece",
        "Playing": "GameQuestion",
        "Trusting": "TrustQuestion",
    },
    "record.attempts": {
        "Decided": "DecisionTaken",
        "Outcome": "AttemptOutcome",
    },
    "record.journal": {
        "Written": "EventRecord",
    },
    "record.manifest": {
        "Founding": "Manifest",
        "FOUNDING": "MANIFEST",
    },
    "runs.forking": {
        "Origin": "ForkOrigin",
    },
    "runs.interview": {
        "Said": "InterviewAnswer",
    },
    "runs.spec": {
        "Part": "SpecTable",
    },
    "world.persona_files": {
        "Origin": "DescriptionOpening",
    },
}
"""New name of what plug-ins and scripts may import, by the module that defines it now."""


class Moved(ModuleType):
    """Module of an old name: it gives out what the module of the new name holds."""

    held: ModuleType
    __path__ = []

    def __getattr__(self, name: str) -> Any:
        return renamed(self.held, name)

    def __call__(self, *given: Any, **settings: Any) -> Any:
        """Do what the function of this name does: `repunet.run` is one now, and was a module."""
        api = import_module("repunet.api")
        return getattr(api, self.__name__.rpartition(".")[2])(*given, **settings)


class Loader:
    """Loader of modules that have moved."""

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return the module of an old name, after a warning."""
        new = moved(spec.name)
        warn(f"{spec.name} is now {new}", DeprecationWarning, stacklevel=2)
        module = Moved(spec.name)
        module.held = import_module(str(new))
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Do nothing: it is there already."""


def spec_of(fullname: str) -> ModuleSpec | None:
    """Return the spec of a module that has moved; None for all others."""
    return ModuleSpec(fullname, Loader()) if moved(fullname) else None  # type: ignore[arg-type]


def moved(fullname: str) -> str | None:
    """Return the new name of a module that has moved, or that lies in a package that has.

    >>> moved("repunet.journal"), moved("repunet.errors")
    ('repunet.record.journal', None)
    """
    name = fullname.removeprefix("repunet.")
    for old, new in sorted(MODULES.items(), reverse=True):
        if name == old or name.startswith(f"{old}."):
            return f"repunet.{new}{name.removeprefix(old)}"
    return None


def renamed(module: ModuleType, name: str) -> Any:
    """Return an attribute of a module by its name of 0.1.0, or by its name now."""
    new = NAMES.get(module.__name__.removeprefix("repunet."), {}).get(name)
    if new is None:
        return getattr(module, name)
    warn(f"{module.__name__}.{name} is now {new}", DeprecationWarning, stacklevel=3)
    return getattr(module, new)


def names_of(module: str) -> Callable[[str], Any]:
    """Return the `__getattr__` of a module that has not moved, for its names of 0.1.0."""

    def get(name: str) -> Any:
        known = NAMES.get(module.removeprefix("repunet."), {})
        if name not in known:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        return renamed(import_module(module), name)

    return get
