"""Specs: all that a run is made from, as a file or the options of a command say it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from functools import cached_property
from pathlib import Path
from reprlib import repr as shortened
from shlex import quote
from typing import Annotated, Any, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    ValidationError,
    ValidationInfo,
    model_validator,
)

from repunet.errors import UsageError, unknown
from repunet.minds.default import default_mind
from repunet.minds.router import Assignees, assign, assigned_by, require_language, speeds_of
from repunet.models.allowance import Allowance
from repunet.prompts import wordings
from repunet.questions.batched import BatchedQuestions
from repunet.questions.mind import Operation
from repunet.record.manifest import DEFAULT, OPERATION, ROLE, Manifest
from repunet.record.notes import FAITHFUL, PLAIN, PLANS
from repunet.runs.run import LONGEST, found
from repunet.scenarios import Scenario, scenarios
from repunet.scenarios import scenario as find_scenario
from repunet.system.documents import read_data
from repunet.world.network import read_ties
from repunet.world.persona import Persona
from repunet.world.persona_files import read_personas
from repunet.world.population import population
from repunet.world.profile import PROFILES, profiled
from repunet.world.treatment import TREATMENTS, Treatment
from repunet.world.treatment import treatment as find_treatment

AGENTS = 20
ROUNDS = 30
SEED = 1
TREATMENT, *_ = TREATMENTS
PROFILE, *_ = PROFILES
SWITCHES = {field.name for field in fields(Treatment)}

YES_NO = {"y": True, "yes": True, "n": False, "no": False}
PRESETS = {
    (True, True): "full",
    (True, False): "no-gossip",
    (False, True): "no-reputation",
    (False, False): "none",
}
"""What the paper's four treatments are called, by whether there are reputations and gossip."""
WORDS = {name: pair for pair, name in PRESETS.items()}

BESIDE = "spec.json"
"""The file beside a run that `read_spec` takes to found the same run once more."""
TABLES = {"roles": ROLE, "operations": OPERATION}
"""The tables in the table of minds, and how their keys begin elsewhere."""
RIVALS = {
    "treatment": ("reputation", "gossip"),
    "agents": ("personas",),
    "personas": ("agents",),
}
"""What else need not be said where something is."""
TOGETHER = ("switches", "minds", "limits")
"""What is merged one by one."""
EXPECTED = {
    "int_type": "should be a whole number",
    "float_type": "should be a number",
    "string_type": "should be text in quotes",
    "path_type": "should be a path in quotes",
    "dict_type": "should be a table",
    "model_type": "should be a table",
    "string_too_short": "should be the name of a mind",
}
"""What is said instead of what pydantic says."""


def _located(path: Path, info: ValidationInfo) -> Path:
    """Return a path relative to where it was written."""
    return Path((info.context or {}).get("folder", "")) / path


def _yes(value: object) -> object:
    if isinstance(value, str) and value.lower() in YES_NO:
        return YES_NO[value.lower()]
    if isinstance(value, bool):
        return value
    raise ValueError("takes y or n")


def _words(value: object) -> object:
    """Return what switches are set to in words, as they are on the command line."""
    if not isinstance(value, Mapping):
        return value
    return {str(key).replace("-", "_"): _word(setting) for key, setting in value.items()}


def _word(setting: object) -> str:
    if isinstance(setting, bool):
        return "on" if setting else "off"
    if isinstance(setting, str | int | float):
        return str(setting)
    raise ValueError("takes on, off or a number for each switch")


Located: TypeAlias = Annotated[Path, Strict(False), AfterValidator(_located)]
YesNo: TypeAlias = Annotated[bool, BeforeValidator(_yes)]


