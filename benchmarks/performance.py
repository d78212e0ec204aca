"""How many calls a round takes, and how long a model's answers make it: docs/performance.md.

`python -m benchmarks.performance` writes the tables, which follow from the code alone, and leaves
what is between the marks as it is; with `--timings` or `--smollm2` it measures that part anew.
"""

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory
from time import perf_counter, process_time, sleep
from urllib.request import urlopen

from benchmarks import smollm2
from repunet.minds.replay import ReplayMind
from repunet.models.endpoint import NO_KEY
from repunet.models.openai import OpenAITransport
from repunet.models.request import Message, Request
from repunet.planning.forecast import Forecast, forecast
from repunet.planning.rehearsal import Assignment, rehearse
from repunet.record.manifest import Manifest
from repunet.record.notes import PLAIN, PLANS
from repunet.runs.run import Run, begin, found
from repunet.world.population import population
from repunet.world.treatment import TREATMENTS

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
SCENARIOS = ("pd", "participation", "investment")
ARMS = ("full", "no-gossip", "no-reputation", "none")
AGENTS, ROUNDS, SEED = 20, 30, 1
LATENCY = 0.2
PORT = 8377
QUESTION = (Message("user", "Cooperate or defect?"),)
SCHEMA = {
    "type": "object",
    "properties": {"move": {"type": "string", "enum": ["cooperate", "defect"]}},
    "required": ["move"],
    "additionalProperties": False,
}


def society(scenario: str, arm: str, agents: int = AGENTS, mind: str = "embedded") -> Manifest:
    """Return one of the societies that are measured."""
    return found(scenario, TREATMENTS[arm], population(agents, scenario), SEED, {"*": mind})


def expected(scenario: str, arm: str, plan: str) -> Forecast:
    """Return what is likely of a society."""
    return forecast(society(scenario, arm), ROUNDS, plan=plan)


def row(scenario: str, arm: str, plan: str) -> str:
    """Return the line of one society."""
    likely = expected(scenario, arm, plan)
    calls, waits = likely.calls_by_round, likely.waits_by_round
    cells = (
        scenario,
        arm,
        plan,
        f"{mean(calls):.0f}",
        f"{max(calls)}",
        f"{likely.tokens_in.likely / ROUNDS:,.0f}",
        f"{likely.tokens_out.likely / ROUNDS:,.0f}",
        f"{mean(waits):.1f}",
        f"{max(waits)}",
        f"{mean(calls) / mean(waits):.0f}",
    )
    return f"| {' | '.join(cells)} |"


def tables() -> list[str]:
    """Return the table of all scenarios, treatments and plans."""
    return [
        "| scenario | treatment | plan | calls | most | tokens in | tokens out | waits | most "
        "| calls at once |",
        "|---|---|---|--:|--:|--:|--:|--:|--:|--:|",
        *(row(s, arm, plan) for s in SCENARIOS for arm in ARMS for plan in PLANS),
    ]


# Timings ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Timing:
    """What a run against a server with one latency for all answers took."""

    agents: int
    latency: float
    """Seconds to every answer."""
    seconds: tuple[float, ...]
    """By round."""
    waits: tuple[int, ...]
    calls: int
    cpu: float
    """Seconds of this process."""
    most_in_flight: int

    @property
    def against_path(self) -> float:
        """Return how many times as long it took as its waits alone would."""
        return sum(self.seconds) / (sum(self.waits) * self.latency)

    @property
    def speed_up(self) -> float:
        """Return how many times as long one call after another would have taken."""
        return self.calls * self.latency / sum(self.seconds)


@contextmanager
def server(latency: float, port: int = PORT) -> Iterator[str]:
    """Serve from a process of its own, whose work is not counted."""
    options = ("--port", str(port), "--latency", str(latency))
    command = [str(Path(sys.executable).with_name("repunet")), "fake-llm", *options]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        for _ in range(100):
            try:
                urlopen(f"http://127.0.0.1:{port}/health")
                break
            except OSError:
                sleep(0.1)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        process.wait()


def stats(url: str) -> dict[str, int]:
    """Return what a server has counted."""
    with urlopen(url.replace("/v1", "/stats")) as answer:
        counted: dict[str, int] = json.load(answer)
    return counted


def waited(run: Run, manifest: Manifest, rounds: int) -> tuple[int, ...]:
    """Return how many answers of a run had to wait for one another, by round."""
    casting, journal = Assignment.of(manifest), run.journal
    again = rehearse(
        manifest,
        rounds,
        casting,
        lambda seed: ReplayMind(journal),
        compact=False,
        wording=PLAIN,
        rendered=0,
    )
    return tuple(again.waits)


