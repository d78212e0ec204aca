"""Options that several commands have, and how their words are read."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Any, TypeAlias

from cyclopts import Parameter, Token

from repunet.errors import UsageError
from repunet.models.allowance import Allowance

FREE = Allowance()


def _whole(_: Any, tokens: Sequence[Token]) -> int:
    """Read a whole number; cyclopts would round 1.5."""
    (token,) = tokens
    try:
        return int(token.value)
    except ValueError:
        raise UsageError(f"{token.keyword} takes a whole number, not {token.value!r}") from None


def _folder(_: Any, tokens: Sequence[Token]) -> Path:
    """Read the path of a folder; no path would mean the current one."""
    (token,) = tokens
    if not token.value.strip():
        raise UsageError(f"{token.keyword} takes the path of a folder, not {token.value!r}")
    return Path(token.value)


Whole: TypeAlias = Annotated[int, Parameter(converter=_whole)]

Storage: TypeAlias = Annotated[
    Path | None,
    Parameter(converter=_folder, help="Where runs live; default $REPUNET_STORAGE or ./runs."),
]
Json: TypeAlias = Annotated[
    bool, Parameter(name="--json", negative="", help="Print JSON, for scripts.")
]
Quiet: TypeAlias = Annotated[bool, Parameter(negative="", help="Show no progress.")]
Concurrency: TypeAlias = Annotated[
    Whole | None, Parameter(help="Answers awaited at once; changes no result.")
]
Tone: TypeAlias = Annotated[
    str,
    Parameter(
        help="Judge of the tone of gossip: vader, vader-plain, roberta (the paper's), or "
        "roberta:MODEL."
    ),
]
Seed: TypeAlias = Annotated[
    Whole, Parameter(help="Random seed: everything random in a run follows from it.")
]
Rounds: TypeAlias = Annotated[
    Whole, Parameter(name=["--rounds", "--steps"], help="Rounds to play.")
]


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class PlanLimits:
    """Limits that a forecast reckons with; None is not said."""

    concurrency: Concurrency = None
    requests_per_minute: Annotated[
        Whole | None, Parameter(help="Requests sent in a minute, to each server.")
    ] = None
    tokens_per_minute: Annotated[
        Whole | None, Parameter(help="Tokens used in a minute, of each server.")
    ] = None
    budget: Annotated[float | None, Parameter(help="Dollars to spend at most.")] = None
    max_calls: Annotated[
        Whole | None, Parameter(help="Requests to send at most, refused ones not counted.")
    ] = None
    max_total_tokens: Annotated[
        Whole | None, Parameter(help="Tokens to use at most, in and out.")
    ] = None
    slots: Annotated[
        Whole | None, Parameter(help="Requests a model on this machine works on at once.")
    ] = None
    prices: Annotated[Path | None, Parameter(help="A file of prices, for --budget.")] = None

    def given(self) -> dict[str, Any]:
        """Return those that were said, by name."""
        placed = replace(self, prices=self.prices and self.prices.absolute())
        said = asdict(placed).items()
        return {name: value for name, value in said if value is not None and name != "batch"}


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class PlayLimits(PlanLimits):
    """Limits of a run that asks servers."""

    deadline: Annotated[
        float | None,
        Parameter(help=f"Seconds after which to give a question up; default {FREE.deadline:g}."),
    ] = None
    timeout: Annotated[
        float | None,
        Parameter(help=f"Seconds after which to give an attempt up; default {FREE.timeout:g}."),
    ] = None
    threads: Annotated[
        Whole | None, Parameter(help="Threads a model on this machine computes with.")
    ] = None


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class LimitOptions(PlayLimits):
    """Command-line limits to calls of language models and their cost; None is not said."""

    batch: Annotated[
        Path | None,
        Parameter(help="Write requests into this folder and read answers there, send nothing."),
    ] = None


def said(limits: LimitOptions | None) -> tuple[dict[str, Any], Path | None]:
    """Return the limits that were said, by name, and the folder of a batch, None without one."""
    return ({}, None) if limits is None else (limits.given(), limits.batch)
