"""All figures there are, by name."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure

from repunet.analysis.figures.cascade import gossip_cascade
from repunet.analysis.figures.cooperation import cooperation_over_rounds
from repunet.analysis.figures.costs import costs_of_runs
from repunet.analysis.figures.gossip import gossip_and_its_tone
from repunet.analysis.figures.matrix import reputation_matrix
from repunet.analysis.figures.network import network_over_rounds
from repunet.analysis.figures.standing import cooperation_against_standing
from repunet.analysis.figures.wealth import wealth_at_the_end
from repunet.analysis.tables.frames import Frames
from repunet.errors import UsageError, unknown


@dataclass(frozen=True, slots=True)
class FigureKind:
    """A figure by name, as reports and the command line list it."""

    name: str
    title: str
    of: Callable[[Sequence[Frames]], Figure]
    """Draws it of one run or many, which it keeps apart by dilemma, mind and treatment."""


_KINDS = (
    FigureKind("cooperation", "Cooperation over rounds", cooperation_over_rounds),
    FigureKind("standing", "Cooperation against reputation", cooperation_against_standing),
    FigureKind("network", "The network over rounds", network_over_rounds),
    FigureKind("gossip", "Who is talked about, and in what tone", gossip_and_its_tone),
    FigureKind("matrix", "Who thinks what of whom", reputation_matrix),
    FigureKind("cascade", "The gossip that went farthest", gossip_cascade),
    FigureKind("wealth", "Wealth at the end", wealth_at_the_end),
    FigureKind("costs", "What was asked of language models", costs_of_runs),
)
FIGURES = {kind.name: kind for kind in _KINDS}


def draw(name: str, runs: Sequence[Frames]) -> Figure:
    """Return the figure of that name; raises UsageError if there is none, or there are no runs."""
    if name not in FIGURES:
        raise unknown("figure", name, FIGURES)
    if not runs:
        raise UsageError("there is nothing to draw: name a run; see: repunet runs")
    return FIGURES[name].of(runs)
