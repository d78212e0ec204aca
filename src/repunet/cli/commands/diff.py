"""The command `diff`: where two runs begin to differ."""

from repunet.cli.options import LISTED, All, Json, RunName, Storage
from repunet.cli.printing.console import print_json
from repunet.cli.printing.divergence import print_divergence
from repunet.record.journal import Journal
from repunet.record.storage import locate
from repunet.tracing.divergence import diverge

DIFFERENT = 1
"""The code of `diff` for runs that are not the same."""


def diff(
    first: RunName,
    second: RunName,
    /,
    *,
    all_: All = False,
    storage: Storage = None,
    json: Json = False,
) -> int:
    """Find the first event in which two runs differ, and why; code 1 if they do."""
    one, other = locate(first, storage), locate(second, storage)
    with Journal.open(one) as mine, Journal.open(other) as yours:
        found = diverge(mine, yours)
    if json:
        print_json(found)
    else:
        print_divergence(found, None if all_ else LISTED)
    return 0 if found.same else DIFFERENT
