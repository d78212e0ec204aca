"""Router: which minds there are by name, and which one decides for whom, or answers what."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from importlib import import_module
from importlib.metadata import entry_points
from math import isfinite
from typing import Any, Protocol, TypeVar, cast

from repunet.errors import RepuNetError, UsageError, unknown
from repunet.models.endpoint import LANGUAGE, is_provider, providers
from repunet.models.plugged import is_plugged, kind_of, loaded, plugged_providers, why
from repunet.models.serving import HERE, SMOLLM2, speeds
from repunet.questions.batched import BatchedQuestions
from repunet.questions.coordinate import Coordinate
from repunet.questions.mind import Mind, NoAnswer, Operation
from repunet.record.manifest import DEFAULT, OPERATION, ROLE, SELECTORS
from repunet.world.persona import AgentId, Persona

A = TypeVar("A")

LANGUAGE_MIND = "repunet.minds.language.mind:language"
BUILT_IN = {
    "embedded": "repunet.minds.embedded.mind:embedded",
    "chance": "repunet.minds.chance:chance",
    "memory-one": "repunet.minds.memory_one:memory_one",
    "axelrod": "repunet.minds.axelrod:axelrod",
    "replay": "repunet.minds.replay:replay",
    "human": "repunet.minds.language.mind:human",
    "object": "repunet.minds.given:given",
    **dict.fromkeys(LANGUAGE, LANGUAGE_MIND),
}
STRATEGIES = "repunet.minds.scripted"
GROUP = "repunet.minds"
"""Entry points of minds that other packages bring along."""

MIND = ("name", "describe", "immediate", "answer")
"""What a mind has."""

MIRROR, FIXED = "mirror", "fixed:"


@dataclass(frozen=True, slots=True)
class MindSpec:
    """The name of a mind as users write it: `name[:variant][,parameter=value...]`.

    >>> MindSpec.parse("embedded:sharp,observability=0.5")
    MindSpec(name='embedded', variant='sharp', settings={'observability': '0.5'})
    """

    name: str
    variant: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> "MindSpec":
        """Return the parts of the text; raises UsageError where a setting has no value."""
        head, *rest = text.split(",")
        name, _, variant = head.partition(":")
        pairs = [setting.partition("=") for setting in rest]
        for key, equals, value in pairs:
            if not (key and equals and value):
                raise UsageError(f"{text!r}: settings are written name=value, not {key!r}")
        if len({key for key, _, _ in pairs}) < len(pairs):
            raise UsageError(f"{text!r} sets the same thing twice")
        return cls(name.strip(), variant, {key.strip(): value for key, _, value in pairs})

    def __str__(self) -> str:
        head = f"{self.name}:{self.variant}" if self.variant else self.name
        return ",".join([head, *(f"{key}={value}" for key, value in self.settings.items())])

    def plain(self) -> None:
        """Raise UsageError if there is a variant or a setting: for minds that have none."""
        if self.variant or self.settings:
            raise UsageError(
                f"the mind {self.name!r} has no variants or settings: not {str(self)!r}"
            )


class MindMaker(Protocol):
    """Signature of an entry point of the group `repunet.minds`."""

    def __call__(self, spec: MindSpec, seed: int, /) -> Mind: ...


def mind_names() -> tuple[str, ...]:
    """Return the names of all minds there are."""
    strategies = import_module(STRATEGIES).STRATEGIES
    plugins = (entry.name for entry in entry_points(group=GROUP))
    return tuple(dict.fromkeys((*BUILT_IN, *strategies, *plugins, *plugged_providers())))


def make_mind(text: str, seed: int) -> Mind:
    """Return the mind of that name; raises UsageError, with a suggestion, if there is none."""
    spec = MindSpec.parse(text)
    return _maker(spec.name)(spec, seed)


def _maker(name: str) -> MindMaker:
    if name in BUILT_IN:
        return _built_in(BUILT_IN[name])
    for entry in entry_points(group=GROUP, name=name):
        return _guarded(loaded(entry, "mind"))
    scripted = import_module(STRATEGIES)
    if name in scripted.STRATEGIES:
        return cast(MindMaker, scripted.scripted)
    if is_plugged(name):
        return _built_in(LANGUAGE_MIND)
    raise unknown("mind", name, mind_names())


def _guarded(make: MindMaker) -> MindMaker:
    """Return a maker of a plug-in whose errors are of one line, and which makes nothing else."""

    def guarded(spec: MindSpec, seed: int) -> Mind:
        try:
            made = make(spec, seed)
        except RepuNetError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a stranger's module does
            raise UsageError(f"the mind {spec} can't be used: {why(error)}") from None
        return require_mind(made, str(spec))

    return guarded


def require_mind(made: Any, name: str) -> Mind:
    """Return a mind; raises UsageError, with what it lacks, if it is none."""
    lacking = [part for part in MIND if not hasattr(made, part)]
    if lacking:
        raise UsageError(f"{name} is no mind: {kind_of(made)} has no {', '.join(lacking)}")
    return cast(Mind, made)


def _built_in(place: str) -> MindMaker:
    module, _, attribute = place.partition(":")
    return cast(MindMaker, getattr(import_module(module), attribute))


def is_language(mind: str) -> bool:
    """Tell whether this is the name of a language model.

    >>> is_language("openai:gpt-4o-mini"), is_language("embedded:sharp"), is_language("openai")
    (True, False, False)
    """
    provider, _, model = mind.partition(",")[0].partition(":")
    return (bool(model) or provider == SMOLLM2) and is_provider(provider)


def require_language(mind: str, option: str) -> None:
    """Raise UsageError, with what to say instead of the option, if this is no language model."""
    provider, _, _ = mind.partition(":")
    if is_language(mind):
        return
    if is_provider(provider):
        raise UsageError(f"{mind!r} needs the name of a model: {provider}:MODEL")
    if MindSpec.parse(mind).name in mind_names():
        raise UsageError(f"{mind} is no language model; to let it decide: {option}")
    raise UsageError(
        f"{mind} is no language model: say whose it is, such as openai:{mind}; "
        f"known: {', '.join(providers())}"
    )


class MindRouter:
    """One mind for everyone, others for some agents, roles or operations. Itself a mind."""

    def __init__(self, everyone: Mind, own: Mapping[str, Mind], given: Mapping[str, str]):
        self._everyone = everyone
        self._own = own
        self._given = given
        self._selects = any(key.startswith(SELECTORS) for key in own)
        self._asks_singly = any(key.startswith(OPERATION) for key in own)

    @property
    def name(self) -> str:
        """Return the names of all minds at work."""
        return " + ".join(dict.fromkeys(m.name for m in (self._everyone, *self._own.values())))

    @property
    def members(self) -> tuple[Mind, ...]:
        """Return the minds, each once."""
        return tuple(dict.fromkeys((self._everyone, *self._own.values())))

    @property
    def immediate(self) -> bool:
        """Return whether all of them answer without waiting."""
        return self._everyone.immediate and all(m.immediate for m in self._own.values())

    def describe(self) -> dict[str, Any]:
        """Return the description of every mind, by whom or what it is for; `*` is all else."""
        minds = {DEFAULT: self._everyone, **self._own}
        return {key: {"given": self._given[key], **mind.describe()} for key, mind in minds.items()}

    async def answer(self, operation: Operation[A], at: Coordinate) -> A:
        """Let the mind answer that is the agent's own, the operation's, the role's or everyone's.

        Raises NoAnswer for several questions at once that may be for several minds.
        """
        mind = self._own.get(at.actor)
        mind = self._shared(operation, at) if mind is None else mind
        try:
            return await mind.answer(operation, at)
        except OSError as error:
            why = f"{error.filename}: {error.strerror}" if error.filename else str(error)
            raise RepuNetError(f"the mind {mind.name} can't answer {at}: {why}") from error

    def _shared(self, operation: Operation[Any], at: Coordinate) -> Mind:
        if not self._selects:
            return self._everyone
        if self._asks_singly and isinstance(operation, BatchedQuestions):
            raise NoAnswer("minds by operation are asked one question at a time")
        keys = OPERATION + at.operation, ROLE + operation.ego.role
        return next((self._own[key] for key in keys if key in self._own), self._everyone)


@dataclass(frozen=True, slots=True)
class Assignees:
    """Agents, roles and operations that a mind can be assigned to; empty ones may be any.

    >>> known = Assignees({"Ann": "A01"}, roles=("trustee",))
    >>> [known.key(who) for who in ("Ann", "role:trustee", "operation:TellGossip")]
    ['A01', 'role:trustee', 'operation:TellGossip']
    """

    ids: Mapping[str, AgentId]
    """The id of each agent, by its name and by itself."""
    roles: Sequence[str] = ()
    operations: Sequence[str] = ()

    @classmethod
    def of(
        cls, personas: Iterable[Persona], roles: Sequence[str] = (), operations: Sequence[str] = ()
    ) -> "Assignees":
        """Return whom and what there is in a society."""
        people = list(personas)
        ids = {person.name: person.id for person in people} | {p.id: p.id for p in people}
        return cls(ids, roles, operations)

    def key(self, who: str) -> str:
        """Return the agent's id, or what else stands there; raises UsageError for nobody."""
        if who in self.ids:
            return self.ids[who]
        for kind, known in ((ROLE, self.roles), (OPERATION, self.operations)):
            if who.startswith(kind):
                named = who.removeprefix(kind).strip()
                if not named or (known and named not in known):
                    raise unknown(kind.removesuffix(":"), named, known)
                return kind + named
        if who == DEFAULT:
            return DEFAULT
        raise unknown("agent", who, self.ids)

    def split(self, text: str) -> tuple[str, str]:
        """Return whom or what a mind is for, and the mind, from `embedded` or `Ann=embedded`."""
        parts = text.split("=")
        for end in range(len(parts) - 1, 0, -1):  # a name may hold an equals sign: longest first
            who = "=".join(parts[:end]).strip()
            if who in self.ids:
                return self.ids[who], "=".join(parts[end:])
        first, equals, mind = text.partition("=")
        if first.startswith(SELECTORS):
            if not equals:
                raise UsageError(f"{text!r} takes a mind: {text}=embedded")
            return self.key(first.strip()), mind
        if not equals or "," in first or "://" in first or is_language(first):
            return DEFAULT, text
        return self.key(first.strip()), mind


