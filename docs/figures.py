"""Draw the figures of these pages into docs/figures: `python docs/figures.py`, in 15 seconds.

What is drawn follows from the grid below alone, byte for byte with one version of matplotlib.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from repunet.cli import execute

HERE = Path(__file__).parent
GRID = """\
scenario = "pd"
treatments = ["full", "no-gossip", "no-reputation", "none"]
seeds = [1, 2, 3, 4, 5]
agents = 20
rounds = 30
mind = "embedded"
"""
NAMES = "cooperation"


def draw(folder: Path) -> int:
    """Play the sweep and draw it into a folder; return the code of the command that failed, or 0.

    The embedded mind plays: the figures show what RepuNet draws, not what language models do.
    """
    with TemporaryDirectory() as place:
        grid = Path(place) / "treatments.toml"
        grid.write_text(GRID)
        return execute(["sweep", str(grid), "--storage", place, "--quiet"]) or execute(
            [
                "figures",
                str(grid.with_suffix("")),
                *("--output", str(folder), "--only", NAMES, "--format", "svg", "--force"),
            ]
        )


if __name__ == "__main__":
    sys.exit(draw(HERE / "figures"))
