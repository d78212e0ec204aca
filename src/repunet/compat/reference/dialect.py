"""How the reference spells things: its scenarios, keys, phrases and reasons."""

import re
from dataclasses import dataclass

from repunet.errors import UsageError
from repunet.world.persona import Role
from repunet.world.reputation import Cause

SEED = "step_0"
STEP = re.compile(r"step_(\d{1,6})")
EVENT, CHAT, GOSSIP = "EVENT", "CHAT", "gossip"
BASIC_CHAT = "basic chat"
EVERYBODY = "All persona"
SHOWN_DIGITS = 6
NOTES = "repunet.json"
"""The file of ours in a run of the reference, which the reference ignores."""

META = ("reverie", "meta.json")
PEOPLE = "personas"
SCRATCH = ("memory", "scratch.json")
NODES = ("memory", "associative_memory", "nodes.json")
RECORDS = ("reputation", "reputation_database.json")
ARCHIVE = ("reputation", "out_of_date_reputation_database.json")
HEARD = ("reputation", "gossip_database.json")
FILES = (SCRATCH, NODES, RECORDS, ARCHIVE, HEARD)
"""Of each person."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """A scenario as the reference writes it."""

    scenario: str
    """What we call it."""
    spelled: str
    """What records call it."""
    predicate: str
    """What events call it."""
    roles: tuple[Role, ...]
    results: tuple[str, str]
    """The folder of its result texts, and what they are called before the number."""
    updated: str
    """Why a record was replaced after an encounter."""

    def role(self, word: str) -> Role | None:
        """Return the role that a word stands for, None if it stands for none."""
        return next((role for role in self.roles if role == word.strip().casefold()), None)


PD = Dialect(
    "pd",
    "pd_game",
    "pd_game",
    ("player",),
    ("pd_game results", "pd_game_results"),
    "reputation update after pd_game",
)
PARTICIPATION = Dialect(
    "participation",
    "sign up",
    "sign up",
    ("resident",),
    ("sign up result", "sign_up_results"),
    "reputation update after interaction",
)
INVESTMENT = Dialect(
    "investment",
    "investment",
    "investment",
    ("investor", "trustee"),
    ("investment results", "investment_results"),
    "reputation update agter stage 4",
)
DIALECTS = {each.scenario: each for each in (PD, PARTICIPATION, INVESTMENT)}


def dialect(scenario: str) -> Dialect:
    """Return how the reference writes a scenario; raises UsageError if it does not know it."""
    if scenario not in DIALECTS:
        known = ", ".join(DIALECTS)
        raise UsageError(f"the reference does not know {scenario}: it has {known}")
    return DIALECTS[scenario]


def cause_of(reason: str) -> Cause | None:
    """Return what a record was replaced because of, None if the words are not the reference's.

    >>> cause_of("reputation update after first order gossip"), cause_of("observed")
    ('gossip', 'observation')
    """
    said = " ".join(reason.split()).casefold()
    if said.endswith("order gossip"):
        return "gossip"
    if said in ("observed", "reputation update after sign up"):
        return "observation"
    return "encounter" if said in {each.updated for each in DIALECTS.values()} else None
