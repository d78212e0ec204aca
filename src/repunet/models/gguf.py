"""GGUF files: what the head of one says of the model in it, and why a file can't be served."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from struct import calcsize, unpack
from typing import Any, BinaryIO

from repunet.errors import UsageError

MAGIC = b"GGUF"
OTHERS = (
    (b"version https://git-lfs", "only names a file in Git LFS: fetch it with git lfs pull"),
    (b"lmgg", "is a GGML file, older than GGUF: convert the model anew"),
    (b"tjgg", "is a GGML file, older than GGUF: convert the model anew"),
    (b"PK\x03\x04", "is a PyTorch or zip file: take a GGUF file of this model"),
    (b"<", "is a web page, not the file it links to"),
)
"""How files begin that are taken for GGUF files, and what is said of them."""
SAFETENSORS = "holds safetensors: take a GGUF file of this model"
SCALARS = dict(zip((0, 1, 2, 3, 4, 5, 6, 7, 10, 11, 12), "BbHhIif?Qqd", strict=True))
"""The types of values, as struct calls them; texts are 8, lists 9."""
TEXT, LIST = 8, 9
MOST_FACTS, LONGEST_TEXT, LONGEST_LIST = 10_000, 2**20, 2**24
KEPT = 2**16
"""Characters of a text."""
PART = re.compile(r"-(\d{5})-of-(\d{5})\.gguf$")
KINDS = {
    "mmproj": "is a projector, which lets another model see: name the file of that model",
    "adapter": "is an adapter (LoRA) to another model, not a model",
    "imatrix": "is an importance matrix, not a model",
}
TEMPLATE = "tokenizer.chat_template"


class Unreadable(Exception):  # noqa: N818
    """The head of a file ends too soon, or says what can't be."""


@dataclass(frozen=True, slots=True)
class Head:
    """Metadata at the head of a GGUF file."""

    facts: dict[str, Any]

    @property
    def architecture(self) -> str:
        """Return the kind of model, such as llama."""
        return str(self.facts.get("general.architecture", ""))

    @property
    def context(self) -> int | None:
        """Return the longest text, in tokens, that the model was made for."""
        found = self.facts.get(f"{self.architecture}.context_length")
        return found if isinstance(found, int) else None

    @property
    def chats(self) -> bool:
        """Return whether it says how turns of a dialogue are written: base models don't."""
        return bool(self.facts.get(TEMPLATE))

    @property
    def kind(self) -> str:
        """Return what is in the file: a model, or something that belongs to one."""
        if self.architecture == "clip":
            return "mmproj"
        return str(self.facts.get("general.type", "model"))

    @property
    def generates(self) -> bool:
        """Return whether the model writes texts: models for embeddings look both ways."""
        return self.facts.get(f"{self.architecture}.attention.causal") is not False


def checked(path: Path) -> Head:
    """Return what a file says of the model in it; raises UsageError for one without a model."""
    _require_file(path)
    try:
        with path.open("rb") as file:
            _require_magic(path, file.read(64))
            head = _read(file)
    except OSError as error:
        raise UsageError(f'can\'t read "{path}": {error.strerror}') from None
    except Unreadable:
        raise UsageError(f'"{path}" is cut off, damaged or big-endian: fetch it again') from None
    if head.kind in KINDS:
        raise UsageError(f'"{path}" {KINDS[head.kind]}')
    if not head.generates:
        raise UsageError(f'"{path}" is a model for embeddings, which writes no texts')
    _require_parts(path, head)
    return head


def _require_file(path: Path) -> None:
    if path.is_dir():
        inside = sorted(each.name for each in path.glob("*.gguf"))
        hint = f", such as {inside[0]}" if inside else ""
        if not inside and any(path.glob("*.safetensors")):
            raise UsageError(f'"{path}" {SAFETENSORS}')
        raise UsageError(f'"{path}" is a folder: name a model in a GGUF file{hint}')
    if not path.is_file():
        raise UsageError(f'no file "{path}": name a model in a GGUF file')


def _require_magic(path: Path, begins: bytes) -> None:
    if begins.startswith(MAGIC):
        return
    for magic, what in OTHERS:
        if begins.lstrip().startswith(magic):
            raise UsageError(f'"{path}" {what}')
    if path.suffix == ".safetensors" or begins[8:10] == b'{"':
        raise UsageError(f'"{path}" {SAFETENSORS}')
    raise UsageError(f'"{path}" is not a GGUF file' + ("" if begins else ": it is empty"))


def _require_parts(path: Path, head: Head) -> None:
    """Raise UsageError if a model in several files lacks one, or is not named by the first.

    They are called NAME-00001-of-00003.gguf and so on.
    """
    count = head.facts.get("split.count", 0)
    if not isinstance(count, int) or count < 2:
        return
    found = PART.search(path.name)
    if found is None or int(found[2]) != count:
        raise UsageError(f'"{path}" is one of {count} parts, and has to keep the name it had')
    names = [PART.sub(f"-{n:05}-of-{count:05}.gguf", path.name) for n in range(1, count + 1)]
    lacking = [name for name in names if not path.with_name(name).is_file()]
    if lacking:
        raise UsageError(f'"{path}" is one of {count} parts, and {lacking[0]} is not beside it')
    if int(found[1]) != 1:
        raise UsageError(f'"{path}" is one of {count} parts: name the first, {names[0]}')


def _read(file: BinaryIO) -> Head:
    """Read what stands before the weights."""
    file.seek(len(MAGIC))
    version, _, count = _number(file, "I"), _number(file, "Q"), _number(file, "Q")
    if not 2 <= version <= 99 or count > MOST_FACTS:
        raise Unreadable
    return Head(dict(_facts(file, count)))


def _facts(file: BinaryIO, count: int) -> Iterator[tuple[str, Any]]:
    for _ in range(count):
        name = _text(file)
        yield name, _value(file, _number(file, "I"))


def _value(file: BinaryIO, kind: int) -> Any:
    """Read a value; lists are passed over."""
    if kind == TEXT:
        return _text(file)
    if kind != LIST:
        return _number(file, SCALARS.get(kind, ""))
    each, length = _number(file, "I"), _number(file, "Q")
    if length > LONGEST_LIST or each not in (TEXT, *SCALARS):
        raise Unreadable
    if each == TEXT:
        for _ in range(length):
            _passed(file, _number(file, "Q"))
    else:
        _passed(file, length * calcsize(f"<{SCALARS[each]}"))
    return None


def _text(file: BinaryIO) -> str:
    return _exactly(file, _number(file, "Q")).decode("utf-8", "replace")[:KEPT]


def _number(file: BinaryIO, code: str) -> Any:
    if not code:
        raise Unreadable
    return unpack(f"<{code}", _exactly(file, calcsize(f"<{code}")))[0]


def _exactly(file: BinaryIO, size: int) -> bytes:
    found = file.read(size) if size <= LONGEST_TEXT else b""
    if len(found) != size:
        raise Unreadable
    return found


def _passed(file: BinaryIO, size: int) -> None:
    """Pass over so many bytes, if they are there."""
    if size > LONGEST_LIST * 8:
        raise Unreadable
    file.seek(size, 1)
