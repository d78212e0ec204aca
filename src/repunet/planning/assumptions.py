"""Assumptions: what a forecast takes for granted where nothing is known yet."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from repunet.planning.pace import AnswerPace, Case
from repunet.planning.rehearsal import Assignment


@dataclass(frozen=True, slots=True)
class Assumptions:
    """Assumptions about what is not known yet."""

    bytes_a_token: float
    """No tokenizer is used: English takes about 4, other languages, names and JSON fewer."""
    message: int
    """Tokens around each message."""
    schemas: bool | None
    """Whether the schema of the answer counts as input; None for where it is known to."""
    luck: float
    """The calls that are counted, as a share of those that were played."""
    again: float
    """Calls that are sent again, or repaired, as a share of all."""
    slower: float
    """How many times as long a wait is, because some of its answers are asked for again."""
    case: Case
    """Which of the seconds to an answer are meant."""


LOW = Assumptions(6.0, 3, schemas=False, luck=0.9, again=0.0, slower=1.0, case="low")
LIKELY = Assumptions(4.0, 4, schemas=None, luck=1.0, again=0.0, slower=1.0, case="likely")
HIGH = Assumptions(2.5, 8, schemas=True, luck=1.0, again=0.1, slower=2.0, case="high")


def words(paces: Mapping[str, AnswerPace | None], casting: Assignment) -> Iterator[str]:
    """Yield what a forecast takes for granted."""
    low, likely, high = LOW, LIKELY, HIGH
    if not casting.endpoints:
        yield "no mind is a language model: this is for one that decides for everyone"
    yield (
        "calls: likely as the embedded mind decides; low as one that says no to everything; "
        "high as one that says yes to everything"
    )
    yield (
        f"low: {1 - low.luck:.0%} fewer than that, since who meets whom is luck; a society that "
        "loses all its wealth, or meets only to refuse, may ask even less"
    )
    if casting.all_language:
        yield (
            "high: among people who all know each other from the second round on, so that no "
            "model is asked more"
        )
    yield (
        f"bytes of a token: low {low.bytes_a_token:g}, likely {likely.bytes_a_token:g}, high "
        f"{high.bytes_a_token:g}; around each message {low.message}, {likely.message}, "
        f"{high.message} tokens"
    )
    yield (
        "texts in answers: low none, likely those of the embedded mind, high as long as they may "
        "be; tokens of reasoning that nobody sees come on top"
    )
    yield "schemas of answers are input: low never, likely at providers that bill them, high always"
    yield f"high: {high.again:.0%} of the calls are sent again or repaired, and every wait doubles"
    yield from _times(paces)


def _times(paces: Mapping[str, AnswerPace | None]) -> Iterator[str]:
    """Yield how fast models are, and how to find it out where that is not known."""
    by_pace: dict[str, list[str]] = {}
    for name, known in paces.items():
        if known is None:
            yield (
                f"time is not known: no run here has asked {name}; repunet doctor --model {name} "
                "measures it, and --latency SECONDS says it"
            )
        else:
            by_pace.setdefault(str(known), []).append(name)
    for words, names in by_pace.items():
        of = "" if len(by_pace) == 1 else f" of {', '.join(names)}"
        yield f"seconds to an answer{of}: {words}"
