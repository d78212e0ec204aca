"""The terminal: whatever agents, servers and files say, nothing acts on it, and all is shown."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import EntryPoint
from io import StringIO
from pathlib import Path

import pytest
from rich.cells import cell_len
from victim import begun, founded, play

from repunet import scenarios as dilemmas
from repunet.cli import execute
from repunet.cli.printing.console import console, print_json
from repunet.cli.printing.tables import fitted
from repunet.runs.run import begin
from repunet.system.terminal import escaped, in_one_line, visible
from repunet.world.persona import Disposition, Persona

HARM = {
    "escape": "\x1b[2J\x1b[31m",
    "clipboard": "\x1b]52;c;cm0gLXJm\x07",
    "link": "\x1b]8;;http://example.org\x1b\\here\x1b]8;;\x1b\\",
    "C1": "\x9b31m\x9d52;c;x\x9c\x85",
    "bidi": "\u202e\u2066\u2069\u200f\u061c",
    "zero width": "\u200b\u200c\u200d\u2060\ufeff\u00ad\U000e0041\u3164",
    "backspace": "rm\b\b\x7f\x07\r",
    "line ends": "\u2028\u2029\v\f",
    "markup": "[red][link=http://x]:smile:[/]",
}
ALL = "".join(HARM.values())
RAW = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\u3164\ufeff"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
Command = Callable[..., tuple[int, str, str]]


@pytest.mark.parametrize("kind", HARM)
def test_no_character_that_acts_on_a_terminal_is_left(kind: str) -> None:
    assert not RAW.search(visible(HARM[kind]))
    assert visible(visible(HARM[kind])) == visible(HARM[kind])


def test_text_in_any_script_stays_as_it_is() -> None:
    text = "Zoë 李小明 Олег مريم אבי अनिल 😀 ❤\ufe0f $5\n\tnew\u00a0line\u3000"
    assert visible(text) == text


def test_half_of_a_character_is_shown() -> None:
    assert visible("a\udc80") == r"a\udc80"
    assert in_one_line("a\r\nb\x1b") == r"a b\x1b"


def test_json_means_the_same_without_them() -> None:
    text = json.dumps({ALL: [ALL, "李"]}, ensure_ascii=False)
    assert not RAW.search(escaped(text))
    assert json.loads(escaped(text)) == json.loads(text)
    assert escaped(text, ascii_only=True).isascii()
    assert json.loads(escaped(text, ascii_only=True)) == json.loads(text)


def test_json_of_a_name_that_is_no_unicode_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"path": "runs/\udc80"})
    assert json.loads(capsys.readouterr().out) == {"path": "runs/\udc80"}


# Every command -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where a run is whose people, and all that was said in it, would act on a terminal."""
    folder = tmp_path_factory.mktemp("hostile") / "runs"
    people = tuple(
        Persona(f"A0{n}", f"N{n}{ALL}", 30, "female", ALL, Disposition.CUSTOM, {"*": f"You {ALL}"})
        for n in range(1, 5)
    )
    with begin(founded(personas=people), 3, folder=folder, name="bad") as run:
        play(run)
    with begun(folder, 3, name="good") as other:
        play(other)
    return folder.parent


LOOKS = (
    "runs",
    "runs --json",
    "show bad",
    "show bad --json",
    "show bad --agent A01",
    "show bad --agent A01 --json",
    "why bad r1/meet/A01-A02",
    "why bad r2/ShapeReputation",
    "diff bad good",
    "diff bad good --json",
    "replay bad",
    "verify bad",
    "report bad",
    "resume bad --rounds 1",
    "fork bad --at 1 --name forked",
    "show bad --agent Nobody\x1b[2J",
    "show \x1b]52;c;x\x07",
    "export bad out --to \x9b",
    "seed make seeds-of-bad --from bad",
    "cost bad",
)


