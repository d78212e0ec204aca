"""Reports: one page for a run or several, whose every number follows from the exported tables."""

import asyncio
import json
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from unittest.mock import patch
from xml.etree import ElementTree

import jinja2
import pytest
from language_societies import MODEL, begun, company, played, served, terms
from markupsafe import Markup
from reporting import EVIL, Seen, hostile

from repunet.analysis.comparison.comparing import CORRELATIONS
from repunet.analysis.figures.catalogue import FIGURES
from repunet.analysis.measures.catalogue import MEASURES, measured
from repunet.analysis.measures.cooperation import cooperation_by_agent, cooperation_by_round
from repunet.analysis.measures.measure import Rate, RoundSpan
from repunet.analysis.report.card import Most
from repunet.analysis.report.formats import plain
from repunet.analysis.report.gaps import Gap, gaps
from repunet.analysis.report.making import ReportPage, page_of_run, page_of_runs
from repunet.analysis.report.people import Cards
from repunet.analysis.report.pictures import Picture, pictures
from repunet.analysis.report.rendering import HERE, is_ours
from repunet.analysis.report.rows import People, rows
from repunet.analysis.report.single import Contents
from repunet.analysis.report.source import read
from repunet.analysis.report.talk import ToldPieceRow, talk
from repunet.analysis.statistics import fisher_mean, interval
from repunet.analysis.tables.frames import Frames, read_frames
from repunet.cli import execute
from repunet.errors import Stopped

DILEMMAS = ("pd", "participation", "investment", "donor")
Command = Callable[..., tuple[int, str, str]]


DOT = Picture("dot", "A dot", "data:image/png;base64,AA==")


