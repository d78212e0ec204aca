"""Options that several commands have, and how their words are read."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, TypeAlias

from cyclopts import Parameter, Token

from repunet.errors import UsageError
from repunet.system.extras import library


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


RunName: TypeAlias = Annotated[
    str, Parameter(help="Name of a run, or the path of its folder or file.")
]
NewName: TypeAlias = Annotated[str | None, Parameter(help="Name of the run; default what it is.")]
ScenarioName: TypeAlias = Annotated[
    str | None,
    Parameter(help="Name of the dilemma, such as pd; may be left out if the spec names it."),
]
Storage: TypeAlias = Annotated[
    Path | None,
    Parameter(converter=_folder, help="Folder of runs; default $REPUNET_STORAGE or ./runs."),
]


Json: TypeAlias = Annotated[
    bool, Parameter(name="--json", negative="", help="Print JSON, for scripts.")
]


Quiet: TypeAlias = Annotated[bool, Parameter(negative="", help="Show no progress.")]


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
    Whole, Parameter(name=["--rounds", "--steps"], help="Number of rounds to play.")
]


Runs = Annotated[
    str, Parameter(help="Names or paths of runs, or folders of sweeps: all runs inside.")
]


Window = Annotated[
    Whole, Parameter(help="Number of rounds at the end of each run that are measured.")
]


By = Annotated[
    str | None,
    Parameter(help="Setting in which alone the arms differ, such as treatment, mind or prompts."),
]


def chosen_tone(tone: str) -> str:
    """Return who judges the tone; raises UsageError, before anything is done, if nobody can."""
    if tone != "vader":
        library("repunet.analysis.measures.gossip").judge(tone)
    return tone


LISTED = 12
"""How many later decisions, and lines of a prompt, are printed; --all and --json have all."""


All = Annotated[
    bool, Parameter(name="--all", negative="", help="Print all there is, not the first few.")
]
