"""Discriminators: they help everybody but those of whom they had bad news (Nowak & Sigmund 1998).

News is what a third party saw in the round before, so with `witnesses = q` a discriminator knows
of a stranger's last act with probability q at every encounter, and in doubt it helps. What befell
itself is no news: that would be direct reciprocity.
"""

from repunet.questions.coordinate import Coordinate
from repunet.questions.operations import Reflect, Reflection, ShapePeerFromObservation
from repunet.scenarios.donor import DecideHelp, Help
from repunet.validation.aid import BAD_NAME
from repunet.validation.minds.standing import (
    StandingMind,
    appraisal,
    helping,
    passing_by,
    round_of,
    stands,
)
from repunet.world.reputation import Appraisal

OWN = "met"
"""What a record says that rests on an encounter of one's own."""


class Discriminator(StandingMind):
    """Passes by those it has bad news of; with `excuses`, to pass by them harms nobody's name.

    With excuses this is standing (Sugden 1986), without them image scoring.
    """

    name = "discriminator"

    def __init__(self, *, excuses: bool) -> None:
        self._excuses = excuses

    def decide(self, asked: DecideHelp, at: Coordinate) -> Help:
        """Help, unless there is bad news of the recipient."""
        records = asked.alter.records
        if records and records[0].text == dated(round_of(at) - 1) and not stands(records):
            return passing_by(BAD_NAME)
        return helping("no bad news")

    def reflect(self, asked: Reflect, at: Coordinate) -> Reflection:
        """Leave one's own experience out of account."""
        return Reflection(OWN, OWN, satisfied=True)

    def witnessed(self, asked: ShapePeerFromObservation, at: Coordinate) -> Appraisal:
        """Think well of help, ill of passing by, and well of what is excused."""
        seen = asked.story.others[0]
        good = bool(seen.cooperation) or (self._excuses and seen.excused)
        return appraisal(dated(round_of(at)), standing=good)


def dated(round_: int) -> str:
    """Return the text of a record of what was seen in a round."""
    return f"round {round_}"
