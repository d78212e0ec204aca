"""How long it takes to see what happened: whole commands, from the run file to the last line."""

import subprocess
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

REPUNET = str(Path(sys.executable).with_name("repunet"))
REPEATS = 3
GRID = """\
scenarios = ["pd", "participation", "investment"]
treatments = ["full", "no-gossip", "no-reputation", "none"]
seeds = [1, 2, 3, 4, 5]
agents = 20
rounds = 60
mind = "embedded"
"""


def lines() -> list[str]:
    """Return the lines about reports, figures, comparisons and validation."""
    with TemporaryDirectory() as home:
        folder = Path(home)
        (folder / "paper.toml").write_text(GRID)
        one = ("run", "pd", "--rounds", "60", "--mind", "embedded", "--name", "one", "--quiet")
        _run(folder, *one)
        _run(folder, "sweep", "paper.toml", "--quiet")
        _run(folder, "report", "one")  # so that all modules are compiled
        report = _median(folder, "report", "one", "--force")
        whole = _median(folder, "report", "paper", "--force")
        drawn = _median(folder, "figures", "one", "-o", "drawn", "--format", "svg", "--force")
        compared = _median(folder, "compare", "paper")
        size = (folder / "runs" / "one" / "report.html").stat().st_size / 1e6
        validated = _seconds(folder, "validate", "--quiet")
    return [
        f"| report of 20 agents x 60 rounds | {report:.1f} s, {size:.1f} MB | < 5 s, < 5 MB |",
        f"| all figures of such a run, as SVG | {drawn:.1f} s | |",
        f"| report of a sweep of 60 such runs | {whole:.0f} s | |",
        f"| `repunet compare` of 60 such runs | {compared:.1f} s | < 20 s |",
        f"| `repunet validate` | {validated:.0f} s | < 60 s |",
    ]


def _median(folder: Path, *words: str) -> float:
    return median(_seconds(folder, *words) for _ in range(REPEATS))


def _seconds(folder: Path, *words: str) -> float:
    before = perf_counter()
    _run(folder, *words)
    return perf_counter() - before


def _run(folder: Path, *words: str) -> None:
    subprocess.run((REPUNET, *words), cwd=folder, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    print("\n".join(lines()))
