"""The network: directed ties from an agent to those it is willing to meet again (paper, 3.1)."""

from collections.abc import Iterator

from repunet.persona import AgentId, Participant, Role


class Network:
    """A directed graph; an edge leads from an agent to another agent in a role."""

    __slots__ = ("_ties",)

    def __init__(self) -> None:
        self._ties: dict[AgentId, dict[Participant, None]] = {}

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
