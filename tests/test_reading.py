"""What is read of a response: pieces are joined, and nothing is read without end."""

import asyncio
import json
import socket
import tracemalloc
import zlib
from typing import Any

import pytest
from raw_server import Habit, answer, delta, events, head, listening, packed, saying, silent, slowly

from repunet.models import client
from repunet.models.failure import (
    Failure,
    Overloaded,
    Permanent,
    RateLimited,
    TimedOut,
    Transient,
    Unreachable,
)
from repunet.models.openai import OpenAITransport
from repunet.models.reading import LARGEST
from repunet.models.request import Message, Reply, Request, Usage

ASKED = Request("http", "fake", (Message("user", "What do you say?"),), {"type": "object"})
MIB = 2**20


async def sent(url: str, timeout: float = 30.0) -> Reply:
    there = OpenAITransport("fake", url, "none", timeout)
    try:
        return await there.send(ASKED, "text", "r1/x")
    finally:
        await there.close()


def read(habit: Habit, **options: Any) -> Reply:
    """Return the reply of a server that has this habit."""

    async def main() -> Reply:
        async with listening(habit) as url:
            return await sent(url, **options)

    return asyncio.run(main())


def failed(habit: Habit, **options: Any) -> Failure:
    with pytest.raises(Failure) as caught:
        read(habit, **options)
    return caught.value


def memory(habit: Habit) -> tuple[Failure, int]:
    """Return how it fails, and how many bytes that took at most."""
    failed(saying(head(), b"{}"))  # what is loaded once is loaded
    tracemalloc.start()
    try:
        return failed(habit), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def body(said: Any) -> bytes:
    return json.dumps(said).encode()


# Pieces ------------------------------------------------------------------------------------------

USED = {"prompt_tokens": 5, "completion_tokens": 2}
PIECES = delta(role="assistant"), delta(content="Hel"), delta(content="lo"), delta("length")


def test_an_answer_that_comes_in_pieces_is_joined() -> None:
    reply = read(events(*PIECES, {"choices": [], "usage": USED}))
    used = Usage(5, 2)
    assert reply == Reply("Hello", "length", used, "c-1", None, reason="length")


STREAM = head(200, "text/event-stream")
GZIP = head(200, "application/json", "Content-Encoding: gzip")
DEFLATE = head(200, "application/json", "Content-Encoding: deflate")
HELLO = body(answer("Hello"))
LINES = head(200, "application/x-ndjson")


def lines(*pieces: Any) -> bytes:
    return b"\n".join(map(body, pieces))


def from_ollama(text: str, **more: Any) -> dict[str, Any]:
    return {"model": "m", "message": {"role": "assistant", "content": text}, "done": False} | more


OLLAMA = lines(
    from_ollama("Hel"),
    from_ollama("lo"),
    from_ollama("", done=True, done_reason="stop", prompt_eval_count=5, eval_count=2),
)
LAST = b"data: " + body(PIECES[-1])
FORMS = {
    "last event without a blank line": events(*PIECES[:-1], end=LAST),
    "last event without a line": events(*PIECES[:-1], end=LAST + b"\n"),
    "last mark without a blank line": events(*PIECES, end=b"data: [DONE]"),
    "a cut event after the last": events(*PIECES, end=b'data: {"usage": {"pro'),
    "lines": saying(LINES, lines(*PIECES)),
    "lines that are called JSON": saying(head(), lines(*PIECES) + b"\n"),
    "lines of Ollama": saying(LINES, OLLAMA + b"\n"),
    "lines of Ollama that are called JSON": saying(head(), OLLAMA),
    "one line": saying(LINES, body(from_ollama("Hello", done=True))),
    "comments": events(*PIECES, first=b": OPENROUTER PROCESSING\n\n: keep-alive\n\n"),
    "no mark at the end": events(*PIECES, end=b""),
    "no reason": events(*PIECES[:-1]),
    "one event": saying(head(200, "text/plain"), b"data:" + HELLO + b"\r\n\r\n"),
    "called events": saying(STREAM, HELLO),
    "blanks": saying(head(), b"\n\n\n", b"\n", HELLO),
    "text": saying(head(200, "text/plain; charset=utf-8"), HELLO),
    "gzip": saying(GZIP, packed(HELLO)),
    "deflate": saying(DEFLATE, zlib.compress(HELLO)),
}


