"""Forecasts: no society asks for more or less than is said, and what is likely comes true."""

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import language_societies as language
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from societies import ARMS, Watched, dilemmas, founded, minds, mostly_slow, play

from repunet.cli import execute
from repunet.cli.printing.console import console
from repunet.errors import UsageError
from repunet.fake_llm import FakeLLM, Settings, serving
from repunet.minds.chance import ChanceMind
from repunet.minds.extremes import Agreeable, Aloof
from repunet.minds.language.form import Form
from repunet.minds.language.terms import Terms
from repunet.models.allowance import Allowance
from repunet.models.prices import Price
from repunet.planning.forecast import LOW, Estimate, Forecast, forecast
from repunet.planning.pace import measured
from repunet.planning.rehearsal import A_MODEL, Assignment, parts, rehearse
from repunet.questions.batched import (
    AlterAnswers,
    BatchedQuestions,
    EncounterAnswers,
    GossipAnswers,
    PieceAnswers,
    RespondToEncounter,
)
from repunet.questions.coordinate import Coordinate
from repunet.questions.mind import Mind, NoAnswer, Operation
from repunet.record.manifest import Manifest
from repunet.record.notes import COMPACT, FAITHFUL, PLANS
from repunet.runs.run import begin
from repunet.scenarios import scenario
from repunet.simulation import Simulation

AGENTS, ROUNDS = 6, 6
PAPERS = ("pd", "participation", "investment")
BY_LUCK = {"witnessed"}
"""Arms in which whether a question is asked depends on luck that differs with who meets whom."""
GPT = "openai:gpt-4o-mini"
PRICES = {GPT: Price(1.0, 2.0, source="me")}


def society(dilemma: str = "pd", arm: str = "full", *, mind: str = GPT, **more: Any) -> Manifest:
    named = {"*": {"name": mind, "given": mind}}
    return replace(founded(arm, dilemma=dilemma, **{"n": AGENTS, **more}), minds=named)


def asked(manifest: Manifest, stand_in: Callable[[int], Mind], plan: str, *, most: bool) -> int:
    words: dict[str, Any] = {
        "compact": plan == COMPACT,
        "wording": "plain",
        "acquainted": most,
        "rendered": 0,
    }
    return sum(rehearse(manifest, ROUNDS, Assignment.of(manifest), stand_in, **words).calls)


# Bounds ----------------------------------------------------------------------------------------


@settings(max_examples=4)
@pytest.mark.parametrize(
    "dilemma", [d if d == "pd" else pytest.param(d, marks=pytest.mark.slow) for d in dilemmas()]
)
@given(
    seed=st.integers(1, 10_000),
    n=st.integers(6, 10),
    arm=st.sampled_from(sorted(set(ARMS) - BY_LUCK)),
    plan=st.sampled_from(PLANS),
    other=st.sampled_from(("chance", "embedded", "embedded:sharp", "mixed")),
)
@pytest.mark.slow
def test_whoever_decides_as_many_calls_are_made_as_the_extremes_say(
    dilemma: str, seed: int, n: int, arm: str, plan: str, other: str
) -> None:
    manifest = society(dilemma, arm, n=n, seed=seed)
    least = LOW.luck * asked(manifest, Aloof, plan, most=False)
    most = asked(manifest, Agreeable, plan, most=True)
    assert least <= asked(manifest, lambda seed: minds(other, seed), plan, most=False) <= most


@pytest.mark.slow
@pytest.mark.parametrize("arm", ["full", "no-gossip", "none"])
@pytest.mark.parametrize("dilemma", PAPERS)
def test_who_says_yes_asks_for_no_more_among_strangers_than_among_friends(
    dilemma: str, arm: str
) -> None:
    manifest = society(dilemma, arm, n=12)
    strangers, friends = (asked(manifest, Agreeable, FAITHFUL, most=m) for m in (False, True))
    assert strangers <= friends


@pytest.mark.parametrize("extreme", [Aloof, Agreeable])
@pytest.mark.parametrize("dilemma", dilemmas())
def test_an_extreme_mind_gives_answers_that_a_model_might_give(
    dilemma: str, extreme: type[ChanceMind]
) -> None:
    manifest = founded("full", dilemma=dilemma, n=AGENTS)
    for question in play(extreme(1), manifest, rounds=3).asked:
        form = Form.of(question.operation)
        assert form.read(form.write(question.answer)).parsing == "json"
        question.operation.check(question.answer)


