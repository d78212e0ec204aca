"""Minds: the different ways in which an operation gets its answer.

The package can be called, as `repunet.minds()`: it lists the names of all minds there are.
"""

import sys
from types import ModuleType


class _Minds(ModuleType):
    def __call__(self) -> tuple[str, ...]:
        from repunet.minds.router import mind_names

        return mind_names()


sys.modules[__name__].__class__ = _Minds
