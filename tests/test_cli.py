"""The command line: what it prints, which code it leaves with, and that nothing is lost."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from shlex import split

import pytest
from patience import PATIENCE

from repunet.cli import execute
from repunet.record.journal import Journal

Command = Callable[..., tuple[int, str, str]]
REFERENCE = Path(__file__).parents[2] / "shared" / "reference-data" / "seeds"
SHORT = ("run", "pd", "--agents", "4", "--rounds", "3", "--quiet")


@pytest.fixture
def repunet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """Run a command in an empty folder; return its code and what it printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("REPUNET_STORAGE", raising=False)

    def command(*words: str) -> tuple[int, str, str]:
        code = execute(list(words))
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return command


def digest_of(repunet: Command, run: str) -> str:
    code, out, _ = repunet("digest", run)
    assert code == 0
    return out.strip()


def everything(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_run_says_which_mind_made_it_and_where_it_is(repunet: Command) -> None:
    code, out, _ = repunet("run", "pd", "--agents", "4", "--rounds", "3", "--name", "first")
    assert code == 0
    assert "no evidence about language models" in out
    assert "runs/first/run.sqlite" in out
    assert "missing decisions" in out


def test_progress_is_plain_lines_where_there_is_no_terminal(repunet: Command) -> None:
    _, _, err = repunet("run", "pd", "--agents", "4", "--rounds", "2", "--name", "first")
    assert "first  round 2/2  cooperation" in err
    assert "\x1b" not in err


def test_json_is_all_that_a_script_gets(repunet: Command) -> None:
    _, out, err = repunet(*SHORT, "--json")
    summary = json.loads(out)
    assert (summary["rounds"], summary["mind"], len(summary["cooperation"])) == (3, "embedded", 3)
    assert err == ""


def test_equal_words_make_equal_runs_and_a_new_name(repunet: Command) -> None:
    repunet(*SHORT)
    repunet(*SHORT)
    assert digest_of(repunet, "pd-full-s1") == digest_of(repunet, "pd-full-s1-2")


@pytest.mark.parametrize("difference", ["--seed=2", "--treatment=none", "--mind=chance"])
def test_whatever_differs_in_the_founding_differs_in_the_digest(
    repunet: Command, difference: str
) -> None:
    repunet(*SHORT, "--name", "one")
    repunet(*SHORT, "--name", "other", difference)
    assert digest_of(repunet, "one") != digest_of(repunet, "other")


def test_the_paper_s_words_for_treatments_mean_the_presets(repunet: Command) -> None:
    repunet(*SHORT, "--reputation", "y", "--gossip", "n", "--name", "words")
    repunet(*SHORT, "--treatment", "no-gossip", "--name", "preset")
    assert digest_of(repunet, "words") == digest_of(repunet, "preset")


def test_steps_are_rounds(repunet: Command) -> None:
    code, out, _ = repunet("run", "pd_game", "--steps", "2", "--agents", "2", "--json")
    assert code == 0
    assert json.loads(out)["rounds"] == 2


def test_a_finer_switch_is_part_of_the_treatment_s_name(repunet: Command) -> None:
    _, out, _ = repunet(*SHORT, "--set", "rewiring=off", "--json")
    assert json.loads(out)["treatment"] == "full, rewiring=off"
    assert json.loads(out)["ties"] == 0


def test_a_run_extended_in_two_steps_is_the_longer_run(repunet: Command) -> None:
    repunet(*SHORT, "--name", "short")
    assert repunet("resume", "short", "--rounds", "2", "--quiet")[0] == 0
    repunet("run", "pd", "--agents", "4", "--rounds", "5", "--quiet", "--name", "long")
    assert digest_of(repunet, "short") == digest_of(repunet, "long")


def test_one_agent_can_have_a_mind_of_its_own(repunet: Command) -> None:
    code, _, _ = repunet(*SHORT, "--mind", "David Johnson=defector", "--name", "mixed")
    _, out, _ = repunet("show", "mixed", "--json")
    people = {person["name"]: person for person in json.loads(out)}
    assert code == 0
    assert people["David Johnson"]["mind"] == "defector"
    assert people["David Johnson"]["cooperation"] == 0
    assert people["Ahmed Hassan"]["mind"] == "embedded"


def test_a_question_can_have_a_mind_of_its_own(repunet: Command) -> None:
    code, _, _ = repunet(*SHORT, "--mind", "operation:ChooseMove=defector", "--name", "mixed")
    _, out, _ = repunet("show", "mixed", "--json")
    assert code == 0
    assert {person["mind"] for person in json.loads(out)} == {"embedded + defector"}
    assert {person["cooperation"] for person in json.loads(out)} == {0}


def test_a_spec_says_all_that_flags_say(repunet: Command, tmp_path: Path) -> None:
    spec = 'scenario = "pd"\nagents = 4\nrounds = 3\nseed = 5\n[minds]\nA01 = "chance"\n'
    (tmp_path / "run.toml").write_text(spec)
    repunet("run", "--spec", "run.toml", "--quiet", "--name", "spec")
    repunet(*SHORT, "--seed", "5", "--mind", "Ahmed Hassan=chance", "--name", "flags")
    assert digest_of(repunet, "spec") == digest_of(repunet, "flags")


def test_flags_win_over_a_spec(repunet: Command, tmp_path: Path) -> None:
    (tmp_path / "run.toml").write_text(
        'scenario = "donor"\nrounds = 9\nseed = 5\npersonas = "nowhere.json"\nmind = "chance"\n'
    )
    repunet(*SHORT, "--spec", "run.toml", "--seed", "1", "--mind", "embedded", "--name", "spec")
    repunet(*SHORT, "--name", "flags")
    assert digest_of(repunet, "spec") == digest_of(repunet, "flags")


@pytest.mark.slow
def test_where_nobody_names_a_mind_the_environment_does(
    repunet: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLM_API_BASE", "localhost")
    code, _, err = repunet(*SHORT)
    assert (code, err.count("\n")) == (2, 1)
    assert "LLM_API_BASE is the address of a server" in err
    assert repunet(*SHORT, "--mind", "embedded")[0] == 0
    assert repunet("demo", "--agents", "4", "--rounds", "2", "--quiet")[0] == 0


def test_an_odd_society_works(repunet: Command) -> None:
    code, out, _ = repunet("run", "pd", "--agents", "5", "--rounds", "5", "--json")
    assert code == 0
    _, out, _ = repunet("show", "pd-full-s1", "--json")
    assert [person["encounters"] for person in json.loads(out)] == [4] * 5


def test_an_agent_can_be_looked_at_after_any_round(repunet: Command) -> None:
    repunet(*SHORT, "--name", "first")
    _, out, _ = repunet("show", "first", "--agent", "A01", "--round", "2", "--json")
    portrait = json.loads(out)
    assert [meeting["round"] for meeting in portrait["meetings"]] == [1, 2]
    assert portrait["holds"][0]["versions"][0]["because"][0].startswith("r1/meet/")
    assert portrait["description"]["player"].startswith("You are Ahmed Hassan")
    code, out, _ = repunet("show", "first", "--agent", "ahmed hassan", "--round", "2")
    assert code == 0
    assert "Reputations held about it" in out


def test_before_the_first_round_everyone_is_a_stranger(repunet: Command) -> None:
    repunet(*SHORT, "--name", "first")
    _, out, _ = repunet("show", "first", "--agent", "A01", "--round", "0", "--json")
    portrait = json.loads(out)
    assert (portrait["holds"], portrait["meetings"], portrait["wealth"]) == ([], [], 10.0)


def test_looking_changes_nothing(repunet: Command, tmp_path: Path) -> None:
    repunet(*SHORT, "--name", "first")
    before = everything(tmp_path)
    for words in (("runs",), ("show", "first"), ("show", "first", "--agent", "A02"),
                  ("digest", "first"), ("digest", "first", "--round", "1")):  # fmt: skip
        assert repunet(*words)[0] == 0
    assert everything(tmp_path) == before


def test_a_run_is_found_by_name_folder_or_file(repunet: Command, tmp_path: Path) -> None:
    repunet(*SHORT, "--name", "first")
    places = ("first", "runs/first", "runs/first/run.sqlite", str(tmp_path / "runs" / "first"))
    assert len({digest_of(repunet, place) for place in places}) == 1


def test_runs_live_where_the_environment_says(
    repunet: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REPUNET_STORAGE", str(tmp_path / "elsewhere"))
    repunet(*SHORT, "--name", "first")
    assert (tmp_path / "elsewhere" / "first" / "run.sqlite").is_file()
    assert not (tmp_path / "runs").exists()


def test_the_demo_compares_two_runs(repunet: Command) -> None:
    code, out, _ = repunet("demo", "--agents", "4", "--rounds", "2", "--quiet")
    assert code == 0
    assert "runs/demo-full/run.sqlite" in out
    assert "runs/demo-none/run.sqlite" in out
    assert repunet("demo", "--agents", "4", "--rounds", "2", "--quiet")[0] == 0


BAD_USE = {
    "an unknown scenario": (("run", "pdd"), 'unknown scenario "pdd" (did you mean "pd"?)'),
    "an unknown treatment": (("run", "pd", "--treatment", "ful"), 'did you mean "full"?'),
    "an unknown mind": (("run", "pd", "--mind", "embeded"), 'did you mean "embedded"?'),
    "an unknown variant": (("run", "pd", "--mind", "embedded:shrp"), 'mean "embedded:sharp"?'),
    "an unknown parameter": (("run", "pd", "--mind", "embedded,precison=3"), '"precision"?'),
    "a parameter that is no number": (("run", "pd", "--mind", "embedded,precision=x"), "a number"),
    "no prior": (("run", "pd", "--mind", "embedded,prior_strength=0"), "above 0, not 0"),
    "a negative mass": (("run", "pd", "--mind", "embedded,uninformed_mass=-1"), "above 0, not -1"),
    "negative ageing": (("run", "pd", "--mind", "embedded,ageing=-1"), "between 0 and 1, not -1"),
    "negative negativity": (("run", "pd", "--mind", "embedded,negativity=-1"), "at least 0"),
    "negative precision": (("run", "pd", "--mind", "embedded,precision=-1"), "at least 0"),
    "surer than sure": (("run", "pd", "--mind", "embedded,observability=2"), "between 0 and 1"),
    "a fixed word": (("run", "pd", "--mind", "embedded,observability=fixed:x"), "a number"),
    "a mind for nobody": (("run", "pd", "--mind", "Lian OConnor=chance"), 'mean "Liam OConnor"?'),
    "two minds for one agent": (("run", "pd", "--mind", "A1=chance"), "unknown agent"),
    "a mind for a role": (("run", "pd", "--mind", "role:trustee=chance"), 'role "trustee"'),
    "a mind for no operation": (
        ("run", "pd", "--mind", "operation:TelGossip=chance"),
        'did you mean "TellGossip"?',
    ),
    "a mind as a model": (
        ("run", "pd", "--model", "Liam OConnor=chance"),
        "chance is no language model; to let it decide: --mind 'Liam OConnor=chance'",
    ),
    "a model of nobody's": (("run", "pd", "--model", "gpt-4o-mini"), "openai:gpt-4o-mini"),
    "a mind and a model for all": (
        ("run", "pd", "--mind", "chance", "--model", "openai:gpt-4o-mini"),
        "a mind for that already",
    ),
    "a negative budget": (("run", "pd", "--budget", "-1"), "--budget should be at least 0"),
    "no calls": (("run", "pd", "--max-calls", "0"), "--max-calls should be at least 1"),
    "no scenario": (("run",), "say which dilemma"),
    "a spec that is not there": (("run", "--spec", "nowhere.toml"), "nowhere.toml: no such file"),
    "a spec that is none": (("run", "--spec", "half.json"), "half.json: not valid JSON"),
    "an unknown switch": (("run", "pd", "--set", "rewirng=off"), 'did you mean "rewiring"?'),
    "a switch without a value": (("run", "pd", "--set", "rewiring"), "switch=value"),
    "a switch set to a word": (("run", "pd", "--set", "rewiring=maybe"), "rewiring=off"),
    "a probability beyond one": (("run", "pd", "--set", "witnesses=2"), "probability"),
    "one agent": (("run", "pd", "--agents", "1"), "at least 2"),
    "no rounds": (("run", "pd", "--rounds", "0"), "--rounds should be at least 1"),
    "a round and a half": (("run", "pd", "--rounds", "1.5"), "--rounds takes a whole number"),
    "half an agent": (("run", "pd", "--agents", "3.5"), "--agents takes a whole number"),
    "half a round of a run": (("show", "first", "--round", "0.5"), "takes a whole number"),
    "storage nowhere": (("run", "pd", "--storage", ""), "the path of a folder, not ''"),
    "storage that is not there": (("runs", "--storage", "nowhere"), "no folder nowhere"),
    "no treatment": (("run", "pd", "--treatment", ""), 'unknown treatment ""'),
    "neither y nor n": (("run", "pd", "--reputation", ""), "takes y or n"),
    "a switch set twice": (
        ("run", "pd", "--set", "self-image=off", "--set", "self_image=on"),
        "self_image is there twice",
    ),
    "rounds that are no number": (("run", "pd", "--rounds", "many"), "many"),
    "an option that is not there": (("run", "pd", "--roudns", "3"), "--roudns"),
    "a missing persona file": (("run", "pd", "--personas", "nowhere.json"), "nowhere.json"),
    "a truncated persona file": (("run", "pd", "--personas", "half.json"), "half.json"),
    "duplicate names": (("run", "pd", "--personas", "twins.json"), "Ann"),
    "people and a number of them": (("run", "pd", "--personas", "a", "--agents", "3"), "both"),
    "a name with a path in it": (("run", "pd", "--name", "../up"), "can't name a run"),
    "neither yes nor no": (("run", "pd", "--gossip", "perhaps"), "takes y or n"),
    "no concurrency": (("run", "pd", "--concurrency", "0"), "at least 1"),
    "a run that is not there": (("resume", "nothing"), 'no run "nothing"'),
    "a place that is a file": (("run", "pd", "--storage", "half.json"), "--storage"),
    "a place below a file": (("run", "pd", "--storage", "half.json/below"), "--storage"),
    "a command that is not there": (("rnu",), "rnu"),
}


@pytest.mark.parametrize("case", BAD_USE, ids=lambda case: case.replace(" ", "-"))
def test_bad_use_is_one_clear_line_and_writes_nothing(
    repunet: Command, tmp_path: Path, case: str
) -> None:
    (tmp_path / "half.json").write_text('{"pd_game": {"Ann": "You ')
    twin = {"name": "Ann", "description": "You are Ann."}
    (tmp_path / "twins.json").write_text(json.dumps([twin, twin]))
    before = everything(tmp_path)
    words, expected = BAD_USE[case]
    code, out, err = repunet(*words)
    assert code == 2
    assert expected in err
    assert err.count("\n") == 1
    assert (out, everything(tmp_path)) == ("", before)


def test_a_name_that_exists_says_how_to_resume(repunet: Command, tmp_path: Path) -> None:
    repunet(*SHORT, "--name", "first")
    before = everything(tmp_path)
    code, _, err = repunet(*SHORT, "--name", "first")
    assert (code, everything(tmp_path)) == (2, before)
    assert "repunet resume first" in err


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("show", "first", "--round", "9"), "rounds 0 to 3"),
        (("show", "first", "--agent", "Ahmet Hassan"), 'did you mean "Ahmed Hassan"?'),
        (("digest", "first", "--round", "9"), "3 rounds"),
        (("digest", "frist"), 'did you mean "first"?'),
        (("resume", "first", "--rounds", "0"), "at least 1 round"),
    ],
)
def test_looking_for_what_is_not_there_is_bad_use(
    repunet: Command, words: tuple[str, ...], expected: str
) -> None:
    repunet(*SHORT, "--name", "first")
    code, _, err = repunet(*words)
    assert code == 2
    assert expected in err


