"""Gossip: how much of it there is, about whom, and in what tone.

`missing` are the decisions about gossip in the rounds of a span whose answers could not be had.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, partial
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

from repunet.analysis.measures.measure import Measure, Rate, RoundSpan, correlation, mean, once
from repunet.analysis.measures.questions import lacking, unanswered
from repunet.analysis.measures.reputation import focal_role, standing
from repunet.analysis.sentiment import VADER, Classifier, Label, Sentiment, classifier
from repunet.analysis.tables.frames import Frame, Frames
from repunet.questions.operations import (
    ChooseListener,
    DecideGossip,
    IdentifyGossip,
    JudgeGossip,
    TellGossip,
)

QUESTIONS = {
    question.label
    for question in (DecideGossip, ChooseListener, TellGossip, IdentifyGossip, JudgeGossip)
}
"""The operations of which gossip is made."""
SIGNS: dict[Label, int] = {"positive": 1, "neutral": 0, "negative": -1}
"""Labels of tone, as the paper's mean counts them."""


def missing_in(frames: Frames, span: RoundSpan) -> int:
    """Return how many decisions about gossip are missing in these rounds."""
    return lacking(span, unanswered(frames, QUESTIONS))


@once
def imported(frames: Frames) -> Frame:
    """Return the rounds that were imported: of these it is not known what gossipers meant."""
    rounds = frames["rounds"]
    return rounds["round"][rounds.source.notna()]


def volume(frames: Frames, span: RoundSpan) -> Rate:
    """Return how many pieces of gossip an agent hears in a round; n: agents times rounds.

    >>> from repunet.analysis.measures.handmade import made
    >>> volume(made(agents="ABCD", gossip=[dict(round=2, target="A")]), RoundSpan(1, 2))
    Rate(value=0.125, n=8, missing=0)
    """
    joined = frames["agents"]["round"].clip(lower=span.first)
    chances = int((span.last - joined + 1).clip(lower=0).sum())
    heard = len(span.of(frames["gossip"]))
    return Rate(heard / chances if chances else None, chances, missing_in(frames, span))


def untold(frames: Frames, span: RoundSpan) -> Rate:
    """Return the share of wishes to talk for which there was no listener; n: those, and pieces.

    Of rounds that were played, as it is not known of imported ones.

    >>> from repunet.analysis.measures.handmade import made
    >>> untold(made(gossip=[dict(round=1)] * 3, untold=[dict(round=1)]), RoundSpan(1, 1))
    Rate(value=0.25, n=4, missing=0)
    """
    tables = (span.of(frames[table])["round"] for table in ("gossip", "untold"))
    told, not_told = (int((~rounds.isin(imported(frames))).sum()) for rounds in tables)
    wishes = told + not_told
    return Rate(not_told / wishes if wishes else None, wishes, missing_in(frames, span))


def second_order(frames: Frames, span: RoundSpan) -> Rate:
    """Return the share of pieces that were passed on by one who had only heard it; n: pieces.

    >>> from repunet.analysis.measures.handmade import made
    >>> run = made(gossip=[dict(round=1, order=order) for order in (1, 1, 2)])
    >>> second_order(run, RoundSpan(1, 1))
    Rate(value=0.3333333333333333, n=3, missing=0)
    """
    return mean(span.of(frames["gossip"]).order >= 2, missing_in(frames, span))


def pieces_by_agent(frames: Frames, span: RoundSpan) -> Frame:
    """Return how often each agent is talked about, and how it stands: agent, pieces, standing.

    Pieces are those heard about it, in any role and of any order. Standing is that at the end of
    the span in the role in which the headline act is done, NaN if nobody has a record of it.
    Source: the paper's Figure 4a.

    >>> from repunet.analysis.measures.handmade import made
    >>> run = made(agents="AB", gossip=[dict(round=1, target="B"), dict(round=2, target="B")])
    >>> pieces_by_agent(run, RoundSpan(1, 2)).pieces.tolist()
    [0, 2]
    """
    counts = span.of(frames["gossip"]).target.value_counts()
    stood = standing(frames, span.last, focal_role(frames.scenario))
    return pd.DataFrame(
        {
            "agent": frames.agents,
            "pieces": counts.reindex(frames.agents, fill_value=0).to_numpy("int64"),
            "standing": stood.to_numpy("float64"),
        }
    )


def talk_and_standing(frames: Frames, span: RoundSpan) -> Rate:
    """Return how standing and being talked about go together: Pearson's r over agents, -1 to 1.

    Over the agents that have a standing; not defined for fewer than three, or where either does
    not vary. Source: the paper's Figure 4a.

    >>> from repunet.analysis.measures.handmade import made
    >>> stood = [dict(round=1, agent=agent, role="player", standing=0.5) for agent in "AB"]
    >>> talk_and_standing(made(agents="AB", standings=stood), RoundSpan(1, 1))
    Rate(value=None, n=2, missing=0)
    """
    both = pieces_by_agent(frames, span).dropna()
    value = correlation(both.pieces, both.standing)
    return Rate(value, len(both), missing_in(frames, span))


