"""Scenario 2, voluntary participation: use less electricity, for all (paper, section 4.1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from repunet.matching import Eligibility, Matching
from repunet.prompts import quoted
from repunet.questions.deliberation import Unit
from repunet.questions.operations import (
    ChooseAlone,
    Converse,
    DecideContact,
    Decision,
    Reason,
    Text,
)
from repunet.scenarios.base import Scenario, ended, void
from repunet.world.encounter import Act, Encounter
from repunet.world.event import ChoiceMade, Event
from repunet.world.persona import Participant
from repunet.world.stakes import Provision, Stakes

REVISE_EVERY = 5
"""Rounds from one decision to the next."""

JOIN, STAY_OUT = "join", "stay out"
UNDECIDED = "has not chosen"
WILLING, UNWILLING = "agree to talk", "decline to talk"
PAST = {JOIN: "joined", STAY_OUT: "stayed out"}


@dataclass(frozen=True, slots=True)
class Choice:
    """Decision to join the programme or to stay out of it."""

    move: Literal["join", "stay out"]
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideParticipation(ChooseAlone[Choice]):
    """Join or stay out, from now until the next decision?"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideTalk(DecideContact[Decision]):
    """Talk with alter, whom ego has met before?"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speak(Converse[Text]):
    """What does ego say to alter: an opening, or a reply?"""


class Participation(Scenario):
    """Voluntary participation: all gain by each who joins, whoever joins bears the cost alone."""

    name = "participation"
    title = "Voluntary Participation"
    aliases = ("sign", "sign_up", "s", "sign-up")
    roles = ("resident",)
    stakes: ClassVar[Stakes] = Provision(join=JOIN, stay_out=STAY_OUT)
    cooperation = "choosing to join"
    source = "paper, section 4.1, scenario 2; Yoeli et al. 2013"

    choices_stand = True

    def degrees(self, events: Sequence[Event]) -> list[float]:
        """Return 1 for each choice to join, 0 for each to stay out."""
        made = (event.act.cooperation for event in events if isinstance(event, ChoiceMade))
        return [degree for degree in made if degree is not None]

    def convenes(self, round_: int) -> bool:
        """Tell whether everybody decides in this round: the first, and every fifth after it."""
        return round_ % REVISE_EVERY == 1

    async def choose(self, unit: Unit, ego: Participant) -> ChoiceMade | None:
        """Let one agent decide; without an answer its last choice stands, if it has made one."""
        views = unit.views
        question = DecideParticipation(
            setting=views.setting,
            ego=views.ego(ego),
            own_records=views.own_records(ego),
            choices=views.public_choices(ego.agent),
        )
        chosen = await unit.ask(question)
        if chosen is None:
            return None
        return ChoiceMade(
            act=choice(ego, chosen.move),
            reason=chosen.reason,
            decision=str(unit.coordinate(question)),
        )

    async def match(self, matching: Matching) -> Sequence[Event]:
        """Pair everyone; a chooser may choose whoever is tied to it as it is to them."""
        return await matching.pairs("resident", "resident", Eligibility(mutual=True))

    async def meet(self, unit: Unit, group: tuple[Participant, ...]) -> Encounter:
        """Let two talk if both want to; by talking they learn what the other has chosen."""
        ego, alter = group
        willing = await unit.together(
            wants_to_talk(unit, ego, alter), wants_to_talk(unit, alter, ego)
        )
        if None in willing:
            return void(unit, group)
        if not all(willing):
            return declined(unit, group, [yes is True for yes in willing])
        opening = await unit.ask(speech(unit, ego, alter))
        if opening is None:
            return void(unit, group)
        reply = await unit.ask(speech(unit, alter, ego, opening.text))
        if reply is None:
            return void(unit, group)
        return talked(unit, group, (opening.text, reply.text))


def choice(ego: Participant, move: str) -> Act:
    """Return a decision as the act of which others will hear."""
    joined = move == JOIN
    return Act(
        agent=ego.agent,
        role=ego.role,
        move=move,
        cooperation=float(joined),
        valence=1.0 if joined else -1.0,
    )


async def wants_to_talk(unit: Unit, ego: Participant, alter: Participant) -> bool | None:
    """Tell whether ego will talk with alter, None if that could not be had.

    Strangers talk. Nobody is asked about, or by, one whom either shuns.
    """
    views = unit.views
    if views.shuns(ego.agent, alter):
        return False
    if views.shuns(alter.agent, ego) or not views.history(ego.agent, alter.agent):
        return True
    question = DecideTalk(
        setting=views.setting,
        ego=views.ego(ego),
        alter=views.acquaintance(ego.agent, alter),
        own_records=views.own_records(ego),
    )
    decision = await unit.ask(question)
    return None if decision is None else decision.yes


def speech(unit: Unit, ego: Participant, alter: Participant, opening: str | None = None) -> Speak:
    """Return the question what ego says to alter, who may have opened."""
    views = unit.views
    return Speak(
        setting=views.setting,
        ego=views.ego(ego),
        alter=views.acquaintance(ego.agent, alter),
        own_records=views.own_records(ego),
        transcript=() if opening is None else ((views.other(alter), opening),),
    )


def talked(unit: Unit, group: tuple[Participant, ...], words: tuple[str, str]) -> Encounter:
    """Return the encounter of two who have talked: the acts are what both chose last."""
    choices = unit.society.choices
    acts = [choices.get(who.agent) or Act(who.agent, who.role, UNDECIDED) for who in group]
    names = [unit.views.other(who).name for who in group]
    stories = [
        f"{chose('You', acts[seat])}; {chose(names[1 - seat], acts[1 - seat])}. "
        + " ".join(
            f"{'You' if speaker == seat else names[speaker]} said: {quoted(words[speaker])}"
            for speaker in (0, 1)
        )
        for seat in (0, 1)
    ]
    return ended(unit, group, acts, stories)


def chose(who: str, act: Act) -> str:
    """Return what somebody, by name or as you, has chosen."""
    if act.move == UNDECIDED:
        return f"{who} {'have' if who == 'You' else 'has'} not chosen yet"
    return f"{who} {PAST[act.move]}"


def declined(unit: Unit, group: tuple[Participant, ...], willing: Sequence[bool]) -> Encounter:
    """Return the encounter of two who have not talked; why is known to the unwilling alone."""
    acts = [
        Act(who.agent, who.role, WILLING if yes else UNWILLING)
        for who, yes in zip(group, willing, strict=True)
    ]
    names = [unit.views.other(who).name for who in group]
    stories = [unwilling(willing[seat], names[1 - seat], willing[1 - seat]) for seat in (0, 1)]
    return ended(unit, group, acts, stories, "declined")


def unwilling(own: bool, name: str, other: bool) -> str:
    """Return the story of one of two who have not talked."""
    if own:
        return f"{name} did not want to speak with you."
    if other:
        return f"You did not want to speak with {name}."
    return f"Neither you nor {name} wanted to speak with the other."
