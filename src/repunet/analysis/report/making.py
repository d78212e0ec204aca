"""Making a report: from run files to a page, and what it says first."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from repunet.analysis.comparison import notes
from repunet.analysis.measures.gossip import judged
from repunet.analysis.report.rendering import rendered
from repunet.analysis.report.several import ArmInShort, Stage, SweepReport, sweep_report
from repunet.analysis.report.single import run_report
from repunet.analysis.report.source import ReportSource, read
from repunet.analysis.sentiment import VADER
from repunet.errors import RepuNetError, UsageError


@dataclass(frozen=True, slots=True)
class Headline:
    """Cooperation over the last rounds: of a run, or the mean of an arm with its interval."""

    what: str
    over: str
    """Over which rounds."""
    cooperation: float | None
    low: float | None
    """None for a single run, and where runs don't differ at all; as is `high`."""
    high: float | None
    runs: int
    missing: int
    """Decisions that would have counted, and could not be had."""
    decisions: int
    """Those, and all that count."""


@dataclass(frozen=True, slots=True)
class ReportPage:
    """A report, and what it says first."""

    html: str
    runs: int
    mind: str
    headlines: tuple[Headline, ...]
    left_out: tuple[str, ...] = ()
    """Runs that could not be read, and why."""


def page_of_run(path: Path, tone: str = VADER) -> ReportPage:
    """Return the report on the run in a file, as far as it is committed."""
    report = run_report(read(path, tone), judged(tone))
    end = report.contents.numbers.end
    run = report.setting
    far = "" if run.is_complete else f", {run.rounds} of {run.planned} rounds"
    what = f"{run.name}, {run.treatment}{far}"
    counted = end.n + end.missing
    headline = Headline(what, run.stretch, end.value, None, None, 1, end.missing, counted)
    return ReportPage(rendered("run.html", report), 1, run.mind, (headline,))


def page_of_runs(name: str, paths: Sequence[Path], tone: str = VADER) -> ReportPage:
    """Return the report on the runs in several files; those that can't be read are left out.

    Raises UsageError if none can be.
    """
    sources: list[ReportSource] = []
    left_out: list[str] = []
    for path in paths:
        try:
            sources.append(read(path, tone))
        except RepuNetError as error:
            left_out.append(f"{path.parent.name}: {error}")
    if not sources:
        raise UsageError(f"no run of {name} can be read: {left_out[0] if left_out else 'none'}")
    once, copies = _once(sources)
    found = sweep_report(name, once, left_out, judged(tone))
    report = replace(found, notes=(*notes.copies(copies), *found.notes))
    headlines = [_headline(report, stage, arm) for stage in report.stages for arm in stage.arms]
    return ReportPage(
        rendered("sweep.html", report),
        len(once),
        "; ".join(report.minds),
        tuple(headlines),
        report.left_out,
    )


def _once(sources: Sequence[ReportSource]) -> tuple[list[ReportSource], dict[str, list[str]]]:
    """Return each run once, and which others are the same, by the name of the one that counts."""
    first: dict[str, ReportSource] = {}
    copies: dict[str, list[str]] = {}
    for source in sources:
        same = first.setdefault(source.setting.digest, source)
        if same is not source:
            copies.setdefault(same.setting.name, []).append(source.setting.name)
    return list(first.values()), copies


def _headline(report: SweepReport, stage: Stage, arm: ArmInShort) -> Headline:
    what = f"{stage.title}, {arm.arm.name}" if len(report.stages) > 1 else arm.arm.name
    found = arm.end.interval
    low, high = (found.low, found.high) if found.sd else (None, None)
    missing, counted = arm.end.missing, arm.end.counted + arm.end.missing
    return Headline(what, arm.setting.stretch, found.mean, low, high, found.n, missing, counted)
