"""Every command that the README and the pages on how to do things print, in a clone of its own.

A page's files are written into the clone, then its commands are run in their order, with `.venv`
activated. OpenAI and the servers on this machine are played by a fake server. What is not run is
named below with the reason, and read by the parser all the same.
"""

import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from cloning import ROOT, clone, environment

from repunet.cli import app
from repunet.fake_llm import Settings, serving

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs" / "how-to").glob("*.md"))]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
FILE = re.compile(r"`([\w./-]+)`:\n\n```\w*\n(.*?)^```$", re.DOTALL | re.MULTILINE)
INLINE = re.compile(r"`((?:repunet|make|python3?) [^`]*)`")
PROGRAMS = ("repunet", "make", "python", "python3", "export")

ELSEWHERE = {  # needs a server or a person that is not here, or hours
    'repunet doctor --model "http://192.168.1.20:8000/v1#my-model"': "another machine",
    "repunet doctor --model gguf:models/qwen3-8b-q4.gguf": "a file of gigabytes",
    "repunet doctor --model openrouter:meta-llama/llama-3.3-70b-instruct": "a key",
    "repunet doctor --model azure:my-deployment": "a key",
    "repunet doctor --model anthropic:claude-haiku-4-5": "a key",
    'repunet run pd --agents 6 --rounds 2 --mind embedded --mind "Ahmed Hassan=human"': "a person",
    "repunet plan pd --model openai:gpt-4o-mini": "6,000 calls in memory",
    "repunet run pd --model openai:gpt-4o-mini --budget 1": "6,000 calls",
    "repunet reproduce table1 --model openai:gpt-4o-mini --dry-run": "60 runs",
    "repunet reproduce table1 --model openai:gpt-4o-mini --budget 100": "60 runs",
    "repunet validate": "minutes, test_validate_command",
    "repunet validate --only exact,theory": "minutes, test_validate_command",
    "repunet validate --full --seed 7": "minutes, test_validate_command",
    "make test": "these tests",
    "python3 bootstrap.py sentiment": "gigabytes of torch, test_bootstrap",
    "python3 bootstrap.py dev -- python -m pytest stag-hunt": "test_how_to",
    "python3 bootstrap.py dev axelrod -- python -m benchmarks.axelrod_matches": "test_axelrod",
}
ENDS = {  # otherwise 0
    "repunet run pd --agents 4 --rounds 1 --model openai:gpt-4o-mini --batch batch "
    "--name by-file": 3,
    "repunet resume by-file --batch batch": 3,
    "repunet diff first second": 1,
    "repunet diff first control": 1,
}
NO_COMMANDS = {  # parts of commands, or files of other pages
    "repunet run --spec",
    "repunet run --spec run.toml",
    "repunet sweep grid.toml",
    "repunet reproduce table1|table2|figure2|figure3|figure4|claims",
}
PLACE_HOLDER = re.compile(r"\b[A-Z]{3,}\b")
SERVES = "repunet fake-llm --latency 0.05"
WHERE = {"add-a-scenario.md": "stag-hunt"}
BEFORE = {  # what a reader of the page has already
    "exchange-with-the-reference.md": (
        "repunet run pd --agents 4 --rounds 2 --name there",
        "repunet export there sim_storage/run_pd --to sim-storage",
    )
}
OPENAI = """
import os
from contextlib import suppress

with suppress(ImportError):
    from repunet.models.endpoint import COMPATIBLE, OPENAI_KEY, Provider

    COMPATIBLE["openai"] = Provider(os.environ["FAKE_LLM"], OPENAI_KEY)
"""
LOCAL = ("OLLAMA_API_BASE", "VLLM_API_BASE", "LMSTUDIO_API_BASE", "LLAMACPP_API_BASE")


def commands(page: Path) -> list[str]:
    """Return what a page tells one to type, in its order."""
    found: list[str] = []
    prose, *rest = FENCE.split(page.read_text("utf-8"))
    for kind, block, more in zip(rest[::3], rest[1::3], rest[2::3], strict=True):
        found += inline(prose)
        found += [line.removeprefix("$ ") for line in block.splitlines() if kind == "console"]
        prose = more
    return found + inline(prose)


