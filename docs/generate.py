"""Write the pages that are made from the code: `make docs`; a test compares them."""

import sys
from dataclasses import fields
from pathlib import Path
from unittest.mock import patch

from repunet.cli import app
from repunet.minds.embedded.parameters import Parameters
from repunet.treatment import Treatment

HERE = Path(__file__).parent
NOTE = "<!-- Made from the code by `make docs`. -->"


def commands() -> str:
    """Return the page about every command and option, however this process was started."""
    with patch.object(sys, "argv", ["repunet"]):
        page = app.generate_docs(output_format="markdown")
    return f"{NOTE}\n\n{page.strip()}\n"


def switches() -> str:
    """Return the page about every switch of a treatment and every number of the embedded mind."""
    return "\n".join(
        [
            NOTE,
            "",
            "# Switches and numbers",
            "",
            "A switch is set with `--set name=value`, for example `--set rewiring=off`.",
            "",
            "| switch | default |",
            "|---|---|",
            *(f"| `{field.name}` | {_spelled(field.default)} |" for field in fields(Treatment)),
            "",
            "A number of the embedded mind is set in its name: `--mind embedded,precision=20`.",
            "What each means, its source and how sure we are of it stands beside it in",
            "`src/repunet/minds/embedded/parameters.py`.",
            "",
            "| parameter | default |",
            "|---|---|",
            *(f"| `{field.name}` | {_spelled(field.default)} |" for field in fields(Parameters)),
            "",
        ]
    )


def _spelled(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return "mirrored" if value is None else str(value)


PAGES = {"reference/commands.md": commands, "reference/switches.md": switches}

if __name__ == "__main__":
    for name, page in PAGES.items():
        (HERE / name).write_text(page())
