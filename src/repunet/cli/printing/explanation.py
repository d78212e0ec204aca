"""Text of the explanation of a decision."""

from collections.abc import Sequence

from repunet.cli.printing.console import console, print_lines, print_title
from repunet.cli.printing.formats import as_json, money
from repunet.cli.printing.tables import table
from repunet.questions.coordinate import Coordinate
from repunet.tracing.provenance import Explanation, Later
from repunet.tracing.provenance.asked import TracedAttempt
from repunet.tracing.provenance.parts import PromptPart
from repunet.tracing.provenance.sources import PartSource


def print_explanation(one: Explanation, most: int | None) -> None:
    """Print the explanation of a decision, with as many later ones as asked for."""
    console.print(one.decision, style="bold", soft_wrap=True)
    about = f" about {one.target}" if one.target and one.target != one.actor else ""
    print_lines(f"{one.name} ({one.actor}, {one.role}) was asked {one.operation}{about}.")
    print_lines(f"round {one.round} of {one.run}; treatment: {one.treatment}; mind: {one.mind}")
    if one.missing is not None:
        print_lines(f"There is no answer: {one.missing}")
    else:
        print_lines(f"Answer: {as_json(one.answer)}")
    if one.part_of is not None:
        print_lines(f"It is a part of one answer to several questions, {one.part_of}, shown here.")
    if one.parts:
        print_lines("Its answer has the parts:", *one.parts)
    _print_prompt(one)
    _print_attempts(one)
    _print_effects(one, most)


def _print_prompt(one: Explanation) -> None:
    for seat in ("system", "user"):
        print_title(f"What it saw: {seat} prompt, wording {one.wording}")
        place = ""
        blocks: tuple[str, ...] = ()
        for part in (each for each in one.shows if each.of == seat):
            if part.template != place:
                print_lines(part.template, style="dim")
            if part.blocks not in ((), blocks):
                print_lines(_blocks(part), indent=2, style="cyan")
            place, blocks = part.template, part.blocks
            _print_part(part, one.sources)
    if one.as_sent is False:
        print_lines(
            "This is not what was sent: templates have changed since. What was sent: --json"
        )
    others = [each.what for each in one.sources if each.kind == "match"]
    print_lines(*(f"It was asked because {each}." for each in others))
    if one.besides:
        met = len(one.besides)
        print_lines(f"A mind that reads no prompt may also have known {met} older meetings.")


def _blocks(part: PromptPart) -> str:
    switches = ", ".join(f"{name}={value}" for name, value in part.switches.items())
    return f"[{'; '.join(part.blocks)}] by {switches}"


def _print_part(part: PromptPart, sources: Sequence[PartSource]) -> None:
    for line in part.text.splitlines():
        print_lines(f"| {line}" if part.blocks else line, indent=4)
    for number in part.sources:
        _print_source(sources[number])


def _print_source(source: PartSource) -> None:
    when = f"round {source.round}" if source.round else "from the start"
    print_lines(f"= {source.what} ({when})", indent=6, style="green")
    for decision in source.decisions:
        print_lines(f"decided in {decision}", indent=8, style="green")
    named = {Coordinate.parse(decision).unit for decision in source.decisions}
    for cause in (each for each in source.because if each not in named):
        print_lines(f"because of {cause}", indent=8, style="green")


def _print_attempts(one: Explanation) -> None:
    if not one.attempts:
        return
    columns = ("id", "kind:", "model:", "status:", "in", "out", "cost", "seconds")
    console.print(table("What was asked for it", columns, [_row(a) for a in one.attempts]))
    for each in one.attempts:
        if each.why:
            print_lines(f"{each.id}: {each.why}")
    if one.raw is not None:
        print_title(f"What was said, read as {one.parsing}" if one.parsing else "What was said")
        print_lines(*one.raw.splitlines(), indent=4)


def _row(one: TracedAttempt) -> tuple[str, ...]:
    marks = ("set aside" if one.stale else "", "inherited" if one.inherited else "")
    status = ", ".join(filter(None, (one.status, *marks)))
    counts = (str(n) if n is not None else "" for n in (one.input, one.output))
    seconds = "" if one.latency is None else f"{one.latency:.2f}"
    return (str(one.id), one.kind, one.model, status, *counts, money(one.dollars), seconds)


def _print_effects(one: Explanation, most: int | None) -> None:
    print_title("What came of it")
    for effect in one.effects:
        print_lines(f"round {effect.round}, event {effect.event}: {effect.what}", indent=2)
    if not one.effects:
        print_lines("No event: at most words that were passed on.", indent=2)
    print_title(f"Later decisions that saw it ({len(one.later)})")
    for later in one.later[:most]:
        _print_later(later)
    if not one.later:
        print_lines("None.", indent=2)
    if most is not None and len(one.later) > most:
        print_lines(f"and {len(one.later) - most} more (--all)", indent=2)


def _print_later(later: Later) -> None:
    steps = f" ({later.depth} steps on)" if later.depth > 1 else ""
    print_lines(f"{later.decision}{steps}", indent=2)
    print_lines(*later.shown, indent=6, style="green")
