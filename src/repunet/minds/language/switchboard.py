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
from repunet.minds.language.correspondence import Correspondence
from repunet.minds.language.line import Line
from repunet.models.endpoint import FILE, NATIVE, PERSON, Endpoint, address, key
from repunet.models.ladder import Ladder
from repunet.models.person import Person
from repunet.models.prices import price_of
from repunet.models.request import RUNGS, Reply, Request, Rung, Transport
from repunet.models.throttle import throttle


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


SLOTS = 4
"""Requests that a server on this machine works on at once."""
AT_ONCE = {FILE: SLOTS, PERSON: 1}


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
        where = f"{endpoint.provider} {endpoint.url}"
        most = AT_ONCE.get(endpoint.provider)
        paced = throttle(where, correspondence.allowance, most=most)
        costs = price_of(endpoint, correspondence.prices)
        try:
            yield Line(endpoint.name, transport, correspondence, paced, ladder, costs)
        finally:
            if ladder.settled and ladder.rung != known:
                with suppress(Stopped):  # it can be found out again
                    journal.note(remembered, ladder.rung)


@asynccontextmanager
async def reached(endpoint: Endpoint, timeout: float) -> AsyncIterator[Transport]:
    """Hold the way to an endpoint; raises UsageError if it lacks a key, a file or a package."""
    async with AsyncExitStack() as stack:
        transport = await _transport(endpoint, timeout, stack)
        stack.push_async_callback(transport.close)
        yield transport


def _way(endpoint: Endpoint, correspondence: Correspondence) -> AbstractAsyncContextManager[Any]:
    if endpoint.provider == PERSON:
        return nullcontext(Person())
    if correspondence.batch is not None:
        return nullcontext(Unsent())
    return reached(endpoint, correspondence.allowance.timeout)


async def _transport(endpoint: Endpoint, timeout: float, stack: AsyncExitStack) -> Transport:
    if endpoint.provider in NATIVE:
        from repunet.models.native import NativeTransport

        return NativeTransport(endpoint.provider, endpoint.model, timeout=timeout)
    if endpoint.provider == FILE:
        from repunet.models.local import served

        url: str | None = await stack.enter_async_context(served(endpoint.path, slots=SLOTS))
    else:
        url = address(endpoint)
    from repunet.models.openai import OpenAITransport

    return OpenAITransport(endpoint.model, url, key(endpoint, os.environ), timeout)
