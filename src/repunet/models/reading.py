"""How much of a response is read: what is unpacked counts, and too much is no answer."""

import json
from codecs import BOM_UTF8
from collections.abc import AsyncGenerator, AsyncIterator

from httpx2 import AsyncByteStream, EventSource, Response

from repunet.models.failure import Transient
from repunet.models.stream import Pieces

LARGEST = 2 * 2**20
"""Bytes of an answer; a hundred thousand tokens are less, however they are written."""
PARTS = 100_000
"""Objects and lists of an answer: each takes a hundred times the memory of its two brackets."""
PAGE = 64 * 2**10
"""Bytes that are read of what is no answer: an error page says what it has to say in less."""
EVENTS = "text/event-stream"
FIELDS = (b"data:", b"event:", b"id:", b"retry:", b":")
"""How events begin, where nobody says that they are events."""
SURE = max(map(len, FIELDS))
"""So many bytes show how a body begins, however small the pieces are in which it comes."""
TOO_LARGE = f"the answer is larger than {LARGEST // 2**20} MiB"


async def content(response: Response) -> bytes:
    """Return the body of a response; what came as events is put together.

    Raises Transient for an answer that is too large, or cut.
    """
    if "," in response.headers.get("content-encoding", ""):
        raise Transient("the answer is packed more than once", charged=True)
    chunks = response.aiter_bytes()
    if not response.is_success:
        return await _beginning(chunks)
    rest = _Rest(chunks)
    first = await rest.begin()
    if first.startswith(FIELDS) or (EVENTS in _kind(response) and first[:1] not in (b"{", b"<")):
        headers = {"content-type": EVENTS}
        return await _joined(Response(200, headers=headers, stream=rest, request=response.request))
    return await _whole(rest)


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


async def _joined(response: Response) -> bytes:
    """Return the answer whose pieces a response holds, as JSON."""
    pieces = Pieces()
    async for event in EventSource(response, LARGEST):
        if event.data:
            _require_few(event.data.count("{") + event.data.count("["))
            pieces.add(event.event, event.data)
        if pieces.size > LARGEST:
            raise Transient(TOO_LARGE, charged=True)
        if pieces.ended:
            break
    if not pieces.whole:
        raise Transient("the stream of the answer was cut", charged=True)
    return json.dumps(pieces.joined()).encode()
