"""The command `sweep`."""

from pathlib import Path

from repunet.cli.spec_options import LimitOptions
from repunet.cli.sweeping import SweepOptions, limited, play_grid
from repunet.experiment.grid import read_grid


def sweep(
    grid: Path,
    /,
    *,
    options: SweepOptions | None = None,
    limits: LimitOptions | None = None,
) -> None:
    """Play every combination of what a grid lists. What is done is not played again.

    Parameters
    ----------
    grid
        TOML file: a spec in which scenarios, treatments, minds, models, prompts, profiles,
        agents, seeds and set may be lists.
    """
    play_grid(limited(read_grid(grid), limits), options or SweepOptions(), limits)
