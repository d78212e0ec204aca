"""Commands that explain: `why` a decision was made, and where two runs begin to `diff`er."""

import json
import textwrap
from collections.abc import Sequence
from functools import partial
from textwrap import shorten
from typing import Annotated, Any

from cyclopts import Parameter

from repunet.cli.options import Json, Storage, Whole
from repunet.cli.output import console, money, print_json, rate, table
from repunet.errors import UsageError
from repunet.questions.coordinate import Coordinate
from repunet.record.journal import Journal
from repunet.record.storage import locate
from repunet.tracing.divergence import DecisionPair, Divergence, FactDifference, Parting, diverge
from repunet.tracing.provenance import Explanation, Later
from repunet.tracing.provenance import explain as explain_decision
from repunet.tracing.provenance.asked import TracedAttempt
from repunet.tracing.provenance.parts import PromptPart
from repunet.tracing.provenance.sources import PartSource

LISTED = 12
"""How many later decisions, and lines of a prompt, are printed; --all and --json have all."""
DIFFERENT = 1
"""The code of `diff` for runs that are not the same."""

All = Annotated[bool, Parameter(name="--all", negative="", help="All there is, not the first few.")]


SHORT = 120
"""Characters of what a run was founded on, where not all is asked for."""


def why(
    run: str,
    /,
    *coordinate: str,
    depth: Annotated[Whole, Parameter(help="Steps for which its consequences are followed.")] = 1,
    all_: All = False,
    storage: Storage = None,
    json: Json = False,
) -> None:
    """Explain a decision: what it was made from, the words for it, and what came of it.

    Parameters
    ----------
    run
        Its name, or the path of its folder or file.
    coordinate
        The name of the decision, or as much of it as is needed: r12 A07 ChooseMove.
    """
    if not coordinate:
        raise UsageError("say which decision: repunet why RUN r12 A07 ChooseMove")
    with Journal.open(locate(run, storage)) as journal:
        explained = explain_decision(journal, " ".join(coordinate), depth)
    if json:
        print_json(explained)
    else:
        _print_why(explained, None if all_ else LISTED)


def diff(
    first: str, second: str, /, *, all_: All = False, storage: Storage = None, json: Json = False
) -> int:
    """Find the first event in which two runs differ, and why; code 1 if they do.

    Parameters
    ----------
    first
        A run: its name, or the path of its folder or file.
    second
        Another one.
    """
    one, other = locate(first, storage), locate(second, storage)
    with Journal.open(one) as mine, Journal.open(other) as yours:
        found = diverge(mine, yours)
    if json:
        print_json(found)
    else:
        _print_diff(found, None if all_ else LISTED)
    return 0 if found.same else DIFFERENT


def _print_why(one: Explanation, most: int | None) -> None:
    console.print(one.decision, style="bold", soft_wrap=True)
    about = f" about {one.target}" if one.target and one.target != one.actor else ""
    _say(f"{one.name} ({one.actor}, {one.role}) was asked {one.operation}{about}.")
    _say(f"round {one.round} of {one.run}; treatment: {one.treatment}; mind: {one.mind}")
    if one.missing is not None:
        _say(f"There is no answer: {one.missing}")
    else:
        _say(f"Answer: {_json(one.answer)}")
    if one.part_of is not None:
        _say(f"It is a part of one answer to several questions, {one.part_of}, shown here.")
    if one.parts:
        _say("Its answer has the parts:", *one.parts)
    _print_prompt(one)
    _print_attempts(one)
    _print_effects(one, most)


def _print_prompt(one: Explanation) -> None:
    for seat in ("system", "user"):
        _title(f"What it saw: {seat} prompt, wording {one.wording}")
        place = ""
        blocks: tuple[str, ...] = ()
        for part in (each for each in one.shows if each.of == seat):
            if part.template != place:
                _say(part.template, style="dim")
            if part.blocks not in ((), blocks):
                _say(_blocks(part), indent=2, style="cyan")
            place, blocks = part.template, part.blocks
            _print_part(part, one.sources)
    if one.as_sent is False:
        _say("This is not what was sent: templates have changed since. What was sent: --json")
    others = [each.what for each in one.sources if each.kind == "match"]
    _say(*(f"It was asked because {each}." for each in others))
    if one.besides:
        _say(f"A mind that reads no prompt may also have known {len(one.besides)} older meetings.")


def _blocks(part: PromptPart) -> str:
    switches = ", ".join(f"{name}={value}" for name, value in part.switches.items())
    return f"[{'; '.join(part.blocks)}] by {switches}"


def _print_part(part: PromptPart, sources: Sequence[PartSource]) -> None:
    for line in part.text.splitlines():
        _say(f"| {line}" if part.blocks else line, indent=4)
    for number in part.sources:
        _print_source(sources[number])


def _print_source(source: PartSource) -> None:
    when = f"round {source.round}" if source.round else "from the start"
    _say(f"= {source.what} ({when})", indent=6, style="green")
    for decision in source.decisions:
        _say(f"decided in {decision}", indent=8, style="green")
    named = {Coordinate.parse(decision).unit for decision in source.decisions}
    for cause in (each for each in source.because if each not in named):
        _say(f"because of {cause}", indent=8, style="green")


