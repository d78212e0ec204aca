"""Commands that look: `runs`, `show` and `digest`. They never change anything."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.table import Table

from repunet.analysis.portrait import Gallery, Held, Meeting, Piece, Portrait
from repunet.analysis.summary import Summary, summarise
from repunet.cli.output import console, disclaimer, print_json, rate, signed, table
from repunet.cli.play import Json, Storage
from repunet.errors import RepuNetError
from repunet.journal import Journal
from repunet.storage import home, locate, run_files

LATEST = 5
"""How many versions, meetings and pieces of gossip are printed; --all and --json have all."""


def runs(*, storage: Storage = None, json: Json = False) -> None:
    """List the runs there are, with where they stand."""
    found = [_summary(path) for path in run_files(storage)]
    if json:
        print_json(tuple(each for each in found if isinstance(each, Summary)))
        return
    if not found:
        console.print(f"no runs in {home(storage)}; to begin one: repunet run pd", markup=False)
        return
    good = [each for each in found if isinstance(each, Summary)]
    rows = [
        (s.name, s.scenario, s.treatment, s.mind, str(s.agents), str(s.seed),
         f"{s.rounds}/{s.planned}", rate(s.headline), str(s.missing))
        for s in good
    ]  # fmt: skip
    columns = (
        "run:", "scenario:", "treatment:", "mind:", "agents", "seed", "rounds", "last 5",
        "missing",
    )  # fmt: skip
    console.print(table(f"Runs in {home(storage)}", columns, rows))
    for complaint in found:
        if isinstance(complaint, str):
            console.print(complaint, markup=False)


def _summary(path: Path) -> Summary | str:
    try:
        with Journal.open(path) as journal:
            return summarise(journal)
    except RepuNetError as error:
        return str(error)


def digest(
    run: str,
    /,
    *,
    round: Annotated[int | None, Parameter(help="Of its first rounds only.")] = None,
    storage: Storage = None,
) -> None:
    """Print the hash that two runs share exactly when they are the same run.

    Parameters
    ----------
    run
        Its name, or the path of its folder or file.
    """
    with Journal.open(locate(run, storage)) as journal:
        console.print(journal.digest(round))


def show(
    run: str,
    /,
    *,
    round: Annotated[int | None, Parameter(help="After which round; default the last.")] = None,
    agent: Annotated[str | None, Parameter(help="Whom to show, by name or id.")] = None,
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
        gallery = Gallery(journal, round)
        summary = summarise(journal)
        if agent is not None:
            portrait = gallery.portrait(gallery.find(agent))
            print_json(portrait) if json else _print_portrait(portrait, None if all_ else LATEST)
        elif json:
            print_json(gallery.residents())
        else:
            _print_society(gallery, summary)


def _print_society(gallery: Gallery, summary: Summary) -> None:
    residents = gallery.residents()
    mixed = len({each.mind for each in residents}) > 1
    rows = [
        (r.name, *([r.mind] if mixed else []), r.disposition.replace("_", "-"), f"{r.wealth:g}",
         rate(r.cooperation), signed(r.standing), str(r.observers), str(r.ties_to), str(r.tied_by))
        for r in residents
    ]  # fmt: skip
    columns = (
        "name:", *(["mind:"] if mixed else []), "disposition:", "wealth", "cooperation",
        "standing", "known by", "ties", "tied by",
    )  # fmt: skip
    title = (
        f"{summary.name}: {summary.scenario}, {summary.treatment}, seed {summary.seed}, "
        f"after round {gallery.round} of {summary.rounds}"
    )
    console.print(table(title, columns, rows))
    console.print(
        f"{disclaimer(summary.mind)} Missing decisions: {summary.missing}. One agent: "
        f'repunet show {summary.name} --agent "{residents[0].name}"',
        markup=False,
    )


def _print_portrait(one: Portrait, latest: int | None) -> None:
    say = console.print
    say(f"[bold]{one.name}[/bold] ({one.id}), after round {one.round}; mind: {one.mind}")
    for role, text in one.description.items():
        say(f"as {role} ({one.disposition}): {text}", markup=False)
    for role, text in one.self_image.items():
        say(f"self-image as {role}: {text}", markup=False)
    standing = ", ".join(f"{role} {signed(score)}" for role, score in one.standing.items())
    say(f"wealth {one.wealth:g}; standing: {standing}; ties to {_names(one.ties_to)}; tied by "
        f"{_names(one.tied_by)}", markup=False)  # fmt: skip
    say(_records("Reputations it holds", one.holds, "of", latest))
    say(_records("Reputations held about it", one.held_about, "by", latest))
    say(_meetings(one.meetings, latest))
    say(_pieces("Gossip it told", one.told, latest))
    say(_pieces("Gossip it heard", one.heard, latest))
    say(_pieces("Gossip about it", one.talked_about, latest))
    if one.untold:
        say(f"{one.untold} times it wanted to talk and had nobody to tell.")


def _names(names: Iterable[str]) -> str:
    return ", ".join(names) or "nobody"


def _records(title: str, held: Iterable[Held], whose: str, latest: int | None) -> Table:
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


def _meetings(meetings: Sequence[Meeting], latest: int | None) -> Table:
    shown = meetings[::-1][:latest]
    rows = [
        (str(met.round), met.story, f"{met.payoff:g}", "yes" if met.knew_before else "no")
        for met in shown
    ]
    title = f"Meetings, newest first ({len(shown)} of {len(meetings)})"
    return table(title, ("round", "story:", "payoff", "knew of them:"), rows)


def _pieces(title: str, pieces: Sequence[Piece], latest: int | None) -> Table:
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
