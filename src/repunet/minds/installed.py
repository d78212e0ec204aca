"""What there is to decide: minds and providers of models, ours and those of other packages."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Literal, TypeAlias

from repunet.errors import UsageError
from repunet.minds.router import BUILT_IN, GROUP, STRATEGIES
from repunet.models import plugged
from repunet.models.endpoint import COMPATIBLE, LANGUAGE, NATIVE, WEB, key_variable_of
from repunet.models.plugged import OBJECT, loaded
from repunet.models.serving import HERE

Kind: TypeAlias = Literal["built-in", "strategy", "plug-in"]
NAMED = {
    "memory-one": "memory-one:NAME",
    "axelrod": "axelrod:STRATEGY",
    "replay": "replay:FILE",
    OBJECT: "object:NAME",
}
"""How minds are written that take more than their name."""
MEANINGS = {
    "embedded": "behavioural model from findings on human subjects; the default",
    "chance": "any valid answer, at random",
    "memory-one": "draws each move from the last turn alone",
    "axelrod": "strategy of the Axelrod library (extra axelrod)",
    "replay": "answers that are in a run file",
    "human": "person at the terminal",
    OBJECT: "object of a Python program",
}
KEYS_OF_VENDORS = {
    "anthropic": ("ANTHROPIC_API_KEY",),
    "google": ("GOOGLE_API_KEY", "GEMINI_API_KEY"),
    "bedrock": ("AWS_BEARER_TOKEN_BEDROCK", "AWS_ACCESS_KEY_ID", "AWS_PROFILE"),
    "groq": ("GROQ_API_KEY",),
    "mistral": ("MISTRAL_API_KEY",),
}
"""Variables in which the vendors' own clients look for credentials."""


@dataclass(frozen=True, slots=True)
class MindListing:
    """A mind that can be named."""

    name: str
    kind: Kind
    meaning: str
    package: str | None = None
    """Package that brings it along, with its version; None for our own."""
    problem: str | None = None
    """Why it can't be used, if it can't."""


@dataclass(frozen=True, slots=True)
class ProviderListing:
    """A provider of language models that can be named."""

    name: str
    kind: str
    keys: tuple[str, ...]
    """Variables in which a key is looked for; none where none is needed."""
    key_set: bool
    """Whether one of them is set: what it holds is told nowhere."""
    key_needed: bool = False
    """Whether nothing is answered without one."""
    package: str | None = None
    problem: str | None = None


def listed_minds() -> tuple[MindListing, ...]:
    """Return all minds but language models, ours first."""
    strategies = import_module(STRATEGIES).STRATEGIES
    ours = [MindListing(NAMED.get(n, n), "built-in", m) for n, m in MEANINGS.items()]
    ours += [MindListing(n, "strategy", _first(s.__doc__)) for n, s in strategies.items()]
    return (*ours, *map(_plugged_mind, _visible(GROUP, (*BUILT_IN, *strategies))))


def listed_providers(environ: Mapping[str, str]) -> tuple[ProviderListing, ...]:
    """Return all providers of language models, ours first, with whether their keys are set."""

    def listing(name: str) -> ProviderListing:
        keys = _keys(name)
        needed = name in KEYS_OF_VENDORS or key_variable_of(name) is not None
        return ProviderListing(_named(name), _kind(name), keys, _is_set(keys, environ), needed)

    plugs = _visible(plugged.GROUP, LANGUAGE)
    return (*map(listing, LANGUAGE), *(_plugged_provider(entry, environ) for entry in plugs))


def _visible(group: str, ours: tuple[str, ...]) -> Iterator[EntryPoint]:
    """Yield the entry points of a group that no name of ours hides, the first of each name."""
    seen = set(ours)
    for entry in entry_points(group=group):
        if entry.name not in seen:
            seen.add(entry.name)
            yield entry


def _plugged_mind(entry: EntryPoint) -> MindListing:
    try:
        meaning, problem = _first(loaded(entry, "mind").__doc__), None
    except UsageError as error:
        meaning, problem = "", str(error)
    return MindListing(entry.name, "plug-in", meaning, _package(entry), problem)


def _plugged_provider(entry: EntryPoint, environ: Mapping[str, str]) -> ProviderListing:
    name, package = _named(entry.name), _package(entry)
    try:
        key = key_variable_of(entry.name)
    except UsageError as error:
        return ProviderListing(name, "plug-in", (), False, False, package, str(error))
    keys = () if key is None else (key,)
    return ProviderListing(name, "plug-in", keys, _is_set(keys, environ), bool(keys), package)


def _package(entry: EntryPoint) -> str | None:
    return None if entry.dist is None else f"{entry.dist.name} {entry.dist.version}"


def _named(provider: str) -> str:
    if provider in WEB:
        return f"{provider}://HOST/v1#MODEL"
    if provider in HERE:
        return {"gguf": "gguf:FILE"}.get(provider, provider)
    return f"{provider}:MODEL"


def _kind(provider: str) -> str:
    if provider in HERE:
        return "a model on this machine"
    if provider in NATIVE:
        return "the vendor's protocol (extra providers)"
    return "OpenAI's protocol"


def _keys(provider: str) -> tuple[str, ...]:
    if provider in NATIVE:
        return KEYS_OF_VENDORS[provider]
    if provider in (*COMPATIBLE, *WEB):
        own = key_variable_of(provider)
        return ("LLM_API_KEY",) if own is None else (own,)
    return ()


def _is_set(keys: tuple[str, ...], environ: Mapping[str, str]) -> bool:
    return any(environ.get(name, "").strip() for name in keys)


def _first(text: str | None) -> str:
    """Return the first sentence of a docstring, without its full stop."""
    return (text or "").strip().partition("\n")[0].removesuffix(".")
