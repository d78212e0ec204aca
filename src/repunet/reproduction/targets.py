"""Targets: what of the paper can be tried again, and which runs each of them needs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from repunet.errors import UsageError
from repunet.experiment.grid import Grid
from repunet.record.manifest import DEFAULT
from repunet.reproduction.paper import SCENARIOS, TREATMENTS
from repunet.runs.spec import AGENTS, RunSpec
from repunet.scenarios import scenario

NAME: Final = "reproduction"
"""The folder of all runs: what one target has played, another one need not play again."""
ROUNDS: Final = {"pd": 60, "participation": 200, "investment": 100}
"""How many rounds are played, in all arms of a comparison."""

TargetName: TypeAlias = Literal["table1", "table2", "figure2", "figure3", "figure4", "claims"]


@dataclass(frozen=True, slots=True)
class Target:
    """A table, a figure, or what the paper claims."""

    name: TargetName
    title: str
    scenarios: tuple[str, ...]
    treatments: tuple[str, ...]
    compares_minds: bool = False


BOTH: Final = ("full", "none")
TARGETS: Final[Mapping[str, Target]] = {
    target.name: target
    for target in (
        Target("table1", "Table 1: cooperation by treatment", SCENARIOS, TREATMENTS),
        Target("table2", "Table 2: cooperation by language model", ("pd",), BOTH, True),
        Target("figure2", "Figure 2: cooperation over rounds, and reputation", SCENARIOS, BOTH),
        Target("figure3", "Figure 3: networks over rounds", SCENARIOS, BOTH),
        Target("figure4", "Figure 4: gossip", ("participation",), ("full",)),
        Target("claims", "The paper's findings", SCENARIOS, TREATMENTS),
    )
}


@dataclass(frozen=True, slots=True)
class ReproductionRequest:
    """Target of a reproduction, with its minds and sizes."""

    target: Target
    minds: tuple[str, ...]
    seeds: int = 5
    agents: int = AGENTS
    rounds: int | None = None
    """None: as many as `ROUNDS` says."""
    scenarios: tuple[str, ...] = ()
    """None of them: those of the target."""
    limits: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        if self.seeds < 1:
            raise UsageError(f"at least 1 seed must be played, not {self.seeds}")
        if len(self.minds) > 1 and not self.target.compares_minds:
            raise UsageError(f"{self.target.name} takes one mind; several are for table2")
        for name in self.scenarios:
            if scenario(name).name not in self.target.scenarios:
                known = ", ".join(self.target.scenarios)
                raise UsageError(f"{self.target.name} is not about {name}: it takes {known}")

    @property
    def dilemmas(self) -> tuple[str, ...]:
        """Return the scenarios, in the order of the paper."""
        chosen = {scenario(name).name for name in self.scenarios} or set(self.target.scenarios)
        return tuple(name for name in self.target.scenarios if name in chosen)

    def length(self, dilemma: str) -> int:
        """Return how many rounds are played in a scenario."""
        return ROUNDS[dilemma] if self.rounds is None else self.rounds


def grid(request: ReproductionRequest, rounds: Mapping[str, int]) -> Grid:
    """Return the runs, so many rounds in each scenario; treatments take turns, seed by seed."""
    specs = (
        RunSpec().merged(
            scenario=dilemma,
            treatment=treatment,
            agents=request.agents,
            rounds=rounds[dilemma],
            seed=seed,
            minds={DEFAULT: mind},
            limits=request.limits,
        )
        for seed in range(1, request.seeds + 1)
        for dilemma in rounds
        for mind in request.minds
        for treatment in request.target.treatments
    )
    return Grid(NAME, tuple(specs))


def lengths(request: ReproductionRequest) -> dict[str, int]:
    """Return how many rounds are played in each scenario."""
    return {dilemma: request.length(dilemma) for dilemma in request.dilemmas}


def arms(request: ReproductionRequest) -> Sequence[tuple[str, str, str]]:
    """Return scenario, mind and treatment of every arm."""
    return [
        (dilemma, mind, treatment)
        for dilemma in request.dilemmas
        for mind in request.minds
        for treatment in request.target.treatments
    ]
