"""Prices: what the tokens of a model cost, as the user says or as a table of providers says."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from repunet.errors import UsageError, suggest
from repunet.models.endpoint import Endpoint
from repunet.models.request import Usage
from repunet.system.documents import read_toml

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, ModelPrice

LOCAL = ("ollama", "vllm", "lmstudio", "llamacpp", "gguf", "smollm2", "human")
"""Providers who are paid in other ways than by the token."""
UNKNOWN = ("http", "https")
PACKAGE = "genai-prices"
WRITES_UNASKED = ("openai", "azure")
"""Who may charge for keeping input in a cache without being asked to: that is taken as its price.
"""
DEAREST = 1_000_000
RATES = ("input", "output", "cached")
Rates = tuple[float, float, float | None]


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars per million tokens."""

    input: float
    output: float
    cached: float | None = None
    """For input that the provider has seen before; None where it is no cheaper."""
    source: str = ""
    """Who says so."""
    beyond: tuple[tuple[int, "Price"], ...] = ()
    """What all tokens cost if those of the input are more than so many: ever more for ever more."""

    def cost(self, usage: Usage) -> int:
        """Return what it costs in billionths of a dollar, rounded up.

        >>> Price(input=0.15, output=0.6, cached=0.075).cost(Usage(1000, 100, cached=200))
        195000
        """
        price = self._for(usage.input)
        cached = price.input if price.cached is None else price.cached
        seen = min(usage.cached, usage.input)
        per_million = (
            (usage.input - seen) * Decimal(str(price.input))
            + seen * Decimal(str(cached))
            + usage.output * Decimal(str(price.output))
        )
        return int((per_million * 1000).to_integral_value(ROUND_CEILING))

    def _for(self, tokens: int) -> "Price":
        dearer = [price for start, price in self.beyond if tokens > start]
        return dearer[-1] if dearer else self


def price(provider: str, model: str, table: Mapping[str, Price] | None = None) -> Price | None:
    """Return what a model costs; None if it is not known.

    The user's table comes first, by `provider:model` and by `model`. Models on this machine cost
    nothing; what those of a bare URL cost is not known. The rest is looked up in the table that
    the package genai-prices brings along: nothing is asked for over the network.
    """
    for name in (f"{provider}:{model}", model):
        if table is not None and name in table:
            return table[name]
    if provider in LOCAL:
        return Price(0.0, 0.0, source="local")
    return None if provider in UNKNOWN else _listed(provider, model)


def price_of(endpoint: Endpoint, table: Mapping[str, Price] | None = None) -> Price | None:
    """Return what an endpoint's model costs; a table may also name it as outputs do."""
    named = (table or {}).get(endpoint.name)
    return named or price(endpoint.provider, endpoint.model, table)


def snapshot() -> str:
    """Return which table of prices is used where the user gives none, e.g. `genai-prices 0.2.3`."""
    return f"{PACKAGE} {version(PACKAGE)}"


def read_prices(path: Path) -> dict[str, Price]:
    """Return the prices of a TOML file, in which each model has a table.

    It is called after the model, e.g. `["openai:gpt-4o-mini"]`, for one provider or for all, and
    has `input`, `output` and perhaps `cached`, in dollars per million tokens. Raises UsageError
    for anything else.
    """
    said = read_toml(path)
    return {model: _said(f"{path}: {model!r}", each, path.name) for model, each in said.items()}


def _said(where: str, said: object, source: str) -> Price:
    if not isinstance(said, dict):
        raise UsageError(f'{where} is no model: expected a table such as ["openai:gpt-4o-mini"]')
    for key, value in said.items():
        if key not in RATES:
            raise _unexpected(where, key, value)
    for key in ("input", "output"):
        if key not in said:
            raise UsageError(f"{where} has no {key}: expected dollars per million tokens")
    rates = {key: _rate(f"{where}: {key}", value) for key, value in said.items()}
    return Price(rates["input"], rates["output"], rates.get("cached"), source)


def _unexpected(where: str, key: str, value: object) -> UsageError:
    hint = suggest(key, RATES)
    if isinstance(value, dict):
        hint = " (a name with a dot in it needs quotes)"
    return UsageError(f"{where} has an unknown key {key!r}{hint}: expected {', '.join(RATES)}")


def _rate(where: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= DEAREST:
        raise UsageError(
            f"{where} is {value!r}: expected dollars per million tokens, from 0 to {DEAREST}"
        )
    return float(value)


def _listed(provider: str, model: str) -> Price | None:
    from genai_prices.data_snapshot import get_snapshot  # takes half a second

    table = get_snapshot()
    try:
        found, info = table.find_provider_model(model, None, provider, None)
    except LookupError:
        return None
    alternatives = tuple(_in_force(info, table.timestamp))
    if not all(map(_by_the_token, alternatives)):
        return None
    return _dearest(alternatives, writes=found.id in WRITES_UNASKED)


def _in_force(info: "ModelInfo", when: Any) -> "Iterator[ModelPrice]":
    """Return the price of today; all that there were, where it depends on the time of day."""
    from genai_prices.types import ModelPrice, TimeOfDateConstraint

    if isinstance(info.prices, ModelPrice):
        yield info.prices
    elif any(isinstance(each.constraint, TimeOfDateConstraint) for each in info.prices):
        yield from (each.prices for each in info.prices)
    else:
        yield info.get_prices(when)


def _by_the_token(listed: "ModelPrice") -> bool:
    """Return whether input and output have a price each, and requests have none."""
    return (
        listed.input_mtok is not None
        and listed.output_mtok is not None
        and listed.requests_kcount is None
    )


def _dearest(alternatives: "Sequence[ModelPrice]", *, writes: bool) -> Price:
    """Return the least price that no alternative exceeds, for every length of the input."""
    starts = sorted({start for listed in alternatives for start in _starts(listed)})
    source = snapshot()
    return Price(
        *_rates(alternatives, 0, writes),
        source,
        tuple((start, Price(*_rates(alternatives, start + 1, writes), source)) for start in starts),
    )


def _starts(listed: "ModelPrice") -> Iterator[int]:
    for rate in (listed.input_mtok, listed.output_mtok, listed.cache_read_mtok):
        yield from (tier.start for tier in getattr(rate, "tiers", ()))


def _rates(alternatives: "Sequence[ModelPrice]", tokens: int, writes: bool) -> Rates:
    input = max(_at(listed.input_mtok, tokens) for listed in alternatives)
    output = max(_at(listed.output_mtok, tokens) for listed in alternatives)
    if any(listed.cache_read_mtok is None for listed in alternatives):
        cached = None
    else:
        cached = max(_at(listed.cache_read_mtok, tokens) for listed in alternatives)
    if writes:
        input = max(input, *(_at(listed.cache_write_mtok, tokens) for listed in alternatives))
    return input, output, cached


def _at(rate: Any, tokens: int) -> float:
    """Return the highest rate up to so many tokens: a longer input is never taken to be cheaper."""
    base = getattr(rate, "base", rate) or 0
    return float(max([base, *(t.price for t in getattr(rate, "tiers", ()) if tokens > t.start)]))
