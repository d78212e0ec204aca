"""The command `shell`: runs, line by line, from a terminal or from a file.

Lines are edited, remembered and completed by Python's own readline: a loop of short commands needs
no more, and a dependency less is one that can't break. Where there is no readline, lines are lines.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated, Any

from cyclopts import CycloptsError, Parameter

from repunet.cli.options import Quiet, Storage
from repunet.cli.session import Session
from repunet.cli.spec_options import LimitOptions, SpecOptions
from repunet.errors import RepuNetError, UsageError
from repunet.system.terminal import tell, visible

HISTORY = 1000
"""Lines that are remembered."""


def shell(
    name: str | None = None,
    /,
    *,
    keep_going: Annotated[
        bool,
        Parameter(
            name=["--keep-going", "-k"], negative="", help="Go on after an error, in a file."
        ),
    ] = False,
    options: SpecOptions | None = None,
    limits: LimitOptions | None = None,
    storage: Storage = None,
    quiet: Quiet = False,
) -> None:
    """Play, look, go back and ask, line by line; `help` says how.

    Options say what runs are founded with here. Lines from a file or a pipe are done one after
    another, up to the first that fails.

    Parameters
    ----------
    name
        Name of a run or a seed to open.
    """
    session = Session(options or SpecOptions(), limits, storage, quiet)
    if name is not None:
        session.open([name])
    if sys.stdin.isatty():
        session.confirm = _confirmed
        _converse(session)
    else:
        _read(session, keep_going=keep_going)


def _read(session: Session, *, keep_going: bool) -> None:
    """Do what the lines of a file say."""
    failed = 0
    for number, line in enumerate(_lines(), start=1):
        if session.over:
            break
        try:
            session.do(line.strip())
        except (RepuNetError, CycloptsError) as error:
            problem = _problem(error)
            problem.args = (f"line {number}: {problem}",)
            if not keep_going:
                raise problem from None
            _complain(problem)
            failed += 1
    if failed:
        raise RepuNetError(f"{failed} of the lines failed")


def _lines() -> Iterator[str]:
    try:
        yield from sys.stdin
    except UnicodeDecodeError as error:
        raise UsageError(f"what is said is no text: not {error.encoding}") from None


def _converse(session: Session) -> None:
    """Do what somebody at a terminal says, until they leave."""
    with _edited(session):
        while not session.over:
            try:
                session.do(input(visible(f"{session.where}> ")))
            except EOFError:
                print()
                return
            except KeyboardInterrupt:
                print()
            except (RepuNetError, CycloptsError) as error:
                _complain(_problem(error))
            except OSError as error:
                _complain(RepuNetError(f"{error.filename or 'it'}: {error.strerror or error}"))


def _problem(error: RepuNetError | CycloptsError) -> RepuNetError:
    return error if isinstance(error, RepuNetError) else RepuNetError(" ".join(str(error).split()))


def _complain(error: RepuNetError) -> None:
    sys.stdout.flush()
    for line in filter(None, (error.detail, f"repunet: {error}")):
        tell(line)


def _confirmed(question: str) -> bool:
    try:
        return input(visible(question)).strip().lower() in ("y", "yes")
    except (EOFError, KeyboardInterrupt):
        print()
        return False


@contextmanager
def _edited(session: Session) -> Iterator[None]:
    """Let lines be edited and completed, and remember them."""
    try:
        import readline
    except ImportError:
        yield
        return
    _complete(readline, session)
    history = _history()
    with suppress(OSError):
        readline.read_history_file(history)
    try:
        yield
    finally:
        readline.set_history_length(HISTORY)
        with suppress(OSError):
            history.parent.mkdir(parents=True, exist_ok=True)
            readline.write_history_file(history)


def _history() -> Path:
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "repunet" / "history"


def _complete(readline: Any, session: Session) -> None:
    """Complete whole lines: names of agents have blanks in them."""

    def completer(line: str, number: int) -> str | None:
        try:
            return list(filter(str.isprintable, session.completions(line)))[number]
        except (IndexError, RepuNetError):
            return None

    readline.set_completer(completer)
    readline.set_completer_delims("")
    libedit = "libedit" in (readline.__doc__ or "")
    readline.parse_and_bind("bind ^I rl_complete" if libedit else "tab: complete")
