"""An agent: a persona, and everything it has come to own, remember and believe."""

from collections import defaultdict, deque
from collections.abc import Sequence

from repunet.world.encounter import Recollection
from repunet.world.gossip import GossipLog
from repunet.world.persona import AgentId, Persona, Role
from repunet.world.reputation import ReputationStore
from repunet.world.treatment import Treatment


class Agent:
    """The state that one agent owns; only what happens to it changes it."""

    __slots__ = ("_history", "gossip", "memory", "persona", "reputations", "self_images", "wealth")

    def __init__(self, persona: Persona, wealth: int, treatment: Treatment) -> None:
        self.persona = persona
        self.wealth = wealth
        """In thousandths of a unit."""
        self.self_images: dict[Role, str] = {}
        self.memory: deque[Recollection] = deque(maxlen=treatment.memory_window)
        self.reputations = ReputationStore()
        self.gossip = GossipLog()
        self._history: defaultdict[AgentId, list[Recollection]] = defaultdict(list)

    def remember(self, recollection: Recollection) -> None:
        """Keep an encounter in mind, and what it earned."""
        self.wealth += recollection.own.payoff
        self.memory.append(recollection)
        for act in recollection.others:
            self._history[act.agent].append(recollection)

    def history(self, alter: AgentId) -> Sequence[Recollection]:
        """Return every encounter with alter, oldest first; it grows as they meet again."""
        return self._history.get(alter, ())
