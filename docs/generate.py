"""Write the pages that are made from the code: `make docs`; a test compares them."""

import ast
import inspect
import re
import runpy
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import fields
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

from repunet.analysis.measures.catalogue import MEASURES
from repunet.analysis.measures.measure import Measure
from repunet.analysis.tables import TABLES, Column, Table
from repunet.cli import app
from repunet.minds.embedded.model.parameters import Parameters
from repunet.world.treatment import Treatment

HERE = Path(__file__).parent
STRUCTURE = SimpleNamespace(**runpy.run_path(str(HERE / "structure.py")))
NOTE = "<!-- Made from the code by `make docs`. -->"


def commands() -> str:
    """Return the page about every command and option, however this process was started."""
    with patch.object(sys, "argv", ["repunet"]):
        page = app.generate_docs(output_format="markdown")
    return f"{NOTE}\n\n{page.strip()}\n"


def switches() -> str:
    """Return the page about every switch of a treatment and every number of the embedded mind."""
    return "\n".join(
        [
            NOTE,
            "",
            "# Switches and numbers",
            "",
            "A switch is set with `--set name=value`, for example `--set rewiring=off`.",
            "",
            "| switch | default | meaning |",
            "|---|---|---|",
            *_rows(Treatment, _docstrings(Treatment)),
            "",
            "A number of the embedded mind is set in its name: `--mind embedded,precision=20`.",
            "How sure we are of its source: [V] the statement was read in an abstract or page;",
            "[R] taken from a review; [M] from memory, to be checked; [A] our own assumption.",
            "",
            "| parameter | default | meaning and source |",
            "|---|---|---|",
            *_rows(Parameters, _comments(Parameters)),
            "",
        ]
    )


def _rows(kind: type, meanings: Mapping[str, str]) -> Iterator[str]:
    for field in fields(kind):
        meaning = _cell(meanings[field.name])
        yield f"| `{field.name}` | {_spelled(field.default)} | {meaning} |"


def _docstrings(kind: type) -> dict[str, str]:
    """Return what stands below each field of a class."""
    (body,) = ast.parse(inspect.getsource(kind)).body
    pairs = pairwise(body.body)  # type: ignore[attr-defined]
    return {
        field.target.id: inspect.cleandoc(below.value.value)
        for field, below in pairs
        if isinstance(field, ast.AnnAssign) and isinstance(below, ast.Expr)
    }


def _comments(kind: type) -> dict[str, str]:
    """Return what stands beside each field of a class, after the heading above its group."""
    found: dict[str, str] = {}
    heading: list[str] = []
    before = ""
    for line in inspect.getsource(kind).splitlines():
        code, _, comment = (part.strip() for part in line.partition("#"))
        if comment and not code:
            heading = [*heading, comment] if before == "comment" else [comment]
            before = "comment"
        elif field := FIELD.match(code):
            found[field[1]] = f"{' '.join(heading).partition('. ')[0].rstrip('.')}: {comment}"
            before = "field"
    return {name: text.removesuffix(": ") for name, text in found.items()}


FIELD = re.compile(r"(\w+): .+ = ")
"""How a field of a class begins that has a default."""


def tables() -> str:
    """Return the page about every table of a run, and each of its columns."""
    return "\n".join([NOTE, "", INTRODUCTION, *map(_table, TABLES.values())])


INTRODUCTION = """\
# Tables

What [notebooks](../how-to/read-a-run-in-a-notebook.md) and `repunet export` show of a run. Each
table holds all committed rounds, in the order in which things happened; those of one run agree with
each other. Where a row is an event, `round` and `seq` are its place in the
[run file](../run-file.md) (`part`, too, where the round was imported), and `decision` names what
was decided. *Optional* columns are empty where something is not known or does not apply; nothing is
ever filled in. Missing decisions are rows of `missing` and count as nothing else.

| table | a row is |
|---|---|
""" + "".join(
    f"| [`{table.name}`](#{table.name}) | {table.meaning.splitlines()[0]} |\n"
    for table in TABLES.values()
)


def _table(table: Table) -> str:
    lines = (
        f"| `{column.name}` | {column.kind}{_optional(column)} | {column.unit} | {column.meaning} |"
        for column in table.columns
    )
    head = ["| column | type | unit | meaning |", "|---|---|---|---|"]
    return "\n".join([f"## {table.name}", "", table.meaning, "", *head, *lines, ""])


