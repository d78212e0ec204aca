"""Sentiment: whether what is said of somebody is positive, neutral or negative, and how clearly."""

from repunet.analysis.sentiment.classifier import Classifier, Label, Sentiment
from repunet.analysis.sentiment.roberta import PAPER, Roberta
from repunet.analysis.sentiment.vader import Vader
from repunet.errors import UsageError, unknown

__all__ = ["NAMES", "VADER", "Classifier", "Label", "Sentiment", "classifier"]

VADER = "vader"
"""The judge of tone if no other is named."""
NAMES = (VADER, "vader-plain", "roberta")


def classifier(name: str = VADER) -> Classifier:
    """Return the classifier of this name.

    `vader` is VADER with the words of social dilemmas, `vader-plain` VADER as its authors made it,
    `roberta` the model the paper used, and `roberta:MODEL` another one of that kind, by its name
    on the Hugging Face hub or as a folder. Raises UsageError if the name is unknown, a library is
    missing, or the model can't be loaded.

    >>> classifier().classify(["Aisha kept her promise.", "They met in round 3.", ""])
    ... # doctest: +NORMALIZE_WHITESPACE
    [Sentiment(label='positive', confidence=0.4588),
     Sentiment(label='neutral', confidence=1.0),
     Sentiment(label='neutral', confidence=0.0)]
    """
    kind, colon, model = name.partition(":")
    if kind == "roberta":
        if colon and not model:
            raise UsageError(
                '"roberta:" lacks a model: name one, such as a folder, after the colon'
            )
        return Roberta(model or PAPER)
    if name not in NAMES:
        raise unknown("classifier", name, NAMES)
    return Vader(domain=name == "vader")
