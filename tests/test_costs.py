"""What a run cost: sums over what was sent, and nothing that is not known."""

import json
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from language_societies import MODEL, company, hasty, played, served

from repunet.analysis.costs import BY, COLUMNS, By, Cost, costs, total
from repunet.cli import execute
from repunet.cli.printing.console import console
from repunet.fake_llm.faults import Faults
from repunet.models.prices import Price
from repunet.record.journal import Journal
from repunet.runs.run import Terms

Print = Callable[..., str]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two rounds in which much went wrong."""
    faults = Faults(rate_limited=0.05, server_error=0.1, reset=0.05, wrong_enum=0.1, first=("",))
    prices = {"fake": Price(0.5, 2.0)}
    folder = tmp_path_factory.mktemp("costs")
    with hasty(), served(faults=faults):
        return played(folder, company(MODEL, "A04=embedded"), 2, terms=Terms(prices=prices))


@pytest.fixture(scope="module")
def unpriced(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose price nobody knows."""
    with served(usage=False) as server:
        return played(tmp_path_factory.mktemp("unpriced"), company(f"{server.url}#fake"))


@pytest.fixture
def cost(capsys: pytest.CaptureFixture[str]) -> Print:
    def printed(path: Path, *words: str) -> str:
        assert execute(["cost", str(path.parent), *words]) == 0
        return capsys.readouterr().out

    return printed


def rows(path: Path) -> list[dict[str, Any]]:
    connection = sqlite3.connect(path)
    connection.row_factory = sqlite3.Row
    found = [dict(row) for row in connection.execute("SELECT * FROM attempts")]
    connection.close()
    return found


def summed(found: list[dict[str, Any]], of: str) -> Cost:
    """Return what some attempts come to, reckoned by hand."""

    def sum_of(name: str) -> int:
        return sum(row[name] or 0 for row in found)

    lost = [row for row in found if row["status"] in ("sent", "lost")]
    had = [row for row in found if row["input"] is not None]
    return Cost(
        of=of,
        calls=len(found),
        failed=sum(row["status"] != "answered" for row in found),
        input=sum_of("input"),
        cached=sum_of("cached"),
        output=sum_of("output"),
        reasoning=sum_of("reasoning"),
        estimated=sum_of("estimated"),
        possibly=sum(row["reserved"] for row in lost),
        possibly_dollars=sum(row["reserved_cost"] for row in lost) / 10**9,
        dollars=sum_of("cost") / 10**9 if had and all(r["cost"] is not None for r in had) else None,
        latency=pytest.approx(sum(r["latency"] for r in had) / len(had)) if had else None,
    )


@pytest.mark.parametrize("by", BY)
def test_costs_are_sums_over_what_was_sent(by: By, run: Path) -> None:
    column, all_ = COLUMNS[by], rows(run)
    with Journal.open(run) as journal:
        found = costs(journal, by)
    groups = {str(row[column]) for row in all_}
    assert {each.of for each in found} == groups
    for each in found:
        assert each == summed([row for row in all_ if str(row[column]) == each.of], each.of)


def test_the_total_is_the_sum_of_every_breakdown(run: Path) -> None:
    with Journal.open(run) as journal:
        all_ = total(journal)
        assert all_ == summed(rows(run), "all")
        for by in BY:
            for name in ("calls", "failed", "input", "output", "possibly"):
                parts = [getattr(each, name) for each in costs(journal, by)]
                assert sum(parts) == getattr(all_, name), (by, name)


def test_what_failed_and_what_was_repaired_is_found_under_its_kind(run: Path) -> None:
    with Journal.open(run) as journal:
        kinds = {each.of: each for each in costs(journal, "kind")}
    assert {"first", "retry", "repair"} <= set(kinds)
    failed = sum(kinds[kind].failed for kind in kinds)
    assert failed >= kinds["retry"].calls + kinds["repair"].calls - kinds["repair"].failed > 0
    assert kinds["repair"].calls > 0


def test_rounds_are_in_their_order_and_the_rest_by_their_number(run: Path) -> None:
    with Journal.open(run) as journal:
        assert [each.of for each in costs(journal, "round")] == ["1", "2"]
        calls = [each.calls for each in costs(journal, "operation")]
    assert calls == sorted(calls, reverse=True)


def test_a_table_shows_what_is_asked_for(run: Path, cost: Print) -> None:
    shown = cost(run, "--by", "agent")
    assert "By agent" in shown
    assert "By round" not in shown
    assert "A01" in shown
    assert "A04" not in shown  # it is embedded


def test_several_measures_may_be_given_with_commas(run: Path, cost: Print) -> None:
    shown = cost(run, "--by", "kind,model")
    assert "By kind" in shown
    assert "By model" in shown
    assert "By round" not in shown
    assert shown == cost(run, "--by", "kind", "--by", "model")


