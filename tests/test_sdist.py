"""The source distribution: built without the network, it holds what its README leads to."""

import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from test_docs import LINK, ROOT


@pytest.mark.slow
def test_every_link_of_the_readme_leads_somewhere_in_the_source_distribution(
    tmp_path: Path,
) -> None:
    build = f"import hatchling.build as build; build.build_sdist({str(tmp_path)!r})"
    subprocess.run([sys.executable, "-c", build], cwd=ROOT, check=True, capture_output=True)
    (file,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(file) as archive:
        archive.extractall(tmp_path, filter="data")
    (folder,) = (path for path in tmp_path.iterdir() if path.is_dir())
    targets = LINK.findall((folder / "README.md").read_text("utf-8"))
    assert len(targets) > 20
    assert [target for target in targets if not (folder / target).exists()] == []
