"""The command `verify`."""

from repunet.cli.options import Json, RunName, Storage
from repunet.cli.printing.console import console, print_json, say
from repunet.cli.printing.tables import table
from repunet.errors import RepuNetError
from repunet.record.storage import locate
from repunet.tracing.verification import CheckFinding, Verification
from repunet.tracing.verification import verify as check


def verify(run: RunName, /, *, storage: Storage = None, json: Json = False) -> None:
    """Check all of a run file that can be checked without playing."""
    verified = check(locate(run, storage))
    if json:
        print_json(verified)
    else:
        _print_verified(verified)
    if verified.wrong:
        raise RepuNetError(f"{verified.name} is not sound: {verified.wrong[0]}")


def _print_verified(one: Verification) -> None:
    rows = [(finding.what, str(finding.count), _result(finding)) for finding in one.findings]
    say(f"Checked in {one.path}", unbroken=True)
    console.print(table("", ("what:", "how many", "found:"), rows))
    for line in one.wrong:
        say(line, unbroken=True)


def _result(finding: CheckFinding) -> str:
    found = f"{len(finding.wrong)} wrong" if finding.wrong else "sound"
    if not finding.unchecked:
        return found
    unknown = f"not checked ({finding.unchecked})"
    return f"{found}; {unknown}" if finding.wrong else unknown
