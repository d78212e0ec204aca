"""What no file of this repository may hold."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LOCKS = sorted((ROOT / "locks").glob("*.txt"))
# Each in two halves, so that this file holds none of them.
HALVES = "pypi .org", "python hosted", "npm js.", "/wo rk/", "/ro ot/"
FORBIDDEN = [halves.replace(" ", "") for halves in HALVES]


def repository_files() -> list[Path]:
    """What git tracks or would add."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others"]
    try:
        listing = subprocess.run([*command, "--exclude-standard"], capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    paths = [ROOT / name for name in listing.stdout.decode().split("\0") if name]
    return [path for path in paths if path.is_file()]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_a_lock_holds_hashes_and_no_download_address(lock: Path) -> None:
    text = lock.read_text()
    assert "--hash=sha256:" in text
    assert "://" not in text


@pytest.mark.parametrize("needle", FORBIDDEN)
def test_no_file_names_a_registry_or_a_place_on_the_machine_it_was_written_on(needle: str) -> None:
    holders = [path for path in repository_files() if needle.encode() in path.read_bytes()]
    assert holders == []
