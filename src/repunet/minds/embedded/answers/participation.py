"""What all share: whether to help to provide it, whom to talk with, and what to say."""

from typing import Any

from repunet.chance import draw
from repunet.minds.embedded.answers import texts
from repunet.minds.embedded.answers.base import Answers
from repunet.minds.embedded.answers.texts import Voice
from repunet.minds.embedded.model import talk
from repunet.minds.embedded.model.dilemma import LogOddsTerms, logistic
from repunet.minds.embedded.model.evidence import observability, score
from repunet.minds.embedded.model.participation import participation_grounds
from repunet.minds.embedded.reading import QuestionReader, mean_degree
from repunet.questions.mind import adapter
from repunet.questions.operations import ChooseAlone, Converse, DecideContact
from repunet.questions.perspective import Ego, Other
from repunet.world.encounter import Act

Choices = tuple[tuple[Other, Act], ...] | None


class Participating(Answers):
    """Answers about joining or staying out, and talk about it."""

    kinds = {ChooseAlone: "_choose_alone", DecideContact: "_decide_contact", Converse: "_converse"}

    def _choose_alone(self, asked: ChooseAlone[Any], at: str) -> object:
        ego, provision = asked.ego, asked.provision
        grounds = participation_grounds(
            expected_share(self.read, ego, asked.choices),
            observability_to_all(self.read, ego, asked.choices),
            self.read.social_weights(ego.persona, ego.description),
            self.p,
        )
        joins = draw(self.seed, at) < logistic(grounds.log_odds)
        move = provision.join if joins else provision.stay_out
        why = grounds if joins else LogOddsTerms(*(-ground for ground in grounds))
        reason = texts.reason_for_act(move, why, "the others")
        return adapter(asked.answer).validate_python({"move": move, "reason": reason})

    def _decide_contact(self, asked: DecideContact[Any], at: str) -> object:
        evidence, name = self.read.evidence(asked.ego, asked.alter), asked.alter.name
        opinion = score(evidence, self.p) if evidence.mass > 0 else None
        yes = draw(self.seed, at) < talk.talk_probability(opinion, self.p)
        reason = f"{name} is new to me." if opinion is None else texts.opinion(name, opinion)
        return adapter(asked.answer).validate_python({"yes": yes, "reason": reason})

    def _converse(self, asked: Converse[Any], at: str) -> object:
        ego, voice = asked.ego, Voice(self.seed, at)
        share = self.read.base_rate(ego) if ego.memory else None
        words = f"{own_choice(voice, ego.choice)} {expectation(voice, share)}"
        return adapter(asked.answer).validate_python({"text": words})


def expected_share(read: QuestionReader, ego: Ego, choices: Choices) -> float:
    """Return the share of the others that ego expects to join: the public one, if there is any."""
    public = mean_degree(act for _, act in choices or ())
    return read.base_rate(ego) if public is None else public


def observability_to_all(read: QuestionReader, ego: Ego, choices: Choices) -> float:
    """Return how likely others are to know of ego's choice, mirrored from what ego remembers.

    Where choices are public, ego knew of everyone whom it has met.
    """
    if read.parameters.observability is not None:
        return read.parameters.observability
    if choices:
        return observability(True for _ in ego.memory)
    known = (memory.knew_before for memory in ego.memory)
    return observability(bool(knew) for knew in known if knew is not None)


def own_choice(voice: Voice, choice: str | None) -> str:
    """Return what ego says of its own choice, which it never hides."""
    if choice is None:
        return voice.say("choice", "I have not chosen yet.", "My choice is still open.")
    return voice.say(
        "choice",
        f"I have chosen to {choice}.",
        f"As for me, I chose to {choice}.",
        f"I decided to {choice}, for my part.",
    )


def expectation(voice: Voice, share: float | None) -> str:
    """Return what ego says of the others: the share that it expects to join, None without any."""
    if share is None:
        return voice.say(
            "share", "I can't tell yet what others do.", "What others do I don't know yet."
        )
    return voice.say(
        "share",
        f"I expect about {share:.0%} of people to do their part.",
        f"As far as I can tell, about {share:.0%} of people do their part.",
        f"My guess is that some {share:.0%} of us do their part.",
    )
