"""The paper's kind of classifier, on tiny RoBERTas that are made here; nothing is downloaded."""

import json
import shutil
import socket

import pytest
from language_societies import company, played

from repunet.analysis.sentiment import Sentiment, classifier
from repunet.cli import execute
from repunet.errors import UsageError

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

pytestmark = [
    pytest.mark.slow,
    # What these libraries say of their own dependencies is no concern of ours.
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning"),
]

WORDS = ["<s>", "<pad>", "</s>", "<unk>", "good", "bad", "met", "she", "is"]
LABEL_OF = {"bad": "negative", "met": "neutral", "good": "positive"}
SHA = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """Every attempt to reach anything, also in a thread, fails the test."""
    tried = []

    def refuse(*address, **_):
        tried.append(address)
        raise OSError("no network in this test")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    yield tried
    assert tried == []


def save(folder, labels=None, *, kind="RobertaForSequenceClassification", **settings):
    """Save a model that follows the first word after <s>, and a tokenizer that knows no length."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    vocabulary = {word: number for number, word in enumerate(WORDS)}
    words = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    words.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=words, pad_token="<pad>", unk_token="<unk>", bos_token="<s>",
        eos_token="</s>",
    ).save_pretrained(folder)  # fmt: skip
    config = transformers.RobertaConfig(
        vocab_size=len(WORDS), hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=16, max_position_embeddings=24, pad_token_id=1, initializer_range=0.5,
        **(settings or {"num_labels": 3}),
    )  # fmt: skip
    if labels:
        config.id2label = dict(enumerate(labels))
        config.label2id = {label: number for number, label in enumerate(labels)}
    torch.manual_seed(0)
    torch.set_num_threads(1)
    model = getattr(transformers, kind)(config)
    if settings.get("num_labels", 3) == 3 and kind.endswith("Classification"):
        _teach(model)
    model.save_pretrained(folder)
    return folder


def _teach(model):
    """Train it for an instant, so that labels can be told apart by what they should be."""
    marks = [WORDS.index(word) for word in LABEL_OF]
    pieces = torch.tensor([[0, mark, 2] for mark in marks])
    steps = torch.optim.Adam(model.parameters(), lr=0.01)
    model.eval()
    for _ in range(150):
        loss = model(input_ids=pieces, labels=torch.tensor([0, 1, 2])).loss
        steps.zero_grad()
        loss.backward()
        steps.step()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return save(tmp_path_factory.mktemp("models") / "tiny")


def test_numbered_labels_are_those_of_the_papers_model(folder):
    judged = classifier(f"roberta:{folder}").classify(list(LABEL_OF))
    assert [each.label for each in judged] == list(LABEL_OF.values())
    assert all(1 / 3 < each.confidence <= 1 for each in judged)


def test_labels_that_are_words_mean_what_they_say(tmp_path):
    judge = classifier(f"roberta:{save(tmp_path / 'm', ['Positive', 'NEU', 'neg'])}")
    assert [each.label for each in judge.classify(list(LABEL_OF))] == [
        "positive",
        "neutral",
        "negative",
    ]


def test_confidence_is_the_softmax_probability_of_the_label(folder):
    network = transformers.AutoModelForSequenceClassification.from_pretrained(folder).eval()
    with torch.no_grad():
        scores = network(input_ids=torch.tensor([[0, WORDS.index("good"), 2]])).logits
    judged = classifier(f"roberta:{folder}").classify(["good"])[0]
    assert judged.confidence == pytest.approx(float(scores.softmax(-1).max()), abs=1e-4)


def test_a_text_longer_than_the_model_is_cut_at_its_length(folder):
    judge = classifier(f"roberta:{folder}")
    room = 24 - 2 - 2  # positions, those before the first, and the marks at both ends
    fits = "good " + "she " * (room - 1)
    assert judge.classify([fits + "bad " * 400]) == judge.classify([fits])
    assert judge.classify([fits]) != judge.classify(["good " + "bad " * (room - 1)])


def test_loading_prints_nothing(folder, capfd):
    classifier(f"roberta:{folder}")
    assert capfd.readouterr() == ("", "")


def test_many_texts_are_judged_as_each_alone(folder):
    judge = classifier(f"roberta:{folder}")
    said = [f"{'she is ' * (n % 7)}{list(LABEL_OF)[n % 3]}" for n in range(40)] + ["", "  "]
    together = judge.classify(said)
    assert together == judge.classify(said)
    assert together[-2:] == [Sentiment("neutral", 0.0)] * 2
    for text, judged in zip(said, together, strict=True):
        alone = judge.classify([text])[0]
        assert judged.label == alone.label
        assert judged.confidence == pytest.approx(alone.confidence, abs=2e-4)


def test_a_folder_is_known_by_its_name_and_its_files(folder, tmp_path):
    judge = classifier(f"roberta:{folder}")
    same = classifier(f"roberta:{shutil.copytree(folder, tmp_path / 'copy')}")
    other = classifier(f"roberta:{save(tmp_path / 'other', ['pos', 'neu', 'neg'])}")
    assert (judge.name, same.name) == ("roberta:tiny", "roberta:copy")
    assert judge.version == same.version != other.version
    assert f"transformers {transformers.__version__}" in judge.version
    assert str(folder) not in judge.version + judge.name


def test_the_papers_model_is_read_from_the_hubs_cache_with_its_commit(
    folder, tmp_path, monkeypatch
):
    """It is stored there as the hub has it: weights in PyTorch's format, no length, no names."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    kept = tmp_path / "models--cardiffnlp--twitter-roberta-base-sentiment"
    snapshot = shutil.copytree(folder, kept / "snapshots" / SHA)
    (kept / "refs").mkdir()
    (kept / "refs" / "main").write_text(SHA)
    network = transformers.AutoModelForSequenceClassification.from_pretrained(folder)
    torch.save(network.state_dict(), snapshot / "pytorch_model.bin")
    (snapshot / "model.safetensors").unlink()
    judge = classifier("roberta")
    assert judge.name == "roberta"
    assert f"cardiffnlp/twitter-roberta-base-sentiment, commit {SHA}" in judge.version
    assert judge.classify(["bad"])[0].label == "negative"


