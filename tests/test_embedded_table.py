"""The measurements of the embedded mind: their arithmetic, and the page that is made of them."""

import re
import sys
from dataclasses import fields
from math import sqrt
from pathlib import Path

import pytest

from repunet.minds.embedded.model.parameters import PROFILES, Parameters
from repunet.world.encounter import Act, Encounter
from repunet.world.event import ChoiceMade, EncounterEnded
from repunet.world.gossip import Gossip

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT))  # the benchmarks are not installed

from benchmarks import embedded_plan as plan  # noqa: E402
from benchmarks import embedded_remarks as remarks  # noqa: E402
from benchmarks import embedded_runs as runs  # noqa: E402
from benchmarks import embedded_table as made  # noqa: E402
from benchmarks.embedded_laboratory import Laboratory  # noqa: E402
from benchmarks.embedded_runs import PROSOCIAL, SELF_INTERESTED, Arm, Estimate, Played, Results  # noqa: E402

PAGE = (ROOT / "docs" / "embedded-mind.md").read_text()
CELL = re.compile(r"-?\d*\.\d\d ± \d*\.\d\d")
A, B = Arm("pd", "full"), Arm("pd", "none")


def met(*acts: Act, outcome: str = "consummated") -> Encounter:
    who = tuple(act.participant for act in acts)
    return Encounter("r1/meet/A-B", outcome, who, acts, ("",) * 2, (("B",), ()))  # type: ignore[arg-type]


def deal(promised: int, returned: int | None, percent: int = 40) -> Encounter:
    facts = {"promised": promised} | ({} if returned is None else {"returned": returned})
    given = 0 if returned is None else percent
    return met(
        Act("A", "investor", "invest", facts={"percent": given}, cooperation=given / 100),
        Act("B", "trustee", "return", facts=facts),
        outcome="declined" if returned is None else "consummated",
    )


def played(scenario: str, *encounters: Encounter, rounds: int = 1) -> Played:
    game = Played(Arm(scenario, "full", rounds=rounds), {"A": PROSOCIAL, "B": SELF_INTERESTED})
    for encounter in encounters:
        game.keep(1, EncounterEnded(encounter=encounter))
    return game


# Statistics ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("freedom", "quantile"), [(1, 12.7062), (2, 4.3027), (9, 2.2622), (19, 2.0930), (120, 1.9799)]
)
def test_the_quantiles_of_t_are_those_of_the_tables(freedom: int, quantile: float) -> None:
    assert runs.t_quantile(freedom) == pytest.approx(quantile, abs=1e-4)


def test_an_interval_is_as_worked_out_by_hand() -> None:
    found = runs.estimate([1.0, 2.0, 3.0, None])
    assert found.n == 3
    assert found.mean == 2.0
    assert found.half == pytest.approx(4.302653 * 1.0 / sqrt(3))
    assert found.sign == 0
    assert runs.estimate([1.0, 1.1, 0.9]).sign == 1


def test_nothing_known_is_no_number() -> None:
    assert str(runs.estimate([None])) == "–"
    assert runs.estimate([None]).sign == 0


def test_differences_are_paired_by_seed() -> None:
    rates = {A: {1: 0.5, 2: 0.7, 3: 0.9}, B: {2: 0.4, 3: 0.6, 4: 0.0}}
    results = Results((arm, s, {"cooperation": r}) for arm in rates for s, r in rates[arm].items())
    difference = results.difference(A, B)
    assert (difference.mean, difference.n) == (pytest.approx(0.3), 2)
    assert difference.half == pytest.approx(0.0, abs=1e-9)


def test_numbers_are_printed_short() -> None:
    assert [runs.short(x) for x in (0.54, -0.031, 1.2, -0.001)] == [".54", "-.03", "1.20", ".00"]


# Measures -----------------------------------------------------------------------------------------


