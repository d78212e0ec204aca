"""What no file of this repository may hold."""

from pathlib import Path

import pytest
from cloning import ROOT, repository_files

LOCKS = sorted((ROOT / "locks").glob("*.txt"))
# Each in two halves, so that this file holds none of them.
HALVES = "pypi .org", "python hosted", "npm js.", "/wo rk/", "/ro ot/"
FORBIDDEN = [halves.replace(" ", "") for halves in HALVES]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_a_lock_holds_hashes_and_no_download_address(lock: Path) -> None:
    text = lock.read_text()
    assert "--hash=sha256:" in text
    assert "://" not in text


@pytest.mark.parametrize("needle", FORBIDDEN)
def test_no_file_names_a_registry_or_a_place_on_the_machine_it_was_written_on(needle: str) -> None:
    holders = [path for path in repository_files() if needle.encode() in path.read_bytes()]
    assert holders == []
