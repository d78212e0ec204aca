"""Commands of `prompts`: an example of a question, and the difference of two treatments."""

from collections.abc import Sequence
from typing import Annotated

from cyclopts import App, Parameter

from repunet.cli.options import Json, Whole
from repunet.cli.printing.console import console, print_json
from repunet.cli.printing.tables import table
from repunet.errors import RepuNetError
from repunet.prompts import wordings
from repunet.record.notes import PLAIN
from repunet.scenarios import scenario as find_scenario
from repunet.scenarios import scenarios
from repunet.tracing.certificate import PromptComparison, compare, example
from repunet.world.treatment import treatment as find_treatment

Wording = Annotated[str, Parameter(name="--prompts", help=f"Wording: {', '.join(wordings())}.")]


Seed = Annotated[Whole, Parameter(help="Random seed of the society that examples are from.")]


CERTIFIED = (
    "Certificate: in all {} questions the two differ in these declared blocks and in nothing else."
)


prompts = App(name="prompts", help="Show what agents are asked, and how treatments differ in it.")


@prompts.command
def show(
    scenario: str,
    operation: str,
    /,
    *,
    treatment: Annotated[str, Parameter(help="Treatment of the society.")] = "full",
    wording: Wording = PLAIN,
    seed: Seed = 1,
    json: Json = False,
) -> None:
    """Print an example of a question, as an agent in a small society is asked it.

    Parameters
    ----------
    scenario
        Name of a dilemma, such as pd.
    operation
        Name of a question, such as ChooseMove.
    """
    arm = find_treatment(treatment)
    prompt = example(find_scenario(scenario), operation, arm, wording, seed)
    if json:
        print_json(prompt)
        return
    for part, text in (("system", prompt.system), ("user", prompt.user)):
        console.rule(part, align="left")
        console.print(text, soft_wrap=True)


@prompts.command
def diff(
    first: str,
    second: str,
    /,
    *,
    scenario: Annotated[str | None, Parameter(help="Name of a dilemma; default all.")] = None,
    wording: Wording = PLAIN,
    seed: Seed = 1,
    json: Json = False,
) -> None:
    """Print exactly the blocks in which two treatments differ, for every question: the certificate.

    It is also checked that they differ in nothing else; code 1, and the line, if they do.

    Parameters
    ----------
    first
        Name of a treatment, such as full.
    second
        Name of another one, such as no-gossip.
    """
    one, other = find_treatment(first), find_treatment(second)
    dilemmas = list(scenarios().values()) if scenario is None else [find_scenario(scenario)]
    found = [compare(dilemma, one, other, wording, seed) for dilemma in dilemmas]
    flat = tuple(comparison for comparisons in found for comparison in comparisons)
    if json:
        print_json(flat)
    else:
        for dilemma, comparisons in zip(dilemmas, found, strict=True):
            _print(f"{dilemma.name}: {one.label} and {other.label}, {wording}", comparisons)
        console.print("Tokens are an estimate: characters by four. Texts come from an example.")
    _certify(flat)
    if not json:
        console.print(CERTIFIED.format(len(flat)))


def _print(title: str, comparisons: Sequence[PromptComparison]) -> None:
    rows = [row for comparison in comparisons for row in _rows(comparison)]
    columns = ("question:", "only in:", "block:", "tokens", "text:")
    console.print(table(title, columns, rows))


def _rows(one: PromptComparison) -> list[tuple[str, ...]]:
    if one.only_in is not None:
        return [(one.operation, one.only_in, "(the whole question)", "", "")]
    rows: list[tuple[str, ...]] = [
        (one.operation, each.treatment, each.name, str(each.tokens), " ".join(each.text.split()))
        for each in one.blocks
    ]
    return rows or [(one.operation, "", "(no difference)", "", "")]


def _certify(comparisons: Sequence[PromptComparison]) -> None:
    for each in comparisons:
        if each.undeclared:
            raise RepuNetError(
                f"{each.scenario}, {each.operation}: the two differ outside their declared "
                f"blocks: {each.undeclared[0]!r}"
            )
