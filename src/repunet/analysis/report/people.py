"""A card for each agent, from the tables: how others see it and why, and how it lived."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from repunet.analysis.measures.cooperation import cooperation_by_agent
from repunet.analysis.measures.measure import Rate
from repunet.analysis.report.card import Card, CardView, Image, Met, Most, Stand, Tied
from repunet.analysis.report.grounds import Ground, GroundTruth
from repunet.analysis.report.rows import Cut, People, Who, grouped, rows
from repunet.analysis.tables.frames import Frame, Frames
from repunet.scenarios import scenario as find


class Cards:
    """The tables of a run, taken apart by agent."""

    def __init__(self, frames: Frames, people: People, most: Most) -> None:
        self._people, self._most, self._frames = people, most, frames
        self._grounds = GroundTruth(frames, people)
        records = frames["reputations"]
        current = list(rows(records[records.until_round.isna()]))
        self._about = grouped(current, "target")
        self._held = grouped(current, "observer")
        self._seats = _by_agent(frames["encounters"], most.meetings)
        self._images = grouped(rows(frames["self_images"]), "agent")
        self._stands = grouped(rows(frames["standings"]), "agent")
        self._tie_spells()
        self._count()

    def _tie_spells(self) -> None:
        spells = self._frames["ties"]
        standing = list(rows(spells[spells.until_round.isna()]))
        self._ties_to, self._tied_by = grouped(standing, "ego"), grouped(standing, "alter")
        self._cut = Counter(spells[spells.until_round.notna()].ego)

    def _count(self) -> None:
        gossip, payoffs = self._frames["gossip"], self._frames["payoffs"]
        self._told, self._heard = Counter(gossip.gossiper), Counter(gossip.listener)
        self._talked = Counter(gossip.target)
        self._missing = Counter(self._frames["missing"].agent)
        self._wealth = dict(zip(payoffs.agent, payoffs.wealth, strict=True))
        acts = rows(cooperation_by_agent(self._frames))
        self._acts = {row.agent: row for row in acts}

    def all(self) -> Cut[Card]:
        """Return the cards, in the order in which the agents joined."""
        agents = list(rows(self._frames["agents"]))
        shown = tuple(self._card(row) for row in agents[: self._most.cards])
        return Cut(shown, len(agents) - len(shown))

    def _card(self, row: Any) -> Card:
        agent, most = row.agent, self._most
        about = sorted(self._about.get(agent, ()), key=lambda record: record.score)
        held = sorted(self._held.get(agent, ()), key=lambda record: record.score)
        return Card(
            who=self._people[agent],
            facts=_facts(row),
            disposition=row.disposition,
            mind=row.mind,
            descriptions=_descriptions(row.descriptions, self._frames.scenario),
            joined=row.round,
            cooperation=self._cooperation(agent),
            wealth=self._wealth.get(agent),
            stands=self._standings(agent),
            views=self._views([record for record in about if not record.of_self]),
            own=tuple(self._view(record, agent) for record in about if record.of_self),
            holds=Cut.of(
                [self._held_of(record) for record in held if not record.of_self], most.ties
            ),
            images=self._self_images(agent),
            ties_to=self._tied(self._ties_to.get(agent, ()), "alter"),
            tied_by=self._tied(self._tied_by.get(agent, ()), "ego"),
            cut=self._cut[agent],
            meetings=self._seats.get(agent, Cut(())),
            told=self._told[agent],
            heard=self._heard[agent],
            talked_about=self._talked[agent],
            missing=self._missing[agent],
        )

    def _cooperation(self, agent: str) -> Rate:
        row = self._acts.get(agent)
        if row is None:
            return Rate(None, 0, self._missing[agent])
        return Rate(row.cooperation, int(row.acts), self._missing[agent])

    def _standings(self, agent: str) -> tuple[Stand, ...]:
        return tuple(
            Stand(
                role=role,
                standing=history[-1].standing,
                observers=history[-1].observers,
                own=history[-1].own,
                history=tuple((each.round, each.standing) for each in history),
            )
            for role, history in grouped(self._stands.get(agent, ()), "role").items()
        )

    def _views(self, records: Sequence[Any]) -> Cut[CardView]:
        """Return the records, or the worst and the best of them where there are too many."""
        most = self._most.views
        half = most // 2
        kept = records if len(records) <= most else [*records[: most - half], *records[-half:]]
        views = tuple(self._view(record, record.observer) for record in kept)
        return Cut(views, len(records) - len(kept))

    def _view(self, record: Any, whose: str) -> CardView:
        grounds = tuple(self._grounds.of(each, record.observer) for each in record.because)
        return _view(record, self._people[whose], record.cause, grounds)

    def _held_of(self, record: Any) -> CardView:
        return _view(record, self._people[record.target], record.cause, ())

    def _self_images(self, agent: str) -> Cut[Image]:
        """Return how it described itself, each text once, from the round on that brought it."""
        changed: list[Image] = []
        latest: dict[str, str] = {}
        for row in self._images.get(agent, ()):
            if latest.get(row.role) != row.text:
                latest[row.role] = row.text
                changed.append(Image(row.round, row.role, row.text))
        return Cut.of(changed[::-1], self._most.images)

    def _tied(self, spells: Sequence[Any], end: str) -> Cut[Tied]:
        tied = [
            Tied(self._people[getattr(spell, end)], spell.role, spell.from_round, spell.reason)
            for spell in spells
        ]
        return Cut.of(tied, self._most.ties)


def _view(record: Any, who: Who, cause: str, grounds: tuple[Ground, ...]) -> CardView:
    return CardView(
        who=who,
        role=record.role,
        score=record.score,
        text=record.text,
        round=record.round,
        version=record.version,
        cause=cause,
        grounds=grounds,
    )


def _by_agent(seats: Frame, most: int) -> Mapping[str, Cut[Met]]:
    """Return the latest encounters of each agent, the last one first."""
    counts = Counter(seats.agent)
    latest = grouped(rows(seats.groupby("agent", sort=False).tail(most)), "agent")
    return {
        agent: Cut(
            tuple(Met(row.round, row.role, row.story, row.payoff) for row in reversed(lived)),
            counts[agent] - len(lived),
        )
        for agent, lived in latest.items()
    }


def _facts(row: Any) -> tuple[str, ...]:
    age = None if row.age is None else f"{row.age} years"
    return tuple(fact for fact in (age, row.gender, row.country) if fact)


def _descriptions(kept: str, scenario: str) -> tuple[tuple[str, str], ...]:
    """Return who an agent was before the first round, by role, in the dilemma at hand."""
    texts = json.loads(kept)
    keys = ((role, (f"{scenario}/{role}", scenario, "*")) for role in find(scenario).roles)
    found = (
        (role, next((texts[key] for key in tried if key in texts), "")) for role, tried in keys
    )
    return tuple((role, text) for role, text in found if text)
