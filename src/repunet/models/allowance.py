"""What a run may ask for and spend; none of it changes what an answer is."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Allowance:
    """Limits to the pace and the cost of asking language models; None is no limit."""

    concurrency: int | None = None
    """Requests in flight at once."""
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    deadline: float = 600.0
    """Seconds after which a request that can't be answered, however often it is sent, is given up.
    """
    timeout: float = 300.0
    """Seconds after which one attempt is given up."""
    budget: float | None = None
    """Dollars."""
    max_calls: int | None = None
    max_total_tokens: int | None = None
    threads: int | None = None
    """Those that compute the answers of a model on this machine; None is what suits it."""
    slots: int | None = None
    """Requests that a model on this machine works on at once."""
