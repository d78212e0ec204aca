"""The command `run`."""

from typing import Annotated

from cyclopts import Parameter

from repunet.cli.options import Json, Quiet, Storage
from repunet.cli.playing import announce, play_and_report
from repunet.cli.spec_options import LimitOptions, SpecOptions
from repunet.runs.beginning import begun_from


def run(
    scenario: str | None = None,
    /,
    *,
    options: SpecOptions | None = None,
    name: Annotated[str | None, Parameter(help="Name of the run; default what it is.")] = None,
    limits: LimitOptions | None = None,
    storage: Storage = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Found a society and let it play.

    Parameters
    ----------
    scenario
        The dilemma, such as pd; may be left out if the spec names it.
    """
    spec = (options or SpecOptions()).chosen(scenario, limits, name, storage)
    with begun_from(spec, storage, batch=limits.batch if limits else None) as begun:
        announce(begun, quiet=quiet or json)
        play_and_report(begun, quiet=quiet, json=json)
