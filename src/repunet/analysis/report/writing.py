"""Writing a report: where it may stand, and what it must not overwrite."""

from pathlib import Path
from typing import TYPE_CHECKING

from repunet.analysis.tables.files import drafted
from repunet.errors import UsageError
from repunet.record.collector import collector
from repunet.system.extras import library

if TYPE_CHECKING:
    from repunet.analysis.report.making import ReportPage

PAGE = "report.html"
"""What a report is called, beside its run or in the folder of its runs."""
REPORT = "repunet.analysis.report"


def write(
    folder: Path, files: list[Path], path: Path, *, force: bool = False, tone: str = "vader"
) -> "ReportPage":
    """Write the report on a run, or on the runs of a folder; return what it says first.

    Raises UsageError if something else is there.
    """
    _require_room(path, files, force=force)
    with collector.spared():
        page = _page(folder, files, tone)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with drafted(path) as draft:
            draft.write_text(page.html, "utf-8")
    except OSError as error:
        raise UsageError(f"can't write {path} ({error.strerror})") from None
    return page


def _page(folder: Path, files: list[Path], tone: str) -> "ReportPage":
    """Return the report: on the run of a folder, or on the runs below it."""
    making = library(f"{REPORT}.making")
    alone = files[0].parent == folder
    made: ReportPage = (
        making.page_of_run(files[0], tone)
        if alone
        else making.page_of_runs(folder.absolute().name, files, tone)
    )
    return made


def _require_room(path: Path, files: list[Path], *, force: bool) -> None:
    """Raise UsageError if a report must not be written there."""
    if path.is_dir():
        raise UsageError(f"{path} is a folder: name a file, such as {path / PAGE}")
    if path.resolve() in [file.resolve() for file in files]:
        raise UsageError(f"{path} is the run itself: name another file")
    if path.exists() and not force and not library(f"{REPORT}.rendering").is_ours(path):
        raise UsageError(f"{path} is no report of RepuNet: add --force, or name another file")
