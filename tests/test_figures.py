"""Figures: drawn for any society, the same for the same tables, and honest about what they show."""

import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from language_societies import begun, company, played, served
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.collections import PathCollection, PolyCollection
from matplotlib.figure import Figure
from societies import mostly_slow

from repunet.analysis.figures.cascade import cascade
from repunet.analysis.figures.catalogue import FIGURES, draw
from repunet.analysis.figures.cooperation import draw_cooperation
from repunet.analysis.figures.layout import layout
from repunet.analysis.figures.saving import drawn, save
from repunet.analysis.figures.sources import FigureSource, arms, gathered, looks
from repunet.analysis.figures.style import LOOKS, STYLE, shortened
from repunet.analysis.measures.cooperation import cooperation_by_round
from repunet.analysis.measures.handmade import made
from repunet.analysis.measures.measure import RoundSpan
from repunet.analysis.measures.reputation import cooperation_and_standing
from repunet.analysis.statistics import SHARE, fisher_mean, interval
from repunet.analysis.tables.frames import Frames, open_frames, read_frames
from repunet.cli import execute
from repunet.errors import UsageError
from repunet.record.manifest import Manifest
from repunet.world.treatment import TREATMENTS

ODD = (
    "<script>hi()</script>",
    "$a^2$ costs $5",
    "Tom & 'Jerry'",
    "100 % _sure_",
    "李伟 \t\x07",
    "_F",
)
"""Names that mean something else to a browser, to a typesetter, or to a font."""
TEXT = "{http://www.w3.org/2000/svg}text"


@pytest.fixture(scope="module")
def play(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Frames]:
    """Play a small society on the embedded mind, once."""
    known: dict[Any, Frames] = {}

    def played_once(n: int = 6, rounds: int = 4, **how: Any) -> Frames:
        which = (n, rounds, *sorted(how.items()))
        if which not in known:
            folder = tmp_path_factory.mktemp("run")
            known[which] = open_frames(played(folder, company("embedded", n=n, **how), rounds))
        return known[which]

    return played_once


@pytest.fixture(scope="module")
def several(play: Callable[..., Frames]) -> list[Frames]:
    """Two treatments of twenty agents, with two seeds each."""
    return [play(20, treatment=arm, seed=seed) for arm in ("none", "full") for seed in (1, 2)]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Frames, Frames]:
    """A run from its file, and from tables that were exported."""
    folder = tmp_path_factory.mktemp("exported")
    run = played(folder, company("embedded", n=4), 3)
    assert execute(["export", str(run), str(folder / "csv"), "--to", "csv"]) == 0
    return open_frames(run), read_frames(folder / "csv")


def texts(figure: Figure) -> list[str]:
    """Return every text in a figure, as its SVG holds it."""
    root = ET.fromstring(drawn(figure, "svg"))
    return ["".join(text.itertext()) for text in root.iter(TEXT)]


def said(figure: Figure) -> str:
    return " ".join(texts(figure))


class Box(NamedTuple):
    text: str
    left: float
    right: float
    top: float
    bottom: float

    def covers(self, other: "Box") -> bool:
        across = min(self.right, other.right) - max(self.left, other.left)
        down = min(self.bottom, other.bottom) - max(self.top, other.top)
        return across > 1 and down > 1


@contextmanager
def watched() -> Iterator[list[Box]]:
    """Note where every text is drawn."""
    boxes: list[Box] = []
    draw_text = RendererAgg.draw_text

    def note(
        self: Any, gc: Any, x: float, y: float, s: str, prop: Any, angle: float, **_: Any
    ) -> None:
        width, height, below = self.get_text_width_height_descent(s, prop, ismath=False)
        high, wide = (height - below, width) if angle == 0 else (width, height - below)
        boxes.append(
            Box(s, x if angle == 0 else x - wide, x + wide if angle == 0 else x, y - high, y)
        )
        draw_text(self, gc, x, y, s, prop, angle)

    with patch.object(RendererAgg, "draw_text", note):
        yield boxes


