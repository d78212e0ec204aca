"""Figures as files: SVG, whose text is text, and PNG; equal figures give equal bytes."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from repunet.analysis.figures.style import styled
from repunet.analysis.tables.files import drafted, make_room
from repunet.errors import unknown

METADATA: dict[str, dict[str, Any]] = {
    "svg": {"Date": None, "Creator": "RepuNet"},
    "png": {"Software": "RepuNet"},
}
"""What a file says of itself, by its form: nothing that differs from one day to the next."""
FORMS = tuple(METADATA)


def drawn(figure: Figure, form: str) -> bytes:
    """Return a figure in one of the forms; raises UsageError if there is no such form."""
    if form not in METADATA:
        raise unknown("form of a figure", form, FORMS)
    page = BytesIO()
    with styled():
        figure.savefig(page, format=form, metadata=METADATA[form])
    return page.getvalue()


def save(
    figure: Figure, path: Path, forms: Sequence[str] = FORMS, *, force: bool = False
) -> list[Path]:
    """Write a figure, in each form, to the path with that ending; return what was written.

    An ending that the path has must be one of the forms, and is the only one then. Raises
    UsageError if a file is there and must stay.
    """
    if path.suffix:
        forms = (path.suffix[1:].lower(),)
    files = [path.with_suffix(f".{form}") for form in forms]
    make_room(files, force=force)
    for file, form in zip(files, forms, strict=True):
        with drafted(file) as draft:
            draft.write_bytes(drawn(figure, form))
    return files
