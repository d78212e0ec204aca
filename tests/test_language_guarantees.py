"""What a run that asks language models is sure of: nothing made up, paid twice, or overspent."""

import asyncio
import json
import shutil
import traceback
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout, suppress
from dataclasses import dataclass, replace
from io import StringIO
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch
from urllib.parse import unquote

import pytest
from aiohttp import web
from language_societies import (
    MODEL,
    NAME,
    SOON,
    Attempt,
    at,
    attempts,
    begun,
    company,
    decisions,
    digest,
    hasty,
    missing,
    played,
    received,
    resumed,
    rounds,
    served,
    terms,
    told,
    unseen,
)
from societies import dilemmas

from repunet import prompts
from repunet.cli import execute
from repunet.errors import Stopped, UsageError
from repunet.fake_llm import FakeLLM
from repunet.fake_llm.faults import Faults
from repunet.fake_llm.server import DECISION
from repunet.fake_llm.settings import Answers
from repunet.minds.language import mind as language_mind
from repunet.minds.language.form import Form
from repunet.minds.language.mind import LanguageMind
from repunet.minds.language.session import ModelSession
from repunet.minds.recorded import dumped
from repunet.minds.router import make_mind
from repunet.models.allowance import Allowance
from repunet.models.prices import Price
from repunet.questions.coordinate import Coordinate
from repunet.questions.deliberation import together
from repunet.questions.mind import InvalidAnswer, Operation
from repunet.record.attempts import ANSWERED, AttemptLog, blob
from repunet.record.journal import Journal
from repunet.record.storage import locate, run_files
from repunet.runs.run import Run, Terms, reopen

QUICK = {"deadline": 0.25, "timeout": 0.1}
"""A short life for requests that can't be answered."""


@pytest.fixture(autouse=True)
def quickly() -> Iterator[None]:
    with hasty():
        yield


