"""The console: text and JSON on the screen, with no character that acts."""

import os
import re
import sys
import textwrap
from collections.abc import Iterator
from json import dumps
from typing import Any

from pydantic import TypeAdapter
from pydantic_core import PydanticSerializationError
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from repunet.system.terminal import escaped, takes_all, visible

WIDTH = 80
"""Columns of a list, where there are as many."""


WIDE = 160
"""Columns of a table that no terminal will show, but a file or another program."""


FILLED = re.compile(r"[ \t]+$", re.MULTILINE)
"""Blanks at the end of a line."""


FITTED = sys.stdout.isatty() or "COLUMNS" in os.environ
"""Whether somebody looks at a page that is so wide."""


class SafeConsole(Console):
    """A console on which every character can be seen, and no text is taken for markup."""

    def __init__(self, **options: Any) -> None:
        super().__init__(highlight=False, markup=False, emoji=False, **options)

    def render_str(self, text: str, **options: Any) -> Text:
        """Return a text that is measured as it will be printed."""
        return super().render_str(visible(text), **options)

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterator[Segment]:
        """Yield what is printed: what moves the cursor comes from the console alone."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=visible(segment.text))

    def print(self, *objects: Any, **options: Any) -> None:
        """Print; without the blanks that fill lines up where no terminal is."""
        if self.is_terminal:
            super().print(*objects, **options)
            return
        with self.capture() as captured:
            super().print(*objects, **options)
        self.file.write(FILLED.sub("", captured.get()))
        self.file.flush()


console = SafeConsole(soft_wrap=not FITTED, width=None if FITTED else WIDE)


progress_console = SafeConsole(stderr=True)


def say(text: str, *, unbroken: bool = False) -> None:
    """Print a text as it is; unbroken, so that it can be pasted, however narrow the page."""
    console.print(text, soft_wrap=unbroken or None)


def print_json(value: Any) -> None:
    """Print any value of ours as JSON, for scripts."""
    adapter: TypeAdapter[Any] = TypeAdapter(type(value))
    try:
        text = adapter.dump_json(value, indent=2).decode()
    except PydanticSerializationError:  # halves of characters, such as names of files may hold
        text = dumps(adapter.dump_python(value, mode="json"), ensure_ascii=False, indent=2)
    sys.stdout.write(escaped(text, ascii_only=not takes_all()) + "\n")


def print_title(text: str) -> None:
    """Print a heading after an empty line."""
    console.print(f"\n{text}", style="bold", soft_wrap=True)


def print_lines(*lines: str, indent: int = 0, style: str = "") -> None:
    """Print lines that keep their indent where they are broken; names stay whole."""
    for line in lines:
        text = textwrap.fill(
            line,
            console.width,
            initial_indent=" " * indent,
            subsequent_indent=" " * (indent + 2),
            break_long_words=False,
            break_on_hyphens=False,
        )
        console.print(text, style=style, soft_wrap=True)
