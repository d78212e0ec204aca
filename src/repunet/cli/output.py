"""What commands print: tables for people, JSON for scripts, and progress that suits the place."""

import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from json import dumps
from statistics import fmean
from typing import Any

from pydantic import TypeAdapter
from pydantic_core import PydanticSerializationError
from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.padding import Padding
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
)
from rich.segment import Segment
from rich.table import Column, Table
from rich.text import Text

from repunet.analysis.makers import notes
from repunet.analysis.rounding import rounded
from repunet.models.endpoint import PERSON
from repunet.models.ledger import DOLLAR
from repunet.runs.run import Run, Watcher
from repunet.scenarios.headline import cooperation
from repunet.system.terminal import escaped, takes_all, tell, visible
from repunet.world.event import DecisionMissing, Event
from repunet.world.society import Society

WIDE = 160
"""Columns of a table that no terminal will show, but a file or another program."""

BAR = 40
"""Columns of a progress bar, at most."""

READABLE = 12
"""Columns of a page that are enough for the column of a table, if words in it may be broken."""
BLANK = re.compile(r"(?<=\s)(?=\S)")
BREAK = re.compile(r"(?<=[-_/:,+.=])(?=\S)|(?<=\s)(?=\S)")
"""Where a line may end: between words; and after signs in them."""
FILLED = re.compile(r"[ \t]+$", re.MULTILINE)
"""Blanks at the end of a line."""
GAP = "  "
"""Between the columns of a table."""

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


def disclaimer(mind: str) -> str:
    """Return what must be said of results that this mind made."""
    return " ".join([f"mind: {mind}.", *(note.text for note in notes(mind))])


def rate(value: float | None) -> str:
    """Return a rate as papers print it: `.54`, or `n/a`."""
    if value is None:
        return "n/a"
    return rounded(value)


def between(low: float | None, high: float | None) -> str:
    """Return an interval as `[.45, .63]`, or `n/a`."""
    return "n/a" if low is None or high is None else f"[{rate(low)}, {rate(high)}]"


def p_value(p: float | None) -> str:
    """Return a p-value: `.0079`, `<.0001`, or `n/a`."""
    if p is None:
        return "n/a"
    if p < 0.0001:
        return "<.0001"
    return f"{p:.4f}".rstrip("0").rstrip(".").removeprefix("0")


def money(dollars: float | None) -> str:
    """Return an amount as `$0.0123`, or that it is not known."""
    return "unknown" if dollars is None else f"${dollars:,.4f}"


def spending_of(run: Run) -> str:
    """Return what a run has asked of language models so far, nothing where there are none."""
    spent = run.spending
    if spent is None or not spent.calls:
        return ""
    priced = None if spent.unpriced else spent.cost / DOLLAR
    cost = "" if priced is None else f", {money(priced)}"
    return f"{spent.calls:,} calls, {spent.tokens:,} tokens{cost}"


def spending_in_short(run: Run) -> str:
    """Return the same for a bar: the tokens only where the price is not known."""
    spent = run.spending
    if spent is None or not spent.calls:
        return ""
    price = f"{spent.tokens:,} tokens" if spent.unpriced else money(spent.cost / DOLLAR)
    return f"{spent.calls:,} calls {price}"


def part(share: float | None) -> str:
    """Return a share in percent, or `n/a`."""
    return "n/a" if share is None else f"{share:.0%}"


def signed(value: float | None) -> str:
    """Return a score with its sign, or `n/a`."""
    return "n/a" if value is None else f"{value:+.2f}"


def spelled(word: str) -> str:
    """Return a word of ours, such as a disposition, as people write it."""
    return word.replace("_", "-")


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> RenderableType:
    """Return a table; columns whose name ends in a colon are text, the others are numbers.

    On a page that has not even room for a word in each column, it is a list.
    """
    cells = [[row[number] for row in rows] for number in range(len(columns))]
    least = [min(READABLE, _least(*column, BLANK)) for column in zip(columns, cells, strict=True)]
    if not console.soft_wrap and sum(least) + len(GAP) * len(least) > console.width:
        return _listed(title, columns, rows)
    return _grid(title, columns, rows)


