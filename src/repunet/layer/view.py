"""Views: what one agent of a layer may know of another, and whom it thinks most of."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import fmean

from repunet.errors import UsageError
from repunet.layer.state import LayerState
from repunet.questions.perspective import Hearsay
from repunet.world.encounter import Recollection
from repunet.world.persona import AgentId, Participant, Role
from repunet.world.reputation import Version


@dataclass(frozen=True, slots=True)
class AlterView:
    """Views of ego on alter, cut by the treatment as in a run."""

    ego: AgentId
    alter: AgentId
    records: Mapping[Role, tuple[Version, ...]] | None
    """By role of alter, every version that ego has held, newest last; None without reputation."""
    ties: tuple[Role, ...]
    """The roles of alter that ego has a tie to."""
    gossip: tuple[Hearsay, ...] | None
    """What ego was told of alter lately; None where it is not shown (records hold it already)."""
    last: tuple[Recollection, ...]
    """Ego's last encounters with alter, oldest first."""

    def score(self, role: Role) -> float | None:
        """Return ego's score of alter in a role, in [-1, 1]; None where there is no record."""
        versions = (self.records or {}).get(role)
        return versions[-1].reputation.score if versions else None


def view_of(state: LayerState, ego: str, alter: str) -> AlterView:
    """Return what ego may know of alter; raises UsageError for somebody who is not known."""
    me, other = state.agent(ego), state.agent(alter)
    if me == other:
        raise UsageError(f"a view is of somebody else: not of {ego} by {alter}")
    society = state.society
    store, rates = society.agents[me].reputations, society.treatment.rates_peers
    faces = [Participant(other, role) for role in state.roles]
    known = [state.views.acquaintance(me, face) for face in faces]
    heard = [piece for each in known for piece in each.gossip or ()]
    return AlterView(
        ego=me,
        alter=other,
        records={f.role: store.history(f) for f in faces if store.of(f)} if rates else None,
        ties=tuple(face.role for face in faces if society.network.tied(me, face)),
        gossip=tuple(heard) if known[0].gossip is not None else None,
        last=known[0].last,
    )


def ranked(state: LayerState, ego: AgentId, roles: Iterable[Role]) -> tuple[Participant, ...]:
    """Return those ego has ties to in some roles, who stand best in ego's eyes first."""
    tied = [alter for alter in state.society.network.partners(ego) if alter.role in roles]
    return tuple(sorted(tied, key=lambda alter: _opinion(state, ego, alter), reverse=True))


def _opinion(state: LayerState, ego: AgentId, alter: Participant) -> float:
    if record := state.society.agents[ego].reputations.of(alter):
        return record.score
    known = state.views.acquaintance(ego, alter)
    acts = [act for met in known.last for act in met.others if act.participant == alter]
    valences = [act.valence for act in acts] + [piece.valence for piece in known.gossip or ()]
    return fmean(valences) if valences else 0.0
