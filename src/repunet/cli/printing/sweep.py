"""Progress and outcome of sweeps."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from shlex import quote
from typing import Any

from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeElapsedColumn
from rich.text import Text

from repunet.cli.printing.console import console, print_json, progress_console, say
from repunet.cli.printing.formats import disclaimer, money
from repunet.cli.printing.tables import fitted
from repunet.experiment.cell import Cell, Job
from repunet.experiment.ending import numbered
from repunet.experiment.executors import Place
from repunet.experiment.outcome import JobOutcome
from repunet.experiment.progress import Board
from repunet.experiment.sweep import Sweep
from repunet.models.ledger import DOLLAR, Spending
from repunet.record.storage import FILE, called

LINES = 20
"""Lines of progress, at least, where there is no terminal."""


# Progress


@contextmanager
def shown(prepared: Sweep, board: Board, *, quiet: bool) -> Iterator[None]:
    """Show progress while a sweep is played."""
    if quiet:
        yield
    elif progress_console.is_terminal:
        with _bar(prepared, board):
            yield
    else:
        board.listener = Lines(board)
        yield


class SweepSpendingColumn(ProgressColumn):
    """Progress column of what all runs of a sweep spent so far."""

    def __init__(self, board: Board) -> None:
        super().__init__()
        self._board = board

    def render(self, task: Task) -> Text:
        """Return it, whenever the bar is drawn."""
        return Text(_spent(self._board.spending))


@contextmanager
def _bar(prepared: Sweep, board: Board) -> Iterator[None]:
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.completed:.0f}/{task.total:.0f} rounds  {task.fields[state]}"),
        SweepSpendingColumn(board),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=progress_console) as bar:
        done, total = board.rounds
        task = bar.add_task(prepared.name, total=total, completed=done, state=_state(board))

        def listen(job: Job, outcome: JobOutcome | None) -> None:
            bar.update(task, completed=board.rounds[0], state=_state(board))
            if outcome is not None and outcome.status == "failed":
                progress_console.print(f"{job.name}: {outcome.reason}")

        board.listener = listen
        yield


class Lines:
    """Prints a line when a run ends, and now and then besides."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._last = self._part()

    def __call__(self, job: Job, outcome: JobOutcome | None) -> None:
        """Print it, if it is time."""
        if outcome is None and self._part() == self._last:
            return
        self._last = self._part()
        done, total = self._board.rounds
        parts = [f"round {done}/{total}", _state(self._board), _spent(self._board.spending)]
        if outcome is not None:
            because = f": {outcome.reason}" if outcome.reason else ""
            parts.append(f"{job.name} {outcome.status}{because}")
        progress_console.print("  ".join(filter(None, parts)), soft_wrap=True)

    def _part(self) -> int:
        done, total = self._board.rounds
        return LINES * done // total


def _state(board: Board) -> str:
    counts = board.counts
    parts = [f"{counts['done']}/{len(board.jobs)} runs done"]
    shown = ("running", "failed", "stopped", "elsewhere")
    return ", ".join(parts + [f"{counts[word]} {word}" for word in shown if counts[word]])


def _spent(spending: Spending) -> str:
    if not spending.calls:
        return ""
    cost = "" if spending.unpriced else f", {money(spending.cost / DOLLAR)}"
    return f"{numbered(spending.calls, 'call')}, {spending.tokens:,} tokens{cost}"


# Before and after


def announce(prepared: Sweep, on: Place | None = None) -> None:
    """Say what will be played, by which minds, and what it takes in several processes."""
    say(f"{_counted(prepared)}; {disclaimer(_minds(prepared, prepared.before.get))}")
    if prepared.serves_files and (on or prepared.place) != "local":
        say("warning: every process loads the model for itself; with --on local all runs share it")


def _minds(prepared: Sweep, known: Callable[[str], JobOutcome | None]) -> str:
    """Return which minds make the runs, or have made them."""
    pairs = zip(prepared.cells, prepared.jobs, strict=True)
    return " + ".join(dict.fromkeys(_mind(cell, known(job.id)) for cell, job in pairs))


def _mind(cell: Cell, outcome: JobOutcome | None) -> str:
    return (outcome and outcome.mind) or cell.manifest.mind_names


