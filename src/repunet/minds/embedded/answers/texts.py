"""What the embedded mind says. Every text is filled from typed values, and true to them."""

from collections.abc import Sequence
from typing import NamedTuple

from repunet.chance import pick
from repunet.minds.embedded.model.evidence import WeightedActs
from repunet.world.encounter import Act
from repunet.world.gossip import LIKERT

BANDS = ("not to be trusted", "often out for their own gain", "hard to place", "mostly fair")
BEST_BAND = "someone I would rely on"
CUTS = (-0.6, -0.2, 0.2, 0.6)

FIRMNESS = (
    (0.5, "I have nothing firm to go on."),
    (2.0, "This rests on little."),
    (6.0, "I have seen enough to be fairly sure."),
)
WELL_ESTABLISHED = "This is well established."


class Voice(NamedTuple):
    """Picks among phrasings of the same content, by an address of its own."""

    seed: int
    address: str

    def say(self, slot: str, *phrasings: str) -> str:
        """Return one of the phrasings."""
        return pick(phrasings, self.seed, self.address, slot)


def band(score: float) -> str:
    """Return the words for a score in [-1, 1]."""
    for cut, words in zip(CUTS, BANDS, strict=True):
        if score < cut:
            return words
    return BEST_BAND


def firmness(evidence: WeightedActs) -> str:
    """Return the words for how much there is to go on."""
    for bound, words in FIRMNESS:
        if evidence.mass < bound:
            return words
    return WELL_ESTABLISHED


def peer(voice: Voice, name: str, score: float, evidence: WeightedActs, latest: str) -> str:
    """Return a reputation of somebody else."""
    opening = voice.say(
        "opening",
        f"{name} is {band(score)}.",
        f"To me, {name} is {band(score)}.",
        f"I would say that {name} is {band(score)}.",
    )
    return f"{opening} {firmness(evidence)} {latest}"


def of_oneself(voice: Voice, score: float, acts: Sequence[float]) -> str:
    """Return a reputation of oneself, with the share of cooperative acts among the last."""
    opening = voice.say(
        "opening",
        f"Those I have dealt with probably see me as {band(score)}.",
        f"People who know me most likely find me {band(score)}.",
    )
    if not acts:
        return opening
    good = sum(degree >= 0.5 for degree in acts)
    return f"{opening} {good} of my last {len(acts)} acts were cooperative."


def seen(voice: Voice, name: str, act: Act) -> str:
    """Return what somebody was seen to do."""
    return voice.say(
        "seen", f"This time {name} chose to {act.move}.", f"{name} chose to {act.move} this time."
    )


def heard(gossiper: str, name: str, valence: float, credibility: int) -> str:
    """Return what was heard and how far it is believed."""
    return f"{gossiper} speaks {sense(valence)} of {name}, which I find {LIKERT[credibility]}."


def sense(valence: float) -> str:
    """Return how somebody is spoken of."""
    if valence == 0:
        return "neither well nor ill"
    return (
        ("very well" if valence > 0.5 else "well")
        if valence > 0
        else ("very ill" if valence < -0.5 else "ill")
    )


def gossip(voice: Voice, name: str, valence: float) -> str:
    """Return what is said about an absent third."""
    if valence > 0:
        return voice.say(
            "gossip",
            f"I want to mention {name}: a good experience, I would deal with them again.",
            f"{name} is well worth meeting, take my word for it.",
        )
    if valence < 0:
        return voice.say(
            "gossip",
            f"Be careful with {name}: I came away badly.",
            f"I would think twice before dealing with {name}.",
        )
    return f"I met {name}; there is nothing good or bad to report."


def passed_on(voice: Voice, source: str, name: str, valence: float) -> str:
    """Return what is passed on about an absent third, as heard from a source."""
    return voice.say(
        "passed on",
        f"{source} speaks {sense(valence)} of {name}, and I believe it.",
        f"I have it from {source}, who speaks {sense(valence)} of {name}.",
    )


def summary(gossiper: str, name: str, valence: float) -> str:
    """Return what a listener takes from it."""
    return f"{gossiper} speaks {sense(valence)} of {name}."


def reflection(name: str, act: Act | None, valence: float) -> str:
    """Return what to make of somebody's act."""
    if act is None:
        return f"Nothing came of it with {name}."
    verdict = "that was fair" if valence > 0 else "that was not" if valence < 0 else "so be it"
    return f"{name} chose to {act.move}; {verdict}."


def self_reflection(act: Act | None) -> str:
    """Return what to make of one's own act."""
    return f"I chose to {act.move}." if act else "I did nothing."


def self_image(score: float | None) -> str:
    """Return how one stands now; what one is does not change."""
    if score is None:
        return "I go on as I am."
    return f"I go on as I am, and believe I am seen as {band(score)}."


def opinion(name: str, score: float) -> str:
    """Return what one thinks of somebody."""
    return f"In my eyes {name} is {band(score)}."


def tie(name: str, trust: float, base: float, *, yes: bool) -> str:
    """Return how somebody compares with whoever comes along, and whether that decided it."""
    better = "better than" if trust > base else "no better than"
    verdict = f"{name} is {better} whom I would meet by chance."
    return verdict if yes == (trust > base) else f"{verdict} All the same, I choose otherwise."


def credibility(sources: Sequence[str], score: float, distrust: float | None) -> str:
    """Return why gossip is believed, or is not; the score is the mean of those who said it."""
    who = f"{' and '.join(sources)}, taken together, are" if sources[1:] else f"{sources[0]} is"
    if distrust is None:
        return f"{who} {band(score)}, and I have heard nothing before."
    return f"{who} {band(score)}, and {distrust:.0%} of what I heard seemed doubtful."


MOTIVES = {
    "material": "it pays me more here",
    "fairness": "what the other gets matters to me",
    "partner": "of what I expect of {name}",
    "reputation": "others will hear of it",
    "image": "I am being seen",
}


def reason_for_act(move: str, grounds: NamedTuple, name: str) -> str:
    """Return the strongest ground for the act; by luck, an act may have none."""
    terms = dict(zip(grounds._fields, grounds, strict=True))
    strongest = max(terms, key=lambda term: terms[term])
    if terms[strongest] <= 0:
        return f"I {move} this once, against my better judgement."
    motive = MOTIVES[strongest].format(name=name)
    return f"I {move} because {motive}."


def promise(name: str, share: float, invested: float) -> str:
    """Return what is promised, and what share of wealth it is expected to bring."""
    return f"I promise {name} {share:.0%}, and expect about {invested:.0%} of their wealth for it."


def entrusting(name: str, trust: float, invested: float) -> str:
    """Return how likely the promise is believed to be kept, and what is entrusted on it."""
    deed = f"entrust {invested:.0%} of what I have" if invested > 0 else "keep what I have"
    return f"I put the chance that {name} keeps the promise at {trust:.0%}, and {deed}."


def settling(name: str, promised: float, returned: float, reported: float) -> str:
    """Return what was promised and what is returned, and what is said of the proceeds."""
    truth = "report the proceeds as they are" if reported == 1 else f"report {reported:.0%} of them"
    return f"I promised {name} {promised:.0%} of the proceeds, return {returned:.0%} and {truth}."
