"""Runs for the tests of measures: made by hand, or small ones in which answers go missing."""

import asyncio
import atexit
from collections import Counter
from functools import cache
from hashlib import sha256
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any
from unittest.mock import patch

from repunet.analysis.measures.handmade import made
from repunet.analysis.tables.frames import Frames, open_frames
from repunet.minds.embedded.mind import EmbeddedMind
from repunet.questions.coordinate import Coordinate
from repunet.questions.mind import NoAnswer, Operation
from repunet.record.journal import Journal
from repunet.runs.run import begin, found
from repunet.world.population import population
from repunet.world.treatment import TREATMENTS

__all__ = ["acts", "fickle", "fickle_frames", "lost", "made", "relabelled"]

DILEMMAS = ("pd", "participation", "investment", "donor")
QUESTIONS = {
    "pd": ("ChooseMove",),
    "donor": ("DecideHelp",),
    "participation": ("DecideParticipation",),
    "investment": ("Propose", "Commit", "Settle"),
}
"""What the headline of each hangs on."""
SHARE = 8
"""One answer in so many goes missing."""


def acts(*rounds: str, agents: str = "AB") -> list[dict[str, Any]]:
    """Return encounters in the Prisoner's Dilemma: `acts("CD", "DD")` is one pair, two rounds."""
    pay = {"CC": 3.0, "CD": 0.0, "DC": 5.0, "DD": 1.0}
    return [
        {
            "round": t,
            "encounter": f"r{t}",
            "agent": agents[seat],
            "role": "player",
            "partners": (agents[1 - seat],),
            "partner_roles": ("player",),
            "outcome": "consummated",
            "cooperation": float(moves[seat] == "C"),
            "payoff": pay[moves[seat] + moves[1 - seat]],
        }
        for t, moves in enumerate(rounds, 1)
        for seat in (0, 1)
    ]


@cache
def home() -> Path:
    """Return a folder for these runs, which is removed in the end."""
    folder = Path(mkdtemp())
    atexit.register(rmtree, folder)
    return folder


@cache
def fickle(dilemma: str, rounds: int = 7) -> Path:
    """Return the file of a run of eight in which one answer in eight could not be had."""
    answered = EmbeddedMind.answer

    async def answer(mind: EmbeddedMind, operation: Operation[Any], at: Coordinate) -> Any:
        if sha256(str(at).encode()).digest()[0] % SHARE == 0:
            raise NoAnswer("it did not come")
        return await answered(mind, operation, at)

    people = population(8, dilemma)
    manifest = found(dilemma, TREATMENTS["full"], people, 1, {"*": "embedded"})
    with (
        patch.object(EmbeddedMind, "answer", answer),
        begin(manifest, max(1, rounds), folder=home()) as run,
    ):
        if rounds:
            asyncio.run(run.play())
    return run.journal.path


@cache
def fickle_frames(dilemma: str, rounds: int = 7) -> Frames:
    """Return the tables of such a run."""
    return open_frames(fickle(dilemma, rounds))


def lost(dilemma: str, *operations: str, since: int = 1) -> int:
    """Return how many answers to these questions its events say are missing, since a round."""
    with Journal.open(fickle(dilemma)) as journal:
        missing = Counter(
            written.event.decision.split("/")[-2]
            for written in journal.events()
            if written.round >= since and written.event.kind == "decision_missing"
        )
    return sum(missing[operation] for operation in operations)


def relabelled(frames: Frames, names: dict[str, str]) -> Frames:
    """Return the same run with other ids for its agents, who joined in the order of these."""

    def other(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(map(other, value))
        return names.get(value, value) if isinstance(value, str) else value

    def make(table: Any) -> Any:
        renamed = frames[table.name].map(other).astype(frames[table.name].dtypes)
        if table.name != "agents":
            return renamed
        return renamed.set_index("agent").loc[list(names.values())].reset_index()

    return Frames(frames.facts, make)