@dataclass(frozen=True, slots=True)
class Classified:
    """The tone of all that gossipers said in a run, and who judged it."""

    classifier: str
    """Its name, with its version in brackets."""
    tones: Mapping[str, Sentiment]
    """By what was said."""


def classified(frames: Frames, judge: Classifier) -> Classified:
    """Return the tone of what was said; each text is judged once, and those without words not."""
    said = [text for text in frames["gossip"].said.drop_duplicates() if text.strip()]
    tones = dict(zip(said, judge.classify(said), strict=True))
    return Classified(f"{judge.name} ({judge.version})", tones)


def sentiment_shares(frames: Frames, span: RoundSpan, by: Classified) -> Frame:
    """Return how many pieces are positive, neutral and negative: label, pieces, share, classifier.

    What was said is judged, not what the listener made of it; of pieces without words nothing is
    known. Shares are NaN where there are no pieces. Source: the paper's Figure 4b.

    >>> from repunet.analysis.measures.handmade import made
    >>> run = made(gossip=[dict(round=1, said=said) for said in ("A is nice.", "A is nice.", "A")])
    >>> sentiment_shares(run, RoundSpan(1, 1), classified(run, classifier("vader"))).pieces.tolist()
    [2, 1, 0]
    """
    labels = _tones(frames, span, by).label
    counts = labels.value_counts().reindex(list(SIGNS), fill_value=0)
    pieces = counts.to_numpy("int64")
    shares = pieces / len(labels) if len(labels) else np.full(len(pieces), np.nan)
    columns = {"label": list(SIGNS), "pieces": pieces, "share": shares}
    return pd.DataFrame(columns | {"classifier": by.classifier})


def sentiment_share(frames: Frames, span: RoundSpan, by: Classified, label: Label) -> Rate:
    """Return the share of pieces of this tone; n: pieces with words."""
    return mean(_tones(frames, span, by).label == label, missing_in(frames, span))


def sentiment_mean(frames: Frames, span: RoundSpan, by: Classified) -> Rate:
    """Return the paper's mean tone: label (+1, 0, -1) times the classifier's confidence, averaged.

    n: pieces with words. Source: Ren et al., section 4.3 (Figure 4).

    >>> from repunet.analysis.measures.handmade import made
    >>> run = made(gossip=[dict(round=1, said=said) for said in ("good", "bad")])
    >>> tones = {"good": Sentiment("positive", 0.75), "bad": Sentiment("negative", 0.25)}
    >>> sentiment_mean(run, RoundSpan(1, 1), Classified("by hand", tones))
    Rate(value=0.25, n=2, missing=0)
    """
    tones = _tones(frames, span, by)
    return mean(tones.label.map(SIGNS) * tones.confidence, missing_in(frames, span))


def _tones(frames: Frames, span: RoundSpan, by: Classified) -> Frame:
    said = span.of(frames["gossip"]).said
    tones = [by.tones[text] for text in said if text.strip()]
    made = pd.DataFrame(tones, columns=["label", "confidence"])
    return made.astype({"label": "object", "confidence": "float64"})


_chosen: WeakKeyDictionary[Frames, str] = WeakKeyDictionary()
"""Who judges the tone of a run, by name."""


def judge_by(frames: Frames, tone: str) -> Frames:
    """Let a classifier of this name judge the tone of a run, in all that is made of its tables."""
    _chosen[frames] = tone
    return frames


def judge_of(frames: Frames) -> Classifier:
    """Return who judges the tone of a run."""
    return judge(_chosen.get(frames, VADER))


@cache
def judge(tone: str) -> Classifier:
    """Return the classifier of this name, which is loaded once."""
    return classifier(tone)


def judged(tone: str) -> str:
    """Return what is said of who judged the tone: the name, and the version."""
    return f"{judge(tone).name} ({judge(tone).version})"


@once
def _judged(frames: Frames) -> Classified:
    return classified(frames, judge_of(frames))


def _share(frames: Frames, span: RoundSpan, label: Label) -> Rate:
    """Return `sentiment_share` by the classifier that was chosen, by default `vader`."""
    return sentiment_share(frames, span, _judged(frames), label)


def _mean(frames: Frames, span: RoundSpan) -> Rate:
    """Return `sentiment_mean` by the classifier that was chosen, by default `vader`."""
    return sentiment_mean(frames, span, _judged(frames))


MEASURES = (
    Measure("gossip_volume", "gossip", "Gossip heard", "pieces an agent and round", volume),
    Measure("gossip_untold", "gossip", "Wishes to talk without listener", "0 to 1", untold),
    Measure("gossip_second_order", "gossip", "Gossip that was passed on", "0 to 1", second_order),
    Measure(
        "talk_and_standing",
        "gossip",
        "Being talked about and standing (Pearson)",
        "-1 to 1",
        talk_and_standing,
    ),
    *(
        Measure(
            f"gossip_{label}",
            "gossip",
            f"{label.capitalize()} gossip",
            "0 to 1",
            partial(_share, label=label),
        )
        for label in SIGNS
    ),
    Measure("gossip_tone", "gossip", "Mean tone of gossip", "-1 to 1", _mean),
)
"""Those of gossip itself; tone is judged by the classifier that was chosen."""
