"""What the reference's memories say of encounters and choices."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from math import floor

from repunet.compat.reference.dialect import (
    BASIC_CHAT,
    CHAT,
    EVENT,
    INVESTMENT,
    PARTICIPATION,
    PD,
    Dialect,
)
from repunet.compat.reference.reading import Report, UnusableRecord, shown, step_of, text_of
from repunet.compat.reference.steps import KnownNames, Memory, Promises, Somebody
from repunet.prompts import number, quoted
from repunet.scenarios import participation
from repunet.scenarios.investment import DIGITS
from repunet.scenarios.pd import C, D, PrisonersDilemma
from repunet.world.encounter import UNIT, Act, Encounter
from repunet.world.persona import AgentId, Participant
from repunet.world.society import ENDOWMENT
from repunet.world.stakes import Trust

MOVES = {"Cooperate": C, "Defect": D}
CHOICES = {"Yes": participation.JOIN, "No": participation.STAY_OUT}
AMOUNT = r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?"
SHARE = r"[^%]{0,200}?(\d{1,9}(?:\.\d{1,9})?)\s*%"
REFUSED = re.compile(
    r"Failed investment\. Investor is (.+) and Trustee is (.+)\.\n"
    r"Investor's decision and explanation:\s*(.*)",
    re.DOTALL,
)
SETTLED = re.compile(
    r"Success investment: investor is (.+), trustee is (.+)\n"
    r"stage 1: trustee_plan is (.*)\n"
    rf"stage 2: investor invests ({AMOUNT}) units\n"
    r"stage 3: trustee_allocation is (.*), and reported_investment_outcome is (.*)",
    re.DOTALL,
)
VOID = "The meeting did not take place."


@dataclass(slots=True)
class Lived:
    """Encounters and choices that can be dated, by step."""

    encounters: dict[int, list[Encounter]] = field(default_factory=dict)
    choices: dict[int, dict[AgentId, Act]] = field(default_factory=dict)
    promises: Promises = field(default_factory=dict)

    def of(self, agent: AgentId, until: int) -> Iterator[tuple[int, Encounter]]:
        """Yield the encounters of an agent up to a step, oldest first."""
        for step in sorted(each for each in self.encounters if each <= until):
            for met in self.encounters[step]:
                if any(who.agent == agent for who in met.participants):
                    yield step, met


@dataclass(frozen=True, slots=True)
class Node:
    """An entry of a memory."""

    kind: str
    predicate: str
    subject: str
    object: str
    text: str
    conversation: str
    step: int


def lived(
    memories: Mapping[Somebody, Memory],
    company: KnownNames,
    last: int,
    report: Report,
    promises: Promises,
) -> Lived:
    """Return what all memories say; what can't be used is reported and left out."""
    found = Lived(promises=promises)
    nodes = {who: _nodes(memory, who, last, report) for who, memory in memories.items()}
    if company.dialect == PARTICIPATION:
        _choices(nodes, company, found, report)
    for who, own in nodes.items():
        seen: set[tuple[int, str]] = set()
        for node in own:
            if _is_encounter(node, company.dialect):
                _take(node, who, company, found, report, seen)
    return _earned(found) if company.dialect == INVESTMENT else found


def gossip_nodes(memory: Memory, last: int) -> list[Node]:
    """Return what a memory says of gossip, in order; what can't be used is left out."""
    silent = Report()
    nodes = (_node(entry, last, silent, "") for entry in memory.nodes)
    return [node for node in nodes if node and (node.kind, node.predicate) == (CHAT, "gossip")]


def _nodes(memory: Memory, who: Somebody, last: int, report: Report) -> list[Node]:
    places = enumerate(memory.nodes, start=1)
    found = (_node(entry, last, report, f"{who.name}, memory {place}") for place, entry in places)
    return [node for node in found if node]


def _node(entry: object, last: int, report: Report, where: str) -> Node | None:
    try:
        if not isinstance(entry, dict):
            raise UnusableRecord(f"{shown(entry)} is no entry of a memory")
        return Node(
            kind=text_of(entry.get("type"), "type"),
            predicate=text_of(entry.get("predicate"), "predicate"),
            subject=text_of(entry.get("subject"), "subject"),
            object=text_of(entry.get("object"), "object"),
            text=text_of(entry.get("description"), "description"),
            conversation=text_of(entry.get("conversation") or "", "conversation"),
            step=step_of(entry.get("created_at"), last),
        )
    except UnusableRecord as error:
        report(where, error)
        return None


