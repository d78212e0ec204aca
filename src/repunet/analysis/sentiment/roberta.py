"""RoBERTa: the tone of a text from a fine-tuned transformer, such as the one the paper used."""

from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from repunet.analysis.sentiment.classifier import Label, Sentiment, each_once
from repunet.analysis.sentiment.weights import digest, found, loaded
from repunet.errors import UsageError

PAPER = "cardiffnlp/twitter-roberta-base-sentiment"
"""The model of the paper (section 4.2)."""
BATCH = 16
LABELS: Mapping[str, Label] = {
    **dict.fromkeys(("negative", "neg", "label_0"), "negative"),
    **dict.fromkeys(("neutral", "neu", "label_1"), "neutral"),
    **dict.fromkeys(("positive", "pos", "label_2"), "positive"),
}
"""By a model's name for it; numbered as those of the paper's model are."""


class Roberta:
    """A sequence classifier of the transformers library, with its labels as ours.

    The confidence is the softmax probability of the label, to four digits (what stands beside a
    text in a batch can change later ones). Texts longer than the model takes are cut at its length.
    It runs on the CPU, so that the answers are those of any other machine.
    """

    def __init__(self, model: str = PAPER) -> None:
        given = Path(model).expanduser()
        folder = given if given.is_dir() else found(model)
        # Of a folder only its own name: paths mean nothing elsewhere.
        shown = given.resolve().name if given.is_dir() else model
        self.name = "roberta" if model == PAPER else f"roberta:{shown}"
        self._model = (
            f"files {digest(folder)}" if given.is_dir() else f"{model}, commit {folder.name}"
        )
        self._pipeline = loaded(folder, shown)
        self._labels = _labels(shown, list(self._pipeline.model.config.id2label.values()))
        self._longest = _longest(self._pipeline)

    @property
    def version(self) -> str:
        """Return the model, which state of it, and the versions of the libraries."""
        return f"{self._model}, transformers {version('transformers')}, torch {version('torch')}"

    def classify(self, texts: Sequence[str]) -> list[Sentiment]:
        return each_once(texts, self._judge)

    def _judge(self, texts: list[str]) -> list[Sentiment]:
        judged = self._pipeline(
            texts, top_k=None, truncation=True, max_length=self._longest, batch_size=BATCH
        )
        return [self._likeliest(scores) for scores in judged]

    def _likeliest(self, scores: Iterable[Mapping[str, Any]]) -> Sentiment:
        best = max(scores, key=lambda each: float(each["score"]))
        return Sentiment(self._labels[best["label"]], min(1.0, round(float(best["score"]), 4)))


def _labels(model: str, theirs: Sequence[str]) -> dict[str, Label]:
    """Return our label by the model's.

    >>> _labels("m", ["LABEL_0", "LABEL_1", "LABEL_2"])
    {'LABEL_0': 'negative', 'LABEL_1': 'neutral', 'LABEL_2': 'positive'}
    """
    known = {label: LABELS[label.lower()] for label in theirs if label.lower() in LABELS}
    if len(known) != len(theirs) or sorted(known.values()) != sorted(set(LABELS.values())):
        raise UsageError(
            f'the model "{model}" has the labels {", ".join(theirs)}: it must have three, '
            "negative, neutral and positive"
        )
    return known


def _longest(pipeline: Any) -> int:
    """Return how many tokens a model takes.

    Its tokenizer often doesn't know. RoBERTa's positions begin after that of the padding, which
    takes two of them.
    """
    positions = getattr(pipeline.model.config, "max_position_embeddings", 514) - 2
    return min(int(pipeline.tokenizer.model_max_length), positions)
