"""Libraries for analysis, which are imported where they are needed: not everybody has them."""

from importlib import import_module
from typing import Any

from repunet.errors import UsageError


def library(name: str) -> Any:
    """Return the module of that name; raises UsageError, with what to install, if it is missing."""
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        raise UsageError(
            f'{error.name} is not installed: pip install "repunet[analysis]"'
        ) from None
