"""The runs of a target: those that lack are played, as long as the rule says."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from repunet.analysis.summary import summarise
from repunet.experiment.sweep import Sweep, prepare
from repunet.record.journal import Journal
from repunet.reproduction.stability import StableRule
from repunet.reproduction.targets import ReproductionRequest, grid, lengths


@dataclass(frozen=True, slots=True)
class Replication:
    """A run of a target: one seed of one arm."""

    scenario: str
    treatment: str
    mind: str
    seed: int
    path: Path
    rounds: int
    """As many of its rounds count: it may have more."""


def ready(
    request: ReproductionRequest,
    storage: Path | None,
    environ: Mapping[str, str],
    rule: StableRule | None,
) -> tuple[Sweep, dict[str, int]]:
    """Return the runs to begin with, and how many rounds each scenario has."""
    most = lengths(request)
    first = most if rule is None else {n: min(m, 2 * rule.window) for n, m in most.items()}
    return prepare(grid(request, first), storage, environ), first


def carry_out(
    request: ReproductionRequest,
    storage: Path | None,
    environ: Mapping[str, str],
    rule: StableRule | None,
    play: Callable[[Sweep], object],
) -> list[Replication]:
    """Return all runs, played; a scenario goes on until all its runs are stable, or to its end."""
    sweep, rounds = ready(request, storage, environ, rule)
    while True:
        play(sweep)
        found = _replications(sweep, rounds)
        further = rounds if rule is None else _further(request, rule, found, rounds)
        if further == rounds:
            return found
        rounds = further
        sweep = prepare(grid(request, rounds), storage, environ)


def settled(rule: StableRule, runs: list[Replication]) -> tuple[str, ...]:
    """Return for each scenario whether its runs ended because cooperation was stable."""
    rounds = {run.scenario: run.rounds for run in runs}
    stable = {
        name: all(rule.holds(_rates(run)) for run in runs if run.scenario == name)
        for name in rounds
    }
    return tuple(
        f"{name}: cooperation was {'stable' if stable[name] else 'never stable'} in all runs at "
        f"once{'' if stable[name] else ', and they ended'} after {many} rounds."
        for name, many in rounds.items()
    )


def _replications(sweep: Sweep, rounds: Mapping[str, int]) -> list[Replication]:
    return [
        Replication(
            scenario=cell.manifest.scenario,
            treatment=cell.manifest.treatment.label,
            mind=cell.manifest.mind_names,
            seed=cell.spec.seed,
            path=Path(job.path),
            rounds=rounds[cell.manifest.scenario],
        )
        for cell, job in zip(sweep.cells, sweep.jobs, strict=True)
    ]


def _further(
    request: ReproductionRequest,
    rule: StableRule,
    found: list[Replication],
    rounds: Mapping[str, int],
) -> dict[str, int]:
    rates = {name: [_rates(run) for run in found if run.scenario == name] for name in rounds}
    return rule.next_lengths(rates, rounds, lengths(request))


def _rates(run: Replication) -> tuple[float | None, ...]:
    with Journal.open(run.path) as journal:
        return summarise(journal).cooperation[: run.rounds]