# Over the wire ---------------------------------------------------------------------------------


class Composer(Watched):
    """The embedded mind, which writes down its answers as a model would, by their decisions."""

    def __init__(self) -> None:
        super().__init__(minds("embedded"))
        self.fused: dict[Coordinate, BatchedQuestions[Any]] = {}

    async def answer(self, operation: Operation[Any], at: Coordinate) -> Any:
        if isinstance(operation, BatchedQuestions):
            self.fused[at] = operation
            raise NoAnswer("one at a time")
        return await super().answer(operation, at)

    @property
    def written(self) -> dict[str, str]:
        said = {asked.at: asked.answer for asked in self.asked}
        single = {str(a.at): Form.of(a.operation).write(a.answer) for a in self.asked}
        fused = {
            str(at): Form.of(question).write(composed(question, at, said))
            for at, question in self.fused.items()
        }
        return single | fused


def composed(
    question: BatchedQuestions[Any], at: Coordinate, said: Mapping[Coordinate, Any]
) -> Any:
    answers = [said.get(part) for part in parts(question, at)]
    if isinstance(question, RespondToEncounter):
        own, others = answers[:3], answers[3:]
        each = [AlterAnswers(*others[i : i + 3]) for i in range(0, len(others), 3)]
        return EncounterAnswers(*own, tuple(each))
    belief, pieces = answers[:2], answers[2:]
    weighed = [PieceAnswers(*pieces[i : i + 2]) for i in range(0, len(pieces), 2)]
    return GossipAnswers(tuple(weighed), *belief)


def embedded_answers(manifest: Manifest, plan: str) -> dict[str, str]:
    mind = Composer()
    dilemma = scenario(manifest.scenario)
    simulation = Simulation(manifest.society(), dilemma, mind, compact=plan == COMPACT)

    async def all_rounds() -> None:
        for _ in range(ROUNDS):
            await simulation.step()

    asyncio.run(all_rounds())
    return mind.written


@contextmanager
def answered(answers: Mapping[str, str] | None = None) -> Iterator[FakeLLM]:
    def say(_: dict[str, Any], headers: Mapping[str, str]) -> str | None:
        return answers[unquote(headers["X-RepuNet-Decision"])] if answers else None

    with serving(Settings(answers=say)) as server:
        yield server


def spent(server: FakeLLM, manifest: Manifest, plan: str, folder: Path) -> FakeLLM:
    with begin(manifest, ROUNDS, folder=folder, plan=plan) as run:
        asyncio.run(run.play())
    return server


def near(found: int, likely: int, share: float) -> bool:
    return abs(found - likely) <= share * likely


@pytest.mark.parametrize("plan", mostly_slow(PLANS, PLANS[:1]))
@pytest.mark.parametrize("dilemma", PAPERS)
def test_what_is_likely_comes_true_where_a_model_decides_as_the_embedded_mind(
    dilemma: str, plan: str, tmp_path: Path
) -> None:
    with answered(embedded_answers(society(dilemma), plan)) as server:
        manifest = society(dilemma, mind=f"{server.url}#fake")
        expected = forecast(manifest, ROUNDS, plan=plan)
        stats = spent(server, manifest, plan, tmp_path).stats
    assert stats.received == stats.answered == expected.calls.likely
    assert near(stats.prompt_tokens, expected.tokens_in.likely, 0.2)
    assert near(stats.completion_tokens, expected.tokens_out.likely, 0.2)
    assert within(stats.prompt_tokens, expected.tokens_in)


@pytest.mark.parametrize("plan", mostly_slow(PLANS, PLANS[1:]))
@pytest.mark.parametrize("dilemma", PAPERS)
def test_a_model_that_answers_at_random_stays_within_the_forecast(
    dilemma: str, plan: str, tmp_path: Path
) -> None:
    with answered() as server:
        manifest = society(dilemma, mind=f"{server.url}#fake")
        expected = forecast(manifest, ROUNDS, plan=plan)
        stats = spent(server, manifest, plan, tmp_path).stats
    assert within(stats.received, expected.calls)
    assert within(stats.prompt_tokens, expected.tokens_in)
    assert within(stats.completion_tokens, expected.tokens_out)


