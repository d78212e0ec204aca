"""Connecting: from the name of a model to a client of its endpoint."""

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

from repunet.errors import Stopped, UsageError
from repunet.minds.language.client import ModelClient
from repunet.minds.language.session import ModelSession, learnt_of
from repunet.models.allowance import Allowance
from repunet.models.endpoint import NATIVE, NO_KEY, PERSON, Endpoint, address, key, key_variables
from repunet.models.file_limits import connections
from repunet.models.guarded import GuardedTransport
from repunet.models.learnt import Learnt, learnt
from repunet.models.output_mode import NegotiatedMode
from repunet.models.person import PersonTransport
from repunet.models.plugged import OBJECT, given_model, made
from repunet.models.prices import price_of
from repunet.models.redaction import known as known_secrets
from repunet.models.request import OUTPUT_MODES, OutputMode, Reply, Request, Transport
from repunet.models.serving import HERE, Serving
from repunet.models.throttle import throttle
from repunet.models.vendors import known as known_of


@runtime_checkable
class RemoteMind(Protocol):
    """Mind elsewhere: its answers can't be computed again."""

    def connected(self, session: ModelSession, /) -> AbstractAsyncContextManager[None]:
        """Stay connected to it."""
        ...


@asynccontextmanager
async def all_connected(
    minds: Iterable[object], session: ModelSession | None
) -> AsyncIterator[None]:
    """Connect all minds that need it."""
    async with AsyncExitStack() as stack:
        for mind in minds:
            if session is not None and isinstance(mind, RemoteMind):
                await stack.enter_async_context(mind.connected(session))
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
    """Transport that sends nothing, while requests go into a file."""

    async def send(self, request: Request, mode: OutputMode, at: str) -> Reply:
        raise RuntimeError("requests of a batch are put into a file")

    async def close(self) -> None:
        """Do nothing: nothing is open."""


@asynccontextmanager
async def connected(endpoint: Endpoint, session: ModelSession) -> AsyncIterator[ModelClient]:
    """Stay connected to an endpoint; raises UsageError if it lacks a key, a file or a package."""
    journal, remembered = session.log.journal, f"rung of {endpoint.name}"
    known = next((mode for mode in OUTPUT_MODES if mode == journal.meta(remembered)), None)
    negotiated = NegotiatedMode(known)
    async with _way(endpoint, session) as transport:
        _learnt(endpoint).recall(journal.meta(learnt_of(endpoint.name)))
        where = f"{endpoint.provider} {endpoint.url}"
        most = at_once(endpoint, session.allowance)
        paced = throttle(where, session.allowance, most=most or connections())
        costs = price_of(endpoint, session.prices)
        try:
            secrets = _secrets(endpoint)
            yield ModelClient(endpoint.name, transport, session, paced, negotiated, costs, secrets)
        finally:
            if negotiated.settled and negotiated.mode != known:
                with suppress(Stopped):  # it can be found out again
                    journal.note(remembered, negotiated.mode)


@asynccontextmanager
async def reached(endpoint: Endpoint, allowance: Allowance) -> AsyncIterator[Transport]:
    """Hold the way to an endpoint; raises UsageError if it lacks a key, a file or a package."""
    async with AsyncExitStack() as stack:
        transport = await _transport(endpoint, allowance, stack)
        stack.push_async_callback(transport.close)
        yield transport


def _secrets(endpoint: Endpoint) -> tuple[str, ...]:
    """Return the keys with which an endpoint may be asked."""
    if endpoint.provider in NATIVE or endpoint.is_foreign:
        own = (os.environ.get(name, "") for name in key_variables(endpoint, os.environ))
        return (*known_secrets(os.environ), *filter(None, own))
    return tuple(os.environ.get(name, "").strip() for name in key_variables(endpoint, os.environ))


def _way(endpoint: Endpoint, session: ModelSession) -> AbstractAsyncContextManager[Any]:
    if endpoint.provider == PERSON:
        return nullcontext(PersonTransport())
    if session.batch is not None:
        return nullcontext(Unsent())
    return reached(endpoint, session.allowance)


async def _transport(endpoint: Endpoint, allowance: Allowance, stack: AsyncExitStack) -> Transport:
    if endpoint.provider in NATIVE:
        from repunet.models.native import NativeTransport

        return NativeTransport(
            endpoint.provider,
            endpoint.model,
            timeout=allowance.timeout,
            learnt=_learnt(endpoint),
        )
    if endpoint.is_foreign:
        return GuardedTransport(foreign(endpoint), _secrets(endpoint))
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


def foreign(endpoint: Endpoint) -> Transport:
    """Return the transport of a plug-in, or an object; raises UsageError if it can't be had."""
    if endpoint.provider != OBJECT:
        return made(endpoint.provider, endpoint.model, dict(endpoint.own))
    found = given_model(endpoint.model)
    if found is None:
        raise UsageError(f"{endpoint.name} is an object of the Python program that began the run")
    return found


def _learnt(endpoint: Endpoint) -> Learnt:
    where = f"{endpoint.name} {endpoint.url}"
    return learnt(where, known_of(endpoint.provider, endpoint.model))
