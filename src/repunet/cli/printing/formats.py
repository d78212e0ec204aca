"""Numbers, names and minds as text."""

import json
from typing import Any

from repunet.analysis.makers import notes
from repunet.analysis.rounding import rounded


def disclaimer(mind: str) -> str:
    """Return what must be said of results that this mind made."""
    return " ".join([f"mind: {mind}.", *(note.text for note in notes(mind))])


def rate(value: float | None) -> str:
    """Return a rate as papers print it: `.54`, or `n/a`."""
    if value is None:
        return "n/a"
    return rounded(value)


def between(low: float | None, high: float | None) -> str:
    """Return an interval as `[.45, .63]`, or `n/a`."""
    return "n/a" if low is None or high is None else f"[{rate(low)}, {rate(high)}]"


def p_value(p: float | None) -> str:
    """Return a p-value: `.0079`, `<.0001`, or `n/a`."""
    if p is None:
        return "n/a"
    if p < 0.0001:
        return "<.0001"
    return f"{p:.4f}".rstrip("0").rstrip(".").removeprefix("0")


def money(dollars: float | None) -> str:
    """Return an amount as `$0.0123`, or that it is not known."""
    return "unknown" if dollars is None else f"${dollars:,.4f}"


def part(share: float | None) -> str:
    """Return a share in percent, or `n/a`."""
    return "n/a" if share is None else f"{share:.0%}"


def signed(value: float | None) -> str:
    """Return a score with its sign, or `n/a`."""
    return "n/a" if value is None else f"{value:+.2f}"


def spelled(word: str) -> str:
    """Return a word of ours, such as a disposition, as people write it."""
    return word.replace("_", "-")


def numbered(number: int, things: str) -> str:
    """Return how many things, in the singular for one."""
    return f"{number} {things.removesuffix('s') if number == 1 else things}"


def as_json(value: Any) -> str:
    """Return a value as JSON on one line."""
    return json.dumps(value, ensure_ascii=False)
