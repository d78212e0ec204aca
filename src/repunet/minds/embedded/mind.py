"""The embedded mind: a small seeded behavioural model built from findings on human subjects.

It stands in for a language model so that everything runs offline. What it does is no evidence
about language models. It is stateless, as they are: everything it knows is in the question; it
reads scores, weights, valences and credibilities, and no text but the persona's.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from functools import cache
from typing import Any, TypeVar, cast

from repunet.chance import draw, gumbel, normal
from repunet.encounter import Act, Recollection
from repunet.errors import unknown
from repunet.gossip import SENSE
from repunet.mind import Coordinate, NoAnswer, Operation, adapter
from repunet.minds.embedded import talk, texts
from repunet.minds.embedded.dilemma import Dilemma, Outlook
from repunet.minds.embedded.evidence import (
    NO_EVIDENCE,
    Evidence,
    add_act,
    add_together,
    base_rate,
    belief,
    from_levels,
    levels,
    observability,
    score,
)
from repunet.minds.embedded.parameters import PROFILES, Parameters
from repunet.minds.embedded.temperament import SocialWeights, disposition, social_weights
from repunet.minds.embedded.texts import Voice
from repunet.minds.roster import MindSpec, read_settings
from repunet.operations import (
    ChooseAct,
    ChooseListener,
    DecideGossip,
    DecideTie,
    Decision,
    GossipWish,
    IdentifyGossip,
    JudgeGossip,
    Judgement,
    Ranking,
    RankPartners,
    ReconsiderTie,
    Reflect,
    Reflection,
    ReviseSelfImage,
    Selection,
    ShapePeerFromGossip,
    ShapePeerFromObservation,
    ShapePeerReputation,
    ShapeSelfReputation,
    TellGossip,
    Telling,
    Text,
)
from repunet.persona import AgentId, Disposition, Persona
from repunet.perspective import Acquaintance, Ego, Hearsay, Story, knows
from repunet.reputation import Appraisal, Reputation

A = TypeVar("A")


class EmbeddedMind:
    """Answers every operation by the behavioural model, at one set of parameters."""

    immediate = True

    def __init__(self, seed: int, parameters: Parameters, name: str = "embedded") -> None:
        self.name = name
        self._seed = seed
        self._p = parameters
        self._dilemma = cache(lambda stakes: Dilemma(stakes, parameters))
        self._weights: dict[str, SocialWeights] = {}
        self._answers: dict[type, Callable[[Any, str], object]] = {
            RankPartners: self._rank_partners,
            Reflect: self._reflect,
            ShapeSelfReputation: self._shape_self,
            ShapePeerReputation: self._shape_peer,
            ShapePeerFromObservation: self._shape_peer,
            ReviseSelfImage: self._revise_self_image,
            DecideTie: self._decide_tie,
            DecideGossip: self._decide_gossip,
            ChooseListener: self._choose_listener,
            TellGossip: self._tell_gossip,
            IdentifyGossip: self._identify_gossip,
            JudgeGossip: self._judge_gossip,
            ShapePeerFromGossip: self._shape_peer_from_gossip,
            ReconsiderTie: self._reconsider_tie,
        }

    def describe(self) -> dict[str, Any]:
        """Return its name and its parameters."""
        return {"name": self.name, "parameters": asdict(self._p)}

    async def answer(self, operation: Operation[A], at: Coordinate) -> A:
        """Answer from what the question shows, with the luck of this decision alone."""
        kind = type(operation)
        answer = self._answers.get(kind)
        if answer is None and issubclass(kind, ChooseAct):
            answer = self._answers[kind] = self._choose_act
        if answer is None:
            raise NoAnswer(f"the embedded mind has no model of {kind.__name__}")
        return cast(A, answer(operation, str(at)))

    # The dilemma -------------------------------------------------------------------------------

    def _choose_act(self, asked: ChooseAct[Any], at: str) -> object:
        dilemma = self._dilemma(asked.setting.stakes)
        outlook = self._outlook(asked.ego, asked.alter, asked.own_records)
        trust = self._belief(asked.ego, asked.alter, outlook.base)
        chances = dilemma.probabilities(trust, outlook)
        chosen = _sample(chances, draw(self._seed, at))
        label = dilemma.stakes.options[chosen].label
        grounds = dilemma.grounds(chosen, trust, outlook)
        reason = texts.reason_for_act(label, grounds, asked.alter.name)
        return adapter(asked.answer).validate_python({"move": label, "reason": reason})

    def _outlook(self, ego: Ego, alter: Acquaintance, own: Sequence[Reputation] | None) -> Outlook:
        return Outlook(
            weights=self._social_weights(ego.persona, ego.description),
            own=self._own_evidence(ego, own),
            observability=self._observability(ego, alter),
            base=self._base_rate(ego),
        )

    def _social_weights(self, persona: Persona, description: str) -> SocialWeights:
        if persona.id not in self._weights:
            z = normal(draw(self._seed, "temperament", persona.id))
            weights = social_weights(prosociality(persona, description), z, self._p)
            self._weights[persona.id] = weights
        return self._weights[persona.id]

    def _base_rate(self, ego: Ego) -> float:
        degrees = (_mean_degree(memory.others) for memory in ego.memory)
        return base_rate((degree for degree in degrees if degree is not None), self._p)

    def _observability(self, ego: Ego, alter: Acquaintance) -> float:
        if self._p.observability is not None:
            return self._p.observability
        shown = (memory.knew_before for memory in ego.memory if memory.knew_before is not None)
        knew = [bool(known) for known in shown]
        return observability([*knew, knows(ego, alter)])

    # Records and beliefs -----------------------------------------------------------------------

    def _judged(self, act: Act) -> float:
        excuse = self._p.excuse if act.excused and act.valence < 0 else 0.0
        return act.valence * (1.0 - excuse)

    def _evidence(self, ego: Ego, alter: Acquaintance) -> Evidence:
        """Read the record where there are records; else replay what is remembered and was told."""
        if alter.records is not None:
            return from_levels(alter.records[-1].weights, self._p) if alter.records else NO_EVIDENCE
        evidence = NO_EVIDENCE
        for memory in _memories_of(ego, alter):
            for act in memory.others:
                if act.agent == alter.id:
                    evidence = add_act(evidence, self._judged(act), self._p)
        for piece in alter.gossip or ():
            weight = talk.gossip_weight(piece.credibility, self._p)
            evidence = add_act(evidence, piece.valence, self._p, weight)
        return evidence

    def _own_evidence(self, ego: Ego, own: Sequence[Reputation] | None) -> Evidence:
        if own is not None:
            return from_levels(own[-1].weights, self._p) if own else NO_EVIDENCE
        evidence = NO_EVIDENCE
        for memory in ego.memory:
            evidence = add_act(evidence, self._judged(memory.own), self._p)
        return evidence

    def _belief(self, ego: Ego, alter: Acquaintance, base: float) -> float:
        return belief(self._evidence(ego, alter), base, self._p)

    def _score(self, ego: Ego, alter: Acquaintance) -> float:
        return score(self._evidence(ego, alter), self._p)

    # Partners and ties -------------------------------------------------------------------------

    def _rank_partners(self, asked: RankPartners, at: str) -> Ranking:
        base, exposure = self._base_rate(asked.ego), asked.setting.stakes.exposure

        def index(alter: Acquaintance) -> float:
            trust = self._belief(asked.ego, alter, base)
            luck = gumbel(draw(self._seed, at, alter.id))
            return talk.partner_index(trust, exposure, self._p) + luck

        order = sorted(asked.candidates, key=index, reverse=True)
        return Ranking(tuple(a.name for a in order), f"Now I would rather meet {order[0].name}.")

    def _decide_tie(self, asked: DecideTie, at: str) -> Decision:
        base = self._base_rate(asked.ego)
        trust = self._belief(asked.ego, asked.alter, base)
        exposure = asked.setting.stakes.exposure
        chance = talk.tie_probability(trust, base, exposure, self._p)
        yes = draw(self._seed, at) < chance
        return Decision(yes, texts.tie(asked.alter.name, trust, base, yes=yes))

    def _reconsider_tie(self, asked: ReconsiderTie, at: str) -> Decision:
        evidence = self._evidence(asked.ego, asked.alter)
        if asked.alter.records is None:
            pieces = [(p.valence, talk.gossip_weight(p.credibility, self._p)) for p in asked.pieces]
            evidence = add_together(evidence, pieces, self._p)
        opinion = score(evidence, self._p)
        chance = talk.keep_tie_probability(opinion, self._p)
        return Decision(draw(self._seed, at) < chance, texts.opinion(asked.alter.name, opinion))

    # Reputations -------------------------------------------------------------------------------

    def _reflect(self, asked: Reflect, _: str) -> Reflection:
        names = {alter.id: alter.name for alter in asked.alters}
        judged = [(act, self._judged(act)) for act in asked.story.others]
        of_alter = " ".join(texts.reflection(names[act.agent], act, v) for act, v in judged)
        satisfied = sum(valence for _, valence in judged) >= 0
        return Reflection(texts.self_reflection(asked.story.own), of_alter, satisfied)

    def _shape_self(self, asked: ShapeSelfReputation, at: str) -> Appraisal:
        evidence = self._own_evidence(asked.ego, asked.own_records)
        if asked.story.own:
            evidence = add_act(evidence, self._judged(asked.story.own), self._p)
        acts = [m.own.cooperation for m in asked.ego.memory if m.own.cooperation is not None]
        text = texts.of_oneself(Voice(self._seed, at), score(evidence, self._p), acts)
        return Appraisal(text, levels(evidence, self._p))

    def _shape_peer(
        self, asked: ShapePeerReputation | ShapePeerFromObservation, at: str
    ) -> Appraisal:
        act = _act_of(asked.story, asked.alter.id)
        evidence = add_act(self._evidence(asked.ego, asked.alter), self._judged(act), self._p)
        voice = Voice(self._seed, at)
        return self._appraisal(
            voice, asked.alter, evidence, texts.seen(voice, asked.alter.name, act)
        )

    def _shape_peer_from_gossip(self, asked: ShapePeerFromGossip, at: str) -> Appraisal:
        name = asked.alter.name
        pieces = [(p.valence, talk.gossip_weight(p.credibility, self._p)) for p in asked.pieces]
        evidence = add_together(self._evidence(asked.ego, asked.alter), pieces, self._p)
        latest = " ".join(
            texts.heard(piece.gossiper.name, name, piece.valence, piece.credibility)
            for piece in asked.pieces
        )
        return self._appraisal(Voice(self._seed, at), asked.alter, evidence, latest)

    def _appraisal(
        self, voice: Voice, alter: Acquaintance, evidence: Evidence, latest: str
    ) -> Appraisal:
        opinion = score(evidence, self._p)
        text = texts.peer(voice, alter.name, opinion, evidence, latest)
        return Appraisal(text, levels(evidence, self._p))

    def _revise_self_image(self, asked: ReviseSelfImage, _: str) -> Text:
        if asked.own_records is None:
            return Text(texts.self_image(None))
        return Text(
            texts.self_image(score(self._own_evidence(asked.ego, asked.own_records), self._p))
        )

    # Gossip ------------------------------------------------------------------------------------

    def _decide_gossip(self, asked: DecideGossip, at: str) -> GossipWish:
        act = _act_of(asked.story, asked.alter.id)
        valence = self._judged(act)
        chance = talk.gossip_propensity(valence, self._prosociality(asked.ego), self._p)
        reason = texts.reflection(asked.alter.name, act, valence)
        return GossipWish(draw(self._seed, at) < chance, valence >= 0, reason)

    def _choose_listener(self, asked: ChooseListener, at: str) -> Selection:
        def index(alter: Acquaintance) -> float:
            opinion = self._score(asked.ego, alter)
            return talk.listener_index(opinion, self._p) + gumbel(draw(self._seed, at, alter.id))

        chosen = max(asked.candidates, key=index)
        return Selection(chosen.name, texts.opinion(chosen.name, self._score(asked.ego, chosen)))

    def _tell_gossip(self, asked: TellGossip, at: str) -> Telling:
        name, voice = asked.about.name, Voice(self._seed, at)
        if isinstance(asked.source, Hearsay):
            said = _nearest_level(asked.source.valence)
            return Telling(
                texts.passed_on(voice, asked.source.gossiper_name, name, said), SENSE[said]
            )
        act = _act_of(asked.source, asked.about.id)
        slur = talk.slur_probability(self._prosociality(asked.ego), self._p)
        slurs = draw(self._seed, at, "slur") < slur
        said = -1.0 if slurs else _nearest_level(self._judged(act))
        return Telling(texts.gossip(voice, name, said), SENSE[said])

    def _identify_gossip(self, asked: IdentifyGossip, _: str) -> Text:
        return Text(texts.summary(asked.gossiper.name, asked.about.name, asked.said.valence))

    def _judge_gossip(self, asked: JudgeGossip, at: str) -> Judgement:
        evidence = self._evidence(asked.ego, asked.alter)
        own = score(evidence, self._p) if evidence.mass > 0 else None
        opinions = [self._score(asked.ego, source) for source in asked.sources]
        trust = sum(opinions) / len(opinions)
        distrust = asked.distrust or 0.0
        level = talk.credibility_level(trust, distrust, asked.valence, own, self._p)
        prosocial = self._prosociality(asked.ego)
        chance = talk.passing_on_propensity(asked.valence, level, prosocial, self._p)
        return Judgement(
            reason=texts.credibility([s.name for s in asked.sources], trust, asked.distrust),
            credibility=level,  # type: ignore[arg-type]
            pass_on=asked.may_pass_on and draw(self._seed, at) < chance,
        )

    def _prosociality(self, ego: Ego) -> float:
        return prosociality(ego.persona, ego.description)


def embedded(spec: MindSpec, seed: int) -> EmbeddedMind:
    """Return the mind: `embedded`, `embedded:sharp`, or with parameters of one's own."""
    profile = ":".join(filter(None, (spec.name, spec.variant)))
    if profile not in PROFILES:
        raise unknown("mind", profile, PROFILES)
    return EmbeddedMind(seed, read_settings(PROFILES[profile], spec.settings), str(spec))


def prosociality(persona: Persona, description: str) -> float:
    """Return how prosocial a persona is, in [0, 1]: a typed disposition wins over the text."""
    match persona.disposition:
        case Disposition.PROSOCIAL:
            return 1.0
        case Disposition.SELF_INTERESTED:
            return 0.0
        case _:
            return disposition(description)


def _sample(chances: Sequence[float], uniform: float) -> int:
    for index, chance in enumerate(chances):
        uniform -= chance
        if uniform < 0:
            return index
    return len(chances) - 1


def _nearest_level(valence: float) -> float:
    return min(SENSE, key=lambda level: abs(level - valence))


def _mean_degree(acts: Iterable[Act]) -> float | None:
    degrees = [act.cooperation for act in acts if act.cooperation is not None]
    return sum(degrees) / len(degrees) if degrees else None


def _act_of(story: Story, alter: AgentId) -> Act:
    return next(act for act in story.others if act.agent == alter)


def _memories_of(ego: Ego, alter: Acquaintance) -> Sequence[Recollection]:
    """Return what is shown of encounters with alter, each once, oldest first."""
    recent = {memory.encounter for memory in ego.memory}
    older = [memory for memory in alter.last if memory.encounter not in recent]
    return [*older, *ego.memory]
