"""The doctor: whether a language model can be used, how, and what to do if it can't."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple

import pytest
from language_societies import at, company, hasty, missing, played, served
from patience import PATIENCE

from repunet.cli import execute
from repunet.cli.printing.advice import advice, notes
from repunet.errors import RepuNetError
from repunet.fake_llm.faults import Faults
from repunet.models.endpoint import Endpoint
from repunet.models.request import Sampling
from repunet.models.servers import About, least_cached
from repunet.planning import endpoint_check as examination
from repunet.planning.endpoint_check import Examination, ExaminedRequest
from repunet.record.attempts import ANSWERED

ASKED = examination.ASKED
"""Questions, one for each agent."""
URL_OF_NOBODY = "http://127.0.0.1:9/v1#x"
FORMAT = "holds answers to a format"


class Found(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.out)
        return found


Doctor = Callable[..., Found]


@pytest.fixture
def doctor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> Doctor:
    monkeypatch.chdir(tmp_path)

    def examine(*words: str, model: str = "vllm:fake") -> Found:
        code = execute(["doctor", "--model", model, *words])
        return Found(code, *capsys.readouterr())

    return examine


def test_a_model_that_can_be_used_is_said_to_be(doctor: Doctor) -> None:
    with served() as server:
        found = doctor()
        assert server.stats.received == ASKED
    assert (found.code, found.err) == (0, "")
    for words in ("use it", "reachable", "vllm:fake", server.url, "none set", "$0 in, $0 out"):
        assert words in found.out


@pytest.mark.parametrize(
    ("mode", "refused", "format"),
    [
        ("honour", 0, "yes: answers are held to the JSON schema"),
        ("reject-bounds", 1, "yes, without lengths and bounds"),
        ("reject-schema", 2, "JSON only; the schema is put into the prompt"),
        ("reject", 3, "no; the schema is put into the prompt"),
        ("reject-500", 6, "no; the schema is put into the prompt"),
    ],
)
def test_how_a_server_wants_to_be_asked_is_found_out(
    mode: str, refused: int, format: str, doctor: Doctor
) -> None:
    with served(response_format=mode) as server:
        found = doctor("--json")
        assert server.stats.received <= refused + ASKED
    assert found.code == 0
    assert found.json["format"].startswith(format)


def test_a_server_that_takes_any_format_and_keeps_to_none_can_be_used(doctor: Doctor) -> None:
    with served(response_format="ignore"):
        found = doctor("--json")
    assert (found.code, found.json["usable"]) == (0, True)
    assert "schema is put into the prompt" in found.json["format"]


@pytest.mark.parametrize("parameter", ["temperature", "max_tokens"])
def test_a_parameter_that_is_not_known_is_no_obstacle(parameter: str, doctor: Doctor) -> None:
    with served(reject_parameters=(parameter,)):
        found = doctor("--json")
    assert found.json["usable"]
    assert parameter in found.json["problems"][0]


@pytest.mark.parametrize(
    "habit",
    [
        {},
        {"response_format": "ignore"},
        {"response_format": "reject"},
        {"reject_parameters": ("temperature", "top_p")},
        {"answers": lambda body, headers: "Let me think about that."},
        {"answers": lambda body, headers: '{"move": "dance"}'},
    ],
)
def test_the_doctor_says_what_a_run_finds(
    habit: dict[str, Any], doctor: Doctor, tmp_path: Path
) -> None:
    with served(**habit), hasty():
        usable = doctor("--json").json["usable"]
        try:
            missed = missing(played(tmp_path, company(n=2, treatment="none")))
        except RepuNetError:
            missed = ["all"]
    assert usable is (missed == [])


def test_the_doctor_says_what_it_asked_and_what_was_answered(doctor: Doctor) -> None:
    with served(latency=0.05, reject_parameters=("temperature",)):
        found = doctor("--json").json
    assert found["asked"] == "pd ChooseMove"
    assert json.loads(found["answer"])["move"] in ("cooperate", "defect")
    assert found["latency"] >= 0.05
    assert found["dropped"] == ["temperature"]


def told(text: str, taken: int, cached: int) -> dict[str, Any]:
    """Return what a server says that counts what it has read before."""
    usage = {"prompt_tokens": taken, "completion_tokens": 9}
    return {
        "choices": [{"message": {"content": text}, "finish_reason": "stop"}],
        "usage": usage | {"prompt_tokens_details": {"cached_tokens": cached}},
    }


class Counting(BaseHTTPRequestHandler):
    """A server with a cache for prompts, and a page about it."""

    protocol_version = "HTTP/1.1"
    cached, block, template = 0, 16, "{{ .System }}{{ .Prompt }}"

    def do_POST(self) -> None:
        asked = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/api/show":
            self.say({"template": self.template})
        else:
            assert b"move" in asked
            self.say(told('{"move": "defect", "reason": "It pays."}', 400, self.cached))

    def do_GET(self) -> None:
        self.say(f'vllm:cache_config_info{{a="1",block_size="{self.block}",b="2"}} 1.0\n')

    def say(self, what: Any) -> None:
        body = (what if isinstance(what, str) else json.dumps(what)).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: Any) -> None:
        """Say nothing."""


@contextmanager
def counting(**settings: Any) -> Iterator[str]:
    kind = type("Counting", (Counting,), settings)
    with ThreadingHTTPServer(("127.0.0.1", 0), kind) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/v1"
        server.shutdown()
        thread.join()


def test_the_share_of_a_prompt_that_was_read_before_is_told(doctor: Doctor) -> None:
    with counting(cached=300) as url, at(url):
        found = doctor("--json").json
        assert (found["cached"], found["notes"]) == (0.75, [])
        assert "75% of the prompt" in doctor().out


@pytest.mark.parametrize(
    ("settings", "note"),
    [
        ({"block": 528}, "less than a block of its cache, of 528"),
        ({"block": 16}, "with --enable-prompt-tokens-details it does"),
    ],
)
def test_why_nothing_is_taken_from_a_cache_is_told(
    settings: dict[str, Any], note: str, doctor: Doctor
) -> None:
    with counting(**settings) as url, at(url):
        (found,) = doctor("--json").json["notes"]
    assert note in found
    assert "tokens with which the prompts of all agents begin" in found


@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("openai:gpt-4o-mini", 1024),
        ("anthropic:claude-haiku-4-5", 4096),
        ("anthropic:claude-opus-5", 512),
        ("anthropic:claude-sonnet-4-5", 1024),
        ("bedrock:anthropic.claude-haiku-4-5-20251001-v1:0", 4096),
        ("google:gemini-2.5-flash", 1024),
        ("mistral:mistral-small", None),
    ],
)
def test_how_long_prompts_must_be_for_a_providers_cache_is_known(
    name: str, least: int | None
) -> None:
    provider, _, model = name.partition(":")
    assert least_cached(Endpoint(provider, model, None, Sampling())) == least


def test_prompts_too_short_for_a_providers_cache_are_told() -> None:
    trial = ExaminedRequest("schema", ANSWERED, "", (), 1.0, "{}", 900, 0, 9, False, None)
    found = Examination((trial, trial), True, "", 0.6)
    (note,) = notes(Endpoint("openai", "gpt-4o", None, Sampling()), found, About())
    assert note.startswith("the 540 tokens with which the prompts of all agents begin are too few")


@pytest.mark.parametrize(
    ("template", "told"), [("{{ .Prompt }}", 1), ("{{ .System }} {{ .Prompt }}", 0)]
)
def test_a_base_model_of_ollama_is_told(
    template: str, told: int, doctor: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    with counting(template=template, cached=300) as url:
        monkeypatch.setenv("OLLAMA_API_BASE", url)
        found = doctor("--json", model="ollama:llama3-text").json["notes"]
    assert sum("a base model" in note for note in found) == told


def test_a_server_that_lacks_a_template_is_said_to_have_a_base_model(doctor: Doctor) -> None:
    why = "default chat template is no longer allowed, so you must provide a chat template"
    trial = ExaminedRequest(
        "schema", "permanent", f"400: {why}", (), None, "", None, 0, None, False, None
    )
    found = Examination((trial,), False, why, 0.6)
    assert "base model" in advice(Endpoint("vllm", "opt-125m", None, Sampling()), found)


def test_a_slow_model_is_not_simply_said_to_be_usable(doctor: Doctor) -> None:
    trial = ExaminedRequest("schema", ANSWERED, "", (), 30.0, "{}", 900, 0, 9, False, None)
    found = Examination((trial, trial), True, "", 0.6)
    said = advice(Endpoint("vllm", "big", None, Sampling()), found)
    assert "slow" in said
    assert "--model vllm:big --latency 30" in said


def test_a_dead_endpoint_is_found_out_quickly(doctor: Doctor) -> None:
    began = time.monotonic()
    found = doctor("--json", model=URL_OF_NOBODY)
    assert time.monotonic() - began < PATIENCE
    assert (found.code, found.json["reachable"]) == (1, False)
    assert len(found.json["problems"]) <= 2
    assert "nobody answers at that address" in found.err
    assert "is it running?" in found.json["advice"]
    assert "/v1" in found.json["advice"]
    assert found.json["usage"] is None


def test_a_server_that_never_answers_is_given_up(doctor: Doctor) -> None:
    began = time.monotonic()
    with served(faults=Faults(hang=1.0)) as server:
        found = doctor("--json", "--timeout", "0.2")
        assert server.stats.received <= 2
    assert time.monotonic() - began < PATIENCE
    assert (found.code, found.json["usable"]) == (1, False)
    assert "no answer in" in found.err


def test_a_wrong_key_is_not_told_to_anybody(
    doctor: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLM_API_KEY", "sk-wrong-and-secret")
    with served(key="sk-right") as server:
        found = doctor("--json", model=f"{server.url}#fake")
        assert server.stats.received == 1
    assert found.code == 1
    assert found.json["key"] == "from LLM_API_KEY"
    assert "the key is not accepted (401)" in found.err
    assert found.json["reachable"]
    assert found.json["advice"] == "set LLM_API_KEY to a key that it accepts"
    assert "secret" not in found.out + found.err


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "inf"])
def test_a_time_that_is_none_is_refused(seconds: str, doctor: Doctor) -> None:
    found = doctor("--timeout", seconds)
    assert (found.code, found.out) == (2, "")
    assert "--timeout takes seconds, more than 0" in found.err
    assert len(found.err.splitlines()) == 1


def test_a_problem_is_told_once_and_the_error_is_short(doctor: Doctor) -> None:
    found = doctor(model=URL_OF_NOBODY)
    assert found.out.count("nobody answers at that address") == 1
    assert found.err == f"repunet: {URL_OF_NOBODY} can't be used: nobody answers at that address\n"
    assert "counts tokens" not in found.out


@pytest.mark.parametrize("slots", ["0", "-1"])
def test_a_fake_server_without_slots_is_refused(slots: str, capsys: Any) -> None:
    assert execute(["fake-llm", "--slots", slots]) == 2
    assert "--slots takes a whole number, at least 1" in capsys.readouterr().err


def test_a_missing_key_is_named(doctor: Doctor) -> None:
    found = doctor(model="openai:gpt-4o-mini")
    assert (found.code, found.out) == (2, "")
    assert "set OPENAI_API_KEY" in found.err


def test_an_unknown_model_is_named(doctor: Doctor) -> None:
    with served(models=("mine",)) as server:
        found = doctor("--json")
        assert server.stats.received == 1
    assert found.code == 1
    assert "'fake' or its URL is not known there (404)" in found.err
    assert found.json["reachable"]
    assert "the name of the model, 'fake'" in found.json["advice"]
    assert "/v1" in found.json["advice"]
    assert not any("schema" in problem for problem in found.json["problems"])


def test_a_model_that_only_chats_can_not_be_used(doctor: Doctor) -> None:
    with served(faults=Faults(garbage=1.0)) as server:
        found = doctor("--json")
        assert server.stats.received <= 6
    assert (found.code, found.json["reachable"], found.json["usable"]) == (1, True, False)
    assert "try a larger model" in found.json["advice"]
    assert "it does not answer as asked for" in found.err
    assert found.json["problems"][0].startswith("asked for a JSON schema: ")


@pytest.mark.slow
def test_a_server_that_is_broken_is_said_to_be(doctor: Doctor) -> None:
    with served(faults=Faults(server_error=1.0)):
        found = doctor("--json")
    assert (found.code, found.json["reachable"]) == (1, True)
    assert "can't be used: it" in found.err
    assert len(found.json["problems"]) == len(set(found.json["problems"]))


@pytest.mark.slow
def test_a_busy_server_is_not_said_to_be_wrong(doctor: Doctor) -> None:
    with served(faults=Faults(rate_limited=1.0)) as server:
        found = doctor()
        assert server.stats.received <= 12
    assert found.code == 1
    assert "429" in found.err
    assert "ask again later" in found.out
    assert "check the URL" not in found.out + found.err
    assert "counts tokens" not in found.out


def test_a_server_that_counts_no_tokens_is_reported(doctor: Doctor) -> None:
    with served(usage=False):
        assert "no: they will be estimated" in doctor().out
        assert doctor("--json").json["usage"] is False


def test_a_price_is_known_only_if_somebody_says_so(doctor: Doctor, tmp_path: Path) -> None:
    prices = tmp_path / "prices.toml"
    prices.write_text("[fake]\ninput = 0.5\noutput = 2\n")
    with served() as server:
        unknown = doctor("--json", model=f"{server.url}#fake").json["price"]
        known = doctor("--json", "--prices", str(prices), model=f"{server.url}#fake").json["price"]
    assert unknown.startswith("not known to genai-prices")
    assert known == "$0.5 in, $2 out per million (prices.toml)"


def test_what_the_environment_says_is_examined(
    doctor: Doctor, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    with served() as server:
        monkeypatch.setenv("LLM_MODEL", "fake")
        assert execute(["doctor", "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["url"] == server.url


@pytest.mark.parametrize("model", ["embedded", "human", "nonsense", "vllm"])
def test_what_is_no_language_model_is_refused(model: str, doctor: Doctor) -> None:
    found = doctor(model=model)
    assert (found.code, found.out) == (2, "")
    assert len(found.err.splitlines()) == 1


def test_without_a_model_there_is_nothing_to_examine(capsys: Any) -> None:
    assert execute(["doctor"]) == 2
    assert "say which: --model" in capsys.readouterr().err
