"""Treatments: which parts of RepuNet a society has (paper, section 4.3). Data, never code."""

from dataclasses import dataclass, fields, replace
from typing import Any

from repunet.errors import UsageError, unknown

UNLIMITED = 1_000_000_000
ON = {"on": True, "yes": True, "y": True, "true": True, "1": True}
OFF = {"off": False, "no": False, "n": False, "false": False, "0": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Treatment:
    """The switches of a condition; the defaults are the full system with the paper's profile."""

    reputation: bool = True
    """Agents keep records of each other and of themselves, and are shown them."""
    gossip: bool = True
    """Agents tell third parties of whom they met."""
    self_reputation: bool = True
    """With reputation: agents also form a reputation of themselves."""
    peer_reputation: bool = True
    """With reputation: agents form reputations of each other."""
    credibility: bool = True
    """With gossip: listeners judge it; without, every piece weighs as neutral."""
    second_order: bool = True
    """With gossip: what was heard may be passed on once."""
    partner_choice: bool = True
    """Choosers may choose among their ties; without, everyone meets at random."""
    rewiring: bool = True
    """Ties form and are cut; without, an initial network stays as it is."""
    self_image: bool = True
    """Agents revise a short paragraph about themselves."""
    show_knew_before: bool = True
    """Memories say whether the other was known before."""
    public_choices: bool = False
    """Everyone sees what everyone chose last outside encounters."""
    observation: bool = False
    """Agents also update records from what they see of others outside encounters."""
    shunning: bool = False
    """Whoever was among the last five to be left is refused unasked."""
    order_by_standing: bool = False
    """Choosers act in the order of their standing instead of a shuffled one."""
    witnesses: float = 0.0
    """Probability that a third party sees an encounter and shapes a record of those in it."""
    error: float = 0.0
    """Probability that a witness takes an act for its opposite."""
    choice_probability: float = 0.5
    """Share of agents, drawn each round, who choose whom to meet."""
    memory_window: int = 5
    """Latest meetings of its own that an agent remembers."""
    alter_memory: int = 1
    """Latest meetings with the other that an agent is shown besides."""
    gossip_window: int = 5
    """Latest pieces of gossip about somebody that an agent is shown."""

    def __post_init__(self) -> None:
        for name in ("witnesses", "error", "choice_probability"):
            if not 0 <= getattr(self, name) <= 1:
                raise UsageError(f"{name} is a probability: between 0 and 1")
        for name in ("memory_window", "alter_memory", "gossip_window"):
            if not 0 <= getattr(self, name) <= UNLIMITED:
                raise UsageError(f"{name} is between 0 and {UNLIMITED}, or unlimited")

    @property
    def rates_self(self) -> bool:
        """Tell whether agents hold a record about themselves."""
        return self.reputation and self.self_reputation

    @property
    def rates_peers(self) -> bool:
        """Tell whether agents hold records about each other."""
        return self.reputation and self.peer_reputation

    @property
    def shows_gossip(self) -> bool:
        """Tell whether views show what was heard: only where no record already holds it."""
        return self.gossip and not self.rates_peers

    @property
    def max_order(self) -> int:
        """Return how many times one piece of gossip may be told."""
        return 2 if self.second_order else 1

    @property
    def label(self) -> str:
        """Return the name of the nearest preset, and the switches that differ from it."""
        best = min(TREATMENTS, key=lambda name: len(self.differences(TREATMENTS[name])))
        changed = self.differences(TREATMENTS[best])
        return ", ".join([best, *(f"{name}={_spell(getattr(self, name))}" for name in changed)])

    def differences(self, other: "Treatment") -> tuple[str, ...]:
        """Return the names of the switches in which the two differ."""
        names = (field.name for field in fields(self))
        return tuple(name for name in names if getattr(self, name) != getattr(other, name))

    def switched(self, **settings: str) -> "Treatment":
        """Return this treatment with switches set from words: `switched(rewiring="off")`."""
        kinds = {field.name: type(getattr(self, field.name)) for field in fields(self)}
        values: dict[str, Any] = {}
        for name, word in settings.items():
            key = name.replace("-", "_")
            if key not in kinds:
                raise unknown("switch", name, kinds)
            values[key] = _read(name, word, kinds[key])
        return replace(self, **values)


def _read(name: str, word: str, kind: type) -> object:
    word = word.strip().lower()
    if kind is bool:
        if word not in ON | OFF:
            raise UsageError(f"{name} is a switch: say {name}=on or {name}=off, not {word!r}")
        return (ON | OFF)[word]
    if kind is int and word == "unlimited":
        return UNLIMITED
    try:
        return kind(word)
    except ValueError:
        raise UsageError(f"{name} takes a number, not {word!r}") from None


def _spell(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return "unlimited" if value == UNLIMITED else str(value)


TREATMENTS = {
    "full": Treatment(),
    "no-gossip": Treatment(gossip=False),
    "no-reputation": Treatment(reputation=False),
    "none": Treatment(reputation=False, gossip=False),
    "none-matched-memory": Treatment(
        reputation=False, gossip=False, memory_window=UNLIMITED, alter_memory=UNLIMITED
    ),
}


def treatment(name: str) -> Treatment:
    """Return the treatment of that name; raises UsageError, with a suggestion, if there is none."""
    if name not in TREATMENTS:
        raise unknown("treatment", name, TREATMENTS)
    return TREATMENTS[name]