@contextmanager
def locked_out(folder: Path) -> Iterator[None]:
    """Let nobody but its owner look into a folder, and be somebody else."""
    mode, superuser = folder.stat().st_mode, os.geteuid() == 0
    folder.chmod(0o700 if superuser else 0)
    if superuser:
        os.seteuid(65534)
    try:
        yield
    finally:
        if superuser:
            os.seteuid(0)
        folder.chmod(mode)


@pytest.mark.parametrize(
    "words",
    [("runs",), ("show", "first"), ("digest", "first"), ("resume", "first"), SHORT,
     (*SHORT, "--name", "first")],
    ids=" ".join,
)  # fmt: skip
def test_storage_that_may_not_be_read_is_one_clear_line(
    repunet: Command, tmp_path: Path, words: tuple[str, ...]
) -> None:
    for prepared in ((*SHORT, "--name", "first"), ("runs",), ("show", "first")):
        assert repunet(*prepared)[0] == 0
    with locked_out(tmp_path / "runs"):
        code, out, err = repunet(*words)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "Permission denied" in err


@pytest.mark.parametrize("kept", [0, 100, 5_000])
@pytest.mark.parametrize("command", ["show", "digest", "resume"])
def test_a_damaged_run_file_is_one_clear_line(
    repunet: Command, tmp_path: Path, command: str, kept: int
) -> None:
    repunet(*SHORT, "--name", "first")
    file = tmp_path / "runs" / "first" / "run.sqlite"
    file.write_bytes(file.read_bytes()[:kept])
    code, _, err = repunet(command, "first")
    assert code == 2
    assert "damaged" in err
    assert err.count("\n") == 1
    assert file.stat().st_size == kept


