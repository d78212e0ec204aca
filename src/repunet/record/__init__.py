"""The record of a run: what it is defined by, what happened in it, and every request to a model."""
