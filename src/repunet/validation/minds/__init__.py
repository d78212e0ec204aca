"""Minds for validation: they live by a norm or a rule that theory knows."""
