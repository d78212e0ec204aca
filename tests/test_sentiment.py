"""Sentiment: the labelled lines, what is promised of every classifier, and what is refused."""

import csv
import importlib
import re
import sys
from collections import Counter
from collections.abc import Iterator
from math import sqrt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repunet.analysis.sentiment import NAMES, Classifier, Sentiment, classifier
from repunet.analysis.sentiment.lexicon import lexicon
from repunet.analysis.sentiment.vader import Vader
from repunet.errors import UsageError
from repunet.minds.embedded.answers import texts
from repunet.system.extras import installation

DATA = Path(__file__).parent / "data" / "sentiment.csv"
LINES = list(csv.DictReader(DATA.read_text("utf-8").splitlines()))
PAGE = Path(__file__).parents[1] / "docs" / "how-to" / "judge-the-tone-of-gossip.md"
CURLY = "\N{RIGHT SINGLE QUOTATION MARK}"
LABELS = ("positive", "neutral", "negative")


def lines(part: str) -> list[dict[str, str]]:
    return [line for line in LINES if line["part"] == part]


def confusion(judge: Classifier, part: str) -> Counter[tuple[str, str]]:
    judged = judge.classify([line["text"] for line in lines(part)])
    pairs = zip(lines(part), judged, strict=True)
    return Counter((line["label"], each.label) for line, each in pairs)


def right(judge: Classifier, part: str) -> int:
    return sum(n for (label, judged), n in confusion(judge, part).items() if label == judged)


def test_the_labelled_lines_are_enough_and_balanced():
    assert len(LINES) == len({line["text"] for line in LINES}) >= 60
    for part in ("making", "held-out"):
        assert len(set(Counter(line["label"] for line in lines(part)).values())) == 1
    assert {line["label"] for line in LINES} == set(LABELS)


def test_most_lines_the_rules_were_not_made_with_are_judged_as_a_person_does():
    assert right(classifier("vader"), "held-out") >= 0.8 * len(lines("held-out"))
    assert right(classifier("vader"), "making") >= 0.95 * len(lines("making"))


def test_the_domain_lexicon_is_worth_its_lines():
    for part in ("making", "held-out"):
        gained = right(classifier("vader"), part) - right(classifier("vader-plain"), part)
        assert gained >= 0.2 * len(lines(part))


def test_good_and_bad_are_hardly_ever_taken_for_one_another():
    found = confusion(classifier("vader"), "held-out")
    assert found["positive", "negative"] + found["negative", "positive"] <= 4


def table() -> Iterator[str]:
    for name in ("vader-plain", "vader"):
        judge = classifier(name)
        for part in ("making", "held-out"):
            hits, n = right(judge, part), len(lines(part))
            yield f"| `{name}` | {part} | {hits} of {n} | {hits / n:.2f} |"
    found = confusion(classifier("vader"), "held-out")
    for label in LABELS:
        yield f"| {label} | " + " | ".join(str(found[label, judged]) for judged in LABELS) + " |"


def test_the_page_states_the_accuracies_that_are_measured():
    page = PAGE.read_text("utf-8")
    assert [line for line in table() if line not in page] == []


@pytest.mark.parametrize("valence", [-1.0, -0.3, 0.0, 0.3, 1.0])
def test_what_the_embedded_mind_says_has_the_tone_it_means(valence):
    class Either:
        def __init__(self, number: int) -> None:
            self.number = number

        def say(self, _: str, *ways: str) -> str:
            return ways[self.number]

    meant = "positive" if valence > 0 else "negative" if valence < 0 else "neutral"
    said = [texts.gossip(Either(n), "Ann Lee", valence) for n in (0, 1)]
    said += [texts.passed_on(Either(n), "Bo Day", "Ann Lee", valence) for n in (0, 1)]
    assert {each.label for each in classifier().classify(said)} == {meant}


@pytest.mark.parametrize("verb", ["cooperate", "contribute", "take part", "keep her word"])
def test_refusing_a_good_deed_is_bad_and_not_refusing_it_is_not(verb):
    said = [f"She decided that she does {verb}.", f"She refused to {verb}.", f"She did not {verb}."]
    assert [each.label for each in classifier().classify(said)] == [
        "positive",
        "negative",
        "negative",
    ]


def test_the_last_turn_of_a_contrast_decides():
    good, bad = classifier().classify(
        ["He defected, but then he cooperated.", "He cooperated, but then he defected."]
    )
    assert (good.label, bad.label) == ("positive", "negative")


def test_negation_ends_with_its_clause():
    assert classifier().classify(["He did not: cooperation."])[0].label == "positive"


