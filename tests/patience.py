"""How long a test waits for a state that comes at once where the machine is idle."""

PATIENCE = 200.0
"""Seconds: short of the timeout of a test, so that what did not come is told."""
