"""The commands `compare` and `power` on real runs, and the page that explains them."""

import csv
import json
import re
import runpy
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from measured import fickle

from repunet.analysis.comparison import selected
from repunet.analysis.makers import NOTES
from repunet.cli import execute
from repunet.cli.printing.console import console
from repunet.runs.run import reopen

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "how-to" / "compare-runs.md").read_text("utf-8")
FILES = dict(re.findall(r"`([a-z.]+)`:\n\n```\w+\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE))
MIND = "embedded:sharp"
LINES = re.findall(r"^\$ repunet (.*)$", PAGE, re.MULTILINE)

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder in which the runs of the page have been played."""
    folder = tmp_path_factory.mktemp("study")
    for name, text in FILES.items():
        (folder / name).write_text(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert execute([*shlex.split(LINES[0]), "--on", "local", "--quiet"]) == 0
    return folder


@pytest.fixture
def repunet(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Command:
    """Run a command where these runs are; return its code and what it printed."""
    monkeypatch.chdir(place)
    monkeypatch.delenv("REPUNET_STORAGE", raising=False)
    capsys.readouterr()

    def command(*words: str) -> tuple[int, str, str]:
        code = execute(list(words))
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return command


@pytest.fixture
def found(repunet: Command) -> Callable[..., dict[str, Any]]:
    """Return what a comparison of cooperation says for scripts."""

    def compared(*words: str) -> dict[str, Any]:
        code, out, err = repunet("compare", *words, "--measure", "cooperation", "--json")
        assert code == 0, err
        return json.loads(out)

    return compared


def runs(place: Path, word: str) -> list[str]:
    return sorted(
        str(path) for path in (place / "runs" / "arms").glob(f"pd-{word}-embedded-sharp-n10-*")
    )


@pytest.mark.slow
def test_the_page_works_as_it_is_written(repunet: Command, place: Path) -> None:
    assert sorted(FILES) == ["arms.toml", "look.py"]
    assert len(LINES) == 7
    said = {line: repunet(*shlex.split(line)) for line in LINES[1:]}
    assert [(line, err) for line, (code, _, err) in said.items() if code] == []
    assert "  none" in said["compare arms"][1]
    assert said["power --means .9 .8 --sds .05 .1"][1].count(" 12\n") == 1


def test_the_script_on_the_page_works(repunet: Command, capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path("look.py")
    assert capsys.readouterr().out.splitlines()[-1] == "embedded:sharp"


@pytest.mark.slow
def test_every_number_has_its_n_and_its_missing_decisions_and_the_mind_is_named(
    repunet: Command,
) -> None:
    _, out, _ = repunet("compare", "arms", "--measure", "cooperation")
    head, *_ = (line for line in out.splitlines() if line.startswith("measure, arm "))
    assert head.split()[2:] == ["runs", "mean", "[95", "%]", "SD", "counted", "missing"]
    assert re.search(r"^  full +5 +\.\d\d \[\.\d\d, \.\d\d\] +\.\d\d +\d+ +0 *$", out, re.M)
    assert re.search(r"Missing decisions, of all that were asked for: full 0 of [\d,]+;", out)
    assert out.splitlines()[-1] == f"mind: embedded:sharp. {NOTES[0].text}"


@pytest.mark.slow
def test_missing_decisions_are_counted_beside_every_measure(repunet: Command) -> None:
    code, out, _ = repunet("compare", str(fickle("pd")), "--measure", "all")
    lines = out.splitlines()
    assert code == 0
    assert int(lines[lines.index("cooperation") + 1].split()[-1]) > 0
    rows = [line for line in lines if line.startswith("  full")]
    assert len(rows) == len(selected("pd", ["all"]))
    assert all(row.split()[-1].isdecimal() for row in rows)


@pytest.mark.slow
def test_runs_are_found_by_name_by_path_and_by_the_folder_of_their_sweep(
    found: Callable[..., dict[str, Any]], place: Path
) -> None:
    arm = runs(place, "full")
    names = [Path(path).name for path in arm]
    assert found(*arm) == found("--storage", "runs/arms", *names)
    assert found("arms", arm[0]) == found("runs/arms")


@pytest.mark.slow
def test_arms_of_the_same_seeds_are_paired_unless_they_are_not_to_be(
    found: Callable[..., dict[str, Any]],
) -> None:
    both = found("arms", "--baseline", "none"), found("arms", "--baseline", "none", "--unpaired")
    paired, unpaired = (
        each["groups"][0]["measures"][0]["contrasts"][0]["permutation"] for each in both
    )
    assert (paired["method"], paired["smallest_p"]) == ("sign flips, exact", 0.0625)
    assert unpaired["method"] == "permutation, exact"


def test_a_single_run_for_each_arm_gets_no_p_value(repunet: Command, place: Path) -> None:
    one, other = runs(place, "full")[0], runs(place, "none")[0]
    _, out, _ = repunet("compare", one, other, "--measure", "cooperation")
    row = next(line for line in out.splitlines() if line.startswith("  full - none"))
    assert row.split()[4:] == ["n/a", "n/a", "n/a"]
    assert "A single run in an arm gives no p-value" in out


@pytest.mark.slow
def test_the_file_has_a_row_for_each_estimate_and_difference(repunet: Command, place: Path) -> None:
    assert repunet("compare", "arms", "--measure", "gini", "--to", "some.csv")[0] == 0
    with (place / "some.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["kind"] for row in rows] == ["estimate"] * 3 + ["difference"] * 3
    assert {row["mind"] for row in rows} == {"embedded:sharp"}
    full, _, none = (float(row["value"]) for row in rows[:3])
    assert float(rows[4]["value"]) == pytest.approx(full - none)


@pytest.mark.slow
def test_a_run_that_was_cut_off_is_told(repunet: Command, place: Path, tmp_path: Path) -> None:
    path = tmp_path / "cut" / "run.sqlite"
    path.parent.mkdir()
    path.write_bytes((Path(runs(place, "full")[0]) / "run.sqlite").read_bytes())
    with reopen(path) as again:
        again.extend(4)
    code, out, _ = repunet("compare", str(path), *runs(place, "full")[1:])
    assert code == 0
    assert (
        "20 of 24 rounds: 1 run was cut off before the planned rounds, reported as cut off" in out
    )


@pytest.mark.slow
def test_the_power_of_pilots_is_that_of_their_arms(repunet: Command) -> None:
    code, out, _ = repunet("power", "arms", "--json")
    found = json.loads(out)
    assert code == 0
    assert [(each["arm"], each["versus"]) for each in found] == [
        ("full", "no-gossip"), ("full", "none"), ("no-gossip", "none"),
    ]  # fmt: skip
    assert all(each["power"]["n"] == [5, 5] and each["mind"] == MIND for each in found)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "name the runs"),
        (("arms", "--measure", "cooperatoin"), 'did you mean "cooperation"'),
        (("arms", "--baseline", "nome"), 'unknown arm "nome" (did you mean "none"?)'),
        (("arms", "--by", "treatmant"), 'did you mean "treatment"'),
        (("arms", "--window", "0"), "1 or more"),
        (("armes",), 'there is no run "armes"'),
        (("arms.toml",), "is not a run file"),
        (("arms", "--to", "nowhere/x.csv"), "can't write nowhere/x.csv"),
        (("arms", "--to", "x.parquet"), "--to writes CSV"),
    ],
)
def test_bad_use_is_one_clear_line(repunet: Command, words: tuple[str, ...], says: str) -> None:
    code, out, err = repunet("compare", *words)
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert says in err


@pytest.mark.slow
def test_all_of_it_fits_a_narrow_page(repunet: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "_width", 80)
    monkeypatch.setattr(console, "soft_wrap", False)
    for words in (("compare", "arms", "--measure", "cooperation_and_standing"), ("power", "arms")):
        code, out, _ = repunet(*words)
        assert code == 0
        assert max(map(len, out.splitlines())) <= 80


@pytest.mark.slow
def test_what_does_not_fit_beside_stands_below_and_nothing_is_lost(
    repunet: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("compare", "arms", "--measure", "cooperation_and_standing", "--measure", "density")
    for width, headings in ((80, 3), (120, 2)):
        monkeypatch.setattr(console, "_width", width)
        _, out, _ = repunet(*words)
        assert sum(line.startswith("measure, arm") for line in out.splitlines()) == headings
        assert out.count("g_av [95 %]") == 1
        assert re.search(r"full - no-gossip +[+-]\S+ \[[+-]\S+, [+-]\S+\]", out)


@pytest.mark.slow
def test_help_needs_neither_pandas_nor_scipy(place: Path) -> None:
    code = (
        "import sys; from repunet.cli import execute; execute(['--help']); "
        "execute(['compare', '--help']); sys.exit(bool({'pandas', 'scipy'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=place, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