def _print_attempts(one: Explanation) -> None:
    if not one.attempts:
        return
    columns = ("id", "kind:", "model:", "status:", "in", "out", "cost", "seconds")
    console.print(table("What was asked for it", columns, [_row(a) for a in one.attempts]))
    for each in one.attempts:
        if each.why:
            _say(f"{each.id}: {each.why}")
    if one.raw is not None:
        _title(f"What was said, read as {one.parsing}" if one.parsing else "What was said")
        _say(*one.raw.splitlines(), indent=4)


def _row(one: TracedAttempt) -> tuple[str, ...]:
    marks = ("set aside" if one.stale else "", "inherited" if one.inherited else "")
    status = ", ".join(filter(None, (one.status, *marks)))
    counts = (str(n) if n is not None else "" for n in (one.input, one.output))
    seconds = "" if one.latency is None else f"{one.latency:.2f}"
    return (str(one.id), one.kind, one.model, status, *counts, money(one.dollars), seconds)


def _print_effects(one: Explanation, most: int | None) -> None:
    _title("What came of it")
    for effect in one.effects:
        _say(f"round {effect.round}, event {effect.event}: {effect.what}", indent=2)
    if not one.effects:
        _say("No event: at most words that were passed on.", indent=2)
    _title(f"Later decisions that saw it ({len(one.later)})")
    for later in one.later[:most]:
        _print_later(later)
    if not one.later:
        _say("None.", indent=2)
    if most is not None and len(one.later) > most:
        _say(f"and {len(one.later) - most} more (--all)", indent=2)


def _print_later(later: Later) -> None:
    steps = f" ({later.depth} steps on)" if later.depth > 1 else ""
    _say(f"{later.decision}{steps}", indent=2)
    _say(*later.shown, indent=6, style="green")


def _print_diff(one: Divergence, most: int | None) -> None:
    names, equal = f"{one.first} and {one.second}", one.equal_rounds
    if one.same:
        _say(f"{names} are the same run, of {equal} rounds")
    elif one.parting is None:
        _say(f"{names} are equal in all {equal} rounds that both have")
    else:
        _say(f"{names} are equal for {equal} rounds, then differ")
    _contrasts("Founded on", one, one.founding, most)
    _contrasts("Noted, without effect on a digest", one, one.noted, most)
    if one.parting is not None:
        _print_parting(one, one.parting, most)
    if not one.same:
        rows = [
            (name, str(rounds), rate(before), rate(after))
            for name, rounds, before, after in zip(
                (one.first, one.second), one.rounds, one.before, one.after, strict=True
            )
        ]
        columns = ("run:", "rounds", "while equal", "afterwards")
        console.print(table("Cooperation", columns, rows))


def _contrasts(
    title: str, one: Divergence, found: Sequence[FactDifference], most: int | None
) -> None:
    rows = [(each.what, each.first, each.second) for each in found[:most]]
    if most is not None:
        cut = partial(shorten, width=SHORT, placeholder="…")
        rows = [(what, cut(first), cut(second)) for what, first, second in rows]
    if rows:
        console.print(table(title, ("what:", f"{one.first}:", f"{one.second}:"), rows))
    if len(found) > len(rows):
        _say(f"and {len(found) - len(rows)} more (--all)")


def _print_parting(both: Divergence, one: Parting, most: int | None) -> None:
    _title(f"The first difference: round {one.round}, event {one.event}")
    _say(f"{both.first}: {one.first_told}", indent=2)
    _say(f"{both.second}: {one.second_told}", indent=2)
    if one.unknown is not None:
        _say(f"What was asked is not known: {one.unknown}")
    for compared in one.decisions:
        _print_compared(both, compared, most)
    if one.root is not None and one.root not in one.decisions:
        _title("The first question or answer that differs")
        _print_compared(both, one.root, most)


def _print_compared(both: Divergence, one: DecisionPair, most: int | None) -> None:
    asked = one.first or one.second
    if asked is None:
        return
    console.print(f"\n{asked.decision}", style="bold", soft_wrap=True)
    _say(one.verdict, indent=2)
    for name, choice in ((both.first, one.first), (both.second, one.second)):
        if choice is not None:
            said = f"missing: {choice.missing}" if choice.missing else _json(choice.answer)
            _say(f"{name} answered {said}", indent=2)
    _say(*one.prompts[:most], indent=4, style="cyan")
    if most is not None and len(one.prompts) > most:
        _say(f"and {len(one.prompts) - most} more lines (--all)", indent=4)
    for name, only in ((both.first, one.only_first), (both.second, one.only_second)):
        _say(*(f"only in {name}: {each}" for each in only[:most]), indent=4, style="green")


def _title(text: str) -> None:
    console.print(f"\n{text}", style="bold", soft_wrap=True)


def _say(*lines: str, indent: int = 0, style: str = "") -> None:
    """Print lines that keep their indent where they are broken; names stay whole."""
    for line in lines:
        text = textwrap.fill(
            line,
            console.width,
            initial_indent=" " * indent,
            subsequent_indent=" " * (indent + 2),
            break_long_words=False,
            break_on_hyphens=False,
        )
        console.print(text, style=style, soft_wrap=True)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
