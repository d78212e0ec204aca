"""Tables and sentences about the number of runs an arm needs."""

from collections.abc import Iterable, Iterator, Sequence

from repunet.analysis.statistics import runs_to_reach
from repunet.cli.commands.power import Needed
from repunet.cli.printing.comparison import columns, number


def power_title(measure: str, power: float, alpha: float) -> str:
    """Return what the table of runs needed is of."""
    of = f"; {measure}" if measure else ""
    return f"Runs for {power:.0%} power, two-sided Welch test at {number(alpha)}{of}"


def needed(found: Sequence[Needed]) -> dict[str, Sequence[str]]:
    """Return the columns of the table of runs needed."""
    rows = [
        (
            f"{each.scenario} {each.arm} - {each.versus}".strip(),
            _pair(each.power.means if each.power else None),
            _pair(each.power.sds if each.power else None),
            _pilots(each),
            _needed(each),
            _cautious(each),
        )
        for each in found
    ]
    names = ("arms:", "means", "SDs", "pilots", "runs an arm", "cautious")
    made = columns(names, rows)
    if not any(each.power and each.power.n for each in found):
        del made["pilots"], made["cautious"]
    return made


def _pair(values: tuple[float, float] | None) -> str:
    return ", ".join(map(number, values)) if values else "n/a"


def _pilots(each: Needed) -> str:
    return "{}, {}".format(*each.power.n) if each.power and each.power.n else "n/a"


def _needed(each: Needed) -> str:
    if each.power is None:
        return "n/a"
    return "no number" if each.power.runs is None else f"{each.power.runs:,}"


def _cautious(each: Needed) -> str:
    runs = each.power and each.power.cautious
    return f"{runs:,}" if runs else "n/a"


def power_sentences(found: Iterable[Needed], alpha: float) -> Iterator[str]:
    """Yield what is to be said below the table of runs needed."""
    kept = list(found)
    if any(each.power is None for each in kept):
        yield "Fewer than two pilot runs in an arm say nothing about its spread: play more of them."
    if any(each.power is not None and each.power.runs is None for each in kept):
        yield "Where the means are equal, or all but equal, no number of runs is enough."
    if any(each.power is not None and each.power.n for each in kept):
        yield (
            "Pilot runs say little about the spread: `cautious` supposes standard deviations at "
            "the upper end of what they allow (80 %)."
        )
    yield (
        f"A permutation test needs at least {runs_to_reach(alpha, paired=False)} runs an arm, or "
        f"{runs_to_reach(alpha, paired=True)} pairs, to give a p of {number(alpha)} or below at "
        "all."
    )
