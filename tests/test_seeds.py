"""Seeds: people whom runs are founded with, and what they may have learned before."""

import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from repunet.cli import execute
from repunet.compat.own_words import OWN_WORDS
from repunet.compat.seeds import learned, profiles, read_seed, seed_path, write_seed
from repunet.errors import UsageError
from repunet.record.journal import Journal
from repunet.record.storage import locate
from repunet.scenarios import scenario as find_scenario
from repunet.world.persona import Persona
from repunet.world.persona_files import read_personas
from repunet.world.population import population

REFERENCE = Path(__file__).parents[2] / "shared" / "reference-data" / "seeds"
needs_reference = pytest.mark.skipif(not REFERENCE.is_dir(), reason="needs the reference's seeds")
THEIRS = {"investment": "invest_seed", "pd_game": "pd_game_seed", "sign_up": "sign_seed"}
SHORT = ("--agents", "4", "--rounds", "3", "--quiet")

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def repunet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("REPUNET_STORAGE", raising=False)

    def command(*words: str) -> tuple[int, str, str]:
        code = execute(list(words))
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return command


def digest(run: str) -> str:
    with Journal.open(locate(run)) as journal:
        return journal.digest()


def images(run: str, at: int) -> dict[str, str]:
    """Return everybody's self-image after a round, by name."""
    with Journal.open(locate(run)) as journal:
        society = journal.manifest.society()
        for written in journal.events(1, at):
            society.apply(written.event)
    return {each.persona.name: each.self_images["player"] for each in society.agents.values()}


def person(name: str, text: str, *, key: str = "pd") -> Persona:
    return Persona("A01", name, None, None, None, population(2)[0].disposition, {key: text})


# Making ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("dilemma", ["pd", "investment", "participation", "donor"])
def test_a_run_with_a_seed_of_our_people_is_the_run_without_it(
    repunet: Command, dilemma: str
) -> None:
    assert repunet("seed", "new", dilemma, "--name", "ours", "--agents", "4")[0] == 0
    repunet("run", dilemma, *SHORT, "--name", "plain")
    seeded = ("run", dilemma, "--personas", "ours", "--rounds", "3", "--quiet", "--name", "seeded")
    assert repunet(*seeded)[0] == 0
    assert digest("plain") == digest("seeded")


def test_the_runner_s_words_are_understood(repunet: Command) -> None:
    theirs = ("--treatment", "pd_game", "--sim-name", "theirs")
    assert repunet("seed", "new", *theirs)[0] == 0
    assert repunet("seed", "new", "pd", "--name", "ours")[0] == 0
    assert seed_path("theirs").read_text() == seed_path("ours").read_text()
    assert repunet("seed", "new", "pd", "--treatment", "donor")[0] == 2


def test_a_seed_is_called_by_its_dilemma_if_nothing_is_said(repunet: Command) -> None:
    repunet("seed", "new", "sign_up", "--agents", "2")
    assert read_seed("participation_seed").scenario == "participation"


@pytest.mark.parametrize("by_scenario", [True, False])
def test_people_of_one_s_own_become_a_seed(repunet: Command, *, by_scenario: bool) -> None:
    people = {"Ann": "You are kind.", "Bob": "You are not."}
    Path("p.json").write_text(json.dumps({"pd_game": people} if by_scenario else people))
    made = ("seed", "new", "--treatment", "pd_game", "--sim-name", "a", "--persona-file", "p.json")
    assert repunet(*made)[0] == 0
    assert [each.description("pd") for each in read_seed("a").people] == list(people.values())


@needs_reference
def test_the_reference_s_seeds_are_inherited_word_for_word(repunet: Command) -> None:
    step = REFERENCE / "invest_seed" / "step_0"
    assert repunet("seed", "new", "investment", "--name", "a", "--from-seed", str(step))[0] == 0
    assert read_seed("a").people == read_personas(step, "investment")


def test_a_seed_of_another_dilemma_is_no_source(repunet: Command) -> None:
    repunet("seed", "new", "pd", "--name", "a", "--agents", "2")
    code, _, err = repunet("seed", "new", "investment", "--from-seed", "a")
    assert (code, err.count("\n")) == (2, 1)
    assert 'has no description for "investment"' in err


# What a run teaches ---------------------------------------------------------------------------


