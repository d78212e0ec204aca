"""Calls: what another system tells or asks of a layer, as it is written down and compared."""

from collections.abc import Iterable, Mapping, Sequence

from repunet.errors import UsageError, unknown
from repunet.layer.deed import Deed
from repunet.layer.member import require_name
from repunet.layer.state import LayerState
from repunet.world.encounter import Act, Encounter, Outcome
from repunet.world.event import GossipInvited
from repunet.world.persona import Participant, Role

LONGEST_STORY = 2_000
OUTCOMES: tuple[Outcome, ...] = ("consummated", "declined", "void", "no_funds")


def reported(
    state: LayerState,
    id: str,
    acts: Sequence[Deed],
    stories: Mapping[str, str],
    outcome: Outcome,
) -> Encounter:
    """Return the encounter as it was told, without what participants knew before."""
    require_name("id of an encounter", id)
    if outcome not in OUTCOMES:
        raise unknown("outcome", outcome, OUTCOMES)
    group = tuple(Participant(state.agent(d.who), state.role(d.role)) for d in acts)
    if len({participant.agent for participant in group}) < max(2, len(group)):
        raise UsageError(f"{id}: an encounter is of two agents or more, each with one act")
    done = tuple(deed.act(who) for deed, who in zip(acts, group, strict=True))
    told = {state.agent(who): _story(who, text) for who, text in stories.items()}
    for agent in told:
        if agent not in {participant.agent for participant in group}:
            raise UsageError(f"{id}: there is a story of {agent}, who took no part")
    return Encounter(
        id=id,
        outcome=outcome,
        participants=group,
        acts=() if outcome == "void" else done,
        stories=tuple(told.get(act.agent) or _neutral(state, act, done) for act in done),
        knew_before=(),
    )


def _neutral(state: LayerState, own: Act, acts: Iterable[Act]) -> str:
    others = [act for act in acts if act != own]
    parts = [f"{state.society.name(act.agent)} chose to {act.move}" for act in others]
    return "; ".join([f"You chose to {own.move}", *parts]) + "."


def _story(who: str, text: str) -> str:
    if not text.strip() or len(text) > LONGEST_STORY:
        raise UsageError(f"what {who} tells is a text of up to {LONGEST_STORY} letters")
    return text


def invited(
    state: LayerState,
    id: str,
    teller: str | None,
    about: str | None,
    role: Role | None,
    reason: str,
) -> GossipInvited:
    """Return who is to talk, about whom and why; by default everyone who wants to."""
    require_name("id of gossip", id)
    if teller is None and about is None and role is None and not reason:
        return GossipInvited(id=id)
    if teller is None or about is None:
        raise UsageError("say who talks and about whom, or neither: teller=..., about=...")
    who, whom = state.agent(teller), state.agent(about)
    if who == whom:
        raise UsageError(f"{teller} can't gossip about itself")
    return GossipInvited(
        id=id,
        gossiper=who,
        target=whom,
        role=None if role is None else state.role(role),
        reason=_story(teller, reason or "I was asked."),
    )
