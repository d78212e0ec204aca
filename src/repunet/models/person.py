"""A person at the terminal, who is asked as a model is asked and answers in the same form."""

import asyncio
import json
import os
import sys
import textwrap
from asyncio import Future, get_running_loop
from collections.abc import Mapping
from contextlib import suppress
from threading import Thread
from typing import Any

from repunet.errors import Stopped
from repunet.models.request import Message, OutputMode, Reply, Request, Usage
from repunet.models.wire_format import storable
from repunet.system.terminal import tell

WIDE = 72
NOBODY = "there is nobody at the terminal to answer any more"
YES_NO = {"y": True, "yes": True, "true": True, "n": False, "no": False, "false": False}


class PersonTransport:
    """Transport that shows a question to a person and asks for the answer field by field.

    Whoever likes to may type the whole JSON object instead of the first field. A field that can't
    be meant is asked for again at once; what is wrong with the answer as a whole is said elsewhere.
    """

    def __init__(self) -> None:
        self._questions: set[str] = set()
        self._known: set[str] = set()
        self._self = ""
        """Who was asked last, in the words that say so."""
        self._typing: Future[str] | None = None
        """A line that is awaited: it is the next one, though who asked for it is gone."""

    async def send(self, request: Request, mode: OutputMode, at: str) -> Reply:
        """Show one question and return what was typed; raises Stopped where nobody is there."""
        tell(f"{at} ".ljust(WIDE, "─"))
        for message in self._to_be_shown(request.messages):
            tell(f"{_fitted(message)}\n")
        typed = await self._object(request.schema, "")
        text = typed if isinstance(typed, str) else json.dumps(typed, ensure_ascii=False)
        return Reply(storable(text), usage=Usage(0, 0))

    async def close(self) -> None:
        """Leave the terminal as it is."""

    def _to_be_shown(self, messages: tuple[Message, ...]) -> list[str]:
        """Return what is said since the last answer: all of it once, who one is with every change.

        Several agents may be asked in turn, perhaps of several people.
        """
        question = next((each.content for each in messages if each.role == "user"), "")
        fresh = _new(messages) if question in self._questions else messages
        self._questions.add(question)
        shown = [message.content for message in fresh if message.role == "user"]
        system = next((each.content for each in messages if each.role == "system"), "")
        if system not in self._known:
            shown.insert(0, system)
        elif system != self._self:
            shown.insert(0, system[system.rfind("\n#") + 1 :])
        self._known.add(system)
        self._self = system
        return shown

    async def _object(self, schema: Mapping[str, Any], path: str) -> Any:
        answer: dict[str, Any] = {}
        for name, kind in schema["properties"].items():
            value = await self._field(kind, f"{path}{name}", whole=not path and not answer)
            if isinstance(value, _Whole):
                return str(value)
            answer[name] = value
        return answer

    async def _field(self, schema: Mapping[str, Any], path: str, *, whole: bool = False) -> Any:
        if schema["type"] == "object":
            return await self._object(schema, f"{path}.")
        if schema["type"] == "array":
            numbers = range(1, schema["minItems"] + 1)
            return [await self._field(schema["items"], f"{path} {number}") for number in numbers]
        while True:
            tell(f"{path}{_hint(schema)}: ", end="")
            typed = (await self._line()).strip()
            if whole and typed.startswith("{"):
                return await self._rest(typed)
            value = _read(schema, typed)
            problem = _problem(schema, value)
            if problem is None:
                return value
            tell(f"  {problem}")

    async def _rest(self, text: str) -> "_Whole":
        """Return a whole object, which may have been pasted in several lines."""
        while not _is_json(text):
            tell("… ", end="")
            line = await self._line()
            if not line.strip():
                break
            text += line
        return _Whole(text)

    async def _line(self) -> str:
        """Return a line from the terminal, without keeping the process alive for it."""
        if self._typing is None:
            loop = get_running_loop()
            self._typing = loop.create_future()
            Thread(target=_read_line, args=(loop, self._typing), daemon=True).start()
        text = await asyncio.shield(self._typing)
        self._typing = None
        if not text:
            raise Stopped(NOBODY)
        return text


class _Whole(str):
    """What was typed for a whole object."""


def _new(messages: tuple[Message, ...]) -> list[Message]:
    """Return what is said since the last answer."""
    said = [number for number, message in enumerate(messages) if message.role == "assistant"]
    return list(messages[said[-1] + 1 :] if said else messages)


def _fitted(text: str) -> str:
    """Return a text whose lines end between words, where somebody looks at them."""
    try:
        width = os.get_terminal_size(sys.stderr.fileno()).columns
    except (OSError, ValueError):
        return text
    fitted = textwrap.TextWrapper(max(20, width - 1), break_on_hyphens=False)
    return "\n".join(fitted.fill(line) if line.strip() else line for line in text.split("\n"))


def _hint(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        if schema["type"] == "integer":
            return f" ({', '.join(map(str, schema['enum']))})"
        words = (f"{number} {word}" for number, word in enumerate(schema["enum"], 1))
        return f" ({', '.join(words)})"
    if schema["type"] == "boolean":
        return " (y or n)"
    if schema["type"] == "integer":
        return f" ({schema.get('minimum', '')} to {schema.get('maximum', '')})"
    return ""


def _read(schema: Mapping[str, Any], typed: str) -> Any:
    """Return a value that is written in short in full, and any other as it is."""
    number = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 9 else None
    if "enum" in schema:
        words = schema["enum"]
        numbered = number is not None and number not in words and 1 <= number <= len(words)
        if numbered and number and schema["type"] != "integer":
            return words[number - 1]
        meant = [word for word in words if str(word).casefold() == typed.casefold()]
        return meant[0] if len(meant) == 1 else typed
    if schema["type"] == "boolean":
        return YES_NO.get(typed.lower(), typed)
    return number if schema["type"] == "integer" and number is not None else typed


def _problem(schema: Mapping[str, Any], value: Any) -> str | None:
    """Return what is wrong with the value of one field, None if nothing is."""
    if "enum" in schema:
        return None if value in schema["enum"] else "one of those, by its number or in full"
    if schema["type"] == "boolean":
        return None if isinstance(value, bool) else "y or n"
    if schema["type"] == "integer":
        low, high = schema.get("minimum", 0), schema.get("maximum", float("inf"))
        fits = isinstance(value, int) and low <= value <= high
        return None if fits else f"a whole number{_hint(schema)}"
    longest = schema.get("maxLength", len(value))
    if not value:
        return "a text is needed"
    return None if len(value) <= longest else f"{len(value)} characters: at most {longest} fit"


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except RecursionError:
        return True
    except ValueError:
        return False
    return True


def _read_line(loop: asyncio.AbstractEventLoop, line: "Future[str]") -> None:
    try:
        text = sys.stdin.readline()
    except UnicodeDecodeError:
        text = "\N{REPLACEMENT CHARACTER}\n"
    except (OSError, ValueError):
        text = ""
    with suppress(RuntimeError):  # the run is over
        loop.call_soon_threadsafe(_deliver, line, text)


def _deliver(line: "Future[str]", text: str) -> None:
    if not line.done():
        line.set_result(text)
