"""Who lives in a society."""

import json
import re
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from repunet.errors import RepuNetError, Stopped, UsageError, suggest, unknown
from repunet.world.persona import Disposition, Participant, Persona
from repunet.world.population import load_people, population

SEEDS = Path(__file__).parents[2] / "shared" / "reference-data" / "seeds"
needs_reference = pytest.mark.skipif(not SEEDS.is_dir(), reason="needs the reference's seeds")

OTHERS_VOICES = re.compile(
    r"reputation|gossip|rumou?r|opinion|hearsay|others think|people (say|think)|known (for|as|to)"
    r"|talk|esteem|standing|good name|regarded|image|impression|respect",
    re.IGNORECASE,
)
MOVES = re.compile(
    r"\b(cooperat\w*|defect\w*|betray\w*|sign(ing)? up|enrol\w*|join\w*|stay out|opt\w* (in|out)"
    r"|volunteer\w*|accept\w*|declin\w*|reject\w*|refus\w*|invest|return\w*|should not|always|never"
    r"|strateg\w*)\b",
    re.IGNORECASE,
)


def texts(people: Iterable[Persona]) -> list[str]:
    return [text for person in people for text in person.descriptions.values()]


def runs_of_words(text: str, length: int) -> set[tuple[str, ...]]:
    words = re.findall(r"[a-z0-9']+", text.lower())
    return {tuple(words[start : start + length]) for start in range(len(words) - length + 1)}


def written(tmp_path: Path, content: str, name: str = "people.json") -> Path:
    path = tmp_path / name
    path.write_text(content, "utf-8")
    return path


@pytest.fixture(scope="module")
def profiles() -> dict[str, dict[str, str]]:
    return json.loads((SEEDS / "profiles.json").read_text("utf-8"))  # type: ignore[no-any-return]


def test_the_twenty_are_half_prosocial_and_numbered_by_name() -> None:
    people = population(20, "pd")
    assert [person.id for person in people] == [f"A{number:02d}" for number in range(1, 21)]
    assert [person.name for person in people] == sorted(person.name for person in people)
    assert Counter(person.disposition for person in people) == {
        Disposition.PROSOCIAL: 10,
        Disposition.SELF_INTERESTED: 10,
    }


@needs_reference
def test_the_twenty_are_the_people_of_the_reference(profiles: dict[str, dict[str, str]]) -> None:
    for person, (name, text) in zip(population(20), profiles["pd_game"].items(), strict=True):
        assert person.name == name
        country = text.split(" from ")[1].split(".")[0].removeprefix("the ")
        assert (person.country, f"{person.age}-year-old {person.gender}" in text) == (country, True)
        assert ("altruistic" in text) == (person.disposition is Disposition.PROSOCIAL)


@needs_reference
def test_no_description_borrows_six_words_in_a_row(profiles: dict[str, dict[str, str]]) -> None:
    theirs = {
        run
        for people in profiles.values()
        for text in people.values()
        for run in runs_of_words(text, 6)
    }
    for text in texts(population(200)):
        assert not runs_of_words(text, 6) & theirs


@pytest.mark.parametrize("n", [2, 3, 7, 19, 20, 21, 101])
def test_a_society_of_any_size_is_half_prosocial(n: int) -> None:
    people = population(n, "pd")
    prosocial = sum(person.disposition is Disposition.PROSOCIAL for person in people)
    assert prosocial == (n + 1) // 2
    assert len({person.id for person in people}) == len({person.name for person in people}) == n


def test_the_same_person_is_the_same_in_every_society() -> None:
    small = {person.name: person for person in population(6, "pd")}
    larger = {person.name: person for person in population(150, "pd")}
    largest = {person.name: person for person in population(400, "pd")}
    for person in [*small.values(), *larger.values()]:
        other = largest[person.name]
        assert (person.age, person.country) == (other.age, other.country)
        assert person.descriptions == other.descriptions


def test_ids_widen_with_the_society() -> None:
    assert population(2)[0].id == "A01"
    assert population(100, "pd")[-1].id == "A100"
    assert population(1000, "pd")[0].id == "A0001"


@pytest.mark.slow
def test_a_hundred_thousand_people_have_names_of_their_own() -> None:
    people = population(100_000, "pd")
    assert len({person.name for person in people}) == 100_000
    assert all(18 <= person.age <= 70 for person in people if person.age is not None)


def test_newcomers_of_either_disposition_come_from_the_same_pools() -> None:
    people = population(8000, "pd")[20:]
    for attribute in ("gender", "country", "age"):
        seen = Counter((getattr(person, attribute), person.disposition) for person in people)
        for value in {value for value, _ in seen}:
            pair = [
                seen[value, side] for side in (Disposition.PROSOCIAL, Disposition.SELF_INTERESTED)
            ]
            assert max(pair) < 1.8 * min(pair)


def test_a_society_needs_two() -> None:
    with pytest.raises(UsageError, match="at least 2"):
        population(1)


