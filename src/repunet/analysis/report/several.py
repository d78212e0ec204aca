"""The contents of a report on several runs, such as a sweep: arms, with intervals over runs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from repunet.analysis.comparison import (
    Arm,
    ArmEstimate,
    Group,
    MeasureContrast,
    MeasuredRun,
    compared,
)
from repunet.analysis.comparison.arms import ArmRuns, Field, fields
from repunet.analysis.comparison.comparing import estimate
from repunet.analysis.measures.catalogue import MEASURES, measured
from repunet.analysis.measures.measure import WINDOW, Rate, RoundSpan
from repunet.analysis.report.headline import LATEST, over
from repunet.analysis.report.numbers import note
from repunet.analysis.report.pictures import Picture, pictures
from repunet.analysis.report.repeating import numbered
from repunet.analysis.report.setting import RunSetting
from repunet.analysis.report.source import ReportSource

HEADLINE = "cooperation"


@dataclass(frozen=True, slots=True)
class MeasureRow:
    """A measure, in each arm of a group."""

    name: str
    title: str
    unit: str
    note: str
    end: tuple[ArmEstimate, ...]
    """Over the last rounds."""
    whole: tuple[ArmEstimate, ...]
    """Over all rounds."""


@dataclass(frozen=True, slots=True)
class RunInShort:
    """A run of an arm, in a line."""

    setting: RunSetting
    end: Rate
    """The headline."""
    asked: int
    missing: int


@dataclass(frozen=True, slots=True)
class ArmInShort:
    """An arm: runs that differ in nothing but their seeds."""

    arm: Arm
    setting: RunSetting
    """That of its first run: what it says of one run alone is not said of the arm."""
    runs: tuple[RunInShort, ...]
    end: ArmEstimate
    """The headline."""
    whole: ArmEstimate

    @property
    def seeds(self) -> str:
        """Return the seeds of its runs."""
        return ", ".join(str(run.setting.seed) for run in self.runs)


@dataclass(frozen=True, slots=True)
class Stage:
    """Arms that may be compared: of the same dilemma."""

    title: str
    shared: str
    """What all of its runs have in common."""
    arms: tuple[ArmInShort, ...]
    families: tuple[tuple[str, tuple[MeasureRow, ...]], ...]
    contrasts: tuple[MeasureContrast, ...]
    """Of the headline."""
    notes: tuple[str, ...]

    @property
    def scenario(self) -> str:
        """Return the dilemma."""
        return self.arms[0].setting.scenario

    @property
    def stretch(self) -> str:
        """Return over what the headline is, such as the last 5 rounds."""
        return over(self.scenario)


@dataclass(frozen=True, slots=True)
class SweepReport:
    """Contents of the report on several runs."""

    name: str
    window: int
    stages: tuple[Stage, ...]
    settings: tuple[RunSetting, ...]
    """Of all runs, those without a round too."""
    notes: tuple[str, ...]
    pictures: tuple[Picture, ...]
    left_out: tuple[str, ...]
    """Runs that could not be read, and why."""
    tone: str = ""
    """Who judged the tone of gossip, with version."""

    @property
    def title(self) -> str:
        """Return what the report is called."""
        return f"{self.name}: {len(self.settings)} runs"

    @property
    def of_latest(self) -> bool:
        """Tell whether any headline is of the latest decisions."""
        return any(stage.scenario == LATEST for stage in self.stages)

    @property
    def minds(self) -> tuple[str, ...]:
        """Return the minds that made the runs."""
        return self.all_of("mind")

    @property
    def prompts(self) -> tuple[tuple[str, str], ...]:
        """Return the sets of prompts, each with its hash."""
        prompts = [setting.prompts for setting in self.settings]
        return tuple(dict.fromkeys((each.name, each.hash) for each in prompts))

    @property
    def again(self) -> tuple[str, ...]:
        """Return the commands that play each run once more, where there are any."""
        kept = [setting for setting in self.settings if not setting.repeat.obstacle]
        played = numbered([each.repeat.beside or each.repeat.begun for each in kept])
        checks = (
            f"repunet digest {each.split()[-1]} --round {setting.rounds}"
            for each, setting in zip(played, kept, strict=True)
        )
        return tuple(line for both in zip(played, checks, strict=True) for line in both)

    @property
    def obstacles(self) -> tuple[tuple[str, str], ...]:
        """Return which runs no command repeats, and why."""
        return tuple((s.name, s.repeat.obstacle) for s in self.settings if s.repeat.obstacle)

    def all_of(self, fact: str) -> tuple[str, ...]:
        """Return all that one of the facts is, in one run or another."""
        return tuple(dict.fromkeys(str(getattr(setting, fact)) for setting in self.settings))


def sweep_report(
    name: str, sources: Sequence[ReportSource], left_out: Sequence[str] = (), tone: str = ""
) -> SweepReport:
    """Return the report on several runs; raises UsageError if none has a committed round."""
    ends = [_measured(each, RoundSpan.end(each.frames, WINDOW)) for each in sources]
    wholes = [_measured(each, RoundSpan.all(each.frames)) for each in sources]
    found = compared([_headline_alone(run) for run in ends])
    settings = {run.path: source.setting for run, source in zip(ends, sources, strict=True)}
    both = zip(_fields(ends), _fields(wholes), strict=True)
    return SweepReport(
        name=name,
        window=WINDOW,
        stages=tuple(
            _stage(group, *spans, settings) for group, spans in zip(found.groups, both, strict=True)
        ),
        settings=tuple(settings.values()),
        notes=found.notes,
        pictures=tuple(pictures([source.frames for source in sources if source.frames.last])),
        left_out=tuple(left_out),
        tone=tone,
    )


def _measured(source: ReportSource, span: RoundSpan) -> MeasuredRun:
    frames, setting = source.frames, source.setting
    return MeasuredRun(
        name=setting.name,
        path=str(source.path),
        digest=setting.digest,
        scenario=setting.scenario,
        seed=setting.seed,
        factors=source.factors,
        version=setting.begun_with,
        rounds=setting.rounds,
        asked=int(frames["rounds"].asked.sum()),
        missing=len(frames["missing"]),
        rates=measured(frames, span) if frames.last else {},
    )


def _headline_alone(run: MeasuredRun) -> MeasuredRun:
    """Return the run with the one measure of which differences between arms are tested."""
    return replace(run, rates={name: run.rates[name] for name in (HEADLINE,) if name in run.rates})


def _fields(runs: Sequence[MeasuredRun]) -> list[Field]:
    return fields([run for run in runs if run.rounds])


def _stage(group: Group, end: Field, whole: Field, settings: Mapping[str, RunSetting]) -> Stage:
    headline = group.measures[0]
    arms = zip(end.arms, whole.arms, strict=True)
    first = settings[end.arms[0].runs[0].path]
    return Stage(
        title=first.title,
        shared=group.shared,
        arms=tuple(_arm(*spans, settings) for spans in arms),
        families=tuple(_families(end, whole)),
        contrasts=headline.contrasts,
        notes=group.notes,
    )


def _arm(end: ArmRuns, whole: ArmRuns, settings: Mapping[str, RunSetting]) -> ArmInShort:
    runs = tuple(
        RunInShort(settings[run.path], run.rates[HEADLINE], run.asked, run.missing)
        for run in end.runs
    )
    estimates = (estimate(HEADLINE, each) for each in (end, whole))
    return ArmInShort(end.arm, runs[0].setting, runs, *estimates)


def _families(end: Field, whole: Field) -> Iterator[tuple[str, tuple[MeasureRow, ...]]]:
    """Yield all measures by family, with the mean of each arm."""
    names = dict.fromkeys(name for arm in end.arms for run in arm.runs for name in run.rates)
    families: dict[str, list[MeasureRow]] = {}
    for measure in map(MEASURES.__getitem__, names):
        last, all_ = (
            tuple(estimate(measure.name, arm) for arm in field.arms) for field in (end, whole)
        )
        row = MeasureRow(measure.name, measure.title, measure.unit, note(measure), last, all_)
        families.setdefault(measure.family, []).append(row)
    yield from ((family, tuple(found)) for family, found in families.items())
