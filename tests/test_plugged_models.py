"""Models of plug-ins, and as objects: asked, kept, paid for and bounded as those we know are."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from installing import installed

import repunet
from repunet.cli import execute
from repunet.errors import Stopped, UsageError
from repunet.fake_llm.example import SchemaInstance
from repunet.minds.language import client
from repunet.minds.router import is_language, make_mind, require_language
from repunet.models.endpoint import is_provider, providers
from repunet.models.failure import Content, Permanent, Unsupported
from repunet.models.request import OutputMode, Reply, Request, Usage

ROOT = Path(__file__).parents[1]
PROJECT = ROOT / "examples" / "rule_model"
SHORT = {"agents": 4, "rounds": 1, "seed": 1}
KEY = "sk-of-nobody-1234"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("REPUNET_STORAGE", raising=False)
    monkeypatch.setattr(client, "FIRST_DELAY", 0.01)
    return tmp_path


@pytest.fixture
def plugged(tmp_path: Path) -> Iterator[None]:
    with installed(PROJECT, tmp_path / "site"):
        yield


class Model:
    """Model whose answers are valid, but for what a test lets happen first."""

    name = "of-a-test"

    def __init__(self, first: Callable[[Request, OutputMode, str], Any] | None = None) -> None:
        self.first = first
        self.asked: list[tuple[Request, OutputMode, str]] = []
        self.closed = 0

    async def send(self, request: Request, mode: OutputMode, at: str) -> Reply:
        self.asked.append((request, mode, at))
        said = self.first(request, mode, at) if self.first else None
        if isinstance(said, Exception):
            raise said
        if said is not None:
            return said
        return Reply(answer(request, at), usage=Usage(100, 10))

    async def close(self) -> None:
        self.closed += 1


def answer(request: Request, at: str) -> str:
    instance = SchemaInstance(request.schema, at)
    made = instance.value(request.schema)
    return json.dumps(made)


def asked(model: Model, **settings: Any) -> repunet.RunView:
    return repunet.run("pd", model=model, **{**SHORT, **settings})


def stopped(first: Callable[..., Any], **settings: Any) -> str:
    with pytest.raises(Stopped) as caught:
        asked(Model(first), **settings)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def once(said: Any) -> Callable[..., Any]:
    """Return what happens to the first request alone."""
    left = [said]
    return lambda *_: left.pop() if left else None


def last_run() -> repunet.RunView:
    (path,) = Path("runs").glob("*/run.sqlite")
    return repunet.open_run(path)


@pytest.mark.usefixtures("plugged")
def test_a_provider_of_a_plug_in_names_models_as_any_other_does() -> None:
    assert is_language("rule:small,temperature=1")
    assert is_provider("rule")
    assert "rule" in providers()
    mind = make_mind("rule:small,temperature=0.5,opinion=bad", 1)
    told = mind.describe()
    assert told["given"].startswith("rule:small,max_tokens=4096,temperature=0.5,")
    assert told["given"].endswith(",opinion=bad")
    assert (told["name"], told["about"]) == ("rule:small", {"rules": 1, "opinion": "bad"})


def test_without_its_package_there_is_no_such_provider() -> None:
    assert not is_language("rule:small")
    with pytest.raises(UsageError, match="rule:small is no language model"):
        require_language("rule:small", "")


@pytest.mark.usefixtures("plugged")
@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("rule:small,opinon=bad", 'unknown setting of rule "opinon" (did you mean "opinion"?)'),
        ("rule:small,opinion=awful", "rule:small can't be used: ValueError: opinion is one of"),
        ("rule", "'rule' needs the name of a model: rule:MODEL"),
        ("rule:small,temperature=x", "temperature takes a number from 0 to 10, not 'x'"),
    ],
)
def test_a_wrong_name_is_a_line_before_anything_is_written(
    words: str, told: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute(["run", "pd", "--agents", "4", "--model", words]) == 2
    assert told in capsys.readouterr().err
    assert not (home / "runs").exists()


@pytest.mark.usefixtures("plugged")
def test_a_run_with_it_goes_on_and_refuses_another_one() -> None:
    words = ["run", "pd", "--agents", "4", "--rounds", "1", "--quiet", "--name", "a"]
    assert execute([*words, "--model", "rule:small"]) == 0
    assert execute(["resume", "a", "--rounds", "1", "--quiet"]) == 0
    run = repunet.open_run("a")
    assert (run.round, len(run.missing())) == (2, 0)
    assert len(run.attempts()) == len(run.decisions())
    assert run.attempts().model.unique().tolist() == ["rule:small"]


@pytest.mark.usefixtures("plugged")
def test_a_plug_in_that_changed_is_drift(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    repunet.run("pd", model="rule:small", name="a", **SHORT)
    import rule_model

    monkeypatch.setattr(rule_model.RuleModel, "describe", lambda self: {"rules": 2})
    assert execute(["resume", "a", "--rounds", "1"]) == 2
    assert "its minds are not as they were" in capsys.readouterr().err
    assert execute(["resume", "a", "--rounds", "1", "--branch", "--quiet"]) == 0


@pytest.mark.usefixtures("plugged")
def test_a_key_that_a_plug_in_names_is_needed_before_anything_is_written(
    monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    import rule_model

    monkeypatch.setattr(rule_model.RuleModel, "key", "RULE_API_KEY", raising=False)
    with pytest.raises(UsageError, match="rule:small needs a key: set RULE_API_KEY"):
        repunet.run("pd", model="rule:small", **SHORT)
    assert not (home / "runs").exists()
    monkeypatch.setenv("RULE_API_KEY", KEY)
    assert repunet.run("pd", model="rule:small", **SHORT).round == 1


@pytest.mark.usefixtures("plugged")
def test_the_user_s_prices_keep_a_budget_with_it(home: Path) -> None:
    limits = {"budget": 1.0}
    with pytest.raises(UsageError, match="the price of rule:small is not known"):
        repunet.run("pd", model="rule:small", limits=limits, **SHORT)
    (home / "prices.toml").write_text('["rule:small"]\ninput = 1\noutput = 2\n')
    limits |= {"prices": "prices.toml"}
    run = repunet.run("pd", model="rule:small", limits=limits, **SHORT)
    assert run.attempts().dollars.sum() > 0


def test_an_object_is_asked_as_a_model_and_its_answers_are_kept() -> None:
    model = Model()
    run = asked(model, name="a")
    assert run.attempts().model.unique().tolist() == ["object:of-a-test"]
    assert len(model.asked) == len(run.attempts()) >= len(run.decisions())
    system, user = run.messages(1)[:2]
    assert "You are " in system.content
    assert user.content
    assert model.closed == 1


def test_a_run_goes_on_with_the_object_alone(capsys: pytest.CaptureFixture[str]) -> None:
    asked(Model(), name="a")
    assert execute(["resume", "a", "--rounds", "1"]) == 2
    told = capsys.readouterr().err
    assert "repunet.resume(RUN, minds={'of-a-test': OBJECT})" in told
    assert told.count("\n") == 1
    assert repunet.resume("a", rounds=1, minds={"of-a-test": Model()}).round == 2


def test_what_it_said_wrongly_is_repaired() -> None:
    model = Model(once(Reply("no JSON")))
    kinds = asked(model).attempts().kind.tolist()
    assert kinds.count("repair") >= 1
    (repair,) = [request for request, *_ in model.asked if len(request.messages) == 4][:1]
    assert repair.messages[2].content == "no JSON"


def test_a_format_it_does_not_know_is_asked_for_otherwise() -> None:
    model = Model(lambda _, mode, at: Unsupported("no schemas") if mode != "text" else None)
    run = asked(model)
    assert run.attempts().query("status == 'answered'").rung.unique().tolist() == ["text"]
    assert "The JSON schema of the answer:" in model.asked[-1][0].messages[-1].content


def test_a_passing_failure_is_waited_for() -> None:
    tried = asked(Model(once(ConnectionResetError("gone")))).attempts()
    assert len(tried.query("status != 'answered'")) == 1


def test_what_it_refuses_for_its_content_is_missing_and_counted() -> None:
    refused = once(Content("not that"))
    run = asked(Model(refused), limits={"concurrency": 1})
    assert len(run.missing()) <= 1
    assert "content" in run.attempts().status.tolist()


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (KeyError("x"), "KeyError: 'x'"),
        ("only a text", "send returned str, no Reply with a text"),
        (Reply("x", finish="done"), "send returned the finish 'done'"),  # type: ignore[arg-type]
        (Reply("x", usage=Usage(-1, 0)), "no Usage of tokens"),
        (Permanent("no such model"), "no such model"),
        (Unsupported("no temperature", parameter="temperature"), "no temperature"),
    ],
)
def test_a_broken_transport_stops_the_run_in_a_line_and_nothing_is_lost(
    said: Any, told: str
) -> None:
    why = stopped(lambda *_: said, name="a")
    assert told in why
    assert "object:of-a-test does not answer" in why
    assert repunet.resume("a", minds={"of-a-test": Model()}).round == 1


def test_a_key_in_what_it_says_is_kept_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANY_API_KEY", KEY)
    assert KEY not in stopped(lambda *_: RuntimeError(f"refused {KEY}"), name="a")
    said = Reply(f"it is {KEY}", served=KEY, id=KEY)
    asked(Model(once(said)), name="b")
    for run in ("a", "b"):
        assert KEY.encode() not in Path("runs", run, "run.sqlite").read_bytes()


def test_two_models_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="two minds are called 'of-a-test'"):
        repunet.run("pd", model=Model(), minds={"role:player": Model()}, **SHORT)


def test_an_object_that_describes_itself_badly_is_refused() -> None:
    model = Model()
    model.describe = lambda: {"not": {1, 2}}  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match=r"Model.describe\(\) has to return a dict of JSON values"):
        asked(model)


def test_a_provider_that_can_t_be_imported_is_named_and_all_else_works(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "pyproject.toml").write_text(
        '[project]\nname = "broken"\nversion = "1"\n'
        '[project.entry-points."repunet.models"]\nbroken = "no_such_module:Model"\n'
        '[project.entry-points."repunet.minds"]\nbroken-mind = "no_such_module:mind"\n'
    )
    with installed(broken, tmp_path / "site"):
        words = ["run", "pd", "--agents", "4", "--rounds", "1", "--quiet"]
        for option, name in (("--model", "broken:x"), ("--mind", "broken-mind")):
            assert execute([*words, option, name]) == 2
            told = capsys.readouterr().err
            assert "can't be used: ModuleNotFoundError" in told
            assert told.count("\n") == 1
        assert execute(words) == 0