def within(found: int, span: Estimate[int]) -> bool:
    return span.low <= found <= span.high


# What is said ----------------------------------------------------------------------------------


def expected(**limits: Any) -> Forecast:
    return forecast(society(), 4, terms=Terms(Allowance(**limits), PRICES))


@pytest.mark.slow
def test_parts_add_up_to_the_whole() -> None:
    whole = expected()
    for name in ("calls", "tokens_in", "tokens_out"):
        for case in ("low", "likely", "high"):
            all_of_it = getattr(getattr(whole, name), case)
            for parts_of_it in (whole.operations, whole.models):
                assert sum(getattr(getattr(o, name), case) for o in parts_of_it) == all_of_it
    assert sum(whole.calls_by_round) == whole.calls.likely
    assert sum(whole.waits_by_round) == whole.waits.likely


@pytest.mark.slow
def test_low_is_less_than_likely_and_likely_less_than_high() -> None:
    whole = expected()
    assert whole.cost is not None
    for span in (whole.calls, whole.tokens_in, whole.tokens_out, whole.cost, whole.seconds):
        assert span.low <= span.likely < span.high


@pytest.mark.slow
def test_the_cost_is_that_of_the_tokens() -> None:
    whole = expected()
    assert whole.cost is not None
    tokens = whole.tokens_in.likely + 2 * whole.tokens_out.likely
    assert whole.cost.likely == pytest.approx(tokens / 1e6, rel=0.01)
    assert whole.models[0].prices == "me"


@pytest.mark.slow
def test_the_time_is_that_of_the_longest_chain_of_answers() -> None:
    whole = forecast(society(), 4, latency=3)
    assert whole.seconds is not None
    assert whole.seconds.likely == 3 * whole.waits.likely
    assert whole.longest.likely == max(whole.waits_by_round) <= 17


@pytest.mark.slow
@pytest.mark.parametrize(
    ("limits", "seconds"),
    [
        ({"requests_per_minute": 1}, lambda whole: 60 * whole.calls.likely),
        ({"concurrency": 1}, lambda whole: 2 * whole.calls.likely),
        (
            {"tokens_per_minute": 100},
            lambda whole: 0.6 * (whole.tokens_in.likely + whole.tokens_out.likely),
        ),
    ],
)
def test_a_limit_makes_it_take_longer(
    limits: dict[str, int], seconds: Callable[[Forecast], float]
) -> None:
    whole = expected(**limits)
    assert whole.seconds.likely == pytest.approx(seconds(whole), abs=0.1)


def a_run(folder: Path) -> tuple[str, Path]:
    """Let a server that takes its time be asked; return the model's name and the run file."""
    with language.served(latency=0.05) as server:
        model = f"{server.url}#slow"
        return model, language.played(folder, language.company(model, n=2, treatment="none"))


@pytest.mark.slow
def test_the_pace_of_a_model_is_what_a_run_measured(tmp_path: Path) -> None:
    model, path = a_run(tmp_path)
    whole = forecast(society(mind=model), 4, files=[path])
    (told,) = [each for each in whole.assumptions if each.startswith("seconds to an answer")]
    assert f"as measured in {path.parent}" in told or "as measured in a, of" in told
    assert whole.seconds is not None
    assert 0.05 <= whole.seconds.likely / whole.waits.likely < 2.0
    assert whole.seconds.low < whole.seconds.likely < whole.seconds.high


def test_every_kind_of_question_is_timed_by_the_newest_run_that_has_it(tmp_path: Path) -> None:
    with language.served(latency=0.05) as server:
        model = f"{server.url}#slow"
        asking = language.company(model, n=2, treatment="none")
        old = language.played(tmp_path / "old", asking, plan=COMPACT)
        new = language.played(tmp_path / "new", asking, plan=FAITHFUL)
    found = measured(model, [new, old])
    assert found is not None
    assert {"ChooseMove", "TakeStock", "Reflect"} <= found.by_operation.keys()
    assert str(found).count("of ") == 1


@pytest.mark.slow
def test_what_is_said_of_the_pace_comes_before_what_was_measured(tmp_path: Path) -> None:
    model, path = a_run(tmp_path)
    whole = forecast(society(mind=model), 4, files=[path], latency=3)
    assert whole.seconds is not None
    assert whole.seconds.likely == 3 * whole.waits.likely