def _is_encounter(node: Node, dialect: Dialect) -> bool:
    if dialect == PARTICIPATION:
        return (node.kind, node.predicate) == (CHAT, BASIC_CHAT)
    return (node.kind, node.predicate) == (EVENT, dialect.predicate)


def _take(
    node: Node,
    who: Somebody,
    company: KnownNames,
    found: Lived,
    report: Report,
    seen: set[tuple[int, str]],
) -> None:
    """Note an encounter, which both memories hold, once."""
    where = f"{who.name}, step {node.step}"
    try:
        met = _encounter(node, company, found)
    except UnusableRecord as error:
        report(where, error)
        return
    there = found.encounters.setdefault(node.step, [])
    known = next((each for each in there if each.id == met.id), None)
    if known is None:
        there.append(met)
    elif (node.step, met.id) in seen or known != met:
        report(where, "the same two met more than once (a game was repeated); the first counts")
    seen.add((node.step, met.id))


def _encounter(node: Node, company: KnownNames, found: Lived) -> Encounter:
    pair = company.named(node.subject), company.named(node.object)
    if pair[0] == pair[1]:
        raise UnusableRecord("nobody meets themselves")
    match company.dialect.scenario:
        case PD.scenario:
            return _game(node, pair, company)
        case PARTICIPATION.scenario:
            return _talk(node, pair, found)
        case _:
            return _deal(node, pair, company, found.promises)


Pair = tuple[Somebody, Somebody]


def _met(step: int, who: Iterable[tuple[Somebody, str]]) -> Encounter:
    """Return a void encounter of these in their roles."""
    group = tuple(Participant(each.agent, role) for each, role in who)
    return Encounter(
        id=f"r{step}/meet/{'-'.join(one.agent for one in group)}",
        outcome="void",
        participants=group,
        acts=(),
        stories=(VOID,) * len(group),
        knew_before=((),) * len(group),
    )


# The prisoner's dilemma


def _game(node: Node, pair: Pair, company: KnownNames) -> Encounter:
    for one, other in (pair, pair[::-1]):
        first, second = re.escape(one.name), re.escape(other.name)
        said = re.fullmatch(
            rf"Game_result is (.+)\. {first} chose (\w+), {second} chose (\w+)", node.text.strip()
        )
        if said:
            return _played(node.step, (one, other), said[1], (said[2], said[3]))
    raise UnusableRecord(
        f"{shown(node.text)} tells of no game of {pair[0].name} and {pair[1].name}"
    )


def label_of(names: tuple[str, str], words: tuple[str, str]) -> str:
    """Return what the reference calls the result of a game."""
    if words[0] == words[1]:
        return f"All-{words[0]}"
    return f"{names[0]}-{words[0]}, {names[1]}-{words[1]}"


def _played(step: int, pair: Pair, label: str, words: tuple[str, str]) -> Encounter:
    met = _met(step, ((who, "player") for who in pair))
    if label == "Error":
        return met
    names = pair[0].name, pair[1].name
    if not set(words) <= set(MOVES) or label != label_of(names, words):
        raise UnusableRecord(
            f"{shown(label)} is no result of a game with {words[0]} and {words[1]}"
        )
    moves = MOVES[words[0]], MOVES[words[1]]
    return replace(
        met,
        outcome="consummated",
        acts=tuple(
            PrisonersDilemma.act(met.participants[i], moves[i], moves[1 - i]) for i in (0, 1)
        ),
        stories=tuple(PrisonersDilemma.story(moves[i], names[1 - i], moves[1 - i]) for i in (0, 1)),
    )


# Voluntary participation


def _choices(
    nodes: Mapping[Somebody, list[Node]], company: KnownNames, found: Lived, report: Report
) -> None:
    """Take over what everybody chose, unless memories disagree about it."""
    doubtful: set[tuple[int, AgentId]] = set()
    for who, own in nodes.items():
        for node in own:
            if (node.kind, node.predicate) == (EVENT, PARTICIPATION.predicate):
                for agent, act in _chosen(node, who, company, report):
                    made = found.choices.setdefault(node.step, {})
                    if made.setdefault(agent, act) != act:
                        doubtful.add((node.step, agent))
    for step, agent in sorted(doubtful):
        del found.choices[step][agent]
        name = next(each.name for each in company.people if each.agent == agent)
        report(f"{name}, step {step}", "memories disagree about the choice")


