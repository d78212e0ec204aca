"""Answers of the embedded mind to each question, filled in from its model."""
