"""Gossip: whether to talk, to whom, what to say, and what to believe of it."""

from repunet.chance import draw, gumbel
from repunet.minds.embedded.answers import texts
from repunet.minds.embedded.answers.base import Answers, act_of
from repunet.minds.embedded.answers.texts import Voice
from repunet.minds.embedded.model import talk
from repunet.minds.embedded.model.evidence import score
from repunet.questions.operations import (
    ChooseListener,
    DecideGossip,
    GossipWish,
    IdentifyGossip,
    JudgeGossip,
    Judgement,
    Selection,
    TellGossip,
    Telling,
    Text,
)
from repunet.questions.perspective import Acquaintance, Hearsay
from repunet.world.gossip import SENSE


class Talking(Answers):
    """Gossips and listens."""

    kinds = {
        DecideGossip: "_decide_gossip",
        ChooseListener: "_choose_listener",
        TellGossip: "_tell_gossip",
        IdentifyGossip: "_identify_gossip",
        JudgeGossip: "_judge_gossip",
    }

    def _decide_gossip(self, asked: DecideGossip, at: str) -> GossipWish:
        act = act_of(asked.story, asked.alter.id)
        valence = self.read.judged(act)
        chance = talk.gossip_propensity(valence, self.read.prosociality(asked.ego), self.p)
        reason = texts.reflection(asked.alter.name, act, valence)
        return GossipWish(draw(self.seed, at) < chance, valence >= 0, reason)

    def _choose_listener(self, asked: ChooseListener, at: str) -> Selection:
        def index(alter: Acquaintance) -> float:
            opinion = self.read.trust(asked.ego, alter)
            return talk.listener_index(opinion, self.p) + gumbel(draw(self.seed, at, alter.id))

        chosen = max(asked.candidates, key=index)
        opinion = self.read.trust(asked.ego, chosen)
        return Selection(chosen.name, texts.opinion(chosen.name, opinion))

    def _tell_gossip(self, asked: TellGossip, at: str) -> Telling:
        name, voice = asked.about.name, Voice(self.seed, at)
        if isinstance(asked.source, Hearsay):
            said = nearest_level(asked.source.valence)
            return Telling(
                texts.passed_on(voice, asked.source.gossiper_name, name, said), SENSE[said]
            )
        act = act_of(asked.source, asked.about.id)
        slur = talk.slur_probability(self.read.prosociality(asked.ego), self.p)
        slurs = draw(self.seed, at, "slur") < slur
        said = -1.0 if slurs else nearest_level(self.read.judged(act))
        return Telling(texts.gossip(voice, name, said), SENSE[said])

    def _identify_gossip(self, asked: IdentifyGossip, _: str) -> Text:
        return Text(texts.summary(asked.gossiper.name, asked.about.name, asked.said.valence))

    def _judge_gossip(self, asked: JudgeGossip, at: str) -> Judgement:
        evidence = self.read.evidence(asked.ego, asked.alter)
        own = score(evidence, self.p) if evidence.mass > 0 else None
        opinions = [self.read.trust(asked.ego, source) for source in asked.sources]
        trust = sum(opinions) / len(opinions)
        distrust = asked.distrust or 0.0
        level = talk.credibility_level(trust, distrust, asked.valence, own, self.p)
        prosocial = self.read.prosociality(asked.ego)
        chance = talk.passing_on_propensity(asked.valence, level, prosocial, self.p)
        return Judgement(
            reason=texts.credibility([s.name for s in asked.sources], trust, asked.distrust),
            credibility=level,  # type: ignore[arg-type]
            pass_on=asked.may_pass_on and draw(self.seed, at) < chance,
        )


def nearest_level(valence: float) -> float:
    """Return the valence that words can express which comes nearest to this one."""
    return min(SENSE, key=lambda level: abs(level - valence))
