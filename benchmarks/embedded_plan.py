"""Which runs of the embedded mind the page is made of. Nothing here was chosen by its outcome."""

from collections.abc import Iterable
from itertools import product

from benchmarks.embedded_runs import PROSOCIAL, SELF_INTERESTED, Arm

SEEDS = 20
FEWER = 10
"""Seeds of what is looked at beside the main tables."""

SCENARIOS = ("pd", "participation", "investment")
ARMS = ("full", "no-gossip", "no-reputation", "none")
TREATMENTS = (*ARMS, "none-matched-memory")

DEFAULT = "embedded"
SHARP = "embedded:sharp"
FROZEN = {q: f"embedded,observability={q}" for q in ("0.3", "0.5", "0.85")}
EQUAL_REGARD = "embedded,jitter=0," + ",".join(
    f"{name}={weight}"
    for name, weight in {
        "prosocial_behind": 0.5,
        "prosocial_ahead": 0.5,
        "prosocial_kind": 0,
        "prosocial_unkind": 0,
        "selfish_behind": 0.5,
        "selfish_ahead": 0.5,
    }.items()
)
"""Own : other = .5 : .5 for everybody, which Mei et al. 2024 infer for GPT-4."""
SHORT_SIGHTED = "embedded,patience=0.8"
"""The continuation that Rand et al. 2011 announced."""

GOSSIP = {
    "nobody gossips (propensity 0)": "gossip_propensity=0",
    "everybody gossips (propensity 1)": "gossip_propensity=1",
    "no slurs (0)": "slur=0",
    "slurs by four in ten (0.4)": "slur=0.4",
    "bias to bad news (-0.5)": "gossip_bias=-0.5",
    "bias to good news (0.5)": "gossip_bias=0.5",
    "weight halved (0.25)": "gossip_weight=0.25",
    "weight as own experience (1)": "gossip_weight=1",
}
PUBLIC = (("public_choices", "on"),)
AT_RANDOM = (("partner_choice", "off"),)
ALWAYS_CHOSEN = (("choice_probability", "1"),)
LONGER = 100
LOOKED_AT_LONGER = ("pd", "investment")


def main_arms() -> Iterable[Arm]:
    """Return the arms of the main tables."""
    minds = (DEFAULT, SHARP, FROZEN["0.5"])
    for mind, scenario, treatment in product(minds, SCENARIOS, TREATMENTS):
        yield Arm(scenario, treatment, mind)
    for treatment in TREATMENTS:
        yield Arm("participation", treatment, switches=PUBLIC)


def other_arms() -> Iterable[Arm]:
    """Return the arms that need as many runs as the main tables."""
    for scenario, treatment in product(SCENARIOS, ("full", "none")):
        yield Arm(scenario, treatment, switches=AT_RANDOM)
    for treatment in ARMS:
        yield Arm("pd", treatment, EQUAL_REGARD)
    for treatment, people in product(("full", "none"), (PROSOCIAL, SELF_INTERESTED)):
        yield Arm("pd", treatment, people=people)
    for mind in (DEFAULT, SHORT_SIGHTED):
        yield Arm("pd", "none", mind, switches=ALWAYS_CHOSEN)
        yield Arm("pd", "none", mind, switches=AT_RANDOM)


def fewer_arms() -> Iterable[Arm]:
    """Return the arms that are looked at with fewer runs."""
    for mind, scenario, treatment in product((FROZEN["0.3"], FROZEN["0.85"]), SCENARIOS, ARMS):
        yield Arm(scenario, treatment, mind)
    for scenario, setting in product(SCENARIOS, GOSSIP.values()):
        yield Arm(scenario, "full", f"embedded,{setting}")
    for scenario, treatment, people in product(
        SCENARIOS[1:], ("full", "none"), (PROSOCIAL, SELF_INTERESTED)
    ):
        yield Arm(scenario, treatment, people=people)
    for scenario, treatment in product(LOOKED_AT_LONGER, ARMS):
        yield Arm(scenario, treatment, rounds=LONGER)


def jobs(seeds: int = SEEDS, fewer: int = FEWER) -> list[tuple[Arm, int]]:
    """Return every run there is to play: an arm and a seed."""
    many = dict.fromkeys([*main_arms(), *other_arms()])
    few = [arm for arm in dict.fromkeys(fewer_arms()) if arm not in many]
    return [
        *((arm, seed) for arm in many for seed in range(1, seeds + 1)),
        *((arm, seed) for arm in few for seed in range(1, fewer + 1)),
    ]
