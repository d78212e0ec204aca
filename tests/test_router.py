"""Which mind decides for which agent, and the minds that answer by chance."""

from collections import Counter
from dataclasses import fields, replace
from typing import Any

import pytest
from societies import (
    ARMS,
    FULL,
    MINDS,
    MIXED,
    TREATMENTS,
    Asked,
    dilemmas,
    everyone,
    founded,
    mostly_slow,
    play,
    run,
)

from repunet.errors import RepuNetError, UsageError
from repunet.minds.chance import ChanceMind
from repunet.minds.default import default_mind
from repunet.minds.embedded.model.parameters import BOUNDS, Parameters
from repunet.minds.fusing import Fusing
from repunet.minds.limited import Limited
from repunet.minds.recorded import Recorded
from repunet.minds.router import (
    MindRouter,
    MindSpec,
    assign,
    is_language,
    make_mind,
    mind_names,
    mind_router,
    require_language,
)
from repunet.minds.scripted import STRATEGIES
from repunet.questions import operations as ops
from repunet.questions.batched import BatchedQuestions
from repunet.questions.mind import InvalidAnswer, Mind
from repunet.runs.run import found
from repunet.scenarios import Scenario
from repunet.simulation import Simulation
from repunet.world.population import population
from repunet.world.society import Society

PEOPLE = population(7, "pd")


def test_every_mind_that_is_named_can_be_made() -> None:
    assert set(mind_names()) >= {"embedded", "chance", "replay", *STRATEGIES}
    for name in MINDS:
        made = make_mind(name, 1)
        assert made.name == made.describe()["name"] == name


def test_a_mind_is_written_as_a_name_a_variant_and_settings() -> None:
    spec = MindSpec.parse("embedded:sharp,slur=0.2,jitter=0")
    assert (spec.name, spec.variant) == ("embedded", "sharp")
    assert spec.settings == {"slur": "0.2", "jitter": "0"}
    assert str(spec) == "embedded:sharp,slur=0.2,jitter=0"


@pytest.mark.parametrize("text", ["embedded,slur", "embedded,=3", "embedded,slur="])
def test_a_setting_needs_a_name_and_a_value(text: str) -> None:
    with pytest.raises(UsageError, match="name=value"):
        MindSpec.parse(text)


@pytest.mark.parametrize("text", ["tit-for-tat:twice", "chance,luck=1", "grudger,memory=3"])
def test_a_plain_mind_takes_no_settings(text: str) -> None:
    with pytest.raises(UsageError, match="no variants or settings"):
        make_mind(text, 1)


def test_an_unknown_mind_is_a_usage_error_that_suggests_one() -> None:
    with pytest.raises(UsageError, match='did you mean "embedded"'):
        make_mind("embeded", 1)


def test_minds_are_assigned_by_id_or_by_name() -> None:
    assigned = assign(("embedded", "A01=chance", f"{PEOPLE[1].name}=grudger"), PEOPLE)
    assert assigned == {"*": "embedded", "A01": "chance", "A02": "grudger"}


def test_a_mind_with_settings_can_be_for_everyone_or_for_one() -> None:
    assigned = assign(("embedded,slur=0.2", "A01=embedded:sharp,slur=0.3"), PEOPLE)
    assert assigned == {"*": "embedded,slur=0.2", "A01": "embedded:sharp,slur=0.3"}


@pytest.mark.parametrize("name", ["a=b", "Ash, Ann", "Ann=chance", "x,slur=0.2", "a==", "=a"])
def test_a_name_may_hold_what_separates_names_from_minds(name: str) -> None:
    people = [replace(PEOPLE[0], name="Ann"), replace(PEOPLE[1], name=name)]
    assigned = assign(("embedded,slur=0.2", f"{name}=embedded,slur=0.3", "Ann=chance"), people)
    assert assigned == {"*": "embedded,slur=0.2", "A02": "embedded,slur=0.3", "A01": "chance"}


URL = "http://127.0.0.1:8000/v1#name"
QUERY = "https://x.example/openai/v1?api-version=2#name"


