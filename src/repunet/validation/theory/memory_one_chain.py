"""The chain that two memory-one players make: four states, and what each turn leads to.

In the long run each state (CC, CD, DC, DD, as the first player sees it) has the probability that
the left eigenvector of the transitions gives it, and payoffs are averages with these weights (Nowak
& Sigmund 1990; Press & Dyson 2012).
"""

from collections.abc import Sequence
from math import sqrt
from typing import Any

from repunet.system.extras import library

Vector = Sequence[float]
"""Probabilities of cooperating after CC, CD, DC and DD, each seen from one's own side."""


def transitions(first: Vector, second: Vector) -> Any:
    """Return the probability of each state (a column) after each state (a row).

    >>> transitions((1, 1, 1, 1), (1, 0, 1, 0)).tolist()[2]
    [0.0, 1.0, 0.0, 0.0]
    """
    numpy = library("numpy")
    own = numpy.asarray(first, float)
    other = numpy.asarray(second, float)[[0, 2, 1, 3]]
    return numpy.column_stack(
        (own * other, own * (1 - other), (1 - own) * other, (1 - own) * (1 - other))
    )


def stationary(moves: Any) -> Any:
    """Return how often each state comes in the long run: the left eigenvector of eigenvalue 1.

    >>> always = transitions((1, 1, 1, 1), (0, 0, 0, 0))
    >>> stationary(always).round(9).tolist()
    [0.0, 1.0, 0.0, 0.0]
    """
    numpy = library("numpy")
    values, vectors = numpy.linalg.eig(moves.T)
    vector = numpy.real(vectors[:, numpy.argmin(abs(values - 1))])
    return abs(vector) / abs(vector).sum()


def payoffs(first: Vector, second: Vector, stakes: Vector) -> tuple[float, float]:
    """Return what a turn yields to each of the two in the long run; stakes are R, S, T, P.

    >>> payoffs((1, 1, 1, 1), (0, 0, 0, 0), (3, 0, 5, 1))
    (0.0, 5.0)
    """
    shares = stationary(transitions(first, second))
    r, s, t, p = stakes
    return float(shares @ (r, s, t, p)), float(shares @ (r, t, s, p))


def standard_error(first: Vector, second: Vector, stakes: Vector, turns: int) -> float:
    """Return the standard error of the first one's mean payoff over so many turns.

    Turns that follow each other are alike, so that it is wider than that of as many draws: the
    variance is taken with all covariances, by the fundamental matrix (Kemeny & Snell 1960).
    """
    numpy = library("numpy")
    moves = transitions(first, second)
    shares = stationary(moves)
    centred = numpy.asarray(stakes, float) - shares @ stakes
    fundamental = numpy.linalg.inv(numpy.eye(4) - moves + shares)
    variance = shares @ (centred * (2 * fundamental @ centred - centred))
    return sqrt(max(0.0, float(variance)) / turns)
