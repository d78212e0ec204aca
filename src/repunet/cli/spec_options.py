"""Options that say what a run is made from, and its limits."""

import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from repunet.cli.options import Concurrency, Whole
from repunet.compat.seeds import people_at, there
from repunet.errors import UsageError
from repunet.models.allowance import Allowance
from repunet.record.notes import PLAIN
from repunet.record.storage import FILE, called, home
from repunet.runs.spec import AGENTS, ROUNDS, SEED, RunSpec, read_spec
from repunet.scenarios import scenario
from repunet.world.treatment import TREATMENTS

FREE = Allowance()


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class PlanLimits:
    """Limits that a forecast reckons with; None is not said."""

    concurrency: Concurrency = None
    requests_per_minute: Annotated[
        Whole | None, Parameter(help="Requests sent in a minute, to each server.")
    ] = None
    tokens_per_minute: Annotated[
        Whole | None, Parameter(help="Tokens used in a minute, of each server.")
    ] = None
    budget: Annotated[float | None, Parameter(help="Dollars to spend at most.")] = None
    max_calls: Annotated[
        Whole | None, Parameter(help="Requests to send at most, refused ones not counted.")
    ] = None
    max_total_tokens: Annotated[
        Whole | None, Parameter(help="Tokens to use at most, in and out.")
    ] = None
    slots: Annotated[
        Whole | None, Parameter(help="Requests a model on this machine works on at once.")
    ] = None
    prices: Annotated[Path | None, Parameter(help="A file of prices, for --budget.")] = None

    def given(self) -> dict[str, Any]:
        """Return those that were said, by name."""
        placed = replace(self, prices=self.prices and self.prices.absolute())
        said = asdict(placed).items()
        return {name: value for name, value in said if value is not None and name != "batch"}


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class PlayLimits(PlanLimits):
    """Limits of a run that asks servers."""

    deadline: Annotated[
        float | None,
        Parameter(help=f"Seconds after which to give a question up; default {FREE.deadline:g}."),
    ] = None
    timeout: Annotated[
        float | None,
        Parameter(help=f"Seconds after which to give an attempt up; default {FREE.timeout:g}."),
    ] = None
    threads: Annotated[
        Whole | None, Parameter(help="Threads a model on this machine computes with.")
    ] = None


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class LimitOptions(PlayLimits):
    """Command-line limits to calls of language models and their cost; None is not said."""

    batch: Annotated[
        Path | None,
        Parameter(help="Write requests into this folder and read answers there, send nothing."),
    ] = None


def said(limits: LimitOptions | None) -> tuple[dict[str, Any], Path | None]:
    """Return the limits that were said, by name, and the folder of a batch, None without one."""
    return ({}, None) if limits is None else (limits.given(), limits.batch)


MINDS = (
    "A mind for everyone, or for an agent, a role or an operation: 'Liam OConnor=grudger', "
    "role:trustee=chance, operation:TellGossip=embedded."
)


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class SpecOptions:
    """Command-line options of a run; None is not said."""

    dilemma: Annotated[
        str | None,
        Parameter(name=["--scenario", "--mode"], help="The dilemma, if it is not said first."),
    ] = None
    spec: Annotated[
        Path | None, Parameter(help="A file that says all this; what is said here wins.")
    ] = None
    rounds: Annotated[
        Whole | None,
        Parameter(name=["--rounds", "--steps"], help=f"How many to play; default {ROUNDS}."),
    ] = None
    treatment: Annotated[
        str | None, Parameter(help=f"{', '.join(TREATMENTS)}; default {next(iter(TREATMENTS))}.")
    ] = None
    reputation: Annotated[str | None, Parameter(help="y or n, instead of --treatment.")] = None
    gossip: Annotated[str | None, Parameter(help="y or n, instead of --treatment.")] = None
    set_: Annotated[
        list[str] | None,
        Parameter(name="--set", negative="", help="A finer switch, such as rewiring=off."),
    ] = None
    profile: Annotated[
        str | None,
        Parameter(help="paper (default), or reference: its authors' program."),
    ] = None
    plan: Annotated[
        str | None, Parameter(help="faithful (default): a call for each question; or compact.")
    ] = None
    prompts: Annotated[
        str | None, Parameter(help=f"The wording that language models read; default {PLAIN}.")
    ] = None
    seed: Annotated[Whole | None, Parameter(help=f"Random seed; default {SEED}.")] = None
    mind: Annotated[
        list[str] | None,
        Parameter(negative="", help=MINDS),
    ] = None
    model: Annotated[
        list[str] | None,
        Parameter(negative="", help="A language model, for whom or what --mind can be for."),
    ] = None
    personas: Annotated[
        Path | None,
        Parameter(
            name=["--personas", "--sim"],
            help="People of your own: a file, a seed, or the reference's seed or first step.",
        ),
    ] = None
    agents: Annotated[Whole | None, Parameter(help=f"How many people; default {AGENTS}.")] = None
    network: Annotated[
        Path | None, Parameter(help="Ties from the start: a JSON list of pairs of names.")
    ] = None

    def chosen(
        self,
        scenario: str | None,
        limits: PlanLimits | None,
        name: str | None = None,
        storage: Path | None = None,
    ) -> RunSpec:
        """Return the spec of the file, if there is one, with what is said besides; and its minds.

        Raises UsageError for what can't be.
        """
        merged = (RunSpec() if self.spec is None else read_spec(self.spec)).merged(
            scenario=self._scenario(scenario),
            rounds=self.rounds,
            treatment=self.treatment,
            reputation=self.reputation,
            gossip=self.gossip,
            switches=settings(self.set_) if self.set_ else None,
            profile=self.profile,
            plan=self.plan,
            prompts=self.prompts,
            seed=self.seed,
            personas=self.personas and located(self.personas, storage),
            agents=self.agents,
            network=self.network and self.network.absolute(),
            name=name,
            limits=limits.given() if limits else None,
        )
        return merged.assign_minds(self.mind or (), self.model or (), os.environ)

    def _scenario(self, first: str | None) -> str | None:
        """Return the dilemma, wherever it is said; raises UsageError for two of them."""
        if first is None or self.dilemma is None or scenario(first) == scenario(self.dilemma):
            return self.dilemma if first is None else first
        raise UsageError(f"say one dilemma: {first}, or --scenario {self.dilemma}")


def located(given: Path, storage: Path | None) -> Path:
    """Return where people are; raises UsageError, with what to do, for a step that is not there."""
    path, (name, step) = people_at(given, storage), there(str(given))
    if path.exists() or step is None:
        return path.absolute()
    if (home(storage) / name / FILE).is_file():
        run = called(home(storage) / name / FILE)
        raise UsageError(
            f"{name} is a run here: to go on from its round {step}: repunet fork {run} --at {step} "
            "--rounds N"
        )
    raise UsageError(
        f"there is no step {given}: make people with repunet seed new SCENARIO --name {name}, or "
        "leave --sim out: there are people"
    )


def settings(switches: Iterable[str]) -> dict[str, str]:
    """Return switches by name from texts like `rewiring=off`; raises UsageError for others."""
    found: dict[str, str] = {}
    for switch, value in map(_switch, switches):
        if switch in found:
            raise UsageError(f"--set {switch} is there twice: keep one of them")
        found[switch] = value
    return found


def _switch(text: str) -> tuple[str, str]:
    switch, equals, value = text.partition("=")
    if not equals:
        raise UsageError(f"--set takes switch=value, such as rewiring=off, not {text!r}")
    return switch.strip().replace("-", "_"), value