@pytest.mark.parametrize("habit", FORMS.values(), ids=FORMS)
def test_an_answer_is_the_same_in_whichever_form_it_comes(habit: Habit) -> None:
    assert read(habit).text == "Hello"


def test_the_arguments_of_a_call_are_joined_too() -> None:
    def call(**function: str) -> dict[str, Any]:
        return delta(tool_calls=[{"index": 0, "function": function}])

    reply = read(
        events(call(name="answer", arguments='{"a"'), call(arguments=": 1}"), delta("stop"))
    )
    assert reply.text == '{"a": 1}'


def test_thoughts_in_pieces_are_no_part_of_an_answer() -> None:
    pieces = delta(reasoning_content="I could say no."), delta(content="yes"), delta("stop")
    assert read(events(*pieces)).text == "yes"


BROKEN = {"message": "out of memory"}


@pytest.mark.parametrize("said", [{"error": BROKEN}, {"object": "error", **BROKEN}])
def test_an_error_within_a_stream_is_told_and_nothing_before_it_counts(said: Any) -> None:
    assert "out of memory" in str(failed(events(*PIECES[:3], said)))


@pytest.mark.parametrize("end", [b"", b'data: {"choi'])
def test_a_stream_that_is_cut_is_no_answer(end: bytes) -> None:
    found = failed(events(*PIECES[:3], end=end))
    assert (type(found), found.charged) == (Transient, True)
    assert "cut" in str(found)


@pytest.mark.parametrize("end", [b"", b'{"message": {"con'])
def test_lines_that_are_cut_are_no_answer(end: bytes) -> None:
    for label in (LINES, head()):
        cut = lines(from_ollama("Hel"), from_ollama("lo")) + b"\n" + end
        assert "cut" in str(failed(saying(label, cut)))


def test_what_lines_of_ollama_took_is_read() -> None:
    assert read(saying(LINES, OLLAMA)).usage == Usage(5, 2)


@pytest.mark.parametrize("packing", ["br", "zstd", "compress", "x-unknown"])
def test_what_is_packed_as_nobody_asked_for_is_told_at_once(packing: str) -> None:
    packed_so = head(200, "application/json", f"Content-Encoding: {packing}")
    found = failed(saying(packed_so, b"\x1b\x00\xf8\xff"))
    assert (type(found), found.charged) == (Permanent, True)
    assert f"packed as '{packing}'" in str(found)