def _counted(prepared: Sweep) -> str:
    states = [prepared.state(job) for job in prepared.jobs]
    words = ("done", "partial", "new", "unusable")
    counts = ", ".join(f"{states.count(word)} {word}" for word in words if word in states)
    return f"{numbered(len(states), 'run')} in {prepared.folder}: {counts}"


def show(prepared: Sweep, *, json: bool) -> None:
    """Say what would be played."""
    states = [prepared.state(job) for job in prepared.jobs]
    found = [prepared.before.get(job.id, JobOutcome("stopped")) for job in prepared.jobs]
    if json:
        print_json(_told(prepared, dict(zip(prepared.jobs, found, strict=True)), states))
        return
    rounds = [f"{o.rounds} of {j.rounds}" for o, j in zip(found, prepared.jobs, strict=True)]
    columns = {
        "run:": [job.name for job in prepared.jobs],
        "is:": states,
        "rounds": rounds,
        "because:": [o.reason for o in found],
    }
    if not any(columns["because:"]):
        del columns["because:"]
    console.print(fitted(_counted(prepared), columns, ()))
    _say_others(prepared)


def report(prepared: Sweep, board: Board, *, json: bool) -> None:
    """Say what became of all runs."""
    found = {job: board.outcome(job) for job in prepared.jobs}
    if json:
        print_json(_told(prepared, found, [outcome.status for outcome in found.values()]))
        return
    rest = {job: outcome for job, outcome in found.items() if outcome.status != "done"}
    begun = {job: o for job, o in rest.items() if o.rounds or o.status != "stopped"}
    if begun:
        columns: dict[str, list[str]] = {
            "run:": [job.name for job in begun],
            "is:": [str(outcome.status) for outcome in begun.values()],
            "rounds": [f"{outcome.rounds} of {job.rounds}" for job, outcome in begun.items()],
            "because:": [outcome.reason for outcome in begun.values()],
        }
        console.print(fitted("Runs that are not done", columns, ()))
    if unbegun := len(rest) - len(begun):
        other = "other " * bool(begun)
        say(f"{numbered(unbegun, other + 'run')} {'has' if unbegun == 1 else 'have'} no round yet")
    parts = [_state(board), numbered(board.rounds[0], "round"), _spent(board.spending)]
    say("; ".join(filter(None, parts)))
    if longer := len(board.longer):
        have = "has" if longer == 1 else "have"
        say(f"{numbered(longer, 'run')} {have} more rounds than asked")
    _say_others(prepared)
    say(disclaimer(_minds(prepared, board.outcomes.get)))
    say(f"run files: {prepared.folder}", unbroken=True)
    _say_next(prepared, found)


def _say_next(prepared: Sweep, found: dict[Job, JobOutcome]) -> None:
    """Say which commands look at the runs, ready to be pasted."""
    if first := next((job for job, outcome in found.items() if outcome.rounds), None):
        one = called(prepared.folder / first.name / FILE)
        say(f"all runs: repunet runs --storage {quote(str(prepared.folder))}", unbroken=True)
        say(f"one of them: repunet show {one}", unbroken=True)


def _say_others(prepared: Sweep) -> None:
    if prepared.others:
        named = ", ".join(prepared.others[:3]) + (", ..." if len(prepared.others) > 3 else "")
        others = len(prepared.others)
        are = "is" if others == 1 else "are"
        say(f"{numbered(others, 'other run')} there {are} not part of it: {named}")


def _told(prepared: Sweep, found: dict[Job, JobOutcome], states: list[str]) -> dict[str, Any]:
    """Return all of it for scripts."""
    runs = [
        {
            **cell.to_dict(),
            "mind": _mind(cell, outcome),
            "path": job.path,
            "status": state,
            **_facts(outcome),
        }
        for cell, (job, outcome), state in zip(prepared.cells, found.items(), states, strict=True)
    ]
    folder, others = str(prepared.folder), list(prepared.others)
    return {"name": prepared.name, "folder": folder, "runs": runs, "others": others}


def _facts(outcome: JobOutcome) -> dict[str, Any]:
    spent = outcome.spending
    return {
        "rounds": outcome.rounds,
        "digest": outcome.digest,
        "calls": spent.calls,
        "tokens": spent.tokens,
        "dollars": None if spent.unpriced or not spent.calls else spent.cost / DOLLAR,
        "reason": outcome.reason,
    }