@pytest.mark.parametrize(("source", "at"), [("first", 3), ("first@3", 3), ("first@1", 1)])
def test_a_self_image_follows_the_description(repunet: Command, source: str, at: int) -> None:
    repunet("run", "pd", *SHORT, "--name", "first")
    assert repunet("seed", "new", "--name", "next", "--from-seed", source)[0] == 0
    for new, old in zip(read_seed("next").people, population(4, "pd"), strict=True):
        image = images("first", at)[old.name]
        assert new.description("pd") == f"{old.description('pd')}{OWN_WORDS}{image}"


def test_a_later_self_image_takes_the_place_of_an_earlier_one(repunet: Command) -> None:
    repunet("run", "pd", *SHORT, "--name", "first")
    repunet("seed", "new", "--name", "second", "--from-seed", "first@1")
    repunet("run", "pd", "--personas", "second", "--rounds", "2", "--quiet", "--name", "later")
    repunet("seed", "new", "--name", "third", "--from-seed", "later")
    for new, old in zip(read_seed("third").people, population(4, "pd"), strict=True):
        image = images("later", 2)[old.name]
        assert new.description("pd") == f"{old.description('pd')}{OWN_WORDS}{image}"


def test_before_the_first_round_nobody_has_learned_anything(repunet: Command) -> None:
    repunet("run", "pd", *SHORT, "--name", "first")
    assert learned("first@0", "pd").people == population(4, "pd")


def test_each_role_has_its_own_words(repunet: Command) -> None:
    repunet("run", "investment", *SHORT, "--name", "first")
    for each in learned("first", None).people:
        assert set(each.descriptions) == {"investment/investor", "investment/trustee"}


@pytest.mark.slow
@needs_reference
@pytest.mark.parametrize("packed", ["pd_full", "investment_full", "sign_up_full"])
def test_an_imported_run_teaches_what_its_step_folder_does(repunet: Command, packed: str) -> None:
    with tarfile.open(REFERENCE.parent / "runs" / f"{packed}.tar.gz") as file:
        file.extractall("theirs", filter="data")
    last = max(Path("theirs").glob("*/step_*"), key=lambda step: int(step.name[5:]))
    assert repunet("import", str(last.parent), "--treatment", "full", "--name", "run")[0] == 0
    given = learned("run", None)
    for one, other in zip(given.people, read_personas(last, given.scenario), strict=True):
        for role in find_scenario(given.scenario).roles:
            texts = [each.description(given.scenario, role) for each in (one, other)]
            assert texts[0] == texts[1]


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("first@4", "first has rounds 0 to 3, not 4"),
        ("first@x", "after @ comes a round, not 'x'"),
        ("first@²", "after @ comes a round, not '²'"),
        ("frist", 'did you mean "first"?'),
        ("both", "both is a seed and a run: say both@"),
    ],
)
def test_a_source_that_is_not_there_is_explained(repunet: Command, source: str, says: str) -> None:
    repunet("run", "pd", *SHORT, "--name", "first")
    repunet("run", "pd", "--agents", "2", "--rounds", "1", "--quiet", "--name", "both")
    repunet("seed", "new", "pd", "--name", "both", "--agents", "2")
    code, _, err = repunet("seed", "new", "pd", "--name", "new", "--from-seed", source)
    assert (code, err.count("\n")) == (2, 1)
    assert says in err


def test_a_run_teaches_nothing_about_another_dilemma(repunet: Command) -> None:
    repunet("run", "pd", *SHORT, "--name", "first")
    code, _, err = repunet("seed", "new", "investment", "--from-seed", "first")
    assert (code, "is of pd" in err) == (2, True)


# Keeping --------------------------------------------------------------------------------------


def test_a_seed_is_replaced_only_if_one_says_so(repunet: Command) -> None:
    repunet("seed", "new", "pd", "--name", "a", "--agents", "2")
    before = seed_path("a").read_bytes()
    code, _, err = repunet("seed", "new", "pd", "--name", "a", "--agents", "3")
    assert (code, "add --force" in err) == (2, True)
    assert seed_path("a").read_bytes() == before
    assert repunet("seed", "new", "pd", "--name", "a", "--agents", "3", "--force")[0] == 0
    assert len(read_seed("a").people) == 3


def test_a_source_is_never_its_own_destination(repunet: Command) -> None:
    repunet("seed", "new", "pd", "--name", "a", "--agents", "2")
    before = seed_path("a").read_bytes()
    for source in ("a", str(seed_path("a")), "./runs/seeds/../seeds/a.json"):
        words = ("seed", "new", "pd", "--name", "a", "--from-seed", source, "--force")
        code, _, err = repunet(*words)
        assert (code, "what it would be made from" in err) == (2, True)
    assert seed_path("a").read_bytes() == before


