"""Tables of a run: plain rows, each with its place in the run file."""

from repunet.analysis.tables import building, rows
from repunet.analysis.tables.columns import Column, Json, Kind, Row, Table
from repunet.analysis.tables.history import History

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        Table("agents", rows.AgentTableRow, building.agents),
        Table("rounds", rows.RoundPlayed, building.rounds),
        Table("encounters", rows.Seat, building.encounters),
        Table("choices", rows.ChoiceRow, building.choices),
        Table("payoffs", rows.Payoff, building.payoffs),
        Table("reputations", rows.Record, building.reputations),
        Table("standings", rows.Standing, building.standings),
        Table("self_images", rows.SelfImage, building.self_images),
        Table("ties", rows.TieSpell, building.ties),
        Table("gossip", rows.GossipRow, building.gossip),
        Table("untold", rows.Untold, building.untold),
        Table("decisions", rows.DecisionRow, building.decisions),
        Table("missing", rows.MissingDecision, building.missing),
        Table("attempts", rows.AttemptRow, building.attempts),
    )
}
"""Every table there is, by name."""

__all__ = ["TABLES", "Column", "History", "Json", "Kind", "Row", "Table"]
