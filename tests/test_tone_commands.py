"""The paper's judge of tone through the commands: a fake stands for its libraries."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest
from language_societies import company, played
from societies import mostly_slow

from repunet.analysis.sentiment import roberta
from repunet.cli import execute
from repunet.system.extras import installation

LIBRARIES = ("torch", "transformers", "safetensors")
REPRODUCE = (
    "reproduce figure4 --scenario participation --seeds 1 --agents 8 --rounds 5 --mind embedded"
)
TOLD = {
    "report": "report {run} --output {folder}/page.html",
    "compare": "compare {run} --measure gossip_tone",
    "figures": "figures {run} --output {folder}/drawn --only gossip --format svg",
    "reproduce": f"{REPRODUCE} --quiet --on local --storage {{folder}}/runs",
}


class Judge:
    """A pipeline that finds everything positive, and keeps what it was asked."""

    def __init__(self) -> None:
        labels = {0: "negative", 1: "neutral", 2: "positive"}
        self.model = SimpleNamespace(config=SimpleNamespace(id2label=labels))
        self.tokenizer = SimpleNamespace(model_max_length=512)
        self.asked: list[str] = []

    def __call__(self, texts: list[str], **_: Any) -> list[list[dict[str, Any]]]:
        self.asked += texts
        return [[{"label": "positive", "score": 0.9}] for _ in texts]


@pytest.fixture
def judge(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Judge:
    """Have the libraries, and a model in the folder `tiny`."""
    made, fakes = Judge(), {name: ModuleType(name) for name in LIBRARIES}

    def model(**_: Any) -> tuple[Any, dict[str, list[str]]]:
        return object(), {"missing_keys": []}

    facts: dict[str, Any] = {
        "AutoModelForSequenceClassification": SimpleNamespace(from_pretrained=model),
        "AutoTokenizer": SimpleNamespace(from_pretrained=lambda **_: object()),
        "pipeline": lambda *_, **__: made,
        "utils": SimpleNamespace(logging=Mock()),
    }
    for name, fact in facts.items():
        setattr(fakes["transformers"], name, fact)
    fakes["safetensors"].SafetensorError = OSError  # type: ignore[attr-defined]
    for name, fake in fakes.items():
        monkeypatch.setitem(sys.modules, name, fake)
    monkeypatch.setattr(roberta, "version", lambda name: "1.0")
    monkeypatch.setattr("repunet.analysis.comparison.measuring.processors", lambda: 1)
    monkeypatch.setattr("repunet.analysis.report.single.pictures", lambda *_: ())
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny" / "vocab.txt").write_text("good")
    return made


@pytest.fixture
def typed(tmp_path: Path) -> Callable[[str, str], int]:
    """Type a command about a small run."""

    def execute_(command: str, tone: str) -> int:
        run = tmp_path / "run.sqlite"
        if "{run}" in TOLD[command]:
            played(tmp_path, company("embedded", n=8), 5).replace(run)
        words = TOLD[command].format(run=run, folder=tmp_path).split()
        return execute([*words, "--tone", tone])

    return execute_


@pytest.mark.parametrize("command", mostly_slow(TOLD, ["compare", "figures"]))
def test_the_papers_judge_is_asked_wherever_a_tone_is_told(
    command: str, judge: Judge, typed: Callable[[str, str], int], tmp_path: Path
) -> None:
    assert typed(command, f"roberta:{tmp_path / 'tiny'}") == 0
    assert judge.asked


@pytest.mark.parametrize("command", TOLD)
def test_without_its_libraries_it_is_one_line_that_says_how_to_get_them(
    command: str,
    typed: Callable[[str, str], int],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    assert typed(command, "roberta") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith(f"is not installed: {installation('sentiment')}")