def _grid(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    made = Table(title=title or None, box=SIMPLE_HEAD, title_justify="left", title_style="bold")
    for column in columns:
        text = column.endswith(":")
        made.add_column(column.rstrip(":"), justify="left" if text else "right", overflow="fold")
    for row in rows:
        made.add_row(*row)
    return made


def _listed(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> RenderableType:
    """Return a row as a few lines: what the first column says, and the others by their names."""
    lines: list[RenderableType] = [Text(title, style="bold")] if title else []
    for first, *others in rows:
        named = zip(columns[1:], others, strict=True)
        said = "; ".join(f"{name.rstrip(':')}: {cell or '-'}" for name, cell in named)
        lines += [Text(first, style="bold", overflow="fold"), Padding(said, (0, 0, 0, 2))]
    return Group(*lines)


def fitted(
    title: str, columns: Mapping[str, Sequence[str]], spare: Sequence[str]
) -> RenderableType:
    """Return a table of columns by name that fits the page; text in it is wrapped where need be.

    If that is not enough it does without the spare columns, and says so; then words are broken at
    signs in them; then the names (the first column), too; on a page that is too narrow for any of
    that it is a list of all.
    """
    for breaks, whole in ((BLANK, True), (BREAK, True), (BREAK, False)):
        for number in range(len(spare) + 1):
            shown = {name: columns[name] for name in columns if name not in spare[:number]}
            if (widths := _squeezed(shown, breaks, whole=whole)) is not None:
                made = _fitting(title, shown, widths)
                made.caption = _missing([*filter(columns.__contains__, spare[:number])])
                return Wide(made, sum(widths) + len(GAP) * len(widths))
    return _listed(title, tuple(columns), list(zip(*columns.values(), strict=True)))


def _missing(spare: Sequence[str]) -> str | None:
    names = ", ".join(name.rstrip(":") for name in spare)
    return f"Not on so narrow a page, but in --json: {names}." if names else None


def _fitting(title: str, shown: Mapping[str, Sequence[str]], widths: Sequence[int]) -> Table:
    wrapped = [
        [_wrapped(cell, width) for cell in cells]
        for cells, width in zip(shown.values(), widths, strict=True)
    ]
    made = _grid(title, tuple(shown), list(zip(*wrapped, strict=True)))
    made.show_edge = made.pad_edge = False
    made.collapse_padding, made.caption_justify, made.caption_style = True, "left", "none"
    for column, width in zip(made.columns, widths, strict=True):
        column.width = width
    return made


class Wide:
    """A table that is not cut to a page where no page is."""

    def __init__(self, made: Table, width: int) -> None:
        self._made, self._width = made, width

    def __rich_console__(self, page: Console, options: ConsoleOptions) -> RenderResult:
        """Yield it, in its full width if nobody looks at it."""
        full = max(options.max_width, self._width) if page.soft_wrap else options.max_width
        yield from page.render(self._made, options.update_width(full))


def too_wide(shown: Mapping[str, Sequence[str]]) -> int:
    """Return by how much the columns, not wrapped, exceed the page."""
    widths = [_full(name, cells) for name, cells in shown.items()]
    return sum(widths) + len(GAP) * (len(widths) - 1) - console.width


def _squeezed(
    shown: Mapping[str, Sequence[str]], breaks: re.Pattern[str], *, whole: bool
) -> list[int] | None:
    """Return the widths of columns that fit the page, the widest wrapped first; None if none do."""
    widths = [_full(name, cells) for name, cells in shown.items()]
    least = [_least(name, cells, breaks) for name, cells in shown.items()]
    if whole:
        least[0] = widths[0]
    room = console.width - len(GAP) * (len(widths) - 1)
    if console.soft_wrap:
        return widths
    if sum(least) > room:
        return None
    while sum(widths) > room:
        spread = [width - few for width, few in zip(widths, least, strict=True)]
        widths[spread.index(max(spread))] -= 1
    return widths


def _full(name: str, cells: Sequence[str]) -> int:
    lines = (line for cell in (name.rstrip(":"), *cells) for line in _lines_of(cell))
    return max(cell_len(visible(line)) for line in lines)


def _least(name: str, cells: Sequence[str], breaks: re.Pattern[str]) -> int:
    """Return the width that the longest piece of a column takes; numbers are not broken."""
    pieces = (
        [piece for cell in cells for piece in breaks.split(cell)] if name.endswith(":") else cells
    )
    return max(cell_len(visible(piece.strip())) for piece in (*name.rstrip(":").split(), *pieces))


def _lines_of(cell: str) -> list[str]:
    return cell.split("\n")


def _wrapped(cell: str, width: int) -> str:
    lines = []
    for text in _lines_of(cell):
        line = ""
        for piece in BREAK.split(text):
            if line and cell_len(visible((line + piece).rstrip())) > width:
                lines.append(line.rstrip())
                line = ""
            line += piece
        lines.append(line.rstrip())
    return "\n".join(lines)


@contextmanager
def progress(run: Run, *, quiet: bool) -> Iterator[Watcher]:
    """Return what to tell of every round: a live bar at a terminal, plain lines elsewhere."""
    if quiet:
        yield lambda number, events, society: None
    elif progress_console.is_terminal and PERSON not in run.manifest.mind_names.split(" + "):
        with _bar(run) as watch:
            yield watch
    else:
        yield _lines(run)


class SpendingColumn(ProgressColumn):
    """Progress column of calls, tokens and cost so far."""

    def __init__(self, run: Run) -> None:
        super().__init__(Column(no_wrap=True))
        self._run = run

    def render(self, task: Task) -> Text:
        """Return it, whenever the bar is drawn."""
        return Text(spending_in_short(self._run))


@contextmanager
def _bar(run: Run) -> Iterator[Watcher]:
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=None, table_column=Column(max_width=BAR)),
        MofNCompleteColumn(table_column=Column(no_wrap=True)),
        TextColumn("{task.fields[state]}", table_column=Column(no_wrap=True)),
        SpendingColumn(run),
        TimeElapsedColumn(table_column=Column(no_wrap=True)),
    )
    with Progress(*columns, console=progress_console) as bar:
        done = run.society.round
        task = bar.add_task(run.name, total=run.planned, completed=done, state="")

        def watch(number: int, events: Sequence[Event], society: Society) -> None:
            bar.update(task, completed=number, state=_state(events, society, short=True))

        yield watch


def _lines(run: Run) -> Watcher:
    every = max(1, (run.planned - run.society.round) // 10)

    def watch(number: int, events: Sequence[Event], society: Society) -> None:
        if number % every == 0 or number == run.planned:
            state = "  ".join(filter(None, (_state(events, society), spending_of(run))))
            tell(f"{run.name}  round {number}/{run.planned}  {state}")

    return watch


def _latest(events: Sequence[Event], society: Society) -> float | None:
    """Return the headline rate of a round; without one that of the choices that still stand."""
    now = cooperation(events, society.scenario)
    standing = [act.cooperation for act in society.choices.values() if act.cooperation is not None]
    return fmean(standing) if now is None and standing else now


def _state(events: Sequence[Event], society: Society, *, short: bool = False) -> str:
    missing = sum(isinstance(event, DecisionMissing) for event in events)
    now = rate(_latest(events, society))
    rated = f"cooperation now {now}" if short else f"cooperation {now} this round"
    state = f"{rated}  ties {len(society.network)}"
    return f"{state}  missing {missing}" if missing else state