def timed(agents: int, rounds: int, latency: float = LATENCY) -> Timing:
    """Play a society with a model, and return what it took, but for what is imported once."""
    for module in ("openai", "aiohttp", "repunet.models.openai"):
        import_module(module)
    seconds: list[float] = []
    with server(latency) as url, TemporaryDirectory() as folder:
        manifest = society("pd", "full", agents, f"{url}#fake")
        with begin(manifest, rounds, folder=Path(folder)) as run:
            before, cpu = perf_counter(), process_time()

            def watch(*_: object) -> None:
                seconds.append(perf_counter() - before - sum(seconds))

            asyncio.run(run.play(watch))
            cpu = process_time() - cpu
            calls = run.spending.calls if run.spending else 0
            waits = waited(run, manifest, rounds)
        most = stats(url)["most_in_flight"]
    return Timing(agents, latency, tuple(seconds), waits, calls, cpu, most)


async def burst(url: str, requests: int) -> float:
    """Send so many requests at once, and return the seconds until all are answered."""
    transport = OpenAITransport("fake", url, NO_KEY, 120.0)
    asked = Request("http", "fake", QUESTION, SCHEMA)
    began = perf_counter()
    try:
        await asyncio.gather(*(transport.send(asked, "schema", f"{n}") for n in range(requests)))
    finally:
        await transport.close()
    return perf_counter() - began


def at_once(requests: int, latency: float) -> str:
    """Return a line about so many requests that one client has in flight."""
    with server(latency) as url:
        cpu = process_time()
        seconds = asyncio.run(burst(url, requests))
        cpu = process_time() - cpu
        most = stats(url)["most_in_flight"]
    return (
        f"{requests:,} requests sent at once to a server that takes {latency:g} s: {most:,} in "
        f"flight there, all answered after {seconds:.1f} s, {1000 * cpu / requests:.1f} ms of CPU "
        "each."
    )


def timings() -> list[str]:
    """Return the measured part: a small society for long, a large one for a moment."""
    small = timed(AGENTS, 5)
    lines = [
        "Prisoner's dilemma, full, faithful; the server is a process of its own, on the same two "
        "cores. The",
        "floor of a round is its waits times the latency.",
        "",
        "| agents | latency | calls | most in flight | time / floor | speed-up over one after "
        "another | client CPU a call |",
        "|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for each in (small, timed(700, 2), timed(700, 2, latency=4.0)):
        lines.append(
            f"| {each.agents} | {each.latency:g} s | {each.calls} | {each.most_in_flight} "
            f"| {each.against_path:.2f} | {each.speed_up:.0f} "
            f"| {1000 * each.cpu / each.calls:.1f} ms |"
        )
    rounds = zip(small.seconds, small.waits, strict=True)
    each_round = ", ".join(f"{s:.2f} s / ({w} x {LATENCY:g} s)" for s, w in rounds)
    rounds_said = f"{AGENTS} agents, round by round: {each_round}."
    return [*lines, "", rounds_said, "", at_once(2000, 5.0)]


def kept(part: str) -> list[str]:
    """Return what is between the marks of a part now."""
    page = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    _, found, rest = page.partition(f"<!-- {part} -->")
    if not found:
        return [f"Not measured yet: `python -m benchmarks.performance --{part}`."]
    return rest.partition(f"<!-- end of {part} -->")[0].strip().splitlines()


def measured(part: str, measure: Callable[[], Iterable[str]]) -> list[str]:
    """Return a part between its marks: measured anew if that is asked for, else as it is."""
    lines = list(measure()) if f"--{part}" in sys.argv else kept(part)
    return [f"<!-- {part} -->", *lines, f"<!-- end of {part} -->"]


def main() -> None:
    """Write the page."""
    page = [
        "# Performance with language models",
        "",
        "Written by `python -m benchmarks.performance`. What a round takes is what `repunet plan`",
        f"forecasts as likely: {AGENTS} agents, {ROUNDS} rounds, seed {SEED}, decided by the "
        "embedded mind, tokens",
        "as bytes / 4, schemas included. Calls, tokens and waits are means over the rounds, and",
        "the most in one round. *Waits* are answers that have to wait for one another: a round",
        "takes at least as many times the latency of the model, however many agents there are.",
        "",
        *tables(),
        "",
        "## Measured against a local server",
        "",
        *measured("timings", timings),
        "",
        "## A small real model on this machine",
        "",
        *measured("smollm2", smollm2.lines),
        "",
    ]
    PAGE.write_text("\n".join(page), encoding="utf-8")
    print("\n".join(page))


if __name__ == "__main__":
    main()
