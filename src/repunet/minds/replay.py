"""A mind that answers as was answered before: a run, once more, from its journal."""

import re
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar, cast
from weakref import finalize

from repunet.errors import UsageError
from repunet.minds.router import MindSpec
from repunet.questions.coordinate import Coordinate
from repunet.questions.mind import NoAnswer, Operation, adapter
from repunet.record.journal import DecisionRecord, Journal

A = TypeVar("A")

OF_A_ROUND = re.compile(r"r([1-9][0-9]{0,8})")
"""How the decisions of a round begin; those of a layer begin with an id of its caller."""


class ReplayMind:
    """Mind that gives each decision the answer it had; NoAnswer where there is none."""

    immediate = True

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._answers: dict[str, dict[str, str]] = {}

    @property
    def name(self) -> str:
        """Return what it replays."""
        return f"replay of {self._journal.manifest.mind_names}"

    def describe(self) -> dict[str, Any]:
        """Return its name and the digest of the run that it replays."""
        return {"name": self.name, "digest": self._journal.digest()}

    async def answer(self, operation: Operation[A], at: Coordinate) -> A:
        """Look the answer up."""
        head = at.group
        if head not in self._answers:
            self._answers = {head: {d.coordinate: d.answer for d in self._decisions(head)}}
        answer = self._answers[head].get(str(at))
        if answer is None:
            raise NoAnswer(f"the journal holds no answer for {at}")
        return cast(A, adapter(operation.answer).validate_json(answer))

    def _decisions(self, head: str) -> list[DecisionRecord]:
        """Return the decisions of the round whose coordinates begin like that."""
        numbered = OF_A_ROUND.fullmatch(head)
        found = self._journal.decisions(int(numbered[1])) if numbered else []
        if any(Coordinate.parse(decided.coordinate).group == head for decided in found):
            return found
        return self._journal.decisions(self._rounds.get(head, 0))

    @cached_property
    def _rounds(self) -> dict[str, int]:
        """Return the round of all decisions that begin alike: in a layer, with one id."""
        numbers = range(1, self._journal.rounds + 1)
        return {
            Coordinate.parse(d.coordinate).group: n
            for n in numbers
            for d in self._journal.decisions(n)
        }


def replay(spec: MindSpec, seed: int) -> ReplayMind:
    """Return the mind that answers as in the run file at a path: `replay:runs/first/run.sqlite`."""
    if not spec.variant or spec.settings:
        raise UsageError("say which run file to replay: replay:runs/NAME/run.sqlite")
    journal = Journal.open(Path(spec.variant))
    mind = ReplayMind(journal)
    finalize(mind, journal.close)
    return mind
