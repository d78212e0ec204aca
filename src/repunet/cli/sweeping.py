"""Playing many runs: options of a sweep, and how it is carried out."""

import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from shlex import join
from typing import Annotated

from cyclopts import Parameter

from repunet.cli.options import Json, Quiet, Storage, Whole
from repunet.cli.playing import interruptible
from repunet.cli.printing.sweep import announce, report, show, shown
from repunet.cli.spec_options import LimitOptions
from repunet.errors import Stopped
from repunet.experiment.ending import require_done
from repunet.experiment.executors import Place
from repunet.experiment.grid import Grid
from repunet.experiment.progress import Board
from repunet.experiment.stopping import Stopping
from repunet.experiment.sweep import Sweep, play, prepare, require_possible
from repunet.runs.log import command


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class SweepOptions:
    """Command-line options of a sweep."""

    jobs: Annotated[
        Whole | None,
        Parameter(
            help="Number of runs at once; default one for each processor, 16 with --on local."
        ),
    ] = None
    on: Annotated[
        Place | None,
        Parameter(
            help="Place where runs are played: this process (local, the default with language "
            "models), several processes (processes, the default without), or other machines (ray)."
        ),
    ] = None
    dry_run: Annotated[
        bool, Parameter(negative="", help="List the runs, and what there is of them; play none.")
    ] = False
    storage: Storage = None
    quiet: Quiet = False
    json: Json = False


def limited(grid: Grid, limits: LimitOptions | None) -> Grid:
    """Return the grid with limits on every run."""
    if limits is None:
        return grid
    given = limits.given()
    return replace(grid, specs=tuple(spec.merged(limits=given) for spec in grid.specs))


def play_grid(grid: Grid, options: SweepOptions, limits: LimitOptions | None) -> None:
    """Play a grid, or list its runs; say what became of them."""
    batch = limits.batch if limits else None
    with saying():
        _carry_out(prepare(grid, options.storage, os.environ), options, batch)


@contextmanager
def saying() -> Iterator[None]:
    """Let the logs of runs say this command, wherever they are played."""
    token = command.set(command.get() or join(["repunet", *sys.argv[1:]]))
    try:
        yield
    finally:
        command.reset(token)


def _carry_out(prepared: Sweep, options: SweepOptions, batch: Path | None) -> None:
    require_possible(prepared, options.on, options.jobs, batch)
    if options.dry_run:
        show(prepared, json=options.json)
        return
    if not (options.quiet or options.json):
        announce(prepared, options.on)
    board, interrupted = _played(prepared, options, batch)
    report(prepared, board, json=options.json)
    if interrupted is not None:
        raise interrupted
    require_done(board, batch)


def complete(prepared: Sweep, options: SweepOptions, batch: Path | None = None) -> Board:
    """Play all that lacks, and return what became of it; nothing is said if all is well.

    Raises Stopped or RepuNetError, after a table of them, if any run is not done.
    """
    require_possible(prepared, options.on, options.jobs, batch)
    board, interrupted = _played(prepared, options, batch)
    if interrupted or len(board.with_status("done")) < len(board.jobs):
        if not options.json:
            report(prepared, board, json=False)
        if interrupted is not None:
            raise interrupted
        require_done(board, batch)
    return board


def _played(
    prepared: Sweep, options: SweepOptions, batch: Path | None
) -> tuple[Board, Stopped | None]:
    """Play all that lacks; return what became of it, and the interruption, if there was one."""
    board = Board(prepared.jobs, prepared.before)
    try:
        _play(prepared, board, options, batch)
    except Stopped as stopped:
        return board, stopped
    return board, None


def _play(prepared: Sweep, board: Board, options: SweepOptions, batch: Path | None = None) -> None:
    stopping = Stopping()
    quiet = options.quiet or options.json
    with shown(prepared, board, quiet=quiet), interruptible(stopping.ask):
        playing = play(
            prepared, board, stopping, place=options.on, at_once=options.jobs, batch=batch
        )
        try:
            asyncio.run(playing)
        except KeyboardInterrupt:
            raise Stopped(
                "interrupted; every committed round, and every answer that was kept, is safe; to "
                "go on, repeat the command"
            ) from None
