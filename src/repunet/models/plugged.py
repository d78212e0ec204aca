"""Plug-ins: language models that other packages bring along, or that a Python program gives."""

import inspect
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Protocol

from repunet.errors import RepuNetError, UsageError, unknown
from repunet.models.request import Transport

GROUP = "repunet.models"
OBJECT = "object"
"""Provider of models that are objects of a Python program."""


class ModelMaker(Protocol):
    """Signature of an entry point of the group `repunet.models`.

    It may have an attribute `key`, the variable that holds its key.
    """

    def __call__(self, model: str, /, **settings: str) -> Transport: ...


def plugged_providers() -> tuple[str, ...]:
    """Return the providers that other packages bring along."""
    return tuple(dict.fromkeys(entry.name for entry in entry_points(group=GROUP)))


def is_plugged(provider: str) -> bool:
    """Tell whether another package brings this provider along."""
    return bool(entry_points(group=GROUP, name=provider))


def maker(provider: str) -> ModelMaker:
    """Return what makes transports to models of a plug-in; raises UsageError if it can't be had."""
    (entry, *_) = entry_points(group=GROUP, name=provider)
    found: ModelMaker = loaded(entry, "model provider")
    return found


def loaded(entry: EntryPoint, kind: str) -> Any:
    """Return what an entry point names; raises UsageError, in one line, if it can't be had."""
    try:
        made = entry.load()
        if callable(made):
            return made
        told = "it can't be called"
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - whatever a stranger's module does
        told = why(error)
    raise UsageError(f"the {kind} {entry.name} can't be used: {told} ({entry.value})") from None


def key_variable(provider: str) -> str | None:
    """Return the variable that holds the key of a plug-in, None if it names none."""
    found = getattr(maker(provider), "key", None)
    return found if isinstance(found, str) else None


def check_settings(provider: str, settings: Mapping[str, str], usual: Iterable[str]) -> None:
    """Raise UsageError for a setting that neither all models have nor this plug-in."""
    try:
        known = inspect.signature(maker(provider)).parameters.values()
    except (TypeError, ValueError):  # a callable that does not say what it takes
        return
    if any(each.kind is each.VAR_KEYWORD for each in known):
        return
    named = [each.name for each in list(known)[1:]]
    for name in settings:
        if name not in named:
            raise unknown(f"setting of {provider}", name, (*usual, *named))


def made(provider: str, model: str, settings: Mapping[str, str]) -> Transport:
    """Return a transport to a model of a plug-in; raises UsageError if it can't be made."""
    name, make = f"{provider}:{model}", maker(provider)
    try:
        transport = make(model, **settings)
    except RepuNetError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a stranger's module does
        raise UsageError(f"{name} can't be used: {why(error)}") from None
    if not is_model(transport):
        raise UsageError(f"{name} can't be used: {kind_of(transport)} has no send and close")
    return transport


def is_model(given: object) -> bool:
    """Tell whether an object has the two methods of a transport."""
    return all(callable(getattr(given, name, None)) for name in ("send", "close"))


def about(transport: Transport) -> dict[str, Any]:
    """Return what a transport says that its answers depend on, as JSON values, if it does."""
    say = getattr(transport, "describe", None)
    if say is None:
        return {}
    try:
        found = json.loads(json.dumps(say(), allow_nan=False))
    except (TypeError, ValueError):
        found = None
    if not isinstance(found, dict):
        raise UsageError(f"{kind_of(transport)}.describe() has to return a dict of JSON values")
    return found


# Objects ------------------------------------------------------------------------------------------

_given: ContextVar[Mapping[str, Transport]] = ContextVar("given models", default={})  # noqa: B039


@contextmanager
def giving_models(models: Mapping[str, Transport]) -> Iterator[None]:
    """Let these objects be the models `object:NAME`, in what is done inside."""
    token = _given.set({**_given.get(), **models})
    try:
        yield
    finally:
        _given.reset(token)


def given_model(name: str) -> Transport | None:
    """Return the object that a name stands for, None if it is not at hand."""
    return _given.get().get(name)


def kind_of(value: object) -> str:
    """Return the name of a value's type."""
    return type(value).__name__


def why(error: BaseException) -> str:
    """Return in one line what an error says, and of which kind it is."""
    said = " ".join(str(error).split())
    return f"{kind_of(error)}: {said}" if said else kind_of(error)