class SpecTable(BaseModel):
    """A table of a spec: nothing in it that is not known, no word taken for a number."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, populate_by_name=True)


class Limits(Allowance):
    """Limits to calls and cost, and the file of prices."""

    prices: Located | None = Field(default=None, description="File of prices, for a budget.")


class RunSpec(SpecTable):
    """Specification of a run; what is left out is as in the paper.

    Settings are declared here alone: options of commands and their help are made from them.
    """

    scenario: str | None = Field(default=None, description="Name of the dilemma, such as pd.")
    rounds: Annotated[int, Field(ge=1, le=LONGEST)] = Field(
        default=ROUNDS, description="Number of rounds to play."
    )
    treatment: str | None = Field(
        default=None, description=f"Treatment: {', '.join(TREATMENTS)}; default {TREATMENT}."
    )
    reputation: YesNo | None = Field(
        default=None, description="Whether agents keep reputations, y or n; instead of a treatment."
    )
    gossip: YesNo | None = Field(
        default=None, description="Whether agents gossip, y or n; instead of a treatment."
    )
    switches: Annotated[dict[str, str], BeforeValidator(_words)] = Field(
        default={},
        alias="set",
        description="Finer switches of the treatment, such as rewiring=off.",
    )
    profile: str = Field(
        default=PROFILE,
        description="Profile of the rules: paper, or reference, its authors' program.",
    )
    plan: str = Field(
        default=FAITHFUL,
        description="Plan of questions: faithful, a call for each one, or compact.",
    )
    prompts: str = Field(default=PLAIN, description="Wording that language models read.")
    seed: Annotated[int, Field(ge=-(2**63), lt=2**63)] = Field(
        default=SEED, description="Random seed: everything random in a run follows from it."
    )
    minds: dict[str, Annotated[str, Field(min_length=1)]] = Field(
        default={},
        description="Minds by agent (a name or an id), `role:ROLE`, `operation:OPERATION`, or `*` "
        "for everyone else.",
    )
    personas: Located | None = Field(
        default=None,
        description="File of people, or a seed, or the reference's seed or first step.",
    )
    agents: int | None = Field(default=None, description=f"Number of agents; default {AGENTS}.")
    network: Located | None = Field(
        default=None, description="File of ties from the start: a JSON list of pairs of names."
    )
    name: str | None = Field(default=None, description="Name of the run; default what it is.")
    limits: Limits = Field(default=Limits(), description="Limits to calls and cost.")

    @model_validator(mode="before")
    @classmethod
    def _one_table_of_minds(cls, values: Any) -> Any:
        """Bring `mind`, `model` and the tables in `minds` under one name."""
        if not isinstance(values, Mapping):
            return values
        return {key: value for key, value in values.items() if key not in ("mind", "model")} | (
            _minds(values) if {"mind", "model", "minds"} & set(values) else {}
        )

    @model_validator(mode="after")
    def _known(self) -> "RunSpec":
        if self.scenario is not None:
            find_scenario(self.scenario)
        for kind, word, known in (
            ("profile", self.profile, PROFILES),
            ("plan", self.plan, PLANS),
            ("wording", self.prompts, wordings()),
        ):
            if word not in known:
                raise unknown(kind, word, known)
        if self.personas is not None and self.agents is not None:
            raise UsageError("say either personas or agents, not both: a file has its own people")
        self._preset.switched(**self.switches)
        return self

    @property
    def dilemma(self) -> Scenario:
        """Return the scenario; raises UsageError where none is named."""
        if self.scenario is None:
            raise UsageError('say which dilemma: repunet run pd, or scenario = "pd" in the spec')
        return find_scenario(self.scenario)

    @property
    def condition(self) -> Treatment:
        """Return the treatment under the profile, with its switches set."""
        chosen = self._preset.switched(**self.switches)
        return profiled(chosen, self.profile, self.dilemma.name)

    @property
    def _preset(self) -> Treatment:
        if self.reputation is None and self.gossip is None:
            return find_treatment(TREATMENT if self.treatment is None else self.treatment)
        if self.treatment is not None:
            raise UsageError("say either treatment or reputation and gossip, not both")
        return find_treatment(PRESETS[self.reputation is not False, self.gossip is not False])

    @cached_property
    def people(self) -> tuple[Persona, ...]:
        """Return who lives in the society; raises UsageError if its file can't be read so."""
        if self.personas is not None:
            return read_personas(self.personas, self.dilemma.name)
        return population(AGENTS if self.agents is None else self.agents, self.dilemma.name)

    @property
    def _assignees(self) -> Assignees:
        return Assignees.of(self.people, self.dilemma.roles, operations())

    def merged(self, **flags: Any) -> "RunSpec":
        """Return the same with other values, None for no other; tables are merged by their keys.

        Raises UsageError, as about the options of a command, for what can't be.
        """
        return self.updated(flags, _option)

    def updated(self, flags: Mapping[str, Any], named: Callable[[list[str]], str]) -> "RunSpec":
        """Return the same with other values, as `merged` does; errors call a key by its name."""
        given = {key: value for key, value in flags.items() if value is not None}
        values = self.model_dump(exclude_unset=True)
        for table in set(TOGETHER) & set(given):
            given[table] = values.get(table, {}) | given[table]
        return validated(_without_rivals(values, given) | given, named)

    def assign_minds(
        self, texts: Iterable[str], models: Iterable[str], environ: Mapping[str, str]
    ) -> "RunSpec":
        """Return the same with a mind for everybody, by id.

        The texts, like `embedded` or `Liam OConnor=chance`, and the models, likewise, win over what
        is there; who has no mind even then has that of the environment.
        """
        assignees, models = self._assignees, tuple(models)
        for text in models:
            require_language(assignees.split(text)[1], f"--mind {quote(text)}")
        given = assign((*texts, *models), self.people, assignees.roles, assignees.operations)
        minds = assigned_by(self.minds, assignees) | given
        if DEFAULT not in minds:
            minds[DEFAULT] = default_mind(environ)
        limits = self.limits.model_copy(update=speeds_of(minds.values()))
        return self.model_copy(update={"minds": minds, "limits": limits})

    def manifest(self) -> Manifest:
        """Return the manifest; raises UsageError for anything that is not known."""
        people, dilemma = self.people, self.dilemma
        minds = assigned_by(self.minds, self._assignees)
        ties = read_ties(self.network, people, dilemma.roles) if self.network else ()
        return found(dilemma.name, self.condition, people, self.seed, minds, ties)

    def to_json(self) -> str:
        """Return the spec as JSON, as it is stored with a run."""
        return self.model_dump_json(by_alias=True, exclude_none=True)

    def again(self, manifest: Manifest) -> str:
        """Return, as JSON to be read by people too, the spec that founds the same run once more.

        It has no name, and its minds say all that they had from the environment.
        """
        changes: dict[str, Any] = {"name": None, "minds": manifest.assigned}
        same = self.model_copy(update=changes)
        return same.model_dump_json(by_alias=True, exclude_none=True, indent=2) + "\n"