def test_adherence_counts_kept_promises_among_all_deals_proposed() -> None:
    nothing = met(outcome="no_funds")
    game = played("investment", deal(50, 50), deal(60, 40), deal(50, None), deal(0, 0), nothing)
    measured = runs.measure(game)
    assert measured["cooperation"] == pytest.approx(2 / 4)
    assert measured["kept"] == pytest.approx(2 / 3)
    assert measured["accepted"] == pytest.approx(3 / 4)
    assert measured["sent"] == pytest.approx(0.3)
    assert measured["returned"] == pytest.approx(0.3)
    assert measured["no funds"] == pytest.approx(1 / 5)


def test_in_the_dilemma_it_is_the_share_of_cooperations() -> None:
    acts = Act("A", "player", "c", 0, 1.0, 1.0), Act("B", "player", "d", 5000, 0.0, -1.0)
    measured = runs.measure(played("pd", met(*acts), met(acts[0], acts[0])))
    assert measured["cooperation"] == pytest.approx(3 / 4)
    assert measured["cooperation, prosocial"] == 1.0
    assert measured["payoff, self_interested"] == 5.0
    assert measured["known"] == 0.5


def test_in_participation_it_is_the_latest_decision() -> None:
    game = played("participation", rounds=8)
    for round_, degree in ((1, 1.0), (1, 1.0), (6, 1.0), (6, 0.0)):
        act = Act("A", "resident", "", cooperation=degree)
        game.keep(round_, ChoiceMade(act=act, reason="", decision=""))
    assert runs.measure(game)["cooperation"] == 0.5


def test_good_news_stands_beside_good_acts() -> None:
    good, excused = (
        Act("A", "player", "c", 0, 1.0, 1.0),
        Act("B", "player", "d", 0, 0.0, -1.0, excused=True),
    )
    game = played("pd", met(good, good), met(excused, excused))
    for valence, path in ((1.0, ("A",)), (-1.0, ("A",)), (1.0, ("A", "B"))):
        game.gossip.append(Gossip("", "B", "player", path, "A", "", "", valence, 3, ""))
    measured = runs.measure(game)
    assert (measured["positive"], measured["good acts"]) == (0.5, 0.5)
    assert measured["notable good acts"] == pytest.approx(2 / 3)


@pytest.mark.slow
def test_a_run_measures_what_it_plays() -> None:
    for scenario in plan.SCENARIOS:
        arm = Arm(scenario, "full", agents=4, rounds=6)
        again = [runs.run((arm, 1)) for _ in range(2)]
        assert again[0] == again[1]
        assert again[0][2]["missing"] == 0


def test_societies_of_one_disposition_have_one() -> None:
    people = Arm("pd", "full", people=SELF_INTERESTED).personas
    assert {person.disposition for person in people} == {SELF_INTERESTED}


def test_a_mind_that_knows_nothing_trusts_more_the_more_it_believes() -> None:
    here = Laboratory(Parameters())
    assert 0 < here.sent(0.3) < here.sent(0.5) < here.sent(0.9) < 1
    assert here.after_gossip(1.0) > here.after_gossip(-1.0)


# Verdicts -----------------------------------------------------------------------------------------


def steps(*means: float) -> list[Estimate]:
    return [Estimate(mean, 0.05, 20) for mean in means]


def test_the_order_is_said_to_emerge_only_if_it_does() -> None:
    assert remarks.ordering(steps(0.1, 0.1, 0.1)) == "emerges"
    assert "not clear of zero: full over" in remarks.ordering(steps(0.01, 0.1, 0.1))
    assert not remarks.emerges(steps(-0.01, 0.1, 0.1))
    assert remarks.emerges(steps(0.1, 0.1, -0.01))
    assert not remarks.emerges(steps(0.1, 0.1, -0.2))


def test_no_difference_is_claimed_only_where_the_runs_can_tell() -> None:
    verdicts = [remarks.nothing(Estimate(0.01, half, 20)) for half in (0.005, 0.02, 0.05)]
    assert verdicts == [remarks.NO_LONGER, remarks.HOLDS, remarks.OPEN]