def test_a_model_that_is_not_here_is_one_line_and_no_download(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    for name in ("roberta", "roberta:nobody/nothing", "roberta:no/such/folder/here"):
        with pytest.raises(UsageError, match="HF_HUB_OFFLINE=0") as refused:
            classifier(name)
        assert "\n" not in str(refused.value)


def test_a_download_that_is_allowed_and_fails_is_one_line(tmp_path, monkeypatch, no_network):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    with pytest.raises(UsageError, match="neither here nor to be had") as refused:
        classifier("roberta:nobody/nothing")
    assert "\n" not in str(refused.value)
    assert no_network  # it did try
    no_network.clear()


def _emptied(folder):
    for path in folder.iterdir():
        path.unlink()


def _without_tokenizer(folder):
    for path in folder.glob("tokenizer*"):
        path.unlink()


def _damaged(folder):
    (folder / "config.json").write_text("{")


def _cut_short(folder):
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:100])


def _of_another_kind(folder):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"model_type": "whatever"}))


@pytest.mark.parametrize(
    "spoil", [_emptied, _without_tokenizer, _damaged, _cut_short, _of_another_kind]
)
def test_a_folder_that_holds_no_whole_model_is_one_line(folder, tmp_path, spoil):
    broken = shutil.copytree(folder, tmp_path / "broken")
    spoil(broken)
    with pytest.raises(UsageError, match="holds no model that classifies text"):
        classifier(f"roberta:{broken}")


def test_labels_that_are_no_tones_are_refused(tmp_path):
    stars = save(tmp_path / "stars", ["1 star", "2 stars", "3 stars"])
    two = save(tmp_path / "two", num_labels=2)
    for model in (stars, two):
        with pytest.raises(UsageError, match="negative, neutral and positive"):
            classifier(f"roberta:{model}")


def test_a_model_that_was_never_trained_to_classify_is_refused(tmp_path):
    bare = save(tmp_path / "bare", kind="RobertaModel")
    with pytest.raises(UsageError, match="never trained to classify"):
        classifier(f"roberta:{bare}")


def test_the_papers_kind_of_classifier_judges_in_a_report_a_comparison_and_figures(
    folder, tmp_path, capsys
):
    run = tmp_path / "run.sqlite"
    played(tmp_path, company("embedded", n=4), 2).replace(run)
    tone = ("--tone", f"roberta:{folder}")
    assert execute(["compare", str(run), "--measure", "gossip_tone", *tone]) == 0
    assert f"tone of gossip judged by: roberta:{folder.name} (files " in capsys.readouterr().out
    drawn = ("--output", str(tmp_path / "drawn"), "--only", "gossip", "--format", "svg")
    assert execute(["figures", str(run), *drawn, *tone]) == 0
    assert f"roberta:{folder.name}" in (tmp_path / "drawn" / "gossip.svg").read_text("utf-8")