def test_no_packing_is_asked_for_that_can_not_be_unpacked_piece_by_piece() -> None:
    asked: list[bytes] = []

    async def main() -> None:
        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            asked.append(await reader.readuntil(b"\r\n\r\n"))
            await saying(head(), HELLO)(writer)
            writer.close()

        async with await asyncio.start_server(handle, "127.0.0.1", 0) as server:
            await sent(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1")

    asyncio.run(main())
    assert b"accept-encoding: gzip, deflate\r\n" in asked[0].lower()


@pytest.mark.parametrize("first", ["\ufeff", "id: 1\n", "retry: 3000\n\n", "\n\ufeff\n"])
@pytest.mark.parametrize("label", ["text/event-stream", "application/json"])
def test_no_piece_is_lost_whatever_the_stream_begins_with(first: str, label: str) -> None:
    said = "".join(f"data: {json.dumps(piece)}\n\n" for piece in PIECES)
    assert read(saying(head(200, label), f"{first}{said}".encode())).text == "Hello"


# Too much ----------------------------------------------------------------------------------------

ZEROS = b"0" * MIB
ENDLESS = 10**5
LARGE = b"data: " + body(delta(content="a" * MIB)) + b"\n\n"
WITHOUT_END = {
    "endless": saying(head(), b"[" + ZEROS, times=ENDLESS),
    "objects": saying(head(), b'{"choices": [' + b"{}," * MIB),
    "parts": saying(head(), b'{"choices": [' + b"{}," * 10**5 + b"{}]}"),
    "event of parts": saying(STREAM, b"data: " + b"[]," * 10**5 + b"\n\n"),
    "page": saying(head(200, "text/html"), b"<p>" + ZEROS, times=ENDLESS),
    "gzip": saying(GZIP, packed(b"[" + ZEROS * 16)),
    "deflate": saying(DEFLATE, zlib.compress(ZEROS * 16)),
    "nested": saying(
        head(200, "application/json", "Content-Encoding: gzip, gzip"), packed(ZEROS * 16, 2)
    ),
    "stream": saying(STREAM, LARGE, times=ENDLESS),
    "lines": saying(LINES, lines(from_ollama("a" * MIB)) + b"\n", times=ENDLESS),
    "line": saying(LINES, b'{"a": "' + ZEROS, times=ENDLESS),
    "event": saying(STREAM, b"data: " + ZEROS, times=ENDLESS),
    "headers": saying(head(200, "application/json", *(f"X-{n}: 1" for n in range(9999))), HELLO),
}


@pytest.mark.parametrize("habit", WITHOUT_END.values(), ids=WITHOUT_END)
def test_an_answer_without_end_is_none_and_takes_little_memory(habit: Habit) -> None:
    found, most = memory(habit)
    assert (type(found), found.charged) == (Transient, True)
    assert most < 32 * MIB


@pytest.mark.parametrize(
    ("status", "kind"), [(503, Overloaded), (429, RateLimited), (500, Transient)]
)
def test_an_error_page_is_read_no_further_than_it_says_something(
    status: int, kind: type[Failure]
) -> None:
    page = saying(
        head(status, "text/html", "Retry-After: 7"), b"<h1>busy</h1>" + ZEROS, times=ENDLESS
    )
    found = failed(page)
    assert (type(found), found.retry_after, found.charged) == (kind, 7, False)
    assert "busy" in str(found)


@pytest.mark.slow
@pytest.mark.parametrize("parts", [b"{},", b'{"a":0},' + b"1.5," * 20, b"1.25,", b'"a\\u4e00",'])
def test_the_largest_answer_that_is_read_takes_less_than_64_mb(parts: bytes) -> None:
    fitting = min((LARGEST - 100) // len(parts), 99_990 // max(1, parts.count(b"{")))
    _, most = memory(saying(head(), b'{"choices": [' + parts * fitting + b"{}]}"))
    assert most < 64 * 10**6


def test_a_long_answer_is_read_whole() -> None:
    text = "人 \N{GRINNING FACE}" * 60_000
    assert read(saying(head(), json.dumps(answer(text)).encode()[:LARGEST])).text == text


# Too slow ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "habit",
    [
        silent,
        saying(head(), b"{"),
    ],
    ids=["silent", "half"],
)
def test_silence_ends_with_the_time_for_it(habit: Habit) -> None:
    async def stays(writer: asyncio.StreamWriter) -> None:
        await habit(writer)
        await silent(writer)

    found = failed(stays, timeout=0.2)
    assert (type(found), found.charged) == (TimedOut, True)


def test_a_handshake_that_stalls_ends_with_the_time_for_a_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(client, "CONNECT", 0.2)

    with socket.create_server(("127.0.0.1", 0)) as mute, pytest.raises(Unreachable) as found:
        asyncio.run(asyncio.wait_for(sent(f"https://127.0.0.1:{mute.getsockname()[1]}/v1"), 60))
    assert not found.value.charged


def test_a_byte_now_and_then_is_read_for_as_long_as_it_is_awaited() -> None:
    async def main() -> None:
        async with listening(slowly(head() + body(answer()))) as url:
            await asyncio.wait_for(sent(url), 0.3)

    with pytest.raises(TimeoutError):
        asyncio.run(main())
