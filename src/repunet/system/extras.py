"""An extra: libraries that not everybody has, and the command by which they are installed here."""

import shlex
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from repunet.errors import UsageError

CHECKOUT = Path(__file__).resolve().parents[3]
"""The folder of the project, if this is a checkout."""


def library(name: str, extra: str = "analysis") -> Any:
    """Return the module of that name; raises UsageError, with what to do, if it is not there."""
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        raise missing(f"{error.name or name} is not installed", extra) from None


def missing(what: str, extra: str) -> UsageError:
    """Return the error of something that needs an extra which is not installed."""
    return UsageError(f"{what}: {installation(extra)}")


def installation(extra: str) -> str:
    """Return the command that adds an extra to the environment we run in."""
    if not (CHECKOUT / "bootstrap.py").is_file():
        return f'install RepuNet with its extra "{extra}"'
    if Path(sys.prefix) == CHECKOUT / ".venv":
        return f"{_shown(sys.executable)} {_shown(CHECKOUT / 'bootstrap.py')} {extra}"
    return f"{_shown(sys.executable)} -m pip install -e {_shown(f'{CHECKOUT}[{extra}]')}"


def _shown(path: str | Path) -> str:
    """Return a path as it is typed here."""
    full, here = Path(path), Path.cwd()
    return shlex.quote(str(full.relative_to(here) if full.is_relative_to(here) else full))