def test_every_description_says_who_the_person_is() -> None:
    for person in population(60):
        assert all(
            text.startswith(f"You are {person.name}, {person.age} years old")
            for text in person.descriptions.values()
        )
    assert "from the USA." in population(20)[3].description("pd", "player")


def test_no_description_mentions_what_people_say_of_each_other() -> None:
    for text in texts(population(200)):
        assert not OTHERS_VOICES.search(text), text


def test_no_description_advises_a_move() -> None:
    for text in texts(population(200)):
        assert not MOVES.search(text), text


def test_descriptions_vary_within_a_disposition() -> None:
    for key in population(20)[0].descriptions:
        told = {
            (person.disposition, person.descriptions[key].partition(". ")[2])
            for person in population(20)
        }
        assert len(told) == 10


def test_the_dispositions_get_equally_long_descriptions() -> None:
    people = population(20)
    for key in people[0].descriptions:
        sizes = Counter[Disposition]()
        for person in people:
            sizes[person.disposition] += len(person.descriptions[key].partition(". ")[2])
        assert max(sizes.values()) < 1.15 * min(sizes.values())


def test_an_investor_and_a_trustee_read_different_descriptions() -> None:
    person = population(4, "investment")[0]
    assert set(person.descriptions) == {"investment/investor", "investment/trustee"}
    assert person.description("investment", "investor") != person.description(
        "investment", "trustee"
    )


def test_an_unheard_of_scenario_gets_a_general_description() -> None:
    person = population(4, "donor")[0]
    assert set(person.descriptions) == {"*"}
    assert person.description("donor", "giver").startswith("You are Ahmed Hassan")


def test_the_most_specific_description_wins() -> None:
    person = Persona(
        "A01", "Ann Ash", None, None, None, Disposition.CUSTOM, {"*": "any", "pd": "pd", "i/t": "t"}
    )
    assert person.description("pd", "player") == "pd"
    assert person.description("i", "t") == "t"
    assert person.description("i", "other") == "any"


def test_a_missing_description_names_the_person_and_the_scenario() -> None:
    with pytest.raises(UsageError, match='Ahmed Hassan has no description for "participation/res'):
        population(2, "pd")[0].description("participation", "resident")


def test_a_persona_survives_json_and_can_be_a_key() -> None:
    adapter = TypeAdapter(tuple[Persona, ...])
    people = population(3)
    assert adapter.validate_json(adapter.dump_json(people)) == people
    assert len(set(people)) == 3
    assert Participant(people[0].id, "player") == ("A01", "player")


@pytest.mark.parametrize(
    ("gender", "pronouns"),
    [
        ("male", ("he", "him", "his")),
        ("Woman", ("she", "her", "her")),
        ("non-binary", ("they", "them", "their")),
        (None, ("they", "them", "their")),
    ],
)
def test_pronouns_follow_gender(gender: str | None, pronouns: tuple[str, str, str]) -> None:
    person = Persona("A01", "Ann Ash", None, gender, None, Disposition.CUSTOM, {})
    assert person.pronouns == pronouns


def test_people_of_your_own_come_in_the_order_of_the_file(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        '[{"name": " Zoe ", "description": "You are Zoe.", "age": 30, "gender": "female"},'
        ' {"name": "Bo", "descriptions": {"pd": "You are Bo."}, "disposition": "self-interested"}]',
    )
    zoe, bo = load_people(path)
    assert (zoe.id, zoe.name, zoe.age, zoe.disposition) == ("A01", "Zoe", 30, Disposition.CUSTOM)
    assert zoe.description("anything", "role") == "You are Zoe."
    assert (bo.country, bo.disposition) == (None, Disposition.SELF_INTERESTED)
    assert bo.description("pd", "player") == "You are Bo."


def test_people_may_be_written_in_toml(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        '[[people]]\nname = "Ann"\ndescription = "You are Ann."\n'
        '[[people]]\nname = "Bo"\ndescriptions = { "investment/trustee" = "You are Bo." }\n',
        "people.toml",
    )
    assert [person.name for person in load_people(path)] == ["Ann", "Bo"]