@pytest.fixture(scope="module", autouse=True)
def _quick() -> Iterator[None]:
    """Draw a dot instead of all figures, which takes long."""
    modules = "repunet.analysis.report.single", "repunet.analysis.report.several"
    with ExitStack() as patched:
        for module in modules:
            patched.enter_context(patch(f"{module}.pictures", lambda runs: [DOT]))
        yield


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A small run of each dilemma."""
    folder = tmp_path_factory.mktemp("reports")
    return {
        name: played(folder, company("embedded", n=6, scenario=name), 7, name=name)
        for name in DILEMMAS
    }


@pytest.fixture(scope="module")
def made(runs: dict[str, Path]) -> dict[str, ReportPage]:
    """The report on each of them."""
    return {name: page_of_run(path) for name, path in runs.items()}


@pytest.fixture(scope="module")
def pages(made: dict[str, ReportPage]) -> dict[str, Seen]:
    """What a browser would find in each of these."""
    return {name: Seen(page.html) for name, page in made.items()}


@pytest.fixture(scope="module")
def exported(
    runs: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Frames]:
    """The tables of a run, as they were exported."""

    @cache
    def tables(name: str) -> Frames:
        out = str(tmp_path_factory.mktemp("exported") / "out")
        assert execute(["export", str(runs[name]), out, "--to", "csv", "--json"]) == 0
        return read_frames(Path(out))

    return tables


@pytest.fixture
def report(capsys: pytest.CaptureFixture[str]) -> Command:
    def command(*words: object) -> tuple[int, str, str]:
        code = execute(["report", *map(str, words)])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return command


def known(frames: Frames) -> dict[tuple[str, str], Rate]:
    """Return all rates that a report on a run may print, by measure and span, round or agent."""
    spans = {"end": RoundSpan.end(frames), "whole": RoundSpan.all(frames)}
    found = {
        (name, word): rate
        for word, span in spans.items()
        for name, rate in measured(frames, span).items()
    }
    for row in rows(cooperation_by_round(frames)):
        found["cooperation_by_round", str(row.round)] = Rate(row.value, row.n, row.missing)
    lost = frames["missing"].agent.value_counts()
    for row in rows(cooperation_by_agent(frames)):
        rate = Rate(row.cooperation, row.acts, int(lost.get(row.agent, 0)))
        found["cooperation_by_agent", row.agent] = rate
    return found


# The numbers -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", DILEMMAS)
def test_every_number_is_the_same_measure_of_the_exported_tables(
    name: str, pages: dict[str, Seen], exported: Callable[[str], Frames]
) -> None:
    rates = known(exported(name))
    shown = {}
    for said, _ in pages[name].rates:
        which = said.get("data-span") or said.get("data-round") or said["data-agent"]
        value = float(said["value"]) if said["value"] else None
        rate = Rate(value, int(said["data-n"]), int(said["data-missing"]))
        shown[said["data-measure"], which] = rate
    assert shown == rates
    assert len(shown) > 40


@pytest.mark.parametrize("name", DILEMMAS)
def test_cards_threads_and_gaps_follow_from_the_exported_tables(
    name: str, runs: dict[str, Path], exported: Callable[[str], Frames]
) -> None:
    with patch("repunet.analysis.report.single.numbers"):  # the test above is about them
        there, here = (Contents.of(each) for each in (exported(name), read(runs[name]).frames))
    assert (there.cards, there.talk, there.gaps) == (here.cards, here.talk, here.gaps)


def test_every_rate_is_printed_with_its_n_and_what_is_missing(pages: dict[str, Seen]) -> None:
    for page in pages.values():
        for said, text in page.rates:
            n, missing = (int(said[f"data-{key}"]) for key in ("n", "missing"))
            assert text.endswith(f"n {n:,}, {missing:,} missing")


@pytest.mark.parametrize("wrong", [Rate(0.5, 2, 1), 0.5, None, True])
def test_a_template_can_print_no_rate_but_by_the_filter(wrong: object) -> None:
    environment = jinja2.Environment(finalize=plain, autoescape=True)
    with pytest.raises(TypeError, match="needs a filter"):
        environment.from_string("{{ it }}").render(it=wrong)
    assert environment.from_string("{{ it }}").render(it=Markup("<b>")) == "<b>"


def test_no_template_looks_inside_a_rate() -> None:
    for path in HERE.glob("*.html"):
        assert not re.search(r"\.value\b|\.over\b|\|\s*(safe|round|float)", path.read_text()), path


@pytest.mark.slow
def test_missing_decisions_are_counted_beside_the_rates_they_would_be_in(tmp_path: Path) -> None:
    def shy(body: Any, headers: Any) -> str | None:
        named = str(dict(headers))
        return "no idea" if "ChooseMove/A01" in named and "r1/" in named else None

    with served(answers=shy):
        path = played(tmp_path)
    page = Seen(page_of_run(path).html)
    headline = next(said for said, _ in page.rates if said["data-measure"] == "cooperation")
    assert (headline["class"], headline["data-missing"]) == ("rate gap", "1")
    (gap,) = read_gaps(path)
    assert (gap.round, gap.agent.id, gap.operation) == (1, "A01", "ChooseMove")
    assert gap.why in "".join(page.text)


def read_gaps(path: Path) -> tuple[Gap, ...]:
    frames = read(path).frames
    return gaps(frames, People(frames, 0)).listed.shown


def test_a_single_run_gets_no_interval_and_no_p_value(
    made: dict[str, ReportPage], pages: dict[str, Seen]
) -> None:
    text = "".join(pages["pd"].text)
    assert "One run: there is no interval and no p-value" in text
    assert not re.search(r"p = |95 %.*interval \[", text)
    (headline,) = made["pd"].headlines
    assert (headline.low, headline.high, headline.runs) == (None, None, 1)


# Several runs ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two arms: one of two runs, the other of a single one."""
    folder = tmp_path_factory.mktemp("sweeps") / "sweep"
    for seed in (1, 2):
        played(folder, company("embedded", seed=seed), 6, name=f"full-{seed}")
    played(folder, company("embedded", treatment="none"), 6, name="none-1")
    return folder


@pytest.fixture(scope="module")
def arms(sweep: Path) -> ReportPage:
    return page_of_runs("sweep", sorted(sweep.glob("*/run.sqlite")))


@pytest.mark.slow
def test_arms_have_the_mean_and_interval_over_their_runs(sweep: Path, arms: ReportPage) -> None:
    frames = [read(path).frames for path in sorted(sweep.glob("full-*/run.sqlite"))]
    ends = [measured(each, RoundSpan.end(each)) for each in frames]
    shown = {
        (said["data-measure"], said["data-span"], said["data-arm"]): said
        for said, _ in Seen(arms.html).rates
        if "data-arm" in said
    }
    for name in ends[0]:
        values = [rates[name].value for rates in ends]
        within = MEASURES[name].limits
        expected = fisher_mean(values) if name in CORRELATIONS else interval(values, within=within)
        said = shown[name, "end", "full"]
        assert said["value"] == ("" if expected.mean is None else repr(expected.mean))
        assert said.get("data-low") == (repr(expected.low) if expected.sd else None)
        assert said["data-runs"] == str(expected.n)
        assert said["data-missing"] == str(sum(rates[name].missing for rates in ends))
    assert len(shown) > 100


