"""Commands that play: `run`, `resume` and `demo`."""

import asyncio
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated

from cyclopts import Parameter

from repunet.analysis.makers import minds_of
from repunet.analysis.summary import Summary, summarise
from repunet.cli.options import (
    Json,
    LimitOptions,
    PlayLimits,
    Quiet,
    Rounds,
    Seed,
    Storage,
    Whole,
    said,
)
from repunet.cli.output import (
    console,
    disclaimer,
    money,
    part,
    print_json,
    progress,
    rate,
    say,
    spelled,
    table,
)
from repunet.cli.reporting import PAGE, say_headlines, write
from repunet.cli.specified import SpecOptions
from repunet.errors import Stopped, UsageError
from repunet.minds.default import EMBEDDED
from repunet.record.notes import SPEC
from repunet.record.storage import called, locate
from repunet.runs.beginning import begun_from, spec_of
from repunet.runs.log import logged
from repunet.runs.run import Run, Watcher, reopen
from repunet.runs.spec import AGENTS, ROUNDS, SEED, RunSpec
from repunet.scenarios.headline import WINDOW, mean_rate
from repunet.system.terminal import tell
from repunet.world.event import Event
from repunet.world.society import Society

LATEST = "participation"
"""The dilemma whose headline is of the latest decisions, however long ago."""
STOPPING = (signal.SIGINT, signal.SIGTERM)


def run(
    scenario: str | None = None,
    /,
    *,
    options: SpecOptions | None = None,
    name: Annotated[str | None, Parameter(help="Name of the run; default what it is.")] = None,
    limits: LimitOptions | None = None,
    storage: Storage = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Found a society and let it play.

    Parameters
    ----------
    scenario
        The dilemma, such as pd; may be left out if the spec names it.
    """
    spec = (options or SpecOptions()).chosen(scenario, limits, name, storage)
    with begun_from(spec, storage, batch=limits.batch if limits else None) as begun:
        announce(begun, quiet=quiet or json)
        play_and_report(begun, quiet=quiet, json=json)


def resume(
    run: str,
    /,
    *,
    rounds: Annotated[Whole | None, Parameter(help="Rounds to play beyond those planned.")] = None,
    branch: Annotated[
        bool, Parameter(negative="", help="Go on though RepuNet or a mind has changed since.")
    ] = False,
    limits: LimitOptions | None = None,
    storage: Storage = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Go on with a run, to its planned end or so many rounds beyond.

    Parameters
    ----------
    run
        Its name, or the path of its folder or file.
    """
    path = locate(run, storage)
    spec, terms = spec_of(path, *said(limits))
    at_once = spec.limits.concurrency
    with reopen(path, branch=branch, concurrency=at_once, terms=terms) as reopened:
        if limits is not None and limits.given():
            reopened.journal.note(SPEC, spec.to_json())
        if rounds is not None:
            reopened.extend(rounds)
        elif reopened.society.round >= reopened.planned and not (quiet or json):
            say("nothing is left to play; for more rounds: --rounds N")
        announce(reopened, quiet=quiet or json)
        play_and_report(reopened, quiet=quiet, json=json)


def demo(
    *,
    agents: Annotated[Whole, Parameter(help="Number of agents.")] = AGENTS,
    rounds: Rounds = ROUNDS,
    seed: Seed = SEED,
    mind: Annotated[str, Parameter(help="A mind for everyone.")] = EMBEDDED,
    limits: PlayLimits | None = None,
    storage: Storage = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Play the Prisoner's Dilemma with RepuNet and without, and compare the two."""
    summaries: list[Summary] = []
    both = RunSpec().merged(
        scenario="pd",
        agents=agents,
        rounds=rounds,
        seed=seed,
        limits=limits.given() if limits else None,
    )
    for condition in ("full", "none"):
        chosen = both.merged(treatment=condition).assign_minds([mind], (), {})
        with begun_from(chosen, storage, default=f"demo-{condition}") as begun:
            announce(begun, quiet=quiet or json)
            play_out(begun, quiet=quiet or json)
            summaries.append(summarise(begun.journal))
    report(summaries, json=json)
    if not json:
        _tell(Path(summaries[0].path))


def _tell(run: Path) -> None:
    """Write the report on a run, and say what it says first; or what is missing for it."""
    page = run.with_name(PAGE)
    try:
        say_headlines(write(run.parent, [run], page), page)
    except UsageError as error:
        say(f"no report: {error}")


def announce(run: Run, *, quiet: bool) -> None:
    """Say what will be played, and by which minds."""
    if not quiet:
        manifest = run.manifest
        say(
            f"{manifest.scenario}, {run.treatment}, {len(manifest.personas)} agents, "
            f"seed {manifest.seed}; {disclaimer(minds_of(run.journal))}"
        )
        for warning in run.warnings:
            say(f"warning: {warning}")


def play_and_report(run: Run, *, quiet: bool, json: bool) -> None:
    """Play a run and print what came out; for a script, that of a run that was stopped, too."""
    try:
        play_out(run, quiet=quiet or json)
    except Stopped:
        if json:
            report([summarise(run.journal)], json=True)
        raise
    report([summarise(run.journal)], json=json)


def play_out(run: Run, *, quiet: bool, until: int | None = None) -> None:
    """Play a run to its planned end, to another round, or to the end of the one interrupted.

    It is written down in the run's log.
    """
    with (
        logged(run, run.warnings) as note,
        progress(run, quiet=quiet) as watch,
        _interruptible(run) as interrupts,
    ):
        if not quiet:
            run.on_notice(lambda told: tell(f"note: {told}"))

        def over() -> bool:
            return until is not None and run.journal.rounds >= until

        try:
            asyncio.run(run.play(_both(note, watch), stop=lambda: bool(interrupts) or over()))
        except Stopped:
            if not over():
                raise
        except KeyboardInterrupt:
            raise Stopped(
                "interrupted; every committed round, and every answer that was kept, is safe; to "
                f"go on: repunet resume {called(run.journal.path)}"
            ) from None


def _both(one: Watcher, other: Watcher) -> Watcher:
    def watch(number: int, events: Sequence[Event], society: Society) -> None:
        one(number, events, society)
        other(number, events, society)

    return watch


@contextmanager
def _interruptible(run: Run) -> Iterator[list[int]]:
    """Let the first Ctrl-C or SIGTERM end the run after the round at hand, the second at once.

    Where language models are asked, the first one ends the round, too: nothing more is sent.
    """
    interrupts: list[int] = []

    def interrupt(number: int, _: FrameType | None) -> None:
        if interrupts:
            raise KeyboardInterrupt
        interrupts.append(number)
        run.interrupt()

    before = {number: signal.signal(number, interrupt) for number in STOPPING}
    try:
        yield interrupts
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


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
