"""Why a reputation is as it is: the encounters and the gossip behind it, in words."""

from dataclasses import dataclass

from repunet.analysis.report.rows import People, rows
from repunet.analysis.tables.frames import Frames
from repunet.world.gossip import LIKERT


@dataclass(frozen=True, slots=True)
class Ground:
    """One encounter or piece of gossip that a record rests on."""

    id: str
    kind: str
    """`encounter`, `gossip`, or empty where it is neither, such as a choice that was seen."""
    text: str


class GroundTruth:
    """Index of all encounters and all gossip of a run, as an observer knows them."""

    def __init__(self, frames: Frames, people: People) -> None:
        self._people = people
        seats = frames["encounters"]
        columns = (seats.encounter, seats.agent, seats.story)
        self._stories: dict[str, dict[str, str]] = {}
        for encounter, agent, story in zip(*columns, strict=True):
            self._stories.setdefault(encounter, {})[agent] = story
        self._pieces = {piece.gossip: piece for piece in rows(frames["gossip"])}

    def of(self, named: str, observer: str) -> Ground:
        """Return what has that id: an encounter as the observer tells it, or what it was told."""
        if named in self._pieces:
            piece = self._pieces[named]
            teller = self._people[piece.gossiper].name
            found = LIKERT[piece.credibility]
            return Ground(named, "gossip", f"{teller} said: “{piece.said}” (found {found})")
        stories = self._stories.get(named, {})
        if observer in stories:
            return Ground(named, "encounter", stories[observer])
        told = (f"{self._people[agent].name}: {story}" for agent, story in stories.items())
        return Ground(named, "encounter" if stories else "", " / ".join(told))
