"""Parts: a prompt, line by line, with the template, the blocks and the sources of each."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import Any, Literal, NamedTuple

from repunet.prompts import HERE, MARK, Prompt, render, sources, template_name, templates
from repunet.questions.mind import Operation
from repunet.tracing.provenance.sources import Kind, PartSource
from repunet.tracing.provenance.trace import TracedQuestion

SWITCHES = {
    "knew before": ("show_knew_before",),
    "memory": ("memory_window",),
    "memory: your meetings with another": ("alter_memory",),
    "gossip: what you were told of another": ("gossip", "gossip_window"),
    "reputation: your record of another": ("reputation", "peer_reputation"),
    "reputation: your record of yourself": ("reputation", "self_reputation"),
}
"""Which switches put a block there, where its name does not say so itself."""
CODE = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", re.DOTALL)
PERSONA = "ego.description"
Seat = Literal["system", "user"]


@dataclass(frozen=True, slots=True)
class PromptPart:
    """Some lines of a prompt that come from one place."""

    of: Seat
    text: str
    template: str
    """The file that words it, from the folder of all wordings."""
    blocks: tuple[str, ...]
    """The treatment's blocks around it or in it, the outermost first."""
    switches: dict[str, str]
    """The switches that put them there, as they were set."""
    sources: tuple[int, ...]
    """Which sources it shows, by their place among all sources of the question."""


class PromptLine(NamedTuple):
    """A line and the blocks that it is in, or that are in it."""

    text: str
    blocks: tuple[str, ...]


def parts(
    question: TracedQuestion, wording: str, found: Sequence[PartSource]
) -> tuple[Prompt, tuple[PromptPart, ...]]:
    """Return the prompt of a question, and its parts in their order."""
    operation = question.operation
    marked = render(operation, wording, marked=True)
    taken = [*_parts(question, wording, "system", marked.system, found)]
    taken += _parts(question, wording, "user", marked.user, found)
    return render(operation, wording), tuple(taken)


def _parts(
    question: TracedQuestion, wording: str, of: Seat, marked: str, found: Sequence[PartSource]
) -> Iterator[PromptPart]:
    scenario = question.operation.setting.scenario
    kind: Any = type(question.operation)
    wordings = _Wordings.of(wording, scenario, kind)
    placed = [
        (wordings.file(line.text), line.blocks, tuple(_shown(line, of, question, found)), line.text)
        for line in lines(marked)
    ]
    for (file, blocks, shown), group in groupby(placed, key=lambda each: each[:3]):
        text = "\n".join(each[3] for each in group)
        file = wordings.persona if of == "system" and shown else file
        yield PromptPart(of, text, file, blocks, _switches(blocks, question), shown)


def lines(marked: str) -> Iterator[PromptLine]:
    """Yield the lines of a marked prompt that are not empty, each with its blocks."""
    text, place = "", 0
    blocks: list[tuple[str, ...]] = []
    around: list[str] = []
    for mark in MARK.finditer(marked):
        text, blocks = _more(text, blocks, marked[place : mark.start()], around)
        place = mark.end("line")
        if mark["end"]:
            around.pop()
        else:
            around.append(mark["name"])
    text, blocks = _more(text, blocks, marked[place:], around)
    end = 0
    for line in text.split("\n"):
        begin, end = end, end + len(line) + 1
        if line.strip():
            names = dict.fromkeys(name for each in blocks[begin : end - 1] for name in each)
            yield PromptLine(line, tuple(names))


def _more(
    text: str, blocks: list[tuple[str, ...]], new: str, around: Sequence[str]
) -> tuple[str, list[tuple[str, ...]]]:
    return text + new, blocks + [tuple(around)] * len(new)


def _switches(blocks: Iterable[str], question: TracedQuestion) -> dict[str, str]:
    names: dict[str, None] = {}
    for block in blocks:
        head = block.partition(":")[0]
        own = (head.replace(" ", "_").replace("-", "_"),)
        names |= dict.fromkeys(SWITCHES.get(block) or SWITCHES.get(head) or own)
    values = {name: getattr(question.treatment, name, None) for name in names}
    return {name: _set(value) for name, value in values.items() if value is not None}


def _set(value: object) -> str:
    return ("off", "on")[value] if isinstance(value, bool) else str(value)


def _shown(
    line: PromptLine, of: Seat, question: TracedQuestion, found: Sequence[PartSource]
) -> Iterator[int]:
    for number, source in enumerate(found):
        if _shows(line, of, question, source):
            yield number


