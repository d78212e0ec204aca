"""What happened, in the phrases of the reference's memories and result texts."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from repunet.compat.reference.dialect import INVESTMENT, PD
from repunet.compat.reference.encounters import CHOICES, MOVES, label_of
from repunet.record.journal import DecisionRecord
from repunet.world.encounter import UNIT, Act, Encounter
from repunet.world.event import ChoiceMade
from repunet.world.persona import AgentId

WIDTH = 98
RULE = f"+{'-' * WIDTH}+"
WORDS = {move: word for word, move in MOVES.items()}
ANSWERS = {move: word for word, move in CHOICES.items()}
PAYLESS = "Error"
Name = Callable[[AgentId], str]
Answers = Mapping[tuple[str, AgentId, str], Any]
"""What was answered, by the kind of question, who answered and the place where it was asked."""


def answers_in(decisions: Iterable[DecisionRecord]) -> dict[tuple[str, AgentId, str], Any]:
    """Return what was answered in a round."""
    return {
        (each.operation, each.actor, each.coordinate): json.loads(each.answer) for each in decisions
    }


def game(met: Encounter, name: Name) -> str:
    """Return what memories hold of a game."""
    names, words, label = _game(met, name)
    return f"Game_result is {label}. {names[0]} chose {words[0]}, {names[1]} chose {words[1]}"


def _game(met: Encounter, name: Name) -> tuple[tuple[str, str], tuple[str, str], str]:
    first, second = (name(who.agent) for who in met.participants)
    if not met.acts:
        return (first, second), (PAYLESS, PAYLESS), PAYLESS
    one, two = (WORDS[act.move] for act in met.acts)
    return (first, second), (one, two), label_of((first, second), (one, two))


def sign_up(choices: Iterable[ChoiceMade], name: Name) -> str:
    """Return what memories hold of a round of decisions."""
    return "".join(f"{name(each.act.agent)}: {ANSWERS[each.act.move]}\n" for each in choices)


def deal(met: Encounter, name: Name) -> str:
    """Return what memories hold of a deal, made or refused."""
    investor, trustee = (name(who.agent) for who in met.participants)
    if met.outcome == "declined":
        return (
            f"Failed investment. Investor is {investor} and Trustee is {trustee}.\n"
            f"Investor's decision and explanation:{refusal(met)}"
        )
    facts = met.acts[1].facts
    reported = f"{_units(reported_units(met.acts[1]))} units."
    allocation = {
        "Final Allocation": _allocation(met.acts[0], met.acts[1]),
        "reported_investment_outcome": reported,
    }
    return (
        f"Success investment: investor is {investor}, trustee is {trustee}\n"
        f"stage 1: trustee_plan is {_plan(facts)}\n"
        f"stage 2: investor invests {_units(facts['amount'])} units\n"
        f"stage 3: trustee_allocation is {allocation!r}, and reported_investment_outcome is "
        f"{reported}"
    )


def refusal(met: Encounter) -> str:
    """Return the words of an investor who refused."""
    said = re.search("«(.*)»", met.stories[1], re.DOTALL)
    return f"Refuse. {said[1] if said else met.stories[0]}"


def reported_units(trustee: Act) -> int:
    """Return the proceeds that a trustee reported, in thousandths."""
    facts = trustee.facts
    return round(facts["proceeds"] * facts.get("reported", 100) / 100)


def _plan(facts: Mapping[str, int]) -> str:
    promised = facts.get("promised")
    if promised is None:
        return "What each is to receive is not known."
    return (
        f"Of the proceeds the investor is to receive {promised}% and the trustee {100 - promised}%."
    )


def _allocation(investor: Act, trustee: Act) -> str:
    """Return who got which share; shares of an imported deal need not be of one whole."""
    proceeds, returned = trustee.facts["proceeds"], trustee.facts["returned"]
    got = investor.payoff + investor.facts["amount"]
    theirs, its = float(returned), 100.0 - returned
    if proceeds and got != proceeds * returned // 100:
        theirs = 100 * got / proceeds
    if proceeds and got + trustee.payoff != proceeds:
        its = 100 * trustee.payoff / proceeds
    return f"Trustee receives {its:.9g}%, investor receives {theirs:.9g}%."


def _units(thousandths: int) -> str:
    return str(thousandths / UNIT)


# Result texts


def game_text(met: Encounter, name: Name, answers: Answers, *, gossips: bool) -> str:
    """Return the block that the reference prints of a game."""
    names, _, label = _game(met, name)
    players = list(zip(("Player1", "Player2"), names, met.participants, strict=True))
    payoffs = [act.payoff // UNIT for act in met.acts] or [0, 0]
    thoughts = [_evaluation(answers, who.agent) for who in met.participants]
    blocks = [
        _titled("Stage  1", (f"{p}: {n}: decision Accept to play." for p, n, _ in players)),
        _titled(
            "Stage  2",
            [
                *(
                    f"{p}: {n}: payoff {got}"
                    for (p, n, _), got in zip(players, payoffs, strict=True)
                ),
                f"Game Result: {label}",
            ],
        ),
        _titled(
            "Stage  3",
            (f"{p}: {n}: evaluation {t}" for (p, n, _), t in zip(players, thoughts, strict=True)),
        ),
    ]
    if gossips:
        blocks.append(_willing(answers, [(p, n, who.agent) for p, n, who in players]))
    return _ended(blocks, "End of PD Game")


def deal_text(met: Encounter, name: Name, answers: Answers, *, gossips: bool) -> str:
    """Return the block that the reference prints of a deal."""
    investor, trustee = met.participants
    names = f"Trustee: {name(trustee.agent)}", f"Investor: {name(investor.agent)}"
    blocks = [_titled("Stage  1", _offered(met, *names))]
    if met.outcome == "consummated":
        blocks.append(_titled("Stage  3", _divided(met, *names)))
    if gossips:
        people = [
            ("Trustee", name(trustee.agent), trustee.agent),
            ("Investor", name(investor.agent), investor.agent),
        ]
        blocks.append(_willing(answers, people))
    return _ended(blocks, "End of Investment")


def _offered(met: Encounter, trustee: str, investor: str) -> Iterator[str]:
    promised = met.acts[1].facts.get("promised")
    if promised is not None:
        parts = f"trustee_part: {100 - promised}%, investor_part: {promised}%"
        yield f"{trustee}: allocated plan {parts}"
    if met.outcome == "declined":
        yield f"{investor}: investor decided {refusal(met)}"
    else:
        amount = _units(met.acts[0].facts["amount"])
        yield f"{investor}: investor decided Accept. Allocation {amount} unit."


def _divided(met: Encounter, trustee: str, investor: str) -> Iterator[str]:
    given, taken = met.acts[0].payoff + met.acts[0].facts["amount"], met.acts[1].payoff
    yield f"{trustee}: actual allocation {_units(taken)}"
    yield f"{investor}: actual allocation {_units(given)}"


def sign_up_text(number: int, choices: Sequence[ChoiceMade], name: Name) -> str:
    """Return what the reference prints of a round of decisions."""
    lines = [
        f"{place}. {name(each.act.agent)}: {ANSWERS[each.act.move]}. {one_line(each.reason)}"
        for place, each in enumerate(choices, start=1)
    ]
    dashes = "-" * 20
    head, foot = f"Sign up info {number}", "End of Sign up info"
    return "\n".join([f"{dashes}{head}{dashes}", *lines, f"{dashes}{foot}{dashes}", "", ""])


def one_line(text: str) -> str:
    """Return a text without line breaks."""
    return " ".join(text.split())


def _titled(title: str, rows: Iterable[str]) -> str:
    lines = [RULE, f"|{f'**{title}**':<{WIDTH}}|", RULE, RULE]
    return "\n".join([*lines, *(f"|{f' {one_line(row)}':<{WIDTH}}|" for row in rows), RULE])


def _ended(blocks: Iterable[str], end: str) -> str:
    return "\n".join([*blocks, RULE, f"|{end:^{WIDTH}}|", RULE, "", "", ""])


def _willing(answers: Answers, people: Iterable[tuple[str, str, AgentId]]) -> str:
    rows = []
    for title, name, agent in people:
        wish = _answer(answers, "DecideGossip", agent)
        if wish is not None:
            word = "Yes" if wish.get("yes") else "No"
            rows.append(f"{title}: {name}: gossip willing {word}, {wish.get('reason', '')}")
    return _titled(" gossip ", rows)


def _evaluation(answers: Answers, agent: AgentId) -> str:
    thought = _answer(answers, "Reflect", agent) or {}
    keys = {"self_reputation": "of_self", "opponent_reputation": "of_alter"}
    return repr({key: thought.get(ours, "") for key, ours in keys.items()})


def _answer(answers: Answers, operation: str, agent: AgentId) -> dict[str, Any] | None:
    for (asked, actor, _), answer in answers.items():
        if (asked, actor) == (operation, agent) and isinstance(answer, dict):
            return answer
    return None


EVENTS = {PD: game, INVESTMENT: deal}
TEXTS = {PD: game_text, INVESTMENT: deal_text}