GOOD = '{"name": "Bo", "description": "You are Bo."}'


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('[{"name": "Ann",', "not valid JSON: .* at line 1, column 1[67]"),
        ("", "not valid JSON"),
        ("{}", "expected a list of people"),
        ("[" * 100_000, "can't be used"),
        (f"[{GOOD}]", "has 1 people; a society needs at least 2"),
        (f"[{GOOD}, {GOOD}]", 'two people are called "Bo"'),
        (f"[{GOOD}, 7]", "person 2: expected an object with a name, not a number"),
        (f'[{GOOD}, {{"description": "x"}}]', "person 2: has no name"),
        (f'[{GOOD}, {{"name": " ", "description": "x"}}]', "person 2: name is empty"),
        (f'[{GOOD}, {{"name": 3, "description": "x"}}]', "name must be text, not a number"),
        (f'[{GOOD}, {{"name": "A\\nB", "description": "x"}}]', "one line of printable"),
        (f'[{GOOD}, {{"name": "Al"}}]', r"person 2 \(Al\): has no description"),
        (f'[{GOOD}, {{"name": "Al", "description": ""}}]', "description is empty"),
        (f'[{GOOD}, {{"name": "Al", "description": "\\ud800"}}]', "half a character"),
        (f'[{GOOD}, {{"name": "Al", "descriptions": []}}]', "must be an object of texts"),
        (f'[{GOOD}, {{"name": "Al", "descriptions": {{"pd": 1}}}}]', 'for "pd" must be text'),
        (f'[{GOOD}, {{"name": "Al", "description": "x", "age": "old"}}]', "whole number"),
        (f'[{GOOD}, {{"name": "Al", "description": "x", "age": true}}]', "whole number"),
        (f'[{GOOD}, {{"name": "Al", "description": "x", "gender": 1}}]', "gender must be text"),
        (f'[{GOOD}, {{"name": "Al", "desciption": "x"}}]', 'did you mean "description"'),
        (f'[{GOOD}, {{"name": "Al", "name": "Al"}}]', '"name" is there twice'),
        (
            f'[{GOOD}, {{"name": "Al", "description": "x", "disposition": "prosocal"}}]',
            'did you mean "prosocial"?.*known: prosocial, self-interested, custom',
        ),
    ],
)
def test_what_is_wrong_with_a_file_is_said_in_one_line(
    tmp_path: Path, content: str, says: str
) -> None:
    path = written(tmp_path, content)
    with pytest.raises(UsageError, match=says) as caught:
        load_people(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("one", "other"),
    [("Ann Ash", "ann ash"), ("Ann Ash", "Ann  Ash"), ("Jos\u00e9", "Jose\u0301"),
     ("Weiss", "Wei\u00df"), ("Ann", "\uff21nn")],
)  # fmt: skip
def test_names_that_read_alike_are_refused(tmp_path: Path, one: str, other: str) -> None:
    people = [{"name": name, "description": "You are."} for name in (one, other)]
    with pytest.raises(UsageError, match="are too alike"):
        load_people(written(tmp_path, json.dumps(people)))


@pytest.mark.parametrize("name", ["A02", "a01", "\uff2102"])
def test_a_name_that_is_somebody_s_id_is_refused(tmp_path: Path, name: str) -> None:
    people = [{"name": each, "description": "You are."} for each in (name, "Bo")]
    with pytest.raises(UsageError, match=r"is also the id A0[12]"):
        load_people(written(tmp_path, json.dumps(people)))
    people[0]["name"] = "A03"
    assert load_people(written(tmp_path, json.dumps(people)))[0].name == "A03"


def test_a_name_has_at_most_eighty_characters(tmp_path: Path) -> None:
    people = [{"name": each, "description": "You are."} for each in ("x" * 80, "Bo")]
    assert len(load_people(written(tmp_path, json.dumps(people)))) == 2
    people[0]["name"] += "x"
    with pytest.raises(UsageError, match="more than 80 characters"):
        load_people(written(tmp_path, json.dumps(people)))


def test_a_broken_toml_file_names_the_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"not valid TOML: .*line 2"):
        load_people(written(tmp_path, "[[people]]\nname = \n", "people.toml"))


def test_an_unreadable_file_is_said_to_be_so(tmp_path: Path) -> None:
    latin = tmp_path / "latin.json"
    latin.write_bytes('[{"name": "José"}]'.encode("latin-1"))
    for path, says in [
        (tmp_path / "nowhere.json", "no such file"),
        (tmp_path, "can't be read"),
        (latin, "not UTF-8 at byte 14"),
    ]:
        with pytest.raises(UsageError, match=says):
            load_people(path)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "description", "descriptions", "age", "people"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(data=JSON)
@settings(max_examples=150, deadline=None)
def test_any_json_gives_people_or_a_usage_error(
    tmp_path_factory: pytest.TempPathFactory, data: object
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.json"
    path.write_text(json.dumps(data), "utf-8")
    names: list[str] = ["some", "body"]
    with suppress(UsageError):
        names = [person.name for person in load_people(path)]
    assert len(set(names)) == len(names) >= 2


def test_errors_are_one_tree_with_exit_codes() -> None:
    assert [kind.exit_code for kind in (RepuNetError, UsageError, Stopped)] == [1, 2, 3]
    assert str(UsageError("one\ntwo")) == "one two"


def test_an_error_lists_a_dozen_known_names_and_counts_the_others() -> None:
    names = [f"n{number}" for number in range(30)]
    assert str(unknown("agent", "zz", names)).endswith("n10, n11 and 18 more")
    assert str(unknown("agent", "zz", names[:12])).endswith("n10, n11")


def test_an_unknown_word_is_met_with_the_nearest_known_one() -> None:
    error = unknown("treatment", "Ful", ["full", "no-gossip"])
    assert str(error) == 'unknown treatment "Ful" (did you mean "full"?); known: full, no-gossip'
    assert suggest("zzz", ["full"]) == ""
