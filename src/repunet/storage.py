"""Storage: where runs live, what they are called, and which process may write one."""

import os
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import count
from pathlib import Path

from filelock import FileLock, Timeout

from repunet.errors import UsageError, suggest

FILE = "run.sqlite"
LOCK = "run.lock"
VARIABLE = "REPUNET_STORAGE"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class InUse(UsageError):  # noqa: N818
    """Another process is writing the run."""


def home(folder: Path | None = None) -> Path:
    """Return where runs live: the folder, else `REPUNET_STORAGE`, else `./runs`."""
    return folder or Path(os.environ.get(VARIABLE) or "runs")


def locate(run: str, folder: Path | None = None) -> Path:
    """Return the run file of a run given by name or path; raises UsageError if there is none."""
    place = home(folder)
    for path in (place / run / FILE, Path(run) / FILE, Path(run)):
        with suppress(OSError):  # a name longer than any file's
            if path.is_file():
                return path
    names = [path.parent.name for path in run_files(folder)]
    raise UsageError(f'there is no run "{run}" in {place}{suggest(run, names)}; see: repunet runs')


def run_files(folder: Path | None = None) -> list[Path]:
    """Return every run file there is, in the order of the names."""
    return sorted(home(folder).glob(f"*/{FILE}"))


@contextmanager
def new_place(name: str | None, default: str, folder: Path | None = None) -> Iterator[Path]:
    """Hold the place of a run file that is not there yet.

    Without a name it is the default, numbered until it is free. Raises UsageError for a name that
    is taken or is none.
    """
    place = home(folder)
    if name is not None and not NAME.fullmatch(name):
        raise UsageError(f"{name!r} can't name a run: use up to 100 letters, digits, . - _")
    with ExitStack() as held:
        for candidate in [name] if name else _numbered(default):
            path = place / candidate / FILE
            if _is_taken(path, held, pass_over=name is None):
                continue
            yield path
            return
    raise UsageError(f"there is a run {name} in {place}; to go on with it: repunet resume {name}")


def _is_taken(path: Path, held: ExitStack, *, pass_over: bool) -> bool:
    """Tell whether there is such a run; if there is none, hold its place."""
    if path.exists():
        return True
    try:
        place = ExitStack()
        place.enter_context(locked(path.parent))
    except InUse:
        if pass_over:
            return True
        raise
    if path.exists():
        place.close()
        return True
    held.push(place)
    return False


def _numbered(name: str) -> Iterator[str]:
    yield name
    for number in count(2):
        yield f"{name}-{number}"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Let no other process write a run; the lock of a dead process holds nobody up."""
    holder, lock = folder / LOCK, FileLock(folder / LOCK, blocking=False)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
        holder.write_text(f"{os.getpid()}\n")
    except Timeout:
        who = holder.read_text().strip() or "that says not which"
        raise InUse(f"{folder.name} is being written by process {who}: wait for it") from None
    except OSError as error:
        lock.release()
        raise UsageError(
            f"can't write in {folder} ({error.strerror}): choose another place with --storage or "
            f"{VARIABLE}"
        ) from None
    try:
        yield
    finally:
        lock.release()
