"""Examinations: a language model is asked what a run would ask it, in the way that a run would.

Two agents of a society are asked the same kind of question, one after the other. The run file in
which their answers are kept is thrown away. Only waiting is cut short: a run is more patient.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

from repunet.errors import Stopped
from repunet.minds.language.mind import LanguageMind
from repunet.minds.language.session import ModelSession
from repunet.minds.language.terms import Terms, require_means
from repunet.minds.router import mind_router
from repunet.models.request import OutputMode
from repunet.prompts import Prompt, render
from repunet.questions.coordinate import Coordinate
from repunet.questions.mind import NoAnswer, Operation
from repunet.record.attempts import ANSWERED, INVALID, AttemptLog, blob
from repunet.record.journal import Journal
from repunet.record.manifest import DEFAULT
from repunet.record.storage import FILE
from repunet.runs.run import found
from repunet.scenarios import scenario
from repunet.tracing.certificate import questions
from repunet.world.population import population
from repunet.world.treatment import TREATMENTS

Question: TypeAlias = tuple[Coordinate, Operation[Any]]

SCENARIO, QUESTION, ASKED = "pd", "ChooseMove", 2
"""What is asked, and of how many agents."""
LONGEST_PAUSE = 0.5
"""Seconds before what failed is sent again: a run waits longer."""
PAUSES, PAUSES_ALONE = 8, 2
"""How often it is sent again; and where nobody has been there so far."""
NOBODY = "nobody answers"


@dataclass(frozen=True, slots=True)
class ExaminedRequest:
    """One request, and what came of it."""

    mode: OutputMode
    status: str
    why: str
    """What was wrong; empty where nothing was."""
    dropped: tuple[str, ...]
    """The parameters that were left out."""
    latency: float | None
    text: str
    tokens_in: int | None
    cached: int
    tokens_out: int | None
    estimated: bool
    served: str | None

    @property
    def replied(self) -> bool:
        """Return whether there was an answer, be it of use or not."""
        return self.status in (ANSWERED, INVALID)


@dataclass(frozen=True, slots=True)
class Examination:
    """Answers of a model to the questions of an examination."""

    trials: tuple[ExaminedRequest, ...]
    usable: bool
    """Whether every question was answered so that a run could go on with it."""
    why: str
    """Why it was not, in the words of a run."""
    shared: float
    """The share of a prompt that is the same for the next agent, from the beginning on."""

    @property
    def replies(self) -> tuple[ExaminedRequest, ...]:
        """Return the requests that were answered."""
        return tuple(trial for trial in self.trials if trial.replied)

    @property
    def mode(self) -> OutputMode | None:
        """Return how a run would ask, None if no answer could be used."""
        good = [trial for trial in self.trials if trial.status == ANSWERED]
        return good[-1].mode if good else None

    @property
    def latency(self) -> float | None:
        """Return the seconds of the slowest answer."""
        return max((each.latency for each in self.replies if each.latency), default=None)

    @property
    def cached(self) -> float | None:
        """Return which share of the last prompt had been read before; None where nobody counts."""
        last = self.replies[-1] if len(self.replies) > 1 else None
        if last is None or last.estimated or not last.tokens_in:
            return None
        return min(last.cached, last.tokens_in) / last.tokens_in

    @property
    def tokens_shared(self) -> int:
        """Return with how many tokens all prompts begin alike; 0 where nobody counts."""
        counts = [each.tokens_in for each in self.replies if each.tokens_in and not each.estimated]
        return round(min(counts, default=0) * self.shared)


class Impatient(ModelSession):
    """A run's dealings with a model, with short waits and few of them."""

    def __init__(self, log: AttemptLog, terms: Terms) -> None:
        super().__init__(log, terms.allowance, prices=terms.prices)
        self.reason = ""
        self._pauses = 0

    def stop(self, why: str, options: str = "", detail: str = "") -> Stopped:
        """Keep why in the words of whoever stops it first."""
        self.reason = self.reason or why
        return super().stop(why, options, detail)

    async def pause(self, seconds: float) -> None:
        """Wait a little, or no more."""
        self._pauses += 1
        row = self.log.journal.row("SELECT why FROM attempts ORDER BY id DESC LIMIT 1")
        why = str(row[0]) if row and row[0] else "no answer"
        if self._pauses >= (PAUSES_ALONE if why.startswith(NOBODY) else PAUSES):
            raise self.stop(why)
        await super().pause(min(seconds, LONGEST_PAUSE))


def examine(model: str, terms: Terms) -> Examination:
    """Ask a language model; raises UsageError if it lacks a key, a file or a package."""
    minds = mind_router({DEFAULT: model}, 0)
    require_means(minds, terms)
    (mind,) = minds.members
    assert isinstance(mind, LanguageMind)
    dilemma, arm = scenario(SCENARIO), TREATMENTS["full"]
    asked = [each for each in questions(dilemma, arm).items() if each[0].operation == QUESTION]
    manifest = found(SCENARIO, arm, population(ASKED, SCENARIO), 0, {DEFAULT: model})
    with (
        TemporaryDirectory() as folder,
        Journal.create(Path(folder) / FILE, manifest) as journal,
    ):
        session = Impatient(AttemptLog(journal), terms)
        why = asyncio.run(_asked(mind, session, asked[-ASKED:]))
        trials = tuple(_trials(journal))
    prompts = [render(operation, session.wording) for _, operation in asked[-ASKED:]]
    return Examination(trials, why is None, why or "", _shared(prompts))


async def _asked(mind: LanguageMind, session: Impatient, asked: Sequence[Question]) -> str | None:
    """Ask one question after the other; return why one of them could not be answered."""
    try:
        async with mind.connected(session):
            for at, operation in asked:
                await mind.answer(operation, at)
    except Stopped as stopped:
        return session.reason or str(stopped)
    except NoAnswer as error:
        return str(error).removeprefix(f"{mind.name}: ")
    return None


def _trials(journal: Journal) -> Iterator[ExaminedRequest]:
    query = (
        "SELECT rung, status, why, dropped, latency, answer, input, cached, output, estimated, "
        "served FROM attempts ORDER BY id"
    )
    for mode, status, why, dropped, latency, answer, *rest in journal.rows(query):
        text = "" if answer is None else blob(journal, answer)
        taken, cached, given, estimated, served = rest
        left_out = tuple(dropped.split())
        counts = taken, cached or 0, given, bool(estimated)
        yield ExaminedRequest(mode, status, why or "", left_out, latency, text, *counts, served)


def _shared(prompts: Sequence[Prompt]) -> float:
    """Return the share of a prompt that another one begins with."""
    texts = [f"{prompt.system}{prompt.user}" for prompt in prompts]
    alike = takewhile(lambda signs: len(set(signs)) == 1, zip(*texts, strict=False))
    return sum(1 for _ in alike) * len(texts) / sum(map(len, texts))
