"""The switchboard: from the name of a model to a line that reaches it."""

import os
from collections.abc import AsyncIterator, Iterable
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    nullcontext,
    suppress,
)
from typing import Any, Protocol, runtime_checkable

from repunet.errors import Stopped
from repunet.minds.language.correspondence import Correspondence, learnt_of
from repunet.minds.language.line import Line
from repunet.models.allowance import Allowance
from repunet.models.connections import connections
from repunet.models.endpoint import NATIVE, NO_KEY, PERSON, Endpoint, address, key, key_variables
from repunet.models.ladder import Ladder
from repunet.models.learnt import Learnt, learnt
from repunet.models.person import Person
from repunet.models.prices import price_of
from repunet.models.request import RUNGS, Reply, Request, Rung, Transport
from repunet.models.secrets import known as known_secrets
from repunet.models.serving import HERE, Serving
from repunet.models.throttle import throttle
from repunet.models.vendors import known as known_of


@runtime_checkable
class Correspondent(Protocol):
    """A mind at the other end of a line: its answers can't be computed again."""

    def connected(self, correspondence: Correspondence, /) -> AbstractAsyncContextManager[None]:
        """Hold a line to it."""
        ...


@asynccontextmanager
async def all_connected(
    minds: Iterable[object], correspondence: Correspondence | None
) -> AsyncIterator[None]:
    """Hold lines to all minds that need one."""
    async with AsyncExitStack() as stack:
        for mind in minds:
            if correspondence is not None and isinstance(mind, Correspondent):
                await stack.enter_async_context(mind.connected(correspondence))
        yield


def at_once(endpoint: Endpoint, allowance: Allowance) -> int | None:
    """Return how many requests an endpoint works on at once; None where it does not say."""
    if endpoint.provider in HERE:
        return served_as(endpoint, allowance).at_once
    return 1 if endpoint.provider == PERSON else None


def served_as(endpoint: Endpoint, allowance: Allowance) -> Serving:
    """Return how a model on this machine is served: as its name says, else as the run does."""
    return endpoint.serving.otherwise(Serving(threads=allowance.threads, slots=allowance.slots))


class Unsent:
    """Stands for the server while requests go into a file."""

    async def send(self, request: Request, rung: Rung, at: str) -> Reply:
        raise RuntimeError("requests of a batch are put into a file")

    async def close(self) -> None:
        """Do nothing: nothing is open."""


@asynccontextmanager
async def connected(endpoint: Endpoint, correspondence: Correspondence) -> AsyncIterator[Line]:
    """Hold a line to an endpoint; raises UsageError if it lacks a key, a file or a package."""
    journal, remembered = correspondence.log.journal, f"rung of {endpoint.name}"
    known = next((rung for rung in RUNGS if rung == journal.meta(remembered)), None)
    ladder = Ladder(known)
    async with _way(endpoint, correspondence) as transport:
        _learnt(endpoint).recall(journal.meta(learnt_of(endpoint.name)))
        where = f"{endpoint.provider} {endpoint.url}"
        most = at_once(endpoint, correspondence.allowance)
        paced = throttle(where, correspondence.allowance, most=most or connections())
        costs = price_of(endpoint, correspondence.prices)
        try:
            secrets = _secrets(endpoint)
            yield Line(endpoint.name, transport, correspondence, paced, ladder, costs, secrets)
        finally:
            if ladder.settled and ladder.rung != known:
                with suppress(Stopped):  # it can be found out again
                    journal.note(remembered, ladder.rung)


@asynccontextmanager
async def reached(endpoint: Endpoint, allowance: Allowance) -> AsyncIterator[Transport]:
    """Hold the way to an endpoint; raises UsageError if it lacks a key, a file or a package."""
    async with AsyncExitStack() as stack:
        transport = await _transport(endpoint, allowance, stack)
        stack.push_async_callback(transport.close)
        yield transport


def _secrets(endpoint: Endpoint) -> tuple[str, ...]:
    """Return the keys with which an endpoint may be asked."""
    if endpoint.provider in NATIVE:
        return known_secrets(os.environ)
    return tuple(os.environ.get(name, "").strip() for name in key_variables(endpoint, os.environ))


def _way(endpoint: Endpoint, correspondence: Correspondence) -> AbstractAsyncContextManager[Any]:
    if endpoint.provider == PERSON:
        return nullcontext(Person())
    if correspondence.batch is not None:
        return nullcontext(Unsent())
    return reached(endpoint, correspondence.allowance)


async def _transport(endpoint: Endpoint, allowance: Allowance, stack: AsyncExitStack) -> Transport:
    if endpoint.provider in NATIVE:
        from repunet.models.native import NativeTransport

        return NativeTransport(
            endpoint.provider,
            endpoint.model,
            timeout=allowance.timeout,
            learnt=_learnt(endpoint),
        )
    from repunet.models.openai import OpenAITransport

    if endpoint.provider in HERE:
        from repunet.models.local import LocalTransport, at_hand

        serving = served_as(endpoint, allowance)
        server = await stack.enter_async_context(at_hand(endpoint.path, serving))
        transport = OpenAITransport(
            endpoint.model, server.url, NO_KEY, allowance.deadline, _learnt(endpoint)
        )
        return LocalTransport(transport, server)
    url, secret = address(endpoint), key(endpoint, os.environ)
    return OpenAITransport(endpoint.model, url, secret, allowance.timeout, _learnt(endpoint))


def _learnt(endpoint: Endpoint) -> Learnt:
    where = f"{endpoint.name} {endpoint.url}"
    return learnt(where, known_of(endpoint.provider, endpoint.model))