def test_one_damaged_run_does_not_hide_the_others(repunet: Command, tmp_path: Path) -> None:
    repunet(*SHORT, "--name", "good")
    repunet(*SHORT, "--name", "bad")
    (tmp_path / "runs" / "bad" / "run.sqlite").write_bytes(b"")
    code, out, _ = repunet("runs")
    assert code == 0
    assert "good" in out
    assert "damaged" in out


@pytest.mark.skipif(not REFERENCE.exists(), reason="the reference's data is not here")
@pytest.mark.parametrize("source", ["profiles.json", "pd_game_seed", "pd_game_seed/step_0"])
def test_the_reference_s_people_play(repunet: Command, source: str) -> None:
    code, out, _ = repunet("run", "pd", "--rounds", "2", "--personas", str(REFERENCE / source))
    assert code == 0
    _, out, _ = repunet("show", "pd-full-s1", "--json")
    people = json.loads(out)
    assert len(people) == 20
    assert {person["disposition"] for person in people} == {"custom"}


@pytest.mark.skipif(not REFERENCE.exists(), reason="the reference's data is not here")
def test_the_reference_s_people_may_be_a_flat_file(repunet: Command, tmp_path: Path) -> None:
    profiles = json.loads((REFERENCE / "profiles.json").read_text())["pd_game"]
    (tmp_path / "flat.json").write_text(json.dumps(profiles))
    repunet("run", "pd", "--rounds", "2", "--personas", "flat.json", "--name", "flat")
    source = str(REFERENCE / "profiles.json")
    repunet("run", "pd", "--rounds", "2", "--personas", source, "--name", "keyed")
    assert digest_of(repunet, "flat") == digest_of(repunet, "keyed")


