"""A clone of this repository, as a newcomer has it: what git tracks, and nothing beside it."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def repository_files() -> list[Path]:
    """What git tracks or would add."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others"]
    try:
        listing = subprocess.run([*command, "--exclude-standard"], capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    paths = [ROOT / name for name in listing.stdout.decode().split("\0") if name]
    return [path for path in paths if path.is_file()]


def clone(folder: Path) -> Path:
    """Copy the repository into a folder."""
    for path in repository_files():
        copy = folder / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    return folder


def environment(folder: Path) -> dict[str, str]:
    """Return our environment with the clone's `.venv` activated in the place of ours."""
    own = {"PYTHON", "PYTHONPATH", "VIRTUAL_ENV", "REPUNET_STORAGE"}
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in own and not name.startswith(("PYTEST", "LLM_", "MAKE"))
    }
    others = [
        place for place in kept["PATH"].split(os.pathsep) if not Path(place, "repunet").exists()
    ]
    return {**kept, "PATH": os.pathsep.join([str(folder / ".venv" / "bin"), *others])}
