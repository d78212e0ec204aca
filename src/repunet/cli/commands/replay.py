"""The command `replay`."""

from collections.abc import Iterator

from repunet.cli.options import Json, RunName, Storage
from repunet.cli.printing.console import print_json, say
from repunet.errors import RepuNetError
from repunet.record.journal import Journal
from repunet.record.storage import locate
from repunet.tracing.replaying import ReplayDifference, Replayed
from repunet.tracing.replaying import replay as derive


def replay(run: RunName, /, *, storage: Storage = None, json: Json = False) -> None:
    """Derive every event once more from what was decided, asking nobody, and compare."""
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
