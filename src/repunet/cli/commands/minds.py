"""The command `minds`: what can decide for agents, ours and that of other packages."""

from repunet.cli.options import Json
from repunet.cli.printing.console import WIDTH, console, print_json, say
from repunet.cli.printing.tables import table
from repunet.minds.installed import MindListing, listed_minds


def minds(*, json: Json = False) -> None:
    """List the minds that there are; language models are listed by `repunet models`."""
    found = listed_minds()
    if json:
        print_json(found)
        return
    columns = "name:", "kind:", "what it is:"
    rows = [(m.name, m.kind, _told(m)) for m in found]
    console.print(table("", columns, rows), width=min(console.width, WIDTH))
    say("language models: repunet models")


def _told(mind: MindListing) -> str:
    if mind.problem is not None:
        return mind.problem
    return f"{mind.meaning} ({mind.package})" if mind.package else mind.meaning
