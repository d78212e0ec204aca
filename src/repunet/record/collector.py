"""Garbage: what a society remembers is none, so the collector need not look through it again."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

THRESHOLDS = 5_000, 1_000, 1_000
"""Objects, and collections of the young, that come before the collector looks for garbage."""


class Collector:
    """Python's collector while runs are being played, one or several in the same process."""

    def __init__(self) -> None:
        self._playing = 0
        self._usual = gc.get_threshold()

    @contextmanager
    def spared(self) -> Iterator[None]:
        """Let it look at what is new only; the last run that plays puts things back."""
        if not self._playing:
            self._usual = gc.get_threshold()
            gc.set_threshold(*THRESHOLDS)
        self._playing += 1
        try:
            yield
        finally:
            self._playing -= 1
            if not self._playing:
                gc.set_threshold(*self._usual)
                gc.unfreeze()

    def settle(self) -> None:
        """Set everything that is remembered by now apart from what may become garbage."""
        gc.freeze()


collector = Collector()
