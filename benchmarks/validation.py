"""Write docs/validation.md: what `repunet validate` finds here (`make validation`)."""

import sys
from pathlib import Path

from repunet.cli.commands.validate import TITLES, WORKERS, Verdict, checked, columns, every, made_by
from repunet.validation.check import FAMILIES, Check, Family

PAGE = Path(__file__).parents[1] / "docs" / "validation.md"
HEAD = """\
<!-- Made by `make validation`. -->

# Validation

What RepuNet's own rounds give, beside results that nobody here wrote.
[Validate an installation](how-to/validate.md) tells what is checked, and how to do so yourself.
This page has what `{command}` found with seed {seed}: {met} of {gates} checks that must be met are.
"""


def page(verdict: Verdict) -> str:
    """Return the page: a table for each family, with every check and its note."""
    checks = every(verdict.parts)
    gates = [each for each in checks if each.gate]
    head = HEAD.format(
        command="repunet validate --full" if verdict.full else "repunet validate",
        seed=verdict.seed,
        met=sum(each.passed for each in gates),
        gates=len(gates),
    )
    return "\n".join([head, *(section(family, checks) for family in FAMILIES)])


def section(family: Family, checks: list[Check]) -> str:
    """Return the table of one family, and which minds made it."""
    chosen = [each for each in checks if each.family == family]
    shown = {name.strip(":"): cells for name, cells in columns(chosen).items()}
    shown["note"] = [each.note for each in chosen]
    rows = [f"| {' | '.join(row)} |" for row in zip(*shown.values(), strict=True)]
    rule = "|".join("---" for _ in shown)
    return "\n".join(
        [
            f"## {TITLES[family]}",
            "",
            f"| {' | '.join(shown)} |",
            f"|{rule}|",
            *rows,
            "",
            f"M{made_by(chosen)[1:]}",
            "",
        ]
    )


if __name__ == "__main__":
    full = "--full" in sys.argv[1:]
    PAGE.write_text(page(checked("", full=full, seed=1, workers=WORKERS, quiet=False)))
