"""Experiments: many runs that differ in what is compared, played as one."""
