"""The log of a run, for people: what was done with it, when, by which command. Never a key.

It stands beside the run file, as `run.log`, and grows with every command that plays. Nothing reads
it: it may be deleted, and where it can't be written the run goes on without.
"""

import logging
import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from io import TextIOWrapper
from pathlib import Path
from shlex import join
from stat import S_ISREG

from repunet import __version__
from repunet.errors import RepuNetError, Stopped
from repunet.models.ledger import DOLLAR
from repunet.models.redaction import known, redacted
from repunet.record.changes import origin
from repunet.runs.run import Run, Watcher
from repunet.scenarios.headline import cooperation
from repunet.system.terminal import in_one_line
from repunet.world.event import DecisionMissing, Event
from repunet.world.society import Society

FILE = "run.log"
CAREFUL = ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC")
"""Ways to open a file that not every system has."""
LINE, TIME = "%(asctime)s %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S%z"
LIKE_KEYS = re.compile(r"\b(?:sk|gsk|xai|AIza|key)[-_][\w-]{8,}|(?<=//)[^/@\s]+(?=@)")
"""What looks like a key, or stands where a URL has its password."""

command: ContextVar[str | None] = ContextVar("command", default=None)
"""What was said to have a run played, where it is not what this process was started with."""


@contextmanager
def logged(run: Run, warnings: Iterable[str] = ()) -> Iterator[Watcher]:
    """Write down how a run is played in the block; what is given back is to be told of each round.

    What ends the block is written down, too, and goes on.
    """
    log, handler = _opened(run.journal.path.with_name(FILE))
    try:
        _begin(log, run, warnings)
        run.on_notice(lambda told: log.warning("%s", told))
        yield _Rounds(log, run)
        log.info("ended after round %d of %d", run.journal.rounds, run.planned)
    except Stopped as stopped:
        log.warning("stopped after round %d: %s", run.journal.rounds, stopped)
        raise
    except BaseException as error:
        what = "" if isinstance(error, RepuNetError) else f"{type(error).__name__}: "
        log.error("failed after round %d: %s%s", run.journal.rounds, what, error)
        raise
    finally:
        handler.close()


def noted(run: Path, message: str) -> None:
    """Write down, in the log beside a run file, what was done with it otherwise than by playing."""
    log, handler = _opened(run.with_name(FILE))
    log.info("RepuNet %s: %s", __version__, command.get() or _command(sys.argv))
    log.info("%s", message)
    handler.close()


def _opened(path: Path) -> tuple[logging.Logger, logging.Handler]:
    """Return a log that only this run writes to."""
    handler: logging.Handler
    try:
        handler = _File(path, encoding="utf-8", errors="replace")
    except OSError:
        handler = logging.NullHandler()
    handler.setFormatter(_Discreet(LINE, TIME))
    log = logging.Logger(path.parent.name, logging.INFO)
    log.addHandler(handler)
    return log, handler


class _File(logging.FileHandler):
    def _open(self) -> TextIOWrapper:
        """Return the file, opened: no link is followed, and no pipe or device is waited for."""
        how = os.O_WRONLY | os.O_APPEND | os.O_CREAT | sum(getattr(os, each, 0) for each in CAREFUL)
        number = os.open(self.baseFilename, how, 0o666)
        if not S_ISREG(os.fstat(number).st_mode):
            os.close(number)
            raise OSError("no regular file")
        return open(number, "a", encoding=self.encoding, errors=self.errors)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """Let no run end because its log can't be written."""


class _Discreet(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """Return the record in one line, without a key."""
        text = in_one_line(super().format(record))
        return LIKE_KEYS.sub("[key]", redacted(text, *known(os.environ)))


def _begin(log: logging.Logger, run: Run, warnings: Iterable[str]) -> None:
    manifest, played = run.manifest, run.society.round
    log.info("RepuNet %s: %s", __version__, command.get() or _command(sys.argv))
    log.info(
        "%s at round %d of %d: %s, %s, %d agents, seed %d; minds: %s",
        _how(run), played, run.planned, manifest.scenario, run.treatment,
        len(manifest.personas), manifest.seed, manifest.mind_names,
    )  # fmt: skip
    for warning in warnings:
        log.warning("%s", warning)


def _command(words: Sequence[str]) -> str:
    return join([Path(words[0]).name, *words[1:]]) if words else "repunet"


def _how(run: Run) -> str:
    played, source = run.society.round, origin(run.journal)
    if source is not None and source.round == played:
        return f"forked from {source.name}"
    return "resumed" if played else "begun"


class _Rounds:
    """Writes a line for each round, and one for each decision that it lacks."""

    def __init__(self, log: logging.Logger, run: Run) -> None:
        self._log = log
        self._run = run

    def __call__(self, number: int, events: Sequence[Event], society: Society) -> None:
        missing = [event for event in events if isinstance(event, DecisionMissing)]
        now = cooperation(events, society.scenario)
        parts = (
            f"round {number} of {self._run.planned}",
            "cooperation not known" if now is None else f"cooperation {now:.2f}",
            f"ties {len(society.network)}",
            f"missing {len(missing)}" if missing else "",
            _spent(self._run),
        )
        self._log.info("%s", "  ".join(filter(None, parts)))
        for each in missing:
            self._log.warning("missing: %s (%s)", each.decision, each.why)


def _spent(run: Run) -> str:
    spent = run.spending
    if spent is None or not spent.calls:
        return ""
    cost = "" if spent.unpriced else f"  ${spent.cost / DOLLAR:.4f}"
    return f"calls {spent.calls}  tokens {spent.tokens}{cost}"