@pytest.mark.parametrize("line", LOOKS, ids=lambda line: visible(line).replace(" ", "-"))
def test_no_command_prints_what_acts_on_a_terminal(
    line: str,
    hostile: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(hostile)
    monkeypatch.delenv("REPUNET_STORAGE", raising=False)
    execute(line.split(" "))
    printed = capsys.readouterr()
    assert printed.out or printed.err
    assert "Traceback" not in printed.err
    assert not RAW.search(printed.out + printed.err)


def test_the_shell_and_the_log_are_no_exceptions(
    hostile: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(hostile)
    monkeypatch.setattr("sys.stdin", StringIO("open bad\nshow A01\nask \x1b[2J what\nagents\n"))
    execute(["shell", "--keep-going"])
    printed = capsys.readouterr()
    assert not RAW.search(printed.out + printed.err)
    logs = [path.read_text("utf-8") for path in hostile.rglob("run.log")]
    assert not any(map(RAW.search, logs))


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
@pytest.mark.parametrize("words", [("show", "bad", "--json"), ("show", "bad")])
def test_no_encoding_ends_a_command(
    encoding: str, words: tuple[str, ...], hostile: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", encoding)
    command = [sys.executable, "-m", "repunet.cli", *words]
    done = subprocess.run(command, cwd=hostile, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    if "--json" in words:
        assert len(json.loads(done.stdout.decode(encoding))) == 4


def test_validate_without_its_extra_is_one_line_with_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "scipy.stats", None)
    assert execute(["validate", "--only", "human"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("repunet: scipy.stats is not installed: ")
    assert line.endswith(" analysis")


# Tables ------------------------------------------------------------------------------------------

COLUMNS = {
    "run:": ["a-run-of-a-rather-long-name", "李小明的社会"],
    "treatment:": ["full, from round 8 no-gossip", "none"],
    "missing": ["12", "0"],
    "seed": ["1", "2"],
}


@pytest.mark.parametrize("width", [120, 80, 60, 40, 24])
def test_a_table_keeps_all_but_what_can_be_spared_at_any_width(
    width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(console, "_width", width)
    monkeypatch.setattr(console, "soft_wrap", False)
    console.print(fitted("Runs", COLUMNS, ("seed",)))
    out = capsys.readouterr().out
    assert max(map(cell_len, out.splitlines())) <= width
    words = "".join(out.split())
    assert all(each in words for each in ("treatment", "missing", "李小明的社会", "12"))
    assert "seed" in out
    assert all(part in out for part in ("gossip", "none"))


def test_where_nobody_looks_a_table_is_as_wide_as_it_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    console.print(fitted("Runs", COLUMNS | {"mind:": ["x" * 200, "y"]}, ("seed",)))
    lines = capsys.readouterr().out.splitlines()
    assert any("long-name" in line and "x" * 200 in line for line in lines)


# Plug-ins ----------------------------------------------------------------------------------------


TROUBLES = ("raise SystemExit(3)", "import nowhere", "1 / 0", "make = str")


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_plug_in_that_can_not_be_had_is_named_and_all_else_works(
    trouble: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "strange_dilemma.py").write_text(trouble)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "strange_dilemma", raising=False)
    strange = EntryPoint("chicken", "strange_dilemma:make", dilemmas.GROUP)
    known = dilemmas.entry_points(group=dilemmas.GROUP)
    monkeypatch.setattr(dilemmas, "entry_points", lambda group: [strange, *known])
    dilemmas.scenarios.cache_clear()
    try:
        assert execute(["run", "pd", "--agents", "4", "--rounds", "1", "--quiet"]) == 0
        said = capsys.readouterr().err
        assert execute(["scenarios"]) == 0
    finally:
        dilemmas.scenarios.cache_clear()
    assert said.startswith("warning: the scenario chicken can't be used: ")
    assert said.count("\n") == 1


def test_no_line_ends_in_blanks_where_no_terminal_is(capsys: pytest.CaptureFixture[str]) -> None:
    console.print(fitted("Runs", COLUMNS, ("seed",)))
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) >= 4
    assert [line for line in lines if line != line.rstrip()] == []
