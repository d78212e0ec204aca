"""Minds: the different ways in which an operation gets its answer."""
