"""What a machine's environment says of the way to a server: one line where it can't be gone."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from raw_server import head, listening, saying

from repunet.cli import execute
from repunet.errors import UsageError
from repunet.fake_llm import Faults, Settings, serving
from repunet.models import file_limits
from repunet.models.environment import certificates, proxy_for
from repunet.models.failure import Failure, Permanent, Unreachable
from repunet.models.openai import OpenAITransport
from repunet.models.request import Message, Request

FAR = "https://far.invalid/v1"
SECRET = "geheim-0123456789"
ASKED = Request("http", "fake", (Message("user", "And you?"),), {"type": "object"})
NAMES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*NAMES, *map(str.upper, NAMES), "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)


def failure(url: str) -> Failure:
    async def main() -> Failure:
        there = OpenAITransport("fake", url, "none", 5.0)
        with pytest.raises(Failure) as caught:
            await there.send(ASKED, "text", "r1/x")
        await there.close()
        return caught.value

    return asyncio.run(main())


@pytest.mark.parametrize(
    "given",
    [
        "socks://127.0.0.1:7891",
        "socks5h://u:p@h:1",
        "http://",
        "http://h:port",
        "ftp://h",
        "http://a:b:c",
    ],
)
@pytest.mark.parametrize("name", ["all_proxy", "ALL_PROXY", "https_proxy", "HTTPS_PROXY"])
def test_a_proxy_that_can_not_be_used_is_refused_by_the_name_of_its_variable(
    name: str, given: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, given)
    with pytest.raises(UsageError, match=f"^{name} names .* or unset {name}$") as caught:
        proxy_for(FAR)
    assert "u:p" not in str(caught.value)


def test_a_proxy_that_is_not_needed_may_be_of_any_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("all_proxy", "socks://127.0.0.1:7891")
    assert proxy_for("http://127.0.0.1:8000/v1") is proxy_for("http://localhost/v1") is None
    monkeypatch.setenv("no_proxy", ".invalid")
    assert proxy_for(FAR) is None


def test_the_proxy_for_a_scheme_comes_before_the_one_for_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("all_proxy", "socks://127.0.0.1:7891")
    monkeypatch.setenv("https_proxy", "127.0.0.1:7890")
    assert str(proxy_for(FAR)) == "the proxy 127.0.0.1:7890 (named by https_proxy)"


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_does_not_answer_is_named_without_its_password(
    scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"{scheme}_proxy", f"http://ann:{SECRET}@127.0.0.1:9")
    found = failure(f"{scheme}://far.invalid/v1")
    assert (type(found), found.charged) == (Unreachable, False)
    assert str(found) == f"the proxy 127.0.0.1:9 (named by {scheme}_proxy) does not answer"


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_wants_a_password_is_no_server_that_refuses_a_key(
    scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> Failure:
        async with listening(saying(head(407, "text/html"), b"no")) as url:
            monkeypatch.setenv(f"{scheme}_proxy", url.removesuffix("/v1"))
            return await asyncio.to_thread(failure, f"{scheme}://far.invalid/v1")

    found = asyncio.run(main())
    assert type(found) is Permanent
    assert "wants a name and a password" in str(found)


@pytest.mark.parametrize("kind", ["nowhere", "rubbish", "folder"])
def test_certificates_that_can_not_be_read_are_named_by_their_variable(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "rubbish").write_text("no certificate", encoding="utf-8")
    (tmp_path / "folder").mkdir()
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / kind))
    with pytest.raises(UsageError, match=f"from SSL_CERT_FILE=.*{kind}"):
        certificates(FAR, None)
    certificates("http://127.0.0.1:8000/v1", None)  # where none are needed


def test_a_run_that_the_environment_lets_nothing_send_leaves_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "nowhere"))
    words = ["run", "pd", "--model", f"{FAR}#m", "--storage", str(tmp_path / "runs")]
    assert execute(words) == 2
    assert "SSL_CERT_FILE" in capsys.readouterr().err
    assert not list(tmp_path.rglob("*.sqlite"))


@pytest.mark.parametrize(("files", "most"), [(10**6, 4096), (1024, 768), (200, 100), (2, 1)])
def test_few_files_make_few_connections(
    files: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_limits, "_files", lambda: files)
    assert file_limits.connections() == most


# Other machines --------------------------------------------------------------------------------

PLAYED = ["run", "pd", "--agents", "4", "--rounds", "1", "--name", "a", "--quiet"]
WINDOWS = """
import asyncio, signal, sys
import aiohttp, aiohttp.web, cyclopts, filelock, openai, rich.console, rich.progress, sqlite3
from openai import DefaultAioHttpClient, AsyncOpenAI
for name in ("resource", "fcntl", "termios", "pwd", "grp", "readline"):
    sys.modules[name] = None
def unavailable(*_): raise NotImplementedError
asyncio.unix_events._UnixSelectorEventLoop.add_signal_handler = unavailable
for name in ("SIGKILL", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGALRM"):
    delattr(signal, name)
sys.platform = "win32"
from repunet.cli import execute
sys.exit(execute(sys.argv[1:]))
"""
"""A process like one on Windows: what only POSIX has is missing, once other packages are loaded."""


def played(folder: Path, *before: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Play a run with a language model in a process of its own."""
    with serving() as server:
        words = [*PLAYED, "--model", f"{server.url}#fake", "--storage", str(folder)]
        environ = os.environ | {"LLM_API_KEY": SECRET} | variables
        command = [*before, sys.executable, "-c", WINDOWS, *words]
        return subprocess.run(
            command, env=environ, capture_output=True, text=True, timeout=250, check=False
        )


@pytest.mark.slow
def test_language_models_are_asked_without_what_only_posix_has(tmp_path: Path) -> None:
    found = played(tmp_path)
    assert (found.returncode, found.stderr) == (0, "")


@pytest.mark.slow
def test_a_run_needs_few_files(tmp_path: Path) -> None:
    found = played(tmp_path, "sh", "-c", 'ulimit -n 64; exec "$@"', "sh")
    assert (found.returncode, found.stderr) == (0, "")


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_no_log_of_a_client_holds_the_key(encoding: str, tmp_path: Path) -> None:
    found = played(tmp_path, OPENAI_LOG="debug", PYTHONIOENCODING=encoding)
    assert found.returncode == 0
    assert "openai" in found.stderr
    assert SECRET not in found.stdout + found.stderr


@pytest.mark.slow
def test_a_second_interrupt_ends_a_run_at_once_and_in_one_line(tmp_path: Path) -> None:
    with serving(Settings(faults=Faults(hang=1.0))) as server:
        words = [*PLAYED, "--model", f"{server.url}#fake", "--storage", str(tmp_path)]
        command = [sys.executable, "-m", "repunet.cli", *words]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
            wait_for(lambda: server.stats.in_flight > 0)
            process.send_signal(signal.SIGINT)
            time.sleep(0.5)
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=20)
    assert (process.returncode, said.count("\n")) == (3, 1)
    assert said.startswith("repunet: interrupted; ")


def wait_for(state: Callable[[], bool]) -> None:
    """Wait until something is so, for as long as a busy machine may take."""
    end = time.monotonic() + 120
    while not state():
        assert time.monotonic() < end
        time.sleep(0.02)
