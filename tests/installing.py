"""Installing a scenario from elsewhere, as far as Python can tell: without pip or network."""

import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from repunet.scenarios import scenarios


def install(project: Path, site: Path) -> tuple[Path, ...]:
    """Write the metadata of a project into a folder; return what belongs on `sys.path`."""
    about = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))["project"]
    info = site / f"{about['name'].replace('-', '_')}-{about['version']}.dist-info"
    info.mkdir(parents=True)
    lines = [f"Metadata-Version: 2.1\nName: {about['name']}\nVersion: {about['version']}\n"]
    (info / "METADATA").write_text("".join(lines), "utf-8")
    groups = [
        "\n".join([f"[{group}]", *(f"{name} = {place}" for name, place in entries.items())])
        for group, entries in about["entry-points"].items()
    ]
    (info / "entry_points.txt").write_text("\n\n".join(groups) + "\n", "utf-8")
    return site, project


@contextmanager
def installed(project: Path, site: Path) -> Iterator[None]:
    """Let a project's scenarios be found, for a while."""
    with pytest.MonkeyPatch.context() as patch:
        for folder in install(project, site):
            patch.syspath_prepend(folder)
        scenarios.cache_clear()
        yield
    scenarios.cache_clear()
