"""Classifiers: what every judge of tone returns, and what it is known by."""

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple, Protocol, TypeAlias

Label: TypeAlias = Literal["positive", "neutral", "negative"]


class Sentiment(NamedTuple):
    """The tone of a text."""

    label: Label
    confidence: float
    """From 0 to 1, by the classifier's own measure; 0 where there was nothing to judge."""


class Classifier(Protocol):
    """A judge of tone; the same text always gets the same answer."""

    @property
    def name(self) -> str:
        """Return the name it is asked for by."""

    @property
    def version(self) -> str:
        """Return what else its answers depend on: libraries, lexicon, weights."""

    def classify(self, texts: Sequence[str]) -> list[Sentiment]:
        """Return the sentiment of each text."""


EMPTY = Sentiment("neutral", 0.0)
"""Of a text without a word."""


def each_once(
    texts: Sequence[str], judge: Callable[[list[str]], list[Sentiment]]
) -> list[Sentiment]:
    """Return the sentiment of each text, where each that differs is judged once and none if empty.

    >>> each_once(["a", " ", "a"], lambda texts: [Sentiment("positive", 1.0) for _ in texts])[:2]
    [Sentiment(label='positive', confidence=1.0), Sentiment(label='neutral', confidence=0.0)]
    """
    said = [" ".join(text.split()) for text in texts]
    different = sorted({text for text in said if text})
    known = dict(zip(different, judge(different) if different else [], strict=True))
    return [known.get(text, EMPTY) for text in said]
