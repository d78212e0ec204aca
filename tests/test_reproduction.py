"""The paper's tables, figures and claims, tried with any mind: played once, and put into words."""

import json
import re
import shlex
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from language_societies import MODEL, served

from repunet.analysis.comparison.arms import ArmRuns, arm_of
from repunet.analysis.comparison.measuring import MeasuredRun
from repunet.analysis.measures.catalogue import MEASURES
from repunet.analysis.measures.measure import Rate
from repunet.analysis.statistics import Interval
from repunet.cli import execute
from repunet.experiment.sweep import Sweep
from repunet.planning.forecast import forecast, likely
from repunet.record.storage import run_files
from repunet.reproduction import paper
from repunet.reproduction.arms import Key
from repunet.reproduction.claims import CLAIMS, Claim, ClaimEvidence, claims
from repunet.reproduction.evidence import QUANTITIES
from repunet.reproduction.outcome import WANTED
from repunet.reproduction.outcome import _model as model_of
from repunet.reproduction.result import ArmRow, Reproduction
from repunet.reproduction.runs import carry_out, settled
from repunet.reproduction.stability import StableRule
from repunet.reproduction.targets import ROUNDS, TARGETS, ReproductionRequest, grid, lengths
from repunet.reproduction.verdicts import verdicts
from repunet.runs.spec import RunSpec

PAGE = (Path(__file__).parents[1] / "docs" / "how-to" / "reproduce-the-paper.md").read_text("utf-8")
FEW = ("--mind", "embedded", "--agents", "4", "--quiet", "--on", "local")
SMALL = (*FEW, "--rounds", "3")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("reproductions")


def reproduced(target: str, folder: Path, *words: str, seeds: int = 2, rounds: int = 3) -> Any:
    size = ("--seeds", str(seeds), "--rounds", str(rounds))
    said = StringIO()
    with redirect_stdout(said):
        where = ("--storage", str(folder), "--json")
        code = execute(["reproduce", target, *FEW, *size, *where, *words])
    assert code == 0
    return json.loads(said.getvalue())


