"""Commands of `profiles`: people in the reference's files."""

import json as texts
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from repunet.cli.commands.seed import Force
from repunet.cli.options import Storage
from repunet.cli.printing.console import say
from repunet.compat.seeds import profiles as collected
from repunet.compat.seeds import write_new

profiles = App(name="profiles", help="Write people as the reference's profiles.")


@profiles.command
def export(
    *,
    seeds: Annotated[
        list[str],
        Parameter(
            consume_multiple=True,
            negative="",
            help="Seeds, the reference's too, or runs: first@12; with their dilemma: pd=FILE.",
        ),
    ],
    out: Annotated[Path | None, Parameter(help="File to write; default the screen.")] = None,
    force: Force = False,
    storage: Storage = None,
) -> None:
    """Write the people of seeds and runs as one profiles file, in the reference's format."""
    found, files = collected(seeds, storage)
    text = texts.dumps(found, indent=2, ensure_ascii=False)
    if out is None:
        say(text, unbroken=True)
        return
    write_new(out, f"{text}\n", files, force=force)
    counted = ", ".join(f"{scenario} {len(people)}" for scenario, people in found.items())
    say(f"{out}: {counted}", unbroken=True)
