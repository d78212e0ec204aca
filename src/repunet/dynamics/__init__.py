"""The reputation system: what follows from encounters and from talk (paper, 3.2, 3.3, appendix A).

Nothing here knows which dilemma is being played. Every function reads the society, asks minds and
returns the events that follow; none changes anything.
"""

from repunet.dynamics.observation import seen_by, take_note, witness
from repunet.dynamics.response import Response, respond
from repunet.dynamics.talk import Heard, ToldGossip, Wish, inboxes, listen, tell

__all__ = [
    "Heard",
    "Response",
    "ToldGossip",
    "Wish",
    "inboxes",
    "listen",
    "respond",
    "seen_by",
    "take_note",
    "tell",
    "witness",
]
