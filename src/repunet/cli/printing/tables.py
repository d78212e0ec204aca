"""Tables that fit the page: text is wrapped, and columns without room stand below."""

import re
from collections.abc import Iterator, Mapping, Sequence

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from repunet.cli.printing.console import console
from repunet.system.terminal import visible

READABLE = 12
"""Columns of a page that are enough for the column of a table, if words in it may be broken."""


BLANK = re.compile(r"(?<=\s)(?=\S)")


BREAK = re.compile(r"(?<=[-_/:,+.=])(?=\S)|(?<=\s)(?=\S)")
"""Where a line may end: between words; and after signs in them."""


GAP = "  "
"""Between the columns of a table."""


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


def sheets(
    title: str, columns: Mapping[str, Sequence[str]], keys: Sequence[str], spare: Sequence[str]
) -> Iterator[RenderableType]:
    """Yield a table of columns by name; the first of the spare ones that don't fit come in another.

    That one is led by the key columns, so that its rows can be told apart.
    """
    kept, below = dict(columns), dict[str, Sequence[str]]()
    for name in spare:
        if too_wide(kept) > 0 and name in kept:
            below[name] = kept.pop(name)
    yield fitted(title, kept, ())
    if below:
        yield fitted("", {name: columns[name] for name in columns if name in (*keys, *below)}, ())
