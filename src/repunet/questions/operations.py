"""The operations of RepuNet, in the order in which the paper introduces them.

Each is one question to one agent; together they are the whole of what the reputation system asks.
Scenarios add the questions of their own dilemma.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, TypeVar

from pydantic import Field

from repunet.questions.mind import AnswerShape, InvalidAnswer, Operation, adapter, unprompted
from repunet.questions.perspective import Acquaintance, Hearsay, Other, Setting, Story
from repunet.world.encounter import Act, Recollection
from repunet.world.gossip import VALENCE, Credibility, Sense
from repunet.world.persona import AgentId
from repunet.world.reputation import Appraisal, Reputation
from repunet.world.stakes import Game, Provision, Trust

Words = Annotated[str, Field(max_length=900)]
Reason = Annotated[str, Field(max_length=400)]
A_co = TypeVar("A_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Reflection:
    """Judgement that ego makes of an encounter, by its own values."""

    of_self: Words
    of_alter: Words
    satisfied: bool


@dataclass(frozen=True, slots=True)
class Text:
    """Free text."""

    text: Words


@dataclass(frozen=True, slots=True)
class Decision:
    """Yes or no, and why."""

    yes: bool
    reason: Reason


@dataclass(frozen=True, slots=True)
class GossipWish:
    """Wish of ego to talk about alter, and in what mood."""

    yes: bool
    satisfied: bool
    reason: Reason


@dataclass(frozen=True, slots=True)
class Telling:
    """Words of a gossiper, and the sense in which it means them."""

    text: Words
    sense: Sense

    @property
    def valence(self) -> float:
        """Return the sense as a number in [-1, 1]."""
        return VALENCE[self.sense]


@dataclass(frozen=True, slots=True)
class Judgement:
    """Credibility of a piece of gossip, and whether to pass it on."""

    reason: Reason
    credibility: Credibility = 3
    pass_on: bool = False


@dataclass(frozen=True, slots=True)
class Selection:
    """The name of the one candidate that was selected."""

    name: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class Ranking:
    """The names of all candidates, the preferred one first."""

    names: tuple[str, ...]
    reason: Reason


@dataclass(frozen=True, slots=True)
class JudgedPiece:
    """A piece of gossip that the listener has understood and judged."""

    summary: str
    gossiper: Other
    valence: float
    credibility: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutAlter(Operation[A_co]):
    """A question about somebody ego has met, or is about to meet."""

    alter: Acquaintance

    @property
    def target(self) -> AgentId:
        """Return who that is."""
        return self.alter.id


class GameQuestion:
    """A question about an act: the stakes are a game of options, and the answer names one.

    The answer has a `move`, the label of an option, and a `reason`.
    """

    __slots__ = ()

    setting: Setting

    @property
    def game(self) -> Game:
        """Return the options and what they yield; raises TypeError if there is no such game."""
        if not isinstance(self.setting.stakes, Game):
            raise TypeError(f"{self.setting.scenario} declares no game of options")
        return self.setting.stakes


@dataclass(frozen=True, slots=True, kw_only=True)
class ChooseAct(AboutAlter[A_co], GameQuestion):
    """A scenario's own question: which option, with the alter whom ego now meets?"""

    own_records: tuple[Reputation, ...] | None
    history: Sequence[Recollection] = unprompted(())
    """All earlier encounters with alter: for minds that are not prompted."""

    @property
    def met(self) -> tuple[Acquaintance, ...]:
        """Return whom ego meets."""
        return (self.alter,)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChooseActInGroup(Operation[A_co], GameQuestion):
    """A scenario's own question: which option, among the alters whom ego now meets?"""

    alters: tuple[Acquaintance, ...]
    own_records: tuple[Reputation, ...] | None
    history: Sequence[Recollection] = unprompted(())
    """All earlier encounters with any of them: for minds that are not prompted."""

    @property
    def met(self) -> tuple[Acquaintance, ...]:
        """Return whom ego meets."""
        return self.alters


