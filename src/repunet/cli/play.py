"""Commands that play: `run`, `resume` and `demo`."""

import asyncio
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated

from cyclopts import Parameter

from repunet.analysis.summary import WINDOW, Summary, mean_rate, summarise
from repunet.cli.output import console, disclaimer, print_json, progress, rate, table
from repunet.compat.personas import read_personas
from repunet.errors import Stopped, UsageError
from repunet.founding import DEFAULT
from repunet.minds.roster import assign
from repunet.persona import Persona
from repunet.population import population
from repunet.run import Run, begin, found, reopen
from repunet.scenarios import scenario as find_scenario
from repunet.storage import locate
from repunet.treatment import TREATMENTS, Treatment
from repunet.treatment import treatment as find_treatment

AGENTS = 20
ROUNDS = 30
EMBEDDED = "embedded"

YES_NO = {"y": True, "yes": True, "n": False, "no": False}
PRESETS = {
    (True, True): "full",
    (True, False): "no-gossip",
    (False, True): "no-reputation",
    (False, False): "none",
}


def _known_treatments() -> str:
    default, *others = TREATMENTS
    return f"{default} (default), {', '.join(others)}"


Storage = Annotated[
    Path | None, Parameter(help="Where runs live; default $REPUNET_STORAGE or ./runs.")
]
Json = Annotated[bool, Parameter(name="--json", negative="", help="Print JSON, for scripts.")]
Quiet = Annotated[bool, Parameter(negative="", help="Show no progress.")]
Concurrency = Annotated[
    int | None, Parameter(help="How many answers to await at once; changes no result.")
]