def _optional(column: Column) -> str:
    return ", optional" if column.optional else ""


def _spelled(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return "mirrored" if value is None else str(value)


def measures() -> str:
    """Return the page about every measure, by family: its name, unit and definition."""
    families = dict.fromkeys(measure.family for measure in MEASURES.values())
    return "\n".join([NOTE, "", MEASURING, *map(_family, families)])


MEASURING = """\
# Measures

What `repunet compare --measure NAME` and reports take of a run, each from its [tables](tables.md)
alone: `repunet.analysis.measures`. A rate says how many decisions, pairs, agents or pieces it is of
(n), and how many decisions are missing from it; where it is not defined it is empty. Measures are
taken over a span of rounds, by default the last five; those of a state are of its last round.
"""


def _family(family: str) -> str:
    own = [measure for measure in MEASURES.values() if measure.family == family]
    lines = [
        f"| `{each.name}` | {_cell(each.title)} | {each.unit} | {_where(each)} |" for each in own
    ]
    head = ["| name | measure | unit | in |", "|---|---|---|---|"]
    definitions = {_definition(each): None for each in own}
    return "\n".join([f"## {family.capitalize()}", "", *head, *lines, "", *definitions])


def _where(measure: Measure) -> str:
    if measure.scenarios:
        return ", ".join(measure.scenarios)
    return "any" if measure.stakes is None else "games of two options"


def _definition(measure: Measure) -> str:
    """Return what the function says of itself, but for its examples."""
    function = getattr(measure.of, "func", measure.of)
    text = inspect.getdoc(function).split(">>>")[0].strip()
    code = f"{function.__module__.removeprefix('repunet.analysis.')}.{function.__name__}"
    said = text.removeprefix("Return ")
    return f"**`{code}`**: {said}\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def glossary() -> str:
    """Return the page about the words of RepuNet, from the table of them."""
    terms = tomllib.loads((HERE / "glossary.toml").read_text("utf-8"))["term"]
    rows = [_term(**each) for each in sorted(terms, key=lambda each: each["name"].lower())]
    head = ["| word | meaning | in the paper | in the code |", "|---|---|---|---|"]
    return "\n".join([NOTE, "", GLOSSARY, *head, *rows, ""])


GLOSSARY = """\
# Glossary

The words that RepuNet uses in its commands, tables, files and code: one word for one thing.
Sections are those of [the paper](paper.md); names in the code stand below `repunet`.
"""


def _term(name: str, meaning: str, paper: str = "", code: str = "") -> str:
    shown = f"`{code.removeprefix('repunet.')}`" if code else ""
    return f"| **{name}** | {_cell(meaning)} | {paper} | {shown} |"


def architecture() -> str:
    """Return the page about the parts of the code, with its figures made anew."""
    text = (HERE / "architecture.md").read_text("utf-8")
    before, rest = text.split(BEGIN)
    return f"{before}{BEGIN}\n{_figures()}{END}{rest.split(END)[1]}"


BEGIN, END = "<!-- structure -->", "<!-- /structure -->"
"""Around what is made from the code on the page about its parts."""


def _figures() -> str:
    release = tomllib.loads((HERE / "structure.toml").read_text("utf-8"))
    now = STRUCTURE.Structure().figures()
    rows = [
        f"| {title} | {release['figures'][title]:,g} | {value:,g} |" for title, value in now.items()
    ]
    head = [f"| | 0.1.0 ({release['commit']}) | now |", "|---|--:|--:|"]
    return "\n".join([*head, *rows, ""])


def layers() -> str:
    """Return the picture of the layers."""
    return str(STRUCTURE.Structure().picture())


PAGES = {
    "glossary.md": glossary,
    "reference/commands.md": commands,
    "reference/measures.md": measures,
    "reference/switches.md": switches,
    "reference/tables.md": tables,
}

MEASURED = {"architecture.md": architecture, "figures/layers.svg": layers}
"""Pages with sizes of the code, which may lag a little behind it."""

if __name__ == "__main__":
    for name, page in (PAGES | MEASURED).items():
        (HERE / name).write_text(page(), "utf-8")
