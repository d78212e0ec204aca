"""The world of agents: people, their reputations, gossip and ties (paper, section 3.1)."""
