"""What a run asked of language models, and what that cost."""

from dataclasses import dataclass, replace

from repunet.analysis.costs import Cost, costs, total
from repunet.record.attempts import SINCE
from repunet.record.journal import Journal


@dataclass(frozen=True, slots=True)
class Expenses:
    """The bill of a run, in all, by question and by agent."""

    total: Cost
    by_operation: tuple[Cost, ...]
    by_agent: tuple[Cost, ...]
    """By name."""
    inherited: int
    """Requests of the run that this one was forked from: they are not on the bill."""


def expenses(journal: Journal) -> Expenses:
    """Return what was asked, in a round that is not committed too."""
    names = {persona.id: persona.name for persona in journal.manifest.personas}
    by_agent = [replace(cost, of=names.get(cost.of, cost.of)) for cost in costs(journal, "agent")]
    return Expenses(
        total=total(journal),
        by_operation=tuple(costs(journal, "operation")),
        by_agent=tuple(by_agent),
        inherited=_inherited(journal),
    )


def _inherited(journal: Journal) -> int:
    if journal.schema < SINCE:
        return 0
    ((count,),) = journal.rows("SELECT count(*) FROM attempts WHERE inherited")
    return int(count)