def run(
    scenario: str,
    /,
    *,
    rounds: Annotated[
        int, Parameter(name=["--rounds", "--steps"], help="How many rounds to play.")
    ] = ROUNDS,
    treatment: Annotated[str | None, Parameter(help=f"{_known_treatments()}.")] = None,
    reputation: Annotated[str | None, Parameter(help="y or n, instead of --treatment.")] = None,
    gossip: Annotated[str | None, Parameter(help="y or n, instead of --treatment.")] = None,
    set_: Annotated[
        list[str] | None,
        Parameter(name="--set", negative="", help="A finer switch, such as rewiring=off."),
    ] = None,
    seed: Annotated[int, Parameter(help="What all luck follows from.")] = 1,
    mind: Annotated[
        list[str] | None,
        Parameter(
            negative="", help="A mind for everyone, or for one agent: 'Liam OConnor=grudger'."
        ),
    ] = None,
    personas: Annotated[
        Path | None, Parameter(help="People of your own, or the reference's profiles or seed.")
    ] = None,
    agents: Annotated[int | None, Parameter(help=f"How many people; default {AGENTS}.")] = None,
    name: Annotated[str | None, Parameter(help="What to call it; default what it is.")] = None,
    storage: Storage = None,
    concurrency: Concurrency = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Found a society and let it play.

    Parameters
    ----------
    scenario
        The dilemma: pd.
    """
    dilemma = find_scenario(scenario).name
    condition = _treatment(treatment, reputation, gossip, set_ or [])
    people = _people(personas, agents, dilemma)
    minds = assign(mind or [EMBEDDED], people)
    minds.setdefault(DEFAULT, EMBEDDED)
    founding = found(dilemma, condition, people, seed, minds)
    with begin(founding, rounds, name=name, folder=storage, concurrency=concurrency) as begun:
        _announce(begun, quiet=quiet or json)
        _play(begun, quiet=quiet or json)
        _report([summarise(begun.journal)], json=json)


def resume(
    run: str,
    /,
    *,
    rounds: Annotated[int | None, Parameter(help="How many rounds more than planned.")] = None,
    branch: Annotated[
        bool, Parameter(negative="", help="Go on though RepuNet or a mind has changed since.")
    ] = False,
    storage: Storage = None,
    concurrency: Concurrency = None,
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
    with reopen(path, branch=branch, concurrency=concurrency) as reopened:
        if rounds is not None:
            reopened.extend(rounds)
        _announce(reopened, quiet=quiet or json)
        _play(reopened, quiet=quiet or json)
        _report([summarise(reopened.journal)], json=json)


def demo(
    *,
    agents: Annotated[int, Parameter(help="How many people.")] = AGENTS,
    rounds: Annotated[int, Parameter(help="How many rounds to play.")] = ROUNDS,
    seed: Annotated[int, Parameter(help="What all luck follows from.")] = 1,
    mind: Annotated[str, Parameter(help="A mind for everyone.")] = EMBEDDED,
    storage: Storage = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Play the Prisoner's Dilemma with RepuNet and without, and compare the two."""
    summaries: list[Summary] = []
    people = population(agents, "pd")
    minds = assign([mind], people)
    for condition in ("full", "none"):
        founding = found("pd", find_treatment(condition), people, seed, minds)
        with begin(founding, rounds, default=f"demo-{condition}", folder=storage) as begun:
            if not summaries:
                _announce(begun, quiet=quiet or json)
            _play(begun, quiet=quiet or json)
            summaries.append(summarise(begun.journal))
    _report(summaries, json=json)


def _treatment(
    preset: str | None, reputation: str | None, gossip: str | None, switches: Sequence[str]
) -> Treatment:
    if reputation is not None or gossip is not None:
        if preset is not None:
            raise UsageError("say either --treatment or --reputation and --gossip, not both")
        modules = _yes(reputation or "y", "--reputation"), _yes(gossip or "y", "--gossip")
        preset = PRESETS[modules]
    settings = dict(_switch(text) for text in switches)
    return find_treatment(preset or "full").switched(**settings)


def _yes(word: str, option: str) -> bool:
    if word.lower() not in YES_NO:
        raise UsageError(f"{option} takes y or n, not {word!r}")
    return YES_NO[word.lower()]


def _switch(text: str) -> tuple[str, str]:
    switch, equals, value = text.partition("=")
    if not equals:
        raise UsageError(f"--set takes switch=value, such as rewiring=off, not {text!r}")
    return switch.strip(), value


def _people(path: Path | None, agents: int | None, scenario: str) -> tuple[Persona, ...]:
    if path is None:
        return population(AGENTS if agents is None else agents, scenario)
    if agents is not None:
        raise UsageError("say either --personas or --agents, not both: a file has its own people")
    return read_personas(path, scenario)


def _announce(run: Run, *, quiet: bool) -> None:
    if not quiet:
        founding = run.founding
        console.print(
            f"{founding.scenario}, {founding.treatment.label}, {len(founding.personas)} agents, "
            f"seed {founding.seed}; {disclaimer(founding.mind_names)}",
            markup=False,
        )


def _play(run: Run, *, quiet: bool) -> None:
    with progress(run, quiet=quiet) as watch, _interruptible() as interrupts:
        asyncio.run(run.play(watch, stop=lambda: bool(interrupts)))


@contextmanager
def _interruptible() -> Iterator[list[int]]:
    """Let the first Ctrl-C end the run after the round at hand, and the second end it at once."""
    interrupts: list[int] = []

    def interrupt(number: int, _: FrameType | None) -> None:
        if interrupts:
            raise Stopped("interrupted; every committed round is safe: repunet resume goes on")
        interrupts.append(number)

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield interrupts
    finally:
        signal.signal(signal.SIGINT, before)


def _report(summaries: Sequence[Summary], *, json: bool) -> None:
    if json:
        print_json(tuple(summaries) if len(summaries) > 1 else summaries[0])
        return
    rows = [("treatment", *(s.treatment for s in summaries)), *_measures(summaries)]
    console.print(table("", ("run:", *(s.name for s in summaries)), rows))
    console.print(disclaimer(summaries[0].mind), markup=False)
    for summary in summaries:
        console.print(f"run file of {summary.name}: {summary.path}", markup=False)
    console.print(f"look closer: repunet show {summaries[0].name}", markup=False)


def _measures(summaries: Sequence[Summary]) -> Iterator[tuple[str, ...]]:
    def row(title: str, measure: Callable[[Summary], str]) -> tuple[str, ...]:
        return (title, *map(measure, summaries))

    yield row("rounds played, of planned", lambda s: f"{s.rounds} of {s.planned}")
    yield row("cooperation, first 5 rounds", lambda s: rate(mean_rate(s.cooperation[:WINDOW])))
    yield row("cooperation, last 5 rounds", lambda s: rate(s.headline))
    yield row("cooperation, all rounds", lambda s: rate(s.overall))
    yield row("missing decisions, of all", lambda s: f"{s.missing} of {s.decisions}")
    for kind in dict.fromkeys(kind for s in summaries for kind in s.payoff):
        title = f"mean payoff, {kind.replace('_', '-')}"
        yield (title, *(rate(s.payoff.get(kind)) for s in summaries))
    yield row("ties at the end", lambda s: str(s.ties))
    yield row("pieces of gossip heard", lambda s: str(s.gossip))
