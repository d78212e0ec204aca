"""The command `report`: all of a run, or of several, in one page."""

import webbrowser
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from repunet.analysis.report.writing import PAGE, write
from repunet.cli.options import Json, Storage, Tone, chosen_tone
from repunet.cli.printing.console import print_json, say
from repunet.cli.printing.formats import disclaimer, rate
from repunet.record.storage import runs_in

if TYPE_CHECKING:
    from repunet.analysis.report.making import Headline, ReportPage


def report(
    run: str,
    /,
    *,
    output: Annotated[
        Path | None,
        Parameter(name=["--output", "-o"], help=f"File to write; default {PAGE} beside the run."),
    ] = None,
    force: Annotated[
        bool, Parameter(negative="", help="Overwrite a file that is no report of ours.")
    ] = False,
    open_: Annotated[
        bool, Parameter(name="--open", negative="", help="Show it in the browser.")
    ] = False,
    tone: Tone = "vader",
    storage: Storage = None,
    json: Json = False,
) -> None:
    """Write all there is to know of a run, or of several, into one HTML file for any browser.

    Parameters
    ----------
    run
        Name of a run or of a sweep, or the path of its folder or file.
    """
    folder, files = runs_in(run, storage)
    path = folder / PAGE if output is None else output
    page = write(folder, files, path, force=force, tone=chosen_tone(tone))
    _print_json(page, path) if json else _print(page, path)
    if open_:
        webbrowser.open(path.absolute().as_uri())


def _print(page: "ReportPage", path: Path) -> None:
    say(disclaimer(page.mind))
    say_headlines(page, path)


def say_headlines(page: "ReportPage", path: Path) -> None:
    """Say what a report says first, and where it is."""
    for headline in page.headlines:
        say(f"{headline.what}: {_spelled(headline)}")
    for line in page.left_out:
        say(f"left out: {line}")
    say(f"report: {path}", unbroken=True)


def _spelled(line: "Headline") -> str:
    between = "" if line.low is None else f" [{rate(line.low)}, {rate(line.high)}]"
    runs = f"{line.runs} runs" if line.runs != 1 else "1 run: no interval"
    return (
        f"cooperation, {line.over} {rate(line.cooperation)}{between} "
        f"({runs}; missing decisions: {line.missing} of {line.decisions})"
    )


def _print_json(page: "ReportPage", path: Path) -> None:
    facts = {key: value for key, value in asdict(page).items() if key != "html"}
    print_json({"path": str(path), "bytes": path.stat().st_size, **facts})
