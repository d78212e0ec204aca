"""Validation: what RepuNet's own rounds give, beside results that nobody here wrote."""
