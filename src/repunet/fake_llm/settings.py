"""How a fake server behaves."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import exp, isfinite
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

from repunet.chance import draw, normal
from repunet.errors import UsageError, unknown
from repunet.fake_llm.faults import Faults

Mode: TypeAlias = Literal[
    "honour", "ignore", "reject", "reject-schema", "reject-500", "reject-bounds"
]
MODES: tuple[Mode, ...] = get_args(Mode)

Answers: TypeAlias = Callable[[dict[str, Any], Mapping[str, str]], str | None]
"""What to say to a body and its headers; None is what would be said otherwise."""

HEAVY = "heavy:"
SPREAD = 1.0
"""Of the logarithm of a heavy-tailed latency: one in a hundred takes ten times the median."""


@dataclass(frozen=True, slots=True)
class Latency:
    """Distribution of the time that an answer takes."""

    median: float = 0.0
    """Seconds."""
    heavy: bool = False
    """Whether it varies, as it does where many share a server, and sometimes is very long."""

    @classmethod
    def read(cls, given: float | str) -> "Latency":
        """Return it from seconds, `"0.2"`, or, with a heavy tail, `"heavy:0.2"`."""
        text = str(given).strip()
        try:
            median = float(text.removeprefix(HEAVY))
        except ValueError:
            median = float("nan")
        if not (isfinite(median) and median >= 0):
            raise UsageError(f'a latency is seconds, such as 0.2 or heavy:0.2, not "{given}"')
        return cls(median, text.startswith(HEAVY))

    def of(self, seed: int, count: int) -> float:
        """Return the seconds that the request of this number takes."""
        if not self.heavy:
            return self.median
        return self.median * exp(SPREAD * normal(draw(seed, "latency", count)))


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of a fake server; None is no limit."""

    host: str = "127.0.0.1"
    port: int = 0
    """0 is any that is free."""
    seed: int = 1
    """What faults and latencies follow from; answers don't."""
    latency: float | str = 0.0
    """Seconds, or `"heavy:0.2"`."""
    faults: Faults = field(default_factory=Faults)
    response_format: Mode = "honour"
    """What becomes of the format that a request asks for: it is kept to; ignored; refused, with
    status 400 (`reject`; `reject-schema`: only schemas, not that there be JSON) or 500; or refused
    only if the schema has lengths or bounds.
    """
    reject_parameters: tuple[str, ...] = ()
    """Parameters that are refused as unsupported."""
    key: str | None = None
    """The only key that is let in. Other keys are sent back, as a careless server might."""
    models: tuple[str, ...] = ()
    """The models there are; none are named: any."""
    usage: bool = True
    """Whether answers say how many tokens they took."""
    quota: int | None = None
    """How many answers are given before the money is out."""
    slots: int | None = None
    """How many requests are worked on at once; more are sent away."""
    requests_per_minute: int | None = None
    retry_after: float | None = 1.0
    """Seconds after which those sent away shall come again; None says nothing of it."""
    hang: float = 3600.0
    """Seconds for which a request that hangs is not answered."""
    log: Path | None = None
    """A file that gets a line of JSON for every answer."""
    answers: Answers | None = field(default=None, compare=False)
    """What to say instead; called in the server's loop, so it must be quick."""

    def __post_init__(self) -> None:
        if self.response_format not in MODES:
            raise unknown("mode of --response-format", self.response_format, MODES)
        if not 0 <= self.port <= 65535:
            raise UsageError(f"a port is from 0, which is any, to 65535, not {self.port}")
        for name in ("quota", "slots", "requests_per_minute"):
            limit = getattr(self, name)
            if limit is not None and limit < 0:
                raise UsageError(f"{name} can't be less than 0, as {limit} is")
        Latency.read(self.latency)
