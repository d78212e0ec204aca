"""Tables of a society, and of one agent, after a round."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from shlex import quote

from rich.console import RenderableType

from repunet.analysis.snapshot import AgentSnapshot, GossipSummary, Held, Meeting, Snapshot
from repunet.analysis.summary import Summary
from repunet.cli.printing.console import console, say
from repunet.cli.printing.formats import disclaimer, money, part, rate, signed, spelled
from repunet.cli.printing.tables import fitted, table
from repunet.record.storage import called

LATEST = 5
"""How many versions, meetings and pieces of gossip are printed; --all and --json have all."""


def print_society(snapshot: Snapshot, summary: Summary) -> None:
    """Print a society after a round, a row for each agent."""
    everyone = snapshot.rows()
    columns = {
        "name:": [r.name for r in everyone],
        "mind:": [r.mind for r in everyone],
        "disposition:": [spelled(r.disposition) for r in everyone],
        "wealth": [f"{r.wealth:g}" for r in everyone],
        "coop.": [rate(r.cooperation) for r in everyone],
        "standing": [signed(r.standing) for r in everyone],
        "known by": [str(r.observers) for r in everyone],
        "ties to": [str(r.ties_to) for r in everyone],
        "tied by": [str(r.tied_by) for r in everyone],
    }
    if len(set(columns["mind:"])) == 1:
        del columns["mind:"]
    title = (
        f"{summary.name}: {summary.scenario}, {summary.treatment}, seed {summary.seed}, "
        f"after round {snapshot.round} of {summary.planned}"
    )
    spare = ("known by", "tied by", "ties to")
    console.print(fitted(title, columns, spare))
    say(f"{disclaimer(summary.mind)} Missing decisions: {summary.missing} of {summary.decisions}.")
    if summary.calls:
        say(_spent(summary))
    whom = f"{called(Path(summary.path))} --agent {quote(everyone[0].name)}"
    say(f"One agent: repunet show {whom}", unbroken=True)


def _spent(summary: Summary) -> str:
    """Return what a run has asked of language models."""
    cached = "" if summary.cached is None else f" ({part(summary.cached)} of those in from a cache)"
    price = money(summary.dollars)
    return (
        f"Asked of language models: {summary.calls:,} calls, {summary.tokens:,} tokens{cached}, "
        f"cost {price}."
    )


def print_agent(one: AgentSnapshot, latest: int | None) -> None:
    """Print an agent after a round, with its latest history or all of it."""
    console.print(f"{one.name} ({one.id}), after round {one.round}; mind: {one.mind}", style="bold")
    for role, text in one.description.items():
        say(f"as {role} ({spelled(one.disposition)}): {text}")
    for role, text in one.self_image.items():
        say(f"self-image as {role}: {text}")
    standing = ", ".join(f"{role} {signed(score)}" for role, score in one.standing.items())
    say(
        f"wealth {one.wealth:g}; standing: {standing}; ties to {_names(one.ties_to)}; tied by "
        f"{_names(one.tied_by)}"
    )
    console.print(_records("Reputations it holds", one.holds, "of", latest))
    console.print(_records("Reputations held about it", one.held_about, "by", latest))
    console.print(_meetings(one.meetings, latest))
    gossip = {
        "Gossip it told": one.told,
        "Gossip it heard": one.heard,
        "Gossip about it": one.talked_about,
    }
    for title, pieces in gossip.items():
        if pieces:
            console.print(_pieces(title, pieces, latest))
    if one.untold:
        say(f"Wanted to talk and had nobody to tell: {one.untold} in all.")


def _names(names: Iterable[str]) -> str:
    return ", ".join(names) or "nobody"


def _records(title: str, held: Iterable[Held], whose: str, latest: int | None) -> RenderableType:
    rows = [
        (
            each.target if whose == "of" else each.observer,
            signed(each.current.reputation.score),
            each.current.reputation.text,
            _history(each, latest),
        )
        for each in held
    ]
    return table(title, (f"{whose}:", "score", "in words:", "history, causes:"), rows)


def _history(held: Held, latest: int | None) -> str:
    """Return the versions, newest first: round, score, cause and what is behind it."""
    shown = held.versions[::-1][:latest]
    lines = [
        f"r{version.round} {signed(version.reputation.score)} {version.cause}: "
        f"{', '.join(version.because)}"
        for version in shown
    ]
    earlier = len(held.versions) - len(shown)
    return "\n".join([*lines, f"and {earlier} earlier (--all)"] if earlier else lines)


def _meetings(meetings: Sequence[Meeting], latest: int | None) -> RenderableType:
    shown = meetings[::-1][:latest]
    rows = [
        (str(met.round), met.story, f"{met.payoff:g}", "yes" if met.knew_before else "no")
        for met in shown
    ]
    title = f"Meetings, newest first ({len(shown)} of {len(meetings)})"
    return table(title, ("round", "story:", "payoff", "knew of them:"), rows)


def _pieces(title: str, pieces: Sequence[GossipSummary], latest: int | None) -> RenderableType:
    shown = pieces[::-1][:latest]
    rows = [
        (
            str(piece.round),
            f"{piece.told_by} to {piece.heard_by} about {piece.about}",
            piece.said,
            signed(piece.valence),
            piece.credibility,
        )
        for piece in shown
    ]
    columns = ("round", "who:", "said:", "valence", "found:")
    return table(f"{title}, newest first ({len(shown)} of {len(pieces)})", columns, rows)
