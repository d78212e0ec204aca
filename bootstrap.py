"""One command on a fresh machine: make .venv hold a profile's lock, then run a command in it.

    python3 bootstrap.py core -- repunet demo
    python3 bootstrap.py dev -- pytest

Needs nothing but Python and a POSIX system; uses uv where it is on the PATH, else pip.
Even a Python that is too old can read this file, and looks for a newer one
($PYTHON, if set, names the one to use).
"""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "stamp"  # written last: a .venv without it was never finished

OLDEST = (3, 11)
KNOWN = ("python3.14", "python3.13", "python3.12", "python3.11")
SATISFIED_BY = {  # each of them holds core; dev all the others but ray and axelrod, slow those, too
    "core": ("core", "analysis", "local", "providers", "ray", "axelrod", "dev", "slow"),
    "analysis": ("analysis", "dev", "slow"),
    "local": ("local", "dev", "slow"),
    "providers": ("providers", "dev", "slow"),
    "ray": ("ray", "slow"),
    "axelrod": ("axelrod", "slow"),
    "dev": ("dev", "slow"),
    "slow": ("slow",),
}


class BootstrapError(Exception):
    """What the user has to know, in one line."""


def main(arguments: "list[str]") -> int:
    """Become the command; an exit code is returned only where that fails."""
    try:
        profile, command = parse(arguments)
        ensure_supported_python(arguments)
        prepare(profile)
        become(command)
    except BootstrapError as error:
        sys.stderr.write(f"bootstrap: {error}\n")
    except KeyboardInterrupt:
        return 130
    return 2


def parse(arguments: "list[str]") -> "tuple[str, list[str]]":
    """The profile and the command."""
    if len(arguments) < 3 or arguments[0] not in SATISFIED_BY or arguments[1] != "--":
        known = "|".join(SATISFIED_BY)
        raise BootstrapError(f"usage: python3 bootstrap.py {{{known}}} -- command ...")
    return arguments[0], arguments[2:]


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


def prepare(profile: str) -> None:
    """Make .venv hold the profile, from nothing, from ruins or from another lock."""
    with one_at_a_time():
        found = STAMP.read_text() if STAMP.exists() and PYTHON.exists() else ""
        if found in [stamp(holder) for holder in SATISFIED_BY[profile]]:
            return
        sys.stderr.write(f"bootstrap: installing {profile} into {VENV}, once\n")
        STAMP.unlink(missing_ok=True)
        if not found.startswith(birthmark()):
            make_venv()
        install(profile)
        STAMP.write_text(stamp(profile))


@contextmanager
def one_at_a_time() -> "Iterator[None]":
    """A lock held until we and the installers we started are done, however we end."""
    with (ROOT / ".venv.lock").open("w") as lock:
        os.set_inheritable(lock.fileno(), True)
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def stamp(profile: str) -> str:
    """What a .venv that holds the profile says of itself."""
    lock = (ROOT / "locks" / f"{profile}.txt").read_bytes()
    project = (ROOT / "pyproject.toml").read_bytes()
    return f"{birthmark()}{profile} {sha256(lock + project).hexdigest()}\n"


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


def install(profile: str) -> None:
    """The lock, every file checked against its hash, and the project itself, editable."""
    pip = installer()
    run(*pip, "--require-hashes", "-r", f"{ROOT}/locks/{profile}.txt")
    run(*pip, "--no-deps", "--no-build-isolation", "-e", str(ROOT))


def installer() -> "list[str]":
    """The start of an install command: uv, else the pip in .venv, else the pip outside it."""
    uv = shutil.which("uv")
    if uv:
        return [uv, "pip", "install", "--quiet", "--python", str(PYTHON)]
    if find_spec("ensurepip"):
        run(str(PYTHON), "-m", "ensurepip")
        return [str(PYTHON), "-m", "pip", "install", "-qq"]
    if find_spec("pip"):
        return [sys.executable, "-m", "pip", "--python", str(PYTHON), "install", "-qq"]
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
