"""Executors: ways to play many runs, in this process, in others, or on other machines."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import Literal, Protocol, TypeAlias, cast, get_args

from repunet.experiment.cell import Job
from repunet.experiment.progress import Board
from repunet.experiment.stopping import Stopping
from repunet.system.extras import missing

Place: TypeAlias = Literal["local", "processes", "ray"]
PLACES: tuple[Place, ...] = get_args(Place)


class Executor(Protocol):
    """Interface of what plays runs, in order, and reports what becomes of them."""

    async def play(self, jobs: Sequence[Job], board: Board) -> None:
        """Play all of them; once it is to stop, the rest is left as it is."""
        ...


Opener: TypeAlias = Callable[[Stopping, int | None], AbstractAsyncContextManager[Executor]]
"""Holds an executor that plays so many runs at once, None for as many as suit it."""


@asynccontextmanager
async def elsewhere(
    place: Place, stopping: Stopping, at_once: int | None
) -> AsyncIterator[Executor]:
    """Hold processes that play, on this machine or on others."""
    async with _opened(place)(stopping, at_once) as executor:
        yield executor


def _opened(place: Place) -> Opener:
    if place == "ray":
        require_ray()
        return cast(Opener, import_module("repunet.experiment.distributed").on_ray)
    return cast(Opener, import_module("repunet.experiment.processes").in_processes)


def require_ray() -> None:
    """Raise UsageError if Ray is not installed."""
    if find_spec("ray") is None:
        raise missing("--on ray needs Ray", "ray")
