"""A server for a model on this machine: llama.cpp, on a GGUF file, for as long as it is needed."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from threading import Event, Thread
from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener

from repunet.errors import RepuNetError
from repunet.models.failure import Failure, Permanent, Transient
from repunet.models.gguf import checked
from repunet.models.learnt import Learnt
from repunet.models.request import OutputMode, Reply, Request, Transport
from repunet.models.serving import USUAL, Serving
from repunet.system.extras import missing

CACHE = 256
"""Megabytes for prompts that may come again."""
TAIL = 8192
"""How many bytes of what a server complains of are kept."""
POLL = 0.05
DYING = 1.0
"""Seconds in which a process ends whose connections have."""
COMPLAINTS = ("error loading model", "failed to allocate", "out of memory", "unable to allocate")
KILLED = -9


class Server:
    """A process that serves one model."""

    def __init__(self, path: Path, process: Process) -> None:
        self.url = ""
        self._path = path
        self._process = process
        self._said = bytearray()
        self._listening = asyncio.create_task(self._listen())

    @property
    def runs(self) -> bool:
        """Return whether it has not ended."""
        return self._process.returncode is None

    async def find(self) -> None:
        """Wait for it to say where it is; raises RepuNetError if it ends before."""
        assert self._process.stdout is not None
        if line := (await self._process.stdout.readline()).decode().strip():
            self.url = f"{line}/v1"
            return
        await self._process.wait()
        raise RepuNetError(await self.last_words())

    async def has_ended(self) -> bool:
        """Return whether it has ended, or does so now."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), DYING)
        return not self.runs

    async def last_words(self) -> str:
        """Return why it ended, now that it has."""
        await self._listening
        said = [line for line in self._said.decode("utf-8", "replace").split("\n") if line.strip()]
        about = [line for line in said if any(each in line for each in COMPLAINTS)]
        code = self._process.returncode
        ended = "it was killed, perhaps for want of memory" if code == KILLED else f"code {code}"
        reason = [*about[:1], *said[-1:], ended][0].rpartition(" E ")[2].strip()
        return f'the server for "{self._path}" ended: {reason}'

    async def end(self) -> None:
        """End it, if it has not ended."""
        if self.runs:
            with suppress(ProcessLookupError):
                self._process.kill()
        await self._process.wait()
        await self._listening

    async def _listen(self) -> None:
        """Read what it complains of, so that it never waits for a reader."""
        assert self._process.stderr is not None
        while chunk := await self._process.stderr.read(2**16):
            self._said += chunk
            del self._said[:-TAIL]


@asynccontextmanager
async def served(path: Path, serving: Serving = USUAL) -> AsyncIterator[Server]:
    """Serve the model in a GGUF file, by an API like OpenAI's.

    The server is a process of its own, which ends with this context or with this process, whichever
    is first. It listens to this machine alone.

    Args:
        path: The GGUF file; of a model in several files, the first.
        serving: How many requests it answers at once, with how much room and how many threads. On
            a machine with much else to do, fewer threads are faster: they wait for each other.

    Raises:
        UsageError: The file can't be served, or xllamacpp is not installed.
        RepuNetError: The server ended before it was ready.
    """
    require(path)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "repunet.models.local", str(path.absolute())),
        *map(str, (serving.at_once, serving.workers, serving.room)),
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        start_new_session=True,  # Ctrl-C is for the run, which may still have questions
    )
    server = Server(path, process)
    try:
        await server.find()
        yield server
    finally:
        await server.end()


def require(path: Path) -> None:
    """Raise UsageError for what can be seen without a server: a wrong file, nothing to serve it."""
    checked(path)
    if find_spec("xllamacpp") is None:
        raise missing("a model on this machine needs xllamacpp", "local")


# Several runs, one server -----------------------------------------------------------------------


@dataclass(slots=True)
class Pool:
    """Servers that several runs share: each is started once, and ends with the pool."""

    stack: AsyncExitStack
    servers: dict[tuple[Path, Serving], Server] = field(default_factory=dict)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def server(self, path: Path, serving: Serving) -> Server:
        """Return the server of a model, which is started if it isn't there, or not any more."""
        async with self.turn:
            known = self.servers.get((path, serving))
            if known is None or not known.runs:
                known = await self.stack.enter_async_context(served(path, serving))
                self.servers[path, serving] = known
            return known


_pool: ContextVar[Pool | None] = ContextVar("pool", default=None)


@asynccontextmanager
async def pooled() -> AsyncIterator[None]:
    """Let every run in the block ask the same servers, which end with it."""
    async with AsyncExitStack() as stack:
        token = _pool.set(Pool(stack))
        try:
            yield
        finally:
            _pool.reset(token)


@asynccontextmanager
async def at_hand(path: Path, serving: Serving) -> AsyncIterator[Server]:
    """Serve a model for one run, or have it served by the server that several runs share."""
    pool = _pool.get()
    if pool is not None:
        yield await pool.server(path, serving)
        return
    async with served(path, serving) as server:
        yield server


class LocalTransport:
    """Sends requests to a server on this machine, and tells its last words if it has ended."""

    def __init__(self, transport: Transport, server: Server) -> None:
        self._transport = transport
        self._server = server

    @property
    def dropped(self) -> set[str]:
        """Return the parameters that the server does not know."""
        found: set[str] = getattr(self._transport, "dropped", set())
        return found

    @property
    def learnt(self) -> Learnt | None:
        """Return what the server was found to take."""
        return getattr(self._transport, "learnt", None)

    async def send(self, request: Request, mode: OutputMode, at: str) -> Reply:
        """Send one request; a server that has ended answers none of them ever again."""
        try:
            return await self._transport.send(request, mode, at)
        except Transient as failure:
            failed: Failure = failure
        if await self._server.has_ended():
            failed = Permanent(await self._server.last_words())
        raise failed

    async def close(self) -> None:
        """Close the connections."""
        await self._transport.close()


# What follows runs in the process of the server.


def _serve(path: str, slots: int, threads: int, room: int) -> None:
    """Load a model, say where it is served, and wait to be ended."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever llama.cpp prints is noise
    Thread(target=_end_with_parent, daemon=True).start()
    xllamacpp = import_module("xllamacpp")
    params = xllamacpp.CommonParams()
    params.model.path, params.model_alias = path, {Path(path).stem}
    params.hostnames, params.port = ["127.0.0.1"], 0
    params.n_parallel, params.n_ctx = slots, slots * room
    params.cpuparams.n_threads = threads
    params.use_jinja, params.warmup, params.verbosity = True, False, 1
    params.ui = params.endpoint_slots = False
    params.cache_ram_mib = CACHE
    server = xllamacpp.Server(params)
    _wait(server.listening_address)
    print(server.listening_address, file=out, flush=True)
    Event().wait()


def _end_with_parent() -> None:
    """End this process when the pipe from its parent closes, as it does however the parent ends."""
    while os.read(0, 1):
        pass
    os._exit(0)


def _wait(address: str) -> None:
    """Wait until the server is well."""
    opener = build_opener(ProxyHandler({}))
    while True:
        try:
            opener.open(f"{address}/health").close()
        except HTTPError:
            Event().wait(POLL)
        else:
            return


if __name__ == "__main__":
    _serve(sys.argv[1], *map(int, sys.argv[2:]))
