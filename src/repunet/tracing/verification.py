"""Verification: whether a run file is sound, as far as that can be told without playing."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeAlias

from repunet.errors import RepuNetError, UsageError
from repunet.record.attempts import ANSWERED, INVALID, SINCE, address
from repunet.record.changes import changes, origin
from repunet.record.checksum import FACTS, ROUND, of_facts, of_round
from repunet.record.journal import UNREADABLE, Journal, link
from repunet.record.safe_opening import unpacked
from repunet.world.event import EVENT, DecisionMissing, Event, RoundBegan


@dataclass(frozen=True, slots=True)
class CheckFinding:
    """Result of one check of a run file."""

    what: str
    count: int
    """How many of them were looked at."""
    wrong: tuple[str, ...] = ()
    """A line for each thing that is wrong, with its place."""
    unchecked: str = ""
    """What can't be checked there, and why."""


MISREAD = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What comes of taking things for what they are not."""

Check: TypeAlias = Callable[[Journal], CheckFinding]


@dataclass(frozen=True, slots=True)
class Verification:
    """Results of all checks of a run file."""

    name: str
    path: str
    findings: tuple[CheckFinding, ...]

    @property
    def wrong(self) -> tuple[str, ...]:
        """Return everything that is wrong."""
        return tuple(line for finding in self.findings for line in finding.wrong)


def verify(path: Path) -> Verification:
    """Check all that can be checked without playing; the file is only read.

    Raises UsageError for a file that isn't there, can't be read or needs a newer RepuNet.
    """
    name = path.parent.name
    try:
        with Journal.open(path) as journal:
            findings = tuple(_checked(check, journal) for check in CHECKS)
    except UsageError as error:
        if UNREADABLE not in str(error):
            raise
        findings = (CheckFinding("run files", 1, (str(error),)),)
    return Verification(name, str(path), findings)


def _checked(check: Check, journal: Journal) -> CheckFinding:
    """Return what a check finds; where it can't even read, that is what is wrong."""
    try:
        return check(journal)
    except RepuNetError as error:
        return CheckFinding(check.__name__, 0, (str(error),))
    except MISREAD as error:
        why = f"{type(error).__name__}: {error}"
        return CheckFinding(check.__name__, 0, (f"{check.__name__} can't be read ({why})",))


def pages(journal: Journal) -> CheckFinding:
    """Let SQLite check the structure of its file."""
    said = [str(line) for (line,) in journal.rows("PRAGMA integrity_check")]
    ((count,),) = journal.rows("PRAGMA page_count")
    return CheckFinding("pages", count, tuple(f"page: {line}" for line in said if line != "ok"))


def rounds(journal: Journal) -> CheckFinding:
    """Check that all rounds are there, and nothing of rounds that were never committed."""
    there = _numbers(journal)
    wrong = [f"there is no round {number}" for number in there if number < 1]
    counted = [0, *(number for number in there if number > 0)]
    wrong += [_missing(*pair) for pair in pairwise(counted) if pair[1] - pair[0] > 1]
    stray = "SELECT DISTINCT round FROM events WHERE round NOT IN (SELECT round FROM rounds)"
    wrong += [f"round {n} has events and was never committed" for (n,) in journal.rows(stray)]
    gaps = "SELECT round FROM events GROUP BY round HAVING max(seq) <> count(*) - 1 OR min(seq) < 0"
    wrong += [f"round {n} has a gap in its events" for (n,) in journal.rows(gaps)]
    return CheckFinding("rounds", len(there), tuple(wrong))


def _missing(before: int, after: int) -> str:
    if after - before == 2:
        return f"round {before + 1} is missing"
    return f"rounds {before + 1} to {after - 1} are missing"


def digests(journal: Journal) -> CheckFinding:
    """Check every link of the chain of digests by itself."""
    numbers = _numbers(journal)
    wrong = [
        f"round {number}: its digest does not follow from its events and the digest before it"
        for number in numbers
        if _committed(journal, number - 1)
        and link(journal.digest(number - 1), journal.bodies(number)) != journal.digest(number)
    ]
    return CheckFinding("digests", len(numbers), tuple(wrong))