@pytest.mark.slow
def test_the_pace_of_a_model_on_this_machine_is_never_made_up() -> None:
    whole = forecast(society(mind="smollm2"), 4)
    assert whole.seconds is None
    assert "repunet doctor --model smollm2 measures it" in whole.assumptions[-1]
    assert expected().assumptions[-1].endswith("which is assumed, not measured")


@pytest.mark.slow
@pytest.mark.parametrize(("slots", "at_once"), [(None, 1), (3, 3)])
def test_the_slots_of_a_model_on_this_machine_bound_its_pace(
    slots: int | None, at_once: int
) -> None:
    terms = Terms(Allowance(slots=slots))
    whole = forecast(society(mind="smollm2", n=12), 4, latency=10, terms=terms)
    assert whole.seconds is not None
    bounds = 10 * whole.calls.likely / at_once, 10 * whole.waits.likely
    assert whole.seconds.likely == pytest.approx(max(bounds), abs=0.1)


def test_only_what_a_language_model_decides_is_counted() -> None:
    shared = {"*": "embedded", "operation:TellGossip": GPT}
    named = {key: {"name": mind, "given": mind} for key, mind in shared.items()}
    whole = forecast(replace(society(), minds=named), ROUNDS)
    assert [each.operation for each in whole.operations] == ["TellGossip"]
    assert whole.waits.likely <= 2 * ROUNDS


def test_without_a_language_model_it_is_said_of_one_whose_price_nobody_knows() -> None:
    whole = forecast(society(mind="embedded"), 2)
    assert (whole.models[0].model, whole.cost) == (A_MODEL, None)
    assert whole.calls == forecast(society(), 2).calls
    assert "no mind is a language model" in whole.assumptions[0]


@pytest.mark.slow
def test_caps_that_are_too_low_are_warned_of() -> None:
    assert not expected(max_calls=10**6).warnings
    assert "--max-calls 10 is likely too little" in expected(max_calls=10).warnings[0]
    (unknown,) = forecast(
        society(mind="http://127.0.0.1:9/v1#m"), 1, terms=Terms(Allowance(budget=5.0))
    ).warnings
    assert "--prices" in unknown


@pytest.mark.slow
def test_a_large_society_is_sampled_and_comes_to_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = forecast(society(), ROUNDS)
    monkeypatch.setattr("repunet.planning.rehearsal.RENDERED", 15)
    sampled = forecast(society(), ROUNDS)
    assert sampled.calls == whole.calls
    assert near(sampled.tokens_in.likely, whole.tokens_in.likely, 0.05)
    assert near(sampled.tokens_out.likely, whole.tokens_out.likely, 0.05)


@pytest.mark.parametrize("wrong", [{"rounds": 0}, {"latency": 0.0}])
def test_what_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        forecast(society(), **{"rounds": 1, **wrong})


# The command -----------------------------------------------------------------------------------


def test_the_command_says_what_a_run_will_take(capsys: pytest.CaptureFixture[str]) -> None:
    short = ("pd", "--agents", "4", "--rounds", "2")
    assert execute(["plan", *short, "--model", GPT, "--operations"]) == 0
    page = capsys.readouterr().out
    assert all(word in page for word in (GPT, "calls", "tokens in", "cost", "ReviseSelfImage"))
    assert execute(["plan", *short]) == 0
    assert "unknown" in capsys.readouterr().out


@pytest.mark.slow
def test_names_of_operations_stay_whole_on_a_narrow_page(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console, "_width", 80)
    planned = ["plan", "pd", "--agents", "6", "--rounds", "6", "--model", GPT, "--operations"]
    assert execute([*planned, "--json"]) == 0
    names = [each["operation"] for each in json.loads(capsys.readouterr().out)["operations"]]
    assert execute(planned) == 0
    first = [line.partition(" ")[0] for line in capsys.readouterr().out.splitlines()]
    assert set(names) <= set(first)


@pytest.mark.parametrize(
    "wrong",
    [("pdd",), (), ("pd", "--latency", "0"), ("pd", "--latency", "nan"), ("pd", "--rounds", "0")],
)
def test_the_command_refuses_what_can_not_be(
    wrong: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute(["plan", *wrong]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