# Hints that can be pasted ------------------------------------------------------------------------


@pytest.mark.parametrize("storage", ["runs", "else where"])
def test_every_hint_leads_to_the_run_wherever_it_lives(repunet: Command, storage: str) -> None:
    words = (*SHORT, "--name", "first", "--storage", storage)
    _, out, _ = repunet(*words)
    _, _, taken = repunet(*words)
    _, _, strange = repunet("show", "--storage", storage, "fist")
    _, listed, _ = repunet("show", "first", "--storage", storage)
    for text in (out, taken, strange, listed):
        hint = text[text.rindex("repunet ") :].splitlines()[0]
        assert repunet(*split(hint)[1:])[0] == 0, hint


def test_an_empty_storage_says_how_to_fill_it(repunet: Command, tmp_path: Path) -> None:
    (tmp_path / "my own").mkdir()
    _, out, _ = repunet("runs", "--storage", "my own")
    assert "repunet run pd --storage 'my own'" in out


# Looks -------------------------------------------------------------------------------------------


def printed(folder: Path, *words: str, columns: int = 80) -> list[str]:
    command = [sys.executable, "-m", "repunet.cli", *words]
    page = {**os.environ, "COLUMNS": str(columns)}
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=page, check=True)
    return done.stdout.splitlines()


