"""Weights: where a transformer is found on this machine, and how it is loaded."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import file_digest, sha256
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

from repunet.errors import UsageError
from repunet.system.extras import library

PARTS = ("*.safetensors", "*.bin", "*.json", "*.txt", "*.model")
"""Files a model and its tokenizer consist of; those for other libraries are left out."""
VOCABULARIES = ("tokenizer.json", "vocab.json", "vocab.txt", "*.model")
UNLOADABLE = (
    OSError, ValueError, RuntimeError, TypeError, KeyError, AttributeError, UnpicklingError,
)  # fmt: skip
"""What transformers raises when files are absent, damaged or of another kind."""


def found(model: str) -> Path:
    """Return the folder in which the hub's cache has a model, whose name is that of its commit.

    Nothing is downloaded, unless the user's HF_HUB_OFFLINE is 0. Raises UsageError in a line.
    """
    asked = os.environ.get("HF_HUB_OFFLINE", "").strip().lower() in {"0", "no", "off", "false"}
    library("torch", "sentiment")
    hub = library("huggingface_hub", "sentiment")
    try:
        folder = hub.snapshot_download(model, allow_patterns=PARTS, local_files_only=not asked)
    except (OSError, ValueError) as absent:
        if asked:
            raise UsageError(f'the model "{model}" is neither here nor to be had') from absent
        raise UsageError(
            f'the model "{model}" is not on this machine, and nothing is downloaded unasked: '
            "set HF_HUB_OFFLINE=0 to allow it, or name a folder: roberta:FOLDER"
        ) from absent
    return Path(folder)


def loaded(folder: Path, shown: str) -> Any:
    """Return the pipeline that classifies with the model in a folder.

    Raises UsageError if there is none, or one whose weights for classifying are not among its files
    (transformers would draw them at random).
    """
    library("torch", "sentiment")
    kit = library("transformers", "sentiment")
    where: dict[str, Any] = {
        "pretrained_model_name_or_path": str(folder),
        "local_files_only": True,
    }
    try:
        with _silent(kit):
            network, told = kit.AutoModelForSequenceClassification.from_pretrained(
                **where, output_loading_info=True
            )
            words = kit.AutoTokenizer.from_pretrained(**where)
    except (*UNLOADABLE, library("safetensors", "sentiment").SafetensorError) as failed:
        raise _unloadable(shown) from failed
    if not any(any(folder.glob(name)) for name in VOCABULARIES):
        raise _unloadable(shown)  # transformers makes a tokenizer without words
    if told["missing_keys"]:
        raise UsageError(f'the model "{shown}" was never trained to classify text')
    return kit.pipeline("text-classification", model=network, tokenizer=words, device=-1)


def digest(folder: Path) -> str:
    """Return what identifies the model and the tokenizer in a folder."""
    whole = sha256()
    for path in sorted({path for part in PARTS for path in folder.glob(part)}):
        with path.open("rb") as part:
            whole.update(path.name.encode() + file_digest(part, "sha256").digest())
    return whole.hexdigest()[:12]


def _unloadable(shown: str) -> UsageError:
    return UsageError(
        f'"{shown}" holds no model that classifies text, or not all of its files: it takes what '
        "save_pretrained writes of the model and of its tokenizer"
    )


@contextmanager
def _silent(kit: Any) -> Iterator[None]:
    """Keep the library from drawing progress bars over ours."""
    said = kit.utils.logging
    shown, level = said.is_progress_bar_enabled(), said.get_verbosity()
    said.disable_progress_bar()
    said.set_verbosity_error()
    try:
        yield
    finally:
        said.set_verbosity(level)
        if shown:
            said.enable_progress_bar()
