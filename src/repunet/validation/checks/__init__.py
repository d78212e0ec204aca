"""Checks: what societies of ours do, beside what was found elsewhere."""
