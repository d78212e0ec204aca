"""Comparisons: what repeats what, what may be tested, and what must be said beside it."""

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from measured import fickle
from scipy import stats

from repunet.analysis.comparison import (
    ArmComparison,
    ComparisonSettings,
    MeasureContrast,
    MeasuredRun,
    compare,
    compared,
    measure_runs,
    measuring,
    selected,
)
from repunet.analysis.comparison.factors import factors
from repunet.analysis.comparison.measuring import CORRELATIONS, HANDFUL, measure_run
from repunet.analysis.comparison.rows import rows
from repunet.analysis.measures.catalogue import MEASURES
from repunet.analysis.measures.cooperation import cooperation, cooperation_by_round
from repunet.analysis.measures.measure import Rate, RoundSpan
from repunet.analysis.statistics import (
    SHARE,
    MeanDifference,
    fisher_mean,
    holm,
    interval,
    permutation,
    slope,
)
from repunet.analysis.tables.frames import open_frames
from repunet.analysis.tables.history import History
from repunet.errors import UsageError
from repunet.record.journal import Journal
from repunet.record.notes import SPEC

FULL, NONE = [0.9, 0.8, 0.95, 0.85, 0.7], [0.1, 0.2, 0.3, 0.05, 0.15]


def run(value: float | None, seed: int = 1, treatment: str = "full", **said: Any) -> MeasuredRun:
    """Return a run, as if it had been measured."""
    scenario = said.pop("scenario", "pd")
    factors = {"treatment": treatment, "mind": "embedded", "agents": "20", "rounds": "60"} | said
    rounds = int(factors["rounds"].split()[0])
    name = "-".join((scenario, *factors.values(), str(seed)))
    rates = {"cooperation": Rate(value, 100, 3)}
    return MeasuredRun(name, name, name, scenario, seed, factors, "1", rounds, 500, 7, rates)


def arm(values: list[float], treatment: str, first: int = 1, **said: str) -> list[MeasuredRun]:
    """Return runs that differ in their seeds."""
    return [run(value, seed, treatment, **said) for seed, value in enumerate(values, first)]


def two(**said: str) -> list[MeasuredRun]:
    return [*arm(FULL, "full"), *arm(NONE, "none", **said)]


def contrasts(found: ArmComparison) -> list[MeasureContrast]:
    return [each for group in found.groups for m in group.measures for each in m.contrasts]


def names(found: ArmComparison) -> list[list[str]]:
    return [[each.name for each in group.arms] for group in found.groups]


def notes(found: ArmComparison) -> str:
    return "\n".join((*found.notes, *(note for group in found.groups for note in group.notes)))


def test_runs_that_differ_in_their_seeds_repeat_one_another() -> None:
    found = compared(two())
    assert names(found) == [["full", "none"]]
    (measure,) = found.groups[0].measures
    first = measure.estimates[0]
    assert first.interval == interval(FULL, within=SHARE)
    assert (first.runs, first.counted, first.missing) == (5, 500, 15)
    assert [each.value for each in first.values] == FULL
    assert (found.groups[0].arms[0].asked, found.groups[0].arms[0].missing) == (2500, 35)


def test_an_arm_is_named_by_what_differs() -> None:
    other = arm(FULL, "full", mind="gpt", agents="8")
    alike = ["full, embedded, 20 agents", "none, embedded, 20 agents"]
    assert names(compared([*two(), *other])) == [[alike[0], "full, gpt, 8 agents", alike[1]]]
    assert names(compared(arm(FULL, "full"))) == [["full"]]
    assert compared(two()).groups[0].shared == "embedded, 20 agents, 60 rounds"


def test_differences_are_tested_as_they_are_in_scipy() -> None:
    (found,) = contrasts(compared(two(), question=ComparisonSettings(paired=False)))
    assert found.welch.p == pytest.approx(stats.ttest_ind(FULL, NONE, equal_var=False).pvalue)
    assert found.permutation == permutation(FULL, NONE)
    assert (found.arm, found.versus, found.paired, found.pairs) == ("full", "none", False, None)


