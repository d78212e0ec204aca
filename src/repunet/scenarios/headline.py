"""Headline of a run: the rate that Table 1 of the paper gives, as each scenario defines it."""

from collections.abc import Iterable, Sequence
from statistics import fmean

from repunet.scenarios import scenario
from repunet.world.event import Event

WINDOW = 5
"""Rounds at the end of a run that the headline is the mean of (paper, Table 1)."""


def cooperation(events: Iterable[Event], dilemma: str) -> float | None:
    """Return the headline rate of these events, None where they hold nothing to take it from.

    >>> cooperation([], "pd") is None
    True
    """
    degrees = scenario(dilemma).degrees(list(events))
    return fmean(degrees) if degrees else None


def headline(rates: Sequence[float | None], dilemma: str) -> float | None:
    """Return the headline of a run from the rates of its rounds.

    It is the mean over the last rounds; where choices stand until the next ones, the latest rate,
    however long ago.

    >>> headline([0.2, 0.4, *[None] * 9], "participation")
    0.4
    """
    if scenario(dilemma).choices_stand:
        return next((rate for rate in reversed(rates) if rate is not None), None)
    return mean_rate(rates[-WINDOW:])


def mean_rate(rates: Sequence[float | None]) -> float | None:
    """Return the mean of the rates that are known, None if none is."""
    known = [rate for rate in rates if rate is not None]
    return fmean(known) if known else None
