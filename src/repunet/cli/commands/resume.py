"""The command `resume`."""

from typing import Annotated

from cyclopts import Parameter

from repunet.cli.options import Json, Quiet, RunName, Storage, Whole
from repunet.cli.playing import announce, play_and_report
from repunet.cli.printing.console import say
from repunet.cli.spec_options import LimitOptions, said
from repunet.record.storage import locate
from repunet.runs.beginning import reopened_from


def resume(
    run: RunName,
    /,
    *,
    rounds: Annotated[
        Whole | None, Parameter(help="Number of rounds to play beyond those planned.")
    ] = None,
    branch: Annotated[
        bool, Parameter(negative="", help="Go on though RepuNet or a mind has changed since.")
    ] = False,
    limits: LimitOptions | None = None,
    storage: Storage = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Go on with a run, to its planned end or so many rounds beyond."""
    with reopened_from(locate(run, storage), *said(limits), branch=branch) as reopened:
        if rounds is not None:
            reopened.extend(rounds)
        elif reopened.society.round >= reopened.planned and not (quiet or json):
            say("nothing is left to play; for more rounds: --rounds N")
        announce(reopened, quiet=quiet or json)
        play_and_report(reopened, quiet=quiet, json=json)