def inline(text: str) -> list[str]:
    """Return the whole commands in running text."""
    spans = [" ".join(span.split()) for span in INLINE.findall(text)]
    whole = [span for span in spans if len(span.split()) > 2 and not PLACE_HOLDER.search(span)]
    return [span for span in whole if span not in NO_COMMANDS]


PRINTED = {page.name: commands(page) for page in PAGES}
EVERY = [command for page in PRINTED.values() for command in page]


def test_what_is_said_of_a_command_is_said_of_one_that_is_printed() -> None:
    assert {*ELSEWHERE, *ENDS, SERVES} - set(EVERY) == set()
    assert len(EVERY) > 100


@pytest.mark.slow
def test_every_command_is_of_a_program_that_a_fresh_clone_has() -> None:
    for command in EVERY:
        program, *words = shlex.split(command)
        assert program in PROGRAMS, command
        if program == "repunet":
            app.parse_args(words, exit_on_error=False, print_error=False)


def test_nothing_is_said_to_be_on_a_package_index() -> None:
    texts = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("src/**/*.py")]
    told = re.compile(r"pip install[^\n]*repunet", re.IGNORECASE)
    assert [path for path in texts if told.search(path.read_text("utf-8"))] == []


class Newcomer:
    """Somebody with a clone, who types what a page says."""

    def __init__(self, folder: Path, server: str, fake: Path) -> None:
        (fake / "sitecustomize.py").write_text(OPENAI)
        self.folder = clone(folder)
        self.own = {path.name for path in folder.iterdir()} | {".venv", ".venv.lock"}
        self.own |= set(WHERE.values())  # installed from there
        self.environment = environment(folder) | dict.fromkeys(LOCAL, server)
        self.environment |= {"FAKE_LLM": server, "PYTHONPATH": str(fake)}
        self.before = dict(self.environment)

    def read(self, page: Path) -> None:
        """Have nothing but the clone and the files of this page."""
        self.environment = dict(self.before)
        for path in self.folder.iterdir():
            if path.name not in self.own:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        for name, text in FILE.findall(page.read_text("utf-8")):
            path = self.folder / WHERE.get(page.name, "") / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")

    def types(self, command: str) -> tuple[int, str]:
        """Run a command to its end; return its code and what it says."""
        if command.startswith("export "):
            name, _, value = command.removeprefix("export ").partition("=")
            self.environment[name] = value
            return 0, ""
        with self.begun(command) as process:
            if command == SERVES:
                assert process.stdout is not None
                said = process.stdout.readline()
                process.terminate()
                process.communicate()
                return 0, said
            said, _ = process.communicate()
        return process.returncode, said

    def begun(self, command: str) -> subprocess.Popen[str]:
        """Start a command, whose complaints come with what it prints."""
        return subprocess.Popen(
            shlex.split(command),
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


@pytest.fixture(scope="module")
def newcomer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newcomer]:
    folder = tmp_path_factory.mktemp("newcomer")
    fake = folder / "fake"
    fake.mkdir()
    with serving(Settings()) as server:
        yield Newcomer(folder / "clone", server.url, fake)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_of_a_page_works_in_a_fresh_clone(
    page: Path, newcomer: Newcomer, subtests: pytest.Subtests
) -> None:
    newcomer.read(page)
    for command in (*BEFORE.get(page.name, ()), *PRINTED[page.name]):
        if command in ELSEWHERE or " -k stag-hunt" in command:
            continue
        with subtests.test(command):
            code, said = newcomer.types(command)
            assert code == ENDS.get(command, 0), said
            assert said or not command.startswith("repunet ")


@pytest.mark.slow
def test_what_is_said_of_a_missing_extra_installs_it(newcomer: Newcomer) -> None:
    newcomer.types("python3 bootstrap.py core")
    played = "repunet run pd --agents 4 --rounds 1 --mind axelrod:Grudger"
    code, said = newcomer.types(played)
    assert code == 2, said
    newcomer.types(said.strip().rpartition(": ")[2])
    assert newcomer.types(played)[0] == 0
