"""The command `digest`."""

from typing import Annotated

from cyclopts import Parameter

from repunet.cli.options import Json, RunName, Storage, Whole
from repunet.cli.printing.console import print_json, say
from repunet.record.journal import Journal
from repunet.record.storage import locate


def digest(
    run: RunName,
    /,
    *,
    round: Annotated[
        Whole | None, Parameter(help="Number of first rounds to hash; default all.")
    ] = None,
    storage: Storage = None,
    json: Json = False,
) -> None:
    """Print the hash that two runs share exactly when they are the same run."""
    with Journal.open(locate(run, storage)) as journal:
        digest = journal.digest(round)
        if json:
            at = journal.rounds if round is None else round
            print_json({"name": journal.path.parent.name, "round": at, "digest": digest})
        else:
            say(digest, unbroken=True)
