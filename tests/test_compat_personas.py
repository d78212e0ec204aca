"""Reading the reference's people."""

import json
import re
from pathlib import Path

import pytest

from repunet.errors import UsageError
from repunet.world.persona import Disposition
from repunet.world.persona_files import DescriptionOpening, origin, read_personas

SEEDS = Path(__file__).parents[2] / "shared" / "reference-data" / "seeds"
needs_reference = pytest.mark.skipif(not SEEDS.is_dir(), reason="needs the reference's seeds")

ANN = "You are Ann Ash, a 29-year-old female from the UK. You like tea."
BOB = "Bob Beech likes coffee."
FOLDERS = [("pd", "pd_game_seed"), ("participation", "sign_seed"), ("investment", "invest_seed")]


def written(path: Path, data: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data), "utf-8")
    return path


def scratch(step: Path, name: str) -> Path:
    return step / "personas" / name / "memory" / "scratch.json"


@pytest.fixture
def step(tmp_path: Path) -> Path:
    step = tmp_path / "run" / "step_3"
    written(step / "reverie" / "meta.json", {"persona_names": ["Bob Beech", "Ann Ash"], "step": 3})
    written(scratch(step, "Ann Ash"), {"name": "Ann Ash", "learned": ANN})
    written(scratch(step, "Bob Beech"), {"name": "Bob Beech", "learned": BOB})
    return step


@needs_reference
@pytest.mark.parametrize("scenario", ["pd", "participation", "investment"])
def test_the_profiles_of_the_reference_are_read_word_for_word(scenario: str) -> None:
    theirs = {"pd": "pd_game", "participation": "sign_up"}.get(scenario, scenario)
    texts = json.loads((SEEDS / "profiles.json").read_text("utf-8"))[theirs]
    people = read_personas(SEEDS / "profiles.json", scenario)
    assert {person.name: person.description(scenario) for person in people} == texts
    assert [person.id for person in people[:2]] == ["A01", "A02"]
    assert (people[3].age, people[3].gender, people[3].country) == (33, "male", "USA")
    assert all(person.country and person.disposition is Disposition.CUSTOM for person in people)


@needs_reference
@pytest.mark.parametrize(("scenario", "folder"), FOLDERS)
def test_a_seed_holds_the_people_of_the_profiles(scenario: str, folder: str) -> None:
    role = "trustee" if scenario == "investment" else "player"
    people = read_personas(SEEDS / folder / "step_0", scenario)
    assert people == read_personas(SEEDS / folder, scenario)
    for seeded, listed in zip(
        people, read_personas(SEEDS / "profiles.json", scenario), strict=True
    ):
        assert (seeded.id, seeded.name, seeded.age) == (listed.id, listed.name, listed.age)
        assert seeded.description(scenario, role) == listed.description(scenario, role)


def test_a_later_step_is_read_in_the_order_of_its_meta_file(step: Path) -> None:
    bob, ann = read_personas(step, "pd")
    assert (bob.id, bob.name, bob.age, bob.description("pd")) == ("A01", "Bob Beech", None, BOB)
    assert (ann.id, ann.age, ann.gender, ann.country) == ("A02", 29, "female", "UK")
    assert read_personas(step.parent, "pd") == (bob, ann)


def test_a_flat_file_gives_its_texts_to_the_scenario_asked_for(tmp_path: Path) -> None:
    path = written(tmp_path / "flat.json", {"Bob Beech": BOB, "Ann Ash": ANN})
    for scenario in ("pd", "donor"):
        bob, ann = read_personas(path, scenario)
        assert (bob.name, bob.descriptions, ann.id) == ("Bob Beech", {scenario: BOB}, "A02")


@pytest.mark.parametrize("scenario", ["participation", "sign_up"])
def test_a_file_by_scenario_gives_the_one_asked_for(tmp_path: Path, scenario: str) -> None:
    path = written(
        tmp_path / "by.json", {"pd_game": {}, "sign_up": {"Ann Ash": ANN, "Bob Beech": BOB}}
    )
    assert read_personas(path, scenario)[0].descriptions == {"participation": ANN}


def test_a_scenario_that_is_not_there_is_met_with_those_that_are(tmp_path: Path) -> None:
    path = written(tmp_path / "by.json", {"pd_game": {"Ann": ANN}, "investment": {}})
    with pytest.raises(UsageError, match='"participation"; there is: pd, investment') as caught:
        read_personas(path, "participation")
    assert str(caught.value).startswith(f"{path}: ")


@pytest.mark.parametrize(
    "learned",
    [
        ["in", "tr"],
        {"investor": "in", "trustee": "tr"},
        {"investor_learned": "in", "trustee_learned": "tr"},
        {"0": "in", "1": "tr"},
    ],
)
def test_every_shape_of_a_pair_gives_an_investor_and_a_trustee(
    tmp_path: Path, learned: object
) -> None:
    path = written(tmp_path / "pairs.json", {"Ann": learned, "Bob": "both"})
    ann, bob = read_personas(path, "investment")
    assert ann.descriptions == {"investment/investor": "in", "investment/trustee": "tr"}
    assert bob.description("investment", "investor") == "both"


