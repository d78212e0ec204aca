"""The ties of a society as a graph: of networkx, or as GraphML for any other program."""

from pathlib import Path
from typing import Any

from repunet.analysis.snapshot import AgentRow, Snapshot
from repunet.analysis.tables.building import ties
from repunet.analysis.tables.files import about, drafted, make_room
from repunet.analysis.tables.history import History
from repunet.record.journal import Journal
from repunet.system.extras import library


def graph(journal: Journal, round_: int | None = None) -> Any:
    """Return a networkx.DiGraph of the ties that stand after a round, by default the last one.

    A node has name, disposition, mind, wealth and encounters, and as far as they are known
    standing, observers and cooperation. An edge leads from ego to alter; it has `roles`, those of
    alter with commas between them, and `since`, the first round in which one of them was formed.
    """
    snapshot = Snapshot(journal, round_)
    history = History(journal, snapshot.round)
    made = library("networkx").DiGraph(**about(history))
    for row in snapshot.rows():
        made.add_node(row.id, **_node(row))
    for spell in ties(history):
        if spell.until_round is None:
            before = made.get_edge_data(spell.ego, spell.alter, {})
            roles = [before["roles"], spell.role] if before else [spell.role]
            since = min(spell.from_round, before.get("since", spell.from_round))
            made.add_edge(spell.ego, spell.alter, roles=",".join(roles), since=since)
    return made


def _node(row: AgentRow) -> dict[str, Any]:
    facts = {
        "name": row.name,
        "disposition": row.disposition,
        "mind": row.mind,
        "wealth": row.wealth,
        "encounters": row.encounters,
        "cooperation": row.cooperation,
        "standing": row.standing,
        "observers": row.observers,
    }
    return {name: value for name, value in facts.items() if value is not None}


def write_graph(made: Any, path: Path, *, force: bool = False) -> None:
    """Write a graph as GraphML, whole or not at all; raises UsageError if the file is there."""
    make_room([path], force=force)
    with drafted(path) as draft:
        library("networkx").write_graphml(made, draft)
