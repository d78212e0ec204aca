"""Names that Windows forbids: nothing new is called so anywhere, and what is there opens still."""

from pathlib import Path

import pytest
from victim import played

from repunet.cli import execute
from repunet.errors import UsageError
from repunet.record.storage import portable

BAD = ["CON", "nul", "Aux.v2", "com1", "LPT9.x.y", "prn.", "ends.", "blank ", "a:b", "a|b", "a\tb"]
GOOD = ["console", "com", "com10", "lpt", "nulls", "a.con", "v1.2", "pd-full-s1", ".a"]


@pytest.mark.parametrize("name", BAD)
def test_a_name_that_windows_forbids_is_refused_in_one_line(name: str) -> None:
    with pytest.raises(UsageError, match=r"Windows forbids it; choose another name$") as refused:
        portable(name, "a run")
    assert len(str(refused.value).splitlines()) == 1


@pytest.mark.parametrize("name", GOOD)
def test_a_name_that_only_resembles_one_is_kept(name: str) -> None:
    assert portable(name, "a run") == name


NEW = {
    "a run": "run pd --agents 2 --rounds 1 --name nul",
    "a fork": "fork there --at 1 --rounds 1 --name con",
    "a sweep": "sweep aux.toml",
    "a seed": "seed new pd --agents 2 --name com1",
    "profiles": "profiles export --seeds there --out a:b.json",
}


@pytest.mark.parametrize("kind", NEW)
def test_nothing_new_is_called_so(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    played(tmp_path / "runs", 1, name="there")
    (tmp_path / "aux.toml").write_text('scenarios = ["pd"]\nagents = 2\nrounds = 1\n')
    before = sorted(tmp_path.rglob("*"))
    assert execute(NEW[kind].split()) == 2
    assert "Windows forbids it" in capsys.readouterr().err
    assert sorted(tmp_path.rglob("*")) == before


def test_a_run_that_is_called_so_opens_still(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    old = played(tmp_path / "runs", 1, name="old")
    old.parent.rename(old.parent.with_name("nul"))
    assert execute(["show", "nul"]) == 0
    assert execute(["resume", "nul", "--rounds", "1", "--quiet"]) == 0