def _committed(journal: Journal, number: int) -> bool:
    there = "SELECT 1 FROM rounds WHERE round = ?"
    return number == 0 or journal.row(there, number) is not None


def _numbers(journal: Journal) -> list[int]:
    return [number for (number,) in journal.rows("SELECT round FROM rounds ORDER BY round")]


def events(journal: Journal) -> CheckFinding:
    """Check that every event can be read, is of its kind, and that each round begins as one."""
    query, count, wrong = "SELECT seq, kind, body FROM events WHERE round = ? ORDER BY seq", 0, []
    for number in _numbers(journal):
        for seq, kind, body in journal.rows(query, number):
            count += 1
            if trouble := _trouble(number, seq, kind, event_of(body)):
                wrong.append(f"round {number}, event {seq}: {trouble}")
    return CheckFinding("events", count, tuple(wrong))


def event_of(body: str) -> Event | None:
    """Return an event as it is stored, None if it can't be read."""
    try:
        return EVENT.validate_json(body)
    except ValueError:
        return None


def _trouble(number: int, seq: int, kind: str, event: Event | None) -> str:
    if event is None:
        return "can't be read"
    if event.kind != kind:
        return f"is {event.kind} and is filed as {kind}"
    begins = isinstance(event, RoundBegan) and event.round == number
    if begins != (seq == 0):
        return "a round begins with its number, once"
    return ""


def decisions(journal: Journal) -> CheckFinding:
    """Check that all decisions can be read, and that each has a name of its own."""
    count, wrong = 0, []
    for number in _numbers(journal):
        seen: set[str] = set()
        try:
            kept = journal.decisions(number)
        except UsageError:
            wrong.append(f"round {number}: its decisions can't be read")
            continue
        for each in kept:
            where = f"round {number}, decision {each.coordinate}"
            if each.coordinate in seen:
                wrong.append(f"{where}: is there twice")
            if not each.coordinate.endswith(f"/{each.operation}/{each.actor}"):
                wrong.append(f"{where}: is filed as {each.operation} of {each.actor}")
            if not _is_json(each.answer):
                wrong.append(f"{where}: its answer can't be read")
            seen.add(each.coordinate)
        count += len(kept)
    return CheckFinding("decisions", count, tuple(wrong))


def _is_json(text: object) -> bool:
    try:
        json.loads(text)  # type: ignore[arg-type]
    except (TypeError, ValueError, RecursionError):
        return False
    return True


def references(journal: Journal) -> CheckFinding:
    """Check that each decision an event names is there, and each that was missing is not."""
    count, wrong = 0, []
    for number in _numbers(journal):
        answered = _answered(journal, number)
        if answered is None:
            continue
        for seq, body in enumerate(journal.bodies(number)):
            event = event_of(body)
            if (named := getattr(event, "decision", None)) is None:
                continue
            count += 1
            if (named in answered) == isinstance(event, DecisionMissing):
                what = "is answered" if named in answered else "is not there"
                wrong.append(f"round {number}, event {seq}: its decision {named} {what}")
    return CheckFinding("references", count, tuple(wrong))


def _answered(journal: Journal, number: int) -> set[str] | None:
    """Return the names of a round's decisions, None if they can't be read: that is told once."""
    try:
        return {each.coordinate for each in journal.decisions(number)}
    except UsageError:
        return None


def forks(journal: Journal) -> CheckFinding:
    """Check that a fork shares what it says it shares, and changed when it was to change."""
    try:
        source, planned = origin(journal), changes(journal)
    except ValueError:
        return CheckFinding("forks", 1, ("where it was forked from, and to what, can't be read",))
    wrong = []
    if source and _digest(journal, source.round) != source.digest:
        wrong.append(f"rounds 1 to {source.round} are not those of {source.name}")
    query = "SELECT round FROM events WHERE kind = 'treatment_changed'"
    stray = {number for (number,) in journal.rows(query)} - set(planned)
    wrong += [f"round {number}: a treatment changed that was not to" for number in sorted(stray)]
    return CheckFinding("forks", int(source is not None), tuple(wrong))


def _digest(journal: Journal, number: int) -> str | None:
    return journal.digest(number) if _committed(journal, number) else None


