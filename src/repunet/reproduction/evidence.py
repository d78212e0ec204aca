"""Evidence: what is measured in each run, for the paper's tables, figures and claims."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from repunet.analysis.comparison.measuring import MeasuredRun, in_processes, run_with
from repunet.analysis.measures.catalogue import MEASURES
from repunet.analysis.measures.measure import WINDOW, Rate, RoundSpan
from repunet.analysis.measures.trajectory import COLLAPSED
from repunet.analysis.sentiment import VADER
from repunet.analysis.statistics import SHARE, UNLIMITED, Limits
from repunet.analysis.tables.frames import Frames
from repunet.reproduction.runs import Replication

Quantity = Callable[[Frames], Rate]


def at_end(measure: str) -> Quantity:
    """Return a measure of the last rounds."""
    return lambda frames: _of(measure, frames, RoundSpan.end(frames))


def over_all(measure: str) -> Quantity:
    """Return a measure of all rounds."""
    return lambda frames: _of(measure, frames, RoundSpan.all(frames))


def _of(measure: str, frames: Frames, span: RoundSpan) -> Rate:
    """Return a measure; nothing where the dilemma has none of it."""
    found = MEASURES[measure]
    return found.of(frames, span) if found.fits(frames.scenario) else Rate(None, 0)


def minus(one: Quantity, other: Quantity) -> Quantity:
    """Return the difference of two quantities of a run."""

    def difference(frames: Frames) -> Rate:
        a, b = one(frames), other(frames)
        known = a.value is not None and b.value is not None
        value = a.value - b.value if known else None  # type: ignore[operator]
        return Rate(value, min(a.n, b.n), a.missing + b.missing)

    return difference


def at_start(frames: Frames) -> Rate:
    """Return cooperation in the first rounds."""
    return MEASURES["cooperation"].of(frames, RoundSpan(1, min(WINDOW, frames.last)))


def depth(frames: Frames) -> Rate:
    """Return how far cooperation in the last rounds is below the rate of a collapse."""
    end = MEASURES["cooperation"].of(frames, RoundSpan.end(frames))
    return end._replace(value=None if end.value is None else COLLAPSED - end.value)


def ties_at_end(frames: Frames) -> Rate:
    """Return the ties of an agent at the end of the last rounds, the mean over these."""
    return _ties(frames, RoundSpan.end(frames))


def ties_at_first(frames: Frames) -> Rate:
    """Return the same in the first half of the run."""
    return _ties(frames, RoundSpan(1, max(1, frames.last // 2)))


def _ties(frames: Frames, span: RoundSpan) -> Rate:
    ties = span.of(frames["rounds"]).ties
    return Rate(float(ties.mean()) / len(frames.agents), len(ties)) if len(ties) else Rate(None, 0)


def broken(frames: Frames) -> Rate:
    """Return the share of accepted deals in the last rounds whose promise was not kept."""
    kept = _of("kept_of_accepted", frames, RoundSpan.end(frames))
    return kept._replace(value=None if kept.value is None else 1 - kept.value)


LIMITS: Final[Mapping[str, Limits]] = {
    "change": (-1.0, 1.0),
    "decline": (-1.0, 1.0),
    "depth": (COLLAPSED - 1, COLLAPSED),
    "gossip_bias": (-1.0, 1.0),
    "good_acts": SHARE,
    "broken": SHARE,
    "ties": (0.0, None),
}
"""The least and the greatest that a quantity can be, if it is no measure and has limits."""
QUANTITIES: Final[Mapping[str, Quantity]] = {
    "cooperation": at_end("cooperation"),
    "change": minus(at_end("cooperation"), at_start),
    "decline": minus(at_start, at_end("cooperation")),
    "depth": depth,
    "cooperation_and_standing": over_all("cooperation_and_standing"),
    "assortativity_cooperation": over_all("assortativity_cooperation"),
    "isolation": minus(over_all("rest_mutual_degree"), over_all("bottom_mutual_degree")),
    "talk_and_standing": over_all("talk_and_standing"),
    "gossip_positive": over_all("gossip_positive"),
    "gossip_bias": minus(over_all("gossip_after_c"), over_all("gossip_after_d")),
    "gossip_tone": over_all("gossip_tone"),
    "good_acts": over_all("overall"),
    "ties": ties_at_end,
    "ties_lost": minus(ties_at_first, ties_at_end),
    "broken": broken,
}
"""What the claims are about, by name; those of the network are of the last round."""


def limits(quantity: str) -> Limits:
    """Return the least and the greatest that a quantity can be; None where there is no limit."""
    known = MEASURES[quantity].limits if quantity in MEASURES else UNLIMITED
    return LIMITS.get(quantity, known)


def measure(
    runs: Sequence[Replication], wanted: Sequence[str], processes: int = 1, tone: str = VADER
) -> list[MeasuredRun]:
    """Return what was measured in the rounds of each run that count."""
    lengths = {run.path: run.rounds for run in runs}
    each = partial(measured, wanted=tuple(wanted), lengths=lengths, tone=tone)
    return in_processes(each, list(lengths), processes)


def measured(
    path: Path, wanted: Sequence[str], lengths: Mapping[Path, int], tone: str = VADER
) -> MeasuredRun:
    """Return quantities of a run, by name."""
    return run_with(
        lambda frames: {name: QUANTITIES[name](frames) for name in wanted},
        path,
        lengths[path],
        tone,
    )