def test_runs_that_share_all_seeds_are_paired_by_seed() -> None:
    shuffled = [*arm(FULL, "full"), *reversed(arm(NONE, "none"))]
    (found,) = contrasts(compared(shuffled))
    assert found.pairs is not None
    assert found.pairs.p == pytest.approx(stats.ttest_rel(FULL, NONE).pvalue)
    assert found.permutation.p == 0.0625
    assert found.effect.kind == "paired"
    assert "5 pairs of runs can't give a two-sided permutation p below .0625" in notes(
        compared(shuffled)
    )


def test_runs_of_other_seeds_are_not_paired_unless_it_is_said() -> None:
    runs = [*arm(FULL, "full"), *arm(NONE, "none", first=3)]
    assert not contrasts(compared(runs))[0].paired
    (found,) = contrasts(compared(runs, question=ComparisonSettings(paired=True)))
    assert found.permutation.n == (3, 3)
    assert found.welch.n == (5, 5)
    paired = compared(runs, question=ComparisonSettings(paired=True))
    assert "Runs are paired by seed, 3 pairs" in notes(paired)
    assert [row["pairs"] for row in rows(paired) if row["kind"] == "difference"] == [3]


def test_several_runs_of_a_seed_are_not_paired_unless_it_is_said() -> None:
    runs = [replace(each, seed=1 + (each.seed > 2)) for each in two()]
    assert not contrasts(compared(runs))[0].paired


@pytest.mark.parametrize(("first", "why"), [(9, "share no seed"), (0, "several runs of a seed")])
def test_what_can_not_be_paired_is_refused(first: int, why: str) -> None:
    seeds = [*arm(NONE, "none", first=first)] if first else [replace(r, seed=1) for r in two()[5:]]
    with pytest.raises(UsageError, match=why):
        compared([*arm(FULL, "full"), *seeds], question=ComparisonSettings(paired=True))


def test_runs_of_different_minds_are_never_pooled() -> None:
    found = compared([*arm(FULL, "full"), *arm(NONE, "full", mind="gpt")])
    assert names(found) == [["embedded", "gpt"]]
    assert "Runs of 2 minds are never pooled: embedded; gpt." in notes(found)
    assert found.mind == "embedded + gpt"


def test_minds_of_one_name_that_are_set_up_otherwise_are_not_pooled() -> None:
    runs = [*arm(FULL, "full", **{"set-up": "aa"}), *arm(NONE, "full", **{"set-up": "bb"})]
    assert names(compared(runs)) == [["minds set up as aa", "minds set up as bb"]]


def test_runs_that_were_cut_off_are_reported_and_pooled_with_no_other() -> None:
    runs = [*two(), run(0.1, 6, "full", rounds="30 of 60")]
    found = compared(runs)
    assert names(found) == [["full, 30 of 60 rounds", "full, 60 rounds", "none, 60 rounds"]]
    assert "full, 30 of 60 rounds: 1 run was cut off" in notes(found)
    assert "reported as cut off" in notes(found)
    assert [each.cut_off for each in found.groups[0].arms] == [True, False, False]


def test_arms_of_different_lengths_are_not_tested() -> None:
    found = compared([*arm(FULL, "full"), *arm(NONE, "none", rounds="30")])
    assert contrasts(found) == []
    assert "Runs have 30, 60 rounds: arms of different lengths are neither pooled nor" in notes(
        found
    )


def test_arms_that_differ_in_two_things_are_warned_of() -> None:
    found = compared(two(mind="gpt"))
    assert "Arms differ in treatment and mind" in notes(found)
    assert "Arms differ" not in notes(compared(two()))


