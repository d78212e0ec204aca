"""Runs made by hand, in a few rows: what the examples and tests of measures are about."""

from collections.abc import Iterable, Mapping
from typing import Any

from repunet.analysis.tables.columns import Column, Table
from repunet.analysis.tables.frame import frame
from repunet.analysis.tables.frames import Frame, Frames

Given = Iterable[Mapping[str, Any] | str]

FILLERS: dict[str, Any] = {
    "text": "",
    "whole number": 0,
    "number": 0.0,
    "yes or no": False,
    "list of texts": (),
    "JSON": "{}",
}
"""What stands where nothing was given, and something must stand."""


def made(scenario: str = "pd", last: int = 3, **tables: Given) -> Frames:
    """Return a run with these rows in its tables, and nothing in the others.

    A row need not have all columns: optional ones are empty, the others 0, no, or an empty text.
    Agents may be given by their ids alone, as in `agents="ABC"`.

    >>> run = made(agents="AB", standings=[dict(round=1, agent="A", standing=0.5)])
    >>> run.agents, bool(run["standings"].own.isna().all())
    (['A', 'B'], True)
    """
    facts = {
        "run": "made",
        "mind": "nobody",
        "scenario": scenario,
        "treatment": "full",
        "seed": 1,
        "round": last,
        "digest": "",
    }

    def make(table: Table) -> Frame:
        given = (_row(row) for row in tables.get(table.name, ()))
        rows = [tuple(row.get(c.name, _filler(c)) for c in table.columns) for row in given]
        return frame(table, rows, facts)

    return Frames(facts, make)


def _row(given: Mapping[str, Any] | str) -> Mapping[str, Any]:
    return {"agent": given, "name": given} if isinstance(given, str) else given


def _filler(column: Column) -> Any:
    return None if column.optional else FILLERS[column.kind]


def three_deals() -> Frames:
    """Return a run of three deals: a promise that was kept, one half kept, and one declined."""
    facts = (
        ('"percent": 50', '"promised": 50, "returned": 60, "reported": 100'),
        ('"percent": 30', '"promised": 60, "returned": 30, "reported": 80'),
        ('"percent": 0', '"promised": 70'),
    )
    sides = [(f"e{n}", side) for n, deal in enumerate(facts) for side in deal]
    return made(
        "investment",
        encounters=[{"round": 1, "encounter": e, "facts": f"{{{side}}}"} for e, side in sides],
    )


def four_standing() -> Frames:
    """Return a run of four agents who stand in the order in which they have cooperated."""
    people = [{"round": 1, "agent": who, "cooperation": c / 3} for c, who in enumerate("ABCD")]
    stood = [{**row, "role": "player", "standing": row["cooperation"]} for row in people]
    return made(agents="ABCD", encounters=people, standings=stood)


def three_meetings() -> Frames:
    """Return a run in which A met B, who cooperated twice and then defected: 0, .25, then -.5."""
    met = {"agent": "B", "role": "player", "partners": "A", "partner_roles": ["player"]}
    kept = {"observer": "A", "target": "B", "role": "player", "cause": "encounter"}
    story = ((1, 1.0, 0.0), (2, 1.0, 0.25), (3, 0.0, -0.5))
    return made(
        encounters=[
            {**met, "round": t, "encounter": f"e{t}", "cooperation": c} for t, c, _ in story
        ],
        reputations=[{**kept, "round": t, "because": [f"e{t}"], "score": s} for t, _, s in story],
    )


def four_fortunes() -> Frames:
    """Return a run of four agents who have 0, 1, 4 and 7 units."""
    return made(payoffs=[{"round": 1, "wealth": wealth} for wealth in (0, 1, 4, 7)])