@pytest.mark.slow
def test_a_society_fits_eighty_columns_with_every_name_and_number_whole(
    repunet: Command, tmp_path: Path
) -> None:
    repunet("run", "pd", "--rounds", "3", "--quiet", "--name", "first")
    lines = printed(tmp_path, "show", "first")
    assert max(map(len, lines)) <= 80
    for person in json.loads(repunet("show", "first", "--json")[1]):
        (line,) = (line for line in lines if line.startswith(person["name"]))
        kind, wealth, _, standing = line.removeprefix(person["name"]).split()[:4]
        assert kind == person["disposition"].replace("_", "-")
        assert (wealth, standing) == (f"{person['wealth']:g}", f"{person['standing']:+.2f}")


@pytest.mark.slow
def test_the_list_of_runs_fits_eighty_columns_with_every_name_whole(
    repunet: Command, tmp_path: Path
) -> None:
    ways = (("--treatment", "none-matched-memory"), ("--set", "rewiring=off"), ("--seed", "12345"))
    for way in ways:
        repunet(*SHORT, *way, "--mind", "David Johnson=grudger")
    lines = printed(tmp_path, "runs")
    names = [summary["name"] for summary in json.loads(repunet("runs", "--json")[1])]
    assert max(map(len, lines)) <= 80
    assert len(names) == 3
    for name in names:
        assert any(line.startswith(f"{name} ") and " 3/3 " in line for line in lines)


