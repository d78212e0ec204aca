"""A mind that answers as was answered before: a run, once more, from its journal."""

from pathlib import Path
from typing import Any, TypeVar, cast

from repunet.errors import UsageError
from repunet.journal import Journal
from repunet.mind import Coordinate, NoAnswer, Operation, adapter
from repunet.minds.roster import MindSpec

A = TypeVar("A")


class ReplayMind:
    """Gives each decision the answer it had; NoAnswer where the journal holds none."""

    immediate = True

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._rounds: dict[str, dict[str, str]] = {}

    @property
    def name(self) -> str:
        """Return what it replays."""
        return f"replay of {self._journal.founding.mind_names}"

    def describe(self) -> dict[str, Any]:
        """Return its name and the digest of the run that it replays."""
        return {"name": self.name, "digest": self._journal.digest()}

    async def answer(self, operation: Operation[A], at: Coordinate) -> A:
        """Look the answer up."""
        number, _, _ = str(at).partition("/")
        if number not in self._rounds:
            decisions = self._journal.decisions(int(number.removeprefix("r")))
            self._rounds = {number: {d.coordinate: d.answer for d in decisions}}
        answer = self._rounds[number].get(str(at))
        if answer is None:
            raise NoAnswer(f"the journal holds no answer for {at}")
        return cast(A, adapter(operation.answer).validate_json(answer))


def replay(spec: MindSpec, seed: int) -> ReplayMind:
    """Return the mind that answers as in the run file at a path: `replay:runs/first/run.sqlite`."""
    if not spec.variant or spec.settings:
        raise UsageError("say which run file to replay: replay:runs/NAME/run.sqlite")
    return ReplayMind(Journal.open(Path(spec.variant)))
