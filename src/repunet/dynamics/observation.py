"""Observation: what third parties make of an encounter they saw (the `witnesses` switch)."""

from dataclasses import replace

from repunet.chance import draw
from repunet.deliberation import Deliberation, there
from repunet.encounter import Act, Encounter
from repunet.event import Event
from repunet.operations import ShapePeerFromObservation
from repunet.persona import Participant
from repunet.perspective import Story


def sees(unit: Deliberation, encounter: Encounter, witness: Participant) -> bool:
    """Tell whether the third party happens to see the encounter."""
    treatment, society = unit.society.treatment, unit.society
    return draw(society.seed, encounter.id, "seen by", witness.agent) < treatment.witnesses


async def witness(unit: Deliberation, encounter: Encounter, ego: Participant) -> list[Event]:
    """Let a third party shape a record of everyone it saw; with `error` it is mistaken."""
    seen = [_as_seen(unit, encounter, act, ego) for act in encounter.acts]
    shaped = await unit.together(*(_shape(unit, encounter, act, ego) for act in seen))
    return there(shaped)


async def _shape(
    unit: Deliberation, encounter: Encounter, act: Act, ego: Participant
) -> Event | None:
    views, target = unit.views, act.participant
    seen = f"You saw that {views.other(target).name} chose to {act.move}."
    operation = ShapePeerFromObservation(
        setting=views.setting,
        ego=views.ego(ego),
        alter=views.acquaintance(ego.agent, target),
        story=Story(seen, None, (act,)),
    )
    return await unit.toward(target.agent).shape(operation, target, "observation", (encounter.id,))


def _as_seen(unit: Deliberation, encounter: Encounter, act: Act, ego: Participant) -> Act:
    society = unit.society
    wrong = draw(society.seed, encounter.id, "mistaken", ego.agent, act.agent)
    return _opposite(unit, act) if wrong < society.treatment.error else act


def _opposite(unit: Deliberation, act: Act) -> Act:
    degree = 1.0 - (act.cooperation or 0.0)
    option = min(unit.views.setting.stakes.options, key=lambda o: abs(o.cooperation - degree))
    return replace(act, move=option.label, cooperation=degree, valence=-act.valence, excused=False)
