"""The contents of a report on one run."""

from dataclasses import dataclass

from repunet.analysis.report.card import Card, Most
from repunet.analysis.report.expenses import Expenses
from repunet.analysis.report.gaps import Gaps, gaps
from repunet.analysis.report.numbers import Numbers, numbers
from repunet.analysis.report.people import Cards
from repunet.analysis.report.pictures import Picture, pictures
from repunet.analysis.report.rows import Cut, People
from repunet.analysis.report.setting import RunSetting
from repunet.analysis.report.source import ReportSource
from repunet.analysis.report.talk import Talk, talk
from repunet.analysis.tables.frames import Frames

PIECES = 1_500
"""Pieces of gossip on a page, or those of the last round if they are more."""


@dataclass(frozen=True, slots=True)
class Contents:
    """Sections of a report that follow from the tables of a run alone."""

    numbers: Numbers
    cards: Cut[Card]
    talk: Talk
    gaps: Gaps

    @classmethod
    def of(cls, frames: Frames) -> "Contents":
        """Return what is to be told of a run."""
        most = Most.of(len(frames.agents))
        people = People(frames, most.cards)
        return cls(
            numbers=numbers(frames),
            cards=Cards(frames, people, most).all(),
            talk=talk(frames, people, PIECES),
            gaps=gaps(frames, people),
        )


@dataclass(frozen=True, slots=True)
class RunReport:
    """Contents of the report on one run."""

    setting: RunSetting
    expenses: Expenses
    contents: Contents
    pictures: tuple[Picture, ...]
    tone: str = ""
    """Who judged the tone of gossip, with version."""

    @property
    def title(self) -> str:
        """Return what the report is called."""
        return f"{self.setting.name}: {self.setting.title}, {self.setting.treatment}"


def run_report(source: ReportSource, tone: str = "") -> RunReport:
    """Return the report on a run."""
    return RunReport(
        setting=source.setting,
        expenses=source.expenses,
        contents=Contents.of(source.frames),
        pictures=tuple(pictures([source.frames])),
        tone=tone,
    )
