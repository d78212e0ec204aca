"""The page about the paper: it leads to what is there, and leaves nothing out."""

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

from repunet.questions import operations
from repunet.questions.mind import Operation
from repunet.scenarios import scenarios
from repunet.world.event import Event
from repunet.world.treatment import Treatment

DOCS = Path(__file__).parents[1] / "docs"
PAGE = (DOCS / "paper.md").read_text()
LINK = re.compile(r"\]\(([^)\s]+)\)")
DEFECT = re.compile(r"^\| ([A-J]\d+) \| .+ \| .+ \|$", re.MULTILINE)
DEFECTS = {"A": 4, "B": 18, "C": 13, "D": 8, "E": 5, "F": 3, "G": 4, "H": 3, "I": 2, "J": 19}


def kinds_of(base: type[Any]) -> Iterator[type[Any]]:
    for kind in base.__subclasses__():
        yield kind
        yield from kinds_of(kind)


def missing(names: set[str]) -> list[str]:
    """Return the names that the page never mentions as code."""
    return sorted(name for name in names if f"`{name}`" not in PAGE)


def test_every_link_leads_to_a_file_or_a_heading_of_the_page() -> None:
    headings = re.findall(r"^#+ (.+)$", PAGE, re.MULTILINE)
    anchors = {"#" + re.sub(r"[^\w -]", "", head).lower().replace(" ", "-") for head in headings}
    links = LINK.findall(PAGE)
    assert len(links) > 100
    for link in links:
        assert link in anchors or (DOCS / link).is_file(), link


def test_every_operation_is_named() -> None:
    installed = {type(dilemma).__module__ for dilemma in scenarios().values()}
    ours = {kind for kind in kinds_of(Operation) if kind.__module__.startswith("repunet.")}
    homes = {home for home in installed if home.startswith("repunet.")} | {operations.__name__}
    assert homes <= {kind.__module__ for kind in ours}
    assert missing({kind.__name__ for kind in ours}) == []


def test_every_event_is_named_with_its_kind() -> None:
    events = get_args(Event)
    named = (field for event in events for field in fields(event) if field.name == "kind")
    kinds = {str(field.default) for field in named}
    assert len(kinds) == len(events)
    assert missing(kinds | {event.__name__ for event in events}) == []


def test_every_switch_is_named() -> None:
    assert missing({field.name for field in fields(Treatment)}) == []


def test_every_defect_of_the_reference_has_one_row() -> None:
    found = DEFECT.findall(PAGE)
    assert found == [f"{group}{n}" for group, last in DEFECTS.items() for n in range(1, last + 1)]
    assert len(found) == 79


def test_every_row_of_a_table_has_as_many_cells_as_its_head() -> None:
    for table in re.findall(r"(?:^\|.*\n)+", PAGE, re.MULTILINE):
        cells = {line.count("|") for line in table.splitlines()}
        assert len(cells) == 1, table.splitlines()[0]
