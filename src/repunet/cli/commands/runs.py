"""The command `runs`."""

from pathlib import Path

from repunet.analysis.summary import Summary, summarise
from repunet.cli.options import Json, Storage
from repunet.cli.printing.console import console, print_json, say
from repunet.cli.printing.formats import rate
from repunet.cli.printing.tables import fitted
from repunet.errors import RepuNetError, UsageError
from repunet.record.journal import Journal
from repunet.record.storage import home, option, run_files


def runs(*, storage: Storage = None, json: Json = False) -> None:
    """List the runs there are, with where they stand."""
    files = run_files(storage)
    if storage is not None and not storage.is_dir():
        raise UsageError(f"there is no folder {storage}: check --storage")
    found = [_summary(path) for path in files]
    good = [each for each in found if isinstance(each, Summary)]
    if json:
        print_json(tuple(good))
        return
    if not found:
        say(f"no runs in {home(storage)}; to begin one: repunet run pd{option(storage)}")
        return
    columns = {
        "run:": [s.name for s in good],
        "scenario:": [s.scenario for s in good],
        "treatment:": [s.treatment for s in good],
        "mind:": [s.mind for s in good],
        "agents": [str(s.agents) for s in good],
        "seed": [str(s.seed) for s in good],
        "rounds": [f"{s.rounds}/{s.planned}" for s in good],
        "last 5": [rate(s.headline) for s in good],
        "missing": [str(s.missing) for s in good],
    }
    spare = ("seed", "agents")
    console.print(fitted(f"Runs in {home(storage)}", columns, spare))
    for complaint in found:
        if isinstance(complaint, str):
            say(complaint)


def _summary(path: Path) -> Summary | str:
    try:
        with Journal.open(path) as journal:
            return summarise(journal)
    except RepuNetError as error:
        return str(error)
    except OSError as error:
        return f"{path} can't be read ({error.strerror})"
