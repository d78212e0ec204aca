"""The fake server: what it answers, how it fails, what it counts, and its command."""

import asyncio
import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st
from patience import PATIENCE

from repunet.cli import execute
from repunet.errors import UsageError
from repunet.fake_llm import FakeLLM, Faults, Settings, serving
from repunet.fake_llm.example import SchemaInstance, spoiled
from repunet.fake_llm.faults import IN_ANSWERS, NAMES, ON_THE_WAY
from repunet.fake_llm.settings import Latency
from repunet.models.request import SCHEMA_MARK
from repunet.models.schema_subset import lean

MOVES = ["stay silent", "testify"]
RANKED = ["A01", "A02", "A03", "A04"]
PERCENT = {"type": "integer", "minimum": 0, "maximum": 100}
TEXT = {"type": "string", "maxLength": 400}
RANKING = {"type": "array", "items": {"enum": RANKED}, "minItems": 4, "maxItems": 4}
SCHEMA = {
    "type": "object",
    "properties": {
        "reason": TEXT,
        "move": {"type": "string", "enum": MOVES},
        "partners": RANKING,
        "yes": {"type": "boolean"},
        "opinion": {
            "type": "object",
            "properties": {"text": TEXT, "very_bad": PERCENT, "bad": PERCENT},
            "required": ["text", "very_bad", "bad"],
        },
    },
    "required": ["reason", "move", "partners", "yes", "opinion"],
    "additionalProperties": False,
}
HELD = {"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMA}}
ASKED = "Do you stay silent, or testify?"


class Got(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: Any

    @property
    def message(self) -> Any:
        return self.body["choices"][0]["message"]

    @property
    def text(self) -> str:
        return str(self.message["content"])

    @property
    def finish(self) -> Any:
        return self.body["choices"][0]["finish_reason"]

    @property
    def error(self) -> Any:
        return self.body["error"]


def asks(words: Any = ASKED, **more: Any) -> dict[str, Any]:
    system = {"role": "system", "content": "You are Ann."}
    return {"model": "m", "messages": [system, {"role": "user", "content": words}], **more}


def held(words: Any = ASKED, schema: Any = SCHEMA, **more: Any) -> dict[str, Any]:
    form = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}
    return asks(words, response_format=form, **more)


def appended(words: str = ASKED, schema: Any = SCHEMA) -> str:
    return f"{words}\n\nAnswer in JSON. {SCHEMA_MARK}\n{json.dumps(schema)}"


async def post(session: aiohttp.ClientSession, url: str, body: Any, **headers: str) -> Got:
    async with session.post(f"{url}/chat/completions", json=body, headers=headers) as answer:
        return Got(answer.status, answer.headers, await answer.json())


def talk(server: FakeLLM, *bodies: Any, **headers: str) -> list[Got]:
    """Ask a server that runs elsewhere, one after the other."""

    async def all_of_them() -> list[Got]:
        async with aiohttp.ClientSession() as session:
            return [await post(session, server.url, body, **headers) for body in bodies]

    return asyncio.run(all_of_them())


def ask(body: Any, headers: Mapping[str, str] | None = None, **settings: Any) -> Got:
    with serving(Settings(**settings)) as server:
        (got,) = talk(server, body, **(headers or {}))
    return got


def faulty(body: Any, **faults: Any) -> Got:
    return ask(body, faults=Faults(**faults))


def only(fault: str) -> Faults:
    return Faults.read(f"{fault}=1")


def page(server: FakeLLM, path: str) -> Any:
    async def read() -> Any:
        root = server.url.removesuffix("/v1")
        async with aiohttp.ClientSession() as session, session.get(root + path) as answer:
            return await answer.json()

    return asyncio.run(read())


def fits(value: Any, schema: Any, root: Any) -> bool:
    """Whether a value is what a schema of our kind allows."""
    if "$ref" in schema:
        return fits(value, root["$defs"][schema["$ref"].rsplit("/")[-1]], root)
    if "anyOf" in schema:
        return any(fits(value, each, root) for each in schema["anyOf"])
    if "const" in schema or "enum" in schema:
        return value in schema.get("enum", [schema.get("const")])
    match schema["type"]:
        case "object":
            known = schema["properties"]
            return (
                isinstance(value, dict)
                and set(schema.get("required", ())) <= set(value)
                and list(value) == [name for name in known if name in value]
                and all(fits(each, known[name], root) for name, each in value.items())
            )
        case "array":
            low, high = schema.get("minItems", 0), schema.get("maxItems", 99)
            items = isinstance(value, list) and low <= len(value) <= high
            return items and all(fits(each, schema["items"], root) for each in value)
        case "string":
            low, high = schema.get("minLength", 0), schema.get("maxLength", 9999)
            return isinstance(value, str) and low <= len(value) <= high and value == value.strip()
        case "boolean":
            return isinstance(value, bool)
        case "null":
            return value is None
        case kind:
            number = type(value) is int if kind == "integer" else isinstance(value, int | float)
            low, high = schema.get("minimum", -1e9), schema.get("maximum", 1e9)
            return number and low <= value <= high


@st.composite
def bounded(
    draw: st.DrawFn, kind: str, low: str, high: str, least: int = 0, span: int = 200
) -> dict[str, Any]:
    first, second = sorted(draw(st.tuples(*[st.integers(least, least + span)] * 2)))
    kept = draw(st.sampled_from([(), (low,), (high,), (low, high)]))
    return {"type": kind} | {name: {low: first, high: second}[name] for name in kept}


INTEGERS = bounded("integer", "minimum", "maximum", -100)
CHOICES = st.lists(st.text(max_size=3), min_size=1, unique=True).map(lambda words: {"enum": words})
LISTS = bounded("array", "minItems", "maxItems", span=4)
LEAVES = st.one_of(
    INTEGERS,
    CHOICES,
    bounded("string", "minLength", "maxLength"),
    bounded("number", "minimum", "maximum", -100),
    st.sampled_from([{"type": "boolean"}, {"type": "null"}, {"$ref": "#/$defs/Self"}]),
    st.integers().map(lambda value: {"const": value}),
)


def records(parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    named = st.dictionaries(st.text("abcde", min_size=1), parts, max_size=4)
    return named.map(lambda known: {"type": "object", "properties": known})


SCHEMAS = st.recursive(
    LEAVES,
    lambda parts: st.one_of(
        records(parts),
        st.builds(lambda bounds, items: bounds | {"items": items}, LISTS, parts),
        st.lists(parts, min_size=1, max_size=3).map(lambda several: {"anyOf": several}),
    ),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def server() -> Iterator[FakeLLM]:
    with serving() as server:
        yield server


def test_an_answer_has_openai_s_format(server: FakeLLM) -> None:
    (got,) = talk(server, held())
    assert (got.status, got.finish, got.message["refusal"]) == (200, "stop", None)
    assert got.body.keys() == {"id", "object", "created", "model", "choices", "usage"}
    assert (got.body["object"], got.body["model"]) == ("chat.completion", "repunet-fake-llm:m")
    usage = got.body["usage"]
    assert usage["completion_tokens"] == -(-len(got.text) // 4)
    assert usage["prompt_tokens"] == -(-len("You are Ann." + ASKED) // 4)
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]


def test_it_fits_the_schema(server: FakeLLM) -> None:
    for got in talk(server, *(held(f"{ASKED} {number}") for number in range(20))):
        value = json.loads(got.text)
        assert fits(value, SCHEMA, SCHEMA)
        assert sorted(value["partners"]) == RANKED


def test_different_questions_are_answered_in_all_ways(server: FakeLLM) -> None:
    texts = [got.text for got in talk(server, *(held(f"Round {n}") for n in range(30)))]
    values = list(map(json.loads, texts))
    assert len(set(texts)) == 30
    assert {value["move"] for value in values} == set(MOVES)
    assert {value["yes"] for value in values} == {True, False}
    assert len({tuple(value["partners"]) for value in values}) > 8


def test_values_are_the_same_on_every_rung(server: FakeLLM) -> None:
    (plain, *others) = talk(
        server,
        held(),
        held(schema=lean(SCHEMA)),
        asks(appended(), response_format={"type": "json_object"}),
        asks(appended()),
        asks([{"type": "text", "text": appended()}]),
    )
    assert {got.text for got in others} == {plain.text}


def test_nothing_but_model_and_messages_matters() -> None:
    first = ask(held(), seed=1).text
    body = held(temperature=1.0, seed=7, max_tokens=999)
    assert ask(body, {"X-RepuNet-Decision": "r1/A01"}, seed=2, latency=0.01).text == first
    assert ask(held() | {"model": "other"}).text != first


def test_a_schema_that_belongs_to_the_question_is_part_of_it(server: FakeLLM) -> None:
    schema = json.dumps(SCHEMA)
    bob, eve = talk(server, asks(f"{schema}\nof Bob"), asks(f"{schema}\nof Eve"))
    assert fits(json.loads(bob.text), SCHEMA, SCHEMA)
    assert bob.text != eve.text


def test_the_last_schema_in_the_prompt_counts(server: FakeLLM) -> None:
    other = {"type": "object", "properties": {"n": PERCENT}}
    words = f"Not {json.dumps(other)} nor {{this}} nor {{'that': {{}}}}"
    (got,) = talk(server, asks(appended(words)))
    assert fits(json.loads(got.text), SCHEMA, SCHEMA)


def test_without_a_schema_the_answer_is_words(server: FakeLLM) -> None:
    (got,) = talk(server, asks())
    assert got.text.endswith(".")
    assert len(got.text.split()) >= 6


@pytest.mark.slow
@given(SCHEMAS, st.text(max_size=3))
def test_whatever_the_schema_an_example_fits_it(parts: Any, key: str) -> None:
    optional = {"type": "object", "properties": {"part": parts, "rest": {"$ref": "#/$defs/Self"}}}
    schema = {"$ref": "#/$defs/Self", "$defs": {"Self": optional}}
    value = SchemaInstance(schema, key).value(schema)
    assert fits(value, schema, schema)
    assert SchemaInstance(schema, key).value(schema) == value


def test_a_schema_without_an_end_has_one() -> None:
    two = {"type": "array", "items": {"$ref": "#"}, "minItems": 2, "maxItems": 2}
    schema = {"type": "object", "properties": {"both": two}, "required": ["both"]}
    assert len(json.dumps(SchemaInstance(schema, "key").value(schema))) < 10**6


@given(st.one_of(INTEGERS, CHOICES))
def test_a_spoiled_example_fits_no_schema(part: Any) -> None:
    schema = {"type": "object", "properties": {"part": part}, "required": ["part"]}
    assert not fits(spoiled(schema, "key"), schema, schema)


def test_what_pydantic_says_of_a_type_is_understood() -> None:
    schema = {
        "properties": {
            "pair": {"prefixItems": [PERCENT, TEXT], "type": "array", "minItems": 2},
            "share": {"type": "number", "exclusiveMinimum": 2, "exclusiveMaximum": 2.001},
            "some": {"type": ["integer", "null"]},
            "count": {"type": "integer", "exclusiveMinimum": 2, "exclusiveMaximum": 4},
        },
        "type": "object",
    }
    value = SchemaInstance(schema, "key").value(schema)
    assert [type(part) for part in value["pair"]] == [int, str]
    assert 2 < value["share"] < 2.001
    assert value["some"] is None or type(value["some"]) is int
    assert value["count"] == 3


def test_a_test_may_say_what_is_answered() -> None:
    def answers(body: dict[str, Any], headers: Mapping[str, str]) -> str | None:
        return headers["X-Who"] if body["model"] == "m" else None

    assert ask(held(), {"X-Who": "Ann"}, answers=answers).text == "Ann"
    other = ask(held() | {"model": "n"}, {"X-Who": "Ann"}, answers=answers)
    assert other.text == ask(held() | {"model": "n"}).text


# Faults


@pytest.mark.parametrize(
    ("fault", "status"), [("rate_limited", 429), ("server_error", 500), ("unavailable", 503)]
)
def test_a_server_may_send_one_away(fault: str, status: int) -> None:
    got = ask(held(), faults=only(fault), retry_after=0.5)
    assert got.status == status
    assert got.headers.get("Retry-After") == ("0.5" if status == 429 else None)
    assert got.error.keys() == {"message", "type", "param", "code"}


@pytest.mark.parametrize(
    ("fault", "error", "words"),
    [
        ("reset", aiohttp.ClientOSError, "reset by peer"),
        ("half", aiohttp.ClientPayloadError, "not completed"),
        ("hang", aiohttp.ServerDisconnectedError, "disconnected"),
    ],
)
def test_a_connection_may_be_cut(fault: str, error: type[Exception], words: str) -> None:
    with serving(Settings(faults=only(fault), hang=0.1)) as server:
        with pytest.raises(error, match=words):
            talk(server, held())
        assert server.stats.statuses == {fault: 1}
        assert server.stats.answered == 0


def test_a_client_may_leave_while_a_request_hangs() -> None:
    async def leave() -> None:
        async with FakeLLM(Settings(faults=Faults(hang=1))) as server:
            async with aiohttp.ClientSession() as session:
                asking = asyncio.create_task(post(session, server.url, held()))
                while not server.stats.in_flight:
                    await asyncio.sleep(0.01)
                asking.cancel()
            while server.stats.in_flight:
                await asyncio.sleep(0.01)
            assert server.stats.statuses == {"gone": 1}

    asyncio.run(leave())


def test_garbage_holds_no_json() -> None:
    assert not set(faulty(held(), garbage=1).text) & set("{}[]")


def test_fences_and_prose_surround_the_same_answer(server: FakeLLM) -> None:
    (plain,) = talk(server, held())
    assert faulty(held(), fenced=1).text == f"```json\n{plain.text}\n```"
    both = faulty(held(), fenced=1, prose=1).text
    before, _, after = both.partition(f"```json\n{plain.text}\n```")
    assert before.strip()
    assert after.strip()


def test_a_wrong_word_is_all_that_is_wrong(server: FakeLLM) -> None:
    (plain,) = talk(server, held())
    right, wrong = json.loads(plain.text), json.loads(faulty(held(), wrong_enum=1).text)
    assert wrong.pop("move") not in MOVES
    assert right.pop("move") in MOVES
    assert right == wrong


def test_where_there_is_no_word_to_be_wrong_a_type_is() -> None:
    schema = {"type": "object", "properties": {"n": PERCENT}}
    wrong = json.loads(faulty(held(schema=schema), wrong_enum=1).text)
    assert not fits(wrong, schema, schema)


def test_a_refusal_has_no_content() -> None:
    got = faulty(held(), refusal=1)
    assert (got.status, got.message["content"]) == (200, None)
    assert got.message["refusal"]


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_an_answer_without_room_is_cut(server: FakeLLM, name: str) -> None:
    plain, short, enough = talk(server, held(), held(**{name: 5}), held(**{name: 500}))
    assert (short.text, short.finish) == (plain.text[:20], "length")
    assert short.body["usage"]["completion_tokens"] == 5
    assert (enough.text, enough.finish) == (plain.text, "stop")


def test_an_answer_may_be_cut_with_room() -> None:
    got = faulty(held(max_tokens=4096), cut=1)
    assert got.finish == "length"
    with pytest.raises(ValueError, match="line 1"):
        json.loads(got.text)


def test_a_repeated_request_meets_another_fate() -> None:
    faults = Faults(rate_limited=0.3, unavailable=0.3)
    with serving(Settings(faults=faults)) as first, serving(Settings(faults=faults)) as again:
        met = [[got.status for got in talk(each, *[held()] * 40)] for each in (first, again)]
    assert met[0] == met[1]
    assert set(met[0]) == {200, 429, 503}


def test_a_repeated_question_has_the_same_faulty_answer() -> None:
    bodies = [held(f"Round {number}") for number in range(30)]
    with serving(Settings(faults=Faults(garbage=0.5))) as server:
        first, again = talk(server, *bodies), talk(server, *reversed(bodies))
    assert [got.text for got in first] == [got.text for got in reversed(again)]
    assert 5 < sum("{" in got.text for got in first) < 25


def test_a_test_may_say_what_the_first_requests_meet() -> None:
    faults = Faults(server_error=1, first=("unavailable", "garbage", ""))
    with serving(Settings(faults=faults)) as server:
        got = talk(server, *[held()] * 4)
    assert [each.status for each in got] == [503, 200, 200, 500]
    assert "{" not in got[1].text
    assert "{" in got[2].text


def test_every_fault_is_known_by_its_field() -> None:
    assert list(NAMES) == [*ON_THE_WAY, *IN_ANSWERS]
    assert {name for name in NAMES if hasattr(Faults(), name)} == set(NAMES)
    assert Faults.read(" reset=0.5, cut=1 ") == Faults(reset=0.5, cut=1)


# What servers accept


def test_a_format_may_be_ignored() -> None:
    assert "{" not in ask(held(), response_format="ignore").text
    body = asks(appended(), response_format=HELD)
    assert ask(body, response_format="ignore").text == ask(held()).text


@pytest.mark.parametrize(("mode", "status"), [("reject", 400), ("reject-500", 500)])
@pytest.mark.parametrize("form", [HELD, {"type": "json_object"}])
def test_a_format_may_be_rejected(mode: str, status: int, form: Any) -> None:
    with serving(Settings(response_format=mode)) as server:  # type: ignore[arg-type]
        bad, good = talk(server, asks(response_format=form), asks(appended()))
    assert bad.status == status
    assert status == 500 or "response_format" in bad.error["message"]
    assert bad.error["param"] == (None if status == 500 else "response_format")
    assert fits(json.loads(good.text), SCHEMA, SCHEMA)


def test_schemas_alone_may_be_rejected() -> None:
    with serving(Settings(response_format="reject-schema")) as server:
        bad, good = talk(server, held(), asks(appended(), response_format={"type": "json_object"}))
    assert (bad.status, good.status) == (400, 200)


def test_bounds_alone_may_be_rejected() -> None:
    named = {"type": "object", "properties": {"minimum": {"type": "boolean"}}}
    with serving(Settings(response_format="reject-bounds")) as server:
        bad, good, name = talk(server, held(), held(schema=lean(SCHEMA)), held(schema=named))
    assert (bad.status, good.status, name.status) == (400, 200, 200)
    assert "'maxLength', 'maximum', 'minimum'" in bad.error["message"]
    assert "response_format" in bad.error["message"]


def test_a_parameter_may_be_rejected() -> None:
    with serving(Settings(reject_parameters=("temperature", "max_tokens"))) as server:
        heat, room, good = talk(
            server, held(temperature=0.0), held(max_tokens=9), held(max_completion_tokens=9)
        )
    assert (heat.status, heat.error["param"]) == (400, "temperature")
    assert heat.error["code"] == room.error["code"] == "unsupported_parameter"
    assert "'max_completion_tokens'" in room.error["message"]
    assert (good.status, good.finish) == (200, "length")


def test_another_key_is_sent_back_for_all_to_see() -> None:
    with serving(Settings(key="right")) as server:
        (bad,) = talk(server, held(), Authorization="Bearer sk-wrong-key")
        (good,) = talk(server, held(), Authorization="Bearer right")
    assert (bad.status, bad.error["code"], good.status) == (401, "invalid_api_key", 200)
    assert "Bearer sk-wrong-key" in bad.error["message"]


def test_a_model_may_be_unknown() -> None:
    with serving(Settings(models=("a", "b"))) as server:
        bad, good = talk(server, held(), held() | {"model": "b"})
        assert [each["id"] for each in page(server, "/v1/models")["data"]] == ["a", "b"]
    assert (bad.status, bad.error["code"], good.status) == (404, "model_not_found", 200)


def test_money_may_run_out() -> None:
    with serving(Settings(quota=2)) as server:
        got = talk(server, *[held()] * 4)
    assert [each.status for each in got] == [200, 200, 429, 429]
    assert got[3].error["code"] == "insufficient_quota"
    assert "Retry-After" not in got[3].headers


def test_a_minute_may_be_full() -> None:
    with serving(Settings(requests_per_minute=3)) as server:
        got = talk(server, *[held()] * 4)
    assert [each.status for each in got] == [200, 200, 200, 429]
    assert 55 < float(got[3].headers["Retry-After"]) <= 60


def test_usage_may_be_left_out() -> None:
    assert "usage" not in ask(held(), usage=False).body


@pytest.mark.parametrize(
    "body",
    [
        None,
        {"model": "m"},
        {"messages": []},
        {"model": "m", "messages": ["hello"]},
        held(schema=None),
        held(schema={"type": "object", "properties": ["a list"]}),
        held(stream=True),
    ],
)
def test_a_request_that_makes_no_sense_is_rejected(server: FakeLLM, body: Any) -> None:
    (got,) = talk(server, body)
    assert got.status == 400
    assert got.error["type"] == "invalid_request_error"


def test_a_latency_is_constant_or_has_a_heavy_tail() -> None:
    assert {Latency.read("0.2").of(1, number) for number in range(9)} == {0.2}
    many = sorted(Latency.read("heavy:0.2").of(1, number) for number in range(1001))
    assert many[500] == pytest.approx(0.2, rel=0.2)
    assert many[-1] > 2


# Many at once, and what is counted


async def at_once(server: FakeLLM, many: int) -> Sequence[Got]:
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:
        bodies = [held(f"Round {number}") for number in range(many)]
        return await asyncio.gather(*(post(session, server.url, body) for body in bodies))


@pytest.mark.slow
def test_five_hundred_are_answered_at_once() -> None:
    with serving(Settings(latency=0.5)) as server:
        got = asyncio.run(at_once(server, 500))
        assert [each.status for each in got] == [200] * 500
        assert server.stats.most_in_flight > 250
        assert (server.stats.in_flight, server.stats.answered) == (0, 500)


def test_more_than_there_are_slots_for_are_sent_away() -> None:
    with serving(Settings(latency=0.3, slots=3)) as server:
        got = asyncio.run(at_once(server, 8))
    assert sorted(each.status for each in got) == [200] * 3 + [429] * 5
    assert {each.headers["Retry-After"] for each in got if each.status == 429} == {"1"}


def test_what_happened_is_counted(tmp_path: Path) -> None:
    log = tmp_path / "answers.jsonl"
    faults = Faults(first=("", "unavailable"))
    with serving(Settings(faults=faults, log=log)) as server:
        for decision in ("r1%2FA%20", "r1%2FA%20", "r1%2FA%20", "r2"):
            talk(server, held(), **{"X-RepuNet-Decision": decision})
        found = page(server, "/stats")
        assert found == server.stats.report()
        assert server.stats.decisions == {"r1/A ", "r2"}
        assert len(log.read_text().splitlines()) == 3
    assert (found["received"], found["answered"], found["decisions"]) == (4, 3, 2)
    assert found["statuses"] == {"200": 3, "503": 1}
    counted = [
        (each["decision"], each["received"], each["answered"]) for each in found["questions"]
    ]
    assert counted == [("r1/A ", 3, 2), ("r2", 1, 1)]
    line = json.loads(log.read_text().splitlines()[-1])
    assert (line["number"], line["decision"], line["model"]) == (3, "r2", "m")


def test_it_is_healthy(server: FakeLLM) -> None:
    assert page(server, "/health") == {"status": "ok"}
    assert page(server, "/models")["data"][0]["id"] == "fake"


def test_a_server_stops_at_once_whatever_hangs() -> None:
    async def stop() -> object:
        async with aiohttp.ClientSession() as session:
            async with FakeLLM(Settings(faults=Faults(hang=1))) as server:
                asking = asyncio.create_task(post(session, server.url, held()))
                while not server.stats.in_flight:
                    await asyncio.sleep(0.01)
            return (await asyncio.gather(asking, return_exceptions=True))[0]

    assert isinstance(
        asyncio.run(asyncio.wait_for(stop(), PATIENCE)), aiohttp.ServerDisconnectedError
    )


# Those who know nothing of it


@contextmanager
def client(server: FakeLLM, key: str = "any") -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=server.url, api_key=key, max_retries=1) as client:
        yield client


def test_openai_s_client_understands_it(server: FakeLLM) -> None:
    with client(server) as openai_:
        answer = openai_.chat.completions.create(**held())
        assert fits(json.loads(answer.choices[0].message.content or ""), SCHEMA, SCHEMA)
        assert answer.usage is not None
        assert answer.usage.total_tokens > 0
        assert [model.id for model in openai_.models.list()] == ["fake"]


def test_openai_s_client_comes_again_when_told_to() -> None:
    faults = Faults(first=("rate_limited", ""))
    with serving(Settings(faults=faults, retry_after=0.01)) as server, client(server) as openai_:
        assert openai_.chat.completions.create(**held()).choices
        assert server.stats.statuses == {"429": 1, "200": 1}


def test_openai_s_client_names_what_is_wrong() -> None:
    settings = Settings(key="right", reject_parameters=("temperature",))
    with serving(settings) as server:
        with client(server) as wrong, pytest.raises(openai.AuthenticationError, match="any"):
            wrong.chat.completions.create(**held())
        with client(server, "right") as right, pytest.raises(openai.BadRequestError) as caught:
            right.chat.completions.create(**held(temperature=0.5))
    assert (caught.value.param, caught.value.code) == ("temperature", "unsupported_parameter")


# The command


@contextmanager
def command(*words: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    line = [sys.executable, "-m", "repunet.cli", "fake-llm", "--port", "0", *words]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline()
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_serves_until_it_is_told_to_stop(number: int) -> None:
    with command("--models", "a,b", "--latency", "0") as (process, greeting):
        base = greeting.split("LLM_API_BASE=")[1].split()[0]
        assert greeting.endswith(f"LLM_API_BASE={base} LLM_MODEL=a repunet run pd\n")
        with openai.OpenAI(base_url=base, api_key="any") as client:
            assert client.chat.completions.create(**held() | {"model": "b"}).choices
        process.send_signal(number)
        out, _ = process.communicate(timeout=PATIENCE)
        assert (process.returncode, out) == (0, "answered 1 of 1 requests\n")


def test_the_command_ends_when_it_is_time(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["fake-llm", "--port", "0", "--for", "0.05", "--no-usage", "--key", "k"]) == 0
    assert "LLM_API_KEY=..." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ("--faults reste=0.1", 'unknown fault "reste" (did you mean "reset"?)'),
        ("--faults reset=1.5", "fault reset must be from 0 to 1, not 1.5"),
        ("--faults reset=-1", "fault reset must be from 0 to 1, not -1.0"),
        ("--faults reset", 'the fault reset takes a probability, such as reset=0.05, not ""'),
        (
            "--faults reset=nan",
            'the fault reset takes a probability, such as reset=0.05, not "nan"',
        ),
        ("--response-format honor", '"honor" (did you mean "honour"?)'),
        ("--latency soon", 'a latency is seconds, such as 0.2 or heavy:0.2, not "soon"'),
        ("--port 70000", "a port is from 0, which is any, to 65535, not 70000"),
        ("--for -1", "--for takes seconds, not -1.0"),
        ("--slots -1", "--slots takes a whole number, at least 1, not -1"),
    ],
)
def test_the_command_says_what_can_t_be(
    capsys: pytest.CaptureFixture[str], words: str, complaint: str
) -> None:
    assert execute(["fake-llm", *words.split()]) == 2
    err = capsys.readouterr().err
    assert complaint in err
    assert len(err.splitlines()) == 1


def test_a_port_in_use_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert execute(["fake-llm", "--port", str(port)]) == 2
        with pytest.raises(UsageError, match="is in use"), serving(Settings(port=port)):
            pass
    assert capsys.readouterr().err.startswith(f"repunet: port {port} is in use: choose another")


def test_an_unknown_fault_is_refused_in_python_too() -> None:
    with pytest.raises(UsageError, match="unknown fault"):
        Faults(first=("reste",))  # type: ignore[arg-type]