@dataclass(frozen=True, slots=True, kw_only=True)
class ChooseAlone(Operation[A_co]):
    """A scenario's own question outside any encounter: help to provide what all have, or not?

    The answer has a `move`, one of the two choices at stake, and a `reason`.
    """

    own_records: tuple[Reputation, ...] | None
    choices: tuple[tuple[Other, Act], ...] | None
    """What each of the others chose last: None where choices are private."""

    @property
    def provision(self) -> Provision:
        """Return the two choices; raises TypeError if there is nothing to provide."""
        if not isinstance(self.setting.stakes, Provision):
            raise TypeError(f"{self.setting.scenario} declares nothing to provide")
        return self.setting.stakes


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideContact(AboutAlter[A_co]):
    """A scenario's own question: will ego have to do with alter now? Answered by yes or no."""

    own_records: tuple[Reputation, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Converse(AboutAlter[A_co]):
    """A scenario's own question: what does ego say to alter now? Answered by a text."""

    own_records: tuple[Reputation, ...] | None
    transcript: tuple[tuple[Other, str], ...]
    """What has been said so far, and by whom."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustQuestion(AboutAlter[A_co]):
    """A scenario's own question to one who entrusts something to alter, or is trusted by it."""

    own_records: tuple[Reputation, ...] | None

    @property
    def trust(self) -> Trust:
        """Return what is at stake; raises TypeError if nothing is entrusted to anybody."""
        if not isinstance(self.setting.stakes, Trust):
            raise TypeError(f"{self.setting.scenario} declares nothing to entrust")
        return self.setting.stakes

    def check(self, answer: A_co) -> None:  # type: ignore[misc]
        """Raise InvalidAnswer unless every number in it is whole, and within its limits."""
        kind = adapter(self.answer)
        try:
            kind.validate_json(kind.dump_json(answer, warnings=False), strict=True)
        except ValueError:
            raise InvalidAnswer("a number is not whole, or not within its limits") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseShare(TrustQuestion[A_co]):
    """Which share of the proceeds does ego promise alter?

    The answer has a `share` in whole percent, and a `reason`.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class EntrustShare(TrustQuestion[A_co]):
    """Does ego entrust a share of its wealth to alter, after this promise?

    The answer has `accept`, a `percent` of ego's wealth, and a `reason`.
    """

    promised: int
    """Share of the proceeds, in whole percent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnShare(TrustQuestion[A_co]):
    """Which share of the proceeds does ego return to alter, and which proceeds does it report?

    The answer has `returned`, in whole percent of the proceeds, `reported`, likewise, and a
    `reason`.
    """

    promised: int
    """Share of the proceeds, in whole percent."""
    percent: int
    """What alter entrusted to ego, in whole percent of its wealth."""
    amount: float
    """The same in units."""
    proceeds: float
    """What has become of it, in units."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AmongCandidates(Operation[A_co]):
    """A question that is answered by naming candidates."""

    candidates: tuple[Acquaintance, ...]

    def candidate(self, name: str) -> Acquaintance:
        """Return the candidate of that name; raise InvalidAnswer if there is none."""
        for candidate in self.candidates:
            if candidate.name == name:
                return candidate
        raise InvalidAnswer(f"{name!r} is not one of the candidates")

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the candidates."""
        return tuple(candidate.name for candidate in self.candidates)


@dataclass(frozen=True, slots=True, kw_only=True)
class RankPartners(AmongCandidates[Ranking]):
    """Section 4.1: in which order would ego like to meet its partners this round?"""

    @property
    def asked(self) -> AnswerShape:
        """Return the names to rank."""
        return AnswerShape(choices={"names": self.names}, counts={"names": len(self.names)})

    def check(self, answer: Ranking) -> None:
        """Raise InvalidAnswer unless every candidate is ranked exactly once."""
        if sorted(answer.names) != sorted(self.names):
            raise InvalidAnswer("every candidate must be ranked exactly once")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reflect(Operation[Reflection]):
    """After an encounter: what did each side do, and is ego satisfied by its own values?"""

    story: Story
    own_records: tuple[Reputation, ...] | None
    alters: tuple[Acquaintance, ...]

    @property
    def target(self) -> AgentId | None:
        """Return the other, where there was only one."""
        return self.alters[0].id if len(self.alters) == 1 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShapeSelfReputation(Operation[Appraisal]):
    """Section 3.2.1: how does ego think it is seen now, after the encounter and what was before?"""

    story: Story
    of_self: str | None
    own_records: tuple[Reputation, ...]

    @property
    def target(self) -> AgentId:
        """Return ego itself."""
        return self.ego.id


@dataclass(frozen=True, slots=True, kw_only=True)
class ShapePeerReputation(AboutAlter[Appraisal]):
    """Section 3.2.1: what does ego think of alter now, after the encounter and what was before?"""

    story: Story
    of_alter: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviseSelfImage(Operation[Text]):
    """How does ego describe itself now?"""

    of_self: str | None
    own_records: tuple[Reputation, ...] | None

    @property
    def target(self) -> AgentId:
        """Return ego itself."""
        return self.ego.id


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideTie(AboutAlter[Decision]):
    """Section 3.3.1: build the edge from ego to alter, or keep it?"""

    story: Story
    of_alter: str | None
    tied: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideGossip(AboutAlter[GossipWish]):
    """Appendix A.1: is ego satisfied or dissatisfied enough with alter to talk about it?"""

    story: Story
    of_alter: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChooseListener(AmongCandidates[Selection]):
    """Appendix A.1: to whom, among those ego has ties to, does it want to say it?"""

    about: Other
    reason: str

    @property
    def target(self) -> AgentId:
        """Return whom the gossip is about."""
        return self.about.id

    @property
    def asked(self) -> AnswerShape:
        """Return the names to select from."""
        return AnswerShape(choices={"name": self.names})

    def check(self, answer: Selection) -> None:
        """Raise InvalidAnswer unless one of the candidates was selected."""
        self.candidate(answer.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class TellGossip(Operation[Telling]):
    """Appendix A.1: what does the gossiper say to its listener?"""

    about: Other
    reason: str
    source: Story | Hearsay
    """The encounter it stems from, or what the gossiper was told itself."""
    listener: Other

    @property
    def target(self) -> AgentId:
        """Return whom the gossip is about."""
        return self.about.id


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentifyGossip(Operation[Text]):
    """Appendix A.2: what does the gossiper mean to convey?"""

    about: Other
    gossiper: Other
    said: Telling

    @property
    def target(self) -> AgentId:
        """Return whom the gossip is about."""
        return self.about.id


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeGossip(AboutAlter[Judgement]):
    """Appendix A.2: how credible is it, given its sources and all that was heard before?

    `alter` is the target of the gossip, as far as ego knows it.
    """

    summary: str
    valence: float
    sources: tuple[Acquaintance, ...]
    """The gossiper last: the one who said it to ego."""
    distrust: float | None
    """The share of what ego was told before that it found uncredible; None for nothing."""
    rates_credibility: bool
    may_pass_on: bool

    @property
    def asked(self) -> AnswerShape:
        """Return the parts of the judgement that the treatment has."""
        parts = {"credibility": self.rates_credibility, "pass_on": self.may_pass_on}
        return AnswerShape(unasked=frozenset(part for part, asked in parts.items() if not asked))


@dataclass(frozen=True, slots=True, kw_only=True)
class ShapePeerFromGossip(AboutAlter[Appraisal]):
    """Section 3.2.2: what does the listener think of the target now, after what it was told?"""

    pieces: tuple[JudgedPiece, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconsiderTie(AboutAlter[Decision]):
    """Section 3.3.2: after what it was told, or saw, does ego keep its tie to the target?"""

    pieces: tuple[JudgedPiece, ...]
    seen: Story | None = None
    """What was to be seen, where it was not gossip."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShapePeerFromObservation(AboutAlter[Appraisal]):
    """What does a witness think of somebody now, after what it saw?"""

    story: Story
