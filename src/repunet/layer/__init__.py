"""The layer: reputations, gossip and ties for agents of another system (paper, section 3.1).

The other system runs its agents and tells of their encounters. What these make of an encounter is
asked as in a run of our own, and is safe in a run file: every call is one round of its journal,
there whole or not at all, and nothing is to be seen of a call before it is there.
"""

from repunet.layer.deed import Deed
from repunet.layer.layer import Layer
from repunet.layer.settings import Minds
from repunet.layer.view import AlterView

__all__ = ["AlterView", "Deed", "Layer", "Minds"]
