"""Measure the embedded mind and write docs/embedded-mind.md: `make embedded-table`.

Plays every run of `embedded_plan` in memory, measures it (`embedded_runs`), and lets
`embedded_remarks` say what follows. No parameter is tuned to the paper's tables.
"""

import inspect
import json
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

from benchmarks.embedded_plan import (
    ARMS,
    DEFAULT,
    FEWER,
    FROZEN,
    GOSSIP,
    LONGER,
    LOOKED_AT_LONGER,
    PUBLIC,
    SCENARIOS,
    SEEDS,
    SHARP,
    TREATMENTS,
    jobs,
)
from benchmarks.embedded_remarks import (
    BENCHMARKS,
    LIMITS,
    LITTLE,
    MAIN,
    PAPER,
    ROUTES,
    TITLES,
    gain,
    gossip_numbers,
    steps,
)
from benchmarks.embedded_runs import (
    AGENTS,
    PROSOCIAL,
    ROUNDS,
    SELF_INTERESTED,
    WINDOW,
    Arm,
    Estimate,
    Measures,
    Results,
    run,
    short,
)
from repunet.minds.embedded.model.parameters import PROFILES, Parameters
from repunet.scenarios import scenario
from repunet.world.treatment import Treatment

PAGE = Path(__file__).parents[1] / "docs" / "embedded-mind.md"
TEMPLATE = Path(__file__).with_suffix(".md")
PROCESSES = 2
STAMP = "<!-- Made by `make embedded-table`; parameters and plan {}. -->"


def stamp() -> str:
    """Return the first line of the page: it changes with every parameter and every run planned."""
    numbers = json.dumps({name: asdict(each) for name, each in PROFILES.items()}, sort_keys=True)
    return STAMP.format(sha256(f"{numbers}{jobs()}".encode()).hexdigest()[:16])


# Playing ------------------------------------------------------------------------------------------


def played(planned: Sequence[tuple[Arm, int]]) -> list[tuple[Arm, int, Measures]]:
    """Play and measure all runs, on two processes."""
    for name in SCENARIOS:
        scenario(name)  # loaded once, before the processes part
    done = []
    with get_context("fork").Pool(PROCESSES) as pool:
        for measured in pool.imap_unordered(run, planned, chunksize=4):
            done.append(measured)
            if len(done) % 100 == 0:
                print(f"{len(done)} of {len(planned)} runs", file=sys.stderr)
    return done


# Tables -------------------------------------------------------------------------------------------


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def cells(estimates: Sequence[Estimate], usual: int = SEEDS) -> list[str]:
    """Return a cell for each estimate, with its n where that is not the usual one."""
    return [str(each) if each.n == usual else f"{each} (n={each.n})" for each in estimates]


def cooperation(results: Results, mind: str) -> str:
    """Return the main table of a mind."""
    head = [f"{mind}, n={SEEDS}", *TREATMENTS]
    rows = [
        [TITLES[s], *cells([results.of(Arm(s, t, mind)) for t in TREATMENTS])] for s in SCENARIOS
    ]
    if mind == DEFAULT:
        rows += [
            [f"*{TITLES[s]}: the paper's Table 1, another mind (GPT-4o mini), for comparison only*"]
            + [f"*{short(rate)}*" for rate in PAPER[s]]
            + ["*n/a*"]
            for s in SCENARIOS
        ]
    return table(head, rows)


def publicity(results: Results) -> str:
    """Return participation with private and with public choices."""
    kinds = {"private": (), "public": PUBLIC}
    rows = [
        [
            f"participation, {kind} choices",
            *cells([results.of(Arm("participation", t, switches=s)) for t in TREATMENTS]),
        ]
        for kind, s in kinds.items()
    ]
    return table([f"{DEFAULT}, n={SEEDS}", *TREATMENTS], rows)


