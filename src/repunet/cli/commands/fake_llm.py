"""The command `fake-llm`: a server to try things out with, that costs nothing and knows nothing."""

import asyncio
import signal
from contextlib import suppress
from math import isfinite
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from repunet.cli.options import Seed, Whole
from repunet.errors import UsageError
from repunet.fake_llm import FakeLLM, Faults, Settings
from repunet.fake_llm.settings import MODES

Port = Annotated[Whole, Parameter(help="Port to listen on.")]
Faulty = Annotated[str, Parameter(help="Faults and their rates: rate_limited=0.05,reset=0.02.")]


Format = Annotated[str, Parameter(help=f"Handling of the format asked for: {', '.join(MODES)}.")]


Models = Annotated[str, Parameter(help="Names of the models there are, such as a,b; default any.")]


Delay = Annotated[str, Parameter(help="Seconds an answer takes: 0.2, or varying: heavy:0.2.")]


Key = Annotated[str | None, Parameter(help="Key that alone is let in.")]


Slots = Annotated[Whole | None, Parameter(help="Number of requests worked on at once.")]


Log = Annotated[Path | None, Parameter(help="File that gets a line for every answer.")]


Usage = Annotated[bool, Parameter(help="Whether answers say how many tokens they took.")]


For = Annotated[float | None, Parameter(name="--for", help="Seconds after which to end.")]


def fake_llm(
    *,
    port: Port = 8099,
    latency: Delay = "0.2",
    seed: Seed = 1,
    faults: Faulty = "",
    response_format: Format = "honour",
    key: Key = None,
    models: Models = "",
    usage: Usage = True,
    slots: Slots = None,
    log: Log = None,
    for_: For = None,
) -> None:
    """Serve made-up answers as a language model would, to try out runs, clients and failures."""
    if for_ is not None and not (isfinite(for_) and for_ >= 0):
        raise UsageError(f"--for takes seconds, not {for_}")
    if slots is not None and slots < 1:
        raise UsageError(f"--slots takes a whole number, at least 1, not {slots}")
    settings = Settings(
        port=port,
        seed=seed,
        latency=latency,
        faults=Faults.read(faults),
        response_format=response_format,  # type: ignore[arg-type]
        key=key,
        models=tuple(filter(None, map(str.strip, models.split(",")))),
        usage=usage,
        slots=slots,
        log=log,
    )
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve(settings, for_))


async def _serve(settings: Settings, seconds: float | None) -> None:
    """Serve until the time is over or a signal comes."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError, RuntimeError, ValueError):
            loop.add_signal_handler(number, stop.set)
    async with FakeLLM(settings) as server:
        print(_greeting(server), flush=True)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), seconds)
        stats = server.stats
    print(f"answered {stats.answered} of {stats.received} requests")


def _greeting(server: FakeLLM) -> str:
    model = next(iter(server.settings.models), "fake")
    key = "" if server.settings.key is None else "LLM_API_KEY=... "
    use = f"{key}LLM_API_BASE={server.url} LLM_MODEL={model} repunet run pd"
    return f"fake-llm at {server.url}, until Ctrl-C; to use it: {use}"
