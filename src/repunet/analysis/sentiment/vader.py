"""VADER: the tone of a text from the valence of its words (Hutto and Gilbert 2014)."""

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from repunet.analysis.sentiment.classifier import Sentiment, each_once
from repunet.analysis.sentiment.lexicon import lexicon
from repunet.system.extras import library

TURNING = 0.05
"""Compound score from which VADER's authors call a text positive; from minus it, negative."""


class Vader:
    """VADER, with or without the words of social dilemmas.

    The label follows from the compound score c in [-1, 1]: positive from .05, negative to -.05,
    neutral between. The confidence is |c| of a text with a tone and 1 - |c| of a neutral one: the
    strength of the tone, not a probability. The paper's mean of label times confidence is so the
    mean of c, where that of a neutral text counts as 0.
    """

    def __init__(self, *, domain: bool = True) -> None:
        self.name = "vader" if domain else "vader-plain"
        self._lexicon = lexicon() if domain else None
        self._scorer = _scorer()
        if self._lexicon:
            self._scorer.lexicon.update(self._lexicon.valences)

    @property
    def version(self) -> str:
        """Return the version of VADER, and the digest of the lexicon."""
        words = f", lexicon {self._lexicon.digest}" if self._lexicon else ""
        return f"vaderSentiment {version('vaderSentiment')}{words}"

    def classify(self, texts: Sequence[str]) -> list[Sentiment]:
        return each_once(texts, lambda each: [self._judge(text) for text in each])

    def compound(self, text: str) -> float:
        """Return VADER's compound score of a text."""
        read = self._lexicon.read(text) if self._lexicon else text
        return float(self._scorer.polarity_scores(read)["compound"])

    def _judge(self, text: str) -> Sentiment:
        score = self.compound(text)
        if abs(score) < TURNING:
            return Sentiment("neutral", round(1 - abs(score), 4))
        return Sentiment("positive" if score > 0 else "negative", abs(score))


def _scorer() -> Any:
    return library("vaderSentiment.vaderSentiment").SentimentIntensityAnalyzer()
