"""RepuNet: societies of language-model agents that keep reputations, gossip and choose partners."""

import sys
from importlib import import_module
from typing import Any

__version__ = "0.1.0"

API = "repunet.api"
PLACES = {
    "Layer": "repunet.layer",
    "Mind": "repunet.questions.mind",
    "Model": "repunet.models.request",
    "RepuNetError": "repunet.errors",
    "RunSpec": "repunet.runs.spec",
    "RunView": "repunet.analysis.view",
    "Stopped": "repunet.errors",
    "Treatment": "repunet.world.treatment",
    "UsageError": "repunet.errors",
    "aresume": API,
    "arun": API,
    "compare": API,
    "fork": API,
    "minds": API,
    "open_run": "repunet.analysis.view",
    "resume": API,
    "run": API,
    "scenarios": API,
    "sweep": API,
    "treatments": API,
}
"""Module of each public name, which is imported once it is asked for."""
RENAMED = {"Model": "Transport"}

__all__ = ["__version__", *PLACES]


def __getattr__(name: str) -> Any:
    """Import a public name once it is asked for."""
    if name in PLACES:
        return getattr(import_module(PLACES[name]), RENAMED.get(name, name))
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class _OldNames:
    """Import hook for modules of 0.1.0, which are called otherwise now."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> Any:
        """Return the spec of a module that has moved; None for all others."""
        if not name.startswith("repunet.") or name == "repunet.moved":
            return None
        from repunet.moved import spec_of

        return spec_of(name)


sys.meta_path.append(_OldNames)


def __dir__() -> list[str]:
    return sorted({*globals(), *PLACES})
