"""Provenance: what a decision was made from, and what came of it.

The run is derived once more from its decisions, so that each question is seen as it was put. What
it showed is then traced to the events that put it there. Both directions read one list of links:
what a question lists as its source lists the question among what came later. Sums, such as an
agent's wealth, are named and not followed.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from repunet.analysis.makers import known_minds, made_up
from repunet.errors import UsageError
from repunet.prompts import Prompt
from repunet.questions.mind import adapter
from repunet.questions.perspective import Acquaintance
from repunet.record.journal import Journal
from repunet.tracing.provenance.asked import TracedAttempt, attempts, raw
from repunet.tracing.provenance.coordinates import find
from repunet.tracing.provenance.parts import PromptPart, parts
from repunet.tracing.provenance.sources import OCCASION, PartSource, Sources
from repunet.tracing.provenance.telling import told
from repunet.tracing.provenance.trace import Happened, Trace, TracedQuestion

DIRECT = 1


@dataclass(frozen=True, slots=True)
class Consequence:
    """An event that came of a decision."""

    round: int
    event: int
    kind: str
    what: str


@dataclass(frozen=True, slots=True)
class Later:
    """A later decision that was shown what came of one."""

    decision: str
    round: int
    depth: int
    """1 if it was shown an effect of the decision itself, 2 if of one of those, and so on."""
    shown: tuple[str, ...]
    """What it was shown."""
    parts: tuple[str, ...]
    """The decisions that were made in it, where several were asked for at once."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision, all that it was made from, and what came of it."""

    run: str
    decision: str
    round: int
    operation: str
    actor: str
    name: str
    """Of the actor."""
    role: str
    target: str | None
    mind: str
    treatment: str
    answer: Any
    """As JSON; None if it is missing."""
    missing: str | None
    """Why it is missing; None if it is not."""
    part_of: str | None
    """The question for several answers at once in which it was asked."""
    parts: tuple[str, ...]
    """The decisions for which it asked, where it was such a question."""
    wording: str
    prompt: Prompt
    """Of the question that was put: the one it is part of, if it is."""
    as_sent: bool | None
    """Whether a model was sent exactly that; None if no model was sent anything."""
    sent: Prompt | None
    """What was sent, where it was something else: the templates have changed since."""
    shows: tuple[PromptPart, ...]
    sources: tuple[PartSource, ...]
    besides: tuple[str, ...]
    """Encounters that a mind that is not prompted may have read of besides."""
    attempts: tuple[TracedAttempt, ...]
    raw: str | None
    """The text from which the answer was read."""
    parsing: str | None
    effects: tuple[Consequence, ...]
    later: tuple[Later, ...]


