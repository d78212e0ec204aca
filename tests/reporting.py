"""What tests of reports share: a run in which everybody says what pages stumble over."""

from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from language_societies import company

from repunet.record.journal import Journal
from repunet.world.encounter import Act, Encounter
from repunet.world.event import (
    DecisionMissing,
    EncounterEnded,
    Event,
    GossipHeard,
    ReputationShaped,
    RoundBegan,
    SelfImageRevised,
    TieFormed,
)
from repunet.world.gossip import Gossip
from repunet.world.persona import Participant
from repunet.world.reputation import Appraisal

EVIL = (
    "<script>window.hacked = 1</script>",
    "<img src=x onerror=window.hacked=2>",
    "</style></script></title><svg onload=window.hacked=3>",
    "\"><a href='javascript:window.hacked=4'>it's</a> & &amp; {{ 7 * 7 }} {% raw %}",
)
"""Names and words, one for each agent."""
ROLE = "player"


def hostile(folder: Path) -> Path:
    """Return the file of a run in which all names, and all that is said, are evil."""
    people = company("embedded").personas
    personas = tuple(
        replace(person, name=name, descriptions={"pd": f"You are {name}"}, country=name)
        for person, name in zip(people, EVIL, strict=True)
    )
    path = folder / "evil" / "run.sqlite"
    path.parent.mkdir()
    manifest = replace(company("embedded"), personas=personas)
    with Journal.create(path, manifest, planned="1") as journal:
        journal.commit(1, [RoundBegan(round=1), *_events()], [])
    return path


def _events() -> list[Event]:
    one, other = Participant("A01", ROLE), Participant("A02", ROLE)
    id_ = "r1/meet/<b>A01-A02</b>"
    acts = (
        Act("A01", ROLE, EVIL[0], 5000, 0.0, -1.0),
        Act("A02", ROLE, EVIL[1], 0, 1.0, 1.0),
    )
    met = Encounter(id_, "consummated", (one, other), acts, (EVIL[2], EVIL[3]), ((), ()))
    heard = Gossip(
        id="r1/gossip1/<i>",
        target="A01",
        role=ROLE,
        path=("A02",),
        listener="A03",
        text=EVIL[1],
        said=EVIL[2],
        valence=-1.0,
        credibility=4,
        encounter=id_,
    )
    onward = replace(heard, id="r1/gossip2/<i>", path=("A02", "A03"), listener="A04", said=EVIL[3])
    records = [
        ReputationShaped(
            observer=observer,
            reputation=Appraisal(text, (1, 0, 0, 0, 0)).of(one, "pd"),
            cause="gossip",
            because=(because,),
            decision="",
        )
        for observer, text, because in (
            ("A02", EVIL[0], id_),
            ("A03", EVIL[1], heard.id),
            ("A04", EVIL[2], "<u>unknown</u>"),
        )
    ]
    return [
        EncounterEnded(encounter=met),
        *records,
        SelfImageRevised(agent="A01", role=ROLE, text=EVIL[2], decision=""),
        TieFormed(ego="A02", alter=one, reason=EVIL[3], decision=""),
        GossipHeard(gossip=heard, decision=""),
        GossipHeard(gossip=onward, decision=""),
        DecisionMissing(agent="A04", decision="r1/choose/A04/ChooseMove/A04", why=EVIL[0]),
    ]


class Seen(HTMLParser):
    """What a browser would find in a page: elements, rates, and text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.rates: list[tuple[dict[str, str], str]] = []
        self.text: list[str] = []
        self._rate: dict[str, str] | None = None
        self._within: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag == "data":
            self._rate, self._within = dict(attrs), []

    def handle_endtag(self, tag: str) -> None:
        if tag == "data" and self._rate is not None:
            self.rates.append((self._rate, "".join(self._within)))
            self._rate = None

    def handle_data(self, data: str) -> None:
        self.text.append(data)
        if self._rate is not None:
            self._within.append(data)

    def has(self, tag: str) -> list[dict[str, str]]:
        """Return the attributes of all elements of a kind."""
        return [attrs for name, attrs in self.elements if name == tag]
