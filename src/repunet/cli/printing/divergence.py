"""Text of the difference between two runs."""

from collections.abc import Sequence
from functools import partial
from textwrap import shorten

from repunet.cli.printing.console import console, print_lines, print_title
from repunet.cli.printing.formats import as_json, rate
from repunet.cli.printing.tables import table
from repunet.tracing.divergence import DecisionPair, Divergence, FactDifference, Parting

SHORT = 120
"""Characters of what a run was founded on, where not all is asked for."""


def print_divergence(one: Divergence, most: int | None) -> None:
    """Print where two runs begin to differ, and why; of each list as many as asked for."""
    names, equal = f"{one.first} and {one.second}", one.equal_rounds
    if one.same:
        print_lines(f"{names} are the same run, of {equal} rounds")
    elif one.parting is None:
        print_lines(f"{names} are equal in all {equal} rounds that both have")
    else:
        print_lines(f"{names} are equal for {equal} rounds, then differ")
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
        print_lines(f"and {len(found) - len(rows)} more (--all)")


def _print_parting(both: Divergence, one: Parting, most: int | None) -> None:
    print_title(f"The first difference: round {one.round}, event {one.event}")
    print_lines(f"{both.first}: {one.first_told}", indent=2)
    print_lines(f"{both.second}: {one.second_told}", indent=2)
    if one.unknown is not None:
        print_lines(f"What was asked is not known: {one.unknown}")
    for compared in one.decisions:
        _print_compared(both, compared, most)
    if one.root is not None and one.root not in one.decisions:
        print_title("The first question or answer that differs")
        _print_compared(both, one.root, most)


def _print_compared(both: Divergence, one: DecisionPair, most: int | None) -> None:
    asked = one.first or one.second
    if asked is None:
        return
    console.print(f"\n{asked.decision}", style="bold", soft_wrap=True)
    print_lines(one.verdict, indent=2)
    for name, choice in ((both.first, one.first), (both.second, one.second)):
        if choice is not None:
            said = f"missing: {choice.missing}" if choice.missing else as_json(choice.answer)
            print_lines(f"{name} answered {said}", indent=2)
    print_lines(*one.prompts[:most], indent=4, style="cyan")
    if most is not None and len(one.prompts) > most:
        print_lines(f"and {len(one.prompts) - most} more lines (--all)", indent=4)
    for name, only in ((both.first, one.only_first), (both.second, one.only_second)):
        print_lines(*(f"only in {name}: {each}" for each in only[:most]), indent=4, style="green")
