"""A server for a model on this machine."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

import pytest

pytest.importorskip("gguf")
pytest.importorskip("xllamacpp")

from patience import PATIENCE
from tiny_model import tiny_model

from repunet.errors import RepuNetError, UsageError
from repunet.models import local
from repunet.models.serving import ROOM, Serving
from repunet.system.extras import installation

ONE = Serving(threads=1)
NAMES = ["Ann Lee", "Bob Ray", "Cy Poe", "Di Fox"]
OPENER = build_opener(ProxyHandler({}))


def fields(**properties: Any) -> dict[str, Any]:
    kind = {"type": "object", "additionalProperties": False}
    return {**kind, "properties": properties, "required": list(properties)}


def text(longest: int) -> dict[str, Any]:
    return {"type": "string", "maxLength": longest}


def whole(least: int, most: int) -> dict[str, Any]:
    return {"type": "integer", "minimum": least, "maximum": most}


def one_of(*options: str) -> dict[str, Any]:
    return {"type": "string", "enum": list(options)}


def several(least: int, most: int, items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "minItems": least, "maxItems": most, "items": items}


SHAPES = {
    "a choice": fields(choice=one_of("Cooperate", "Defect"), reason=text(400)),
    "a reputation": fields(text=text(900), **{name: whole(0, 100) for name in "abcde"}),
    "a decision": fields(yes={"type": "boolean"}, satisfied={"type": "boolean"}, reason=text(400)),
    "a rating": fields(rating=whole(1, 5)),
    "three names": fields(names=several(3, 3, one_of(*NAMES))),
    "a list of notes": fields(
        notes=several(1, 4, fields(about=one_of(*NAMES), note=fields(score=whole(0, 100))))
    ),
}


def fits(value: object, schema: dict[str, Any]) -> bool:
    """Say whether a value is what the few keywords above ask for."""
    if isinstance(value, dict):
        parts = schema["properties"]
        return list(value) == list(parts) and all(fits(value[name], parts[name]) for name in parts)
    if isinstance(value, list):
        long_enough = schema["minItems"] <= len(value) <= schema["maxItems"]
        return long_enough and all(fits(each, schema["items"]) for each in value)
    if isinstance(value, str):
        return value in schema.get("enum", [value]) and len(value) <= schema.get("maxLength", 99)
    if isinstance(value, bool):
        return schema["type"] == "boolean"
    return isinstance(value, int) and schema["minimum"] <= value <= schema["maximum"]


def asked(url: str, schema: dict[str, Any], **options: Any) -> str:
    """Ask the server for an answer of this format."""
    shape = {"name": "answer", "strict": True, "schema": schema}
    body = {
        "messages": [{"role": "user", "content": "What will you do?"}],
        "response_format": {"type": "json_schema", "json_schema": shape},
        "max_tokens": 1024,
        **options,
    }
    post = Request(f"{url}/chat/completions", json.dumps(body).encode())
    post.add_header("Content-Type", "application/json")
    with OPENER.open(post, timeout=PATIENCE) as response:
        return json.load(response)["choices"][0]["message"]["content"]


def alive(url: str) -> bool:
    try:
        OPENER.open(url.replace("/v1", "/health"), timeout=PATIENCE).close()
    except OSError:
        return False
    return True


def gone(url: str, seconds: float = PATIENCE) -> bool:
    """Wait for a server to end, and say whether it did."""
    until = time.monotonic() + seconds
    while alive(url) and time.monotonic() < until:
        time.sleep(0.02)
    return not alive(url)


async def started(path: Path) -> str:
    async with local.served(path, ONE) as server:
        assert alive(server.url)
        return server.url


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("model") / "tiny.gguf")


@pytest.fixture(scope="module")
def url(model: Path) -> Iterator[str]:
    with asyncio.Runner() as runner:
        context = local.served(model, ONE)
        yield runner.run(context.__aenter__()).url
        runner.run(context.__aexit__(None, None, None))


@pytest.mark.parametrize("temperature", [0, 1])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_local_model_answers_in_the_format_that_is_asked_for(
    shape: str, temperature: float, url: str
) -> None:
    for seed in range(5):
        answer = asked(url, SHAPES[shape], temperature=temperature, seed=seed)
        assert fits(json.loads(answer), SHAPES[shape]), answer


def test_a_local_model_says_the_same_again_at_a_temperature_of_0(url: str) -> None:
    answers = {asked(url, SHAPES["a reputation"], temperature=0) for _ in range(3)}
    assert len(answers) == 1


def test_a_local_server_listens_to_this_machine_alone(url: str) -> None:
    assert url.startswith("http://127.0.0.1:")
    assert url.endswith("/v1")


def test_every_slot_has_room_or_all_that_the_model_has(tmp_path: Path, url: str) -> None:
    def room(at: str) -> int:
        with OPENER.open(f"{at}/models") as response:
            return json.load(response)["data"][0]["meta"]["n_ctx"]

    async def small() -> int:
        path = tiny_model(tmp_path / "small.gguf", context=2048)
        async with local.served(path, Serving(slots=2, threads=1)) as server:
            return room(server.url)

    assert room(url) == ROOM
    assert asyncio.run(small()) == 2048


def test_a_local_server_ends_with_its_context(model: Path) -> None:
    assert gone(asyncio.run(started(model)))


def test_a_local_server_ends_when_what_asked_it_fails(model: Path) -> None:
    at = []

    async def failing() -> None:
        async with local.served(model, ONE) as server:
            at.append(server.url)
            raise KeyError

    with pytest.raises(KeyError):
        asyncio.run(failing())
    assert gone(at[0])


PARENT = """
import asyncio, signal, sys
from pathlib import Path
from repunet.models.local import served
from repunet.models.serving import Serving

async def main():
    async with served(Path(sys.argv[1]), Serving(threads=1)) as server:
        print(server.url, flush=True)
        await asyncio.sleep(600)

signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
asyncio.run(main())
"""


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_local_server_ends_when_its_parent_does(how: signal.Signals, model: Path) -> None:
    command = [sys.executable, "-c", PARENT, str(model)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=subprocess.DEVNULL, text=True) as parent:
        assert parent.stdout is not None
        url = parent.stdout.readline().strip()
        assert alive(url)
        parent.send_signal(how)
    assert gone(url)


def test_a_model_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r'no file ".*nowhere.gguf"'):
        asyncio.run(started(tmp_path / "nowhere.gguf"))


def test_a_file_that_is_no_model_is_named(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("to do")
    with pytest.raises(UsageError, match=r'notes.txt" is not a GGUF file'):
        asyncio.run(started(path))


@pytest.mark.slow
def test_a_model_that_can_not_be_loaded_is_explained_in_a_line(model: Path, tmp_path: Path) -> None:
    path = tmp_path / "half.gguf"
    path.write_bytes(model.read_bytes()[: model.stat().st_size // 2])
    with pytest.raises(RepuNetError, match=r'half.gguf" ended: .*error loading model') as error:
        asyncio.run(started(path))
    assert "\n" not in str(error.value)


def test_what_is_not_installed_is_named(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=re.escape(installation("local"))):
        asyncio.run(started(model))
