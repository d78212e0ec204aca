"""Prompts: every operation in words, one template for all treatments (paper, appendix B).

A wording is a folder of templates, one for each operation; a scenario's folder in it holds its
rules and may re-word anything. What a treatment adds is a block, `{% call marked("its name") %}`.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateNotFound
from jinja2.meta import find_referenced_templates, find_undeclared_variables
from jinja2.nodes import Template
from jinja2.sandbox import ImmutableSandboxedEnvironment

from repunet.errors import UsageError, unknown
from repunet.questions.mind import Operation
from repunet.record.notes import PLAIN
from repunet.world.gossip import LIKERT, SENSE
from repunet.world.reputation import LEVELS

HERE = Path(__file__).parent
SYSTEM, INTERVIEW = "_system.md", "interview.md"
"""What goes before every question; and a question that is none of any run's."""
LONGEST = 600
"""How many characters of a text that an agent wrote are shown."""

MARK = re.compile("\x02(?P<end>/?)(?P<name>[^\x02\x03]+)\x03(?P<line>(\x04\n?)?)")
"""Where a block begins or ends in a prompt rendered with `marked=True`; no agent can write it.

A block of whole lines has its marks on lines of their own, which are no part of it.
"""

_QUOTES = str.maketrans(dict.fromkeys("«»\u2039\u203a《》〈〉≪≫⟪⟫", "'"))
_folders: dict[str, Path] = {}


@dataclass(frozen=True, slots=True)
class Prompt:
    """A question in words: `system` stays the same for an agent, `user` changes."""

    system: str
    user: str


@dataclass(frozen=True, slots=True)
class Block:
    """Text that a treatment's switch adds to a prompt, without the blocks inside it."""

    name: str
    text: str


def render(operation: Operation[Any], wording: str = PLAIN, *, marked: bool = False) -> Prompt:
    """Return the operation in words; `marked` shows where the treatment's blocks are."""
    environment = _environment(wording, operation.setting.scenario, marked)
    shown = {name: getattr(operation, name) for name in operation.variables()}
    names = SYSTEM, template_name(type(operation))
    try:
        system, user = (environment.get_template(name).render(shown) for name in names)
    except TemplateNotFound as error:
        raise _missing(error, wording, operation.setting.scenario) from None
    return Prompt(_without_gaps(system), _without_gaps(user))


def phrase(template: str, wording: str, scenario: str, **variables: str) -> str:
    """Return what else is said in a wording, such as what is wrong with an answer."""
    try:
        text = _environment(wording, scenario, False).get_template(template).render(variables)
    except TemplateNotFound as error:
        raise _missing(error, wording, scenario) from None
    return _without_gaps(text)


def sources(wording: str, scenario: str) -> dict[str, str]:
    """Return every template of a run as it is written, by its name; a scenario's own first."""
    environment = _environment(wording, scenario, False)
    assert environment.loader is not None
    found = environment.list_templates(["md"])
    names = [name for name in found if "/" not in name and name != INTERVIEW]
    return {name: environment.loader.get_source(environment, name)[0] for name in names}


def taken_apart(marked: str) -> tuple[str, tuple[Block, ...]]:
    """Return what remains of a marked text without its blocks, and the blocks, inner ones first."""
    names, texts, found, place = [""], [""], [], 0
    for mark in MARK.finditer(marked):
        texts[-1] += marked[place : mark.start()]
        place = mark.end("line")
        if not mark["end"]:
            names.append(mark["name"])
            texts.append("")
        elif names.pop() == mark["name"]:
            found.append(Block(mark["name"], texts.pop()))
        else:
            raise ValueError(f"the block {mark['name']!r} ends inside another")
    (outside,) = texts
    return _without_gaps(outside + marked[place:]), tuple(found)


def variables(operation: type[Operation[Any]], scenario: str, wording: str = PLAIN) -> set[str]:
    """Return every name that the operation's prompt reads, be it in a template it includes."""
    read = map(find_undeclared_variables, _trees(operation, scenario, wording).values())
    return set().union(*read)


