"""The command `digest`."""

from typing import Annotated

from cyclopts import Parameter

from repunet.cli.options import Json, Storage, Whole
from repunet.cli.printing.console import print_json, say
from repunet.record.journal import Journal
from repunet.record.storage import locate


def digest(
    run: str,
    /,
    *,
    round: Annotated[Whole | None, Parameter(help="Of its first rounds only.")] = None,
    storage: Storage = None,
    json: Json = False,
) -> None:
    """Print the hash that two runs share exactly when they are the same run.

    Parameters
    ----------
    run
        Its name, or the path of its folder or file.
    """
    with Journal.open(locate(run, storage)) as journal:
        digest = journal.digest(round)
        if json:
            at = journal.rounds if round is None else round
            print_json({"name": journal.path.parent.name, "round": at, "digest": digest})
        else:
            say(digest, unbroken=True)
