"""A round of every dilemma, played by a small real model on this machine: docs/performance.md.

What SmolLM2-135M-Instruct says is garbage. That it says it in the form that is asked for, how long
that takes, and how many tokens, is what is measured.
"""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from repunet.analysis.costs import total
from repunet.analysis.summary import summarise
from repunet.record.attempts import INVALID
from repunet.record.journal import Journal

SCENARIOS = ("pd", "participation", "investment", "donor")
AGENTS = 4
MODEL = "smollm2,threads=1"
PATIENT = ("--timeout", "1200", "--deadline", "2400")


@dataclass(frozen=True, slots=True)
class Played:
    """What one compact round took."""

    scenario: str
    calls: int
    unusable: int
    """Answers that were not understood, and asked for once more."""
    decisions: int
    missing: int
    taken: int
    cached: int
    given: int
    longest: int
    """Tokens of the longest answer."""
    seconds: float

    @property
    def row(self) -> str:
        """Return the line of a table."""
        share = self.cached / self.taken if self.taken else 0.0
        cells = (
            self.scenario,
            *(f"{n:,}" for n in (self.calls, self.unusable, self.decisions, self.missing)),
            f"{self.taken:,}",
            f"{share:.0%}",
            f"{self.given:,}",
            f"{self.longest:,}",
            f"{self.seconds:.0f} s",
            f"{self.given / self.seconds:.1f}",
        )
        return f"| {' | '.join(cells)} |"


def played(scenario: str, home: Path) -> Played:
    """Let the model play a round of four people in a process of its own."""
    words = (scenario, "--agents", str(AGENTS), "--rounds", "1", "--plan", "compact", *PATIENT)
    command = (str(Path(sys.executable).with_name("repunet")), "run", *words, "--model", MODEL)
    began = perf_counter()
    named = (*command, "--name", scenario, "--quiet")
    subprocess.run(named, cwd=home, check=True, stdout=subprocess.DEVNULL)
    return _read(scenario, home / "runs" / scenario / "run.sqlite", perf_counter() - began)


def _read(scenario: str, path: Path, seconds: float) -> Played:
    with Journal.open(path) as journal:
        spent, found = total(journal), summarise(journal)
        query = "SELECT coalesce(sum(status = ?), 0), coalesce(max(output), 0) FROM attempts"
        unusable, longest = journal.row(query, INVALID) or (0, 0)
    counts = spent.calls, unusable, found.decisions, found.missing
    return Played(scenario, *counts, spent.input, spent.cached, spent.output, longest, seconds)


ABOUT = f"""\
One compact round of {AGENTS} agents, full, by `--model {MODEL}`: SmolLM2-135M-Instruct in
4 bits, on one thread of two shared cores, with one slot. What this model says is garbage: these
figures say nothing of what language models do. *Unusable* answers were repaired, or are missing;
*cached* is the share of the input that the server had read before; the speed is that of all that
was written, in all the time, reading included.

| scenario | calls | unusable | decisions | missing | in | cached | out | longest | time | out / s |
|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|"""


def lines() -> Iterator[str]:
    """Yield the table of all dilemmas."""
    yield from ABOUT.splitlines()
    with TemporaryDirectory() as home:
        for scenario in SCENARIOS:
            yield played(scenario, Path(home)).row