@pytest.mark.parametrize(("n", "rounds"), [(2, 3), (500, 1)])
@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_is_drawn_for_two_and_five_hundred(
    play: Callable[..., Frames], name: str, n: int, rounds: int
) -> None:
    page = drawn(draw(name, [play(n, rounds)]), "svg")
    assert ET.fromstring(page).tag.endswith("svg")
    assert len(page) < 1_000_000


@pytest.mark.parametrize("name", mostly_slow(FIGURES, ["network", "gossip", "matrix"]))
def test_no_text_covers_another_or_leaves_the_page_of_twenty_agents(
    several: list[Frames], name: str
) -> None:
    figure = draw(name, several)
    with watched() as boxes:
        drawn(figure, "png")
    wide, high = (inches * STYLE["savefig.dpi"] for inches in figure.get_size_inches())
    assert boxes
    assert [b for b in boxes if b.left < 0 or b.right > wide or b.top < 0 or b.bottom > high] == []
    assert [pair for pair in combinations(boxes, 2) if pair[0].covers(pair[1])] == []


@pytest.mark.parametrize("name", FIGURES)
def test_a_society_to_which_nothing_has_happened_is_drawn(tmp_path: Path, name: str) -> None:
    with begun(tmp_path, company("embedded"), rounds=1) as run:
        untouched = open_frames(run.journal.path)
    assert "0 rounds" in said(draw(name, [untouched]))
    assert "language model)" not in said(draw(name, [made(last=3, agents="AB")]))
    with pytest.raises(UsageError, match="nothing to draw"):
        draw(name, [])


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_says_which_mind_made_it(several: list[Frames], name: str) -> None:
    note = said(draw(name, several[:1]))
    assert "embedded mind, not a language model" in note
    assert "Missing decisions: 0 of" in note


@pytest.mark.parametrize("name", FIGURES)
def test_equal_runs_give_equal_files_also_from_exported_tables_and_in_threads(
    exported: tuple[Frames, Frames], name: str
) -> None:
    with ThreadPoolExecutor(2) as threads:
        one, other = threads.map(lambda run: drawn(draw(name, [run]), "svg"), exported)
    assert one == other


@pytest.mark.slow
def test_a_figure_is_saved_twice_alike(several: list[Frames]) -> None:
    figure = draw("cooperation", several)
    pages = [drawn(figure, form) for form in ("svg", "png", "svg", "png")]
    assert pages[:2] == pages[2:]
    assert pages[0] == drawn(draw("cooperation", several), "svg")


def test_drawing_leaves_the_users_style_alone(several: list[Frames]) -> None:
    with mpl.rc_context({"font.size": 23, "text.usetex": True}):
        before = dict(mpl.rcParams)
        page = drawn(draw("cooperation", several), "svg")
        assert dict(mpl.rcParams) == before
    assert page == drawn(draw("cooperation", several), "svg")


def oddly_named() -> Manifest:
    manifest = company("embedded", n=len(ODD))
    named = zip(manifest.personas, ODD, strict=True)
    return replace(manifest, personas=tuple(replace(one, name=name) for one, name in named))


@pytest.mark.slow
def test_names_are_shown_as_they_are(tmp_path: Path) -> None:
    frames = open_frames(played(tmp_path, oddly_named(), 3))
    expected = {"<script>hi()</s…", "$a^2$ costs $5", "Tom & 'Jerry'", "100 % _sure_", "李伟", "_F"}
    assert expected <= set(texts(draw("matrix", [frames])))
    page = drawn(draw("cascade", [frames]), "svg").decode()
    assert "<script" not in page
    assert drawn(draw("cascade", [frames]), "png")


# Cooperation ----------------------------------------------------------------------------------


def bands(figure: Figure) -> list[PolyCollection]:
    found = (c for c in figure.axes[0].collections if isinstance(c, PolyCollection))
    return [band for band in found if len(band.get_paths())]


def test_a_line_is_the_mean_over_runs_and_its_band_the_interval(several: list[Frames]) -> None:
    figure = draw("cooperation", several)
    rates = gathered(several[2:], cooperation_by_round)  # full, which is drawn first
    expected = [interval(values, within=SHARE) for _, values in rates.groupby("round").value]
    (line, *_) = figure.axes[0].lines
    assert line.get_ydata() == pytest.approx([each.mean for each in expected])
    corners = bands(figure)[0].get_paths()[0].vertices
    for number, found in enumerate(expected, start=1):
        ends = corners[corners[:, 0] == number][:, 1]
        assert found.low is not None
        assert found.high is not None
        assert (ends.min(), ends.max()) == pytest.approx((found.low, found.high))
    assert "full (n = 2)" in texts(figure)


