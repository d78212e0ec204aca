"""Views: a run to be looked at from Python, in a notebook for example. They never change it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cached_property, partial
from html import escape
from pathlib import Path
from types import TracebackType
from typing import Any
from warnings import warn

from repunet.analysis.makers import notes
from repunet.analysis.report.writing import PAGE, write
from repunet.analysis.summary import Summary, summarise
from repunet.analysis.tables import TABLES, History, Row
from repunet.analysis.tables.files import about
from repunet.analysis.tables.frame import frame
from repunet.analysis.tables.graph import graph
from repunet.errors import UsageError, unknown
from repunet.models.request import Message
from repunet.record.attempts import messages
from repunet.record.collector import collector
from repunet.record.journal import Journal
from repunet.record.manifest import Manifest
from repunet.record.storage import locate
from repunet.system.extras import library
from repunet.world.society import Society

SHOWN = ("run", "scenario", "treatment", "mind", "seed", "round")
"""Facts that a notebook shows of a run."""


def open_run(run: str | Path, storage: str | Path | None = None) -> "RunView":
    """Return a view of a run, given by its name or by the path of its folder or file.

    Raises UsageError, with a suggestion, if there is no such run.

    >>> with open_run("first") as run:  # doctest: +SKIP
    ...     run.reputations().groupby("round").score.mean()
    """
    return RunView(locate(str(run), None if storage is None else Path(storage)))


def _with_columns(method: Callable[["RunView"], Any]) -> Callable[["RunView"], Any]:
    """Add what its table holds, column by column, to what a method says of itself."""
    table = TABLES[method.__name__]
    columns = (
        f"    {column.name}: {column.meaning}{f' ({column.unit})' if column.unit else ''}"
        for column in table.columns
    )
    method.__doc__ = "\n".join([f"{method.__doc__}\n", table.meaning, "", "Columns:", *columns])
    return method


class RunView:
    """A run as it stood when the view was opened: its rounds up to the last one committed by then.

    Others may write the run meanwhile: for what has come since, open another view. Each table is
    a method that returns a new pandas.DataFrame, whose `attrs` say which run and mind it is of.
    """

    def __init__(self, path: Path) -> None:
        with Journal.open(path) as journal:
            self._history: History | None = History(journal)
        self.path = path
        self.manifest: Manifest = self._history.manifest
        self.round = self._history.last
        """The last round it shows."""
        self._about = about(self._history)

    def __repr__(self) -> str:
        facts = self._about
        return (
            f"<RunView of {facts['run']}: {facts['scenario']}, {facts['treatment']}, "
            f"seed {facts['seed']}, after round {self.round}; mind: {facts['mind']}>"
        )

    @property
    def founding(self) -> Manifest:
        """Return the manifest, by its name of 0.1.0; it goes with the next release."""
        warn("RunView.founding is now RunView.manifest", DeprecationWarning, stacklevel=2)
        return self.manifest

    def __enter__(self) -> "RunView":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of what was read; no file is open anyway."""
        self._history = None

    @property
    def history(self) -> History:
        """Return what was read of the run; raises UsageError if the view is closed."""
        if self._history is None:
            raise UsageError(f"this view of {self._about['run']} is closed: open another one")
        return self._history

    @property
    def attrs(self) -> dict[str, Any]:
        """Return what every DataFrame says of its origin: run, mind, seed, round, digest, ..."""
        return dict(self._about)

    @cached_property
    def summary(self) -> Summary:
        """Return the run in a few numbers; what was spent is as it is in the file now."""
        with self._file() as journal:
            return summarise(journal)

    @property
    def digest(self) -> str:
        """Return the hash that equal runs share, as far as this view goes."""
        return str(self._about["digest"])

    def cooperation(self) -> Any:
        """Return the headline rate of each round as a pandas.DataFrame.

        Columns:
            round: number of the round
            value: rate of cooperation from 0 to 1; NaN where there is none
            n: acts, deals or choices that it is a rate of
            missing: decisions that could not be had, and that it lacks
        """
        measures = library("repunet.analysis.measures.cooperation")
        made = measures.cooperation_by_round(self._frames()).copy()
        made.attrs |= {**self._about, "table": "cooperation"}
        return made

    def figure(self, name: str = "cooperation") -> Any:
        """Return a figure of the run as a matplotlib Figure, which a notebook shows.

        Names: cooperation, standing, network, gossip, matrix, cascade, wealth, costs. Raises
        UsageError, with a suggestion, for others.
        """
        figures = "repunet.analysis.figures"
        made = library(f"{figures}.catalogue").draw(name, [self._frames()])
        shown = partial(library(f"{figures}.saving").drawn, made, "png")
        made.__dict__["_repr_png_"] = shown  # it is shown where pyplot was never imported, too
        return made

    def report(
        self, path: str | Path | None = None, *, force: bool = False, tone: str = "vader"
    ) -> Path:
        """Write all there is to know of the run into one HTML file, and return its path.

        By default it is `report.html` beside the run. Raises UsageError if something else than a
        report of ours is there, unless `force` is set.
        """
        to = self.path.with_name(PAGE) if path is None else Path(path)
        with self._file():
            write(self.path.parent, [self.path], to, force=force, tone=tone)
        return to

    def _frames(self) -> Any:
        return library("repunet.analysis.tables.frames").frames(self.history)

    def _repr_html_(self) -> str:
        """Return what a notebook shows: which run it is, what came of it, and who made it."""
        facts = {name: self._about[name] for name in SHOWN}
        with suppress(UsageError, OSError):
            found = self.summary
            rate = "none" if found.overall is None else f"{found.overall:.2f}"
            facts["cooperation, all rounds"] = rate
            facts["missing decisions"] = f"{found.missing} of {found.decisions}"
        facts["digest"] = self.digest[:12]
        rows = (f"<tr><th>{escape(name)}</th><td>{escape(str(fact))}</td></tr>"
                for name, fact in facts.items())  # fmt: skip
        told = (f"<p>{escape(note.text)}</p>" for note in notes(str(self._about["mind"])))
        return "\n".join(["<table>", *rows, "</table>", *told])

    def society(self, round: int | None = None) -> Society:
        """Return the society as it stood after a round, by default the last one."""
        return self.history.society(self.round if round is None else round)

    def graph(self, round: int | None = None) -> Any:
        """Return a networkx.DiGraph of the ties after a round, by default the last one.

        A node has name, disposition, mind, wealth and encounters, and as far as they are known
        standing, observers and cooperation; an edge has `roles` and `since`, a round.
        """
        with self._file() as journal:
            return graph(journal, self.round if round is None else round)

    def messages(self, attempt: int) -> tuple[Message, ...]:
        """Return what a request to a language model said: its number is in `attempts`."""
        with self._file() as journal:
            return messages(journal, attempt)

    @contextmanager
    def _file(self) -> Iterator[Journal]:
        """Open the file once more, as far as it is shown."""
        with collector.spared(), _Shown.open(self.path) as journal:
            if journal.digest(self.round) != self._about["digest"]:
                raise UsageError(f"{self.path} is another run by now: open another view")
            journal.last = self.round  # type: ignore[attr-defined]
            yield journal

    def rows(self, table: str) -> list[Row]:
        """Return a table as named tuples, without pandas."""
        if table not in TABLES:
            raise unknown("table", table, TABLES)
        with collector.spared():
            return TABLES[table].rows(self.history)

    def table(self, table: str) -> Any:
        """Return a table as a pandas.DataFrame, by its name."""
        rows = self.rows(table)
        return frame(TABLES[table], rows, self._about)

    @_with_columns
    def agents(self) -> Any:
        """Return everyone, as they were before the first round."""
        return self.table("agents")

    @_with_columns
    def rounds(self) -> Any:
        """Return the rounds in numbers."""
        return self.table("rounds")

    @_with_columns
    def encounters(self) -> Any:
        """Return who met whom, and what everyone did."""
        return self.table("encounters")

    @_with_columns
    def choices(self) -> Any:
        """Return what agents chose outside encounters."""
        return self.table("choices")

    @_with_columns
    def payoffs(self) -> Any:
        """Return what everyone earned and has, round by round."""
        return self.table("payoffs")

    @_with_columns
    def reputations(self) -> Any:
        """Return every version of every record."""
        return self.table("reputations")

    @_with_columns
    def standings(self) -> Any:
        """Return how everyone stands, round by round."""
        return self.table("standings")

    @_with_columns
    def self_images(self) -> Any:
        """Return how agents came to see themselves."""
        return self.table("self_images")

    @_with_columns
    def ties(self) -> Any:
        """Return every tie, from when to when."""
        return self.table("ties")

    @_with_columns
    def gossip(self) -> Any:
        """Return all gossip that was heard."""
        return self.table("gossip")

    @_with_columns
    def untold(self) -> Any:
        """Return wishes to talk that found no listener."""
        return self.table("untold")

    @_with_columns
    def decisions(self) -> Any:
        """Return everything that was decided."""
        return self.table("decisions")

    @_with_columns
    def missing(self) -> Any:
        """Return the decisions that could not be had."""
        return self.table("missing")

    @_with_columns
    def attempts(self) -> Any:
        """Return every request to a language model."""
        return self.table("attempts")


class _Shown(Journal):
    """A run file, as far as a view shows it."""

    last: int | None = None

    @property
    def rounds(self) -> int:
        """Return the number of rounds that are shown."""
        return super().rounds if self.last is None else self.last