def differences(results: Results, mind: str) -> str:
    """Return the steps between arms."""
    head = [
        f"{mind}, paired by seed, n={SEEDS}",
        "full - no gossip",
        "no gossip - no reputation",
        "no reputation - none",
        "full - none",
        "full - none-matched-memory",
    ]
    rows = []
    for s in SCENARIOS:
        full, remembering = (Arm(s, t, mind) for t in (TREATMENTS[0], TREATMENTS[-1]))
        matched = results.difference(full, remembering)
        found = [*steps(results, s, mind), gain(results, s, mind), matched]
        rows.append([TITLES[s], *cells(found)])
    return table(head, rows)


def beside(results: Results) -> str:
    """Return what stands beside adherence in trading investment."""
    names = {
        "kept, of the accepted": "kept",
        "accepted, of the proposed": "accepted",
        "sent, share of wealth (a refusal is 0)": "sent",
        "returned, share of the proceeds": "returned",
        "meetings without funds": "no funds",
    }
    rows = [
        [what, *cells([results.of(Arm("investment", t), name) for t in TREATMENTS])]
        for what, name in names.items()
    ]
    return table([f"investment, {DEFAULT}, n={SEEDS}", *TREATMENTS], rows)


def dispositions(results: Results) -> str:
    """Return what either disposition does, earns and is worth to others."""
    rows = []
    for s in SCENARIOS:
        for what in ("cooperation", "ties") if s != "pd" else ("cooperation", "payoff", "ties"):
            for kind in (PROSOCIAL, SELF_INTERESTED):
                found = [results.of(Arm(s, t), f"{what}, {kind}") for t in TREATMENTS]
                name = "ties from others" if what == "ties" else what
                rows.append([f"{TITLES[s]}, {name}, {kind.replace('_', '-')}", *cells(found)])
    return table([f"{DEFAULT}, n={SEEDS}", *TREATMENTS], rows)


def routes(results: Results) -> str:
    """Return cooperation with observability fixed."""
    rows = []
    for s in SCENARIOS:
        for q, mind in {"mirrored": DEFAULT, **FROZEN}.items():
            found = [results.of(Arm(s, t, mind)) for t in ARMS]
            difference = gain(results, s, mind)
            rows.append([TITLES[s], q, *cells([*found, difference])])
    head = [f"n={SEEDS} unless said", "observability", *ARMS, "full - none"]
    return table(head, rows)


def gossip(results: Results) -> str:
    """Return what each number of gossip changes."""
    found = gossip_numbers(results)
    rows = [[variant, *cells([found[variant, s] for s in SCENARIOS], FEWER)] for variant in GOSSIP]
    head = [f"full, minus full with the defaults, n={FEWER}", *(TITLES[s] for s in SCENARIOS)]
    return table(head, rows)


def praise(results: Results) -> str:
    """Return the share of good news beside that of good acts."""
    names = {
        "pieces told in a run": "pieces",
        "good news": "positive",
        "good acts": "good acts",
        "good acts, weighted by how notable": "notable good acts",
        "good news - good acts": "positive minus good",
        "good news - weighted good acts": "positive minus notable good",
    }
    rows = [
        [what, *cells([results.of(Arm(s, "full"), name) for s in SCENARIOS])]
        for what, name in names.items()
    ]
    return table([f"full, n={SEEDS}", *(TITLES[s] for s in SCENARIOS)], rows)


def horizons(results: Results) -> str:
    """Return cooperation after more and fewer rounds."""
    rows = []
    for s in LOOKED_AT_LONGER:
        for at in (30, ROUNDS, LONGER):
            rounds = max(at, ROUNDS)
            arms = [Arm(s, t, rounds=rounds) for t in ARMS]
            name = f"cooperation@{at}"
            found = [results.of(arm, name) for arm in arms]
            found += steps(results, s, DEFAULT, name, rounds)
            rows.append([TITLES[s], str(at), *cells(found)])
    head = [f"n={SEEDS} unless said", "rounds", *ARMS, "step 1", "step 2", "step 3"]
    return table(head, rows)


def benchmarks(results: Results) -> str:
    """Return the mind against human subjects."""
    return table(
        ["benchmark", "human", "mind", "verdict"], [list(make(results)) for make in BENCHMARKS]
    )


