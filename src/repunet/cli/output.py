"""What commands print: tables for people, JSON for scripts, and progress that suits the place."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from pydantic import TypeAdapter
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from repunet.analysis.summary import cooperation
from repunet.event import DecisionMissing, Event
from repunet.run import Run, Watcher
from repunet.society import Society

STAND_IN = (
    "The embedded mind is a behavioural stand-in for a language model: "
    "what it does is no evidence about language models."
)

WIDE = 160
"""Columns of a table that no terminal will show, but a file or another program."""

console = Console(
    highlight=False,
    soft_wrap=True,
    width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else WIDE,
)
progress_console = Console(stderr=True, highlight=False)


def print_json(value: Any) -> None:
    """Print any value of ours as JSON, for scripts."""
    adapter: TypeAdapter[Any] = TypeAdapter(type(value))
    sys.stdout.write(adapter.dump_json(value, indent=2).decode() + "\n")


def disclaimer(mind: str) -> str:
    """Return what must be said of results that this mind made."""
    return f"mind: {mind}. {STAND_IN}" if "embedded" in mind else f"mind: {mind}."


def rate(value: float | None) -> str:
    """Return a rate as papers print it: `.54`, or `n/a`."""
    if value is None:
        return "n/a"
    return f"{value:.2f}".removeprefix("0")


def signed(value: float | None) -> str:
    """Return a score with its sign, or `n/a`."""
    return "n/a" if value is None else f"{value:+.2f}"


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """Return a table; columns whose name ends in a colon are text, the others are numbers."""
    made = Table(title=title or None, box=SIMPLE_HEAD, title_justify="left", title_style="bold")
    for column in columns:
        text = column.endswith(":")
        made.add_column(column.rstrip(":"), justify="left" if text else "right", overflow="fold")
    for row in rows:
        made.add_row(*row)
    return made


@contextmanager
def progress(run: Run, *, quiet: bool) -> Iterator[Watcher]:
    """Return what to tell of every round: a live bar at a terminal, plain lines elsewhere."""
    if quiet:
        yield lambda number, events, society: None
    elif progress_console.is_terminal:
        with _bar(run) as watch:
            yield watch
    else:
        yield _lines(run)


@contextmanager
def _bar(run: Run) -> Iterator[Watcher]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[state]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=progress_console) as bar:
        done = run.society.round
        task = bar.add_task(run.name, total=run.planned, completed=done, state="")

        def watch(number: int, events: Sequence[Event], society: Society) -> None:
            bar.update(task, completed=number, state=_state(events, society))

        yield watch


def _lines(run: Run) -> Watcher:
    every = max(1, (run.planned - run.society.round) // 10)

    def watch(number: int, events: Sequence[Event], society: Society) -> None:
        if number % every == 0 or number == run.planned:
            state = _state(events, society)
            print(f"{run.name}  round {number}/{run.planned}  {state}", file=sys.stderr, flush=True)

    return watch


def _state(events: Sequence[Event], society: Society) -> str:
    missing = sum(isinstance(event, DecisionMissing) for event in events)
    state = f"cooperation {rate(cooperation(events))}  ties {len(society.network)}"
    return f"{state}  missing {missing}" if missing else state
