"""The catalogue: every measure by name, and all that fit a run at once."""

from collections.abc import Iterable
from itertools import chain

from repunet.analysis.measures import (
    accuracy,
    assortment,
    communities,
    cooperation,
    dilemma,
    discrimination,
    gossip,
    hearsay,
    inequality,
    investment,
    network,
    reach,
    reputation,
    response,
    trajectory,
)
from repunet.analysis.measures.measure import Measure, Rate, RoundSpan
from repunet.analysis.tables.frames import Frames
from repunet.errors import unknown

MODULES = (
    cooperation,
    trajectory,
    dilemma,
    discrimination,
    investment,
    reputation,
    accuracy,
    response,
    network,
    communities,
    assortment,
    gossip,
    hearsay,
    reach,
    inequality,
)

MEASURES: dict[str, Measure] = {
    measure.name: measure for measure in chain.from_iterable(each.MEASURES for each in MODULES)
}
"""Every measure there is, by name: the headline first, family by family."""


def measured(
    frames: Frames, span: RoundSpan, names: Iterable[str] | None = None
) -> dict[str, Rate]:
    """Return measures of a run over some of its rounds, by name: these, or all that fit.

    Of the names, those that are not defined in the run's dilemma are left out. Raises UsageError,
    with a suggestion, if there is no measure of a name.

    >>> from repunet.analysis.measures.handmade import four_fortunes
    >>> measured(four_fortunes(), RoundSpan(1, 1), ["gini", "honesty"])
    {'gini': Rate(value=0.5, n=4, missing=0)}
    """
    wanted = [_measure(name) for name in (MEASURES if names is None else names)]
    fitting = [measure for measure in wanted if measure.fits(frames.scenario)]
    return {measure.name: measure.of(frames, span) for measure in fitting}


def _measure(name: str) -> Measure:
    if name not in MEASURES:
        raise unknown("measure", name, MEASURES)
    return MEASURES[name]