def test_a_single_run_gets_no_band(several: list[Frames]) -> None:
    assert bands(draw("cooperation", several[2:3])) == []
    assert len(bands(draw("cooperation", several))) == 2


def test_missing_acts_stand_below_the_rates_by_treatment() -> None:
    rates = pd.DataFrame({"number": [0, 1], "round": [1, 1], "value": [0.5, np.nan]})
    rates = rates.assign(n=[2, 0], missing=[0, 3])
    sources = [FigureSource("a", "chance", "pd", arm, 1, 1, 9, 3) for arm in ("none", "full")]
    note = said(draw_cooperation(rates, sources))
    assert "Acts missing: full 3, none 0." in note
    assert "Missing decisions: 6 of 18." in note


def test_treatments_come_in_the_papers_order_and_look_the_same_everywhere() -> None:
    sources = [
        FigureSource("a", "m", "pd", name, 1, 1, 0, 0) for name in ("odd", *reversed(TREATMENTS))
    ]
    assert [arm.treatment for arm in arms(sources)] == [*TREATMENTS, "odd"]
    assert looks(["none"])["none"] == looks(["odd", "full", "none"])["none"]
    for trait in ("color", "dash", "marker", "hatch"):
        assert len({getattr(look, trait) for look in LOOKS}) == len(LOOKS)


def test_dilemmas_and_minds_are_never_mixed_in_a_panel(play: Callable[..., Frames]) -> None:
    runs = [play(), play(scenario="donor"), play(scenario="investment")]
    shown = texts(draw("cooperation", runs))
    assert {"pd", "donor", "investment", "adherence", "cooperation"} <= set(shown)


# Standing and gossip --------------------------------------------------------------------------


def test_the_correlation_is_averaged_over_runs_as_fisher_did(several: list[Frames]) -> None:
    rates = [cooperation_and_standing(run, RoundSpan.end(run)).value for run in several[2:]]
    mean = fisher_mean(rates).mean
    assert mean is not None
    shown = texts(draw("standing", several))
    assert f"full: r = {shortened(mean)} (20 agents, 2 runs)" in shown
    assert "none: no reputations" in shown


def test_sentiment_stands_beside_what_was_done_and_names_its_judge(several: list[Frames]) -> None:
    shown = texts(draw("gossip", several))
    acts = sum(len(run["encounters"]) for run in several[2:])
    assert shown.count("what was said") == 1
    assert shown.count("what was done") == 2
    assert shown.count(f"{acts:,}") == 2
    assert "vader (vaderSentiment" in " ".join(shown)


# The network ----------------------------------------------------------------------------------


def positions(figure: Figure) -> list[set[tuple[float, ...]]]:
    """Return where agents are, panel by panel."""
    panels = []
    for axes in figure.axes:
        marks = [c for c in axes.collections if isinstance(c, PathCollection)]
        spots = {tuple(map(float, xy)) for c in marks for xy in np.asarray(c.get_offsets())}
        panels.append(spots)
    return [spots for spots in panels if spots]


def test_everyone_stays_in_place_from_snapshot_to_snapshot(several: list[Frames]) -> None:
    panels = positions(draw("network", several[2:3]))
    assert len(panels) == 4
    assert len(panels[0]) == 20
    assert all(spots == panels[0] for spots in panels)


def test_a_layout_follows_from_the_ties_alone_and_fills_its_panel() -> None:
    ties = pd.DataFrame({"ego": ["A", "B"], "alter": ["B", "C"], "round": [1, 1]})
    one, other = layout("ABCD", ties), layout("ABCD", ties[::-1])
    assert all(np.array_equal(one[agent], other[agent]) for agent in "ABCD")
    spots = np.array(list(one.values()))
    assert spots.min(axis=0) == pytest.approx([0, 0])
    assert spots.max(axis=0) == pytest.approx([1, 1])


