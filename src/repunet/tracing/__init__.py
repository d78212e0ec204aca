"""Traces: where a decision came from, where two runs part, whether a run derives again."""
