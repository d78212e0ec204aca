"""The construction of the package: what a reader may rely on anywhere in it."""

import ast
from collections import defaultdict
from functools import cache
from pathlib import Path

from cloning import ROOT
from hypothesis import given
from hypothesis import strategies as st

from repunet.questions.coordinate import Coordinate, UnitAddress

SOURCES = sorted((ROOT / "src" / "repunet").rglob("*.py"))
RIDDLES = ("What ", "Who ", "How ", "Whether ", "That ", "The one ", "All that ", "Whoever ")
parts = st.text("abcrA0-_.", min_size=1, max_size=6)


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def public_classes(path: Path) -> list[ast.ClassDef]:
    found = (node for node in tree(path).body if isinstance(node, ast.ClassDef))
    return [node for node in found if not node.name.startswith("_")]


def test_no_two_public_classes_have_one_name() -> None:
    homes = defaultdict(list)
    for path in SOURCES:
        for node in public_classes(path):
            homes[node.name].append(str(path.relative_to(ROOT)))
    assert {name: where for name, where in homes.items() if len(where) > 1} == {}


def test_the_description_of_a_class_begins_with_the_kind_of_thing_it_is() -> None:
    described = {
        node.name: (ast.get_docstring(node) or "")
        for path in SOURCES
        for node in public_classes(path)
    }
    riddles = {
        name: text
        for name, text in described.items()
        if not text or (text.startswith(RIDDLES) and "?" not in text.splitlines()[0])
    }
    assert riddles == {}


def test_the_body_of_a_function_fits_a_screen() -> None:
    long = []
    for path in SOURCES:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                first = node.body[1 if ast.get_docstring(node) and node.body[1:] else 0]
                if (node.end_lineno or 0) - first.lineno >= 40:
                    long.append(f"{path.name}: {node.name}")
    assert long == []


@given(parts, st.sampled_from(["meet", "gossip", "respond"]), st.integers(0, 12), parts, parts)
def test_an_address_is_read_as_it_was_written(
    group: str, phase: str, wave: int, path: str, about: str
) -> None:
    address = UnitAddress(group, phase, wave, f"/{path}", f">{about}")
    assert UnitAddress.parse(str(address)) == address
    at = Coordinate(str(address), "DecideTie", about)
    assert Coordinate.parse(str(at)) == at
    assert at.group == group
