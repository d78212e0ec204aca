"""The network: directed ties from an agent to those it is willing to meet again (paper, 3.1)."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

from repunet.errors import UsageError, unknown
from repunet.system.documents import read_json
from repunet.world.persona import AgentId, Participant, Persona, Role

Tie: TypeAlias = tuple[AgentId, Participant]
"""Whose tie it is, and to whom."""


class Network:
    """A directed graph; an edge leads from an agent to another agent in a role."""

    __slots__ = ("_ties",)

    def __init__(self, ties: Iterable[Tie] = ()) -> None:
        self._ties: dict[AgentId, dict[Participant, None]] = {}
        for ego, alter in ties:
            self.form(ego, alter)

    def __iter__(self) -> Iterator[tuple[AgentId, Participant]]:
        return ((ego, alter) for ego, alters in self._ties.items() for alter in alters)

    def __len__(self) -> int:
        return sum(map(len, self._ties.values()))

    def form(self, ego: AgentId, alter: Participant) -> None:
        """Let ego count alter among its partners."""
        self._ties.setdefault(ego, {})[alter] = None

    def sever(self, ego: AgentId, alter: Participant) -> None:
        """Drop ego's tie to alter, if there is one."""
        self._ties.get(ego, {}).pop(alter, None)

    def tied(self, ego: AgentId, alter: Participant) -> bool:
        """Tell whether ego has a tie to alter; the converse is alter's own affair."""
        return alter in self._ties.get(ego, ())

    def mutual(self, ego: Participant, alter: Participant) -> bool:
        """Tell whether each has a tie to the other in the role at hand."""
        return self.tied(ego.agent, alter) and self.tied(alter.agent, ego)

    def partners(self, ego: AgentId) -> tuple[Participant, ...]:
        """Return those ego has ties to, oldest tie first."""
        return tuple(self._ties.get(ego, ()))

    def partner_agents(self, ego: AgentId, role: Role | None = None) -> tuple[AgentId, ...]:
        """Return the agents ego has a tie to, in that role or in any, each once."""
        alters = self._ties.get(ego, ())
        return tuple(dict.fromkeys(a.agent for a in alters if role is None or a.role == role))


def read_ties(path: Path, people: Sequence[Persona], roles: Sequence[Role]) -> tuple[Tie, ...]:
    """Return the ties in a JSON file of pairs of names or ids, from the first to the second.

    Each is a tie to the second in every role. Raises UsageError, with the place, for anything else.
    """
    pairs = read_json(path)
    if not isinstance(pairs, list):
        raise UsageError(f'{path}: a network is a list of pairs: [["Ann", "Bob"], ...]')
    ids = {person.name: person.id for person in people} | {p.id: p.id for p in people}
    ties = [_tie(path, number, pair, ids) for number, pair in enumerate(pairs, start=1)]
    return tuple((ego, Participant(alter, role)) for ego, alter in ties for role in roles)


def _tie(path: Path, number: int, pair: object, ids: dict[str, AgentId]) -> tuple[AgentId, AgentId]:
    if not (isinstance(pair, list) and len(pair) == 2 and all(isinstance(n, str) for n in pair)):
        raise UsageError(f"{path}: pair {number} is not a pair of names")
    for name in pair:
        if name not in ids:
            raise unknown("agent", name, ids)
    ego, alter = (ids[name] for name in pair)
    if ego == alter:
        raise UsageError(f"{path}: pair {number} ties {pair[0]} to themselves")
    return ego, alter
