"""The dilemma and the network: what to do, whom to meet, whom to stay with."""

from functools import cache
from typing import Any

from repunet.chance import draw, gumbel
from repunet.minds.embedded.answers import texts
from repunet.minds.embedded.answers.base import Answers, sample
from repunet.minds.embedded.model import talk
from repunet.minds.embedded.model.dilemma import WeighedChoice
from repunet.minds.embedded.model.evidence import add_together, score
from repunet.minds.embedded.reading import QuestionReader
from repunet.questions.mind import adapter
from repunet.questions.operations import (
    ChooseAct,
    ChooseActInGroup,
    DecideTie,
    Decision,
    Ranking,
    RankPartners,
    ReconsiderTie,
)
from repunet.questions.perspective import Acquaintance
from repunet.world.stakes import Trust


class ActAnswers(Answers):
    """Answers about acts, partners and ties."""

    kinds = {
        ChooseAct: "_choose_act",
        ChooseActInGroup: "_choose_act",
        RankPartners: "_rank_partners",
        DecideTie: "_decide_tie",
        ReconsiderTie: "_reconsider_tie",
    }

    def __init__(self, read: QuestionReader) -> None:
        super().__init__(read)
        self._dilemma = cache(lambda game: WeighedChoice(game, read.parameters))

    def _choose_act(self, asked: ChooseAct[Any] | ChooseActInGroup[Any], at: str) -> object:
        dilemma = self._dilemma(asked.game)
        outlook = self.read.outlook(asked.ego, asked.met, asked.own_records)
        trusts = [self.read.belief(asked.ego, alter, outlook.base) for alter in asked.met]
        trust = sum(trusts) / len(trusts)
        chances = dilemma.probabilities(trust, outlook)
        chosen = sample(chances, draw(self.seed, at))
        label = dilemma.stakes.options[chosen].label
        grounds = dilemma.grounds(chosen, trust, outlook)
        reason = texts.reason_for_act(label, grounds, " and ".join(a.name for a in asked.met))
        return adapter(asked.answer).validate_python({"move": label, "reason": reason})

    def _rank_partners(self, asked: RankPartners, at: str) -> Ranking:
        base, exposure = self._base(asked, asked.candidates[0]), asked.setting.stakes.exposure

        def index(alter: Acquaintance) -> float:
            luck = gumbel(draw(self.seed, at, alter.id))
            if exposure is None:
                return talk.company_index(self.read.score(asked.ego, alter), self.p) + luck
            trust = self.read.belief(asked.ego, alter, base)
            return talk.partner_index(trust, exposure, self.p) + luck

        order = sorted(asked.candidates, key=index, reverse=True)
        return Ranking(tuple(a.name for a in order), f"Now I would rather meet {order[0].name}.")

    def _base(self, asked: RankPartners | DecideTie, alter: Acquaintance) -> float:
        """Return how likely anybody is to act well; where roles differ, in the role of alter."""
        if isinstance(asked.setting.stakes, Trust):
            return self.read.base_rate_of(asked.ego, alter.who.role)
        return self.read.base_rate(asked.ego)

    def _decide_tie(self, asked: DecideTie, at: str) -> Decision:
        exposure = asked.setting.stakes.exposure
        if exposure is None:
            return self._decide_company(asked, at)
        base = self._base(asked, asked.alter)
        trust = self.read.belief(asked.ego, asked.alter, base)
        chance = talk.tie_probability(trust, base, exposure, self.p)
        yes = draw(self.seed, at) < chance
        return Decision(yes, texts.tie(asked.alter.name, trust, base, yes=yes))

    def _decide_company(self, asked: DecideTie, at: str) -> Decision:
        opinion = self.read.score(asked.ego, asked.alter)
        chance = talk.keep_tie_probability(opinion, self.p)
        return Decision(draw(self.seed, at) < chance, texts.opinion(asked.alter.name, opinion))

    def _reconsider_tie(self, asked: ReconsiderTie, at: str) -> Decision:
        evidence = self.read.evidence(asked.ego, asked.alter)
        if asked.alter.records is None:
            pieces = [(p.valence, talk.gossip_weight(p.credibility, self.p)) for p in asked.pieces]
            evidence = add_together(evidence, pieces, self.p)
        opinion = score(evidence, self.p)
        chance = talk.keep_tie_probability(opinion, self.p)
        return Decision(draw(self.seed, at) < chance, texts.opinion(asked.alter.name, opinion))