def test_a_single_run_for_each_arm_gets_no_p_value_and_it_is_said() -> None:
    found = compared([run(0.9, 1), run(0.1, 1, "none")])
    (contrast,) = contrasts(found)
    assert contrast.welch.difference == pytest.approx(0.8)
    for test in (contrast.welch, contrast.permutation):
        assert (test.p, test.low, test.high) == (None, None, None)
    assert contrast.effect.g is None
    assert "A single run in an arm gives no p-value" in notes(found)


def test_the_baseline_is_what_all_others_are_compared_with() -> None:
    runs = [*two(), *arm(FULL[::-1], "no-gossip")]
    found = contrasts(compared(runs, question=ComparisonSettings(baseline="none")))
    assert [(each.arm, each.versus) for each in found] == [("full", "none"), ("no-gossip", "none")]
    with pytest.raises(UsageError, match=r'unknown arm "nome".*did you mean "none"'):
        compared(runs, question=ComparisonSettings(baseline="nome"))


def test_p_values_are_adjusted_over_the_pairs_of_a_measure() -> None:
    found = contrasts(compared([*two(), *arm([0.8, 0.7, 0.9, 0.6, 0.5], "no-gossip")]))
    assert [each.welch_adjusted for each in found] == holm([each.welch.p for each in found])
    permuted = [each.permutation.p for each in found]
    assert [each.permutation_adjusted for each in found] == holm(permuted)


def test_by_a_factor_arms_differ_in_that_alone() -> None:
    runs = [*two(), *arm(FULL, "full", mind="gpt"), *arm(NONE, "none", mind="gpt")]
    found = compared(runs, question=ComparisonSettings(by="treatment"))
    assert names(found) == [["full", "none"]] * 2
    assert [group.arms[0].mind for group in found.groups] == ["embedded", "gpt"]
    with pytest.raises(UsageError, match=r'unknown factor "treatmant".*did you mean "treatment"'):
        ComparisonSettings(by="treatmant")


def test_scenarios_are_never_compared_with_each_other() -> None:
    found = compared([*arm(FULL, "full"), *arm(NONE, "full", scenario="donor")])
    assert [group.scenario for group in found.groups] == ["pd", "donor"]
    assert contrasts(found) == []


def test_runs_in_which_a_measure_is_not_defined_are_told() -> None:
    found = compared([*two(), run(None, 6, "full")])
    assert found.groups[0].measures[0].estimates[0].interval.n == 5
    assert "cooperation is defined in 5 of the 6 runs of full" in notes(found)


def test_correlations_have_fishers_mean_and_plain_differences_and_it_is_said() -> None:
    both = ([0.5, 0.7, 0.9], "full"), ([0.1, 0.2, 0.3], "none")
    runs = [
        replace(each, rates={"accuracy": each.rates["cooperation"]})
        for values, treatment in both
        for each in arm(values, treatment)
    ]
    found = compared(runs)
    assert found.groups[0].measures[0].estimates[0].interval == fisher_mean([0.5, 0.7, 0.9])
    assert contrasts(found)[0].welch.difference == pytest.approx(0.5)
    assert "Of correlations the means are Fisher's" in notes(found)
    assert "Fisher" not in notes(compared(two()))


def test_runs_that_are_all_equal_are_told() -> None:
    found = compared([*arm([0.5, 0.5], "full"), *arm([0.1, 0.1], "none")])
    assert "All runs of full have the same cooperation" in notes(found)
    assert "Where all pairs differ by the same, or neither arm varies" in notes(found)


def test_runs_without_a_round_are_left_out() -> None:
    found = compared([*two(), run(None, 6, "full", rounds="0 of 60")])
    assert found.runs == 10
    assert "Left out, since they have no committed round: pd-full-" in notes(found)
    with pytest.raises(UsageError, match="none of these runs has a committed round"):
        compared([run(None, rounds="0 of 60")])


def numbers(value: Any) -> Iterator[float]:
    if isinstance(value, float):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from numbers(each)


def test_every_number_is_a_number_or_nothing() -> None:
    found = compared([run(None, 1), run(0.1, 1, "none"), run(0.1, 2, "none")])
    assert not any(math.isnan(each) for row in rows(found) for each in numbers(row))
    assert isinstance(contrasts(found)[0].welch, MeanDifference)


