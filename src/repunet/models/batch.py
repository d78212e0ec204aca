"""Requests in a file, answers from a file: for batch services, for other tools, for people.

Both have the format of the batch services that follow OpenAI's, one JSON object a line.
"""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from repunet.documents import read_text
from repunet.errors import UsageError
from repunet.models.body import body, part, reply_of, storable
from repunet.models.request import Reply, Request

REQUESTS, GUIDE = "requests.jsonl", "README.txt"
URL = "/v1/chat/completions"
Said: TypeAlias = Reply | str
"""An answer, or what was wrong in its place."""
LARGEST = 2**30
"""Bytes of a file of answers."""
LONGEST = 200
"""Characters of a complaint."""
LETTERS = 16
"""How much of a request's key is in its id: an answer to other words is no answer to it."""
EXPLAINED = """\
requests.jsonl holds one request a line, in the format of the batch services that follow OpenAI's.
Put the answers into any other file here whose name ends in .jsonl, such as answers.jsonl, one line
for each request, in any order:

  what such a service returns, as it is:
    {"custom_id": "...", "response": {"status_code": 200, "body": {"choices": [...], ...}}}
  or, written by hand or by another tool, the object that the request asks for:
    {"custom_id": "...", "answer": {"move": "cooperate", "reason": "..."}}
  or the text of a model's answer:
    {"custom_id": "...", "text": "..."}

custom_id is copied from the request. A request without an answer is put again, and so is one whose
answer is an error; of two answers to one request the last one counts. Then go on with

  repunet resume RUN --batch THIS_FOLDER

as often as it takes: what is asked next depends on what was answered before.
"""


class Batch:
    """A folder of requests and answers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        _make(folder)
        self._said = dict(_answers(folder))
        self._used = 0
        self._pending: dict[str, dict[str, Any]] = {}

    def reply(self, request: Request, at: str) -> Reply | None:
        """Return the answer to a request, None if there is none yet."""
        said = self._said.get(identity(request, at))
        self._used += said is not None
        return said if isinstance(said, Reply) else None

    def put(self, request: Request, at: str) -> None:
        """Put a request into the next file."""
        name = identity(request, at)
        asked = body(request.model, request, "schema")
        self._pending[name] = {"custom_id": name, "method": "POST", "url": URL, "body": asked}

    @property
    def pending(self) -> int:
        """Return how many requests wait for an answer."""
        return len(self._pending)

    def write(self) -> str:
        """Write the requests that wait, and return what to do now."""
        path = self.folder / REQUESTS
        lines = [json.dumps(self._pending[name], ensure_ascii=False) for name in self._pending]
        try:
            (self.folder / GUIDE).write_text(EXPLAINED, encoding="utf-8")
            draft = path.with_suffix(".new")
            draft.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
            os.replace(draft, path)
        except OSError as error:
            raise _unwritable(self.folder, error) from None
        told = f"{self.pending} requests are in {path}; put their answers beside it"
        failed = [said for name in self._pending if isinstance(said := self._said.get(name), str)]
        if failed:
            told += f" ({len(failed)} of them had errors for answers; the last: {failed[-1]})"
        elif self._said and not self._used:
            told += f" (none of the {len(self._said)} answers there is to one of them)"
        return told


def identity(request: Request, at: str) -> str:
    """Return the id of a request: its decision, and a part of its key."""
    return f"{at}#{request.key[:LETTERS]}"


def _make(folder: Path) -> None:
    """Make the folder; raises UsageError if nothing can be put there: before anything is asked."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(folder, error) from None


def _unwritable(folder: Path, error: OSError) -> UsageError:
    return UsageError(f"can't write into {folder} ({error.strerror}): choose another for --batch")


def _answers(folder: Path) -> Iterator[tuple[str, Said]]:
    """Yield what is said to each request; no other sign than the line feed ends a line."""
    try:
        files = sorted(path for path in folder.glob("*.jsonl") if path.name != REQUESTS)
        for path in files:
            for number, line in enumerate(read_text(path, LARGEST).split("\n"), 1):
                if line.strip():
                    yield _answer(line, f"{path}, line {number}")
    except OSError as error:
        raise UsageError(f"{error.filename} can't be read ({error.strerror})") from None


def _answer(line: str, where: str) -> tuple[str, Said]:
    try:
        said = json.loads(line)
        if not isinstance(said, dict) or not isinstance(said.get("custom_id"), str):
            raise UsageError(f"{where}: a JSON object with a custom_id is needed")
        return said["custom_id"], _said(said, where)
    except (ValueError, RecursionError):
        raise UsageError(f"{where}: this is no JSON object") from None


def _said(said: Mapping[str, Any], where: str) -> Said:
    if "answer" in said:
        return Reply(storable(json.dumps(said["answer"], ensure_ascii=False)))
    if isinstance(said.get("text"), str):
        return Reply(storable(said["text"]))
    if isinstance(said.get("response"), Mapping):
        return _served(said["response"])
    if said.get("error"):
        return _complaint(said["error"])
    raise UsageError(f'{where}: an "answer", a "text" or a "response" is needed')


def _served(response: Mapping[str, Any]) -> Said:
    """Return the answer of a batch service, or what it complains of."""
    status, content = response.get("status_code", 200), response.get("body")
    reply = reply_of(content) if status == 200 else None
    return reply or f"{status}: {_complaint(part(content, 'error'))}"


def _complaint(error: object) -> str:
    """Return what a service complains of, in one line."""
    said = part(error, "message") or part(error, "code") or error or "there is nothing in it"
    printable = "".join(sign if sign.isprintable() else " " for sign in str(said))
    return " ".join(printable.split())[:LONGEST]
