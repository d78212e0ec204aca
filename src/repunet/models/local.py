"""A server for a model on this machine: llama.cpp, on a GGUF file, for as long as it is needed."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from threading import Event, Thread
from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener

from repunet.errors import RepuNetError, UsageError
from repunet.extras import missing

ROOM = 8192
"""Tokens of context for each request in flight; llama.cpp gives fewer where the model has fewer."""
CACHE = 2048
"""Megabytes for prompts that may come again."""
MAGIC = b"GGUF"
TAIL = 8192
"""How many bytes of what a server complains of are kept."""
POLL = 0.05


@asynccontextmanager
async def served(path: Path, *, slots: int = 4, threads: int | None = None) -> AsyncIterator[str]:
    """Serve the model in a GGUF file, and yield the base URL of an API like OpenAI's.

    The server is a process of its own, which ends with this context or with this process, whichever
    is first. It listens to this machine alone.

    Args:
        path: The GGUF file; of a model in several files, the first.
        slots: How many requests it answers at once, each with `ROOM` tokens.
        threads: Those it computes with; as many as there are processors where none are named. On a
            machine with much else to do, fewer are faster: they wait for each other.

    Raises:
        UsageError: There is no such file, it isn't a GGUF file, or xllamacpp is not installed.
        RepuNetError: The server ended before it was ready.
    """
    _check(path)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "repunet.models.local", str(path.absolute())),
        *(str(slots), str(threads or len(os.sched_getaffinity(0)))),
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        start_new_session=True,  # Ctrl-C is for the run, which may still have questions
    )
    said = bytearray()
    listening = asyncio.create_task(_listen(process, said))
    try:
        yield await _address(process, listening, said, path)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await listening


def _check(path: Path) -> None:
    """Complain of what can be seen without a server."""
    if not path.is_file():
        raise UsageError(f'no file "{path}": name a model in a GGUF file')
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise UsageError(f'"{path}" is not a GGUF file')
    if find_spec("xllamacpp") is None:
        raise missing("a model on this machine needs xllamacpp", "local")


async def _listen(process: Process, said: bytearray) -> None:
    """Read what the server complains of, so that it never waits for a reader."""
    assert process.stderr is not None
    while chunk := await process.stderr.read(2**16):
        said += chunk
        del said[:-TAIL]


async def _address(
    process: Process, listening: asyncio.Task[None], said: bytearray, path: Path
) -> str:
    """Wait for the server to say where it is, and return that."""
    assert process.stdout is not None
    if line := (await process.stdout.readline()).decode().strip():
        return f"{line}/v1"
    await process.wait()
    await listening
    lines = [
        f"it returned {process.returncode}",
        *filter(None, said.decode("utf-8", "replace").split("\n")),
    ]
    reason = next((line for line in lines if "error loading model" in line), lines[-1])
    raise RepuNetError(f'the server for "{path}" ended: {reason.rpartition(" E ")[2].strip()}')


# What follows runs in the process of the server.


def _serve(path: str, slots: int, threads: int) -> None:
    """Load a model, say where it is served, and wait to be ended."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever llama.cpp prints is noise
    Thread(target=_end_with_parent, daemon=True).start()
    xllamacpp = import_module("xllamacpp")
    params = xllamacpp.CommonParams()
    params.model.path = path
    params.hostnames, params.port = ["127.0.0.1"], 0
    params.n_parallel, params.n_ctx = slots, slots * ROOM
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
    _serve(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
