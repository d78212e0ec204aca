"""The locks: pip and uv take them as they are, and installing one after another changes no version.

In hash mode pip refuses `name[extra]` of a package that is pinned without this extra.
"""

from functools import cache
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

WEIGHTS = ("smollm2",)
"""Of one package for the file in it, installed without what it asks for."""
LOCKS = sorted(
    path
    for path in (Path(__file__).resolve().parents[1] / "locks").glob("*.txt")
    if path.stem not in WEIGHTS
)
SYSTEMS = (("linux", "Linux"), ("darwin", "Darwin"), ("win32", "Windows"))
MACHINES = [
    {"python_version": f"3.{minor}", "sys_platform": platform, "platform_system": system}
    for minor in range(11, 15)
    for platform, system in SYSTEMS
]
every_lock = pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)


@cache
def pins(lock: Path) -> list[Requirement]:
    lines = [line.rstrip(" \\") for line in lock.read_text().splitlines()]
    return [Requirement(line) for line in lines if line[:1].isalnum()]


def holds(marker: Marker | None, extras: set[str]) -> bool:
    """Whether there is a machine on which this is asked for by a package with these extras."""
    wanted = [{**machine, "extra": extra} for machine in MACHINES for extra in ("", *extras)]
    return marker is None or any(map(marker.evaluate, wanted))


def asked_for(pin: Requirement) -> list[Requirement]:
    """Return what a pinned package asks for with an extra; raises if it isn't installed."""
    wanted = map(Requirement, requires(pin.name) or [])
    return [each for each in wanted if each.extras and holds(each.marker, pin.extras)]


def without_their_extra(lock: Path) -> tuple[list[str], list[str]]:
    """Return what is pinned without an extra that is asked for, and what couldn't be looked at.

    What a package asks of itself is no pin of its own: pip takes it as given.
    """
    extras = {canonicalize_name(pin.name): pin.extras for pin in pins(lock)}
    lacking, unknown = [], []
    for pin in pins(lock):
        try:
            wanted = asked_for(pin)
        except PackageNotFoundError:
            unknown.append(pin)
            continue
        for each in wanted:
            of_itself = canonicalize_name(each.name) == canonicalize_name(pin.name)
            if not of_itself and not each.extras <= extras.get(canonicalize_name(each.name), set()):
                lacking.append(f"{each} for {pin.name}")
    here = [pin.name for pin in unknown if not pin.marker or pin.marker.evaluate()]
    return lacking, here


@every_lock
def test_every_extra_that_a_package_asks_for_is_pinned(lock: Path) -> None:
    lacking, _ = without_their_extra(lock)
    assert lacking == []


@pytest.mark.slow
@every_lock
def test_every_package_of_a_lock_was_asked_where_all_are_installed(lock: Path) -> None:
    _, unknown = without_their_extra(lock)
    assert unknown == []


@every_lock
def test_a_lock_pins_what_the_largest_lock_pins(lock: Path) -> None:
    (largest,) = (each for each in LOCKS if each.stem == "slow")
    assert {f"{pin.name}{pin.specifier}" for pin in pins(lock)} <= {
        f"{pin.name}{pin.specifier}" for pin in pins(largest)
    }


def test_a_missing_extra_is_found(tmp_path: Path) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text("google-auth==1 \\\n    --hash=sha256:0\ngoogle-genai==1\n")
    lacking, _ = without_their_extra(lock)
    assert [line.partition("<")[0].partition(">")[0] for line in lacking] == [
        "google-auth[requests]"
    ]