def printed(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    code = execute(["reproduce", *words])
    said = capsys.readouterr()
    assert code == 0, said.err
    return " ".join(said.out.split())


@pytest.fixture(scope="module")
def table_1(folder: Path) -> Any:
    return reproduced("table1", folder, "--scenario", "pd")


def test_every_arm_of_table_1_is_there_beside_the_papers_number(table_1: Any) -> None:
    rows = {row["treatment"]: row for row in table_1["rows"]}
    assert {name: row["paper"] for name, row in rows.items()} == paper.TABLE_1["pd"]
    assert all(row["interval"]["n"] == 2 for row in rows.values())
    assert all(row["counted"] + row["missing"] == 2 * 3 * 4 for row in rows.values())


def test_every_other_arm_is_tested_against_the_full_one(table_1: Any) -> None:
    found = {test["contrast"]["versus"]: test["contrast"] for test in table_1["tests"]}
    assert list(found) == ["no-gossip", "no-reputation", "none"]
    assert all(each["paired"] and each["arm"] == "full" for each in found.values())
    assert all(each["permutation"]["smallest_p"] == 0.5 for each in found.values())


def test_the_difference_is_that_of_the_rows(table_1: Any) -> None:
    means = {row["treatment"]: row["interval"]["mean"] for row in table_1["rows"]}
    for test in table_1["tests"]:
        versus = test["contrast"]["versus"]
        expected = means["full"] - means[versus]
        assert test["contrast"]["welch"]["difference"] == pytest.approx(expected)
        theirs = paper.TABLE_1["pd"]["full"] - paper.TABLE_1["pd"][versus]
        assert test["paper"] == pytest.approx(theirs)


def test_what_the_embedded_mind_made_is_said_to_be_no_evidence(
    folder: Path, table_1: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("table1", "--scenario", "pd", *SMALL, "--seeds", "2", "--storage", str(folder))
    page = printed(capsys, *words)
    assert table_1["mind"] == "embedded"
    assert "no evidence about language models" in page
    assert "neither confirms nor refutes the paper" in page


@pytest.mark.slow
def test_what_was_played_for_one_target_is_not_played_for_another(
    folder: Path, table_1: Any
) -> None:
    before = {path: path.stat().st_mtime_ns for path in run_files(folder / "reproduction")}
    claimed = reproduced("claims", folder, "--scenario", "pd")
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert len(before) == len(run_files(folder / "reproduction")) == 8
    known = {claim["name"] for claim in claimed["claims"]}
    assert known == set(CLAIMS) - {"talked-about", "disintegrates"}


@pytest.mark.slow
def test_runs_that_are_longer_by_now_count_as_far_as_asked(folder: Path, table_1: Any) -> None:
    longer = reproduced("table1", folder, "--scenario", "pd", rounds=5)
    again = reproduced("table1", folder, "--scenario", "pd")
    assert longer["rounds"] == {"pd": 5}
    assert longer["rows"] != table_1["rows"]
    assert again["rows"] == table_1["rows"]


def test_a_single_run_gets_no_interval_and_no_p(folder: Path) -> None:
    found = reproduced("table1", folder, "--scenario", "pd", seeds=1)
    assert all(row["interval"]["low"] is None for row in found["rows"])
    assert all(test["contrast"]["welch"]["p"] is None for test in found["tests"])
    assert any("single run" in sentence for sentence in found["verdicts"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("target", "names"),
    [
        ("figure2", {"figure2", "figure2-pd-cooperation", "figure2-pd-standing"}),
        ("figure3", {"figure3", "figure3-pd-network"}),
    ],
)
def test_figures_are_drawn_of_each_dilemma(target: str, names: set[str], folder: Path) -> None:
    into = folder / "drawn"
    found = reproduced(target, folder, "--scenario", "pd", "--to", str(into))
    assert {Path(path).stem for path in found["figures"]} == names
    assert {Path(path).suffix for path in found["figures"]} == {".svg", ".png"}
    assert all(Path(path).stat().st_size > 1000 for path in found["figures"])


@pytest.mark.slow
def test_figure_4_says_how_good_acts_were_beside_the_tone(folder: Path) -> None:
    found = reproduced("figure4", folder)
    assert {row["scenario"] for row in found["rows"]} == {"participation"}
    assert {"gossip_positive", "good_acts", "gossip_bias"} <= {r["quantity"] for r in found["rows"]}
    assert any("the share of positive gossip" in sentence for sentence in found["verdicts"])


@pytest.mark.slow
def test_table_2_takes_several_minds(folder: Path) -> None:
    found = reproduced("table2", folder, "--mind", "chance")
    assert {row["mind"] for row in found["rows"]} == {"embedded", "chance"}
    assert all(row["paper"] is None for row in found["rows"])
    assert any("Qwen3 plus: full .95" in sentence for sentence in found["verdicts"])
    assert any("No language model is chance" in sentence for sentence in found["verdicts"])


def test_a_dry_run_plays_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = printed(capsys, "table1", *SMALL, "--storage", str(tmp_path), "--dry-run")
    assert "60 new" in page
    assert not list(tmp_path.rglob("*.sqlite"))


def test_a_dry_run_forecasts_what_models_will_be_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--model", "openai:gpt-4o-mini", "--agents", "4", "--rounds", "2", "--seeds", "1")
    page = printed(capsys, "table2", *words, "--storage", str(tmp_path), "--dry-run")
    assert "pd, full, openai:gpt-4o-mini" in page
    *arms, whole = (float(word) for word in re.findall(r"\$([.0-9]+)", page))
    assert len(arms) == 2
    assert whole == pytest.approx(sum(arms), abs=0.0002)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("table3",), 'Did you mean "table2"'),
        (("table1", "--mind", "embedded", "--mind", "chance"), "table1 takes one mind"),
        (("table2", "--mind", "embedded", "--scenario", "investment"), "it takes pd"),
        (("table1", "--seeds", "0"), "at least 1 seed"),
        (("table1", "--mind", "embedded", "--rounds", "0"), "at least 1"),
        (("table1", "--until-stable", "--window", "0"), "at least 1 round"),
        (("table1", "--until-stable", "--tolerance", "2"), "between 0 and 1"),
        (("table1", "--model", "gpt"), "no language model"),
        (("figure2", "--to", f"{__file__}/figures"), "can't be a folder"),
    ],
)
def test_what_can_t_be_tried_is_refused_in_one_line(
    words: tuple[str, ...], why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute(["reproduce", *words, "--storage", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert why in said
    assert len(said.splitlines()) == 1


# Until stable


def played(
    folder: Path, request: ReproductionRequest, rule: StableRule, ends: list[dict[str, int]]
) -> Iterator[Any]:
    from asyncio import run

    from repunet.experiment.progress import Board
    from repunet.experiment.stopping import Stopping
    from repunet.experiment.sweep import play

    def playing(sweep: Sweep) -> None:
        ends.append({job.name: job.rounds for job in sweep.jobs})
        run(play(sweep, Board(sweep.jobs, sweep.before), Stopping(), place="local"))

    yield from carry_out(request, folder, {}, rule, playing)


def asked(**changes: Any) -> ReproductionRequest:
    request = ReproductionRequest(TARGETS["table2"], ("embedded",), seeds=1, agents=4, rounds=9)
    return replace(request, **changes)


@pytest.mark.slow
def test_all_arms_go_on_together_until_each_of_them_is_stable(tmp_path: Path) -> None:
    ends: list[dict[str, int]] = []
    found = list(played(tmp_path, asked(), StableRule(window=2, tolerance=0.0), ends))
    assert [set(each.values()) for each in ends][:2] == [{4}, {6}]
    assert {run.rounds for run in found} == set(ends[-1].values())
    assert max(ends[-1].values()) <= 9


def test_it_is_said_whether_runs_ended_because_they_were_stable(tmp_path: Path) -> None:
    rule = StableRule(window=2, tolerance=1.0)
    found = list(played(tmp_path, asked(), rule, []))
    assert settled(rule, found) == (
        "pd: cooperation was stable in all runs at once after 4 rounds.",
    )
    (sentence,) = settled(StableRule(window=3), found)
    assert "never stable in all runs at once, and they ended after 4 rounds" in sentence


def test_stable_runs_end_at_once(tmp_path: Path) -> None:
    ends: list[dict[str, int]] = []
    list(played(tmp_path, asked(), StableRule(window=2, tolerance=1.0), ends))
    assert [set(each.values()) for each in ends] == [{4}]


@given(st.lists(st.floats(0, 1), min_size=8, max_size=20))
def test_what_is_stable_for_one_tolerance_is_for_a_larger_one(rates: list[float]) -> None:
    strict, lenient = StableRule(4, 0.05), StableRule(4, 0.3)
    assert lenient.holds(rates) or not strict.holds(rates)
    assert StableRule(4, 1.0).holds(rates)


def test_rounds_without_cooperation_are_no_reason_to_end() -> None:
    assert not StableRule(2).holds([None, None, None, None])
    assert StableRule(2).holds([0.5, None, None, 0.5])


# The page about it


@pytest.mark.slow
def test_what_the_page_tries_without_a_key_works(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REPUNET_STORAGE", str(folder))
    lines = PAGE.split("\n")
    (command,) = (line for line in lines if line.startswith("$ repunet") and "embedded" in line)
    page = printed(capsys, *shlex.split(command.removeprefix("$ repunet reproduce ")))
    assert "Claim: cooperation is sustained" in page


def test_the_page_names_every_target() -> None:
    assert [name for name in TARGETS if f"| `{name}` |" not in PAGE] == []


# Targets and claims


@pytest.mark.parametrize("name", TARGETS)
def test_every_target_has_runs_of_every_arm_with_every_seed(name: str) -> None:
    target = TARGETS[name]
    request = ReproductionRequest(target, ("embedded",), seeds=3)
    specs = grid(request, lengths(request)).specs
    assert len(specs) == 3 * len(target.scenarios) * len(target.treatments)
    assert {(spec.scenario, spec.rounds) for spec in specs} <= set(ROUNDS.items())
    assert set(WANTED[name]) <= set(QUANTITIES)


def test_the_papers_arms_take_turns_seed_by_seed() -> None:
    request = ReproductionRequest(TARGETS["table1"], ("embedded",), seeds=2, scenarios=("pd",))
    specs = grid(request, lengths(request)).specs
    assert [spec.seed for spec in specs] == [1] * 4 + [2] * 4


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [(0.1, 0.3, "met"), (-0.3, -0.1, "failed"), (-0.1, 0.1, "open"), (None, None, "open")],
)
def test_evidence_is_met_only_if_the_whole_interval_is(
    low: float | None, high: float | None, verdict: str
) -> None:
    assert ClaimEvidence("x", 0.0, Interval(0.0, low, high, 5, 0.1), 0).verdict == verdict


@pytest.mark.parametrize(("runs", "verdict"), [(2, "open"), (5, "open"), (6, "met")])
def test_runs_that_are_all_alike_meet_nothing_unless_they_are_many(runs: int, verdict: str) -> None:
    assert ClaimEvidence("x", 0.0, Interval(0.2, 0.2, 0.2, runs, 0.0), 0).verdict == verdict


def row(treatment: str, paper: float, *found: float | None) -> ArmRow:
    mean, low, high, sd = found
    interval = Interval(mean, low, high, 2, sd)
    return ArmRow("pd", "chance", treatment, "cooperation", paper, interval, 10, 0)


def said(*rows: ArmRow) -> str:
    made = Reproduction("table1", "T", "chance", 4, {"pd": 9}, 2, rows, (), (), ())
    return " ".join(verdicts(made))


def test_arms_that_come_out_alike_are_in_no_order() -> None:
    full = row("full", 0.9, 0.33, 0.3, 0.36, 0.1)
    page = said(full, row("none", 0.1, 0.33, 0.3, 0.36, 0.1))
    assert "in another order: full = none; in the paper full > none" in page
    assert "in the paper's order, full > none" in said(full, row("none", 0.1, 0.2, 0.1, 0.3, 0.1))


def test_intervals_that_rule_out_little_or_are_none_are_said_to() -> None:
    page = said(row("full", 0.9, 0.4, -0.9, 1.6, 0.2), row("none", 0.1, 0.5, 0.5, 0.5, 0.0))
    assert "rules out little for full" in page
    assert "all runs are alike, and give no interval, for none" in page


def test_a_claim_fails_with_any_of_its_evidence() -> None:
    met = ClaimEvidence("x", 0.0, Interval(0.2, 0.1, 0.3, 5, 0.1), 0)
    failed = ClaimEvidence("y", 0.5, Interval(0.2, 0.1, 0.3, 5, 0.1), 0)
    assert Claim("c", "s", "pd", (met, failed)).verdict == "failed"
    assert Claim("c", "s", "pd", (met, met)).verdict == "met"


def test_the_paper_has_its_tables_and_no_more() -> None:
    assert paper.TABLE_1["investment"] == {
        "full": 0.98,
        "no-gossip": 0.96,
        "no-reputation": 0.26,
        "none": 0.17,
    }
    assert paper.TABLE_2["GPT-4o mini"]["full"] == paper.TABLE_1["pd"]["full"]
    assert "cooperation" in MEASURES


@pytest.mark.parametrize(
    ("mind", "model"),
    [
        ("openai:gpt-4o-mini", "GPT-4o mini"),
        ("openai:gpt-4o-mini-2024-07-18", "GPT-4o mini"),
        ("http://127.0.0.1:8000/v1#qwen3-plus", "Qwen3 plus"),
        ("http://gpt-4o-mini.example/v1#another", ""),
        ("openrouter:qwen/qwen3-plus", "Qwen3 plus"),
        ("openrouter:qwen/qwen3-plus:free", "Qwen3 plus"),
        ("openrouter:google/gemini-2.5-flash", "Gemini 2.5 Flash"),
        ("openrouter:google/gemini-2.5-flash-lite", ""),
        ("embedded", ""),
    ],
)
def test_a_model_has_the_papers_column_by_whatever_way_it_is_reached(mind: str, model: str) -> None:
    assert model_of(mind) == model


def arms_of(scenario: str, **rates: dict[str, list[float]]) -> dict[Key, ArmRuns]:
    """Return arms by treatment (`_` for `-`), with these quantities run by run."""

    def run(seed: int, treatment: str, values: dict[str, float]) -> MeasuredRun:
        facts = {"treatment": treatment, "mind": "m", "rounds": "9"}
        held = {name: Rate(values.get(name), 1) for name in QUANTITIES}
        where = f"{treatment}{seed}"
        return MeasuredRun(where, where, where, scenario, seed, facts, "1", 9, 9, 0, held)

    def runs(treatment: str, given: dict[str, list[float]]) -> list[MeasuredRun]:
        count = len(next(iter(given.values())))
        each = ({name: values[at] for name, values in given.items()} for at in range(count))
        return [run(seed, treatment, values) for seed, values in enumerate(each)]

    names = {name: name.replace("_", "-") for name in rates}
    return {
        Key(scenario, "m", names[name]): arm_of(names[name], runs(names[name], given))
        for name, given in rates.items()
    }


def of(name: str, found: tuple[Claim, ...]) -> Claim:
    return next(claim for claim in found if claim.name == name)


@pytest.mark.parametrize(
    ("no_gossip", "no_reputation", "verdict"),
    [
        ([0.88, 0.9, 0.89, 0.9], [0.3, 0.4, 0.35, 0.4], "met"),
        ([0.5, 0.52, 0.51, 0.5], [0.3, 0.4, 0.35, 0.4], "failed"),
        ([0.88, 0.9, 0.89, 0.9], [0.9, 0.91, 0.9, 0.92], "failed"),
    ],
)
def test_the_ablation_is_a_slight_drop_and_a_large_one(
    no_gossip: list[float], no_reputation: list[float], verdict: str
) -> None:
    found = arms_of(
        "pd",
        full={"cooperation": [0.93, 0.94, 0.92, 0.95]},
        no_gossip={"cooperation": no_gossip},
        no_reputation={"cooperation": no_reputation},
        none={"cooperation": [0.1, 0.2, 0.1, 0.2]},
    )
    assert of("ablated", claims(found)).verdict == verdict


@pytest.mark.parametrize(
    ("lost", "broken", "verdict"),
    [
        ([2.0, 2.5, 2.2, 2.4], [0.9, 0.8, 0.85, 0.9], "met"),
        ([-2.0, -2.5, -2.2, -2.4], [0.9, 0.8, 0.85, 0.9], "failed"),
        ([2.0, 2.5, 2.2, 2.4], [0.1, 0.05, 0.1, 0.0], "failed"),
    ],
)
def test_the_collapse_of_a_network_is_lost_ties_and_broken_promises(
    lost: list[float], broken: list[float], verdict: str
) -> None:
    none = {"ties_lost": lost, "broken": broken, "ties": [0.5, 0.4, 0.5, 0.3]}
    full = {"ties": [3.0, 3.1, 3.2, 3.0]}
    found = arms_of("investment", full=full, none=none, no_gossip=full, no_reputation=full)
    assert of("disintegrates", claims(found)).verdict == verdict


def test_findings_of_one_scenario_are_tried_in_no_other() -> None:
    def tried(scenario: str) -> set[str]:
        arm = {"cooperation": [0.5, 0.5]}
        found = arms_of(scenario, full=arm, no_gossip=arm, no_reputation=arm, none=arm)
        return {claim.name for claim in claims(found)}

    assert tried("pd") == set(CLAIMS) - {"talked-about", "disintegrates"}
    assert tried("participation") == set(CLAIMS) - {"disintegrates"}
    assert tried("investment") == set(CLAIMS) - {"talked-about"}


@pytest.mark.slow
@pytest.mark.parametrize("dilemma", paper.SCENARIOS)
def test_what_is_likely_alone_is_what_a_whole_forecast_says(dilemma: str) -> None:
    spec = RunSpec().merged(scenario=dilemma, agents=4, minds={"*": "openai:gpt-4o-mini"})
    whole, alone = forecast(spec.manifest(), 3), likely(spec.manifest(), 3)
    assert alone.calls == whole.calls.likely
    assert alone.tokens == whole.tokens_in.likely + whole.tokens_out.likely
    assert whole.cost is not None
    assert alone.dollars == whole.cost.likely


@pytest.mark.slow
def test_what_fake_llm_made_up_is_said_to_confirm_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with served():
        words = ("table1", "--scenario", "pd", "--model", MODEL, "--agents", "4", "--seeds", "1")
        page = printed(capsys, *words, "--rounds", "1", "--quiet", "--storage", str(tmp_path))
    assert "(made up by fake-llm)" in page
    assert "they neither confirm nor refute the paper" in page


@pytest.mark.slow
def test_another_judge_of_tone_can_be_chosen_and_is_named(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    size = ("--seeds", "2", "--rounds", "3", "--storage", str(folder))
    page = printed(capsys, "figure4", *FEW, *size, "--tone", "vader-plain")
    assert "tone of gossip judged by: vader-plain (vaderSentiment" in page
    assert "Mean tone of gossip: label (+1, 0, -1) times confidence" in page
    assert execute(["reproduce", "figure4", *FEW, *size, "--tone", "nobody"]) == 2