def test_a_wide_page_shows_every_column(repunet: Command, tmp_path: Path) -> None:
    repunet(*SHORT, "--name", "first")
    heading = " ".join(printed(tmp_path, "runs", columns=120)[1].split())
    assert heading == "run scenario treatment mind agents seed rounds last 5 missing"


@pytest.mark.parametrize("name", ["Bo [/x] B", "[bold]Bo", "Bo [red]B[/red]", ":smile: Bo"])
def test_a_name_that_looks_like_markup_is_shown_as_it_is(
    repunet: Command, tmp_path: Path, name: str
) -> None:
    people = [{"name": n, "description": f"You are {n}."} for n in (name, "Ann Ash")]
    (tmp_path / "people.json").write_text(json.dumps(people))
    code, _, err = repunet("run", "pd", "--rounds", "3", "--personas", "people.json")
    assert (code, "Traceback" in err) == (0, False)
    for words in ((), ("--agent", name), ("--agent", "Ann Ash")):
        assert name in repunet("show", "pd-full-s1", *words)[1]


def test_a_disposition_is_printed_as_people_spell_it(repunet: Command) -> None:
    _, played, _ = repunet(*SHORT, "--name", "first")
    _, society, _ = repunet("show", "first")
    _, agent, _ = repunet("show", "first", "--agent", "David Johnson")
    for text in (played, society, agent):
        assert "self-interested" in text
        assert "self_interested" not in text


