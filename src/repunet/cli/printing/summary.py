"""Tables of what came out of runs."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from repunet.analysis.summary import Summary
from repunet.cli.printing.console import console, print_json, say
from repunet.cli.printing.formats import disclaimer, money, part, rate, spelled
from repunet.cli.printing.tables import table
from repunet.record.storage import called
from repunet.scenarios.headline import WINDOW, mean_rate

LATEST = "participation"
"""The dilemma whose headline is of the latest decisions, however long ago."""


def report(summaries: Sequence[Summary], *, json: bool) -> None:
    """Print what came out, and where it is."""
    if json:
        print_json(tuple(summaries) if len(summaries) > 1 else summaries[0])
        return
    rows = [("treatment", *(s.treatment for s in summaries)), *_measures(summaries)]
    console.print(table("", ("run:", *(s.name for s in summaries)), rows))
    say(disclaimer(summaries[0].mind))
    for summary in summaries:
        say(f"run file of {summary.name}: {summary.path}", unbroken=True)
    say(f"look closer: repunet show {called(Path(summaries[0].path))}", unbroken=True)


def _measures(summaries: Sequence[Summary]) -> Iterator[tuple[str, ...]]:
    def row(title: str, measure: Callable[[Summary], str]) -> tuple[str, ...]:
        return (title, *map(measure, summaries))

    yield row("rounds played, of planned", lambda s: f"{s.rounds} of {s.planned}")
    longest, latest = max(s.rounds for s in summaries), {s.scenario for s in summaries} == {LATEST}
    if longest > WINDOW:
        first = f"cooperation, first {WINDOW} rounds"
        yield row(first, lambda s: rate(mean_rate(s.cooperation[:WINDOW])))
    if latest or longest > WINDOW:
        last = "latest decisions" if latest else f"last {WINDOW} rounds"
        yield row(f"cooperation, {last}", lambda s: rate(s.headline))
    yield row("cooperation, all rounds", lambda s: rate(s.overall))
    yield row("missing decisions, of all", lambda s: f"{s.missing} of {s.decisions}")
    for kind in dict.fromkeys(kind for s in summaries for kind in s.payoff):
        title = f"mean payoff, {spelled(kind)}"
        yield (title, *(rate(s.payoff.get(kind)) for s in summaries))
    yield row("ties at the end", lambda s: str(s.ties))
    yield row("pieces of gossip heard", lambda s: str(s.gossip))
    if any(s.calls for s in summaries):
        yield row("calls of language models", lambda s: f"{s.calls:,}")
        yield row("tokens, in and out", lambda s: f"{s.tokens:,}")
        if any(s.cached for s in summaries):
            yield row("from a cache, of tokens in", lambda s: part(s.cached))
        yield row("cost", lambda s: money(s.dollars))
