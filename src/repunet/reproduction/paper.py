"""What the paper reports, to stand beside what comes out here; nothing is ever tuned to it.

The standard deviations of Table 1 and the share of positive gossip are lost in the text at hand.
"""

from collections.abc import Mapping
from typing import Final

MODEL: Final = "GPT-4o mini"
RUNS: Final = 5

TABLE_1: Final[Mapping[str, Mapping[str, float]]] = {
    "pd": {"full": 0.93, "no-gossip": 0.90, "no-reputation": 0.46, "none": 0.09},
    "participation": {"full": 0.85, "no-gossip": 0.81, "no-reputation": 0.29, "none": 0.19},
    "investment": {"full": 0.98, "no-gossip": 0.96, "no-reputation": 0.26, "none": 0.17},
}
"""Cooperation in the last five rounds by scenario and treatment: mean of five runs."""

TABLE_2: Final[Mapping[str, Mapping[str, float]]] = {
    "GPT-4o mini": {"full": 0.93, "none": 0.09},
    "Qwen3 plus": {"full": 0.95, "none": 0.10},
    "Gemini 2.5 Flash": {"full": 0.95, "none": 0.25},
}
"""The same in the Prisoner's Dilemma, by language model and treatment."""

SCENARIOS: Final = tuple(TABLE_1)
TREATMENTS: Final = ("full", "no-gossip", "no-reputation", "none")
