"""Forecasts of the calls, tokens, cost and time of a run, made before it is begun."""