@pytest.mark.parametrize("mind", [URL, QUERY, "openai:gpt=4"])
def test_a_model_may_hold_what_separates_names_from_minds(mind: str) -> None:
    name = PEOPLE[0].name
    assigned = assign((mind, f"{name}={mind}", f"role:player={mind}"), PEOPLE)
    assert assigned == {"*": mind, "A01": mind, "role:player": mind}
    with pytest.raises(UsageError, match=f'did you mean "{name}"'):
        assign((f"{name}s={mind}",), PEOPLE)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("role:trustee=chance", 'unknown role "trustee"'),
        ("role:plaier=chance", 'did you mean "player"'),
        ("operation:TelGossip=chance", 'did you mean "TellGossip"'),
        ("operation:=chance", 'unknown operation ""'),
        ("role:player", "takes a mind: role:player=embedded"),
    ],
)
def test_a_mind_is_for_a_role_or_operation_that_is_there(text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        assign((text,), PEOPLE, ("player",), ("TellGossip", "Reflect"))


@pytest.mark.parametrize("mind", ["embedded", "chance", "gpt-4o", "openai", "openai:", "x:y"])
def test_a_language_model_is_named_by_its_provider_and_its_name(mind: str) -> None:
    assert is_language("ollama:qwen3:8b")
    assert is_language(URL)
    with pytest.raises(UsageError, match=r"language model|the name of a model"):
        require_language(mind, "--mind it")


ENVIRONMENTS = {
    "": "embedded",
    "LLM_MODEL=": "embedded",
    "LLM_MODEL=gpt-4o": "openai:gpt-4o",
    "LLM_MODEL=qwen3:8b": "openai:qwen3:8b",
    "LLM_MODEL=ollama:qwen3:8b": "ollama:qwen3:8b",
    "LLM_API_BASE=http://h:1/v1/": "http://h:1/v1#gpt-4o-mini",
    "LLM_API_BASE=https://h/v1 LLM_MODEL=ollama:x": "https://h/v1#ollama:x",
}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_environment_may_name_a_model(environment: str) -> None:
    environ = dict(pair.split("=", 1) for pair in environment.split())
    assert default_mind(environ) == ENVIRONMENTS[environment]


@pytest.mark.parametrize("base", ["localhost:8000", "ftp://h", "http://", "http://a b"])
def test_a_server_has_an_address(base: str) -> None:
    with pytest.raises(UsageError, match="LLM_API_BASE is the address of a server"):
        default_mind({"LLM_API_BASE": base})


@pytest.mark.parametrize(
    ("word", "means"), [("mirror", None), ("fixed:0.5", 0.5), ("0.5", 0.5), ("1", 1.0)]
)
def test_observability_is_mirrored_or_fixed(word: str, means: float | None) -> None:
    described = make_mind(f"embedded,observability={word}", 1).describe()
    assert described["parameters"]["observability"] == means


@pytest.mark.parametrize("word", ["mirror", "fixed:3", "inf", "nan", "1e999"])
def test_any_other_parameter_is_a_plain_number(word: str) -> None:
    for name in ("precision", "passed_on_from"):
        with pytest.raises(UsageError, match=f"{name} takes a number"):
            make_mind(f"embedded,{name}={word}", 1)


def test_every_bound_is_of_a_parameter_and_weights_have_none() -> None:
    bound = [name for _, _, names in BOUNDS for name in names.split()]
    assert len(bound) == len(set(bound))
    assert set(bound) < {each.name for each in fields(Parameters)}
    assert make_mind("embedded,gossip_bias=-3,selfish_kind=-7,sociability=-1", 1)


@pytest.mark.parametrize("word", mostly_slow(["-1", "0", "0.5", "1", "2", "100"], ["0.5"]))
@pytest.mark.parametrize("name", [each.name for each in fields(Parameters)])
def test_a_mind_that_is_accepted_plays(name: str, word: str) -> None:
    try:
        mind = everyone(f"embedded,{name}={word}")
    except UsageError:
        return
    for dilemma in dilemmas():
        play(mind, founded(dilemma=dilemma, n=6), 3)


@pytest.mark.parametrize(
    ("texts", "says"),
    [
        (("embedded", "A99=chance"), "unknown agent"),
        (("embedded", "chance"), "a mind for that already"),
        (("embedded", "A01=chance", f"{PEOPLE[0].name}=grudger"), "a mind for that already"),
    ],
)
def test_an_agent_has_one_mind(texts: tuple[str, ...], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        assign(texts, PEOPLE)


def test_everyone_decides_with_its_own_mind() -> None:
    game = play(everyone("cooperator", "A01=defector", people=PEOPLE), founded(n=7), 3)
    moves = {(a.at.actor == "A01", a.answer.move) for a in game.asked if "Move" in a.at.operation}
    assert moves == {(True, "defect"), (False, "cooperate")}


def moves(*texts: str, dilemma: str = "pd") -> dict[tuple[str, str], set[str]]:
    """Return what was answered, by operation and agent, where minds are mixed."""
    game = play(everyone(*texts, people=PEOPLE), founded(dilemma=dilemma, n=7), 3)
    answers: dict[tuple[str, str], set[str]] = {}
    for each in game.asked:
        if (move := getattr(each.answer, "move", None)) is not None:
            answers.setdefault((each.at.operation, each.at.actor), set()).add(move)
    return answers


def test_the_agent_s_mind_comes_before_the_operation_s_and_that_before_the_role_s() -> None:
    role, operation = "role:player=defector", "operation:ChooseMove=cooperator"
    by_role = moves("cooperator", role)
    assert set().union(*by_role.values()) == {"defect"}
    by_operation = moves("defector", role, operation)
    assert set().union(*by_operation.values()) == {"cooperate"}
    own = moves("embedded", role, operation, "A01=defector")
    assert own.pop(("ChooseMove", "A01")) == {"defect"}
    assert set().union(*own.values()) == {"cooperate"}


def test_a_role_s_mind_answers_in_that_role_alone() -> None:
    reasons: dict[str, set[bool]] = {"investor": set(), "trustee": set()}
    minds = everyone("embedded", "role:trustee=chance")
    for each in play(minds, founded(dilemma="investment", n=7), 3).asked:
        if (reason := getattr(each.answer, "reason", None)) is not None:
            reasons[each.operation.ego.role].add(reason == "by chance")
    assert reasons == {"investor": {False}, "trustee": {True}}


def test_minds_by_operation_are_asked_one_question_at_a_time() -> None:
    minds = Fusing(everyone("embedded", "operation:JudgeGossip=chance", "A01=chance"))
    game = play(minds, founded(n=7), 4, compact)
    fused = [each for each in game.asked if isinstance(each.operation, BatchedQuestions)]
    assert fused
    assert {each.answer for each in fused} == {None}
    judged = [a.answer for a in game.asked if isinstance(a.operation, ops.JudgeGossip)]
    assert {answer.reason for answer in judged} == {"by chance"}


def compact(society: Society, scenario: Scenario, mind: Mind) -> Simulation:
    return Simulation(society, scenario, mind, compact=True)


@pytest.mark.parametrize("text", ["role:trustee=chance", "operation:JudgeGossip=chance"])
def test_a_founding_tells_whose_minds_are_mixed(text: str) -> None:
    minds = assign(("embedded", text, "A01=grudger"), PEOPLE)
    people = population(7, "investment")
    manifest = found("investment", FULL, people, 1, minds)
    assert manifest.assigned == minds
    assert manifest.mind_of("A01") == "grudger"
    assert manifest.mind_of("A02") == "embedded + chance"
    assert manifest.mind_names == "embedded + chance + grudger"


def test_a_roster_describes_every_mind() -> None:
    minds = everyone(*MIXED)
    assert list(minds.describe()) == ["*", "A01", "A02", "A03", "A04"]
    assert minds.name == "embedded + chance + defector + tit-for-tat + embedded:sharp"
    assert minds.describe()["A01"] == {"given": "chance", "name": "chance"}


def test_agents_of_one_mind_share_it() -> None:
    minds = mind_router({"*": "embedded", "A01": "chance", "A02": "chance"}, 1)
    assert minds._own["A01"] is minds._own["A02"]


def test_wrappers_are_called_what_they_wrap() -> None:
    mind = make_mind("embedded", 1)
    for wrapped in (Limited(mind, 2), Recorded(mind), Recorded(Limited(mind, 2))):
        assert wrapped.name == mind.name
        assert wrapped.describe() == mind.describe()
        assert wrapped.immediate == mind.immediate


# Chance ------------------------------------------------------------------------------------------


WORLDS = [(d, arm) for d in dilemmas() for arm in ARMS]


@pytest.fixture(params=mostly_slow(WORLDS, [w for w in WORLDS if w[1] in TREATMENTS]), ids="/".join)
def asked(request: pytest.FixtureRequest) -> list[Asked]:
    dilemma, arm = request.param
    return play(everyone("embedded"), founded(arm, dilemma=dilemma, n=7), 6).asked


def test_chance_answers_validly_whatever_is_asked(asked: list[Asked]) -> None:
    for seed in (1, 2, 3):
        for each in asked[::4]:
            answer = run(ChanceMind(seed).answer(each.operation, each.at))
            each.operation.check(answer)
            assert type(answer) is each.operation.answer


def test_chance_asks_nothing_of_the_question_but_the_type_of_its_answer() -> None:
    game = play(everyone("embedded"), founded(n=7), 2)
    one, other = [q for q in game.asked if isinstance(q.operation, ops.DecideTie)][:2]
    mind = ChanceMind(1)
    assert run(mind.answer(one.operation, one.at)) == run(mind.answer(other.operation, one.at))


def test_chance_is_even() -> None:
    game = play(everyone("chance"), founded("no-gossip", n=20), 20)
    moves = Counter(each.answer.move for each in game.asked if "Move" in each.at.operation)
    assert moves.total() == 400
    assert 160 < moves["cooperate"] < 240


def test_an_answer_that_names_nobody_there_is_invalid() -> None:
    game = play(everyone("chance"), founded(n=7), 6)
    choosing: Any = game.questions(ops.ChooseListener)[0]
    with pytest.raises(InvalidAnswer, match="not one of the candidates"):
        choosing.check(ops.Selection("Nobody", ""))


class Reader(ChanceMind):
    """A mind that looks its answers up in a file."""

    async def answer(self, operation: Any, at: Any) -> Any:
        with open("no-such-folder/answers", encoding="utf-8") as file:
            return file.read()


def test_the_file_that_a_mind_lacks_is_said_to_be_the_minds() -> None:
    minds = MindRouter(Reader(1), {}, {"*": "reader"})
    with pytest.raises(RepuNetError, match=r"^the mind chance can't answer .*no-such-folder/ans"):
        play(minds, founded("full", n=4), rounds=1)
