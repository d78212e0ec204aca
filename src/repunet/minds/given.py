"""Minds given as Python objects: in the run file a name stands for each, so that it can go on."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from repunet.errors import UsageError
from repunet.minds.router import MindSpec
from repunet.questions.mind import Mind

OBJECT = "object"
_given: ContextVar[Mapping[str, Mind]] = ContextVar("given minds", default={})  # noqa: B039


@contextmanager
def giving(minds: Mapping[str, Mind]) -> Iterator[None]:
    """Let these objects be the minds `object:NAME`, in what is done inside."""
    token = _given.set({**_given.get(), **minds})
    try:
        yield
    finally:
        _given.reset(token)


def given(spec: MindSpec, seed: int) -> Mind:
    """Return the object that a name stands for; raises UsageError if it is not at hand."""
    found = _given.get().get(spec.variant)
    if found is None:
        raise UsageError(
            f"{spec} is an object of the Python program that began the run: go on there, as in "
            f"repunet.resume(RUN, minds={{{spec.variant!r}: MIND}})"
        )
    return found
