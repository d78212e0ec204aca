"""Scenario 3, trading investment: money is entrusted on a promise (paper, section 4.1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, TypeAlias

from pydantic import Field

from repunet.matching import Eligibility, Matching
from repunet.prompts import number, quoted
from repunet.questions.deliberation import Unit
from repunet.questions.operations import EntrustShare, PromiseShare, Reason, ReturnShare
from repunet.scenarios.base import Scenario, acts_of, ended, void
from repunet.world.encounter import UNIT, Act, Encounter
from repunet.world.event import Event
from repunet.world.persona import Participant
from repunet.world.stakes import Trust

DIGITS = 6  # decimals that degrees and valences are rounded to
Group: TypeAlias = tuple[Participant, ...]
Percent = Annotated[int, Field(ge=0, le=100)]


@dataclass(frozen=True, slots=True)
class Promise:
    """The share of the proceeds that the investor is to have."""

    share: Percent
    reason: Reason


@dataclass(frozen=True, slots=True)
class Commitment:
    """Decision of the investor: whether it accepts, and the share of its wealth that it invests."""

    accept: bool
    percent: Annotated[int, Field(ge=1, le=100)]
    reason: Reason


@dataclass(frozen=True, slots=True)
class Settlement:
    """The share of the proceeds that the investor gets, and the share of them that it hears of."""

    returned: Percent
    reported: Annotated[int, Field(ge=0, le=200)]
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Propose(PromiseShare[Promise]):
    """Trustee: which share of the proceeds to promise the investor?"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit(EntrustShare[Commitment]):
    """Investor: decline, or invest part of its wealth?"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settle(ReturnShare[Settlement]):
    """Trustee: how much to return, and which proceeds to report?"""


@dataclass(frozen=True, slots=True)
class Deal:
    """Promise and investment, in percent; amounts are in thousandths of a unit."""

    promised: int
    percent: int
    wealth: int
    amount: int
    proceeds: int

    def share(self, percent: int) -> int:
        """Return a share of the proceeds; what does not come out even stays with the trustee."""
        return self.proceeds * percent // 100


class TradingInvestment(Scenario):
    """To return less than was promised pays at once; where that is expected nobody invests."""

    name = "investment"
    title = "Trading Investment"
    aliases = ("invest", "i")
    roles = ("investor", "trustee")
    stakes: ClassVar[Trust] = Trust(multiplier=2)
    deeds_seen_every = 5
    cooperation = "trustee: returning what it promised; investor: the share of wealth it invests"
    source = "paper, section 4.1, scenario 3; Berg, Dickhaut & McCabe 1995"

    def degrees(self, events: Sequence[Event]) -> list[float]:
        """Return adherence: 1 for each deal that kept its promise, 0 for each that did not.

        A declined deal is none.
        """
        trustees = (act for act in acts_of(events) if "promised" in act.facts)
        return [float(act.facts.get("returned", -1) >= act.facts["promised"]) for act in trustees]

    async def match(self, matching: Matching) -> Sequence[Event]:
        """Pair investors with trustees; an investor may choose whomever it has a tie to."""
        return await matching.pairs("investor", "trustee", Eligibility(mutual=False))

    async def meet(self, unit: Unit, group: Group) -> Encounter:
        """Let the trustee propose, the investor commit itself, and the trustee settle."""
        investor, trustee = group
        wealth = unit.society.agents[investor.agent].wealth
        if wealth <= 0:
            return ended(unit, group, (), ("There was nothing to invest.",) * 2, "no_funds")
        if refused := unwilling(unit, group):
            return refused
        offer = await unit.ask(Propose(**known(unit, trustee, investor)))
        if offer is None:
            return void(unit, group)
        answer = await unit.ask(Commit(**known(unit, investor, trustee), promised=offer.share))
        if answer is None:
            return void(unit, group)
        if not answer.accept:
            return declined(unit, group, offer.share, answer.reason)
        amount = max(1, wealth * answer.percent // 100)
        deal = Deal(offer.share, answer.percent, wealth, amount, amount * self.stakes.multiplier)
        settlement = await unit.ask(
            Settle(
                **known(unit, trustee, investor),
                promised=deal.promised,
                percent=deal.percent,
                amount=deal.amount / UNIT,
                proceeds=deal.proceeds / UNIT,
            )
        )
        return void(unit, group) if settlement is None else settled(unit, group, deal, settlement)


def known(unit: Unit, ego: Participant, alter: Participant) -> dict[str, Any]:
    """Return what every question to ego about alter shows."""
    return {
        "setting": unit.views.setting,
        "ego": unit.views.ego(ego),
        "alter": unit.views.acquaintance(ego.agent, alter),
        "own_records": unit.views.own_records(ego),
    }


def unwilling(unit: Unit, group: Group) -> Encounter | None:
    """Return the encounter that one of the two refuses unasked; None if neither does."""
    refuses = [unit.views.shuns(ego.agent, other) for ego, other in (group, group[::-1])]
    others = [unit.views.other(other).name for other in group[::-1]]
    stories = [
        f"{'You' if own else name} would not deal with {name if own else 'you'} any more."
        for own, name in zip(refuses, others, strict=True)
    ]
    acts = [Act(*ego, "make no deal") for ego in group]
    return ended(unit, group, acts, stories, "declined") if any(refuses) else None


def declined(unit: Unit, group: Group, promised: int, reason: str) -> Encounter:
    """Return the encounter of an investor who declined; the trustee hears why."""
    investor, trustee = (unit.views.other(who).name for who in group)
    offered = f"{promised}% of the proceeds"
    acts = (
        Act(*group[0], "decline", cooperation=0.0, facts={"percent": 0}),
        Act(*group[1], f"promise {promised}%", facts={"promised": promised}),
    )
    stories = (
        f"{trustee} promised you {offered}. You declined.",
        f"You promised {investor} {offered}. {investor} declined and said: {quoted(reason)}",
    )
    return ended(unit, group, acts, stories, "declined")


def settled(unit: Unit, group: Group, deal: Deal, made: Settlement) -> Encounter:
    """Return the encounter of two who did business; only the trustee saw the true proceeds."""
    investor, trustee = (unit.views.other(who).name for who in group)
    put, wealth = number(deal.amount / UNIT), number(deal.wealth / UNIT)
    back, reported = (number(deal.share(p) / UNIT) for p in (made.returned, made.reported))
    offered = f"{deal.promised}% of the proceeds"
    stories = (
        f"{trustee} promised you {offered}. You invested {put} of your {wealth}. {trustee} "
        f"returned {back} and reported proceeds of {reported}.",
        f"You promised {investor} {offered}. {investor} invested {put} of {wealth}; the proceeds "
        f"were {number(deal.proceeds / UNIT)}. You returned {back} and reported {reported}.",
    )
    return ended(unit, group, acts(group, deal, made), stories)


def acts(group: Group, deal: Deal, made: Settlement) -> tuple[Act, Act]:
    """Return what the investor and the trustee did, what it earned them, and how it looks."""
    invested, returned, promised = (p / 100 for p in (deal.percent, made.returned, deal.promised))
    facts = {"promised": deal.promised, "returned": made.returned, "reported": made.reported}
    return (
        Act(
            *group[0],
            move=f"invest {number(deal.amount / UNIT)} of {number(deal.wealth / UNIT)}",
            payoff=deal.share(made.returned) - deal.amount,
            cooperation=invested,
            valence=round(Trust.valence_of_investment(invested), DIGITS),
            facts={"percent": deal.percent, "amount": deal.amount},
        ),
        Act(
            *group[1],
            move=f"promise {deal.promised}% and return {made.returned}%",
            payoff=deal.proceeds - deal.share(made.returned),
            cooperation=round(min(1.0, returned / promised), DIGITS) if promised else 1.0,
            valence=round(Trust.valence_of_return(returned, promised), DIGITS),
            facts=facts | {"amount": deal.amount, "proceeds": deal.proceeds},
        ),
    )
