"""Measures: every definition, as a function of the tables of a run."""