def test_every_measure_that_is_chosen_for_somebody_exists() -> None:
    assert {name for names in HANDFUL.values() for name in names} <= MEASURES.keys()


def test_every_correlation_over_agents_or_ties_is_averaged_as_one() -> None:
    words = ("(Pearson)", "(Spearman)", "Assortativity by standing", "Assortativity by cooperation")
    assert {name for name, m in MEASURES.items() if m.title.endswith(words)} == set(CORRELATIONS)


def test_what_a_spec_names_is_a_factor(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = json.dumps({"profile": "reference", "personas": "/there/people.json"})
    kept = Journal.meta
    monkeypatch.setattr(Journal, "meta", lambda j, key: spec if key == SPEC else kept(j, key))
    with Journal.open(fickle("pd")) as journal:
        found = factors(journal, History(journal))
    said = ("profile", "people", "network", "rounds")
    assert [found[name] for name in said] == ["reference", "people.json", "", "7"]


def test_measures_are_chosen_by_name_or_for_the_scenario() -> None:
    assert selected("pd", ["gini", "gini", "honesty"]) == ["gini"]
    assert selected("investment", [])[0] == "cooperation"
    assert "acceptance" in selected("investment", [])
    assert set(selected("pd", ["all"])) == {n for n, m in MEASURES.items() if m.fits("pd")}
    with pytest.raises(UsageError, match=r'unknown measure "ginni".*did you mean "gini"'):
        selected("pd", ["ginni"])


def test_a_run_is_measured_as_its_tables_are_and_its_missing_decisions_are_counted() -> None:
    path = fickle("pd")
    (found,) = measure_runs([path], ["cooperation"])
    frames = open_frames(path)
    assert found.rates == {"cooperation": cooperation(frames, RoundSpan.end(frames))}
    assert found.missing == len(frames["missing"]) > 0
    assert found.asked == frames["rounds"].asked.sum()
    assert found.rates["cooperation"].missing > 0
    estimate = compared([found]).groups[0].measures[0].estimates[0]
    assert (estimate.counted, estimate.missing) == found.rates["cooperation"][1:]


def test_a_run_that_is_there_twice_counts_once(tmp_path: Path) -> None:
    first, again = fickle("pd"), tmp_path / "again" / "run.sqlite"
    again.parent.mkdir()
    again.write_bytes(first.read_bytes())
    found = compare([first, again, first], ["cooperation"])
    assert found.runs == 1
    (note,) = found.notes
    assert note == f"{first.parent.name} is there more than once, and counts once: again."
    with Journal.open(first) as journal:
        assert found.groups[0].arms[0].runs[0].digest == journal.digest()


@pytest.mark.slow
def test_in_several_processes_the_same_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [fickle("pd"), fickle("donor")]
    alone = measure_runs(paths)
    monkeypatch.setattr(measuring, "POOLED", 0)
    assert measure_runs(paths, processes=2) == alone


def test_the_trend_of_an_arm_is_the_slope_of_all_its_rounds_clustered_by_run() -> None:
    runs = [
        replace(run(0.5, seed), path=str(seed), by_round=(0.1, None, 0.3 + seed / 10))
        for seed in (1, 2)
    ]
    (group,) = compared(runs).groups
    expected = slope([1, 3, 1, 3], [0.1, 0.4, 0.1, 0.5], [1, 1, 2, 2])
    assert group.arms[0].trend == expected
    assert (expected.n, expected.points) == (2, 4)


def test_the_rates_of_every_round_are_those_of_the_headline() -> None:
    path = fickle("participation")
    rates = cooperation_by_round(open_frames(path)).value
    assert [math.isnan(rate) for rate in rates] == [r is None for r in measure_run(path).by_round]
    assert list(rates.dropna()) == [rate for rate in measure_run(path).by_round if rate is not None]
