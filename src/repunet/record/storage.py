"""Storage: where runs live, what they are called, and which process may write one."""

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import count
from pathlib import Path
from shlex import quote
from stat import S_ISLNK, S_ISREG

from filelock import FileLock, Timeout

from repunet.errors import UsageError, suggest

FILE = "run.sqlite"
LOCK = "run.lock"
VARIABLE = "REPUNET_STORAGE"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
FORBIDDEN = re.compile(
    r"(con|prn|aux|nul|(com|lpt)[1-9\xb9\xb2\xb3])\s*(\..*)?|.*[. ]|.*[<>:\"/\\|?*\0-\x1f].*",
    re.IGNORECASE | re.DOTALL,
)
"""Names that no file and no folder can have on Windows: of devices, and some characters."""


def portable(name: str, what: str) -> str:
    """Return the name of something that is new; raises UsageError for one that Windows forbids.

    >>> portable("NUL.json", "a seed")
    Traceback (most recent call last):
        ...
    repunet.errors.UsageError: 'NUL.json' can't name a seed: Windows forbids it; choose another name
    """
    if FORBIDDEN.fullmatch(name):
        raise UsageError(f"{name!r} can't name {what}: Windows forbids it; choose another name")
    return name


class InUse(UsageError):  # noqa: N818
    """Another process is writing the run."""


def home(folder: Path | None = None) -> Path:
    """Return where runs live: the folder, else `REPUNET_STORAGE`, else `./runs`."""
    return folder or Path(os.environ.get(VARIABLE) or "runs")


def called(path: Path) -> str:
    """Return the word by which any command finds the run of this file, ready to be pasted.

    It is the name of a run in the default place, elsewhere the path of its folder.
    """
    folder = path.parent
    by_name = NAME.fullmatch(folder.name) and folder.parent.absolute() == home().absolute()
    return folder.name if by_name else quote(str(folder))


def option(folder: Path | None) -> str:
    """Return the option, ready to be pasted, that names a folder other than the default one."""
    elsewhere = home(folder).absolute() != home().absolute()
    return f" --storage {quote(str(folder))}" if elsewhere else ""


def locate(run: str, folder: Path | None = None) -> Path:
    """Return the run file of a run given by name or path; raises UsageError if there is none."""
    place = home(folder)
    denied: list[PermissionError] = []
    for path in (place / run / FILE, Path(run) / FILE, Path(run)):
        try:
            if path.is_file():
                return path
        except PermissionError as error:
            denied.append(error)
        except OSError:  # a name longer than any file's
            pass
    with _readable(place / run):
        if denied:
            raise denied[0]
    hint = suggest(run, (path.parent.name for path in run_files(folder)))
    raise UsageError(f'there is no run "{run}" in {place}{hint}; see: repunet runs{option(folder)}')


def run_files(folder: Path | None = None) -> list[Path]:
    """Return every run file there is, in the order of the names; raises UsageError if it can't.

    A folder that can't be read counts as a run: whoever opens it is told so.
    """
    place = home(folder)
    with _readable(place):
        if not place.is_dir():
            return []
        return sorted(path for entry in place.iterdir() if _may_be_there(path := entry / FILE))


def runs_in(word: str, folder: Path | None = None) -> tuple[Path, list[Path]]:
    """Return the folder that a word names, and the files in it: of a run, or of all of a sweep.

    Raises UsageError, with a suggestion, if there is no such run or sweep.
    """
    named = [home(folder) / word] if word.strip("./") else []
    for place in [*named, Path(word)] if word else []:
        if place.is_dir() and not (place / FILE).is_file() and (files := run_files(place)):
            return place, files
    file = locate(word, folder)
    return file.parent, [file]


def _may_be_there(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return True


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Say in one line that the rights to look there are missing."""
    try:
        yield
    except PermissionError as error:
        raise UsageError(
            f"can't read {path} ({error.strerror}): have its owner let you, or choose another "
            f"place with --storage or {VARIABLE}"
        ) from None


@contextmanager
def new_place(name: str | None, default: str, folder: Path | None = None) -> Iterator[Path]:
    """Hold the place of a run file that is not there yet.

    Without a name it is the default, numbered until it is free. Raises UsageError for a name that
    is taken, is none, or would be none elsewhere.
    """
    place = home(folder)
    if name is not None and not NAME.fullmatch(name):
        raise UsageError(f"{name!r} can't name a run: use up to 100 letters, digits, . - _")
    portable(name or default, "a run")
    with ExitStack() as held:
        for candidate in [name] if name else _numbered(default):
            path = place / candidate / FILE
            with _readable(path):
                fresh = _not_there(path.parent)
            if _is_taken(path, held, pass_over=name is None):
                continue
            try:
                yield path
            finally:
                if not path.exists():
                    _leave(path.parent, fresh, held)
            return
    raise UsageError(f"there is a run {name} in {place}; to go on: repunet resume {called(path)}")


def _is_taken(path: Path, held: ExitStack, *, pass_over: bool) -> bool:
    """Tell whether there is such a run; if there is none, hold its place."""
    with _readable(path):
        if path.exists() or path.is_symlink():
            return True
        if any(path.parent.glob(f"*/{FILE}")):
            if pass_over:
                return True
            raise UsageError(f"{path.parent} holds the runs of a sweep: choose another name")
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


def _not_there(folder: Path) -> list[Path]:
    """Return which folders would have to be made, the innermost first."""
    return [each for each in (folder, *folder.parents) if not each.exists()]


def _leave(folder: Path, fresh: Iterable[Path], held: ExitStack) -> None:
    """Let nothing be left of a run that was not begun: what was there before stays."""
    with suppress(OSError):
        (folder / LOCK).unlink()  # while it is held, lest somebody else's be taken away
    held.close()
    with suppress(OSError):
        for each in fresh:
            each.rmdir()


def _numbered(name: str) -> Iterator[str]:
    yield name
    for number in count(2):
        yield f"{name}-{number}"


def require_own(path: Path) -> None:
    """Raise UsageError if something is there that is no file: what is written would be elsewhere.

    Links are not followed.
    """
    try:
        kind = path.lstat().st_mode
    except OSError:
        return
    if not S_ISREG(kind):
        what = "a link" if S_ISLNK(kind) else "no regular file"
        raise UsageError(f"{path} is {what}, so nothing is written there: take it away")


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Let no other process write a run; the lock of a dead process holds nobody up."""
    holder, lock = folder / LOCK, FileLock(folder / LOCK, blocking=False)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        require_own(holder)
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
