"""Observation: what third parties make of encounters they saw (the `witnesses` switch)."""

from collections.abc import Sequence
from dataclasses import replace

from repunet.chance import draw
from repunet.dynamics.talk import severed
from repunet.errors import UsageError
from repunet.questions.deliberation import Unit, present
from repunet.questions.operations import ReconsiderTie, ShapePeerFromObservation
from repunet.questions.perspective import Sighting, Story
from repunet.world.encounter import Act, Encounter
from repunet.world.event import Event
from repunet.world.persona import AgentId, Participant
from repunet.world.society import Society
from repunet.world.stakes import Stakes, Trust


def seen_by(agent: AgentId, encounters: Sequence[Encounter], society: Society) -> list[Encounter]:
    """Return the encounters of others that an agent happens to see."""
    chance = society.treatment.witnesses
    return [
        met
        for met in encounters
        if all(participant.agent != agent for participant in met.participants)
        and draw(society.seed, met.id, "seen by", agent) < chance
    ]


async def take_note(unit: Unit, ego: Participant, sights: Sequence[Sighting]) -> list[Event]:
    """Update the records one holds, and reconsider one's ties, from what was to be seen."""
    store = unit.society.agents[ego.agent].reputations
    known = [sight for sight in sights if sight.target.agent != ego.agent]
    held = [sight for sight in known if store.of(sight.target)]
    noted = await unit.together(*(_note(unit, ego, sight) for sight in held))
    return [event for events in noted for event in events]


async def _note(unit: Unit, ego: Participant, sight: Sighting) -> list[Event]:
    views, target = unit.views, sight.target
    unit = unit.part(f">{target.agent}:{target.role}")  # somebody may be seen in several roles
    alter = views.acquaintance(ego.agent, target).by_record()
    shaping = ShapePeerFromObservation(
        setting=views.setting, ego=views.ego(ego), alter=alter, story=sight.story
    )
    shaped = await unit.shape(shaping, target, "observation", sight.because)
    if not (unit.society.treatment.rewiring and views.tied(ego.agent, target)):
        return present([shaped])
    if shaped:
        alter = replace(alter, records=(shaped.reputation,))
    question = ReconsiderTie(
        setting=views.setting, ego=views.ego(ego), alter=alter, pieces=(), seen=sight.story
    )
    return present([shaped, severed(await unit.ask(question), question, unit, "observation")])


async def witness(unit: Unit, ego: AgentId, encounters: Sequence[Encounter]) -> list[Event]:
    """Let a third party shape a record of everyone it saw; with `error` it may be mistaken.

    An act that says nothing about cooperation (whoever is helped only receives) shows nothing.
    """
    acts = [(met, act) for met in encounters for act in met.acts if act.cooperation is not None]
    return present(await unit.together(*(_shape(unit, ego, met, act) for met, act in acts)))


async def _shape(unit: Unit, ego: AgentId, met: Encounter, act: Act) -> Event | None:
    views, target = unit.views, act.participant
    seen = _as_seen(unit.society, views.setting.stakes, met, act, ego)
    operation = ShapePeerFromObservation(
        setting=views.setting,
        ego=views.ego(Participant(ego, act.role)),
        alter=views.acquaintance(ego, target).by_record(),
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
