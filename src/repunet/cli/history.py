"""Commands about the past of a run: `fork` it, `replay` it, `verify` its file."""

from collections.abc import Iterator
from typing import Annotated

from cyclopts import Parameter

from repunet.cli.options import Json, LimitOptions, Quiet, Storage, Whole, said
from repunet.cli.output import console, print_json, say, table
from repunet.cli.play import announce, play_and_report
from repunet.cli.specified import settings
from repunet.errors import RepuNetError
from repunet.record.changes import origin
from repunet.record.journal import Journal
from repunet.record.notes import SPEC
from repunet.record.storage import locate
from repunet.runs.beginning import spec_of
from repunet.runs.run import Run
from repunet.runs.run import fork as begin_fork
from repunet.tracing.replaying import ReplayDifference, Replayed
from repunet.tracing.replaying import replay as derive
from repunet.tracing.verification import CheckFinding, Verification
from repunet.tracing.verification import verify as check


def fork(
    run: str,
    /,
    *,
    at: Annotated[Whole, Parameter(help="The last round that is shared; 0 shares none.")],
    set_: Annotated[
        list[str] | None,
        Parameter(name="--set", negative="", help="Switch that changes then, such as gossip=off."),
    ] = None,
    rounds: Annotated[
        Whole | None, Parameter(help="Rounds to play; default to the end of RUN.")
    ] = None,
    branch: Annotated[
        bool, Parameter(negative="", help="Go on though RepuNet or a mind has changed since.")
    ] = False,
    name: Annotated[str | None, Parameter(help="Name of the run; default what it is.")] = None,
    storage: Storage = None,
    limits: LimitOptions | None = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Share the first rounds of a run, then go on with something changed: what if?

    Parameters
    ----------
    run
        Its name, or the path of its folder or file.
    """
    path, switches = locate(run, storage), settings(set_ or [])
    spec, terms = spec_of(path, *said(limits))
    with begin_fork(
        path,
        at,
        switches,
        rounds=rounds,
        branch=branch,
        name=name,
        folder=storage,
        concurrency=spec.limits.concurrency,
        terms=terms,
    ) as forked:
        forked.journal.note(SPEC, spec.to_json())
        if not (quiet or json):
            say(_shared(forked))
        announce(forked, quiet=quiet or json)
        play_and_report(forked, quiet=quiet, json=json)


def _shared(run: Run) -> str:
    source = origin(run.journal)
    if source is None or source.round == 0:
        return f"{run.name} shares no rounds"
    return f"{run.name} shares rounds 1 to {source.round} with {source.name}"


def replay(run: str, /, *, storage: Storage = None, json: Json = False) -> None:
    """Derive every event once more from what was decided, asking nobody, and compare.

    Parameters
    ----------
    run
        Its name, or the path of its folder or file.
    """
    with Journal.open(locate(run, storage)) as journal:
        replayed = derive(journal)
    if json:
        print_json(replayed)
    else:
        _print_replayed(replayed)
    if replayed.difference:
        raise RepuNetError(f"{replayed.name} does not follow from its decisions")


def _print_replayed(one: Replayed) -> None:
    counted = f"{one.rounds} rounds, {one.events} events, {one.decisions} decisions"
    say(f"{counted}: all follow from the journal")
    for line in _told(one.difference) if one.difference else ():
        say(line, unbroken=True)


def _told(difference: ReplayDifference) -> Iterator[str]:
    what = "a decision" if difference.seq is None else f"event {difference.seq}"
    yield f"then, in round {difference.round}, {what} differs"
    yield f"in the journal: {difference.stored or 'nothing'}"
    yield f"what follows:   {difference.derived or 'nothing'}"


def verify(run: str, /, *, storage: Storage = None, json: Json = False) -> None:
    """Check all of a run file that can be checked without playing.

    Parameters
    ----------
    run
        Its name, or the path of its folder or file.
    """
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