def templates(operation: type[Operation[Any]], scenario: str, wording: str = PLAIN) -> set[str]:
    """Return the names of all templates that the operation's prompt is made from."""
    return set(_trees(operation, scenario, wording))


def template_name(operation: type[Operation[Any]]) -> str:
    """Return the name of an operation's template: that of JudgeGossip is `judge_gossip.md`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", operation.label).lower() + ".md"


def wordings() -> tuple[str, ...]:
    """Return the names of the wordings."""
    return tuple(sorted(folder.name for folder in HERE.iterdir() if (folder / SYSTEM).is_file()))


def add_templates(scenario: str, folder: Path) -> None:
    """Let a scenario from elsewhere bring its own: `folder/<wording>/<template>.md`."""
    _folders[scenario] = folder
    _environment.cache_clear()


def quoted(text: str) -> str:
    """Return somebody's words in one line, cut if too long, between quotes they can't close.

    A scenario that puts spoken words into a story quotes them with this.
    """
    text = one_line(text).translate(_QUOTES)
    return f"«{text if len(text) <= LONGEST else text[: LONGEST - 1] + '…'}»"


def one_line(text: str) -> str:
    """Return the text in one line, without the characters that nobody sees."""
    return "".join(filter(str.isprintable, " ".join(text.split())))


def percent(share: float) -> str:
    """Return a share as a whole percentage.

    >>> percent(0.25)
    '25%'
    """
    return f"{round(100 * share)}%"


def number(amount: float) -> str:
    """Return an amount with no more digits than it needs, and at most three decimals.

    >>> number(3.0), number(2.5)
    ('3', '2.5')
    """
    return f"{amount:.3f}".rstrip("0").rstrip(".")


@cache
def _environment(wording: str, scenario: str, marked: bool) -> Environment:
    if wording not in wordings():
        raise unknown("wording", wording, wordings())
    folders = [HERE / wording / scenario, HERE / wording]
    if scenario in _folders:
        folders.insert(0, _folders[scenario] / wording)
    environment = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(folders),
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )
    environment.filters |= {
        function.__name__: function for function in (quoted, one_line, percent, number)
    }
    environment.globals |= {"LEVELS": LEVELS, "SENSE": SENSE, "LIKERT": LIKERT}
    environment.globals["marked"] = _with_marks if marked else _without_marks
    return environment


def _with_marks(name: str, caller: Callable[[], str]) -> str:
    text = caller()
    line = "\x04\n" if text.endswith("\n") else ""
    return f"\x02{name}\x03{line}{text}\x02/{name}\x03{line}"


def _without_marks(name: str, caller: Callable[[], str]) -> str:
    return caller()


def _trees(operation: type[Operation[Any]], scenario: str, wording: str) -> dict[str, Template]:
    environment = _environment(wording, scenario, False)
    trees: dict[str, Template] = {}
    names = [SYSTEM, template_name(operation)]
    try:
        while names:
            if (name := names.pop()) not in trees:
                trees[name] = _tree(environment, name)
                names += _included(name, trees[name])
    except TemplateNotFound as error:
        raise _missing(error, wording, scenario) from None
    return trees


def _tree(environment: Environment, name: str) -> Template:
    assert environment.loader is not None
    source, _, _ = environment.loader.get_source(environment, name)
    return environment.parse(source, name)


def _included(name: str, tree: Template) -> Iterator[str]:
    for included in find_referenced_templates(tree):
        if included is None:
            raise UsageError(f"{name} includes a template by a name that it computes")
        yield included


def _missing(error: TemplateNotFound, wording: str, scenario: str) -> UsageError:
    return UsageError(f'wording "{wording}" has no {error.name} for the scenario "{scenario}"')


def _without_gaps(text: str) -> str:
    return re.sub(r"\n{3,}", "\n\n", text).strip()
