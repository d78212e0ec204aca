"""What a view makes of a run: rates, figures, a report, and what a notebook shows of it."""

from pathlib import Path

import pandas
import pytest
from language_societies import company, played

import repunet
from repunet.analysis.measures.cooperation import cooperation_by_round
from repunet.analysis.tables.frames import open_frames
from repunet.errors import UsageError


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return played(tmp_path_factory.mktemp("outputs"), company("embedded", n=4), 3)


@pytest.fixture
def view(path: Path) -> repunet.RunView:
    return repunet.open_run(path)


def test_cooperation_is_that_of_the_measure(view: repunet.RunView) -> None:
    rates = view.cooperation()
    pandas.testing.assert_frame_equal(rates, cooperation_by_round(open_frames(view.path)))
    assert rates["round"].tolist() == [1, 2, 3]
    assert rates.attrs["mind"] == "embedded"


def test_what_is_done_to_a_table_changes_no_other(view: repunet.RunView) -> None:
    rates = view.cooperation()
    rates["value"] = -1.0
    assert view.cooperation().value.min() >= 0


def test_a_figure_is_one_that_a_notebook_shows(view: repunet.RunView) -> None:
    figure = view.figure("cooperation")
    assert type(figure).__name__ == "Figure"
    assert figure._repr_png_().startswith(b"\x89PNG")


def test_a_figure_that_there_is_not_is_named(view: repunet.RunView) -> None:
    with pytest.raises(ValueError, match=r'unknown figure "coperation" \(did you mean'):
        view.figure("coperation")


def test_a_report_is_written_and_written_again(view: repunet.RunView, tmp_path: Path) -> None:
    page = view.report(tmp_path / "first.html")
    assert page == tmp_path / "first.html"
    assert "</html>" in page.read_text("utf-8")
    assert view.report(page) == page


def test_a_report_overwrites_nothing_else(view: repunet.RunView, tmp_path: Path) -> None:
    (tmp_path / "mine.html").write_text("mine")
    with pytest.raises(UsageError, match="is no report of RepuNet"):
        view.report(tmp_path / "mine.html")
    assert (tmp_path / "mine.html").read_text() == "mine"
    assert "</html>" in view.report(tmp_path / "mine.html", force=True).read_text("utf-8")
    with pytest.raises(UsageError, match="is the run itself"):
        view.report(view.path, force=True)


def test_a_notebook_shows_which_run_it_is_and_who_made_it(view: repunet.RunView) -> None:
    shown = view._repr_html_()
    assert "<th>mind</th><td>embedded</td>" in shown
    assert "no evidence about language models" in shown
    assert f"<td>0 of {view.summary.decisions}</td>" in shown
    assert view.digest[:12] in shown
