"""Every measure is what plain Python finds in the exported CSV files, missing answers and all."""

from functools import cache

import pytest
from by_hand import CHOOSE, ORACLES, Export, rates
from measured import DILEMMAS, fickle, fickle_frames, home

from repunet.analysis.measures.catalogue import MEASURES
from repunet.analysis.measures.measure import RoundSpan
from repunet.analysis.tables.files import write
from repunet.analysis.tables.history import History
from repunet.record.journal import Journal

ROUNDS = 14
SPANS = [(ROUNDS - 4, ROUNDS), (2, 5)]
BY_CHANCE = {"assortativity_standing_z", "assortativity_cooperation_z"}
"""Drawn with a seed."""
BY_LIBRARY = {"communities", "modularity", "gossip_tone"} | {
    f"gossip_{label}" for label in ("positive", "neutral", "negative")
}
"""By Louvain's method and VADER."""


@cache
def exported(dilemma: str) -> Export:
    folder = home() / f"{dilemma}-by-hand"
    with Journal.open(fickle(dilemma, ROUNDS)) as journal:
        write(History(journal), folder, "csv")
    return Export(folder, dilemma)


CASES = [
    (dilemma, name) for dilemma in DILEMMAS for name in ORACLES if MEASURES[name].fits(dilemma)
]


def test_every_measure_is_computed_by_hand_or_by_a_library() -> None:
    assert ORACLES.keys() == MEASURES.keys() - BY_CHANCE - BY_LIBRARY


@pytest.mark.parametrize(("dilemma", "name"), CASES)
def test_a_measure_is_what_plain_python_finds(dilemma: str, name: str) -> None:
    frames, export = fickle_frames(dilemma, ROUNDS), exported(dilemma)
    oracle, questions, rounds = ORACLES[name]
    for first, last in SPANS:
        value, n = oracle(export, first, last)
        found = MEASURES[name].of(frames, RoundSpan(first, last))
        assert (found.value, found.n) == (pytest.approx(value), n), (first, last)
        since = {"span": (first, last), "so far": (1, last), "run": (1, ROUNDS)}[rounds]
        if questions(export) == CHOOSE and rounds == "span":
            since = (max(rates(export, 1, last)), last)
        assert found.missing == export.missing(questions(export), *since), (first, last)
