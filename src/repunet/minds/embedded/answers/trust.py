"""The trust game: what to promise, what to entrust, and what to return."""

from typing import Any

from repunet.chance import draw
from repunet.minds.embedded.answers import texts
from repunet.minds.embedded.answers.base import Answers, sample
from repunet.minds.embedded.model.dilemma import Outlook
from repunet.minds.embedded.model.trust import (
    INVESTMENTS,
    PROMISES,
    Investors,
    investment_probabilities,
    plan_probabilities,
    reported_proceeds,
    return_choice,
)
from repunet.questions.mind import adapter
from repunet.questions.operations import EntrustShare, PromiseShare, ReturnShare


class Investing(Answers):
    """Answers about promising, entrusting and returning."""

    kinds = {
        PromiseShare: "_promise",
        EntrustShare: "_entrust",
        ReturnShare: "_return",
    }

    def _promise(self, asked: PromiseShare[Any], at: str) -> object:
        outlook, multiplier = self._outlook(asked), asked.trust.multiplier
        chances = plan_probabilities(outlook, multiplier, self.p)
        promise = PROMISES[sample(chances, draw(self.seed, at))]
        expected, _ = Investors(promise, multiplier, self.p).answer(outlook.own, outlook.base)
        reason = texts.promise(asked.alter.name, promise, expected)
        return _answer(asked, share=percent(promise), reason=reason)

    def _entrust(self, asked: EntrustShare[Any], at: str) -> object:
        ego, promised = asked.ego, asked.promised / 100
        base = self.read.base_rate_of(ego, asked.alter.who.role)
        trust = self.read.belief(ego, asked.alter, base)
        weights = self.read.social_weights(ego.persona, ego.description)
        chances = investment_probabilities(trust, promised, weights, asked.trust.multiplier, self.p)
        invested = INVESTMENTS[sample(chances, draw(self.seed, at))]
        return _answer(
            asked,
            accept=invested > 0,
            percent=percent(invested) or 1,
            reason=texts.entrusting(asked.alter.name, trust, invested),
        )

    def _return(self, asked: ReturnShare[Any], at: str) -> object:
        promised, invested = asked.promised / 100, asked.percent / 100
        outlook, multiplier = self._outlook(asked), asked.trust.multiplier
        choice = return_choice(promised, invested, outlook, multiplier, self.p)
        returned = choice.kept
        if draw(self.seed, at) >= choice.keep:
            returned = choice.shares[sample(choice.probabilities, draw(self.seed, at, "share"))]
        reported = reported_proceeds(promised, returned, 1.0)
        return _answer(
            asked,
            returned=percent(returned),
            reported=percent(reported),
            reason=texts.settling(asked.alter.name, promised, returned, reported),
        )

    def _outlook(self, asked: PromiseShare[Any] | ReturnShare[Any]) -> Outlook:
        """Return what ego brings to a choice by which others will judge it in its role."""
        outlook = self.read.outlook(asked.ego, (asked.alter,), asked.own_records)
        return outlook._replace(base=self.read.base_rate_of(asked.ego, asked.ego.role))


def percent(share: float) -> int:
    """Return a share in whole percent."""
    return round(100 * share)


def _answer(
    asked: PromiseShare[Any] | EntrustShare[Any] | ReturnShare[Any], **values: Any
) -> object:
    return adapter(asked.answer).validate_python(values)
