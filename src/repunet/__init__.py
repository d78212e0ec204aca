"""RepuNet: societies of language-model agents that keep reputations, gossip and choose partners."""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"
__all__ = ["RunView", "__version__", "open_run"]


def __getattr__(name: str) -> Any:
    """Import what is there for notebooks once it is asked for."""
    if name in __all__:
        return getattr(import_module("repunet.analysis.view"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
