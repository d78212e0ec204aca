"""The command `why`: the explanation of a decision."""

from typing import Annotated

from cyclopts import Parameter

from repunet.cli.options import LISTED, All, Json, RunName, Storage, Whole
from repunet.cli.printing.console import print_json
from repunet.cli.printing.explanation import print_explanation
from repunet.errors import UsageError
from repunet.record.journal import Journal
from repunet.record.storage import locate
from repunet.tracing.provenance import explain as explain_decision


def why(
    run: RunName,
    /,
    *coordinate: str,
    depth: Annotated[
        Whole, Parameter(help="Number of steps for which its consequences are followed.")
    ] = 1,
    all_: All = False,
    storage: Storage = None,
    json: Json = False,
) -> None:
    """Explain a decision: what it was made from, the words for it, and what came of it.

    Parameters
    ----------
    coordinate
        Name of the decision, or as much of it as is needed: r12 A07 ChooseMove.
    """
    if not coordinate:
        raise UsageError("say which decision: repunet why RUN r12 A07 ChooseMove")
    with Journal.open(locate(run, storage)) as journal:
        explained = explain_decision(journal, " ".join(coordinate), depth)
    if json:
        print_json(explained)
    else:
        print_explanation(explained, None if all_ else LISTED)
