"""Broad tables: columns that do not fit beside the others stand in a table below, none is lost."""

from collections.abc import Iterator, Mapping, Sequence

from rich.console import RenderableType

from repunet.cli.output import fitted, too_wide


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