def _shows(line: PromptLine, of: Seat, question: TracedQuestion, source: PartSource) -> bool:
    if of == "system":
        return source.kind == "persona" and line.text in source.shown.splitlines()
    around = " ".join(line.blocks)
    return _WHERE[source.kind](around) and _HOW.get(source.kind, _has)(line, source)


def _has(line: PromptLine, source: PartSource) -> bool:
    return all(needle in line.text for needle in source.needles)


def _shows_sum(line: PromptLine, source: PartSource) -> bool:
    if line.blocks:
        return source.what.startswith("doubt")
    return source.what.startswith("wealth") and line.text.endswith(f" {source.shown}")


def _shows_words(line: PromptLine, source: PartSource) -> bool:
    if source.shown.isdigit():
        return bool(re.search(rf"\b{source.shown}%", line.text))
    return _has(line, source)


def _shows_memory(line: PromptLine, source: PartSource) -> bool:
    """Tell whether a line tells of a meeting, or says that this was done above."""
    if _has(line, source):
        return True
    head = line.text.partition(":")[0].partition(",")[0]
    with_another = "memory: your meetings with another" in line.blocks
    return with_another and len(line.text) < 60 and bool(re.search(rf"\b{source.round}$", head))


def _shows_tie(line: PromptLine, source: PartSource) -> bool:
    name = re.escape(source.needles[0]) if source.needles else re.escape(source.shown)
    said = re.search(rf"\bties?\b.*\b{name}(\W|$)", line.text)
    asked = line.text.endswith("?")
    return bool(said and not asked) or bool(re.fullmatch(rf"(\(?\d+[.)]|-) {name}", line.text))


_WHERE: dict[Kind, Callable[[str], bool]] = {
    "persona": lambda _: False,
    "self-image": lambda around: "self-image" in around,
    "choice": lambda around: not around or "public choices" in around,
    "memory": lambda around: "memory:" in around,
    "story": lambda around: not around,
    "record": lambda around: "reputation: your record" in around,
    "gossip": lambda around: not around or "gossip:" in around or "credibility: of" in around,
    "tie": lambda around: not around or "whether there is a tie" in around,
    "words": lambda around: not around,
    "sum": lambda around: not around or "how often you doubted" in around,
    "match": lambda _: False,
}
"""In which blocks of a prompt each kind of thing is shown."""
_HOW: dict[Kind, Callable[[PromptLine, PartSource], bool]] = {
    "memory": _shows_memory,
    "tie": _shows_tie,
    "words": _shows_words,
    "sum": _shows_sum,
}
"""How lines show it, where they do more, or less, than hold its words."""


class _Wordings:
    """The templates of one question, and which of them a line of its prompt is worded by."""

    def __init__(self, files: Mapping[str, str], texts: Mapping[str, str], own: str) -> None:
        self._files = files
        self._own = own
        self._lines = [
            (literals, name)
            for name, text in texts.items()
            for line in text.splitlines()
            if any(literals := [part.strip() for part in CODE.split(line)])
        ]
        outer = next((name for name, text in texts.items() if PERSONA in text), "")
        self.persona = files.get(outer, "")

    @classmethod
    @cache
    def of(cls, wording: str, scenario: str, operation: type[Operation[Any]]) -> "_Wordings":
        """Return the templates that the prompt of an operation is made from."""
        names = templates(operation, scenario, wording)
        texts = {n: text for n, text in sources(wording, scenario).items() if n in names}
        files = {name: _file(wording, scenario, name) for name in texts}
        return cls(files, texts, template_name(operation))

    def file(self, line: str) -> str:
        """Return the file that has most of a line's words, the question's own if none has any."""
        best, most = self._own, 0
        for literals, name in self._lines:
            size = sum(map(len, literals))
            if size > most and _in_order(literals, line):
                best, most = name, size
        return self._files.get(best, "")


def _in_order(literals: Iterable[str], line: str) -> bool:
    place = 0
    for literal in literals:
        place = line.find(literal, place)
        if place < 0:
            return False
        place += len(literal)
    return True


def _file(wording: str, scenario: str, name: str) -> str:
    for path in (f"{wording}/{scenario}/{name}", f"{wording}/{name}"):
        if (HERE / path).is_file():
            return path
    return f"{scenario}: {name}"