class Provenance:
    """A run in which every decision can be traced, back and forth."""

    def __init__(self, journal: Journal) -> None:
        self.trace = Trace.of(journal)
        self._journal = journal
        self._sources = Sources(self.trace)
        self._links: dict[str, dict[int, list[PartSource]]] | None = None
        self._put = {question.number: question for question in self.trace.questions.values()}
        self._members: defaultdict[int, list[str]] = defaultdict(list)
        for question in self.trace.questions.values():
            if question.fused is not None:
                self._members[self.trace.put(question).number].append(str(question.at))

    def question(self, decision: str) -> TracedQuestion:
        """Return a question by the name of its decision; raises UsageError if nobody put it."""
        try:
            return self.trace.questions[decision]
        except KeyError:
            raise UsageError(f"nobody was asked for {decision}") from None

    def sources(self, decision: str) -> tuple[PartSource, ...]:
        """Return everything that was shown when a decision was made."""
        return self._sources.of(self.question(decision))

    def parts(self, decision: str) -> tuple[str, ...]:
        """Return the decisions that were made in one, where several were asked for at once."""
        return tuple(self._members.get(self.question(decision).number, ()))

    def effects(self, decision: str) -> tuple[Consequence, ...]:
        """Return the events that came of a decision, in order."""
        found = {id(h): h for name in self._all(decision) for h in self._came_of(name)}
        ordered = sorted(found.values(), key=lambda h: (h.round, h.seq))
        name = self.trace.society.name
        return tuple(
            Consequence(h.round, h.seq, h.event.kind, told(h.event, name)) for h in ordered
        )

    def _all(self, decision: str) -> tuple[str, ...]:
        return decision, *self.parts(decision)

    def _came_of(self, decision: str) -> Iterator[Happened]:
        records, question = self._sources.records, self.question(decision)
        yield from records.by_decision.get(decision, ())
        candidates = [records.named.get(question.at.unit)]
        candidates += records.untold.get((question.round, question.at.actor), ())
        if question.at.operation == "RankPartners":
            candidates.append(records.matches.get((question.round, question.at.actor)))
        for happened in candidates:
            if happened is not None and decision in records.deciders(happened):
                yield happened

    def later(self, decision: str, depth: int = DIRECT) -> tuple[Later, ...]:
        """Return the later decisions that were shown what came of one, so many steps on."""
        seen = {self.trace.put(self.question(decision)).number}
        ahead, found = list(self._all(decision)), []
        for step in range(1, depth + 1):
            shown: defaultdict[int, list[PartSource]] = defaultdict(list)
            for each in ahead:
                for number, sources in self._seen_by(each).items():
                    if number not in seen:
                        shown[number] += sources
            seen |= shown.keys()
            found += [self._later(number, step, shown[number]) for number in sorted(shown)]
            ahead = [name for number in shown for name in self._names(number)]
        return tuple(found)

    def _later(self, number: int, step: int, shown: list[PartSource]) -> Later:
        put = self._put[number]
        what = tuple(dict.fromkeys(source.what for source in shown))
        return Later(str(put.at), put.round, step, what, tuple(self._members.get(number, ())))

    def _names(self, number: int) -> tuple[str, ...]:
        return self._all(str(self._put[number].at))

    def _seen_by(self, decision: str) -> dict[int, list[PartSource]]:
        if self._links is None:
            self._links = self._linked()
        return self._links.get(decision, {})

    def _linked(self) -> dict[str, dict[int, list[PartSource]]]:
        """Return which questions were shown what came of each decision."""
        links: dict[str, dict[int, list[PartSource]]] = {}
        for question in self.trace.questions.values():
            if question.fused is None:
                shown = (s for s in self._sources.of(question) if s.kind != OCCASION)
                for source in shown:
                    for decision in source.decisions:
                        links.setdefault(decision, {}).setdefault(question.number, []).append(
                            source
                        )
        return links

    def _mind(self, actor: str) -> str:
        return known_minds(self.trace.manifest.mind_of(actor), 0, 0, made_up(self._journal))

    def explain(self, decision: str, depth: int = DIRECT) -> Explanation:
        """Return everything there is to know of a decision."""
        question = self.question(decision)
        put = self.trace.put(question)
        wording, sources = self._journal.notes.wording, self._sources.of(question)
        prompt, shows = parts(put, wording, sources)
        tried = attempts(self._journal, str(put.at))
        said = raw(self._journal, str(put.at))
        ego, answer = question.operation.ego, question.answer
        return Explanation(
            run=self._journal.path.parent.name,
            decision=decision,
            round=question.round,
            operation=question.at.operation,
            actor=question.at.actor,
            name=ego.name,
            role=ego.role,
            target=question.operation.target,
            mind=self._mind(question.at.actor),
            treatment=question.treatment.label,
            answer=None if answer is None else _plain(answer),
            missing=question.why,
            part_of=str(put.at) if question.fused else None,
            parts=self.parts(decision),
            wording=wording,
            prompt=prompt,
            as_sent=said.was_sent(prompt),
            sent=said.sent if said.was_sent(prompt) is False else None,
            shows=shows,
            sources=sources,
            besides=_besides(question),
            attempts=tried,
            raw=said.text,
            parsing=said.parsing,
            effects=self.effects(decision),
            later=self.later(decision, depth),
        )


def explain(journal: Journal, words: str, depth: int = DIRECT) -> Explanation:
    """Return everything there is to know of a decision, which may be named in part.

    Raises UsageError if it can't be found, if there are several, for a layer, and for no depth.
    """
    if depth < 1:
        raise UsageError(f"what came of a decision is followed for at least 1 step, not {depth}")
    return Provenance(journal).explain(find(journal, words), depth)


def _plain(answer: Any) -> Any:
    kind: type = type(answer)
    return adapter(kind).dump_python(answer, mode="json")


def _besides(question: TracedQuestion) -> tuple[str, ...]:
    """Return the encounters that only a mind that is not prompted may have read of."""
    history = getattr(question.operation, "history", ())
    past = (memory.encounter for memory in history if memory.round < question.round)
    return tuple(name for name in past if name not in _shown_meetings(question))


def _shown_meetings(question: TracedQuestion) -> set[str]:
    operation = question.operation
    met: tuple[Acquaintance, ...] = getattr(operation, "met", ())
    memories = [*operation.ego.memory, *(memory for each in met for memory in each.last)]
    return {memory.encounter for memory in memories}


__all__ = ["Consequence", "Explanation", "Later", "Provenance", "explain", "find"]
