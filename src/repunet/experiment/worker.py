"""A process that plays runs for another one: a run on every line that comes in.

It writes a line for every round (`round 3`) and for what became of a run (`outcome {...}`). It ends
when nothing more comes in; if that is because the other process died, after the round at hand.
"""

import asyncio
import os
import signal
import sys
from queue import SimpleQueue
from threading import Thread
from typing import TextIO

from repunet.experiment.cell import Job
from repunet.experiment.playing import play
from repunet.experiment.processes import STOP
from repunet.experiment.stopping import Stopping


def main() -> None:
    """Play what comes in until nothing more does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the other process decides
    out = _own_output()
    jobs: SimpleQueue[Job | None] = SimpleQueue()
    stopping = Stopping()
    Thread(target=_listen, args=(jobs, stopping), daemon=True).start()
    while (job := jobs.get()) is not None:
        outcome = asyncio.run(play(job, lambda _, number: _tell(out, f"round {number}"), stopping))
        _tell(out, f"outcome {outcome.to_json()}")


def _tell(out: TextIO, line: str) -> None:
    """Tell the other process something, if it is still there."""
    try:
        print(line, file=out, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), out.fileno())


def _own_output() -> TextIO:
    """Return the way to the other process; what anybody else prints goes among the errors."""
    out = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return out


def _listen(jobs: "SimpleQueue[Job | None]", stopping: Stopping) -> None:
    for line in sys.stdin:
        if line.strip() == STOP:
            stopping.ask()
        else:
            jobs.put(Job.from_json(line))
    stopping.ask()
    jobs.put(None)


if __name__ == "__main__":
    main()
