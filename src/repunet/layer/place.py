"""Where a layer is: its folder, and the journal in it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from repunet.errors import UsageError
from repunet.layer.settings import LayerSettings
from repunet.record.journal import Journal
from repunet.record.storage import FILE, NAME, home
from repunet.scenarios.outside import OUTSIDE


@contextmanager
def opened(path: Path, settings: LayerSettings) -> Iterator[Journal]:
    """Open the file, or create it; raises UsageError for one that is not a layer's."""
    if path.exists():
        journal = Journal.open(path, write=True)
    else:
        manifest = settings.manifest()
        journal = Journal.create(path, manifest, **settings.notes(manifest))
    with journal:
        name = journal.manifest.scenario
        if not name.startswith(f"{OUTSIDE}:"):
            raise UsageError(f"{path.parent.name} is a run of {name}, and no layer")
        yield journal


def folder_of(place: str | Path) -> Path:
    """Return the folder of a layer that is given by name, by its folder or by its file."""
    path = Path(place)
    if isinstance(place, str) and os.sep not in place:
        path = home() / place
    folder = path.parent if path.name == FILE else path
    if not NAME.fullmatch(folder.name):
        raise UsageError(
            f"{folder.name!r} can't name a layer: use up to 100 letters, digits, . - _"
        )
    return folder
