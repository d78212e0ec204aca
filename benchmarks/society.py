"""One run in a process of its own: prints its seconds, its memory and the size of its file."""

import asyncio
import json
import resource
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from repunet.runs.run import begin, found
from repunet.world.population import population
from repunet.world.treatment import TREATMENTS

MINDS = {"*": "embedded"}


def measure(agents: int, rounds: int) -> dict[str, float]:
    """Play the full treatment on the embedded mind and return what it took."""
    manifest = found("pd", TREATMENTS["full"], population(agents, "pd"), 1, MINDS)
    with TemporaryDirectory() as folder:
        with begin(manifest, rounds, folder=Path(folder)) as run:
            before = perf_counter()
            asyncio.run(run.play())
            seconds = perf_counter() - before
            society = run.society
        size = run.journal.path.stat().st_size
    records = sum(
        len(agent.reputations.history(target))
        for agent in society.agents.values()
        for target in agent.reputations.targets()
    )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {"seconds": seconds, "peak": peak, "records": records, "size": size}


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]), int(sys.argv[2]))))
