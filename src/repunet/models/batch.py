"""Requests in a file, answers from a file: for batch services, for other tools, for people.

Both have the format of the batch services that follow OpenAI's, one JSON object a line.
"""

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeAlias

from filelock import FileLock

from repunet.errors import UsageError
from repunet.models.request import Reply, Request
from repunet.models.wire_format import body, part, reply_of, storable
from repunet.system.documents import read_text

REQUESTS, GUIDE, LOCK = "requests.jsonl", "README.txt", ".lock"
PATIENCE = 60.0
"""Seconds that a run waits for another one that writes into the same folder."""
UNNAMED = re.compile(r"r[0-9]+/")
"""How an id begins that names no run, as those of version 0.1.0."""
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
answer is an error, or could not be used; of two answers to one request the newer one counts: the
last line of the file that was written last. Then go on with

  repunet resume RUN --batch THIS_FOLDER

or, for all runs of a sweep, with the command that began it,

  repunet sweep GRID --batch THIS_FOLDER

as often as it takes: what is asked next depends on what was answered before.
"""


class Batch:
    """A folder of requests and answers, as one of the runs that share it uses it."""

    def __init__(self, folder: Path, run: str, *, alone: bool = True) -> None:
        self.folder = folder
        self._run = run
        _make(folder)
        self._said = _latest(_answers(folder))
        self._used = 0
        self._pending: dict[str, dict[str, Any]] = {}
        self._useless: dict[str, str] = {}
        """Why answers that are there can't be used, by the id of their request."""
        put = self._let_go(self._is_answered)
        self._alone = alone and all(map(self._is_own, (*put, *self._said)))
        """Whether no other run uses the folder: then ids without a run can only be of this one."""

    def reply(self, request: Request, at: str) -> Reply | None:
        """Return the answer to a request, None if there is none yet."""
        said = self._said.get(identity(request, at, self._run))
        if said is None and self._alone:
            said = self._said.get(identity(request, at))
        self._used += said is not None
        return said if isinstance(said, Reply) else None

    def put(self, request: Request, at: str, why: str | None = None) -> None:
        """Put a request into the next file; `why` its answer of before could not be used."""
        name = identity(request, at, self._run)
        if why is not None:
            self._useless[name] = why
        asked = body(request.model, request, "schema")
        self._pending[name] = {"custom_id": name, "method": "POST", "url": URL, "body": asked}

    @property
    def pending(self) -> int:
        """Return how many requests wait for an answer."""
        return len(self._pending)

    def write(self) -> str:
        """Write the requests that wait beside those of other runs; return what to do now."""
        path = self.folder / REQUESTS
        self._let_go(self._is_own, self._pending)
        told = f"{self.pending} requests are in {path}; put their answers beside it"
        failed = [said for name in self._pending if isinstance(said := self._said.get(name), str)]
        if self._useless:
            which, why = list(self._useless.items())[-1]
            told += f" ({len(self._useless)} of them have answers there that could not be used: "
            told += f"newer ones count; the last: {which}: {why})"
        elif failed:
            told += f" ({len(failed)} of them had errors for answers; the last: {failed[-1]})"
        elif self._said and not self._used:
            told += f" (none of the {len(self._said)} answers there is to one of them)"
        return told

    def _is_own(self, name: str) -> bool:
        """Tell whether a request is of this run, or of one that is not named: before runs were."""
        return name.startswith(f"{self._run}/") or bool(UNNAMED.match(name))

    def _is_answered(self, name: str) -> bool:
        return self._is_own(name) and isinstance(self._said.get(name), Reply)

    def _let_go(
        self, done: Callable[[str], bool], new: Mapping[str, object] | None = None
    ) -> list[str]:
        """Take requests out of the file, and put others in; return the ids of those that stay."""
        try:
            with FileLock(self.folder / LOCK, timeout=PATIENCE):
                kept = {n: line for n, line in put_in(self.folder) if not done(n)}
                added = {n: json.dumps(each, ensure_ascii=False) for n, each in (new or {}).items()}
                if new or (self.folder / REQUESTS).exists():
                    _write(self.folder, {**kept, **added}.values())
        except OSError as error:
            raise _unwritable(self.folder, error) from None
        return list(kept)


def identity(request: Request, at: str, run: str = "") -> str:
    """Return the id of a request: its run, its decision, and a part of its key."""
    return f"{run}/{at}#{request.key[:LETTERS]}".removeprefix("/")


def put_in(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield the requests that wait in a folder, each with its id; none if there is no file."""
    path = folder / REQUESTS
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    for line in filter(None, text.split("\n")):
        with suppress(ValueError, TypeError, KeyError):
            yield str(json.loads(line)["custom_id"]), line


def _write(folder: Path, lines: Iterable[str]) -> None:
    """Write the requests, whole or not at all, and beside them what to do with them."""
    (folder / GUIDE).write_text(EXPLAINED, encoding="utf-8")
    draft = (folder / REQUESTS).with_suffix(".new")
    draft.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    os.replace(draft, folder / REQUESTS)


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
        found = [path for path in folder.glob("*.jsonl") if path.name != REQUESTS]
        for path in sorted(found, key=lambda each: (each.stat().st_mtime_ns, each.name)):
            for number, line in enumerate(read_text(path, LARGEST).split("\n"), 1):
                if line.strip():
                    yield _answer(line, f"{path}, line {number}")
    except OSError as error:
        raise UsageError(f"{error.filename} can't be read ({error.strerror})") from None


def _latest(answers: Iterable[tuple[str, Said]]) -> dict[str, Said]:
    """Return the newest answer to each request; an error takes the place of none."""
    found = dict[str, Said]()
    for name, said in answers:
        if isinstance(said, Reply) or not isinstance(found.get(name), Reply):
            found[name] = said
    return found


def _answer(line: str, where: str) -> tuple[str, Said]:
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        raise UsageError(f"{where}: this is no JSON object") from None
    if not isinstance(said, dict) or not isinstance(said.get("custom_id"), str):
        raise UsageError(f"{where}: a JSON object with a custom_id is needed")
    return said["custom_id"], _said(said, where)


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
    if reply is not None and reply.finish == "broken":
        return f"the answer broke off: {_complaint(reply.reason)}"
    return reply or f"{status}: {_complaint(part(content, 'error'))}"


def _complaint(error: object) -> str:
    """Return what a service complains of, in one line."""
    said = part(error, "message") or part(error, "code") or error or "there is nothing in it"
    printable = "".join(sign if sign.isprintable() else " " for sign in str(said))
    return " ".join(printable.split())[:LONGEST]
