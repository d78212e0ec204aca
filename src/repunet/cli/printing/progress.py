"""Progress of a run: a live bar at a terminal, plain lines elsewhere."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from statistics import fmean

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Column
from rich.text import Text

from repunet.cli.printing.console import progress_console
from repunet.cli.printing.formats import money, rate
from repunet.models.endpoint import PERSON
from repunet.models.ledger import DOLLAR
from repunet.runs.run import Run, Watcher
from repunet.scenarios.headline import cooperation
from repunet.system.terminal import tell
from repunet.world.event import DecisionMissing, Event
from repunet.world.society import Society

BAR = 40
"""Columns of a progress bar, at most."""


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