def test_an_arm_of_one_run_gets_no_interval(arms: ReportPage) -> None:
    full, none = arms.headlines
    text = "".join(Seen(arms.html).text)
    assert "full minus none" in text
    assert "Welch" in text
    assert (full.what, full.runs, none.what, none.runs) == ("full", 2, "none", 1)
    assert full.low is not None
    assert none.low is None
    alone = [said for said, _ in Seen(arms.html).rates if said.get("data-arm") == "none"]
    assert alone
    assert not [said for said in alone if "data-low" in said]


def test_a_run_that_can_t_be_read_is_left_out_and_said_so(sweep: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken" / "run.sqlite"
    broken.parent.mkdir()
    broken.write_text("no run file")
    page = page_of_runs("sweep", [*sorted(sweep.glob("none-*/run.sqlite")), broken])
    assert page.runs == 1
    assert page.left_out[0].startswith("broken: ")
    assert "Left out: broken" in "".join(Seen(page.html).text)


def test_a_copy_of_a_run_is_no_repetition(sweep: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy" / "run.sqlite"
    copy.parent.mkdir()
    copy.write_bytes((sweep / "none-1" / "run.sqlite").read_bytes())
    page = page_of_runs("sweep", [sweep / "none-1" / "run.sqlite", copy])
    assert (page.runs, [each.runs for each in page.headlines]) == (1, [1])
    said = "".join(Seen(page.html).text)
    assert "none-1 is there more than once, and counts once: copy." in said


def test_the_headline_says_over_which_rounds_it_is(
    made: dict[str, ReportPage], sweep: Path
) -> None:
    overs = {name: page.headlines[0].over for name, page in made.items()}
    assert overs["pd"] == "last 5 rounds"
    assert overs["participation"] == "latest decisions"
    assert "Cooperation, latest decisions" in "".join(Seen(made["participation"].html).text)
    assert "in which the trustee returned" in "".join(Seen(made["investment"].html).text)


# What is told ------------------------------------------------------------------------------------


def test_a_report_says_what_was_run(runs: dict[str, Path], pages: dict[str, Seen]) -> None:
    text = "".join(pages["pd"].text)
    setting = read(runs["pd"]).setting
    assert text.index("no evidence about language models") < text.index("What was run")
    assert setting.digest in text
    assert setting.prompts.hash in text
    assert all(hash_ in text for _, hash_ in setting.prompts.templates)
    assert "7 committed, of 7 planned" in text
    assert "cut-off" not in {attrs.get("id") for _, attrs in pages["pd"].elements}


@pytest.mark.slow
def test_a_run_cut_off_in_mid_round_is_reported_as_such(tmp_path: Path) -> None:
    with (
        served(),
        begun(tmp_path, rounds=3, terms=terms(max_calls=70)) as run,
        pytest.raises(Stopped),
    ):
        asyncio.run(run.play())
    path = run.journal.path
    setting = read(path).setting
    assert setting.unfinished is not None
    assert setting.unfinished.round == setting.rounds + 1 <= setting.planned == 3
    page = Seen(page_of_run(path).html)
    (notice,) = (text for text in page.text if "planned rounds are committed" in text)
    assert f"Round {setting.rounds + 1} was begun and never finished" in notice
    assert f"{setting.rounds} of 3" in notice
    assert {said["data-round"] for said, _ in page.rates if "data-round" in said} == {
        str(number + 1) for number in range(setting.rounds)
    }


@pytest.mark.slow
def test_a_run_of_language_models_shows_what_it_cost(tmp_path: Path) -> None:
    with served():
        path = played(tmp_path, company(MODEL))
    source = read(path)
    text = "".join(Seen(page_of_run(path).html).text)
    assert source.expenses.total.calls == len(source.frames["attempts"]) > 10
    assert f"{source.expenses.total.calls} requests to language models" in text
    assert source.setting.prompts.read
    assert "stand-in" not in text


def test_a_thread_shows_what_was_passed_on_and_the_truth(runs: dict[str, Path]) -> None:
    frames = read(runs["pd"]).frames
    heard = talk(frames, People(frames, 0), 1_000)
    threads = [thread for each in heard.rounds for thread in each.threads]

    def pieces(told: tuple[ToldPieceRow, ...]) -> list[ToldPieceRow]:
        return [piece for first in told for piece in (first, *pieces(first.onward))]

    told = [piece for thread in threads for piece in pieces(thread.tellings)]
    assert len(told) == heard.shown == heard.pieces == len(frames["gossip"])
    assert {piece.hop for piece in told} == {1, 2}
    assert all(after.hop == piece.hop + 1 for piece in told for after in piece.onward)
    acts = frames["encounters"].set_index(["encounter", "agent"]).move
    for thread in threads:
        assert thread.truth is not None
        assert thread.truth.move == acts[thread.encounter, thread.target.id]


def test_a_view_names_what_is_behind_it(runs: dict[str, Path]) -> None:
    frames = read(runs["pd"]).frames
    cards = Cards(frames, People(frames, 6), Most.of(6)).all().shown
    kinds = {g.kind for card in cards for view in card.views.shown for g in view.grounds}
    assert kinds == {"encounter", "gossip"}
    current = frames["reputations"]
    current = current[current.until_round.isna() & ~current.of_self]
    assert sum(card.views.whole for card in cards) == len(current)
    for card in cards:
        scores = [view.score for view in card.views.shown]
        assert scores == sorted(scores)


# The page ----------------------------------------------------------------------------------------


@pytest.mark.slow
def test_what_agents_say_is_text(tmp_path: Path) -> None:
    page = page_of_run(hostile(tmp_path)).html
    seen = Seen(page)
    text = "".join(seen.text)
    assert all(words in text for words in EVIL)
    assert (len(seen.has("script")), len(seen.has("style"))) == (1, 1)
    assert not [a for _, attrs in seen.elements for a in attrs if a.startswith("on")]
    assert not [a for a in seen.has("a") if not a["href"].startswith("#")]
    assert "<u>unknown</u>" in text


def test_a_page_loads_nothing_and_trusts_only_its_own_script(pages: dict[str, Seen]) -> None:
    for page in pages.values():
        sources = [attrs["src"] for _, attrs in page.elements if "src" in attrs]
        assert all(source.startswith("data:image/") for source in sources)
        assert not page.has("link")
        assert not page.has("iframe")
        (policy,) = (a["content"] for a in page.has("meta") if "http-equiv" in a)
        assert policy.startswith("default-src 'none'; img-src data:;")
        for name in ("style.css", "script.js"):
            digest = sha256((HERE / name).read_bytes()).digest()
            assert f"'sha256-{b64encode(digest).decode()}'" in policy


def test_all_ids_in_a_page_are_its_own(pages: dict[str, Seen], arms: ReportPage) -> None:
    for page in (*pages.values(), Seen(arms.html)):
        ids = [attrs["id"] for _, attrs in page.elements if "id" in attrs]
        assert len(ids) == len(set(ids))
        links = {attrs["href"].removeprefix("#") for attrs in page.has("a")}
        assert links <= set(ids)


@pytest.mark.slow
def test_equal_runs_give_equal_pages(runs: dict[str, Path], made: dict[str, ReportPage]) -> None:
    assert page_of_run(runs["pd"]).html == made["pd"].html


@pytest.mark.slow
def test_every_figure_is_an_image_of_its_own(runs: dict[str, Path]) -> None:
    drawn = {each.name: each for each in pictures([read(runs["pd"]).frames])}
    assert {"cooperation", "network", "gossip", "matrix"} <= set(drawn)
    assert "costs" not in drawn  # nobody asked a language model anything
    for picture in drawn.values():
        kind, _, image = picture.data.partition(";base64,")
        assert kind == "data:image/svg+xml"
        assert ElementTree.fromstring(b64decode(image)).tag.endswith("svg")


def test_a_heavy_figure_is_embedded_in_points_if_that_is_less(runs: dict[str, Path]) -> None:
    frames = read(runs["pd"]).frames
    for svg, png, kind in ((700_000, 9, "png"), (700_000, 800_000, "svg+xml"), (9, 1, "svg+xml")):
        sizes = {"svg": svg, "png": png}
        with (
            patch("repunet.analysis.report.pictures.FIGURES", {"wealth": FIGURES["wealth"]}),
            patch("repunet.analysis.report.pictures.draw"),
            patch("repunet.analysis.report.pictures.drawn", lambda _, form: bytes(sizes[form])),  # noqa: B023
        ):
            (picture,) = pictures([frames])
        assert picture.data.startswith(f"data:image/{kind};base64,")


def test_a_run_in_which_nothing_has_happened_has_a_report(tmp_path: Path) -> None:
    with begun(tmp_path, company("embedded"), 3) as run:  # and is still being written
        page = Seen(page_of_run(run.journal.path).html)
    text = "".join(page.text)
    assert "0 of 3 planned rounds are committed" in text
    assert "No gossip was heard" in text
    assert {said["value"] for said, _ in page.rates if said["data-measure"] == "cooperation"} == {
        ""
    }


def test_two_agents_without_reputations_and_gossip_have_a_report(tmp_path: Path) -> None:
    path = played(tmp_path, company("embedded", n=2, treatment="none"), 2)
    text = "".join(Seen(page_of_run(path).html).text)
    assert "Nobody else has a record of it" in text


def test_where_many_live_their_cards_are_short() -> None:
    few, many = Most.of(20), Most.of(500)
    assert (few.views, few.meetings) == (60, 100)
    assert (many.cards, many.views, many.meetings) == (500, 4, 4)
    assert Most.of(5000).cards == 500


# The command -------------------------------------------------------------------------------------


def test_the_report_stands_beside_its_run_which_stays_as_it_is(
    runs: dict[str, Path], report: Command
) -> None:
    before = runs["donor"].read_bytes()
    code, out, _ = report(runs["donor"].parent)
    page = runs["donor"].with_name("report.html")
    assert code == 0
    assert str(page) in out
    assert "1 run: no interval; missing decisions: 0" in out
    assert "no evidence about language models" in out
    assert is_ours(page)
    assert runs["donor"].read_bytes() == before


def test_a_report_of_ours_is_made_again_and_nothing_else_is_overwritten(
    runs: dict[str, Path], made: dict[str, ReportPage], report: Command, tmp_path: Path
) -> None:
    with patch("repunet.analysis.report.writing._page", return_value=made["pd"]):
        _overwriting(runs, report, tmp_path)


def _overwriting(runs: dict[str, Path], report: Command, tmp_path: Path) -> None:
    path = tmp_path / "sub" / "page.html"
    assert report(runs["pd"], "-o", path)[0] == 0
    assert report(runs["pd"], "-o", path)[0] == 0
    path.write_text("<p>mine")
    code, _, err = report(runs["pd"], "-o", path)
    assert (code, path.read_text()) == (2, "<p>mine")
    assert "--force" in err
    assert report(runs["pd"], "-o", path, "--force")[0] == 0
    assert is_ours(path)


def test_no_force_overwrites_the_run(runs: dict[str, Path], report: Command) -> None:
    before = runs["pd"].read_bytes()
    code, _, err = report(runs["pd"], "-o", runs["pd"], "--force")
    assert (code, runs["pd"].read_bytes()) == (2, before)
    assert err.count("\n") == 1
    assert "is the run itself" in err


def test_a_folder_of_runs_is_told_in_one_page(
    sweep: Path, arms: ReportPage, report: Command
) -> None:
    with patch("repunet.analysis.report.making.page_of_runs", return_value=arms) as telling:
        code, out, _ = report("sweep", "--storage", sweep.parent, "--json")
    telling.assert_called_once_with("sweep", sorted(sweep.glob("*/run.sqlite")), "vader")
    said = json.loads(out)
    assert code == 0
    assert (said["runs"], said["mind"], len(said["headlines"])) == (3, "embedded", 2)
    assert said["path"] == str(sweep / "report.html")
    assert said["bytes"] == (sweep / "report.html").stat().st_size
    assert [each["what"] for each in said["headlines"]] == ["full", "none"]


def test_what_is_no_run_is_refused_in_one_line(report: Command, tmp_path: Path) -> None:
    code, _, err = report("nobody", "--storage", tmp_path)
    assert (code, err.count("\n")) == (2, 1)
    assert 'there is no run "nobody"' in err
    (tmp_path / "run.sqlite").write_text("no run")
    code, _, err = report(tmp_path)
    assert (code, err.count("\n")) == (2, 1)


def test_a_report_is_shown_if_that_is_asked_for(
    runs: dict[str, Path], made: dict[str, ReportPage], report: Command, tmp_path: Path
) -> None:
    path = tmp_path / "page.html"
    with (
        patch("repunet.analysis.report.writing._page", return_value=made["pd"]),
        patch("webbrowser.open") as shown,
    ):
        assert report(runs["pd"], "-o", path)[0] == 0
        shown.assert_not_called()
        assert report(runs["pd"], "-o", path, "--open")[0] == 0
    shown.assert_called_once_with(path.as_uri())


@pytest.mark.slow
def test_60_rounds_of_20_agents_are_told_in_less_than_5_megabytes(tmp_path: Path) -> None:
    path = played(tmp_path, company("embedded", n=20), 60)
    with patch("repunet.analysis.report.single.pictures", pictures):
        page = page_of_run(path).html
    assert 500_000 < len(page.encode()) < 5_000_000


@pytest.mark.slow
def test_500_agents_fit_on_a_page(tmp_path: Path) -> None:
    path = played(tmp_path, company("embedded", n=500), 5)
    with patch("repunet.analysis.report.single.pictures", pictures):
        page = page_of_run(path).html
    assert len(page.encode()) < 10_000_000
    assert len([a for a in Seen(page).has("details") if a.get("class") == "card"]) == 500
