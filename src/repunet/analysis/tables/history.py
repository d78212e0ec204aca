"""History: all of a run that tables are made of, read at one moment, of committed rounds only."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any, NamedTuple, TypeVar

from repunet.analysis.makers import known_minds, made_up
from repunet.errors import UsageError
from repunet.models.ledger import Spending
from repunet.record.attempts import ANSWERED, INVALID, LOST, SENT, SINCE
from repunet.record.journal import UNREADABLE, DecisionRecord, Journal, decisions_in
from repunet.record.manifest import Manifest
from repunet.record.safe_opening import unpacked
from repunet.world.event import EVENT, Event, Imported, unfolded
from repunet.world.society import Society

E = TypeVar("E", bound=Event)


class Sent(NamedTuple):
    """A request to a language model, as it is in the file."""

    round: int
    id: int
    coordinate: str
    operation: str
    actor: str
    kind: str
    model: str
    rung: str
    status: str
    why: str | None
    finish: str | None
    sent: float
    latency: float | None
    input: int | None
    cached: int | None
    output: int | None
    reasoning: int | None
    estimated: int | None
    cost: int | None
    """Billionths of a dollar."""
    reserved: int
    reserved_cost: int | None
    provider_id: str | None
    served: str | None
    request: str
    stale: int
    inherited: int
    body: bytes | None
    """The answer, compressed."""

    @property
    def said(self) -> str | None:
        """Return the text that came back."""
        return None if self.body is None else unpacked(self.body).decode()

    @property
    def spending(self) -> Spending:
        """Return what it cost; what was never answered counts in full, what was refused not."""
        unseen = self.status in (SENT, LOST)
        cost = self.reserved_cost if unseen else self.cost
        paid = unseen or self.status in (ANSWERED, INVALID)
        tokens = self.reserved if unseen else (self.input or 0) + (self.output or 0)
        calls = int(paid or self.input is not None)
        return Spending(calls, tokens, cost or 0, int(paid and cost is None))


REQUESTS = f"SELECT {', '.join(Sent._fields)} FROM attempts LEFT JOIN blobs ON hash = answer"


class At(NamedTuple):
    """Position of an event in the run file."""

    round: int
    seq: int
    part: int | None
    """Which of the events that an imported round stands for; None where it was played here."""


@contextmanager
def snapshot(journal: Journal) -> Iterator[None]:
    """Let a block read the file as it was at one moment, whoever writes it meanwhile."""
    journal.row("BEGIN")
    try:
        yield
    finally:
        journal.row("ROLLBACK")


class History:
    """Events of a run up to one of its rounds, read once; the file is no longer needed."""

    def __init__(self, journal: Journal, last: int | None = None) -> None:
        self.path = journal.path
        self.manifest: Manifest = journal.manifest
        with snapshot(journal):
            self.digest = journal.digest(last)
            self.last = journal.rounds if last is None else last
            self.committed: list[tuple[int, str, bytes]] = self._rows(
                journal, "SELECT round, digest, decisions FROM rounds WHERE round <= ? ORDER BY 1"
            )
            query = "SELECT max(round) FROM events WHERE kind = 'imported' AND round <= ?"
            self.imported: int = self._rows(journal, query)[0][0] or 0
            """The last round that was imported, 0 if none was."""
            query = (
                "SELECT round, seq, body FROM events WHERE round <= ? "
                "AND round IN (SELECT round FROM rounds) ORDER BY round, seq"
            )
            self._stored: list[tuple[int, int, str]] = self._rows(journal, query)
            asked = journal.schema >= SINCE
            query = f"{REQUESTS} WHERE round <= ? ORDER BY id"
            sent = self._rows(journal, query) if asked else []
            self.attempts = [Sent(*row) for row in sent]
            query = "SELECT coordinate, attempt FROM decisions WHERE round <= ?"
            self.made_up = made_up(journal, last)
            """The models whose answers came from `fake-llm`."""
            self.read_from: dict[str, int] = dict(self._rows(journal, query)) if asked else {}
            """The attempt that each decision of a language model was read from."""

    def _rows(self, journal: Journal, query: str) -> list[Any]:
        return journal.rows(query, self.last)

    @property
    def name(self) -> str:
        """Return what the run is called."""
        return self.path.parent.name

    def minds(self, names: str) -> str:
        """Return the names of minds as outputs show them."""
        return known_minds(names, self.imported, self.last, self.made_up)

    @cached_property
    def rounds(self) -> dict[int, list[Event]]:
        """Return the events of each round, as they are stored."""
        happened: dict[int, list[Event]] = {number: [] for number, *_ in self.committed}
        for number, _, body in self._stored:
            happened[number].append(self._event(body))
        self._stored.clear()
        return happened

    def _event(self, body: str) -> Event:
        try:
            return EVENT.validate_json(body)
        except ValueError:
            raise UsageError(f"{self.path} {UNREADABLE}: an event can't be read") from None

    @cached_property
    def _by_kind(self) -> dict[type, list[tuple[At, Any]]]:
        kinds: defaultdict[type, list[tuple[At, Any]]] = defaultdict(list)
        for number, events in self.rounds.items():
            for seq, event in enumerate(events):
                imported = isinstance(event, Imported)
                kinds[type(event)].append((At(number, seq, None), event))
                for part, each in enumerate(unfolded(event) if imported else ()):
                    kinds[type(each)].append((At(number, seq, part), each))
        return dict(kinds)

    def of(self, kind: type[E]) -> list[tuple[At, E]]:
        """Return the events of one kind with their places, imported ones among them."""
        return self._by_kind.get(kind, [])

    def states(self) -> Iterator[Society]:
        """Yield the society as it stands at the end of each round; it goes on from there."""
        society = self.manifest.society()
        for events in self.rounds.values():
            for event in events:
                society.apply(event)
            yield society

    def society(self, round_: int) -> Society:
        """Return the society at the end of a round; raises UsageError if there is none."""
        if round_ == 0:
            return self.manifest.society()
        found = (society for society in self.states() if society.round == round_)
        society = next(found, None)
        if society is None:
            raise UsageError(f"{self.name} has rounds 0 to {self.last}, not {round_}")
        return society

    @property
    def spent(self) -> dict[int, Spending]:
        """Return what was asked of language models in each round; not what a fork inherited."""
        spent: defaultdict[int, Spending] = defaultdict(Spending)
        for sent in self.attempts:
            if not sent.inherited:
                spent[sent.round] += sent.spending
        return dict(spent)

    def decisions(self) -> Iterator[tuple[int, DecisionRecord, int]]:
        """Yield what was decided: the round, the decision, and its place in the round."""
        for number, kept in self.answers():
            for place, record in enumerate(kept):
                yield number, record, place

    def answers(self) -> Iterator[tuple[int, list[DecisionRecord]]]:
        """Yield each round with its decisions as they are stored."""
        for number, _, block in self.committed:
            try:
                yield number, decisions_in(block)
            except ValueError:
                raise UsageError(
                    f"{self.path} {UNREADABLE}: round {number} can't be read"
                ) from None