def _chosen(
    node: Node, who: Somebody, company: KnownNames, report: Report
) -> Iterator[tuple[AgentId, Act]]:
    for line in filter(str.strip, node.text.split("\n")):
        name, _, word = line.strip().rpartition(": ")
        try:
            someone = company.named(name)
            if word not in CHOICES:
                raise UnusableRecord(f"{shown(word)} is no choice of {name}")
        except UnusableRecord as error:
            report(f"{who.name}, step {node.step}", error)
            continue
        ego = Participant(someone.agent, "resident")
        yield someone.agent, participation.choice(ego, CHOICES[word])


def _talk(node: Node, pair: Pair, found: Lived) -> Encounter:
    met = _met(node.step, ((who, "resident") for who in pair))
    last = [_last_choice(who.agent, node.step, found) for who in pair]
    undecided = [Act(*who, participation.UNDECIDED) for who in met.participants]
    acts = tuple(act or none for act, none in zip(last, undecided, strict=True))
    names = pair[0].name, pair[1].name
    stories = tuple(
        f"{participation.chose('You', acts[seat])}; "
        f"{participation.chose(names[1 - seat], acts[1 - seat])}. {_said(node, names, seat)}"
        for seat in (0, 1)
    )
    return replace(met, outcome="consummated", acts=acts, stories=stories)


def _said(node: Node, names: tuple[str, str], seat: int) -> str:
    """Return what was said, as one of the two tells it."""
    one, other = map(re.escape, names)
    turns = re.fullmatch(rf"{one}: (.*)\n\n{other}: (.*)", node.conversation, re.DOTALL)
    if not turns or re.search(rf"\n\n({one}|{other}): ", turns[1] + turns[2]):
        return f"You talked: {quoted(node.conversation or node.text)}"
    speakers = ["You" if each == seat else names[each] for each in (0, 1)]
    return f"{speakers[0]} said: {quoted(turns[1])} {speakers[1]} said: {quoted(turns[2])}"


def _last_choice(agent: AgentId, step: int, found: Lived) -> Act | None:
    made = (found.choices[n].get(agent) for n in sorted(found.choices, reverse=True) if n <= step)
    return next((act for act in made if act), None)


# Trading investment


@dataclass(frozen=True, slots=True)
class DealText:
    """Facts in a text of the reference about a deal; shares in percent, as written."""

    promised: float | None
    amount: int
    investor_gets: float
    trustee_gets: float
    reported: float | None
    """Units."""

    @property
    def proceeds(self) -> int:
        """Return what there was to share, in thousandths."""
        return 2 * self.amount

    @property
    def investor_share(self) -> int:
        """Return what the investor got, in thousandths."""
        return floor(self.proceeds * self.investor_gets / 100 + 1e-9)

    @property
    def trustee_share(self) -> int:
        """Return what the trustee got; all that is left where the shares are of one whole."""
        if self.investor_gets + self.trustee_gets == 100:
            return self.proceeds - self.investor_share
        return floor(self.proceeds * self.trustee_gets / 100 + 1e-9)


def _deal(node: Node, pair: Pair, company: KnownNames, promises: Promises) -> Encounter:
    said = REFUSED.fullmatch(node.text) or SETTLED.fullmatch(node.text)
    if not said:
        raise UnusableRecord(f"{shown(node.text)} tells of no deal")
    traders = _traders(said, pair, company)
    promised = promises.get((node.step, traders[0].name, traders[1].name))
    if said.re is REFUSED:
        return _declined(node.step, traders, promised, said[3])
    return _settled(node.step, traders, _read_deal(said, promised))


def _traders(said: re.Match[str], pair: Pair, company: KnownNames) -> Pair:
    traders = company.named(said[1]), company.named(said[2])
    if set(traders) != set(pair):
        raise UnusableRecord(f"{shown(said[1])} and {shown(said[2])} are not those who met")
    return traders


def _read_deal(said: re.Match[str], promised: int | None) -> DealText:
    plan, allocation, outcome = said[3], said[5], said[6]
    shares = [_share(role, allocation) for role in ("investor", "trustee")]
    investor, trustee = shares
    amount = float(said[4])
    if investor is None or trustee is None:
        raise UnusableRecord(f"{shown(allocation)} says not who got which share")
    if not 0 <= amount <= 1e9 or max(investor, trustee) > 1e6:
        raise UnusableRecord(f"{shown(said[4])} units are no investment")
    reported = re.match(rf"\s*({AMOUNT})", outcome)
    units = float(reported[1]) if reported else None
    offered = _share("investor", plan) if promised is None else promised
    return DealText(offered, round(amount * UNIT), investor, trustee, units)


