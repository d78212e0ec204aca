"""Observation: what third parties make of encounters they saw (the `witnesses` switch)."""

from collections.abc import Sequence
from dataclasses import replace

from repunet.chance import draw
from repunet.deliberation import Deliberation, there
from repunet.encounter import Act, Encounter
from repunet.errors import UsageError
from repunet.event import Event
from repunet.operations import ShapePeerFromObservation
from repunet.persona import AgentId, Participant
from repunet.perspective import Story
from repunet.society import Society
from repunet.stakes import Stakes, Trust


def seen_by(agent: AgentId, encounters: Sequence[Encounter], society: Society) -> list[Encounter]:
    """Return the encounters of others that an agent happens to see."""
    chance = society.treatment.witnesses
    return [
        met
        for met in encounters
        if all(participant.agent != agent for participant in met.participants)
        and draw(society.seed, met.id, "seen by", agent) < chance
    ]


async def witness(unit: Deliberation, ego: AgentId, encounters: Sequence[Encounter]) -> list[Event]:
    """Let a third party shape a record of everyone it saw; with `error` it may be mistaken."""
    acts = [(met, act) for met in encounters for act in met.acts]
    return there(await unit.together(*(_shape(unit, ego, met, act) for met, act in acts)))


async def _shape(unit: Deliberation, ego: AgentId, met: Encounter, act: Act) -> Event | None:
    views, target = unit.views, act.participant
    seen = _as_seen(unit.society, views.setting.stakes, met, act, ego)
    operation = ShapePeerFromObservation(
        setting=views.setting,
        ego=views.ego(Participant(ego, act.role)),
        alter=views.acquaintance(ego, target),
        story=Story(
            f"You saw that {views.other(target).name} chose to {seen.move}.", None, (seen,)
        ),
    )
    return await unit.toward(target.agent).shape(operation, target, "observation", (met.id,))


def _as_seen(society: Society, stakes: Stakes, met: Encounter, act: Act, ego: AgentId) -> Act:
    if draw(society.seed, met.id, "mistaken", ego, act.agent) >= society.treatment.error:
        return act
    if isinstance(stakes, Trust):
        raise UsageError("witnesses can only be mistaken where an act has an opposite: not here")
    move, degree = stakes.opposite(act.move)
    return replace(act, move=move, cooperation=degree, valence=-act.valence, excused=False)
