"""How much of a response is read: what is unpacked counts, and too much is no answer."""

import json
import re
from codecs import BOM_UTF8
from collections.abc import AsyncGenerator, AsyncIterator

from httpx2 import AsyncByteStream, EventSource, Response

from repunet.models.failure import Permanent, Transient
from repunet.models.stream import Pieces, pieces_like

LARGEST = 2 * 2**20
"""Bytes of an answer; a hundred thousand tokens are less, however they are written."""
PARTS = 100_000
"""Objects and lists of an answer: each takes a hundred times the memory of its two brackets."""
PAGE = 64 * 2**10
"""Bytes that are read of what is no answer: an error page says what it has to say in less."""
PACKINGS = ("gzip", "deflate")
"""How answers may be packed: what is asked for, and what is unpacked piece by piece everywhere."""
UNPACKED = ("", "identity", "x-gzip", *PACKINGS)
EVENTS = "text/event-stream"
LINES = re.compile(r"ndjson|jsonl|json-lines|json-seq|stream\+json")
"""How answers are called that come as a line of JSON for each piece."""
BETWEEN_LINES = re.compile(rb"\}[ \t\r]*\n\s*\{")
"""What no single object of JSON holds."""
FIELDS = (b"data:", b"event:", b"id:", b"retry:", b":")
"""How events begin, where nobody says that they are events."""
SURE = max(map(len, FIELDS))
"""So many bytes show how a body begins, however small the pieces are in which it comes."""
TOO_LARGE = f"the answer is larger than {LARGEST // 2**20} MiB"


async def content(response: Response) -> bytes:
    """Return the body of a response; what came in pieces is put together.

    Raises Transient for an answer that is too large, or cut, and Permanent for one that is packed
    as nobody has asked for.
    """
    _require_readable(response.headers.get("content-encoding", "").strip().lower())
    chunks = response.aiter_bytes()
    if not response.is_success:
        return await _beginning(chunks)
    rest = _Rest(chunks)
    first = await rest.begin()
    if first.startswith(FIELDS) or (EVENTS in _kind(response) and first[:1] not in (b"{", b"<")):
        return await _joined(_events(rest, response))
    if LINES.search(_kind(response)):
        return await _joined(_lines(rest))
    whole = await _whole(rest)
    return await _joined(_lines(_Known(whole))) if BETWEEN_LINES.search(whole) else whole


def _require_readable(packing: str) -> None:
    if "," in packing:
        raise Transient("the answer is packed more than once", charged=True)
    if packing not in UNPACKED:
        raise Permanent(
            f"the answer is packed as {packing[:20]!r}, though only {' and '.join(PACKINGS)} are "
            "asked for: let the server, or the proxy before it, keep to that",
            charged=True,
        )


def _kind(response: Response) -> str:
    return str(response.headers.get("content-type", "")).lower()


class _Rest(AsyncByteStream):
    """What is left of a body, without the blanks that some servers send while nothing is ready."""

    def __init__(self, chunks: AsyncGenerator[bytes, None]) -> None:
        self._chunks = chunks
        self._first = b""

    async def begin(self) -> bytes:
        """Read up to the first signs that are no blanks; return what was read from there on."""
        async for chunk in self._chunks:
            self._first = (self._first + chunk).lstrip().removeprefix(BOM_UTF8).lstrip()
            if len(self._first) >= SURE or self._first.startswith((b"{", b"<")):
                break
        return self._first

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._first
        async for chunk in self._chunks:
            yield chunk


async def _beginning(chunks: AsyncIterator[bytes]) -> bytes:
    read = bytearray()
    async for chunk in chunks:
        read += chunk[: PAGE - len(read)]
        if len(read) == PAGE:
            break
    return bytes(read)


async def _whole(chunks: AsyncByteStream) -> bytes:
    read = bytearray()
    async for chunk in chunks:
        read += chunk
        if len(read) > LARGEST:
            raise Transient(TOO_LARGE, charged=True)
    _require_few(read.count(b"{") + read.count(b"["))
    return bytes(read)


def _require_few(parts: int) -> None:
    if parts > PARTS:
        raise Transient(f"the answer has more than {PARTS:,} parts", charged=True)


class _Known(AsyncByteStream):
    """A body that was read already."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._body


async def _events(rest: AsyncByteStream, response: Response) -> AsyncIterator[tuple[str, str]]:
    """Yield kind and data of events; the last one counts though no blank line follows it."""
    ended = Response(
        200, headers={"content-type": EVENTS}, stream=_Ended(rest), request=response.request
    )
    async for event in EventSource(ended, LARGEST):
        yield event.event, event.data


class _Ended(AsyncByteStream):
    """A body, and the blank line that should be its end."""

    def __init__(self, body: AsyncByteStream) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._body:
            yield chunk
        yield b"\n\n"


async def _lines(rest: AsyncByteStream) -> AsyncIterator[tuple[str, str]]:
    """Yield the lines of a body as what events hold."""
    unread = bytearray()
    async for chunk in _Ended(rest):
        unread += chunk
        if b"\n" in chunk:
            *lines, left = bytes(unread).split(b"\n")
            for line in lines:
                yield "", line.decode(errors="replace").strip("\x1e\r \t")
            unread = bytearray(left)
        if len(unread) > LARGEST:
            raise Transient(TOO_LARGE, charged=True)


async def _joined(events: AsyncIterator[tuple[str, str]]) -> bytes:
    """Return the answer whose pieces these are, as JSON."""
    pieces: Pieces | None = None
    async for kind, data in events:
        if not data:
            continue
        _require_few(data.count("{") + data.count("["))
        pieces = pieces or pieces_like(data)
        if not _added(pieces, kind, data):
            break
        if pieces.size > LARGEST:
            raise Transient(TOO_LARGE, charged=True)
        if pieces.ended:
            break
    if pieces is None or not pieces.whole:
        raise Transient("the stream of the answer was cut", charged=True)
    return json.dumps(pieces.joined()).encode()


def _added(pieces: Pieces, kind: str, data: str) -> bool:
    """Add a piece; return whether it could be read, as one that is cut can't be."""
    try:
        pieces.add(kind, data)
    except ValueError:
        return False
    return True
