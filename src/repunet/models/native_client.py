"""The client for HTTP that vendors' own clients are given: they read no more than is needed."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from httpx2 import Request, Response

from repunet.models.client import BoundedClient
from repunet.models.environment import ADDRESSES, address_of

if TYPE_CHECKING:
    import httpx


LEGACY = ("groq",)
"""Those whose clients take a client of an older kind."""
ANSWERS = ("content", "candidates", "choices")
"""Where answers are, in one protocol or another."""


class ErrorInAnswer(Exception):  # noqa: N818
    """Error that came with status 200."""

    status_code = 200

    def __init__(self, body: Mapping[str, Any]) -> None:
        super().__init__(str(body))
        self.body = body


class NativeClient(BoundedClient):
    """Tells an error from an answer, which vendors' clients do not."""

    async def send(self, request: Request, **options: Any) -> Response:
        """Send a request; raises ErrorInAnswer for an error that came as if it were an answer."""
        response = await super().send(request, **options)
        if response.is_success:
            _require_answer(response.content)
        return response


def _require_answer(body: bytes) -> None:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return
    if not isinstance(said, Mapping) or any(said.get(name) for name in ANSWERS):
        return
    if said.get("error") or "error" in (said.get("type"), said.get("object")):
        raise ErrorInAnswer(said)


def client_for(provider: str, timeout: float) -> NativeClient | None:
    """Return the client that a vendor's client is given; None where it takes none of ours."""
    return NativeClient(address_of(provider), timeout) if provider in ADDRESSES else None


def legacy(client: BoundedClient) -> "httpx.AsyncClient":
    """Return a client of the older kind that sends what it is given through ours."""
    import httpx

    class Passing(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            sent = client.build_request(
                request.method,
                str(request.url),
                headers=_without_packing(request),
                content=await request.aread(),
            )
            said = await client.send(sent)
            headers = said.headers.multi_items()
            return httpx.Response(
                said.status_code, headers=headers, content=said.content, request=request
            )

    return httpx.AsyncClient(transport=Passing(), timeout=client.timeout.read)


def _without_packing(request: "httpx.Request") -> list[tuple[str, str]]:
    """Return the headers of a request but for those that are up to whoever sends it."""
    own = ("accept-encoding", "content-length", "transfer-encoding", "connection")
    return [pair for pair in request.headers.multi_items() if pair[0].lower() not in own]
