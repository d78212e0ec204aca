"""Exact scores: fourteen strategies meet each other, as in the Axelrod library (4.13).

Every ordered pair is a society of two, which plays the Prisoner's Dilemma with nothing around it;
the score after ten turns is that of the first ten of two hundred.
"""

import json
from collections.abc import Iterator, Mapping
from importlib.resources import files
from itertools import product
from typing import Any

from repunet.validation.arena import Arena, arena, encounters, missing
from repunet.validation.check import Check, near, same
from repunet.validation.theory.continuation import Pair, Turns, dominance, sustenance
from repunet.world.encounter import UNIT

LONGEST = 200
PRECISION = 1e-6
SHOWN = 3
"""How many differences a note lists."""


def checks(full: bool, seed: int) -> Iterator[Check]:
    """Yield the checks of scores, of the tournament, and of what follows for grim play.

    All of it is exact: neither more turns nor another seed could make a difference.
    """
    published = library_scores()
    played, gaps = play_all(list(published["strategies"]), seed)
    for turns in published["matches"]:
        name = f"scores of 14 x 14 matches of {turns} turns"
        yield compared(name, by_pair(published, turns), scores(played, int(turns)), gaps)
    totals, found = published["tournament"], tournament(played)
    yield compared(f"totals of a tournament of {LONGEST} turns", totals, found, gaps)
    yield compared("ranking of the tournament", ranking(totals), ranking(found), gaps)
    yield from grim(played, gaps)


def grim(played: Mapping[Pair, Turns], gaps: int) -> Iterator[Check]:
    """Yield the checks of how likely a next turn must be for cooperation to hold."""
    for name, source, threshold, expected in (
        ("sustains cooperation", "Friedman 1971", sustenance, 0.5),
        ("risk-dominates defection", "Blonski, Ockenfels & Spagnolo 2011", dominance, 0.6),
    ):
        yield near(
            f"continuation from which grim {name}",
            "exact",
            source,
            expected,
            threshold(played, "grudger", "defector"),
            PRECISION,
            missing=gaps,
            note="from the payoffs of played matches, discounted",
        )


def compared(name: str, expected: Mapping[Any, Any], found: Mapping[Any, Any], gaps: int) -> Check:
    """Return the check that all of these are equal; its note lists the first that are not."""
    wrong = [key for key, value in expected.items() if found.get(key) != value]
    return same(
        name,
        "exact",
        "Axelrod library 4.13.1",
        f"{len(expected)} of {len(expected)}",
        f"{len(expected) - len(wrong)} of {len(expected)}",
        missing=gaps,
        note="; ".join(f"{key}: {found.get(key)}, not {expected[key]}" for key in wrong[:SHOWN]),
    )


def library_scores() -> dict[str, Any]:
    """Return the scores that the Axelrod library gives, as they come with the package."""
    text = files("repunet.validation.checks").joinpath("axelrod_matches.json").read_text("utf-8")
    scores: dict[str, Any] = json.loads(text)
    return scores


def by_pair(published: Mapping[str, Any], turns: str) -> dict[Pair, tuple[float, float]]:
    """Return the published scores of matches of that length, by who meets whom."""
    names = published["strategies"]
    cells = (score for row in published["matches"][turns] for score in row)
    return {pair: tuple(score) for pair, score in zip(product(names, names), cells, strict=True)}


def play_all(names: list[str], seed: int) -> tuple[dict[Pair, Turns], int]:
    """Return what every ordered pair earned turn after turn, and how many moves are missing."""
    played, gaps = {}, 0
    for pair in product(names, names):
        played[pair], without = match(arena("pd", pair, seed=seed), LONGEST)
        gaps += without
    return played, gaps


def match(two: Arena, turns: int) -> tuple[Turns, int]:
    """Return what two agents earn turn after turn, in units, and how many moves are missing."""
    events = two.play(turns)
    payoffs = [{act.agent: act.payoff / UNIT for act in met.acts} for met in encounters(events)]
    first, second = two.society.agents
    return [(paid[first], paid[second]) for paid in payoffs if paid], missing(events)


def scores(played: Mapping[Pair, Turns], turns: int) -> dict[Pair, tuple[float, float]]:
    """Return what each pair had earned after so many turns."""
    return {
        pair: (sum(own for own, _ in paid[:turns]), sum(other for _, other in paid[:turns]))
        for pair, paid in played.items()
    }


def tournament(played: Mapping[Pair, Turns]) -> dict[str, float]:
    """Return what each earned in all its matches with others, itself left out."""
    totals: dict[str, float] = {}
    for (row, column), (own, _) in scores(played, LONGEST).items():
        totals[row] = totals.get(row, 0) + own * (row != column)
    return totals


def ranking(totals: Mapping[str, float]) -> dict[int, str]:
    """Return who comes first, second and so on.

    >>> ranking({"grudger": 1.0, "tit-for-tat": 2.0})
    {1: 'tit-for-tat', 2: 'grudger'}
    """
    return dict(enumerate(sorted(totals, key=lambda name: -totals[name]), start=1))
