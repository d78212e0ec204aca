"""Randomness by address: every draw is a pure function of the seed and of what it is for.

No draw depends on the order of any other, so a resumed or concurrent run draws exactly what an
uninterrupted one would have drawn.
"""

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from math import log
from statistics import NormalDist
from typing import TypeVar

T = TypeVar("T")
STEPS = 2.0**64
STANDARD_NORMAL = NormalDist()


def draw(seed: int, *address: object) -> float:
    """Return a uniform number in (0, 1) that belongs to this seed and address alone.

    >>> draw(1, "r1", "coin", "A01") == draw(1, "r1", "coin", "A01")
    True
    >>> draw(1, "r1", "coin", "A01") == draw(1, "r1", "coin", "A02")
    False
    """
    key = "\x1f".join([str(seed), *map(str, address)])
    return (int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "big") + 0.5) / STEPS


def shuffled(items: Iterable[T], seed: int, *address: object) -> list[T]:
    """Return the items in a random order that does not depend on the order they came in."""
    return sorted(items, key=lambda item: draw(seed, *address, item))


def pick(items: Sequence[T], seed: int, *address: object) -> T:
    """Return one of the items, each as likely as any other; raise IndexError if there are none."""
    return items[min(int(draw(seed, *address) * len(items)), len(items) - 1)]


def gumbel(uniform: float) -> float:
    """Return the standard Gumbel number at this uniform one; added to logits, it samples them."""
    return -log(-log(uniform))


def normal(uniform: float) -> float:
    """Return the standard normal number at this uniform one."""
    return STANDARD_NORMAL.inv_cdf(uniform)