# Parameters ---------------------------------------------------------------------------------------

TAG = re.compile(r"\s*\[([VRMA])[^\]]*\]")
LINE = re.compile(r"(?P<name>\w+): [\w| ]+ = (?P<value>\S+)(?:  # (?P<comment>.*))?$")


class Described(NamedTuple):
    """A parameter as its line in the source has it; tags of its group where it has none."""

    name: str
    value: str
    source: str
    tags: str


def described() -> list[tuple[str, list[Described]]]:
    """Return the parameters in groups, each with the comment above it."""
    groups: list[tuple[str, list[Described]]] = []
    heading: list[str] = []
    for line in map(str.strip, inspect.getsource(Parameters).splitlines()):
        if line.startswith("# "):
            heading.append(line.removeprefix("# "))
        elif found := LINE.match(line):
            if heading:
                groups.append((" ".join(heading), []))
                heading = []
            groups[-1][1].append(_described(groups[-1][0], **found.groupdict()))
    return groups


def _described(group: str, name: str, value: str, comment: str | None) -> Described:
    comment = comment or ""
    tags = TAG.findall(comment) or TAG.findall(group)
    mirrored = "mirrored" if value == "None" else value
    return Described(f"`{name}`", mirrored, comment, " ".join(dict.fromkeys(tags)))


def parameters() -> str:
    """Return the table of parameters."""
    rows: list[Sequence[str]] = []
    for heading, group in described():
        rows.append([f"**{heading}**", "", "", ""])
        rows.extend(group)
    return table(["parameter", "value", "meaning and source", "tag"], rows)


# The page -----------------------------------------------------------------------------------------


def settings() -> dict[str, object]:
    """Return the numbers in the page's text that are set, not measured."""
    treatment, usual = Treatment(), PROFILES[DEFAULT]
    return {
        "agents": AGENTS,
        "rounds": ROUNDS,
        "window": WINDOW,
        "seeds": SEEDS,
        "fewer": FEWER,
        "processes": PROCESSES,
        "little": short(LITTLE),
        "precision": f"{PROFILES[SHARP].precision:.0f}",
        "propensity": f"{usual.gossip_propensity:.0%}",
        "slur": f"{usual.slur:.0%}",
        "excuse": f"{usual.excuse:.0%}",
        "memory_window": treatment.memory_window,
        "gossip_window": treatment.gossip_window,
    }


def tables(results: Results) -> dict[str, str]:
    """Return all tables of measurements."""
    return {
        "default": cooperation(results, DEFAULT),
        "sharp": cooperation(results, SHARP),
        "frozen": cooperation(results, FROZEN["0.5"]),
        "publicity": publicity(results),
        "steps_default": differences(results, DEFAULT),
        "steps_sharp": differences(results, SHARP),
        "steps_frozen": differences(results, FROZEN["0.5"]),
        "beside": beside(results),
        "dispositions": dispositions(results),
        "routes": routes(results),
        "gossip": gossip(results),
        "praise": praise(results),
        "horizons": horizons(results),
        "benchmarks": benchmarks(results),
    }


def page(results: Results, seconds: float) -> str:
    """Return the whole page."""
    remarks = {"main": MAIN, "routes_said": ROUTES, "limits": LIMITS}
    said = {
        name: "\n".join(str(make(results)) for make in makers) for name, makers in remarks.items()
    }
    return TEMPLATE.read_text().format(
        stamp=stamp(),
        runs=len(results),
        minutes=f"{seconds / 60:.0f}",
        missing=f"{sum(each['missing'] or 0 for each in results):.0f}",
        parameters=parameters(),
        **settings(),
        **tables(results),
        **said,
    )


def main() -> None:
    """Measure everything and write the page."""
    before = perf_counter()
    results = Results(played(jobs()))
    seconds = perf_counter() - before
    PAGE.write_text(page(results, seconds))
    print(cooperation(results, DEFAULT))
    print(f"{len(results)} runs in {seconds:.0f} s; the rest is in {PAGE}")


if __name__ == "__main__":
    main()
