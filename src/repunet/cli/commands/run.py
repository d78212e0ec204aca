"""The command `run`."""

from repunet.cli.options import Json, NewName, Quiet, ScenarioName, Storage
from repunet.cli.playing import announce, play_and_report
from repunet.cli.spec_options import LimitOptions, SpecOptions
from repunet.runs.beginning import begun_from


def run(
    scenario: ScenarioName = None,
    /,
    *,
    options: SpecOptions | None = None,
    name: NewName = None,
    limits: LimitOptions | None = None,
    storage: Storage = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Found a society and let it play."""
    spec = (options or SpecOptions()).chosen(scenario, limits, name, storage)
    with begun_from(spec, storage, batch=limits.batch if limits else None) as begun:
        announce(begun, quiet=quiet or json)
        play_and_report(begun, quiet=quiet, json=json)
