"""Measure, print, and write the figures into docs/benchmarks.md: `make bench`."""

import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from benchmarks import results

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
REPEATS = 7
MB = 1e6


def seconds(*command: str) -> float:
    """Return how long a command takes, start and end of its process included."""
    with TemporaryDirectory() as folder:
        before = perf_counter()
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.run(command, check=True, cwd=folder, **quiet)  # type: ignore[call-overload]
        return perf_counter() - before


def repeated(measure: Callable[[], float]) -> float:
    """Return the median of several measurements."""
    return median(measure() for _ in range(REPEATS))


def society(agents: int, rounds: int) -> dict[str, float]:
    """Return what one run took, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.society", str(agents), str(rounds)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    measured: dict[str, float] = json.loads(printed)
    return measured


def scale(sizes: tuple[int, ...], rounds: int, times: int) -> dict[int, dict[str, float]]:
    """Return the medians of runs of several sizes, which take turns on the noisy machine."""
    runs: dict[int, list[dict[str, float]]] = {size: [] for size in sizes}
    for _ in range(times):
        for size in sizes:
            runs[size].append(society(size, rounds))
    return {
        size: {key: median(run[key] for run in measured) for key in measured[0]}
        for size, measured in runs.items()
    }


def start_up() -> list[str]:
    """Return the lines about starting."""
    python, repunet = sys.executable, str(Path(sys.executable).with_name("repunet"))
    bare = repeated(lambda: seconds(python, "-c", "pass"))
    imported = repeated(lambda: seconds(python, "-c", "import repunet"))
    helped = repeated(lambda: seconds(repunet, "--help"))
    play = (repunet, "run", "pd", "--rounds", "60", "--mind", "embedded", "--quiet")
    played = repeated(lambda: seconds(*play))
    beyond = max(0.0, imported - bare)
    return [
        f"| `import repunet`, beyond Python's own {bare:.3f} s | {beyond:.3f} s | < 0.15 s |",
        f"| `repunet --help`, whole process | {helped:.2f} s | < 0.3 s |",
        f"| 20 agents x 60 rounds with the run file, whole process | {played:.2f} s | < 1.5 s |",
    ]


def growth() -> list[str]:
    """Return the lines about size."""
    rounds = 20
    measured = scale((20, 500, 1000, 2000), rounds, 3)
    each = {n: 1e6 * m["seconds"] / n / rounds for n, m in measured.items()}
    lines = [
        f"| one agent-round among {n} agents | {each[n]:.0f} microseconds | |" for n in measured
    ]
    lines.append(
        f"| an agent-round among 2000, against one among 20 | {each[2000] / each[20]:.2f} times "
        "| at most 1.5 times |"
    )
    base = measured[20]
    for n in (500, 1000, 2000):
        peak = (measured[n]["peak"] - base["peak"]) / (n - 20) / 1000
        records = measured[n]["records"] / n
        lines.append(
            f"| memory for each agent more, {n} agents, {rounds} rounds, {records:.0f} versions of "
            f"records each | {peak:.0f} kB | linear: the same |"
        )
    file = society(20, 20)["size"] / MB
    lines.append(f"| run file, 20 agents x 20 rounds | {file:.1f} MB | |")
    return lines


def measures(agents: int, rounds: int) -> list[str]:
    """Return the line about measures: of one run, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.measures", str(agents), str(rounds)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    taken = json.loads(printed)
    return [
        f"| all {len(taken) - 1} measures of {agents} agents x {rounds} rounds, from the run file "
        f"on | {taken['all']:.0f} s | < 60 s |"
    ]


def main() -> None:
    """Measure everything, with compiled modules kept as they are for any user."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    python = f"Python {platform.python_version()}, {os.cpu_count()} cores"
    page = [
        "# Benchmarks",
        "",
        f"Written by `make bench` on {python}: medians of several runs on the embedded mind, full",
        "treatment. Absolute times depend on the machine and on what else it is doing.",
        "",
        "| what | measured | wanted |",
        "|---|---|---|",
        *start_up(),
        *growth(),
        *measures(2000, 20),
        *results.lines(),
        "",
    ]
    PAGE.write_text("\n".join(page))
    print("\n".join(page))


if __name__ == "__main__":
    main()
