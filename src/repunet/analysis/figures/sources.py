"""What a figure is drawn from: the runs, their arms, and the small print that says so."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import pandas as pd

from repunet.analysis.figures.style import LOOKS, Look, plain
from repunet.analysis.makers import notes
from repunet.analysis.tables.frames import Frame, Frames
from repunet.errors import UsageError
from repunet.scenarios import scenario
from repunet.world.treatment import TREATMENTS

LISTED = 6
"""How many seeds are listed one by one."""


@dataclass(frozen=True, slots=True)
class FigureSource:
    """Facts of a run that its figures need."""

    run: str
    mind: str
    scenario: str
    treatment: str
    seed: int
    rounds: int
    asked: int
    """Decisions asked for, answered or not."""
    missing: int

    @classmethod
    def of(cls, frames: Frames) -> "FigureSource":
        """Return that of a run."""
        facts, rounds = frames.facts, frames["rounds"]
        return cls(
            run=str(facts["run"]),
            mind=str(facts["mind"]),
            scenario=frames.scenario,
            treatment=str(facts["treatment"]),
            seed=int(facts["seed"]),
            rounds=frames.last,
            asked=int(rounds.asked.sum()),
            missing=len(frames["missing"]),
        )

    @property
    def stage(self) -> tuple[str, str]:
        """Return what must not be mixed in one panel: the dilemma and the mind."""
        return self.scenario, self.mind


class FigureArm(NamedTuple):
    """Runs that differ in nothing but their seeds."""

    scenario: str
    mind: str
    treatment: str
    numbers: tuple[int, ...]
    """Their places among the runs that are drawn."""

    def of(self, table: Frame) -> Frame:
        """Return the rows of its runs."""
        return table[table["number"].isin(self.numbers)]


def gathered(runs: Sequence[Frames], measure: Callable[[Frames], Frame]) -> Frame:
    """Return what a measure makes of each run, below each other, with the run's number in front."""
    made = [measure(run).assign(number=number) for number, run in enumerate(runs)]
    filled = [table for table in made if len(table)] or made[:1]
    return pd.concat(filled, ignore_index=True)


def of_all(there: Iterable[FigureArm], table: Frame) -> Frame:
    """Return the rows of the runs of several arms."""
    return table[table["number"].isin([number for arm in there for number in arm.numbers])]


def arms(sources: Sequence[FigureSource]) -> list[FigureArm]:
    """Return the arms: as dilemmas and minds come, and the paper's treatments in its order."""
    numbers: dict[tuple[str, str, str], list[int]] = {}
    for number, source in enumerate(sources):
        numbers.setdefault((*source.stage, source.treatment), []).append(number)
    order = list(TREATMENTS)
    stages = list(dict.fromkeys(source.stage for source in sources))
    ordered = sorted(
        numbers,
        key=lambda one: (
            stages.index(one[:2]),
            next((at for at, name in enumerate(order) if _is_of(one[2], name)), len(order)),
        ),
    )
    return [FigureArm(*one, tuple(numbers[one])) for one in ordered]


def _is_of(arm: str, treatment: str) -> bool:
    """Tell whether an arm is of a treatment, whatever its length."""
    return arm == treatment or bool(re.fullmatch(rf"{treatment}, \d+ rounds", arm))


def staged(sources: Sequence[FigureSource]) -> dict[str, list[FigureArm]]:
    """Return the arms of each panel, by its title: the dilemma, and the mind if they differ."""
    several = len({source.mind for source in sources}) > 1
    panels: dict[str, list[FigureArm]] = {}
    for arm in arms(sources):
        title = f"{arm.scenario}, {arm.mind}" if several else arm.scenario
        panels.setdefault(title, []).append(arm)
    return panels


def looks(treatments: Iterable[str]) -> dict[str, Look]:
    """Return how treatments are drawn: the paper's always alike, others in what is left.

    >>> looks(["none", "full"])["full"].color
    '#0072B2'
    """
    fixed = dict(zip(TREATMENTS, LOOKS, strict=False))
    wanted = list(dict.fromkeys(treatments))
    taken = [fixed[name] for name in wanted if name in fixed]
    spare = [look for look in LOOKS if look not in taken] or list(LOOKS)
    others = [name for name in wanted if name not in fixed]
    return fixed | {name: spare[place % len(spare)] for place, name in enumerate(others)}


