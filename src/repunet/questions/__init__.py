"""Questions to agents, and all that an agent may know when it answers (paper, section 3)."""