@pytest.fixture(scope="module")
def in_peace(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the digest of the usual small run, by a server without faults."""
    with served():
        return digest(played(tmp_path_factory.mktemp("in peace")))


def saying(text: str, begin: str, *ends: str) -> Answers:
    """Let a server say this to the decisions whose names begin and end so."""

    def answer(_: Any, headers: Mapping[str, str]) -> str | None:
        name = unquote(headers[DECISION])
        return text if name.startswith(begin) and name.endswith(ends) else None

    return answer


def stopped(folder: Path, **options: Any) -> Stopped:
    """Return how a run was stopped: in one line, with a code of its own, and how to go on."""
    with pytest.raises(Stopped) as caught:
        played(folder, **options)
    return resumable(caught.value, folder)


def resumable(stop: Stopped, folder: Path) -> Stopped:
    assert stop.exit_code == 3
    assert f"to go on: repunet resume {folder / NAME}" in str(stop)
    assert len(str(stop).splitlines()) == 1
    return stop


def named(attempt: Attempt) -> str:
    return attempt.coordinate


def file_in(folder: Path) -> Path:
    return folder / NAME / "run.sqlite"


# Nothing is made up ----------------------------------------------------------------------------


@dataclass
class Overheard:
    """A run as a command, with all that was asked, and by whom it was answered."""

    path: Path
    questions: dict[str, Operation[Any]]
    server: FakeLLM
    printed: str

    def understood(self) -> dict[str, list[str]]:
        """Return what can be read in the replies to each decision, as the journal would keep it."""
        found: dict[str, list[str]] = {name: [] for name in self.questions}
        with Journal.open(self.path) as journal:
            for attempt in received(self.path):
                question = self.questions[attempt.coordinate]
                with suppress(InvalidAnswer):
                    answer = Form.of(question).read(blob(journal, attempt.answer or "")).answer
                    question.check(answer)
                    found[attempt.coordinate].append(dumped(answer))
        return found


@contextmanager
def overheard() -> Iterator[dict[str, Operation[Any]]]:
    """Keep every question that language models are asked, by its coordinate."""
    asked: dict[str, Operation[Any]] = {}
    answer = LanguageMind.answer

    async def listening(self: LanguageMind, operation: Operation[Any], at: Coordinate) -> Any:
        asked[str(at)] = operation
        return await answer(self, operation, at)

    with patch.object(LanguageMind, "answer", listening):
        yield asked


@pytest.fixture(scope="module")
def troubled(tmp_path_factory: pytest.TempPathFactory) -> Overheard:
    """Return a run of 10 agents in bad weather, two of whose decisions could not be had."""
    folder, out = tmp_path_factory.mktemp("troubled"), StringIO()
    weather = Faults(
        rate_limited=0.05, server_error=0.02, garbage=0.02, reset=0.01, wrong_enum=0.01
    )
    silent = saying("I can't say.", "r2/", "DecideTie/A03", "DecideGossip/A07")
    words = f"run pd --mind {MODEL} --agents 10 --rounds 3 --name {NAME} --quiet"
    with (
        hasty(),
        served(faults=weather, answers=silent) as server,
        overheard() as asked,
        redirect_stdout(out),
    ):
        assert execute([*words.split(), "--storage", str(folder)]) == 0
    return Overheard(file_in(folder), asked, server, out.getvalue())


def test_a_run_in_bad_weather_is_played_to_its_end(troubled: Overheard) -> None:
    assert rounds(troubled.path) == 3
    met, written = (
        troubled.server.stats.statuses,
        Counter(a.status for a in attempts(troubled.path)),
    )
    for status, name in {"429": "rate-limited", "500": "transient", "reset": "lost"}.items():
        assert met[status] == written[name] > 0


def test_every_request_that_was_sent_is_in_the_journal(troubled: Overheard) -> None:
    stats = troubled.server.stats
    assert len(attempts(troubled.path)) == stats.received
    assert len(received(troubled.path)) == stats.answered
    answered = Counter(question.decision for question in told(troubled.server).elements())
    assert Counter(map(named, received(troubled.path))) == answered


def test_every_answer_is_read_from_a_reply_to_its_own_question(troubled: Overheard) -> None:
    rows = {attempt.id: attempt for attempt in attempts(troubled.path)}
    answered = [decision for decision in decisions(troubled.path).values() if decision.answer]
    assert len(answered) > 200
    understood = troubled.understood()
    for decision in answered:
        attempt = rows[decision.attempt]
        assert (attempt.coordinate, attempt.status) == (decision.coordinate, ANSWERED)
        assert understood[decision.coordinate] == [decision.answer]


def test_what_a_society_lives_by_is_what_was_answered(troubled: Overheard) -> None:
    kept = decisions(troubled.path)
    with Journal.open(troubled.path) as journal:
        committed = [record for number in (1, 2, 3) for record in journal.decisions(number)]
    assert {record.coordinate: record.answer for record in committed} == {
        name: decision.answer for name, decision in kept.items() if decision.answer is not None
    }


def test_what_could_not_be_had_is_missing_and_said_so(troubled: Overheard) -> None:
    lost = missing(troubled.path)
    assert len(lost) >= 2
    assert sorted(lost) == sorted(
        name for name, decision in decisions(troubled.path).items() if decision.answer is None
    )
    understood, replies = troubled.understood(), Counter(map(named, received(troubled.path)))
    assert {(len(understood[name]), replies[name]) for name in lost} == {(0, 3)}
    (said,) = (row for row in troubled.printed.splitlines() if "missing decisions" in row)
    assert said.split()[-3:] == [str(len(lost)), "of", str(len(decisions(troubled.path)))]


# Endpoints that are no use -----------------------------------------------------------------------


def test_an_endpoint_where_nothing_listens_stops_the_run(tmp_path: Path, in_peace: str) -> None:
    with at("http://127.0.0.1:9/v1"):
        stop = stopped(tmp_path, terms=terms(**QUICK))
    assert f"{MODEL} does not answer" in str(stop)
    sent = attempts(file_in(tmp_path))
    assert {attempt.status for attempt in sent} == {"transient"}
    assert len(sent) <= 4 * 6  # 4 agents ask at once, and ever more seldom
    with served():
        assert resumed(file_in(tmp_path)) == in_peace


@pytest.mark.parametrize(
    ("fault", "retry_after", "each"),
    [
        ("rate_limited", SOON, 14),  # a quarter of a second in steps of 20 ms
        ("rate_limited", 0, 4),
        ("rate_limited", None, 4),
        ("server_error", SOON, 6),
        ("unavailable", SOON, 6),
        ("reset", SOON, 6),
        ("half", SOON, 6),
        ("hang", SOON, 4),
    ],
)
def test_an_endpoint_that_always_fails_is_asked_a_few_times(
    fault: str, retry_after: float | None, each: int, tmp_path: Path, in_peace: str
) -> None:
    with served(faults=Faults.read(f"{fault}=1"), retry_after=retry_after) as server:
        stopped(tmp_path, terms=terms(**QUICK))
    assert server.stats.received <= 4 * each  # 4 agents ask first
    assert len(attempts(file_in(tmp_path))) == server.stats.received
    with served():
        assert resumed(file_in(tmp_path)) == in_peace


@pytest.mark.slow
def test_an_endpoint_that_dies_in_mid_run_stops_it_and_may_come_back(
    tmp_path: Path, in_peace: str
) -> None:
    asked, deaths = count(1), []

    def die(body: object, headers: object) -> None:
        if next(asked) == 8:
            deaths.append(asyncio.get_running_loop().create_task(first.stop()))

    with served(answers=die, latency=0.02) as first:
        stopped(tmp_path, terms=terms(deadline=1))
    failed = Counter(a.coordinate for a in attempts(file_in(tmp_path)) if a.answer is None)
    assert deaths
    assert max(failed.values()) <= 8  # ever more seldom
    with served() as second:
        assert resumed(file_in(tmp_path)) == in_peace
    assert len(told(first) & told(second)) <= 2 * len(failed)


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"key": "sk-of-somebody-else"}, "the key is not accepted"),
        ({"models": ("other",)}, "'fake' or its URL is not known"),
        ({"quota": 0}, "there is no money left"),
    ],
)
def test_what_will_never_be_answered_is_asked_once(
    settings: dict[str, Any], why: str, tmp_path: Path, in_peace: str
) -> None:
    with served(**settings) as server:
        assert why in str(stopped(tmp_path))
    assert server.stats.received == 1
    with served():
        assert resumed(file_in(tmp_path)) == in_peace


def test_money_that_runs_out_in_mid_run_stops_it(tmp_path: Path, in_peace: str) -> None:
    with served(quota=20) as first:
        assert "there is no money left" in str(stopped(tmp_path))
    assert len(received(file_in(tmp_path))) == first.stats.answered == 20
    with served() as second:
        assert resumed(file_in(tmp_path)) == in_peace
    assert not told(first).keys() & second.stats.asked.keys()


def test_an_endpoint_that_only_talks_nonsense_stops_the_run(tmp_path: Path, in_peace: str) -> None:
    with served(faults=Faults(garbage=1)) as server:
        stop = stopped(tmp_path)
    assert "could not be had" in str(stop)
    assert server.stats.received <= 3 * (10 + 4)  # two repairs for each; 4 more may have begun
    assert rounds(file_in(tmp_path)) == 0
    with served():
        assert resumed(file_in(tmp_path)) == in_peace


def test_tokens_that_nobody_counted_are_estimated_and_marked(tmp_path: Path, in_peace: str) -> None:
    with served(usage=False) as server:
        path = played(tmp_path)
    assert digest(path) == in_peace
    assert {attempt.estimated for attempt in received(path)} == {1}
    estimated = sum(attempt.tokens or 0 for attempt in received(path))
    counted = server.stats.prompt_tokens + server.stats.completion_tokens
    assert estimated == pytest.approx(counted, rel=0.1)


# Nothing is overspent ----------------------------------------------------------------------------

SMALL = f"{MODEL},max_tokens=1000"
DEAR = {MODEL: Price(input=3.0, output=15.0)}


def tokens(*servers: FakeLLM) -> int:
    return sum(s.stats.prompt_tokens + s.stats.completion_tokens for s in servers)


def dollars(*servers: FakeLLM) -> float:
    """Return what the servers' answers cost."""
    taken = sum(server.stats.prompt_tokens for server in servers)
    given = sum(server.stats.completion_tokens for server in servers)
    return (3.0 * taken + 15.0 * given) / 10**6


def calls(*servers: FakeLLM) -> int:
    """Return how many requests were answered, be it by half: what is refused is no call."""
    answered = ("200", "half")
    return sum(server.stats.statuses[each] for server in servers for each in answered)


@pytest.fixture(scope="module")
def uncapped(tmp_path_factory: pytest.TempPathFactory) -> str:
    with served():
        return digest(played(tmp_path_factory.mktemp("uncapped"), company(SMALL), 2))


@pytest.mark.parametrize("concurrency", [1, 7, 64])
@pytest.mark.parametrize(
    ("cap", "limit", "spent"),
    [("max_calls", 29, calls), ("max_total_tokens", 17_500, tokens), ("budget", 0.08, dollars)],
)
def test_no_cap_is_exceeded_and_a_higher_one_lets_the_run_go_on(
    cap: str,
    limit: float,
    spent: Callable[[FakeLLM], float],
    concurrency: int,
    tmp_path: Path,
    uncapped: str,
) -> None:
    pace = {"concurrency": concurrency}
    allowed = Terms(Allowance(**{cap: limit, **pace}), DEAR)
    with served(latency="heavy:0.002") as first:
        stop = stopped(tmp_path, manifest=company(SMALL), rounds=2, terms=allowed, **pace)
        assert f"--{cap.replace('_', '-')}" in str(stop)
        assert 0.7 * limit < spent(first) <= limit
    with served() as second:
        more = Terms(Allowance(**{cap: 3 * limit, **pace}), DEAR)
        assert resumed(file_in(tmp_path), terms=more, **pace) == uncapped
        assert not told(first).keys() & told(second).keys()


@pytest.mark.parametrize(
    ("cap", "limit", "spent"),
    [("max_calls", 29, calls), ("max_total_tokens", 17_500, tokens), ("budget", 0.08, dollars)],
)
def test_a_cap_holds_for_a_run_and_not_for_each_time_it_goes_on(
    cap: str, limit: float, spent: Callable[..., float], tmp_path: Path
) -> None:
    allowed = Terms(Allowance(**{cap: limit}), DEAR)
    faults = Faults(half=0.2, rate_limited=0.1, server_error=0.1)
    with served(faults=faults) as server:
        stopped(tmp_path, manifest=company(SMALL), rounds=2, terms=allowed)
        for _ in range(2):
            with pytest.raises(Stopped):
                resumed(file_in(tmp_path), terms=allowed)
        assert spent(server) <= limit
    assert charged(file_in(tmp_path), cap) <= limit


def charged(path: Path, cap: str) -> float:
    """Return what was spent at most: what nobody received may have been charged for, in full."""
    seen, lost = received(path), unseen(path)
    assert lost
    if cap == "max_calls":
        return len(seen) + len(lost)
    if cap == "max_total_tokens":
        return sum(a.tokens or 0 for a in seen) + sum(a.reserved for a in lost)
    return (sum(a.cost or 0 for a in seen) + sum(a.reserved_cost or 0 for a in lost)) / 10**9


def test_a_budget_in_dollars_needs_a_price_before_anything_is_sent(tmp_path: Path) -> None:
    manifest = company("http://127.0.0.1:9/v1#nobody-knows-it")
    with served(), pytest.raises(UsageError, match=r"the price of .* is not known") as refused:
        played(tmp_path, manifest, terms=terms(budget=5.0))
    assert refused.value.exit_code == 2
    assert list(tmp_path.rglob("*.sqlite")) == []


def test_a_budget_in_dollars_is_refused_after_calls_of_unknown_price(tmp_path: Path) -> None:
    with served() as server:
        nameless = f"{server.url}#nobody-knows-it"
        stopped(tmp_path, manifest=company(nameless), terms=terms(max_calls=10))
        priced = Terms(Allowance(budget=5.0), {"nobody-knows-it": Price(input=3.0, output=15.0)})
        with pytest.raises(UsageError, match=r"^what 10 calls of this run cost is not known"):
            resumed(file_in(tmp_path), terms=priced)
        assert server.stats.received == 10


# Identical prompts -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def question() -> Operation[Any]:
    """Return one of the questions of a run."""
    with overheard() as asked, served(), TemporaryDirectory() as folder:
        played(Path(folder))
    return next(question for name, question in asked.items() if "/ReviseSelfImage/" in name)


@pytest.mark.parametrize("concurrency", [1, 7, 64])
def test_identical_prompts_are_independent_draws_and_each_is_kept(
    concurrency: int, question: Operation[Any], tmp_path: Path
) -> None:
    numbers = count(1)

    def new(*_: Any) -> str:
        return json.dumps({"text": f"I have number {next(numbers)}."})

    with served(answers=new) as server, begun(tmp_path) as run:
        first = asyncio.run(drawn(run, question, concurrency=concurrency))
        assert {str(said.text).split()[-1] for said in first} == {f"{n}." for n in range(1, 21)}
        assert asyncio.run(drawn(run, question, concurrency=concurrency)) == first
    assert server.stats.received == len(server.stats.told) == 20


def test_a_reply_to_one_decision_is_none_to_another_in_the_same_words(
    question: Operation[Any], tmp_path: Path
) -> None:
    with begun(tmp_path) as run:
        with served(faults=Faults(garbage=1)), pytest.raises(Stopped):
            asyncio.run(drawn(run, question, max_calls=1))
        with served() as server:
            asyncio.run(drawn(run, question))
    assert Counter(attempt.kind for attempt in attempts(file_in(tmp_path))) == {
        "first": 20,
        "repair": 1,
    }
    assert server.stats.received == 20


async def drawn(run: Run, question: Operation[Any], **limits: Any) -> list[Any]:
    """Ask one question under twenty names."""
    mind = make_mind(f"{MODEL},temperature=1", 1)
    assert isinstance(mind, LanguageMind)
    session = ModelSession(AttemptLog(run.journal), Allowance(**limits))
    async with mind.connected(session):
        names = [Coordinate(f"r1/draw{number}", "ReviseSelfImage", "A01") for number in range(20)]
        return await together(mind, [mind.answer(question, name) for name in names])


# Any pace --------------------------------------------------------------------------------------

MIXED = (MODEL, "A01=embedded", "A02=tit-for-tat", f"A03={MODEL},temperature=1")
HEAVY = "heavy:0.003"


def paced(folder: Path, concurrency: int | None, latency: str, *minds: str, **options: Any) -> str:
    """Return the digest of two rounds at this pace."""
    manifest = company(*minds, n=4, scenario=options.pop("scenario", "pd"))
    with served(latency=latency) as server:
        options["terms"] = terms(concurrency=concurrency)
        path = played(folder, manifest, 2, concurrency=concurrency, **options)
        assert concurrency is None or server.stats.most_in_flight <= concurrency
    return digest(path)


@pytest.mark.parametrize("plan", ["faithful", "compact"])
@pytest.mark.parametrize("scenario", dilemmas())
def test_a_run_is_the_same_at_any_pace(scenario: str, plan: str, tmp_path: Path) -> None:
    paces = [(1, "0"), (64, HEAVY)]
    digests = [
        paced(tmp_path / f"{number}", *pace, scenario=scenario, plan=plan)
        for number, pace in enumerate(paces)
    ]
    assert len(set(digests)) == 1


@pytest.mark.slow
@pytest.mark.parametrize("minds", [(MODEL,), MIXED], ids=["alike", "mixed"])
def test_a_mixed_society_is_the_same_at_any_pace(minds: tuple[str, ...], tmp_path: Path) -> None:
    paces = [(1, "0"), (2, HEAVY), (7, "0"), (None, HEAVY)]
    digests = [paced(tmp_path / f"{n}", *pace, *minds) for n, pace in enumerate(paces)]
    assert len(set(digests)) == 1


@pytest.mark.slow
@pytest.mark.parametrize("minds", [(MODEL,), MIXED], ids=["alike", "mixed"])
@pytest.mark.parametrize("plan", ["faithful", "compact"])
@pytest.mark.parametrize("scenario", dilemmas())
def test_every_society_is_the_same_at_every_pace(
    scenario: str, plan: str, minds: tuple[str, ...], tmp_path: Path
) -> None:
    paces = [(1, "0"), (2, HEAVY), (7, "0"), (64, HEAVY), (None, "0")]
    digests = [
        paced(tmp_path / f"{number}", *pace, *minds, scenario=scenario, plan=plan)
        for number, pace in enumerate(paces)
    ]
    assert len(set(digests)) == 1


# Other words ------------------------------------------------------------------------------------


@pytest.fixture
def reworded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Return what edits a prompt, in a copy of them all."""
    wordings = shutil.copytree(prompts.HERE, tmp_path / "prompts")
    monkeypatch.setattr(prompts, "HERE", wordings)
    prompts._environment.cache_clear()

    def edit() -> None:
        prompt = wordings / "plain/reflect.md"
        prompt.write_text(prompt.read_text() + "\nBe brief.\n")
        prompts._environment.cache_clear()

    yield edit
    monkeypatch.undo()
    prompts._environment.cache_clear()


def test_a_prompt_edited_under_a_run_stops_it_with_a_difference(
    reworded: Callable[[], None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with served() as first:
        stopped(tmp_path, terms=terms(max_calls=8))
    reworded()
    resume = ["resume", str(tmp_path / NAME), "--max-calls", "1000", "--quiet"]
    with served() as second:
        assert execute(resume) == 2
        assert second.stats.received == 0
        *difference, complaint = capsys.readouterr().err.splitlines()
        assert "+Be brief." in difference
        assert "its prompts have been edited" in complaint
        assert "--branch" in complaint
        assert execute([*resume, "--branch"]) == 0
    again = first.stats.decisions & second.stats.decisions
    assert again == {name for name in first.stats.decisions if "/Reflect/" in name}
    assert not told(first).keys() & told(second).keys()


def test_a_decision_that_would_be_asked_in_other_words_is_not_reused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def other(*args: Any) -> prompts.Prompt:
        prompt = prompts.render(*args)
        return replace(prompt, user=f"{prompt.user}\nBe brief.")

    with served():
        stopped(tmp_path, terms=terms(max_calls=14))
    monkeypatch.setattr(language_mind, "render", other)
    with served() as second, pytest.raises(UsageError, match="in other words") as refused:
        resumed(file_in(tmp_path))
    assert "+Be brief." in refused.value.detail.splitlines()
    assert second.stats.received == 0


# Too much is missing ---------------------------------------------------------------------------


@pytest.mark.slow
def test_a_round_of_which_too_much_is_missing_is_asked_for_again(tmp_path: Path) -> None:
    manifest = company(n=6)
    silent = saying("no idea", "r2/", *(f"/Reflect/A0{n}" for n in (1, 2, 3, 4)))
    with served() as server:
        in_peace = digest(played(tmp_path / "in peace", manifest, 2))
    with served(answers=silent) as first:
        assert "4 of " in str(stopped(tmp_path, manifest=manifest, rounds=2))
    assert rounds(file_in(tmp_path)) == 1
    with served() as second:
        assert resumed(file_in(tmp_path)) == in_peace
    again = told(first).keys() & told(second).keys()
    assert {question.decision.partition("/")[2] for question in again} == {
        name for name in (f"respond/A0{n}/Reflect/A0{n}" for n in (1, 2, 3, 4))
    }
    assert not {q.decision for q in told(second)} - {q.decision for q in told(server)}
    assert Counter(a.stale for a in attempts(file_in(tmp_path)))[1] == 12


def test_a_round_of_which_little_is_missing_is_committed_without(tmp_path: Path) -> None:
    silent = saying("no idea", "r1/", *(f"/Reflect/A0{n}" for n in (1, 2, 3)))
    with served(answers=silent) as server:
        path = played(tmp_path)
        assert len(missing(path)) == 3
        asked = server.stats.received
        with reopen(path) as run:
            run.extend(1)
            asyncio.run(run.play())
    assert Counter(q.decision for q in server.stats.asked)["r1/respond/A01/Reflect/A01"] == 3
    assert server.stats.received > asked


# Keys ------------------------------------------------------------------------------------------

CANARY = "sk-canary-0123456789abcdef"
LEAK = "sk-canary"


asked_of_all = count()


async def blabber(_: FakeLLM, request: web.Request) -> web.Response:
    """Repeat the key, wherever there is room for it, and answer nothing of use."""
    key = request.headers["Authorization"]
    match next(asked_of_all) % 5:
        case 0:
            return web.json_response({"error": {"message": key, "code": key}}, status=500)
        case 1:
            cut = key.rjust(400 + len(CANARY) // 2, "x")
            return web.json_response({"error": {"message": cut}}, status=503)
        case 2:
            cut = key.rjust(180 + len(CANARY) // 2, "y")
            return web.json_response({"object": cut})
        case 3:
            return web.Response(text=f"{{{key}", content_type="application/json")
    message = {"role": "assistant", "content": f"{{{key}", "refusal": None}
    choice = {"index": 0, "message": message, "finish_reason": key}
    said = {"id": key, "model": key, "object": "chat.completion", "created": 0}
    return web.json_response({**said, "choices": [choice], "system_fingerprint": key})


@dataclass
class Ears:
    """Hears all that commands say, and all that they leave behind."""

    folder: Path
    capsys: pytest.CaptureFixture[str]
    caplog: pytest.LogCaptureFixture
    heard: str = ""

    def command(self, words: str) -> int:
        code = execute([*words.split(), "--storage", str(self.folder)])
        self.hear("".join(self.capsys.readouterr()))
        return code

    def hear(self, text: str) -> None:
        self.heard += text

    def check(self) -> None:
        """Fail if the key, or a large part of it, is anywhere."""
        assert LEAK not in self.heard
        assert LEAK not in self.caplog.text
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        assert any(path.name == "run.sqlite" for path in files)
        for path in files:
            assert LEAK.encode() not in path.read_bytes()
        for path in run_files(self.folder):
            with Journal.open(path) as journal:
                for (body,) in journal.rows("SELECT body FROM blobs"):
                    assert LEAK.encode() not in zlib.decompress(body)
                for number in range(journal.rounds):
                    assert LEAK not in str(journal.decisions(number + 1))


@pytest.fixture
def ears(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> Iterator[Ears]:
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)
    caplog.set_level("DEBUG")
    listening = Ears(tmp_path, capsys, caplog)
    yield listening
    listening.check()


ASK_OPENAI = f"run pd --model openai:fake --agents 4 --rounds 1 --name {NAME}"
LOOKS = (
    "show a",
    "show a --json",
    "show a --agent A01",
    "show a --agent A01 --json",
    "runs --json",
    "verify a",
    "digest a",
)


def look(ears: Ears) -> None:
    for words in LOOKS:
        ears.command(words)


@pytest.mark.slow
def test_a_key_that_a_server_repeats_in_errors_is_never_written_or_said(ears: Ears) -> None:
    with patch.object(FakeLLM, "_complete", blabber), served():
        assert ears.command(f"{ASK_OPENAI} --deadline 1") == 3
        assert ears.command("resume a --deadline 1") == 3
        look(ears)
    assert "does not answer" in ears.heard or "could not be had" in ears.heard
    assert len(attempts(locate(NAME, ears.folder))) > 10


def test_a_key_that_is_not_accepted_is_never_written_or_said(ears: Ears) -> None:
    with served(key="another"):
        assert ears.command(ASK_OPENAI) == 3
        assert ears.command("resume a --json") == 3
        look(ears)
    assert "the key is not accepted (401: this key is not known here: Bearer [key])" in ears.heard


def test_a_key_that_a_model_repeats_is_never_written_or_said(ears: Ears) -> None:
    def repeated(body: dict[str, Any], headers: Mapping[str, str]) -> str | None:
        key, again = headers["Authorization"], len(body["messages"]) > 2
        if "/ReviseSelfImage/" in headers[DECISION]:
            return json.dumps({"text": f"My key is {key}."})
        return f"No JSON, but {key}" if "/Reflect/" in headers[DECISION] and not again else None

    with served(answers=repeated):
        assert ears.command(f"{ASK_OPENAI} --json") == 0
        look(ears)
    assert "My key is Bearer [key]." in ears.heard


def test_a_key_is_in_no_traceback_of_a_crash(ears: Ears, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object, **__: object) -> None:
        raise RuntimeError("a bug")

    with served(key="another") as server:
        monkeypatch.setattr(AttemptLog, "ended", crash)
        with pytest.raises(RuntimeError, match="a bug") as crashed:
            ears.command(ASK_OPENAI)
        ears.hear("".join(traceback.format_exception(crashed.value)))
    assert server.stats.received > 0


def test_what_can_not_be_asked_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="needs a key: set OPENAI_API_KEY"):
        played(tmp_path, company("openai:gpt-4o-mini"))
    with pytest.raises(UsageError, match="none decides here"):
        played(tmp_path, company("embedded"), terms=Terms(batch=tmp_path / "box"))
    assert list(tmp_path.rglob("*.sqlite")) == []
