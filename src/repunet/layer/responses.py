"""Episodes: what agents make of encounters that happened elsewhere, one by one."""

from collections.abc import Sequence
from dataclasses import replace

from repunet import prompts
from repunet.dynamics import Wish
from repunet.questions.coordinate import UnitAddress
from repunet.questions.deliberation import Unit
from repunet.questions.mind import Mind
from repunet.questions.perspective import Perspectives
from repunet.record.manifest import Manifest
from repunet.scenarios import scenario
from repunet.scenarios.base import ended
from repunet.scenarios.outside import OUTSIDE
from repunet.simulation import Simulation
from repunet.world.encounter import Encounter
from repunet.world.event import EncounterEnded, Event, RoundBegan
from repunet.world.persona import AgentId

prompts.add_templates(OUTSIDE, prompts.HERE / OUTSIDE)


class EncounterResponses(Simulation):
    """Responses of a society to encounters that happened elsewhere, one by one."""

    def __init__(self, manifest: Manifest, mind: Mind) -> None:
        super().__init__(manifest.society(), scenario(manifest.scenario), mind)
        setting = replace(self.views.setting, scenario=OUTSIDE)
        self.views = Perspectives(self.society, setting)
        self._at = ""

    @property
    def events(self) -> list[Event]:
        """Return what has happened since the episode began."""
        return self._events

    def begin(self, *events: Event) -> None:
        """Begin an episode, in a round of its own, with what gave rise to it."""
        self._events = []
        self._happen([RoundBegan(round=self.society.round + 1), *events])

    async def respond_to(self, met: Encounter) -> None:
        """Let participants and witnesses make of it what they will."""
        self._at = met.id
        writes = [participant.agent for participant in met.participants]
        unit = Unit(self.society, self.views, self.mind, met.id, writes)
        encounter = ended(unit, met.participants, met.acts, met.stories, met.outcome)
        self._happen(unit.close([EncounterEnded(encounter=encounter)]))
        await self._respond([encounter])
        await self._observe([encounter])

    async def spread(self, at: str, wishes: Sequence[Wish]) -> None:
        """Let these be told and heard, wave after wave."""
        self._at = at
        await self._spread(wishes)

    def _unit(self, phase: str, path: str, writes: Sequence[AgentId], wave: int = 0) -> Unit:
        at = str(UnitAddress(self._at, phase, wave, path))
        return Unit(self.society, self.views, self.mind, at, writes)