def test_a_text_without_words_is_neutral_with_no_confidence():
    for name in ("vader", "vader-plain"):
        assert classifier(name).classify(["", " \n\t"]) == [Sentiment("neutral", 0.0)] * 2
        assert classifier(name).classify([]) == []


def test_confidence_is_the_distance_of_the_compound_score():
    judge = Vader()
    for line in LINES:
        label, confidence = judge.classify([line["text"]])[0]
        score = judge.compound(line["text"])
        assert confidence == pytest.approx(1 - abs(score) if label == "neutral" else abs(score))
        assert (label == "neutral") == (abs(score) < 0.05)


TWO = classifier(), classifier()
TEXTS = st.text(max_size=60) | st.lists(
    st.sampled_from(
        [word for line in LINES for word in line["text"].split()] + [CURLY, "{0}", ":)"]
    )
).map(" ".join)


@given(st.lists(TEXTS, max_size=4))
def test_any_text_is_judged_the_same_alone_in_company_and_again(said):
    judge, other = TWO
    together = judge.classify(said)
    assert together == [judge.classify([text])[0] for text in said]
    assert together == other.classify(said)
    assert all(label in LABELS and 0 <= confidence <= 1 for label, confidence in together)


@pytest.mark.parametrize(
    ("score", "label"),
    [(0.05, "positive"), (0.0499, "neutral"), (-0.0499, "neutral"), (-0.05, "negative")],
)
def test_a_tone_begins_at_five_hundredths(score, label, monkeypatch):
    monkeypatch.setattr(Vader, "compound", lambda vader, text: score)
    assert Vader().classify(["said"])[0].label == label


def test_white_space_and_the_kind_of_apostrophe_change_nothing():
    judge = classifier()
    plain, other = judge.classify(["She can't be trusted.", f" She  can{CURLY}t\nbe trusted. "])
    assert plain == other
    assert plain.label == "negative"


def test_vader_plain_is_vader_as_its_authors_made_it():
    vader = pytest.importorskip("vaderSentiment.vaderSentiment").SentimentIntensityAnalyzer()
    Vader()  # our words must stay with those who ask for them
    plain = Vader(domain=False)
    for line in LINES:
        theirs = vader.polarity_scores(line["text"])["compound"]
        assert plain.compound(line["text"]) == theirs


def test_versions_name_the_library_and_the_lexicon():
    assert lexicon().digest in classifier("vader").version
    assert classifier("vader-plain").version.startswith("vaderSentiment 3.")
    assert lexicon().digest not in classifier("vader-plain").version
    assert [classifier(name).name for name in NAMES[:2]] == ["vader", "vader-plain"]


def test_an_unknown_classifier_is_refused_with_a_suggestion():
    with pytest.raises(UsageError, match=r'unknown classifier "vadr" \(did you mean "vader"\?\)'):
        classifier("vadr")
    with pytest.raises(UsageError, match="lacks a model"):
        classifier("roberta:")


@pytest.mark.parametrize(
    ("name", "library", "extra"),
    [
        ("vader", "vaderSentiment.vaderSentiment", "analysis"),
        ("roberta", "torch", "sentiment"),
    ],
)
def test_a_missing_library_is_named_with_the_extra_that_has_it(monkeypatch, name, library, extra):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(UsageError, match=re.escape(installation(extra))):
        classifier(name)


def test_nothing_heavy_is_imported_before_it_is_used():
    module = importlib.import_module("repunet.analysis.sentiment.roberta")
    assert not {"torch", "transformers"} & set(vars(module))


def test_the_page_states_the_interval_and_the_lean_of_the_errors():
    found = confusion(classifier(), "held-out")
    hits, n = right(classifier(), "held-out"), len(lines("held-out"))
    z, share = 1.959964, hits / n
    middle, half = share + z * z / (2 * n), z * sqrt(share * (1 - share) / n + (z / n / 2) ** 2)
    low, high = ((middle + side * half) / (1 + z * z / n) for side in (-1, 1))
    assert f"is {low:.2f} to {high:.2f} (Wilson)" in PAGE.read_text("utf-8")
    judged = sum(count for (_, label), count in found.items() if label == "positive")
    assert f"it finds {judged} positive lines where there are {n // 3}" in PAGE.read_text("utf-8")


def test_the_example_on_the_page_runs(capsys):
    exec(PAGE.read_text("utf-8").split("```python\n")[1].split("```")[0], {})
    assert capsys.readouterr().out.splitlines()[:2] == ["positive 0.4588", "neutral 1.0"]
