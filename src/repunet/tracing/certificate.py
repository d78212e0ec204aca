"""The orthogonality certificate: two treatments differ in declared blocks and in nothing else.

One small society lives under the full system for some rounds. From what it has become then, each
treatment plays the next round: the same people with the same past, the same luck and the same
answers. So whatever differs between two prompts is what their treatments switch.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from typing import Any, TypeVar, cast

from repunet.errors import UsageError, unknown
from repunet.minds.chance import ChanceMind
from repunet.prompts import Block, Prompt, render, taken_apart
from repunet.questions import operations
from repunet.questions.coordinate import Coordinate
from repunet.questions.mind import NoAnswer, Operation
from repunet.questions.operations import DecideTie, Decision, RankPartners, ReconsiderTie
from repunet.record.notes import PLAIN
from repunet.scenarios import Scenario
from repunet.simulation import Simulation
from repunet.world.event import Event
from repunet.world.population import population
from repunet.world.society import Society
from repunet.world.treatment import TREATMENTS, Treatment

T = TypeVar("T")
Questions = Mapping[Coordinate, Operation[Any]]

PAST = TREATMENTS["full"]
"""The treatment of the past that all examples share: with it there is everything to be shown."""
AGENTS = 10
AFTER = (0, 5, 10)
"""After how many rounds of this past a round is played under the treatment in question."""
SOCIETIES = 12
"""How many societies are looked at before it is said that something is never asked."""
COMPARED = 4
"""How many societies two treatments are compared in, for what the first of them is not asked."""
BY_CHANCE = "by chance"
"""What the chance mind says."""
WORDS = "These are somebody's own words, as many as people say in a sentence or two."
TOKEN = 4
"""Characters of a token, roughly."""


@dataclass(frozen=True, slots=True)
class BlockDifference:
    """A block that a treatment shows and another does not, or not in these words."""

    treatment: str
    name: str
    text: str
    tokens: int
    """An estimate."""


@dataclass(frozen=True, slots=True)
class PromptComparison:
    """One operation under two treatments, over all examples that both have of it."""

    scenario: str
    operation: str
    only_in: str | None
    """The one treatment that asks it, where the other never does."""
    blocks: tuple[BlockDifference, ...]
    """What differs, each block at its longest."""
    undeclared: tuple[str, ...]
    """Lines outside all blocks that only one of the two shows: there must not be any."""


@dataclass(frozen=True, slots=True)
class QuestionExample:
    """A question in words, taken apart."""

    operation: str
    outside: str
    blocks: tuple[Block, ...]


def differences(
    scenario: Scenario,
    operation: type[Operation[Any]],
    first: Treatment,
    second: Treatment,
    wording: str = PLAIN,
) -> tuple[BlockDifference, ...]:
    """Return the blocks of an operation's prompt that one treatment shows and the other does not.

    Raises UsageError if neither asks it.
    """
    for comparison in compare(scenario, first, second, wording):
        if comparison.operation == operation.label:
            return comparison.blocks
    raise _never_asked(operation.label, f"{first.label} and {second.label}")


def compare(
    scenario: Scenario, first: Treatment, second: Treatment, wording: str = PLAIN, seed: int = 1
) -> tuple[PromptComparison, ...]:
    """Return how every operation that either treatment asks differs between the two.

    What both do not ask in the society of that seed is compared in the next one where they do.
    """
    arms, labels = (first, second), (first.label, second.label)
    asked = {each: _places(scenario, arms, each) for each in _societies(scenario, seed)}
    names = dict.fromkeys(name for both in asked.values() for one in both for name in one)
    told = {name: min(asked, key=lambda each: _rank(name, asked[each])) for name in names}
    return tuple(
        _compare(
            scenario.name,
            name,
            labels,
            *(_examples(scenario, arm, wording, each) for arm in arms),
        )
        for name, each in told.items()
    )


def _societies(scenario: Scenario, seed: int) -> list[int]:
    """Return the seeds of a society, and of those after it that are asked what none before was."""
    found: list[int] = []
    known: set[str] = set()
    for each in range(seed, seed + COMPARED):
        names = {at.operation for at in questions(scenario, PAST, each)}
        if names - known:
            found.append(each)
        known |= names
    return found


def _places(
    scenario: Scenario, arms: tuple[Treatment, Treatment], seed: int
) -> tuple[dict[str, set[Coordinate]], ...]:
    """Return where each operation is asked in one society, under each treatment."""
    found: list[dict[str, set[Coordinate]]] = []
    for arm in arms:
        places: dict[str, set[Coordinate]] = {}
        for at in questions(scenario, arm, seed):
            places.setdefault(at.operation, set()).add(at)
        found.append(places)
    return tuple(found)


def _rank(name: str, arms: tuple[dict[str, set[Coordinate]], ...]) -> int:
    """Return 0 where both ask it of the same agent, more the less there is to compare."""
    one, other = (arm.get(name, set()) for arm in arms)
    return 0 if one & other else 1 if one and other else 2 if one or other else 3


def example(
    scenario: Scenario,
    operation: str,
    treatment: Treatment,
    wording: str = PLAIN,
    seed: int = 1,
) -> Prompt:
    """Return an operation in words, in a situation with much to show; the same in all treatments.

    What the society of that seed is not asked is shown from the next one that is. Raises UsageError
    if there is no such operation, or if the treatment never asks it.
    """
    known = {at.operation for at in questions(scenario, PAST, seed)} | _ours()
    if operation not in known:
        raise unknown("operation", operation, sorted(known))
    seed, asked = _first_asked(scenario, operation, treatment, seed)
    richest = _of(operation, questions(scenario, PAST, seed))

    def length(at: Coordinate) -> int:
        prompt = render(richest.get(at, asked[at]), wording)
        return len(prompt.system) + len(prompt.user)

    return render(asked[max(asked, key=length)], wording)


def _first_asked(
    scenario: Scenario, operation: str, treatment: Treatment, seed: int
) -> tuple[int, dict[Coordinate, Operation[Any]]]:
    """Return the first society, from a seed on, in which something is asked, and how it is."""
    for each in range(seed, seed + SOCIETIES):
        if asked := _of(operation, questions(scenario, treatment, each)):
            return each, asked
    raise _never_asked(operation, treatment.label)


@cache
def questions(scenario: Scenario, treatment: Treatment, seed: int = 1) -> Questions:
    """Return what is asked under a treatment in the example rounds, by coordinate."""
    asked: dict[Coordinate, Operation[Any]] = {}
    for rounds in AFTER:
        society = _founded(scenario, treatment, seed)
        for event in (event for events in _past(scenario, seed)[:rounds] for event in events):
            society.apply(event)
        onlooker = Onlooker(seed)
        asyncio.run(Simulation(society, scenario, onlooker).step())
        asked |= onlooker.asked
    return asked


class Speaker(ChanceMind):
    """A mind that answers by chance, in words of the length that people use."""

    async def answer(self, operation: Operation[T], at: Coordinate) -> T:
        """Draw an answer and put its words in."""
        answer: Any = await super().answer(operation, at)
        spoken = {f.name: WORDS for f in fields(answer) if getattr(answer, f.name) == BY_CHANCE}
        return cast(T, replace(answer, **spoken))


class Onlooker(Speaker):
    """A mind that keeps the questions, and answers so that no two treatments part.

    Whom to meet is left to the luck of the draw, and ties stay as they are.
    """

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.asked: dict[Coordinate, Operation[Any]] = {}

    async def answer(self, operation: Operation[T], at: Coordinate) -> T:
        """Keep the question and answer it."""
        self.asked[at] = operation
        match operation:
            case RankPartners():
                raise NoAnswer("left to the luck of the draw")
            case DecideTie(tied=tied):
                return cast(T, Decision(tied, WORDS))
            case ReconsiderTie():
                return cast(T, Decision(yes=True, reason=WORDS))
        return await super().answer(operation, at)


def tokens(text: str) -> int:
    """Return an estimate of how many tokens a text has."""
    return round(len(text) / TOKEN)


@cache
def _past(scenario: Scenario, seed: int) -> tuple[tuple[Event, ...], ...]:
    simulation = Simulation(_founded(scenario, PAST, seed), scenario, Speaker(seed))

    async def play() -> tuple[tuple[Event, ...], ...]:
        return tuple([tuple(await simulation.step()) for _ in range(max(AFTER))])

    return asyncio.run(play())


def _founded(scenario: Scenario, treatment: Treatment, seed: int) -> Society:
    return Society(scenario.name, treatment, population(AGENTS, scenario.name), seed)


@cache
def _examples(
    scenario: Scenario, treatment: Treatment, wording: str, seed: int
) -> dict[Coordinate, QuestionExample]:
    asked = questions(scenario, treatment, seed)
    return {at: _example(operation, wording) for at, operation in asked.items()}


def _example(operation: Operation[Any], wording: str) -> QuestionExample:
    prompt = render(operation, wording, marked=True)
    outside, blocks = taken_apart(f"{prompt.system}\n\n{prompt.user}")
    return QuestionExample(operation.label, outside, blocks)


def _compare(
    scenario: str,
    operation: str,
    labels: tuple[str, str],
    one: Mapping[Coordinate, QuestionExample],
    other: Mapping[Coordinate, QuestionExample],
) -> PromptComparison:
    mine, yours = (_of(operation, arm) for arm in (one, other))
    if not (mine and yours):
        return PromptComparison(scenario, operation, labels[0] if mine else labels[1], (), ())
    both = [(mine[at], yours[at]) for at in mine if at in yours]
    return PromptComparison(
        scenario,
        operation,
        None,
        (
            *_longest(labels[0], (_more(a.blocks, b.blocks) for a, b in both)),
            *_longest(labels[1], (_more(b.blocks, a.blocks) for a, b in both)),
        ),
        tuple(dict.fromkeys(line for a, b in both for line in _undeclared(a.outside, b.outside))),
    )


def _more(these: Iterable[Block], than: Iterable[Block]) -> Counter[Block]:
    return Counter(these) - Counter(than)


def _longest(label: str, found: Iterable[Counter[Block]]) -> list[BlockDifference]:
    """Return one difference for each name: all blocks of that name in the example with most."""
    longest: dict[str, str] = {}
    for blocks in found:
        for name in dict.fromkeys(block.name for block in blocks):
            text = "".join(block.text for block in blocks.elements() if block.name == name)
            longest[name] = max(longest.get(name, ""), text, key=len)
    return [BlockDifference(label, name, text, tokens(text)) for name, text in longest.items()]


def _undeclared(one: str, other: str) -> list[str]:
    """Return the lines that only one of the two texts has; both whole where only order differs."""
    if one == other:
        return []
    mine, yours = (Counter(text.splitlines()) for text in (one, other))
    return [*(mine - yours), *(yours - mine)] or [one, other]


def _of(operation: str, asked: Mapping[Coordinate, T]) -> dict[Coordinate, T]:
    return {at: each for at, each in asked.items() if at.operation == operation}


def _ours() -> set[str]:
    kinds = (kind for kind in vars(operations).values() if isinstance(kind, type))
    found = (kind for kind in kinds if issubclass(kind, Operation))
    return {kind.label for kind in found if isinstance(getattr(kind, "answer", None), type)}


def _never_asked(operation: str, treatment: str) -> UsageError:
    return UsageError(f"{operation} is never asked under {treatment}")
