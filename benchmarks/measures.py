"""All measures of one run, in a process of its own: prints how long each took, with its tables."""

import asyncio
import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from repunet.analysis.measures.catalogue import MEASURES, measured
from repunet.analysis.measures.measure import RoundSpan
from repunet.analysis.tables.frames import Frames, open_frames
from repunet.runs.run import begin, found
from repunet.world.population import population
from repunet.world.treatment import TREATMENTS

MINDS = {"*": "embedded"}


def played(agents: int, rounds: int, folder: Path) -> Path:
    """Play the full treatment on the embedded mind and return the run file."""
    manifest = found("pd", TREATMENTS["full"], population(agents, "pd"), 1, MINDS)
    with begin(manifest, rounds, folder=folder) as run:
        asyncio.run(run.play())
    return run.journal.path


def timed(path: Path) -> dict[str, float]:
    """Return how long each measure of a run took, and all of them, from its file on.

    The first measure that needs a table waits for it.
    """
    before = perf_counter()
    frames = open_frames(path)
    fitting = [name for name, measure in MEASURES.items() if measure.fits(frames.scenario)]
    each = {name: _seconds(frames, name) for name in fitting}
    return {**each, "all": perf_counter() - before}


def _seconds(frames: Frames, name: str) -> float:
    before = perf_counter()
    measured(frames, RoundSpan.end(frames), [name])
    return perf_counter() - before


if __name__ == "__main__":
    with TemporaryDirectory() as home:
        print(json.dumps(timed(played(int(sys.argv[1]), int(sys.argv[2]), Path(home)))))
