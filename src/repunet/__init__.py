"""RepuNet: societies of language-model agents that keep reputations, gossip and choose partners."""

__version__ = "0.1.0"
