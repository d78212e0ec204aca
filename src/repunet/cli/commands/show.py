"""The command `show`."""

from typing import Annotated

from cyclopts import Parameter

from repunet.analysis.snapshot import Snapshot
from repunet.analysis.summary import summarise
from repunet.cli.options import Json, RunName, Storage, Whole
from repunet.cli.printing.console import print_json
from repunet.cli.printing.snapshot import LATEST, print_agent, print_society
from repunet.record.journal import Journal
from repunet.record.storage import locate


def show(
    run: RunName,
    /,
    *,
    round: Annotated[Whole | None, Parameter(help="Round to show; default the last.")] = None,
    agent: Annotated[str | None, Parameter(help="Agent to show, by name or id.")] = None,
    all_: Annotated[
        bool, Parameter(name="--all", negative="", help="Show all of its history, not the latest.")
    ] = False,
    storage: Storage = None,
    json: Json = False,
) -> None:
    """Show a society, or one of its agents, as it stood after any of its rounds."""
    with Journal.open(locate(run, storage)) as journal:
        snapshot = Snapshot(journal, round)
        summary = summarise(journal)
        if agent is not None:
            one = snapshot.of(snapshot.find(agent))
            print_json(one) if json else print_agent(one, None if all_ else LATEST)
        elif json:
            print_json(snapshot.rows())
        else:
            print_society(snapshot, summary)
