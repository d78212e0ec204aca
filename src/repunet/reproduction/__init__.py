"""Reproduction: the paper's tables, figures and claims, tried with any mind."""
