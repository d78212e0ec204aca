"""Source: a run as a report reads it, from its file, at one moment; the file is never changed."""

from dataclasses import dataclass
from pathlib import Path

from repunet.analysis.comparison.factors import factors
from repunet.analysis.measures.gossip import judge_by
from repunet.analysis.report.expenses import Expenses, expenses
from repunet.analysis.report.setting import RunSetting, setting
from repunet.analysis.sentiment import VADER
from repunet.analysis.tables import History
from repunet.analysis.tables.frames import Frames, frames
from repunet.record.collector import collector
from repunet.record.journal import Journal


@dataclass(frozen=True)
class ReportSource:
    """A run: its tables, what was run, and what it cost."""

    path: Path
    frames: Frames
    setting: RunSetting
    expenses: Expenses
    factors: dict[str, str]
    """What it follows from, all but its scenario and its seed, as comparisons name it."""


def read(path: Path, tone: str = VADER) -> ReportSource:
    """Return a run as far as it is committed, whoever writes it meanwhile."""
    with collector.spared(), Journal.open(path) as journal:
        history = History(journal)
        return ReportSource(
            path=path,
            frames=judge_by(frames(history), tone),
            setting=setting(journal, history),
            expenses=expenses(journal),
            factors=factors(journal, history),
        )
