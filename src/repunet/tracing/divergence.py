"""Divergence: where two runs begin to differ, and what it comes from."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from difflib import unified_diff
from itertools import zip_longest
from typing import Any

from repunet.analysis.summary import Summary, summarise
from repunet.errors import RepuNetError
from repunet.prompts import render
from repunet.questions.mind import adapter
from repunet.record.journal import Journal
from repunet.record.manifest import Manifest
from repunet.record.notes import FAITHFUL, PLAIN
from repunet.scenarios.headline import mean_rate
from repunet.tracing.provenance.records import Records
from repunet.tracing.provenance.sources import PartSource, Sources
from repunet.tracing.provenance.telling import told
from repunet.tracing.provenance.trace import Trace, TracedQuestion
from repunet.tracing.verification import event_of
from repunet.world.society import Society

NOTED = {"plan": FAITHFUL, "prompts": PLAIN, "version": "", "changes": "{}"}
"""Facts about a run that are no part of its digest, and what they are where nothing is noted."""
NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class FactDifference:
    """One fact in which two runs differ."""

    what: str
    first: str
    second: str


@dataclass(frozen=True, slots=True)
class DivergingDecision:
    """A decision as it was made in one of the runs."""

    decision: str
    answer: Any
    """As JSON; None if it is missing."""
    missing: str | None


@dataclass(frozen=True, slots=True)
class DecisionPair:
    """A decision of the first run beside its counterpart in the second."""

    first: DivergingDecision | None
    """None where it was asked in the other run only."""
    second: DivergingDecision | None
    same_question: bool
    """Whether the prompts are equal."""
    same_answer: bool
    prompts: tuple[str, ...]
    """The lines in which the prompts differ."""
    only_first: tuple[str, ...]
    """What only the first was shown, and where it came from."""
    only_second: tuple[str, ...]
    verdict: str


@dataclass(frozen=True, slots=True)
class Parting:
    """The first event in which two runs differ."""

    round: int
    event: int
    first: str | None
    """As JSON; None where there is none."""
    second: str | None
    first_told: str
    second_told: str
    decisions: tuple[DecisionPair, ...]
    """Those that the two events came from."""
    root: DecisionPair | None
    """The first decision in which the runs differ, which may be an earlier one."""
    unknown: str | None
    """Why it is not known what was asked; None if it is."""


@dataclass(frozen=True, slots=True)
class Divergence:
    """Two runs, what they are defined by, how far they are equal, and what comes after."""

    first: str
    second: str
    same: bool
    """Whether they are the same run: their digests are equal."""
    founding: tuple[FactDifference, ...]
    """In what their manifests differ."""
    noted: tuple[FactDifference, ...]
    """In what they differ besides, which is no part of a digest."""
    equal_rounds: int
    rounds: tuple[int, int]
    before: tuple[float | None, float | None]
    """Cooperation in the rounds that are equal."""
    after: tuple[float | None, float | None]
    """Cooperation in those that follow."""
    parting: Parting | None
    """None where all rounds that both have are equal."""


def diverge(first: Journal, second: Journal) -> Divergence:
    """Compare two runs: their foundings, then event by event; neither is changed."""
    runs = first, second
    summaries = summarise(first), summarise(second)
    both = min(first.rounds, second.rounds)
    equal = next((n for n in range(both) if first.bodies(n + 1) != second.bodies(n + 1)), both)
    return Divergence(
        first=summaries[0].name,
        second=summaries[1].name,
        same=first.digest() == second.digest(),
        founding=tuple(_foundings(first.manifest, second.manifest)),
        noted=tuple(_noted(*runs)),
        equal_rounds=equal,
        rounds=(first.rounds, second.rounds),
        before=_rates(summaries, slice(0, equal)),
        after=_rates(summaries, slice(equal, None)),
        parting=_parting(*runs, equal + 1) if equal < both else None,
    )


def _rates(both: Sequence[Summary], which: slice) -> tuple[float | None, float | None]:
    first, second = (mean_rate(each.cooperation[which]) for each in both)
    return first, second


def _foundings(first: Manifest, second: Manifest) -> Iterator[FactDifference]:
    if first.scenario != second.scenario:
        yield FactDifference("scenario", first.scenario, second.scenario)
    for field in fields(first.treatment):
        one, other = (getattr(each.treatment, field.name) for each in (first, second))
        yield from _contrast(f"treatment: {field.name}", one, other)
    yield from _contrast("seed", first.seed, second.seed)
    yield from _people(first, second)
    for key in sorted(first.minds.keys() | second.minds.keys()):
        yield from _minds(f"mind of {key}", first.minds.get(key), second.minds.get(key))
    yield from _contrast("ties", len(first.ties), len(second.ties))
    if len(first.ties) == len(second.ties):
        yield from _contrast("ties", first.ties, second.ties)


def _minds(
    what: str, first: Mapping[str, Any] | None, second: Mapping[str, Any] | None
) -> Iterator[FactDifference]:
    """Yield that two minds are others, or in which of their settings they differ."""
    one, other = (each and each.get("given", each.get("name")) for each in (first, second))
    if first is None or second is None or one != other:
        yield from _contrast(what, one, other)
        return
    for key in sorted(first.keys() | second.keys()):
        mine, yours = first.get(key), second.get(key)
        if isinstance(mine, Mapping) and isinstance(yours, Mapping):
            yield from _minds(f"{what}: {key}", mine, yours)
        else:
            yield from _contrast(f"{what}: {key}", mine, yours)


def _people(first: Manifest, second: Manifest) -> Iterator[FactDifference]:
    one, other = ({person.id: person for person in each.personas} for each in (first, second))
    for agent in dict.fromkeys([*one, *other]):
        mine, yours = one.get(agent), other.get(agent)
        if mine is None or yours is None:
            names = (person.name if person else None for person in (mine, yours))
            yield from _contrast(f"person {agent}", *names)
            continue
        for field in fields(mine):
            values = getattr(mine, field.name), getattr(yours, field.name)
            yield from _contrast(f"person {agent}: {field.name}", *values)
    if list(one) != list(other) and set(one) == set(other):
        yield FactDifference("order of the people", " ".join(one), " ".join(other))


def _noted(first: Journal, second: Journal) -> Iterator[FactDifference]:
    for key, otherwise in NOTED.items():
        yield from _contrast(key, first.meta(key) or otherwise, second.meta(key) or otherwise)


def _contrast(what: str, first: object, second: object) -> Iterator[FactDifference]:
    if first != second:
        yield FactDifference(what, _spelled(first), _spelled(second))


def _spelled(value: object) -> str:
    if value is None:
        return NOTHING
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _parting(first: Journal, second: Journal, number: int) -> Parting:
    pairs = zip_longest(first.bodies(number), second.bodies(number))
    seq, bodies = next((n, pair) for n, pair in enumerate(pairs) if pair[0] != pair[1])
    try:
        pair = _Pair(first, second, number)
    except RepuNetError as error:
        societies = first.manifest.society(), second.manifest.society()
        return Parting(number, seq, *bodies, *_told(bodies, societies), (), None, str(error))
    return Parting(
        number,
        seq,
        *bodies,
        *_told(bodies, pair.societies),
        decisions=tuple(pair.behind(seq)),
        root=pair.root(),
        unknown=None,
    )


def _told(
    bodies: tuple[str | None, str | None], societies: tuple[Society, Society]
) -> tuple[str, str]:
    events = (event_of(body) if body else None for body in bodies)
    one, other = (
        NOTHING if event is None else told(event, society.name)
        for event, society in zip(events, societies, strict=True)
    )
    return one, other


class _Pair:
    """The traces of two runs up to the round in which they part."""

    def __init__(self, first: Journal, second: Journal, number: int) -> None:
        self._number = number
        self._traces = Trace.of(first, number), Trace.of(second, number)
        self._sources = [Sources(trace) for trace in self._traces]
        self._wordings = [each.notes.wording for each in (first, second)]

    @property
    def societies(self) -> tuple[Society, Society]:
        """Return both societies after that round."""
        return self._traces[0].society, self._traces[1].society

    def root(self) -> DecisionPair | None:
        """Return the first decision of the round in which the two differ."""
        mine, yours = (list(trace.put_in(self._number)) for trace in self._traces)
        for one, other in zip_longest(mine, yours):
            if one is None or other is None or one.at != other.at:
                return self._unpaired(one, other)
            if _answer(one) != _answer(other) or self._prompt(0, one) != self._prompt(1, other):
                return self._compared(one, other)
        return None

    def _unpaired(self, one: TracedQuestion | None, other: TracedQuestion | None) -> DecisionPair:
        """Return a decision that only one of the runs asks for at this place."""
        if one is not None and str(one.at) not in self._traces[1].questions:
            return self._compared(one, None)
        if other is not None and str(other.at) not in self._traces[0].questions:
            return self._compared(None, other)
        return self._compared(one, self._of(1, str(one.at)) if one is not None else other)

    def behind(self, seq: int) -> Iterator[DecisionPair]:
        """Yield the decisions from which the events at a place came, each with its counterpart."""
        mine, yours = (
            self._deciders(trace, sources.records, seq)
            for trace, sources in zip(self._traces, self._sources, strict=True)
        )
        for name in dict.fromkeys([*mine, *yours]):
            one, other = self._of(0, name), self._of(1, name)
            if one is not None or other is not None:
                yield self._compared(one, other)

    def _deciders(self, trace: Trace, records: Records, seq: int) -> tuple[str, ...]:
        for happened in reversed(trace.events):
            if (happened.round, happened.seq) == (self._number, seq):
                return records.deciders(happened)
        return ()

    def _of(self, run: int, name: str) -> TracedQuestion | None:
        return self._traces[run].questions.get(name)

    def _compared(self, one: TracedQuestion | None, other: TracedQuestion | None) -> DecisionPair:
        prompts = self._prompt(0, one), self._prompt(1, other)
        same = prompts[0] == prompts[1]
        only = self._only(one, other) if one is not None and other is not None else ((), ())
        return DecisionPair(
            _choice(one),
            _choice(other),
            same_question=same,
            same_answer=_answer(one) == _answer(other),
            prompts=() if one is None or other is None else tuple(_lines(*prompts)),
            only_first=only[0],
            only_second=only[1],
            verdict=_verdict(one, other, same=same, differ=only != ((), ())),
        )

    def _prompt(self, run: int, question: TracedQuestion | None) -> str:
        if question is None:
            return ""
        prompt = render(self._traces[run].put(question).operation, self._wordings[run])
        return f"{prompt.system}\n\n{prompt.user}"

    def _only(
        self, one: TracedQuestion, other: TracedQuestion
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        mine, yours = (
            {(each.kind, each.what, each.shown): each for each in sources.of(question)}
            for sources, question in zip(self._sources, (one, other), strict=True)
        )
        return (
            tuple(_traced(mine[key]) for key in mine if key not in yours),
            tuple(_traced(yours[key]) for key in yours if key not in mine),
        )


def _traced(source: PartSource) -> str:
    behind = f", from {', '.join(source.decisions)}" if source.decisions else ""
    return f"{source.what}: {source.shown}{behind}"


def _choice(question: TracedQuestion | None) -> DivergingDecision | None:
    if question is None:
        return None
    return DivergingDecision(str(question.at), _answer(question), question.why)


def _answer(question: TracedQuestion | None) -> Any:
    if question is None or question.answer is None:
        return None
    kind: type = type(question.answer)
    return adapter(kind).dump_python(question.answer, mode="json")


def _lines(first: str, second: str) -> Iterator[str]:
    """Yield the lines that only one of two prompts has, in their order."""
    lines = unified_diff(first.splitlines(), second.splitlines(), lineterm="", n=0)
    yield from (line for line in list(lines)[2:] if not line.startswith("@@"))


def _verdict(
    one: TracedQuestion | None, other: TracedQuestion | None, *, same: bool, differ: bool
) -> str:
    if one is None or other is None:
        which = "second" if one is None else "first"
        return f"asked only in the {which} run"
    if same and _answer(one) == _answer(other):
        return "the same question, the same answer"
    if same:
        return "the same question, answered in another way: the minds differ, or their luck"
    return f"not the same question: {_why_other(one, other, differ)}"


def _why_other(one: TracedQuestion, other: TracedQuestion, differ: bool) -> str:
    switches = one.treatment.differences(other.treatment)
    if switches:
        return f"the treatments differ in {', '.join(switches)}"
    if differ:
        return "what was known before differs"
    return "the people, the stakes or the wording differ"