def texts(journal: Journal) -> CheckFinding:
    """Check that each text that was sent or received is the one that its name stands for."""
    count, wrong = 0, []
    for where, body in _of_models(journal, "SELECT hash, body FROM blobs"):
        count += 1
        try:
            sound = address(unpacked(body).decode()) == where
        except ValueError:
            sound = False
        if not sound:
            wrong.append(f"text {where}: is not what was stored")
    return CheckFinding("texts", count, tuple(wrong))


def attempts(journal: Journal) -> CheckFinding:
    """Check that all that an attempt sent and received is there."""
    there = {where for (where,) in _of_models(journal, "SELECT hash FROM blobs")}
    query = "SELECT id, messages, schema, answer, status FROM attempts"
    count, wrong = 0, []
    for number, sent, schema, answer, status in _of_models(journal, query):
        count += 1
        named = {where for _, where in json.loads(sent)} | {schema, answer} - {None}
        if named - there:
            wrong.append(f"attempt {number}: a text of it is not there")
        if (answer is None) == (status in (ANSWERED, INVALID)):
            wrong.append(f"attempt {number}: is filed as {status}")
    return CheckFinding("attempts", count, tuple(wrong))


def answers(journal: Journal) -> CheckFinding:
    """Check that each decision of a model is the one that its round was committed with."""
    query = "SELECT coordinate, round, attempt, answer FROM decisions WHERE round <= ?"
    there = {number for (number,) in _of_models(journal, "SELECT id FROM attempts")}
    committed: dict[int, dict[str, str]] = {}
    count, wrong = 0, []
    for name, number, attempt, answer in _of_models(journal, query, journal.rounds):
        count += 1
        if number not in committed:
            committed[number] = {d.coordinate: d.answer for d in journal.decisions(number)}
        if committed[number].get(name) != answer:
            wrong.append(f"round {number}, decision {name}: is not the one that was committed")
        if attempt not in there:
            wrong.append(f"round {number}, decision {name}: its attempt {attempt} is not there")
    return CheckFinding("answers", count, tuple(wrong))


def _of_models(journal: Journal, query: str, *values: object) -> list[tuple[Any, ...]]:
    """Return rows of a table that older run files do not have."""
    return journal.rows(query, *values) if journal.schema >= SINCE else []


def facts(journal: Journal) -> CheckFinding:
    """Check that the facts about the run are those that were written down."""
    ((count,),) = journal.rows("SELECT count(*) FROM meta")
    kept = journal.meta(FACTS)
    if kept is None:
        gone = ("facts: their checksum is gone",) if _checksums(journal) else ()
        return CheckFinding("facts", count, gone, "" if gone else _older(journal))
    sound = kept == of_facts(journal.rows)
    return CheckFinding("facts", count, () if sound else ("facts: are not as they were written",))


def records(journal: Journal) -> CheckFinding:
    """Check that what was asked and decided in each round is what it was committed with."""
    kept = _checksums(journal)
    older = [number for number in _numbers(journal) if number < min(kept, default=number + 1)]
    expected = _numbers(journal)[len(older) :]
    wrong = [
        f"round {number}: what was asked and decided in it is not as it was committed"
        for number in expected
        if kept.get(number) != of_round(journal.rows, number)
    ]
    unchecked = f"{len(older)} rounds: {_older(journal)}" if older else ""
    return CheckFinding("records", len(expected), tuple(wrong), unchecked)


def _checksums(journal: Journal) -> dict[int, str]:
    """Return the checksums there are, by round."""
    rows = journal.rows("SELECT key, value FROM meta WHERE key GLOB ?", f"{ROUND}*")
    numbered = ((key.removeprefix(ROUND), value) for key, value in rows)
    return {int(number): value for number, value in numbered if number.isdecimal()}


def _older(journal: Journal) -> str:
    return f"RepuNet {journal.meta('version') or 'of old'} kept no checksum of them"


CHECKS: tuple[Check, ...] = (
    pages,
    rounds,
    digests,
    events,
    decisions,
    references,
    forks,
    texts,
    attempts,
    answers,
    facts,
    records,
)
"""Every check there is, from the file to what it means."""