def test_defectors_are_square_and_unknown_standing_is_grey() -> None:
    acts = [dict(round=1, agent=a, cooperation=c) for a, c in (("A", 1.0), ("B", 0.0))]
    stood = [dict(round=1, agent="A", role="player", standing=0.9)]
    run = made(last=1, agents="AB", encounters=acts, standings=stood)
    drawn_there = draw("network", [run]).axes[1].collections  # after the start
    circle, square = (marks for marks in drawn_there if isinstance(marks, PathCollection))
    assert mpl.colors.to_hex(square.get_facecolor()[0]) == "#a3a3a3"
    assert mpl.colors.to_hex(circle.get_facecolor()[0]) != "#a3a3a3"
    assert len(square.get_paths()[0].vertices) < len(circle.get_paths()[0].vertices)


# Cascades, wealth and costs -------------------------------------------------------------------


def test_the_cascade_that_is_shown_reached_the_most_listeners() -> None:
    told = [
        dict(round=1, encounter="e", target="A", path=("B",), listener="C", credibility=4),
        dict(round=1, encounter="f", target="A", path=("B",), listener="C", credibility=4),
        dict(round=1, encounter="f", target="A", path=("B", "C"), listener="D", credibility=2),
    ]
    run = made(agents="ABCD", gossip=told)
    assert cascade(run).names.tolist() == [("A", "B", "C"), ("A", "B", "C", "D")]
    shown = texts(draw("cascade", [run]))
    assert {"about A", "B", "C 0.0 (4)", "D 0.0 (2)", "told at hop 2"} <= set(shown)


def test_a_cascade_shows_no_credibility_that_nobody_was_asked_for() -> None:
    told = [dict(round=1, encounter="e", target="A", path=("B",), listener="C", credibility=3)]
    unasked = [dict(round=1, treatment="full, credibility=off")]
    shown = texts(draw("cascade", [made(agents="ABC", gossip=told, rounds=unasked)]))
    assert "C 0.0" in shown


def test_negative_wealth_has_no_gini_but_is_drawn() -> None:
    paid = [dict(round=1, agent=agent, wealth=w) for agent, w in (("A", -1.0), ("B", 2.0))]
    assert "Gini n/a" in said(draw("wealth", [made(last=1, agents="AB", payoffs=paid)]))


def test_costs_add_up_to_those_of_the_run(tmp_path: Path) -> None:
    with served():
        frames = open_frames(played(tmp_path, company(n=3), 2))
    figure = draw("costs", [frames])
    calls, tokens = figure.axes[0].patches[0], figure.axes[1].patches[0]
    assert calls.get_data().values.tolist() == frames["rounds"].calls.tolist()
    of_questions = [bar.get_width() for bar in figure.axes[4].patches]
    assert sum(of_questions) == sum(tokens.get_data().values) == frames["rounds"].tokens.sum()


def test_a_run_that_asked_no_model_says_so(several: list[Frames]) -> None:
    assert "no calls: no language model was asked" in texts(draw("costs", several))


# Saving ---------------------------------------------------------------------------------------


def test_an_unknown_figure_or_form_is_refused(several: list[Frames]) -> None:
    with pytest.raises(UsageError, match='did you mean "network"'):
        draw("netwrk", several)
    with pytest.raises(UsageError, match="known: svg, png"):
        drawn(draw("costs", several), "gif")


def test_a_file_that_is_there_stays(several: list[Frames], tmp_path: Path) -> None:
    figure = draw("costs", several)
    written = save(figure, tmp_path / "new" / "costs")
    assert [file.name for file in written] == ["costs.svg", "costs.png"]
    with pytest.raises(UsageError, match="--force"):
        save(figure, tmp_path / "new" / "costs.svg")
    assert save(figure, tmp_path / "new" / "costs.svg", force=True) == written[:1]


@pytest.mark.slow
def test_all_figures_of_a_run_take_less_than_2_megabytes(play: Callable[..., Frames]) -> None:
    run = play(20, 60)
    pages = [drawn(draw(name, [run]), "svg") for name in FIGURES]
    assert sum(map(len, pages)) < 2_000_000
