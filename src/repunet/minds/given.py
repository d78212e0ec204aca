"""Minds and models given as Python objects: a name stands for each, so that a run can go on."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeAlias, cast

from repunet.errors import UsageError
from repunet.minds.language.mind import language
from repunet.minds.router import MindSpec, require_mind
from repunet.models.plugged import OBJECT, given_model, giving_models, is_model, kind_of
from repunet.models.request import Transport
from repunet.questions.mind import Mind

Given: TypeAlias = Mind | Transport
"""Object that decides: a mind, or a model that is asked in words."""
_given: ContextVar[Mapping[str, Mind]] = ContextVar("given minds", default={})  # noqa: B039


@contextmanager
def giving(objects: Mapping[str, Given]) -> Iterator[None]:
    """Let these objects be the minds `object:NAME`, in what is done inside."""
    models = {name: cast(Transport, each) for name, each in objects.items() if _asked(each)}
    minds = {name: cast(Mind, each) for name, each in objects.items() if name not in models}
    for name, mind in minds.items():
        require_mind(mind, name)
    token = _given.set({**_given.get(), **minds})
    try:
        with giving_models(models):
            yield
    finally:
        _given.reset(token)


def given(spec: MindSpec, seed: int) -> Mind:
    """Return the object that a name stands for; raises UsageError if it is not at hand."""
    if given_model(spec.variant) is not None:
        return language(spec, seed)
    found = _given.get().get(spec.variant)
    if found is None:
        name = spec.variant or "NAME"
        raise UsageError(
            f"{OBJECT}:{name} is an object of the Python program that began the run: go on there, "
            f"as in repunet.resume(RUN, minds={{{name!r}: OBJECT}})"
        )
    if spec.settings:
        raise UsageError(f"the mind {OBJECT}:{spec.variant} has no settings: not {str(spec)!r}")
    return found


def name_of(given: Given) -> str:
    """Return what an object is called in the run file: a model without a name, as its class."""
    name = getattr(given, "name", kind_of(given) if _asked(given) else None)
    if not isinstance(name, str):
        raise UsageError(f"{kind_of(given)} is no mind and no model: it has no name")
    if not name.strip() or set(name) & set(",=:") or not name.isprintable():
        raise UsageError(f"a mind's name has none of the signs , = : in it, as {name!r} has")
    if not _asked(given):
        require_mind(given, name)
    return name


def _asked(given: object) -> bool:
    """Tell whether an object is a model, which is asked in words."""
    return is_model(given) and not hasattr(given, "answer")
