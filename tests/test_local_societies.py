"""Whole rounds of every dilemma, played by a tiny model on a real llama.cpp server."""

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("gguf")
pytest.importorskip("xllamacpp")

from language_societies import company, missing, played, resumed
from patience import PATIENCE
from tiny_model import tiny_model

from repunet.cli import execute
from repunet.errors import Stopped
from repunet.models import local
from repunet.models.allowance import Allowance
from repunet.models.request import Message, Request
from repunet.models.serving import Serving
from repunet.questions.batched import RespondToEncounter
from repunet.questions.operations import RankPartners
from repunet.record.journal import Journal
from repunet.record.manifest import Manifest
from repunet.record.notes import COMPACT, FAITHFUL
from repunet.runs.run import Terms
from repunet.scenarios import scenario
from repunet.world.persona import Participant

DILEMMAS = ("pd", "participation", "investment", "donor")
DRAWN = ",temperature=1,max_tokens=1024"
"""A model of noise is brief where chance decides: the likeliest word is never a full stop."""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("model") / "tiny.gguf")


@pytest.fixture(scope="module")
def model(file: Path) -> Iterator[str]:
    """The name of a model that one server serves to all tests here."""
    with asyncio.Runner() as runner:
        context = local.served(file, Serving(threads=1))
        url = runner.run(context.__aenter__()).url
        yield f"{url}#tiny{DRAWN}"
        runner.run(context.__aexit__(None, None, None))


def tied(manifest: Manifest) -> Manifest:
    """Return the same society, where everyone has a tie to everyone from the start."""
    people = [person.id for person in manifest.personas]
    roles = scenario(manifest.scenario).roles
    pairs = ((ego, alter) for ego in people for alter in people if ego != alter)
    ties = ((ego, Participant(alter, role)) for ego, alter in pairs for role in roles)
    return replace(manifest, ties=tuple(ties))


def said(path: Path) -> dict[str, list[tuple[str, str, str]]]:
    """Return the kind, status and rung of everything that was asked, by operation."""
    found: dict[str, list[tuple[str, str, str]]] = {}
    with Journal.open(path) as journal:
        for operation, *rest in journal.rows("SELECT operation, kind, status, rung FROM attempts"):
            found.setdefault(operation, []).append(tuple(rest))
    return found


def all_at_once(asked: dict[str, list[tuple[str, str, str]]]) -> bool:
    """Return whether every answer was as asked for at the first attempt."""
    return {each for kind in asked.values() for each in kind} == {("first", "answered", "schema")}


@pytest.mark.slow
@pytest.mark.parametrize(("dilemma", "plan"), [("investment", FAITHFUL), ("pd", COMPACT)])
def test_a_round_of_every_dilemma_is_answered_at_the_first_attempt(
    dilemma: str, plan: str, model: str, tmp_path: Path
) -> None:
    path = played(tmp_path, company(model, n=2, scenario=dilemma), plan=plan)
    asked = said(path)
    assert all_at_once(asked), asked
    assert missing(path) == []
    assert (RespondToEncounter.label in asked) == (plan == COMPACT)


@pytest.mark.slow
def test_gossip_and_choices_of_partners_are_answered_too(model: str, tmp_path: Path) -> None:
    path = played(tmp_path, tied(company(model, n=3)))
    asked = said(path)
    assert RankPartners.__name__ in asked
    assert all_at_once(asked), asked
    assert missing(path) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("dilemma", "plan"),
    [("pd", FAITHFUL), ("participation", COMPACT), ("investment", FAITHFUL), ("donor", COMPACT)],
)
def test_rounds_of_a_society_with_ties_are_answered_in_the_form_asked_for(
    dilemma: str, plan: str, model: str, tmp_path: Path
) -> None:
    path = played(tmp_path, tied(company(model, n=4, scenario=dilemma)), 2, plan=plan)
    assert {mode for kind in said(path).values() for _, _, mode in kind} == {"schema"}
    assert missing(path) == []


# The server behind `gguf:` ---------------------------------------------------------------------

SOME = "run pd --agents 2 --rounds 1 --treatment none --plan compact --name a --json"
CLI = "import os; os.cpu_count = lambda: 1; from repunet.cli import main; main()"


def servers(file: Path) -> list[int]:
    """Return the processes that serve this file."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"repunet.models.local" in words and str(file).encode() in words:
            found.append(int(process.name))
    return found


def none_left(file: Path, seconds: float = 10) -> bool:
    """Wait for the servers of a file to end, and say whether they did."""
    until = time.monotonic() + seconds
    while servers(file) and time.monotonic() < until:
        time.sleep(0.02)
    return not servers(file)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A model that no other test serves."""
    return tiny_model(tmp_path / "own.gguf")


