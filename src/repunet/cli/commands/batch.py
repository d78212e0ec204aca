"""The command `batch`."""

from pathlib import Path

from repunet.cli.spec_options import LimitOptions
from repunet.cli.sweeping import SweepOptions, limited, play_grid
from repunet.experiment.jobs import read_jobs


def batch(
    list_: Path,
    /,
    *,
    options: SweepOptions | None = None,
    limits: LimitOptions | None = None,
) -> None:
    """Play the runs of a list of jobs, such as scenario=pd reputation=y gossip=n steps=30.

    Parameters
    ----------
    list_
        File with a job on every line, or a shell script with an array JOBS.
    """
    play_grid(limited(read_jobs(list_), limits), options or SweepOptions(), limits)
