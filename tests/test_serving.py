"""Models in files on this machine: how they are named, and how their servers are shared."""

from pathlib import Path
from struct import pack
from typing import Any

import pytest

from repunet.cli import execute
from repunet.errors import UsageError
from repunet.minds.language.connect import served_as
from repunet.minds.router import make_mind
from repunet.models import serving
from repunet.models.allowance import Allowance
from repunet.models.endpoint import Endpoint, endpoint
from repunet.models.gguf import checked
from repunet.models.serving import HERE, SMOLLM2, Serving, packaged
from repunet.runs.spec import RunSpec

OLD = "max_tokens=4096,temperature=0.0,top_p=1.0,frequency_penalty=0.0,presence_penalty=0.0"
"""What 0.1.0 wrote after the name of every model."""


def named(**settings: str) -> Endpoint:
    return endpoint("gguf", "/m/a.gguf", settings, {})


# Names ------------------------------------------------------------------------------------------


def test_a_model_is_called_what_0_1_0_called_it() -> None:
    assert named().given == f"gguf:/m/a.gguf,{OLD}"
    assert make_mind(named().given, 0).describe()["given"] == named().given


def test_how_fast_a_model_is_served_is_no_part_of_what_it_is() -> None:
    assert named(threads="2", slots="4").given == named().given


def test_how_much_a_model_can_read_at_a_time_is_part_of_what_it_is() -> None:
    assert named(context="2048").given == f"{named().given},context=2048"
    assert make_mind(named(context="2048").given, 0).describe()["given"].endswith(",context=2048")


def test_a_name_comes_before_what_is_said_for_the_run() -> None:
    limits = Allowance(threads=1, slots=3)
    assert served_as(named(threads="2"), limits) == Serving(None, 2, 3)


@pytest.mark.parametrize("cores", [1, 2, 16])
def test_all_processors_but_one_compute_and_one_request_is_worked_on(
    cores: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "processors", lambda: cores)
    assert (Serving().workers, Serving().at_once) == (max(1, cores - 1), 1)


@pytest.mark.parametrize(
    "setting", ["threads=0", "threads=1.5", "slots=many", "context=10", "threads=²", "speed=2"]
)
def test_a_setting_that_is_none_is_refused_in_a_line(
    setting: str, capsys: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert execute(["run", "pd", "--model", f"gguf:a.gguf,{setting}"]) == 2
    told = capsys.readouterr().err
    assert setting.partition("=")[0] in told
    assert len(told.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_other_models_have_no_threads() -> None:
    with pytest.raises(UsageError, match="threads"):
        endpoint("openai", "gpt-4o", {"threads": "2"}, {})


def test_two_models_of_a_run_can_not_differ_in_threads() -> None:
    minds = ["gguf:a.gguf,threads=1", "role:player=gguf:b.gguf,threads=2"]
    with pytest.raises(UsageError, match="say threads once"):
        RunSpec(scenario="pd").assign_minds(minds, (), {})


def test_the_threads_of_a_name_are_kept_with_the_run() -> None:
    spec = RunSpec(scenario="pd").assign_minds(["gguf:a.gguf,threads=1,slots=2"], (), {})
    kept = RunSpec.model_validate_json(spec.to_json()).limits
    assert (kept.threads, kept.slots) == (1, 2)
    assert "threads" not in spec.manifest().to_json()


def test_smollm2_is_a_name_that_says_nothing_of_this_machine() -> None:
    assert RunSpec(scenario="pd").assign_minds((), [SMOLLM2], {}).manifest().mind_names == SMOLLM2
    assert make_mind("smollm2,context=2048", 0).describe()["given"] == f"smollm2,{OLD},context=2048"
    assert SMOLLM2 in HERE


def test_smollm2_where_it_is_not_installed_names_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: Any, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(serving, "PACKAGE", "no-such-package")
    assert execute(["run", "pd", "--model", SMOLLM2]) == 2
    assert "smollm2 is not installed: " in capsys.readouterr().err
    with pytest.raises(UsageError, match="smollm2 is not installed"):
        packaged()


# Files ------------------------------------------------------------------------------------------


def text(said: str) -> bytes:
    return pack("<Q", len(said)) + said.encode()


def fact(name: str, value: Any) -> bytes:
    if isinstance(value, bool):
        return text(name) + pack("<I?", 7, value)
    if isinstance(value, int):
        return text(name) + pack("<IH", 2, value)
    return text(name) + pack("<I", 8) + text(value)


def gguf(path: Path, **facts: Any) -> Path:
    """Write the head of a model's file."""
    told = {key.replace("__", "."): value for key, value in facts.items()}
    head = b"GGUF" + pack("<IQQ", 3, 0, len(told))
    path.write_bytes(head + b"".join(fact(name, value) for name, value in told.items()))
    return path


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "is empty"),
        (b"to do", "is not a GGUF file"),
        (b"<!DOCTYPE html><html>", "is a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid", "git lfs pull"),
        (pack("<Q", 90) + b'{"model.embed"', "holds safetensors"),
        (b"PK\x03\x04data.pkl", "PyTorch"),
        (b"tjgg\x01\x00\x00\x00", "older than GGUF"),
        (b"GGUF" + pack(">IQQ", 3, 0, 0), "cut off, damaged or big-endian"),
        (b"GGUF" + pack("<IQQ", 3, 0, 2**60), "cut off"),
        (b"GGUF" + pack("<IQQ", 3, 0, 5), "cut off"),
        (b"GGUF" + pack("<IQQ", 3, 0, 1) + pack("<Q", 2**62), "cut off"),
    ],
)
def test_a_file_without_a_model_is_named_by_what_it_is(
    content: bytes, what: str, tmp_path: Path
) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=what) as error:
        checked(path)
    assert len(str(error.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("facts", "what"),
    [
        ({"general__architecture": "clip"}, "projector"),
        ({"general__architecture": "llama", "general__type": "mmproj"}, "projector"),
        ({"general__architecture": "llama", "general__type": "adapter"}, "adapter"),
        ({"general__architecture": "bert", "bert__attention__causal": False}, "embeddings"),
        ({"general__architecture": "llama", "split__count": 3}, "keep the name it had"),
    ],
)
def test_what_only_belongs_to_a_model_is_named_by_what_it_is(
    facts: dict[str, Any], what: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=what):
        checked(gguf(tmp_path / "model.gguf", **facts))


def part(folder: Path, number: int) -> Path:
    path = folder / f"m-{number:05}-of-00002.gguf"
    return gguf(path, general__architecture="llama", split__count=2, split__no=number - 1)


def test_a_model_in_parts_is_named_by_its_first_and_needs_them_all(tmp_path: Path) -> None:
    first = part(tmp_path, 1)
    with pytest.raises(UsageError, match="is not beside it"):
        checked(first)
    second = part(tmp_path, 2)
    assert checked(first).architecture == "llama"
    with pytest.raises(UsageError, match="name the first, m-00001"):
        checked(second)


def test_a_folder_is_told_what_is_in_it(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").touch()
    with pytest.raises(UsageError, match="holds safetensors"):
        checked(tmp_path)
    gguf(tmp_path / "q4.gguf", general__architecture="llama")
    with pytest.raises(UsageError, match="such as q4"):
        checked(tmp_path)


@pytest.mark.parametrize("template", ["", "{{ messages }}"])
def test_a_base_model_is_known_by_its_head(template: str, tmp_path: Path) -> None:
    facts = {"general__architecture": "llama", "tokenizer__chat_template": template}
    head = checked(gguf(tmp_path / "m.gguf", **facts))
    assert head.chats is bool(template)
