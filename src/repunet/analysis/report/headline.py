"""The headline in words: over which rounds it is, and what it counts in a dilemma."""

from repunet.analysis.measures.measure import WINDOW

LATEST = "participation"
"""The dilemma whose headline is that of the latest decisions, however long ago."""
COUNTS = {
    LATEST: "The headline is the share of joins in the latest round of decisions.",
    "investment": (
        "The headline is the share of all proposed deals in which the trustee returned what it "
        "had promised."
    ),
}
"""What the headline counts, where it is no mean degree of cooperation."""


def over(scenario: str, rounds: int = WINDOW) -> str:
    """Return over what the headline of a run of so many rounds is.

    >>> over("pd"), over("pd", 3), over("participation")
    ('last 5 rounds', 'last 3 rounds', 'latest decisions')
    """
    if scenario == LATEST:
        return "latest decisions"
    many = min(rounds, WINDOW)
    return "last round" if many == 1 else f"last {many} rounds" if many else "no round yet"