@pytest.mark.parametrize("learned", [{"value": ANN}, [ANN], ANN])
def test_every_shape_of_one_text_gives_that_text(tmp_path: Path, learned: object) -> None:
    path = written(tmp_path / "texts.json", {"Ann": learned, "Bob": BOB})
    assert read_personas(path, "pd")[0].descriptions == {"pd": ANN}


@pytest.mark.parametrize("wrapped", [False, True])
def test_our_own_format_is_recognised(tmp_path: Path, wrapped: bool) -> None:
    people = [{"name": "Ann", "description": ANN}, {"name": "Bob", "descriptions": {"pd": BOB}}]
    path = written(tmp_path / "own.json", {"people": people} if wrapped else people)
    assert [person.description("pd") for person in read_personas(path, "pd")] == [ANN, BOB]
    with pytest.raises(UsageError, match='Bob has no description for "participation"'):
        read_personas(path, "participation")


@pytest.mark.parametrize(
    ("opening", "said"),
    [
        ("You are Ahmed Hassan, a 29-year-old male from Egypt.", (29, "male", "Egypt")),
        ("You are Li, an 18-year-old female from New Zealand. X", (18, "female", "New Zealand")),
        ("You are Li, an 18-year-old.", (18, None, None)),
        ("You are Li from Peru.", (None, None, None)),
        ("Li is a 30-year-old male from Peru.", (None, None, None)),
    ],
)
def test_an_opening_says_age_gender_and_country(
    opening: str, said: tuple[int | None, str | None, str | None]
) -> None:
    assert origin(opening) == DescriptionOpening(*said)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ([], "has 0 people"),
        ("text", "expected a list of people"),
        ({"Ann": ANN}, "has 1 people; a society needs at least 2"),
        ({"Ann": ANN, " Ann": ANN}, 'two people are called "Ann"'),
        ({"Ann": ANN, "": BOB}, "name is empty"),
        ({"Ann": ANN, "Bob": ""}, "Bob is empty"),
        ({"Ann": ANN, "Bob": None}, "Bob must be text"),
        ({"Ann": ANN, "Bob": {"investor": "x", "trustee": "y"}}, "is it for investment?"),
        ({"pd_game": ["x"], "sign_up": {"Ann": ANN}}, '"pd" must be an object'),
    ],
)
def test_a_malformed_profiles_file_is_explained_in_one_line(
    tmp_path: Path, data: object, says: str
) -> None:
    path = written(tmp_path / "bad.json", data)
    with pytest.raises(UsageError, match=re.escape(says)) as caught:
        read_personas(path, "pd")
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_half_described_investor_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "half.json", {"Ann": {"investor": "x"}, "Bob": BOB})
    with pytest.raises(UsageError, match="Ann: has no description of the trustee"):
        read_personas(path, "investment")


def test_a_name_twice_in_a_flat_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "twice.json"
    path.write_text('{"Ann": "x", "Ann": "y", "Bob": "z"}', "utf-8")
    with pytest.raises(UsageError, match='"Ann" is there twice'):
        read_personas(path, "pd")


@pytest.mark.parametrize(
    ("broken", "content", "says"),
    [
        ("reverie/meta.json", None, "meta.json: no such file"),
        ("reverie/meta.json", '{"step": 0', "meta.json: not valid JSON: .* line 1, column 1"),
        ("reverie/meta.json", '{"step": 0}', 'has no list "persona_names"'),
        ("reverie/meta.json", '{"persona_names": ["../x", "Ann Ash"]}', "can't be the name"),
        ("reverie/meta.json", '{"persona_names": ["Ann Ash", "Cy"]}', "Cy: no such folder, but"),
        ("personas/Ann Ash/memory/scratch.json", None, "scratch.json: no such file"),
        ("personas/Ann Ash/memory/scratch.json", '{"learned": "Y', "scratch.json: not valid JSON"),
        ("personas/Ann Ash/memory/scratch.json", "{}", 'scratch.json: has no "learned"'),
        ("personas/Ann Ash/memory/scratch.json", '{"learned": 3}', '"learned" must be text'),
    ],
)
def test_a_damaged_step_folder_names_the_file(
    step: Path, broken: str, content: str | None, says: str
) -> None:
    if content is None:
        (step / broken).unlink()
    else:
        (step / broken).write_text(content, "utf-8")
    with pytest.raises(UsageError, match=says) as caught:
        read_personas(step, "pd")
    assert str(step) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_that_is_neither_seed_nor_step_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no step folder"):
        read_personas(tmp_path, "pd")


def test_a_run_is_read_at_its_earliest_step(step: Path) -> None:
    (step.parent / "step_10" / "reverie").mkdir(parents=True)
    assert [person.name for person in read_personas(step.parent, "pd")] == ["Bob Beech", "Ann Ash"]


def test_either_role_may_say_where_an_investor_comes_from(tmp_path: Path) -> None:
    path = written(tmp_path / "pairs.json", {"Ann Ash": ["Rewritten.", ANN], "Bob": BOB})
    assert read_personas(path, "investment")[0].country == "UK"
