"""Rosters: which minds there are by name, and which one decides for which agent."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from importlib import import_module
from importlib.metadata import entry_points
from math import isfinite
from typing import Any, Protocol, TypeVar, cast

from repunet.errors import UsageError, unknown
from repunet.founding import DEFAULT
from repunet.mind import Coordinate, Mind, Operation
from repunet.persona import AgentId, Persona

A = TypeVar("A")

BUILT_IN = {
    "embedded": "repunet.minds.embedded.mind:embedded",
    "chance": "repunet.minds.chance:chance",
    "replay": "repunet.minds.replay:replay",
}
STRATEGIES = "repunet.minds.scripted"

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
    """What an entry point of the group `repunet.minds` names."""

    def __call__(self, spec: MindSpec, seed: int, /) -> Mind: ...


def mind_names() -> tuple[str, ...]:
    """Return the names of all minds there are."""
    strategies = import_module(STRATEGIES).STRATEGIES
    plugins = (entry.name for entry in entry_points(group="repunet.minds"))
    return (*BUILT_IN, *strategies, *plugins)


def make_mind(text: str, seed: int) -> Mind:
    """Return the mind of that name; raises UsageError, with a suggestion, if there is none."""
    spec = MindSpec.parse(text)
    return _maker(spec.name)(spec, seed)


def _maker(name: str) -> MindMaker:
    if name in BUILT_IN:
        module, _, attribute = BUILT_IN[name].partition(":")
        return cast(MindMaker, getattr(import_module(module), attribute))
    for entry in entry_points(group="repunet.minds", name=name):
        return cast(MindMaker, entry.load())
    scripted = import_module(STRATEGIES)
    if name in scripted.STRATEGIES:
        return cast(MindMaker, scripted.scripted)
    raise unknown("mind", name, mind_names())


class Roster:
    """One mind for everyone, or one for each agent that has its own. Itself a mind."""

    def __init__(self, everyone: Mind, own: Mapping[AgentId, Mind], given: Mapping[str, str]):
        self._everyone = everyone
        self._own = own
        self._given = given

    @property
    def name(self) -> str:
        """Return the names of all minds at work."""
        return " + ".join(dict.fromkeys(m.name for m in (self._everyone, *self._own.values())))

    @property
    def immediate(self) -> bool:
        """Return whether all of them answer without waiting."""
        return self._everyone.immediate and all(m.immediate for m in self._own.values())

    def describe(self) -> dict[str, Any]:
        """Return the description of every mind, by agent; `*` is everyone else."""
        minds = {DEFAULT: self._everyone, **self._own}
        return {
            agent: {"given": self._given[agent], **mind.describe()} for agent, mind in minds.items()
        }

    async def answer(self, operation: Operation[A], at: Coordinate) -> A:
        """Let the agent's own mind answer."""
        return await self._own.get(at.actor, self._everyone).answer(operation, at)


def assign(texts: Iterable[str], personas: Iterable[Persona]) -> dict[AgentId, str]:
    """Return the name of each agent's mind, from texts like `embedded` or `Liam OConnor=chance`.

    Raises UsageError for an agent that is not there, and for two minds for the same agent.
    """
    people = list(personas)
    ids = {person.name: person.id for person in people} | {p.id: p.id for p in people}
    assigned: dict[AgentId, str] = {}
    for text in texts:
        agent, spec = _split(text, ids)
        if agent in assigned:
            raise UsageError(f"{text!r}: there is a mind for that already ({assigned[agent]!r})")
        assigned[agent] = spec
    return assigned


def _split(text: str, ids: Mapping[str, AgentId]) -> tuple[AgentId, str]:
    parts = text.split("=")
    for end in range(len(parts) - 1, 0, -1):  # a name may hold an equals sign: the longest first
        who = "=".join(parts[:end]).strip()
        if who in ids:
            return ids[who], "=".join(parts[end:])
    first = parts[0]
    if len(parts) == 1 or "," in first:
        return DEFAULT, text
    raise unknown("agent", first.strip(), ids)


def roster(assigned: Mapping[AgentId, str], seed: int) -> Roster:
    """Return the minds that were assigned, each name made once.

    Raises UsageError, with a suggestion, for a name that is not known, and without a mind for `*`.
    """
    if DEFAULT not in assigned:
        raise UsageError(f"say which mind decides for everyone else: {DEFAULT}=embedded")
    minds = {name: make_mind(name, seed) for name in dict.fromkeys(assigned.values())}
    own = {agent: minds[name] for agent, name in assigned.items() if agent != DEFAULT}
    return Roster(minds[assigned[DEFAULT]], own, assigned)


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