def descending(noise: float) -> Results:
    """Return results in the order claimed, .1 apart but for what varies between seeds."""
    arms = [arm for arm in plan.main_arms() if arm.treatment in plan.ARMS]
    return Results(
        (arm, seed, {"cooperation": 0.5 - 0.1 * place + noise * (place % 2) * (-1) ** seed})
        for arm in arms
        for place in [plan.ARMS.index(arm.treatment)]
        for seed in range(1, 5)
    )


def test_an_order_that_is_not_clear_of_zero_holds_in_the_means_only() -> None:
    assert remarks.order(descending(0.0)).verdict == remarks.HOLDS
    assert remarks.order(descending(0.3)).verdict == f"{remarks.HOLDS}, in the means"


def flat(rate: float) -> Results:
    """Return results in which everything is the same in all runs, whatever the arm."""
    names = ["cooperation@30", "cooperation@60", "cooperation@100", "first", "trend", "favour"]
    names += ["known", "r by act", "r by agent", "kept", "accepted", "sent", "returned"]
    names += ["no funds", "never met", "pieces", "positive", "good acts", "notable good acts"]
    names += ["positive minus good", "positive minus notable good", "cooperation"]
    kinds = (PROSOCIAL, SELF_INTERESTED)
    names += [f"{what}, {kind}" for what in ("cooperation", "payoff", "ties") for kind in kinds]
    measured = dict.fromkeys(names, rate)
    return Results((arm, seed, {"missing": 0.0} | measured) for arm, seed in plan.jobs(3, 2))


def test_where_arms_do_not_differ_no_effect_is_claimed() -> None:
    same = flat(0.25)
    assert remarks.order(same).verdict == remarks.NO_LONGER
    assert remarks.route(same).verdict == remarks.NO_LONGER
    assert remarks.among_egoists(same).verdict == remarks.NO_LONGER
    assert remarks.against_memory(same).verdict == remarks.NO_LONGER
    assert remarks.little_gossip(same).verdict == remarks.HOLDS
    assert remarks.with_choice_only(same).verdict == remarks.FAILS


# The page -----------------------------------------------------------------------------------------


def skeleton(page: str) -> list[str]:
    """Return what does not depend on measurements: headings, first cells of rows, claims."""
    kept = [line for line in page.splitlines() if line.startswith("#")]
    kept += re.findall(r"^- (.*?) Measured:", page, re.MULTILINE)
    rows = re.findall(r"^\| ([^|]*) \|(.*)", page, re.MULTILINE)
    return kept + [f"{first}: {rest.count('|')}" for first, rest in rows]


def test_the_page_was_made_with_these_parameters() -> None:
    assert PAGE.splitlines()[0] == made.stamp(), "make embedded-table"


@pytest.mark.slow
def test_the_page_has_all_that_the_script_writes() -> None:
    assert skeleton(PAGE) == skeleton(made.page(flat(0.5), 1.0)), "make embedded-table"


@pytest.mark.parametrize("mind", [plan.DEFAULT, plan.SHARP, plan.FROZEN["0.5"]])
def test_the_main_tables_have_every_cell(mind: str) -> None:
    block = PAGE.split(f"| {mind}, n={plan.SEEDS} | full |")[1].split("\n\n")[0]
    for title in remarks.TITLES.values():
        row = next(line for line in block.splitlines() if line.startswith(f"| {title} |"))
        assert len(CELL.findall(row)) == len(plan.TREATMENTS), row


def test_every_parameter_is_on_the_page_as_it_is() -> None:
    rows = {name: value for _, group in made.described() for name, value, *_ in group}
    assert rows.keys() == {f"`{field.name}`" for field in fields(Parameters)}
    for field in fields(Parameters):
        value = rows[f"`{field.name}`"]
        assert value == "mirrored" if field.default is None else float(value) == field.default
        assert f"| `{field.name}` | {value} |" in PAGE


def test_the_stamp_follows_the_parameters(monkeypatch: pytest.MonkeyPatch) -> None:
    before = made.stamp()
    monkeypatch.setitem(PROFILES, "embedded", Parameters(ageing=0.8))
    assert made.stamp() != before
