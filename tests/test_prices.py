"""Prices: what the tokens of a model cost."""

import socket
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from genai_prices.data_snapshot import get_snapshot
from hypothesis import given
from hypothesis import strategies as st

from repunet.errors import UsageError
from repunet.models.prices import LOCAL, Price, price, read_prices, snapshot
from repunet.models.request import Usage

MINI = Price(0.15, 0.6, 0.075)
TIERED = Price(1.25, 10.0, 0.125, beyond=((200_000, Price(2.5, 15.0, 0.25)),))
rates = st.integers(0, 200_000).map(lambda thousandths: thousandths / 1000)
counts = st.integers(0, 10**7)


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket.socket, "connect", None, raising=False)


@pytest.mark.parametrize(
    ("usage", "cost"),
    [
        (Usage(1_000_000, 0), 150_000_000),
        (Usage(0, 1_000_000), 600_000_000),
        (Usage(0, 1_000_000, reasoning=400_000), 600_000_000),
        (Usage(1_000_000, 0, cached=1_000_000), 75_000_000),
        (Usage(10, 1, cached=4), 6 * 150 + 4 * 75 + 600),
    ],
)
def test_a_cost_is_counted_in_billionths_of_a_dollar(usage: Usage, cost: int) -> None:
    assert MINI.cost(usage) == cost


def test_a_cost_is_rounded_up() -> None:
    assert Price(0.0001, 0).cost(Usage(1, 0)) == 1
    assert Price(0.0001, 0).cost(Usage(10, 0)) == 1
    assert Price(0.0001, 0).cost(Usage(11, 0)) == 2


def test_without_a_price_for_it_cached_input_costs_what_other_input_costs() -> None:
    assert Price(1, 2).cost(Usage(9, 0, cached=5)) == Price(1, 2).cost(Usage(9, 0))


@given(rates, rates, counts, counts)
def test_no_cost_is_off_by_the_error_of_a_float(
    into: float, out: float, input: int, output: int
) -> None:
    exact = round(into * 1000) * input + round(out * 1000) * output
    assert Price(into, out).cost(Usage(input, output)) == exact


def test_a_long_input_makes_all_tokens_dearer() -> None:
    assert TIERED.cost(Usage(200_000, 1)) == 200_000 * 1250 + 10_000
    assert TIERED.cost(Usage(200_001, 1)) == 200_001 * 2500 + 15_000


@given(counts, counts, counts, counts, counts)
def test_more_tokens_never_cost_less(
    input: int, output: int, cached: int, more_in: int, more_out: int
) -> None:
    most = TIERED.cost(Usage(input + more_in, output + more_out))
    assert TIERED.cost(Usage(input, output, cached=min(input, cached))) <= most


def test_the_users_table_comes_first_and_the_provider_counts() -> None:
    table = {"gpt-4o-mini": Price(1, 2), "openai:gpt-4o-mini": Price(3, 4), "x": Price(5, 6)}
    assert price("openai", "gpt-4o-mini", table) == Price(3, 4)
    assert price("azure", "gpt-4o-mini", table) == Price(1, 2)
    assert price("http", "x", table) == price("ollama", "x", table) == Price(5, 6)


@pytest.mark.parametrize("provider", LOCAL)
def test_models_on_this_machine_cost_nothing(provider: str) -> None:
    assert price(provider, "gpt-4o-mini") == Price(0, 0, source="local")


@pytest.mark.parametrize("name", ["http:gpt-4o-mini", "openai:no-such", "no-such:gpt-4o-mini"])
def test_other_prices_are_unknown(name: str) -> None:
    provider, _, model = name.partition(":")
    assert price(provider, model, {}) is None


@pytest.mark.parametrize("name", ["openai:gpt-4o-mini", "azure:gpt-4o-mini"])
def test_listed_models_have_a_price_and_a_source(name: str) -> None:
    provider, _, model = name.partition(":")
    found = price(provider, model)
    assert found is not None
    assert 0 < found.input < found.output
    assert found.source == snapshot() == f"genai-prices {version('genai-prices')}"


def test_listed_prices_only_rise_with_the_length_of_the_input() -> None:
    listed = [(each.id, model.id) for each in get_snapshot().providers for model in each.models]
    known = [found for name in listed[::9] if (found := price(*name)) is not None]
    assert len(known) > len(listed) / 18
    for found in known:
        steps = [found, *(dearer for _, dearer in found.beyond)]
        assert [each.input for each in steps] == sorted(each.input for each in steps)
        assert [each.output for each in steps] == sorted(each.output for each in steps)


def test_a_price_that_changes_with_the_time_of_day_is_the_highest() -> None:
    from genai_prices.types import ConditionalPrice, TimeOfDateConstraint

    model = next(
        (provider, model)
        for provider in get_snapshot().providers
        for model in provider.models
        if isinstance(model.prices, list)
        and any(isinstance(each.constraint, TimeOfDateConstraint) for each in model.prices)
    )
    every: list[ConditionalPrice] = model[1].prices
    found = price(model[0].id, model[1].id)
    assert found is not None
    assert found.output == max(float(each.prices.output_mtok) for each in every)


def test_the_table_is_loaded_only_where_it_is_needed() -> None:
    code = "import sys, repunet.models.prices as p; p.price('ollama', 'x'); p.snapshot(); "
    code += "print('genai_prices' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_prices_are_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "prices.toml"
    path.write_text('["x:a"]\ninput = 0.15\noutput = 1\ncached = 0.075\n[b]\ninput=0\noutput=0')
    assert read_prices(path) == {
        "x:a": Price(0.15, 1.0, 0.075, "prices.toml"),
        "b": Price(0.0, 0.0, None, "prices.toml"),
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a = 1", "'a' is no model: expected a table such as"),
        ("[a]\ninput = 1", "'a' has no output: expected dollars"),
        ("[a]\ninput = 1\noutpt = 1", "unknown key 'outpt' (did you mean \"output\"?): expected"),
        ("[gpt-4.1]\ninput = 1", "unknown key '1' (a name with a dot in it needs quotes)"),
        ("[a]\ninput = -1\noutput = 1", "'a': input is -1: expected dollars per million tokens"),
        ("[a]\ninput = 'x'\noutput = 1", "'a': input is 'x': expected dollars"),
        ("[a]\ninput = nan\noutput = 1", "'a': input is nan: expected dollars"),
        ("[a]\ninput = true\noutput = 1", "'a': input is True: expected dollars"),
        (f"[a]\ninput = {10**400}\noutput = 1", "expected dollars"),
        ("[a", "not valid TOML"),
        ("\udcff", "not UTF-8 at byte 0"),
    ],
)
def test_a_wrong_file_is_explained_in_a_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "prices.toml"
    path.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(UsageError) as told:
        read_prices(path)
    assert message in str(told.value)
    assert str(path) in str(told.value)
    assert "\n" not in str(told.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none.toml: no such file"):
        read_prices(tmp_path / "none.toml")