def read_spec(path: Path) -> RunSpec:
    """Return the spec in a TOML file; paths in it are relative to the file.

    Raises UsageError, with the file and the key, for what can't be.
    """
    data = read_data(path)
    if not isinstance(data, Mapping):
        raise UsageError(f"{path}: a spec is a table of settings")
    try:
        return validated(data, key_of, folder=path.parent.absolute())
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from None


def operations() -> tuple[str, ...]:
    """Return the names of all questions that are asked one by one, in any scenario there is."""
    scenarios()
    kinds = _below(Operation)
    return tuple(sorted({kind.label for kind in kinds if _is_asked(kind)}))


def _below(kind: type[Operation[Any]]) -> list[type[Operation[Any]]]:
    return [each for child in kind.__subclasses__() for each in (child, *_below(child))]


def _is_asked(kind: type[Operation[Any]]) -> bool:
    return isinstance(getattr(kind, "answer", None), type) and not issubclass(
        kind, BatchedQuestions
    )


def _minds(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return all minds under one key, each by whom or what it is for."""
    minds = values.get("minds", {})
    if not isinstance(minds, Mapping):
        return {"minds": minds}
    flat: dict[str, Any] = {}
    for key, mind in minds.items():
        if key in TABLES and isinstance(mind, Mapping):
            flat |= {TABLES[key] + who: each for who, each in mind.items()}
        else:
            flat[key] = mind
    for key in sorted({"mind", "model"} & set(values)):
        if DEFAULT in flat:
            raise UsageError(
                f'say one of mind, model and "{DEFAULT}" in minds: each is everyone\'s'
            )
        flat[DEFAULT] = values[key]
    if isinstance(model := values.get("model"), str):
        require_language(model, f'mind = "{model}"')
    return {"minds": flat}


def _without_rivals(values: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values without those whose place is taken by others that are given."""
    if {"reputation", "gossip"} & set(given) and values.get("treatment") in WORDS:
        reputation, gossip = WORDS[values["treatment"]]
        values = values | {"reputation": reputation, "gossip": gossip, "treatment": None}
    gone = {rival for key in given for rival in RIVALS.get(key, ())}
    return {key: value for key, value in values.items() if key not in gone}


def validated(
    values: Mapping[str, Any], named: Callable[[list[str]], str], **context: Any
) -> RunSpec:
    """Return the spec with these values; raises UsageError, with the key, for what can't be."""
    try:
        return RunSpec.model_validate(values, context=context)
    except ValidationError as error:
        first = error.errors()[0]
    if isinstance(own := first.get("ctx", {}).get("error"), UsageError):
        raise own
    place = [str(part) for part in first["loc"]]
    if first["type"] == "extra_forbidden":
        raise _unknown_key(place)
    expected = EXPECTED.get(first["type"]) or first["msg"].removeprefix("Value error, ")
    expected = expected.replace("Input should be greater than or equal to", "should be at least")
    expected = expected.removeprefix("Input ")
    raise UsageError(f"{named(place)} {expected}, not {shortened(first['input'])}")


def _unknown_key(place: list[str]) -> UsageError:
    *table, key = place
    if table:
        return unknown(f"key in [{'.'.join(table)}]", key, _keys(Limits))
    for name, keys in (("limits", Limits.model_fields), ("set", SWITCHES)):
        if key in keys:
            return UsageError(f"{key} belongs in the table [{name}]")
    return unknown("key", key, _keys(RunSpec))


def _keys(part: type[BaseModel]) -> list[str]:
    names = [field.alias or name for name, field in part.model_fields.items()]
    return [*names, "mind", "model"] if part is RunSpec else names


def key_of(place: list[str]) -> str:
    """Return a key of a spec as files say it: its tables and its name, with dots between."""
    return ".".join(place)


def _option(place: list[str]) -> str:
    return f"--{place[-1].replace('_', '-')}"
