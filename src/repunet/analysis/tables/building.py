"""How the rows of each table are made from what happened; nothing is looked up anywhere else."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache, partial

from repunet.analysis.summary import tally
from repunet.analysis.tables.columns import Json
from repunet.analysis.tables.history import At, History
from repunet.analysis.tables.rows import (
    AgentTableRow,
    AttemptRow,
    ChoiceRow,
    DecisionRow,
    GossipRow,
    MissingDecision,
    Payoff,
    Record,
    RoundPlayed,
    Seat,
    SelfImage,
    Standing,
    TieSpell,
    Untold,
)
from repunet.models.ledger import DOLLAR, Spending
from repunet.questions.coordinate import Coordinate
from repunet.record.manifest import DEFAULT, OPERATION, ROLE, Manifest
from repunet.world.encounter import UNIT, Act, Encounter
from repunet.world.event import (
    AgentJoined,
    ChoiceMade,
    DecisionMissing,
    EncounterEnded,
    GossipHeard,
    GossipUntold,
    Imported,
    Matched,
    ReputationShaped,
    SatOut,
    SelfImageRevised,
    TieFormed,
    TieSevered,
    unfolded,
)
from repunet.world.gossip import SENSE, Gossip
from repunet.world.network import Tie
from repunet.world.persona import AgentId, Participant, Persona

START = At(0, 0, None)


def agents(history: History) -> Iterator[AgentTableRow]:
    """Yield the founders, then those who joined them."""
    for persona in history.manifest.personas:
        yield _person(history, persona, 0, None)
    for at, event in history.of(AgentJoined):
        yield _person(history, event.persona, at.round, at.seq)


def _person(history: History, persona: Persona, joined: int, seq: int | None) -> AgentTableRow:
    return AgentTableRow(
        agent=persona.id,
        name=persona.name,
        round=joined,
        seq=seq,
        age=persona.age,
        gender=persona.gender,
        country=persona.country,
        disposition=str(persona.disposition),
        mind=history.minds(history.manifest.mind_of(persona.id)),
        descriptions=_json(persona.descriptions),
    )


def _json(value: object) -> Json:
    return Json(json.dumps(value, ensure_ascii=False))


def rounds(history: History) -> Iterator[RoundPlayed]:
    """Yield every committed round in numbers."""
    digests = {number: digest for number, digest, _ in history.committed}
    answered = {number: len(kept) for number, kept in history.answers()}
    spent = history.spent
    for society in history.states():
        stored = history.rounds[society.round]
        events = [each for event in stored for each in unfolded(event)]
        counted = tally(events, history.manifest.scenario)
        source = (event.source for event in stored if isinstance(event, Imported))
        bill = spent.get(society.round, Spending())
        yield RoundPlayed(
            round=society.round,
            digest=digests[society.round],
            treatment=society.treatment.label,
            source=next(source, None),
            cooperation=counted.cooperation,
            encounters=sum(isinstance(event, EncounterEnded) for event in events),
            void=counted.void,
            asked=answered[society.round] + counted.missing,
            missing=counted.missing,
            formed=sum(isinstance(event, TieFormed) for event in events),
            severed=sum(isinstance(event, TieSevered) for event in events),
            ties=len(society.network),
            heard=counted.gossip,
            untold=sum(isinstance(event, GossipUntold) for event in events),
            calls=bill.calls,
            tokens=bill.tokens,
            dollars=_dollars(None if bill.unpriced or not bill.calls else bill.cost),
        )


def encounters(history: History) -> Iterator[Seat]:
    """Yield what each participant of each encounter did."""
    matched = {(at.round, event.participants): event for at, event in history.of(Matched)}
    for at, event in history.of(EncounterEnded):
        met = event.encounter
        match = matched.get((at.round, met.participants))
        for seat in range(len(met.participants)):
            yield _seat(at, met, seat, match)


def _seat(at: At, met: Encounter, seat: int, match: Matched | None) -> Seat:
    who = met.participants[seat]
    others = met.participants[:seat] + met.participants[seat + 1 :]
    act = met.acts[seat] if met.acts else None
    chosen = match is not None and match.by == "choice"
    return Seat(
        *at,
        encounter=met.id,
        agent=who.agent,
        role=who.role,
        partners=tuple(other.agent for other in others),
        partner_roles=tuple(other.role for other in others),
        outcome=met.outcome,
        move=None if act is None else act.move,
        cooperation=None if act is None else act.cooperation,
        payoff=None if act is None else act.payoff / UNIT,
        valence=None if act is None else act.valence,
        excused=None if act is None else act.excused,
        facts=None if act is None else _json(act.facts),
        story=met.stories[seat],
        knew_before=met.knew_before[seat],
        matched_by=None if match is None else match.by,
        chosen_by=met.participants[0].agent if chosen else None,
    )


def choices(history: History) -> Iterator[ChoiceRow]:
    """Yield what was chosen outside encounters."""
    for at, event in history.of(ChoiceMade):
        act: Act = event.act
        yield ChoiceRow(
            *at,
            agent=act.agent,
            role=act.role,
            move=act.move,
            cooperation=act.cooperation,
            valence=act.valence,
            reason=event.reason,
            decision=event.decision or None,
        )


def payoffs(history: History) -> Iterator[Payoff]:
    """Yield what everyone earned in each round, and has after it."""
    lived: defaultdict[tuple[int, AgentId], list[tuple[str, int | None]]] = defaultdict(list)
    for at, event in history.of(EncounterEnded):
        met = event.encounter
        for seat, who in enumerate(met.participants):
            earned = met.acts[seat].payoff if met.acts else None
            lived[at.round, who.agent].append((met.id, earned))
    idle = {(at.round, event.agent) for at, event in history.of(SatOut)}
    for society in history.states():
        for agent, state in society.agents.items():
            had = lived.get((society.round, agent), ())
            earnings = [earned for _, earned in had if earned is not None]
            yield Payoff(
                round=society.round,
                agent=agent,
                encounters=tuple(id_ for id_, _ in had),
                sat_out=(society.round, agent) in idle,
                payoff=sum(earnings) / UNIT if earnings else None,
                wealth=state.wealth / UNIT,
            )


def reputations(history: History) -> Iterator[Record]:
    """Yield every version of every record."""
    shaped = history.of(ReputationShaped)
    replaced: dict[tuple[AgentId, Participant], int] = {}
    until: list[int | None] = []
    for at, event in reversed(shaped):
        until.append(replaced.get(_whose(event)))
        replaced[_whose(event)] = at.round
    versions: defaultdict[tuple[AgentId, Participant], int] = defaultdict(int)
    for (at, event), end in zip(shaped, reversed(until), strict=True):
        versions[_whose(event)] += 1
        yield _record(at, event, versions[_whose(event)], end)


def _whose(event: ReputationShaped) -> tuple[AgentId, Participant]:
    return event.observer, Participant(event.reputation.target, event.reputation.role)


def _record(at: At, event: ReputationShaped, version: int, until: int | None) -> Record:
    reputation = event.reputation
    very_bad, bad, neutral, good, very_good = reputation.weights
    return Record(
        *at,
        observer=event.observer,
        target=reputation.target,
        role=reputation.role,
        of_self=event.observer == reputation.target,
        version=version,
        until_round=until,
        score=reputation.score,
        very_bad=very_bad,
        bad=bad,
        neutral=neutral,
        good=good,
        very_good=very_good,
        text=reputation.text,
        cause=event.cause,
        because=event.because,
        decision=event.decision or None,
    )


def standings(history: History) -> Iterator[Standing]:
    """Yield how everyone stood at the end of each round."""
    scores: defaultdict[Participant, dict[AgentId, float]] = defaultdict(dict)
    shaped = _by_round(history)
    for number in history.rounds:
        for event in shaped[number]:
            observer, target = _whose(event)
            scores[target][observer] = event.reputation.score
        for target in sorted(scores):
            yield _standing(number, target, scores[target])


def _by_round(history: History) -> Mapping[int, list[ReputationShaped]]:
    found: defaultdict[int, list[ReputationShaped]] = defaultdict(list)
    for at, event in history.of(ReputationShaped):
        found[at.round].append(event)
    return found


def _standing(number: int, target: Participant, scores: Mapping[AgentId, float]) -> Standing:
    others = [score for observer, score in scores.items() if observer != target.agent]
    return Standing(
        round=number,
        agent=target.agent,
        role=target.role,
        standing=sum(others) / len(others) if others else None,
        observers=len(others),
        own=scores.get(target.agent),
    )


def self_images(history: History) -> Iterator[SelfImage]:
    """Yield how agents came to see themselves."""
    for at, event in history.of(SelfImageRevised):
        decision = event.decision or None
        yield SelfImage(*at, event.agent, event.role, event.text, decision)


def ties(history: History) -> Iterator[TieSpell]:
    """Yield every tie, from when it was formed until it was cut, in the order of their forming."""
    spells = [_formed(START, tied) for tied in dict.fromkeys(history.manifest.ties)]
    standing = {(spell.ego, spell.alter, spell.role): n for n, spell in enumerate(spells)}
    changes: list[tuple[At, TieFormed | TieSevered]] = [
        *history.of(TieFormed),
        *history.of(TieSevered),
    ]
    for at, event in sorted(changes, key=lambda change: _place(change[0])):
        tied = event.ego, *event.alter
        if isinstance(event, TieSevered):
            if tied in standing:
                number = standing.pop(tied)
                spells[number] = _cut(spells[number], at, event)
        elif tied not in standing:
            standing[tied] = len(spells)
            spells.append(_formed(at, (event.ego, event.alter), event))
    yield from spells


def _place(at: At) -> tuple[int, int, int]:
    return at.round, at.seq, at.part or 0


def _formed(at: At, tied: Tie, event: TieFormed | None = None) -> TieSpell:
    ego, alter = tied
    return TieSpell(
        ego=ego,
        alter=alter.agent,
        role=alter.role,
        from_round=at.round,
        from_seq=None if event is None else at.seq,
        from_part=at.part,
        until_round=None,
        until_seq=None,
        until_part=None,
        reason=None if event is None else event.reason,
        decision=None if event is None else event.decision or None,
        cut_cause=None,
        cut_reason=None,
        cut_decision=None,
    )


def _cut(spell: TieSpell, at: At, event: TieSevered) -> TieSpell:
    return spell._replace(
        until_round=at.round,
        until_seq=at.seq,
        until_part=at.part,
        cut_cause=event.cause,
        cut_reason=event.reason,
        cut_decision=event.decision or None,
    )


def gossip(history: History) -> Iterator[GossipRow]:
    """Yield every piece that was heard."""
    heard = history.of(GossipHeard)
    told = {(at.round, _told(event.gossip, event.gossip.path)) for at, event in heard}
    for at, event in heard:
        piece = event.gossip
        onward = _told(piece, (*piece.path, piece.listener))
        yield GossipRow(
            *at,
            gossip=piece.id,
            order=piece.order,
            gossiper=piece.gossiper,
            listener=piece.listener,
            target=piece.target,
            role=piece.role,
            path=piece.path,
            valence=piece.valence,
            sense=SENSE.get(piece.valence),
            credibility=piece.credibility,
            passed_on=(at.round, onward) in told,
            encounter=piece.encounter,
            said=piece.said,
            text=piece.text,
            decision=event.decision or None,
        )


def _told(piece: Gossip, path: tuple[AgentId, ...]) -> tuple[object, ...]:
    return piece.encounter, piece.target, piece.role, path


def untold(history: History) -> Iterator[Untold]:
    """Yield every wish to talk that came to nothing."""
    for at, event in history.of(GossipUntold):
        target, role = event.target
        yield Untold(*at, event.gossiper, target, role, event.encounter, event.reason)


def decisions(history: History) -> Iterator[DecisionRow]:
    """Yield everything that was decided."""
    mind = cache(partial(_mind, history.manifest))
    for number, each, place in history.decisions():
        yield DecisionRow(
            round=number,
            place=place,
            decision=each.coordinate,
            unit=each.coordinate.removesuffix(f"/{each.operation}/{each.actor}"),
            operation=each.operation,
            actor=each.actor,
            target=each.target,
            answer=Json(each.answer),
            mind=mind(each.actor, each.operation),
            attempt=history.read_from.get(each.coordinate),
        )


def _mind(manifest: Manifest, actor: AgentId, operation: str) -> str:
    """Return the mind that answered: the agent's own, the question's, or those of all the rest."""
    minds = manifest.minds
    own = [key for key in (actor, OPERATION + operation) if key in minds][:1]
    rest = [key for key in minds if key == DEFAULT or key.startswith(ROLE)]
    return " + ".join(dict.fromkeys(str(minds[key]["name"]) for key in own or rest))


def missing(history: History) -> Iterator[MissingDecision]:
    """Yield every question that has no answer."""
    for at, event in history.of(DecisionMissing):
        operation = Coordinate.parse(event.decision).operation
        yield MissingDecision(at.round, at.seq, event.agent, operation, event.decision, event.why)


def attempts(history: History) -> Iterator[AttemptRow]:
    """Yield every request to a language model."""
    for sent in history.attempts:
        yield AttemptRow(
            round=sent.round,
            attempt=sent.id,
            decision=sent.coordinate,
            operation=sent.operation,
            actor=sent.actor,
            kind=sent.kind,
            model=sent.model,
            rung=sent.rung,
            status=sent.status,
            why=sent.why,
            finish=sent.finish,
            sent=sent.sent,
            latency=sent.latency,
            input=sent.input,
            cached=sent.cached,
            output=sent.output,
            reasoning=sent.reasoning,
            estimated=None if sent.estimated is None else bool(sent.estimated),
            dollars=_dollars(sent.cost),
            reserved=sent.reserved,
            reserved_dollars=_dollars(sent.reserved_cost),
            provider_id=sent.provider_id,
            served=sent.served,
            request=sent.request,
            stale=bool(sent.stale),
            inherited=bool(sent.inherited),
            answer=sent.said,
        )


def _dollars(cost: int | None) -> float | None:
    return None if cost is None else cost / DOLLAR
