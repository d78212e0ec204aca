"""Playing a run: announced, shown while it plays, and stopped by a signal."""

import asyncio
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from repunet.analysis.makers import minds_of
from repunet.analysis.summary import summarise
from repunet.cli.printing.console import say
from repunet.cli.printing.formats import disclaimer
from repunet.cli.printing.progress import progress
from repunet.cli.printing.summary import report
from repunet.errors import Stopped
from repunet.record.storage import called
from repunet.runs.log import logged
from repunet.runs.run import Run, Watcher
from repunet.system.terminal import tell
from repunet.world.event import Event
from repunet.world.society import Society

STOPPING = (signal.SIGINT, signal.SIGTERM)


def announce(run: Run, *, quiet: bool) -> None:
    """Say what will be played, and by which minds."""
    if not quiet:
        manifest = run.manifest
        say(
            f"{manifest.scenario}, {run.treatment}, {len(manifest.personas)} agents, "
            f"seed {manifest.seed}; {disclaimer(minds_of(run.journal))}"
        )
        for warning in run.warnings:
            say(f"warning: {warning}")


def play_and_report(run: Run, *, quiet: bool, json: bool) -> None:
    """Play a run and print what came out; for a script, that of a run that was stopped, too."""
    try:
        play_out(run, quiet=quiet or json)
    except Stopped:
        if json:
            report([summarise(run.journal)], json=True)
        raise
    report([summarise(run.journal)], json=json)


def play_out(run: Run, *, quiet: bool, until: int | None = None) -> None:
    """Play a run to its planned end, to another round, or to the end of the one interrupted.

    It is written down in the run's log.
    """
    with (
        logged(run, run.warnings) as note,
        progress(run, quiet=quiet) as watch,
        interruptible(run.interrupt) as interrupts,
    ):
        if not quiet:
            run.on_notice(lambda told: tell(f"note: {told}"))

        def over() -> bool:
            return until is not None and run.journal.rounds >= until

        try:
            asyncio.run(run.play(_both(note, watch), stop=lambda: bool(interrupts) or over()))
        except Stopped:
            if not over():
                raise
        except KeyboardInterrupt:
            raise Stopped(
                "interrupted; every committed round, and every answer that was kept, is safe; to "
                f"go on: repunet resume {called(run.journal.path)}"
            ) from None


def _both(one: Watcher, other: Watcher) -> Watcher:
    def watch(number: int, events: Sequence[Event], society: Society) -> None:
        one(number, events, society)
        other(number, events, society)

    return watch


@contextmanager
def interruptible(end: Callable[[], object]) -> Iterator[list[int]]:
    """Let the first Ctrl-C or SIGTERM end what plays resumably, the second at once.

    Yields the signals that have come.
    """
    signals: list[int] = []

    def interrupt(number: int, _: FrameType | None) -> None:
        if signals:
            raise KeyboardInterrupt
        signals.append(number)
        end()

    before = {number: signal.signal(number, interrupt) for number in STOPPING}
    try:
        yield signals
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
