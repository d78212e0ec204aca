"""Rounding: numbers as papers print them, where nothing becomes 1 that is not 1."""

import math

FINEST = 4
"""Digits after the point beyond which a number just below 1 is cut."""


def rounded(value: float, digits: int = 2, sign: str = "") -> str:
    """Return a number with so many digits after the point, and more if it would read as 1.

    >>> rounded(0.538), rounded(-0.25), rounded(1.0), rounded(-0.001), rounded(2.5)
    ('.54', '-.25', '1.00', '.00', '2.50')
    >>> rounded(0.9975), rounded(-0.9999), rounded(0.999999), rounded(0.25, sign="+")
    ('.998', '-.9999', '.9999', '+.25')
    """
    while abs(value) < 1 and digits < FINEST and round(abs(value), digits) >= 1:
        digits += 1
    if abs(value) < 1 and round(abs(value), digits) >= 1:
        value = math.copysign(1 - 10**-digits, value)
    text = f"{value:{sign}z.{digits}f}"
    return text.replace("0.", ".", 1) if text.lstrip("+-").startswith("0.") else text
