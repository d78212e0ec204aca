"""Continuation: how likely a next turn must be for cooperation to be an equilibrium.

In the repeated Prisoner's Dilemma with payoffs T > R > P > S, grim play against itself is an
equilibrium if the next turn is at least as likely as (T - R) / (T - P) (Friedman 1971); it
risk-dominates defection if, of these two alone, grim play is the better answer to somebody who
takes either with probability 1/2 (Blonski, Ockenfels & Spagnolo 2011). Here both follow from
matches that were played.
"""

from collections.abc import Callable, Mapping, Sequence

from repunet.system.extras import library

Pair = tuple[str, str]
Turns = Sequence[tuple[float, float]]
"""What the two of a pair earned, turn after turn."""

HIGHEST = 0.9
"""Where matches of 200 turns still tell all: what comes later weighs less than 1e-9."""


def worth(played: Turns, continuation: float) -> float:
    """Return what the first of a pair expects, if the next turn comes with this probability.

    >>> worth([(3.0, 3.0), (1.0, 5.0)], 0.5)
    3.5
    """
    return sum(own * continuation**turn for turn, (own, _) in enumerate(played))


def sustenance(played: Mapping[Pair, Turns], kind: str, unkind: str) -> float:
    """Return the continuation from which the kind one can't do better by turning unkind."""

    def gain(continuation: float) -> float:
        stay, leave = played[kind, kind], played[unkind, kind]
        return worth(stay, continuation) - worth(leave, continuation)

    return root(gain)


def dominance(played: Mapping[Pair, Turns], kind: str, unkind: str) -> float:
    """Return the continuation from which kindness costs less where it is mistaken than it wins."""

    def gain(continuation: float) -> float:
        values = {pair: worth(played[pair], continuation) for pair in _four(kind, unkind)}
        won = values[kind, kind] - values[unkind, kind]
        return won - (values[unkind, unkind] - values[kind, unkind])

    return root(gain)


def root(rises: Callable[[float], float]) -> float:
    """Return where a function passes through zero between 0 and `HIGHEST`.

    >>> round(root(lambda x: x - 0.25), 9)
    0.25
    """
    return float(library("scipy.optimize").brentq(rises, 0.0, HIGHEST, xtol=1e-12))


def _four(kind: str, unkind: str) -> tuple[Pair, ...]:
    return (kind, kind), (kind, unkind), (unkind, kind), (unkind, unkind)
