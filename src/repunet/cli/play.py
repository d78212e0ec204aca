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
from repunet.cli.options import Concurrency, Json, Quiet, Rounds, Seed, Storage, Whole
from repunet.cli.output import (
    console,
    disclaimer,
    print_json,
    progress,
    rate,
    say,
    spelled,
    table,
)
from repunet.compat.personas import read_personas
from repunet.errors import Stopped, UsageError
from repunet.founding import DEFAULT
from repunet.minds.roster import assign
from repunet.network import read_ties
from repunet.persona import Persona
from repunet.population import population
from repunet.profile import profiled
from repunet.prompts import PLAIN
from repunet.run import FAITHFUL, Run, begin, found, reopen
from repunet.scenarios import scenario as find_scenario
from repunet.storage import called, locate
from repunet.treatment import TREATMENTS, Treatment
from repunet.treatment import treatment as find_treatment

AGENTS = 20
ROUNDS = 30
EMBEDDED = "embedded"
STOPPING = (signal.SIGINT, signal.SIGTERM)

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


def run(
    scenario: str,
    /,
    *,
    rounds: Rounds = ROUNDS,
    treatment: Annotated[str | None, Parameter(help=f"{_known_treatments()}.")] = None,
    reputation: Annotated[str | None, Parameter(help="y or n, instead of --treatment.")] = None,
    gossip: Annotated[str | None, Parameter(help="y or n, instead of --treatment.")] = None,
    set_: Annotated[
        list[str] | None,
        Parameter(name="--set", negative="", help="A finer switch, such as rewiring=off."),
    ] = None,
    profile: Annotated[
        str, Parameter(help="The paper's institutions, or those of the reference.")
    ] = "paper",
    plan: Annotated[
        str, Parameter(help="faithful: a call for each question; or compact.")
    ] = FAITHFUL,
    prompts: Annotated[str, Parameter(help="The wording that language models read.")] = PLAIN,
    seed: Seed = 1,
    mind: Annotated[
        list[str] | None,
        Parameter(
            negative="", help="A mind for everyone, or for one agent: 'Liam OConnor=grudger'."
        ),
    ] = None,
    personas: Annotated[
        Path | None, Parameter(help="People of your own, or the reference's profiles or seed.")
    ] = None,
    agents: Annotated[Whole | None, Parameter(help=f"How many people; default {AGENTS}.")] = None,
    network: Annotated[
        Path | None, Parameter(help="Ties from the start: a JSON list of pairs of names.")
    ] = None,
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
    condition = profiled(_treatment(treatment, reputation, gossip, set_ or []), profile, dilemma)
    people = _people(personas, agents, dilemma)
    minds = assign(mind or [EMBEDDED], people)
    minds.setdefault(DEFAULT, EMBEDDED)
    roles = find_scenario(dilemma).roles
    ties = read_ties(network, people, roles) if network else ()
    founding = found(dilemma, condition, people, seed, minds, ties)
    with begin(
        founding,
        rounds,
        name=name,
        folder=storage,
        concurrency=concurrency,
        plan=plan,
        prompts=prompts,
    ) as begun:
        _announce(begun, quiet=quiet or json)
        _play(begun, quiet=quiet or json)
        _report([summarise(begun.journal)], json=json)


def resume(
    run: str,
    /,
    *,
    rounds: Annotated[Whole | None, Parameter(help="How many rounds more than planned.")] = None,
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
    agents: Annotated[Whole, Parameter(help="How many people.")] = AGENTS,
    rounds: Annotated[Whole, Parameter(help="How many rounds to play.")] = ROUNDS,
    seed: Seed = 1,
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
        preset = PRESETS[_yes(reputation, "--reputation"), _yes(gossip, "--gossip")]
    settings: dict[str, str] = {}
    for switch, value in map(_switch, switches):
        if switch in settings:
            raise UsageError(f"--set {switch} is there twice: keep one of them")
        settings[switch] = value
    return find_treatment("full" if preset is None else preset).switched(**settings)


def _yes(word: str | None, option: str) -> bool:
    if word is None:
        return True
    if word.lower() not in YES_NO:
        raise UsageError(f"{option} takes y or n, not {word!r}")
    return YES_NO[word.lower()]


def _switch(text: str) -> tuple[str, str]:
    switch, equals, value = text.partition("=")
    if not equals:
        raise UsageError(f"--set takes switch=value, such as rewiring=off, not {text!r}")
    return switch.strip().replace("-", "_"), value


def _people(path: Path | None, agents: int | None, scenario: str) -> tuple[Persona, ...]:
    if path is None:
        return population(AGENTS if agents is None else agents, scenario)
    if agents is not None:
        raise UsageError("say either --personas or --agents, not both: a file has its own people")
    return read_personas(path, scenario)


def _announce(run: Run, *, quiet: bool) -> None:
    if not quiet:
        founding = run.founding
        say(
            f"{founding.scenario}, {founding.treatment.label}, {len(founding.personas)} agents, "
            f"seed {founding.seed}; {disclaimer(founding.mind_names)}"
        )
        if not (founding.treatment.rewiring or founding.ties):
            say(
                "warning: without rewiring and without --network nobody has ties, so nobody "
                "chooses a partner or gossips"
            )


def _play(run: Run, *, quiet: bool) -> None:
    with progress(run, quiet=quiet) as watch, _interruptible(run) as interrupts:
        asyncio.run(run.play(watch, stop=lambda: bool(interrupts)))


@contextmanager
def _interruptible(run: Run) -> Iterator[list[int]]:
    """Let the first Ctrl-C or SIGTERM end the run after the round at hand, the second at once."""
    interrupts: list[int] = []

    def interrupt(number: int, _: FrameType | None) -> None:
        if interrupts:
            raise Stopped(
                f"interrupted; every committed round is safe; to go on: "
                f"repunet resume {called(run.journal.path)}"
            )
        interrupts.append(number)

    before = {number: signal.signal(number, interrupt) for number in STOPPING}
    try:
        yield interrupts
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _report(summaries: Sequence[Summary], *, json: bool) -> None:
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
    yield row("cooperation, first 5 rounds", lambda s: rate(mean_rate(s.cooperation[:WINDOW])))
    yield row("cooperation, last 5 rounds", lambda s: rate(s.headline))
    yield row("cooperation, all rounds", lambda s: rate(s.overall))
    yield row("missing decisions, of all", lambda s: f"{s.missing} of {s.decisions}")
    for kind in dict.fromkeys(kind for s in summaries for kind in s.payoff):
        title = f"mean payoff, {spelled(kind)}"
        yield (title, *(rate(s.payoff.get(kind)) for s in summaries))
    yield row("ties at the end", lambda s: str(s.ties))
    yield row("pieces of gossip heard", lambda s: str(s.gossip))
