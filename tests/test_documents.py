"""Files that a user wrote: read in any encoding that says what it is, within bounds, or refused."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from repunet.cli import execute
from repunet.errors import UsageError
from repunet.models.prices import read_prices
from repunet.runs.spec import read_spec
from repunet.system.documents import DEEPEST, read_data, read_json, read_text, read_toml
from repunet.world.network import read_ties
from repunet.world.population import load_people, population

PEOPLE = [{"name": name, "description": "You like tea."} for name in ("李小明", "Zoë")]
READERS: dict[str, Callable[[Path], object]] = {
    "prices.toml": read_prices,
    "spec.toml": read_spec,
    "spec.json": read_spec,
    "people.json": load_people,
    "people.toml": load_people,
    "network.json": lambda path: read_ties(path, population(4, "pd"), ("player",)),
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_whatever_a_file_says_it_is_encoded_in_is_read(
    encoding: str, end: str, tmp_path: Path
) -> None:
    text = json.dumps(PEOPLE, ensure_ascii=False, indent=1).replace("\n", end)
    (tmp_path / "people.json").write_bytes(text.encode(encoding))
    assert [person.name for person in load_people(tmp_path / "people.json")] == ["李小明", "Zoë"]


def test_prices_with_a_byte_order_mark_are_prices(tmp_path: Path) -> None:
    path = tmp_path / "prices.toml"
    path.write_bytes('["fake"]\r\ninput = 0.15\r\noutput = 0.6\r\n'.encode("utf-8-sig"))
    assert read_prices(path)["fake"].input == 0.15


def test_a_file_of_another_encoding_is_refused_by_the_place(tmp_path: Path) -> None:
    (tmp_path / "people.json").write_bytes('["Zoë"]'.encode("latin-1"))
    with pytest.raises(UsageError, match=r"people.json: not UTF-8 at byte 4; save it as UTF-8"):
        read_data(tmp_path / "people.json")


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("sign", ["[", '{"a":', "[1,"])
def test_a_file_that_is_nested_too_deeply_is_refused(name: str, sign: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(sign * 100_000)
    with pytest.raises(UsageError, match=name):
        READERS[name](tmp_path / name)


def test_the_depth_is_bounded_also_where_it_could_be_read(tmp_path: Path) -> None:
    for depth, suffix in ((DEEPEST + 1, "json"), (DEEPEST + 1, "toml")):
        path = tmp_path / f"deep.{suffix}"
        value = "[" * depth + "]" * depth
        path.write_text(value if suffix == "json" else f"a = {value}")
        with pytest.raises(UsageError, match="nested too deeply"):
            read_data(path)


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1" * 5000])
def test_a_number_that_is_none_is_refused(value: str, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(f'{{"rounds": {value}}}')
    with pytest.raises(UsageError, match=r"a.json: can't be used"):
        read_json(tmp_path / "a.json")


@pytest.mark.parametrize("name", READERS)
def test_what_is_no_file_is_refused_at_once(name: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for kind in ("folder", "pipe"):
        os.replace(tmp_path / kind, tmp_path / name)
        with pytest.raises(UsageError, match=r"it is (a directory|no regular file)"):
            READERS[name](tmp_path / name)
        os.replace(tmp_path / name, tmp_path / kind)


def test_a_file_larger_than_any_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "big.toml").write_text("# " + "x" * 100)
    with pytest.raises(UsageError, match=r"big.toml: is larger than"):
        read_text(tmp_path / "big.toml", 50)
    assert read_toml(tmp_path / "big.toml") == {}


@pytest.mark.parametrize(
    "words",
    [
        ("run", "pd", "--rounds", str(10**26)),
        ("run", "pd", "--agents", str(10**12)),
        ("run", "pd", "--seed", str(10**26)),
        ("plan", "pd", "--rounds", str(10**26), "--model", "openai:gpt-4o-mini"),
        ("run", "pd", "--model", "openai:gpt-4o-mini"),
        ("run", "pd", "--mind", "nobody"),
        ("run", "pd", "--personas", "none.json"),
        ("run", "pd", "--budget", "1", "--model", "http://127.0.0.1:9/v1#m"),
        ("run", "pd", "--name", "../x"),
        ("run", "pd", "--network", "none.json"),
        ("run", "pd", "--prices", "none.toml", "--model", "vllm:x"),
        (
            "run",
            "nothing",
        ),
    ],
    ids=lambda words: "-".join(words)[:40],
)
def test_a_refused_command_leaves_nothing_behind(
    words: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("REPUNET_STORAGE", raising=False)
    assert execute([*words]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_an_empty_folder_of_the_users_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    (tmp_path / "runs" / "mine").mkdir(parents=True)
    refused = ["run", "pd", "--name", "mine", "--model", "openai:gpt-4o-mini", "--storage", "runs"]
    assert execute(refused) == 2
    assert list((tmp_path / "runs").rglob("*")) == [tmp_path / "runs" / "mine"]
