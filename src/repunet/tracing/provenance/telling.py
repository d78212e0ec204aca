"""Events in words: a line for each, as people read them."""

import json
from collections.abc import Callable

from repunet.world.encounter import Act
from repunet.world.event import (
    EVENT,
    ChoiceMade,
    DecisionMissing,
    EncounterEnded,
    Event,
    GossipHeard,
    GossipUntold,
    Matched,
    ReputationShaped,
    SelfImageRevised,
    TieFormed,
    TieSevered,
    TreatmentChanged,
)
from repunet.world.gossip import LIKERT

Naming = Callable[[str], str]


def told(event: Event, name: Naming) -> str:
    """Return an event in a line of words."""
    match event:
        case EncounterEnded(encounter=met):
            acts = "; ".join(_act(act, name) for act in met.acts) or "nothing happened"
            return f"meeting {met.id}, {met.outcome}: {acts}"
        case ReputationShaped(observer=observer, reputation=made):
            whom = "itself" if made.target == observer else name(made.target)
            return (
                f"{name(observer)}'s record of {whom} as {made.role}: {made.score:+.2f}, "
                f"«{made.text}»"
            )
        case GossipHeard(gossip=gossip):
            return (
                f"{name(gossip.listener)} heard from {name(gossip.gossiper)} about "
                f"{name(gossip.target)}: «{gossip.text}» ({LIKERT[gossip.credibility]})"
            )
        case SelfImageRevised(agent=agent, text=text):
            return f"{name(agent)} describes itself: «{text}»"
        case TieFormed(ego=ego, alter=alter):
            return f"{name(ego)} formed a tie to {name(alter.agent)}"
        case TieSevered(ego=ego, alter=alter):
            return f"{name(ego)} cut its tie to {name(alter.agent)}"
        case ChoiceMade(act=act):
            return _act(act, name)
        case DecisionMissing(decision=decision, why=why):
            return f"missing: {decision}: {why}"
    return _rest(event, name)


def _rest(event: Event, name: Naming) -> str:
    match event:
        case Matched(participants=participants, by=by):
            return f"{' and '.join(name(p.agent) for p in participants)} meet by {by}"
        case GossipUntold(gossiper=gossiper, target=target):
            return f"{name(gossiper)} had nobody to tell about {name(target.agent)}"
        case TreatmentChanged(treatment=treatment):
            return f"from here on the treatment is {treatment.label}"
    return json.dumps(EVENT.dump_python(event, mode="json"), ensure_ascii=False)


def _act(act: Act, name: Naming) -> str:
    return f"{name(act.agent)}: {act.move}"