def known(runs: Iterable[Frames]) -> list[FigureSource]:
    """Return what must be known of runs; where their lengths differ, it is part of the arm."""
    sources = [FigureSource.of(run) for run in runs]
    lengths: dict[tuple[str, str], set[int]] = {}
    for source in sources:
        lengths.setdefault(source.stage, set()).add(source.rounds)
    return [
        replace(source, treatment=f"{source.treatment}, {source.rounds} rounds")
        if len(lengths[source.stage]) > 1
        else source
        for source in sources
    ]


class Words(NamedTuple):
    """Title and caption of a figure."""

    title: str
    small: str


def small_print(sources: Sequence[FigureSource], *remarks: str) -> Words:
    """Return what is said of a figure, so that a copied image speaks for itself.

    Above it: of which scenario, treatment and mind it is. Below: which runs, and what is missing.
    """
    asked, missing = (sum(getattr(s, what) for s in sources) for what in ("asked", "missing"))
    said = [_minds(sources), _runs(sources), f"Missing decisions: {missing:,} of {asked:,}."]
    return Words(_title(sources), " ".join([*said, *_lengths(sources), *filter(None, remarks)]))


def _title(sources: Sequence[FigureSource]) -> str:
    there = dict.fromkeys(arm.treatment for arm in arms(sources))
    treatments = _some([plain(name, 40) for name in there])
    minds = _some([plain(mind, 40) for mind in dict.fromkeys(s.mind for s in sources)])
    dilemmas = _some([_called(name) for name in dict.fromkeys(s.scenario for s in sources)])
    return f"{dilemmas}: {treatments}; {minds}"


def _some(words: Sequence[str]) -> str:
    more = len(words) - LISTED
    return ", ".join(words[:LISTED]) + (f" and {more} more" if more > 0 else "")


def _called(dilemma: str) -> str:
    """Return what people call a dilemma; its name where it is not installed here."""
    try:
        return scenario(dilemma).title
    except UsageError:
        return dilemma


def _lengths(sources: Sequence[FigureSource]) -> Iterator[str]:
    if any(len({o.rounds for o in sources if o.stage == s.stage}) > 1 for s in sources):
        yield "Runs of different lengths are arms of their own: compare them only at equal rounds."


def _minds(sources: Sequence[FigureSource]) -> str:
    minds = list(dict.fromkeys(source.mind for source in sources))
    said = f"Mind: {'; '.join(minds) or 'none'}"
    remarks = "; ".join(note.short for note in notes(" ".join(minds)))
    return f"{said} ({remarks})." if remarks else f"{said}."


def _runs(sources: Sequence[FigureSource]) -> str:
    if len(sources) == 1:
        (one,) = sources
        return f"Run {one.run}: {one.scenario}, {one.treatment}, seed {one.seed}, " + (
            f"{_span([one.rounds])} rounds."
        )
    seeds = sorted({source.seed for source in sources})
    which = f"seeds {_span(seeds)}" if len(seeds) > 1 else f"seed {_span(seeds)}"
    return f"{len(sources)} runs, {which}, {_span([s.rounds for s in sources])} rounds."


def _span(numbers: Iterable[int]) -> str:
    found = sorted(set(numbers))
    if len(found) < 2:
        return "".join(map(str, found))
    contiguous = found[-1] - found[0] == len(found) - 1
    if contiguous or len(found) > LISTED:
        return f"{found[0]}–{found[-1]}" + ("" if contiguous else f" ({len(found)} of them)")
    return ", ".join(map(str, found))


def one_of_each(runs: Sequence[Frames]) -> tuple[list[Frames], list[FigureSource]]:
    """Return the first run of every arm, for figures that show runs one by one."""
    sources = known(runs)
    first = [min(arm.numbers, key=lambda number: sources[number].seed) for arm in arms(sources)]
    return [runs[number] for number in first], [sources[number] for number in first]