def test_tables_of_gossip_that_nobody_told_are_left_out(repunet: Command) -> None:
    repunet(*SHORT, "--treatment", "no-gossip", "--name", "silent")
    _, out, _ = repunet("show", "silent", "--agent", "A01")
    assert "Meetings" in out
    assert "Gossip" not in out


def test_progress_says_that_it_is_of_this_round(repunet: Command) -> None:
    _, _, err = repunet("run", "pd", "--agents", "4", "--rounds", "2", "--name", "first")
    assert re.search(r"round 2/2  cooperation \S+ this round  ties \d+$", err, re.MULTILINE)


def test_a_digest_can_be_json(repunet: Command) -> None:
    repunet(*SHORT, "--name", "first")
    _, plain, _ = repunet("digest", "first", "--round", "2")
    _, out, _ = repunet("digest", "first", "--round", "2", "--json")
    assert json.loads(out) == {"name": "first", "round": 2, "digest": plain.strip()}


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("words", ["runs", "show first", "show first --json", "digest first"])
def test_output_that_cannot_be_written_is_one_clear_line(
    repunet: Command, tmp_path: Path, words: str
) -> None:
    repunet(*SHORT, "--name", "first")
    command = [sys.executable, "-m", "repunet.cli", *words.split()]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    assert done.stderr == "repunet: the output: No space left on device\n"


# Signals -----------------------------------------------------------------------------------------


def started(folder: Path, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "repunet.cli", *words]
    return subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True)


def rounds_in(file: Path) -> int:
    if not file.exists():
        return 0
    with Journal.open(file) as journal:
        return journal.rounds


def wait_for_a_round(file: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while rounds_in(file) < 1:
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.slow
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_the_first_ctrl_c_or_sigterm_ends_a_run_resumably(tmp_path: Path, sent: int) -> None:
    rounds = "400"
    process = started(tmp_path, "run", "pd", "--rounds", rounds, "--name", "long", "--quiet")
    file = tmp_path / "runs" / "long" / "run.sqlite"
    wait_for_a_round(file)
    process.send_signal(sent)
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 3
    assert "repunet resume long" in err
    assert 0 < rounds_in(file) < int(rounds)


def test_the_second_ctrl_c_ends_a_run_at_once_and_says_how_to_go_on(
    repunet: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def impatient(*_: object) -> None:
        for _ in range(2):
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr("repunet.cli.printing.progress.cooperation", impatient)
    words = ("run", "pd", "--agents", "4", "--rounds", "3", "--name", "first")
    code, _, err = repunet(*words, "--storage", "elsewhere")
    assert code == 3
    assert err.endswith("to go on: repunet resume elsewhere/first\n")


@pytest.mark.slow
def test_a_run_in_use_is_refused_by_the_number_of_its_process(
    repunet: Command, tmp_path: Path
) -> None:
    process = started(tmp_path, "run", "pd", "--rounds", "400", "--name", "long", "--quiet")
    try:
        wait_for_a_round(tmp_path / "runs" / "long" / "run.sqlite")
        code, _, err = repunet("resume", "long")
        assert code == 2
        assert str(process.pid) in err
        assert repunet("show", "long")[0] == 0
    finally:
        process.kill()
        process.communicate()


@pytest.mark.slow
def test_a_reader_that_goes_away_is_no_error(repunet: Command, tmp_path: Path) -> None:
    repunet("run", "pd", "--rounds", "9", "--name", "first", "--quiet")
    show = f"{sys.executable} -m repunet.cli show first --agent A01 --all --json | head -1"
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {show}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env=os.environ,
    )
    assert (done.returncode, done.stderr) == (0, "")
