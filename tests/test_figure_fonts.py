"""Figures with names in any script: a font that has them, or a word about the one to install."""

import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from repunet.analysis.figures import scripts
from repunet.analysis.figures.saving import drawn
from repunet.analysis.figures.style import drawing

SELDOM = "\u1d81"
"""A letter that our font lacks and another one that comes with matplotlib has."""


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scripts, "_told", set())


@drawing
def named(name: str) -> Figure:
    figure = Figure(layout="constrained")
    figure.add_subplot().bar([name], [1])
    return figure


def test_a_font_that_has_the_characters_is_chosen(capsys: pytest.CaptureFixture[str]) -> None:
    figure = named(f"Ann {SELDOM}")
    label, *_ = [t for t in figure.findobj(Text) if SELDOM in t.get_text()]
    (first, *others) = label.get_fontfamily()
    assert first == scripts.BASE
    assert scripts.lacking(SELDOM, [first]) == SELDOM
    assert not scripts.lacking(SELDOM, others)
    assert drawn(figure, "png")
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("name", "package"),
    [("李小明", "fonts-noto-cjk"), ("김민준", "fonts-noto-cjk"), ("अनिल", "fonts-noto-core")],
)
def test_where_no_font_has_them_one_line_says_which_to_install(
    name: str, package: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scripts, "_upright", dict)
    named(name)
    named(name)
    (line, *more) = capsys.readouterr().err.splitlines()
    assert package in line
    assert name[0] in line
    assert all("one by one" in each for each in more)


def test_letters_from_right_to_left_are_said_to_be_set_wrong(
    capsys: pytest.CaptureFixture[str],
) -> None:
    named("مريم")
    assert "wrong for Arabic, Hebrew" in capsys.readouterr().err


def test_a_figure_in_our_own_script_is_drawn_once() -> None:
    calls = []

    @drawing
    def figure() -> Figure:
        calls.append(1)
        return Figure()

    figure()
    assert calls == [1]