def test_a_file_of_people_is_not_written_over_either(repunet: Command) -> None:
    repunet("seed", "new", "pd", "--name", "a", "--agents", "2")
    made = ("seed", "new", "pd", "--name", "a", "--persona-file", "runs/seeds/a.json", "--force")
    assert repunet(*made)[0] == 2
    out = ("profiles", "export", "--seeds", "a", "--out", "runs/seeds/a.json", "--force")
    assert repunet(*out)[0] == 2


def test_nothing_is_left_behind_by_a_refusal(repunet: Command, tmp_path: Path) -> None:
    repunet("seed", "new", "pd", "--name", "a", "--agents", "2")
    repunet("seed", "new", "pd", "--name", "a", "--agents", "2")
    assert [path.name for path in (tmp_path / "runs" / "seeds").iterdir()] == ["a.json"]


@pytest.mark.parametrize("name", ["../a", "a/b", "", ".hidden"])
def test_a_name_can_lead_nowhere_else(repunet: Command, name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="can't name a seed"):
        write_seed(name, "pd", "", population(2, "pd"))
    assert not (tmp_path / "runs").exists()


def test_seeds_live_where_runs_do(repunet: Command) -> None:
    repunet("seed", "new", "pd", "--name", "a", "--agents", "2", "--storage", "else where")
    assert Path("else where/seeds/a.json").is_file()
    words = ("run", "pd", "--personas", "a", "--rounds", "1", "--quiet")
    assert repunet(*words, "--storage", "else where")[0] == 0
    assert repunet(*words)[0] == 2


# Looking --------------------------------------------------------------------------------------


def test_seeds_are_listed_and_shown(repunet: Command) -> None:
    assert "to make one" in repunet("seed", "list")[1]
    repunet("seed", "new", "pd", "--name", "a", "--agents", "2")
    Path("runs/seeds/broken.json").write_text("{")
    _, out, _ = repunet("seed", "list")
    assert "the built-in people" in out
    assert "broken.json: not valid JSON" in out
    assert json.loads(repunet("seed", "list", "--json")[1])[0]["name"] == "a"
    assert "Ahmed Hassan" in repunet("seed", "show", "a")[1]
    code, _, err = repunet("seed", "show", "aa")
    assert (code, 'did you mean "a"?' in err) == (2, True)


# Exporting ------------------------------------------------------------------------------------


@needs_reference
def test_the_reference_s_own_profiles_come_out_of_its_seeds(repunet: Command) -> None:
    seeds = [str(REFERENCE / folder) for folder in THEIRS.values()]
    assert repunet("profiles", "export", "--seeds", *seeds, "--out", "profiles.json")[0] == 0
    known = json.loads((REFERENCE / "profiles.json").read_text("utf-8"))
    assert json.loads(Path("profiles.json").read_text("utf-8")) == known


def test_what_is_exported_is_read_again(repunet: Command) -> None:
    for dilemma in ("pd", "investment"):
        repunet("run", dilemma, *SHORT, "--name", dilemma)
    assert repunet("profiles", "export", "--seeds", "pd@2", "investment", "--out", "p.json")[0] == 0
    for source in ("pd@2", "investment"):
        given = learned(source, None)
        read = read_personas("p.json", given.scenario)
        roles = ("investor", "trustee") if given.scenario == "investment" else ("player",)
        for one, other in zip(read, given.people, strict=True):
            for role in roles:
                texts = [each.description(given.scenario, role) for each in (one, other)]
                assert texts[0] == texts[1]


def test_a_file_that_does_not_say_its_dilemma_is_told_it(tmp_path: Path) -> None:
    path = tmp_path / "people.json"
    path.write_text(json.dumps({"Ann": "You are kind.", "Bob": "You are not."}))
    with pytest.raises(UsageError, match="say pd="):
        profiles([str(path)])
    found, _ = profiles([f"sign={path}"])
    assert found == {"sign_up": {"Ann": "You are kind.", "Bob": "You are not."}}


def test_one_person_is_not_described_in_two_ways(tmp_path: Path) -> None:
    for name in ("kind", "cold"):
        people = [person("Ann", f"You are {name}."), person("Bob", "You are Bob.")]
        write_seed(name, "pd", "a test", people, tmp_path)
    with pytest.raises(UsageError, match="Ann is described in two ways for pd"):
        profiles(["kind", "cold"], tmp_path)
