"""The command `fork`."""

from typing import Annotated, Any

from cyclopts import Parameter

from repunet.cli.options import Json, NewName, Quiet, RunName, Storage, Whole
from repunet.cli.playing import announce, play_and_report
from repunet.cli.printing.console import say
from repunet.cli.spec_options import LimitOptions, said, settings
from repunet.record.changes import origin
from repunet.record.storage import locate
from repunet.runs.beginning import forked_from
from repunet.runs.run import Run


def fork(
    run: RunName,
    /,
    *,
    at: Annotated[Whole, Parameter(help="Number of the last round that is shared; 0 shares none.")],
    set_: Annotated[
        list[str] | None,
        Parameter(name="--set", negative="", help="Switch that changes then, such as gossip=off."),
    ] = None,
    rounds: Annotated[
        Whole | None, Parameter(help="Number of rounds to play; default to the end of RUN.")
    ] = None,
    branch: Annotated[
        bool, Parameter(negative="", help="Go on though RepuNet or a mind has changed since.")
    ] = False,
    name: NewName = None,
    storage: Storage = None,
    limits: LimitOptions | None = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Share the first rounds of a run, then go on with something changed: what if?"""
    path, switches = locate(run, storage), settings(set_ or [])
    wanted: dict[str, Any] = {"rounds": rounds, "branch": branch, "name": name, "folder": storage}
    with forked_from(path, at, switches, *said(limits), **wanted) as forked:
        if not (quiet or json):
            say(_shared(forked))
        announce(forked, quiet=quiet or json)
        play_and_report(forked, quiet=quiet, json=json)


def _shared(run: Run) -> str:
    source = origin(run.journal)
    if source is None or source.round == 0:
        return f"{run.name} shares no rounds"
    return f"{run.name} shares rounds 1 to {source.round} with {source.name}"
