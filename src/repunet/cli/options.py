"""Options that several commands have, and how their words are read."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, TypeAlias

from cyclopts import Parameter, Token

from repunet.errors import UsageError


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
    Whole | None, Parameter(help="How many answers to await at once; changes no result.")
]
Seed: TypeAlias = Annotated[Whole, Parameter(help="What all luck follows from.")]
Rounds: TypeAlias = Annotated[
    Whole, Parameter(name=["--rounds", "--steps"], help="How many rounds to play.")
]
