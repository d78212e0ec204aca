"""Gossip as it went round: who told whom what about whom, and what the target had really done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from repunet.analysis.report.rows import People, Who, grouped, rows
from repunet.analysis.tables.frames import Frames
from repunet.world.gossip import LIKERT


@dataclass(frozen=True, slots=True)
class Truth:
    """Act of the target in the encounter that a piece of gossip is about."""

    outcome: str
    move: str | None
    cooperation: float | None
    valence: float | None
    """How good or bad a partner finds the act, before any excuse."""


@dataclass(frozen=True, slots=True)
class ToldPieceRow:
    """One piece as its listener heard it, and what the listener passed on of it."""

    hop: int
    gossiper: Who
    listener: Who
    said: str
    text: str
    valence: float
    sense: str | None
    credibility: str
    onward: tuple["ToldPieceRow", ...]


@dataclass(frozen=True, slots=True)
class Thread:
    """Gossip about one agent's part in one encounter."""

    encounter: str
    target: Who
    role: str
    truth: Truth | None
    """None where the encounter is not known, as where a choice is talked about."""
    tellings: tuple[ToldPieceRow, ...]
    pieces: int


@dataclass(frozen=True, slots=True)
class RoundOfTalk:
    """The gossip of one round."""

    round: int
    threads: tuple[Thread, ...]
    pieces: int


@dataclass(frozen=True, slots=True)
class Talk:
    """The gossip of a run: the latest rounds of it, as far as a page can hold it."""

    rounds: tuple[RoundOfTalk, ...]
    """The latest first."""
    pieces: int
    """Pieces that were heard, in all rounds."""
    shown: int
    passed_on: int
    """Of all pieces, those of second or later order."""
    untold: int
    """Wishes to talk that found no listener."""

    @property
    def more(self) -> int:
        """Return how many pieces are not shown."""
        return self.pieces - self.shown


def talk(frames: Frames, people: People, most: int) -> Talk:
    """Return gossip by round, the latest rounds first, and not many more pieces than that."""
    pieces = list(rows(frames["gossip"]))
    truths = _truths(frames)
    found: list[RoundOfTalk] = []
    for number, heard in sorted(grouped(pieces, "round").items(), reverse=True):
        if found and sum(each.pieces for each in found) + len(heard) > most:
            break
        found.append(_round(number, heard, people, truths))
    return Talk(
        rounds=tuple(found),
        pieces=len(pieces),
        shown=sum(each.pieces for each in found),
        passed_on=sum(piece.order > 1 for piece in pieces),
        untold=len(frames["untold"]),
    )


def _truths(frames: Frames) -> dict[tuple[str, str, str], Truth]:
    talked = frames["encounters"]
    talked = talked[talked.encounter.isin(set(frames["gossip"].encounter))]
    return {
        (seat.encounter, seat.agent, seat.role): Truth(
            seat.outcome, seat.move, seat.cooperation, seat.valence
        )
        for seat in rows(talked)
    }


def _round(
    number: int,
    heard: Sequence[Any],
    people: People,
    truths: Mapping[tuple[str, str, str], Truth],
) -> RoundOfTalk:
    threads = tuple(
        Thread(
            encounter=encounter,
            target=people[target],
            role=role,
            truth=truths.get((encounter, target, role)),
            tellings=_told(pieces, people),
            pieces=len(pieces),
        )
        for (encounter, target, role), pieces in grouped(
            heard, "encounter", "target", "role"
        ).items()
    )
    return RoundOfTalk(number, threads, len(heard))


def _told(pieces: Sequence[Any], people: People) -> tuple[ToldPieceRow, ...]:
    """Return the first tellings of a thread, each with what followed from it.

    What was passed on by somebody whose own hearing of it is not known begins a line of its own.
    """
    told = grouped(pieces, "path")
    heard = {(*piece.path, piece.listener) for piece in pieces}

    def telling(piece: Any) -> ToldPieceRow:
        onward = told.get((*piece.path, piece.listener), ())
        return ToldPieceRow(
            hop=piece.order,
            gossiper=people[piece.gossiper],
            listener=people[piece.listener],
            said=piece.said,
            text=piece.text,
            valence=piece.valence,
            sense=piece.sense,
            credibility=LIKERT[piece.credibility],
            onward=tuple(map(telling, onward)),
        )

    return tuple(telling(piece) for piece in pieces if piece.path not in heard)