def _share(role: str, text: str) -> float | None:
    found = re.search(role + SHARE, text, re.IGNORECASE)
    return float(found[1]) if found else None


def _declined(step: int, traders: Pair, promised: int | None, reason: str) -> Encounter:
    investor, trustee = traders
    met = _met(step, ((investor, "investor"), (trustee, "trustee")))
    said = re.sub(r"^Refuse\.\s*", "", reason.strip(), flags=re.IGNORECASE)
    offered = "a share" if promised is None else f"{promised}%"
    facts = {} if promised is None else {"promised": promised}
    acts = (
        Act(*met.participants[0], "decline", cooperation=0.0, facts={"percent": 0}),
        Act(*met.participants[1], f"promise {offered}", facts=facts),
    )
    stories = (
        f"{trustee.name} promised you {offered} of the proceeds. You declined.",
        f"You promised {investor.name} {offered} of the proceeds. {investor.name} declined and "
        f"said: {quoted(said)}",
    )
    return replace(met, outcome="declined", acts=acts, stories=stories)


def _settled(step: int, traders: Pair, deal: DealText) -> Encounter:
    investor, trustee = traders
    met = _met(step, ((investor, "investor"), (trustee, "trustee")))
    returned, promised = deal.investor_gets, deal.promised
    facts = {"returned": floor(returned), "amount": deal.amount, "proceeds": deal.proceeds}
    if promised is not None:
        facts["promised"] = floor(promised)
    if deal.reported is not None and deal.proceeds:
        facts["reported"] = round(100 * deal.reported * UNIT / deal.proceeds)
    offered = "a share" if promised is None else f"{number(promised)}%"
    acts = (
        Act(
            *met.participants[0],
            move=f"invest {number(deal.amount / UNIT)}",
            payoff=deal.investor_share - deal.amount,
            facts={"amount": deal.amount},
        ),
        Act(
            *met.participants[1],
            move=f"promise {offered} and return {number(returned)}%",
            payoff=deal.trustee_share,
            cooperation=_kept(returned, promised),
            valence=_valence(returned, promised),
            facts=facts,
        ),
    )
    return replace(
        met, outcome="consummated", acts=acts, stories=_stories(investor, trustee, deal, offered)
    )


def _kept(returned: float, promised: float | None) -> float | None:
    if promised is None:
        return None
    return round(min(1.0, returned / promised), DIGITS) if promised else 1.0


def _valence(returned: float, promised: float | None) -> float:
    if promised is None:
        return 0.0
    shares = min(1.0, returned / 100), min(1.0, promised / 100)
    return round(Trust.valence_of_return(*shares), DIGITS)


def _stories(
    investor: Somebody, trustee: Somebody, deal: DealText, offered: str
) -> tuple[str, str]:
    put, proceeds = number(deal.amount / UNIT), number(deal.proceeds / UNIT)
    back = number(deal.investor_share / UNIT)
    told = "" if deal.reported is None else f" and reported proceeds of {number(deal.reported)}"
    own = "" if deal.reported is None else f" and reported {number(deal.reported)}"
    return (
        f"{trustee.name} promised you {offered} of the proceeds. You invested {put}. "
        f"{trustee.name} returned {back}{told}.",
        f"You promised {investor.name} {offered} of the proceeds. {investor.name} invested {put}; "
        f"the proceeds were {proceeds}. You returned {back}{own}.",
    )


def _earned(found: Lived) -> Lived:
    """Say which share of its wealth each investor invested, as far as their deals tell."""
    wealth: dict[AgentId, int] = {}
    for step in sorted(found.encounters):
        met = found.encounters[step]
        found.encounters[step] = [_of_wealth(each, wealth) for each in met]
        for act in (act for each in met for act in each.acts):
            wealth[act.agent] = wealth.get(act.agent, ENDOWMENT * UNIT) + act.payoff
    return found


def _of_wealth(met: Encounter, wealth: Mapping[AgentId, int]) -> Encounter:
    if met.outcome != "consummated":
        return met
    act, other = met.acts
    had = wealth.get(act.agent, ENDOWMENT * UNIT)
    if not 0 < act.facts["amount"] <= had:
        return met
    percent = -(-100 * act.facts["amount"] // had)
    share = percent / 100
    invested = replace(
        act,
        move=f"{act.move} of {number(had / UNIT)}",
        cooperation=share,
        valence=round(Trust.valence_of_investment(share), DIGITS),
        facts={"percent": percent, **act.facts},
    )
    return replace(met, acts=(invested, other))