def playing(words: str, file: Path) -> "subprocess.Popen[str]":
    mind = f"gguf:{file}{DRAWN}"
    command = [sys.executable, "-c", CLI, *words.split(), "--mind", mind]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=file.parent, stdout=pipe, stderr=pipe, text=True)


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are looked for in /proc")
@pytest.mark.slow
def test_a_run_serves_the_model_itself_and_ends_the_server(own: Path) -> None:
    with playing(SOME, own) as process:
        out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err) == (0, "")
    assert json.loads(out)["missing"] == 0
    assert none_left(own, 0)


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are looked for in /proc")
@pytest.mark.parametrize(
    ("number", "code"),
    [pytest.param(signal.SIGINT, 3, marks=pytest.mark.slow), (signal.SIGKILL, -9)],
)
def test_the_server_ends_with_the_run_however_it_ends(
    number: signal.Signals, code: int, own: Path
) -> None:
    with playing(SOME.replace("1 --treatment", "99 --treatment"), own) as process:
        answered = own.parent / "runs" / "a" / "run.sqlite"
        until = time.monotonic() + PATIENCE
        while not (answered.exists() and said_something(answered)):
            assert process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.05)
        assert len(servers(own)) == 1
        process.send_signal(number)
        process.communicate(timeout=PATIENCE)
    assert process.returncode == code
    assert none_left(own)


def said_something(path: Path) -> bool:
    try:
        with Journal.open(path) as journal:
            return journal.row("SELECT 1 FROM decisions LIMIT 1") is not None
    except Exception:  # noqa: BLE001 - it is being made
        return False


@pytest.mark.slow
def test_a_file_that_is_no_model_is_named_before_anything_is_asked(tmp_path: Path) -> None:
    (tmp_path / "notes.gguf").write_text("to do")
    with playing(SOME, tmp_path / "notes.gguf") as process:
        _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 2
    assert 'notes.gguf" is not a GGUF file' in err


# Proxies ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "all_proxy"])
def test_no_proxy_stands_between_a_run_and_this_machine(
    variable: str, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from repunet.models.openai import OpenAITransport

    monkeypatch.setenv(variable, "http://127.0.0.1:9")
    url = model.partition("#")[0]

    async def asked() -> str:
        transport = OpenAITransport("tiny", url, "none", 10)
        schema = {"type": "object", "properties": {"a": {"type": "boolean"}}, "required": ["a"]}
        request = Request("http", "tiny", (Message("user", "Well?"),), schema)
        try:
            return (await transport.send(request, "schema", "r1")).text
        finally:
            await transport.close()

    assert json.loads(asyncio.run(asked()))["a"] in (True, False)


# Shared, and ended ------------------------------------------------------------------------------


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files of the servers that were started."""
    found: list[Path] = []
    original = local.served

    def served(path: Path, serving: Serving) -> Any:
        found.append(path)
        return original(path, serving)

    monkeypatch.setattr(local, "served", served)
    return found


GRID = """
name = "both"
scenario = "pd"
agents = 2
rounds = 1
treatment = "none"
plan = "compact"
seeds = [1, 2]
mind = "gguf:{file}{drawn}"
"""


@pytest.mark.slow
def test_all_runs_of_a_sweep_ask_one_server(
    own: Path, started: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "grid.toml").write_text(GRID.format(file=own, drawn=f"{DRAWN},threads=1"))
    assert execute(["sweep", "grid.toml", "--quiet"]) == 0
    assert started == [own]
    assert len(list((tmp_path / "runs" / "both").glob("*/run.sqlite"))) == 2
    assert none_left(own, 0)


@pytest.mark.slow
def test_a_server_that_is_killed_stops_the_run_with_its_last_words_and_a_resume_works(
    own: Path, started: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original, left = local.LocalTransport.send, [1, 0]

    async def send(transport: Any, *asked: Any) -> Any:
        if not left.pop():
            return await original(transport, *asked)
        transport._server._process.kill()
        left.extend([0] * 99)
        return await original(transport, *asked)

    manifest = company(f"gguf:{own}{DRAWN}", n=2, treatment="none")
    with monkeypatch.context() as patch:
        patch.setattr(local.LocalTransport, "send", send)
        with pytest.raises(Stopped, match="ended: it was killed, perhaps") as error:
            played(tmp_path, manifest)
    assert len(str(error.value).splitlines()) == 1
    resumed(tmp_path / "a" / "run.sqlite", terms=Terms(Allowance(threads=1, slots=2)))
    assert missing(tmp_path / "a" / "run.sqlite") == []
    assert started == [own, own]
