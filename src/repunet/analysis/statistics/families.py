"""Many tests at once: p-values adjusted for their number, by Holm."""

from collections.abc import Sequence


def holm(pvalues: Sequence[float | None]) -> list[float | None]:
    """Return the p-values of a family, adjusted so that one false alarm is as rare (Holm 1979).

    The smallest is multiplied by the number of tests, the next by one less, and so on; none is
    smaller than one before it or above 1. Tests without a p-value are no part of the family.

    >>> holm([0.01, 0.04, None, 0.03])
    [0.03, 0.06, None, 0.06]
    """
    tested = sorted((p, place) for place, p in enumerate(pvalues) if p is not None)
    adjusted: list[float | None] = [None] * len(pvalues)
    largest = 0.0
    for before, (p, place) in enumerate(tested):
        largest = max(largest, min(1.0, p * (len(tested) - before)))
        adjusted[place] = largest
    return adjusted
