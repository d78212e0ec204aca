"""Impressions: what to make of an encounter, of others, and of oneself."""

from repunet.minds.embedded.answers import texts
from repunet.minds.embedded.answers.base import Answers
from repunet.minds.embedded.answers.texts import Voice
from repunet.minds.embedded.model import talk
from repunet.minds.embedded.model.evidence import WeightedActs, add_act, add_together, levels, score
from repunet.minds.embedded.reading import tells
from repunet.questions.operations import (
    Reflect,
    Reflection,
    ReviseSelfImage,
    ShapePeerFromGossip,
    ShapePeerFromObservation,
    ShapePeerReputation,
    ShapeSelfReputation,
    Text,
)
from repunet.questions.perspective import Acquaintance
from repunet.world.reputation import Appraisal


class Judging(Answers):
    """Answers that reflect and shape reputations."""

    kinds = {
        Reflect: "_reflect",
        ShapeSelfReputation: "_shape_self",
        ShapePeerReputation: "_shape_peer",
        ShapePeerFromObservation: "_shape_peer",
        ShapePeerFromGossip: "_shape_peer_from_gossip",
        ReviseSelfImage: "_revise_self_image",
    }

    def _reflect(self, asked: Reflect, _: str) -> Reflection:
        names = {alter.id: alter.name for alter in asked.alters}
        judged = [(act, self.read.judged(act)) for act in asked.story.others]
        of_alter = " ".join(texts.reflection(names[act.agent], act, v) for act, v in judged)
        satisfied = sum(valence for _, valence in judged) >= 0
        return Reflection(texts.self_reflection(asked.story.own), of_alter, satisfied)

    def _shape_self(self, asked: ShapeSelfReputation, at: str) -> Appraisal:
        evidence = self.read.own_evidence(asked.ego, asked.own_records)
        if asked.story.own and tells(asked.story.own):
            evidence = add_act(evidence, self.read.judged(asked.story.own), self.p)
        own = [memory.own for memory in asked.ego.memory if memory.own.role == asked.ego.role]
        acts = [act.cooperation for act in own if act.cooperation is not None and tells(act)]
        text = texts.of_oneself(Voice(self.seed, at), score(evidence, self.p), acts)
        return Appraisal(text, levels(evidence, self.p))

    def _shape_peer(
        self, asked: ShapePeerReputation | ShapePeerFromObservation, at: str
    ) -> Appraisal:
        voice, evidence = Voice(self.seed, at), self.read.evidence(asked.ego, asked.alter)
        acts = [act for act in asked.story.others if act.agent == asked.alter.id]
        for act in filter(tells, acts):
            evidence = add_act(evidence, self.read.judged(act), self.p)
        latest = texts.seen(voice, asked.alter.name, acts[-1])
        return self._appraisal(voice, asked.alter, evidence, latest)

    def _shape_peer_from_gossip(self, asked: ShapePeerFromGossip, at: str) -> Appraisal:
        name = asked.alter.name
        pieces = [(p.valence, talk.gossip_weight(p.credibility, self.p)) for p in asked.pieces]
        evidence = add_together(self.read.evidence(asked.ego, asked.alter), pieces, self.p)
        latest = " ".join(
            texts.heard(piece.gossiper.name, name, piece.valence, piece.credibility)
            for piece in asked.pieces
        )
        return self._appraisal(Voice(self.seed, at), asked.alter, evidence, latest)

    def _appraisal(
        self, voice: Voice, alter: Acquaintance, evidence: WeightedActs, latest: str
    ) -> Appraisal:
        opinion = score(evidence, self.p)
        text = texts.peer(voice, alter.name, opinion, evidence, latest)
        return Appraisal(text, levels(evidence, self.p))

    def _revise_self_image(self, asked: ReviseSelfImage, _: str) -> Text:
        if asked.own_records is None:
            return Text(texts.self_image(None))
        return Text(
            texts.self_image(score(self.read.own_evidence(asked.ego, asked.own_records), self.p))
        )
