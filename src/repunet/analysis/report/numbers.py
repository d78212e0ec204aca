"""The headline of a run, and all its measures, over its last rounds and over all of them."""

from dataclasses import dataclass
from functools import partial

from repunet.analysis.measures.catalogue import MEASURES, measured
from repunet.analysis.measures.cooperation import cooperation, cooperation_by_round
from repunet.analysis.measures.measure import WINDOW, Measure, Rate, RoundSpan
from repunet.analysis.report.rows import rows
from repunet.analysis.tables.frames import Frames


@dataclass(frozen=True, slots=True)
class Number:
    """A measure of a run."""

    name: str
    title: str
    unit: str
    note: str
    """What it is, in a sentence."""
    end: Rate
    """Over the last rounds."""
    whole: Rate
    """Over all rounds."""


@dataclass(frozen=True, slots=True)
class RoundInNumbers:
    """A round of a run."""

    round: int
    cooperation: Rate
    asked: int
    missing: int
    """Of the decisions asked for."""
    encounters: int
    void: int
    ties: int
    heard: int


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers of a run."""

    end: Rate
    """The headline: cooperation over the last rounds."""
    whole: Rate
    first: int
    """First of the last rounds."""
    families: tuple[tuple[str, tuple[Number, ...]], ...]
    rounds: tuple[RoundInNumbers, ...]

    @property
    def count(self) -> int:
        """Return how many measures there are."""
        return sum(len(numbers) for _, numbers in self.families)


def numbers(frames: Frames) -> Numbers:
    """Return all measures that are defined in the dilemma, by family, and the rounds in numbers."""
    end, whole = RoundSpan.end(frames, WINDOW), RoundSpan.all(frames)
    last, all_ = measured(frames, end), measured(frames, whole)
    families: dict[str, list[Number]] = {}
    for name in last:
        measure = MEASURES[name]
        families.setdefault(measure.family, []).append(_number(measure, last[name], all_[name]))
    return Numbers(
        end=cooperation(frames, end),
        whole=cooperation(frames, whole),
        first=end.first,
        families=tuple((family, tuple(found)) for family, found in families.items()),
        rounds=_rounds(frames),
    )


def _number(measure: Measure, end: Rate, whole: Rate) -> Number:
    return Number(measure.name, measure.title, measure.unit, note(measure), end, whole)


def note(measure: Measure) -> str:
    """Return the first sentence of what a measure says of itself.

    >>> note(MEASURES["cooperation"])
    'The headline rate of cooperation: mean over rounds of their rates, 0 to 1.'
    """
    of = measure.of.func if isinstance(measure.of, partial) else measure.of
    said = " ".join((of.__doc__ or "").partition("\n\n")[0].split()).removeprefix("Return ")
    return said[:1].upper() + said[1:]


def _rounds(frames: Frames) -> tuple[RoundInNumbers, ...]:
    rates = {row.round: row for row in rows(cooperation_by_round(frames))}
    return tuple(
        RoundInNumbers(
            round=row.round,
            cooperation=Rate(rates[row.round].value, rates[row.round].n, rates[row.round].missing),
            asked=row.asked,
            missing=row.missing,
            encounters=row.encounters,
            void=row.void,
            ties=row.ties,
            heard=row.heard,
        )
        for row in rows(frames["rounds"])
    )
