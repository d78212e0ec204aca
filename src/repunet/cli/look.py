"""Commands that look: `runs`, `show` and `digest`. They never change anything."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from shlex import quote
from typing import Annotated

from cyclopts import Parameter
from rich.console import RenderableType

from repunet.analysis.snapshot import AgentSnapshot, GossipSummary, Held, Meeting, Snapshot
from repunet.analysis.summary import Summary, summarise
from repunet.cli.options import Json, Storage, Whole
from repunet.cli.output import (
    console,
    disclaimer,
    fitted,
    money,
    part,
    print_json,
    rate,
    say,
    signed,
    spelled,
    table,
)
from repunet.errors import RepuNetError, UsageError
from repunet.record.journal import Journal
from repunet.record.storage import called, home, locate, option, run_files

LATEST = 5
"""How many versions, meetings and pieces of gossip are printed; --all and --json have all."""


def runs(*, storage: Storage = None, json: Json = False) -> None:
    """List the runs there are, with where they stand."""
    files = run_files(storage)
    if storage is not None and not storage.is_dir():
        raise UsageError(f"there is no folder {storage}: check --storage")
    found = [_summary(path) for path in files]
    good = [each for each in found if isinstance(each, Summary)]
    if json:
        print_json(tuple(good))
        return
    if not found:
        say(f"no runs in {home(storage)}; to begin one: repunet run pd{option(storage)}")
        return
    columns = {
        "run:": [s.name for s in good],
        "scenario:": [s.scenario for s in good],
        "treatment:": [s.treatment for s in good],
        "mind:": [s.mind for s in good],
        "agents": [str(s.agents) for s in good],
        "seed": [str(s.seed) for s in good],
        "rounds": [f"{s.rounds}/{s.planned}" for s in good],
        "last 5": [rate(s.headline) for s in good],
        "missing": [str(s.missing) for s in good],
    }
    spare = ("seed", "agents")
    console.print(fitted(f"Runs in {home(storage)}", columns, spare))
    for complaint in found:
        if isinstance(complaint, str):
            say(complaint)


def _summary(path: Path) -> Summary | str:
    try:
        with Journal.open(path) as journal:
            return summarise(journal)
    except RepuNetError as error:
        return str(error)
    except OSError as error:
        return f"{path} can't be read ({error.strerror})"


def digest(
    run: str,
    /,
    *,
    round: Annotated[Whole | None, Parameter(help="Of its first rounds only.")] = None,
    storage: Storage = None,
    json: Json = False,
) -> None:
    """Print the hash that two runs share exactly when they are the same run.

    Parameters
    ----------
    run
        Its name, or the path of its folder or file.
    """
    with Journal.open(locate(run, storage)) as journal:
        digest = journal.digest(round)
        if json:
            at = journal.rounds if round is None else round
            print_json({"name": journal.path.parent.name, "round": at, "digest": digest})
        else:
            say(digest, unbroken=True)


def show(
    run: str,
    /,
    *,
    round: Annotated[Whole | None, Parameter(help="Round to show; default the last.")] = None,
    agent: Annotated[str | None, Parameter(help="Agent to show, by name or id.")] = None,
    all_: Annotated[
        bool, Parameter(name="--all", negative="", help="All of its history, not the latest.")
    ] = False,
    storage: Storage = None,
    json: Json = False,
) -> None:
    """Show a society, or one of its agents, as it stood after any of its rounds.

    Parameters
    ----------
    run
        Its name, or the path of its folder or file.
    """
    with Journal.open(locate(run, storage)) as journal:
        snapshot = Snapshot(journal, round)
        summary = summarise(journal)
        if agent is not None:
            one = snapshot.of(snapshot.find(agent))
            print_json(one) if json else _print_agent(one, None if all_ else LATEST)
        elif json:
            print_json(snapshot.rows())
        else:
            _print_society(snapshot, summary)


def _print_society(snapshot: Snapshot, summary: Summary) -> None:
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


def _print_agent(one: AgentSnapshot, latest: int | None) -> None:
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