def test_names_and_numbers_stay_whole_on_a_narrow_page(
    run: Path, cost: Print, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console, "_width", 80)
    monkeypatch.setattr(console, "soft_wrap", False)
    shown = cost(run, "--by", "operation")
    with Journal.open(run) as journal:
        assert all(each.of in shown for each in costs(journal, "operation"))
    assert max(map(len, shown.splitlines())) <= 80
    assert "tokens" in shown


def test_json_holds_every_number(run: Path, cost: Print) -> None:
    bill = json.loads(cost(run, "--json"))
    assert list(bill["by"]) == list(BY)
    assert bill["total"]["calls"] == len(rows(run))
    assert bill["total"]["dollars"] > 0


def test_an_unknown_price_is_never_shown_as_nothing(unpriced: Path, cost: Print) -> None:
    shown = cost(unpriced)
    assert "$" not in shown
    assert "unknown" in shown
    assert "A price is not known" in shown
    bill = json.loads(cost(unpriced, "--json"))
    assert {each["dollars"] for group in bill["by"].values() for each in group} == {None}


def test_estimates_are_called_that(unpriced: Path, cost: Print) -> None:
    assert "the tokens are an estimate, since the server counts none" in cost(unpriced)


def test_the_share_that_came_from_a_cache_is_said(run: Path, tmp_path: Path, cost: Print) -> None:
    assert "from a cache" not in cost(run)
    copy = tmp_path / "run.sqlite"
    copy.write_bytes(run.read_bytes())
    with sqlite3.connect(copy) as connection:
        connection.execute("UPDATE attempts SET cached = input / 4 * 3 WHERE input IS NOT NULL")
    connection.close()
    assert "75% of the tokens in had been read before" in cost(copy)


def test_what_came_from_a_cache_is_said_where_the_tokens_are_shown(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "run.sqlite"
    copy.write_bytes(run.read_bytes())
    assert execute(["show", str(copy)]) == 0
    assert "from a cache" not in capsys.readouterr().out
    with sqlite3.connect(copy) as connection:
        connection.execute("UPDATE attempts SET cached = input / 4 * 2 WHERE input IS NOT NULL")
    connection.close()
    for command in ("show", "resume"):
        assert execute([command, str(copy)]) == 0
        assert re.search(
            r"(4[0-9]|50)%.*from a cache|from a cache.* (4[0-9]|50)%", capsys.readouterr().out
        )


def test_what_may_have_been_charged_is_said(tmp_path: Path, cost: Print) -> None:
    with hasty(), served(faults=Faults(first=("", "half"))):
        path = played(tmp_path)
    lost = sum(row["reserved"] for row in rows(path) if row["status"] == "lost")
    assert f"may have cost up to {lost:,} tokens more, $0.0000." in cost(path)


def test_what_may_have_been_charged_is_said_in_dollars(tmp_path: Path, cost: Print) -> None:
    with hasty(), served(faults=Faults(first=("", "half"))):
        path = played(tmp_path, terms=Terms(prices={"fake": Price(100.0, 100.0)}))
    lost = sum(row["reserved_cost"] for row in rows(path) if row["status"] == "lost") / 10**9
    assert f"tokens more, ${lost:,.4f}." in cost(path)
    assert json.loads(cost(path, "--json"))["total"]["possibly_dollars"] == lost > 0


def test_one_price_that_is_not_known_leaves_the_sum_unknown(tmp_path: Path) -> None:
    with served() as server:
        people = company(MODEL, f"A02={server.url}#other")
        path = played(tmp_path, people, terms=Terms(prices={"fake": Price(1.0, 1.0)}))
    with Journal.open(path) as journal:
        by_model = {each.of: each.dollars for each in costs(journal, "model")}
        assert total(journal).dollars is None
    assert by_model.pop(f"{server.url}#other") is None
    assert all(by_model.values())


def test_a_model_of_ones_own_costs_nothing_and_that_is_known(tmp_path: Path, cost: Print) -> None:
    with served():
        assert "$0.0000" in cost(played(tmp_path), "--by", "model")


def test_a_run_without_models_cost_nothing(tmp_path: Path, cost: Print) -> None:
    path = played(tmp_path, company("embedded"))
    assert cost(path) == "no language model was asked anything in this run\n"
    bill = json.loads(cost(path, "--json"))
    assert bill["total"]["calls"] == 0
    assert bill["total"]["dollars"] is None


def test_an_unknown_measure_is_named(run: Path, capsys: Any) -> None:
    assert execute(["cost", str(run.parent), "--by", "rounds"]) == 2
    assert 'unknown measure "rounds" (did you mean "round"?)' in capsys.readouterr().err
