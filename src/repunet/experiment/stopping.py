"""The wish to stop: everybody who plays looks whether it was said, or is told."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Stopping:
    """Flag that asks an experiment to stop, from any thread."""

    def __init__(self) -> None:
        self._asked = False
        self._told: list[Callable[[], None]] = []

    def __call__(self) -> bool:
        """Tell whether it is."""
        return self._asked

    def ask(self) -> None:
        """Let it stop."""
        self._asked = True
        for tell in list(self._told):
            tell()

    @contextmanager
    def telling(self, tell: Callable[[], None]) -> Iterator[None]:
        """Tell somebody, for as long as the block lasts."""
        self._told.append(tell)
        try:
            yield
        finally:
            self._told.remove(tell)
