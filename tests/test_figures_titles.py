"""Figures that speak for themselves: title, composed sheets, arms of different lengths, tone."""

from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from language_societies import company, played
from matplotlib.figure import Figure

from repunet.analysis.figures.catalogue import draw
from repunet.analysis.figures.composed import figure_2, figure_3
from repunet.analysis.figures.saving import drawn
from repunet.analysis.figures.sources import known
from repunet.analysis.measures.cooperation import cooperation
from repunet.analysis.measures.gossip import MEASURES, judge_by
from repunet.analysis.measures.handmade import made
from repunet.analysis.measures.measure import RoundSpan
from repunet.analysis.tables.frames import Frames, open_frames

TEXT = "{http://www.w3.org/2000/svg}text"


def texts(figure: Figure) -> list[str]:
    root = ET.fromstring(drawn(figure, "svg"))
    return ["".join(text.itertext()) for text in root.iter(TEXT)]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Frames]:
    """Two dilemmas, without RepuNet and with it."""

    def made_of() -> Iterator[Frames]:
        for dilemma in ("pd", "investment"):
            for arm in ("full", "none"):
                manifest = company("embedded", n=4, scenario=dilemma, treatment=arm)
                yield open_frames(played(tmp_path_factory.mktemp("run"), manifest, 3))

    return list(made_of())


@pytest.mark.parametrize("name", ["cooperation", "network", "gossip", "matrix", "wealth", "costs"])
def test_a_figure_names_scenario_treatment_and_mind(name: str, runs: list[Frames]) -> None:
    shown = texts(draw(name, runs[:1]))
    assert "Prisoner's Dilemma: full; embedded" in shown


def test_figure_2_has_rates_and_reputations_of_each_scenario_on_one_sheet(
    runs: list[Frames],
) -> None:
    shown = texts(figure_2(runs))
    assert sorted(text for text in shown if text[:1] + text[2:4] == "() ") == [
        "(a) pd",
        "(b) pd",
        "(c) investment",
        "(d) investment",
    ]


@pytest.mark.slow
def test_figure_3_begins_with_the_unconnected_and_goes_from_without_to_with(
    runs: list[Frames],
) -> None:
    shown = texts(figure_3(runs))
    rows = [text for text in shown if text.startswith("(")]
    assert rows == ["(a) pd", "(b) pd", "(c) investment", "(d) investment"]
    assert [text for text in shown if text in ("none", "full")] == ["none", "full"] * 2
    assert shown.count("start") == 4


def test_arms_of_different_lengths_are_kept_apart_and_say_so(
    runs: list[Frames], tmp_path: Path
) -> None:
    shorter = open_frames(played(tmp_path, company("embedded", n=4, treatment="none"), 2))
    assert [each.treatment for each in known([runs[0], shorter])] == [
        "full, 3 rounds",
        "none, 2 rounds",
    ]
    shown = " ".join(texts(draw("wealth", [runs[0], shorter])))
    assert "none, 2 rounds" in shown
    assert "compare them only at equal rounds" in shown


def test_whoever_was_chosen_judges_the_tone_of_measures_and_figures(runs: list[Frames]) -> None:
    said = [dict(round=1, said="Aisha kept her word.")]
    positive = next(each for each in MEASURES if each.name == "gossip_positive")
    found = [
        positive.of(judge_by(made(gossip=said), tone), RoundSpan(1, 1)).value
        for tone in ("vader", "vader-plain")
    ]
    assert found == [1.0, 0.0]
    shown = " ".join(texts(draw("gossip", [judge_by(runs[0], "vader-plain")])))
    assert "vader-plain" in shown
    judge_by(runs[0], "vader")


def test_in_participation_the_latest_choices_count_however_long_ago() -> None:
    chosen = [dict(round=1, agent="A", cooperation=1.0), dict(round=1, agent="B", cooperation=0.0)]
    run = made("participation", agents="AB", choices=chosen, last=9)
    assert cooperation(run, RoundSpan.end(run)).value == 0.5