def assign(
    texts: Iterable[str],
    personas: Iterable[Persona],
    roles: Sequence[str] = (),
    operations: Sequence[str] = (),
) -> dict[str, str]:
    """Return the names of minds by agent, role or operation; `*` is everyone else's.

    The texts are like `embedded`, `Liam OConnor=chance`, `role:trustee=chance` or
    `operation:TellGossip=embedded`. Raises UsageError for an agent that is not there, for a role
    or operation that is none of those given, and for two minds for the same.
    """
    return _once(map(Assignees.of(personas, roles, operations).split, texts))


def assigned_by(minds: Mapping[str, str], assignees: Assignees) -> dict[str, str]:
    """Return the names of minds by agent, role or operation, from whom or what users name.

    Raises UsageError as `assign` does.
    """
    return _once((assignees.key(who), mind) for who, mind in minds.items())


def _once(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    assigned: dict[str, str] = {}
    for key, mind in pairs:
        if key in assigned:
            raise UsageError(
                f"{mind!r} for {key}: there is a mind for that already ({assigned[key]!r})"
            )
        assigned[key] = mind
    return assigned


def speeds_of(minds: Iterable[str]) -> dict[str, int]:
    """Return how fast models on this machine are to be served, as the names of minds say.

    >>> speeds_of(["gguf:a.gguf,threads=2", "embedded", "smollm2,context=2048"])
    {'threads': 2}
    """
    here = [spec for spec in map(MindSpec.parse, minds) if spec.name in HERE]
    return speeds(spec.settings for spec in here)


def mind_router(assigned: Mapping[AgentId, str], seed: int) -> MindRouter:
    """Return the minds that were assigned, each name made once.

    Raises UsageError, with a suggestion, for a name that is not known, and without a mind for `*`.
    """
    if DEFAULT not in assigned:
        raise UsageError(f"say which mind decides for everyone else: {DEFAULT}=embedded")
    minds = {name: make_mind(name, seed) for name in dict.fromkeys(assigned.values())}
    own = {agent: minds[name] for agent, name in assigned.items() if agent != DEFAULT}
    return MindRouter(minds[assigned[DEFAULT]], own, assigned)


def read_settings(parameters: A, settings: Mapping[str, str]) -> A:
    """Return a dataclass of numbers with some of them set from words.

    A number that may be None, which stands for `mirror`, is also written `fixed:0.5`.
    """
    known = {f.name: f.default for f in fields(cast(Any, parameters))}
    values: dict[str, float | None] = {}
    for name, word in settings.items():
        if name not in known:
            raise unknown("parameter", name, known)
        if known[name] is not None:
            values[name] = _number(name, word, int if isinstance(known[name], int) else float)
        elif word == MIRROR:
            values[name] = None
        else:
            values[name] = _number(name, word.removeprefix(FIXED), float)
    return cast(A, replace(cast(Any, parameters), **values))


def _number(name: str, word: str, kind: type[float]) -> float:
    with suppress(ValueError, OverflowError):
        if isfinite(value := kind(word)):
            return value
    raise UsageError(f"{name} takes a number, not {word!r}")
