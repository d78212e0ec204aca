"""The client that sends requests over HTTP, through the proxy that the environment names."""

from typing import Any

from httpx2 import Proxy as HTTPProxy
from httpx2 import Request, Response
from openai import DefaultAioHttpClient
from openai import Timeout as Timeouts

from repunet.models.environment import Proxy, certificates, proxy_for, refused_by
from repunet.models.file_limits import limits
from repunet.models.reading import PACKINGS, content

CONNECT = 10.0
"""Seconds in which a connection must be there, TLS included."""
PACKED = ("content-encoding", "content-length", "transfer-encoding", "content-type")
"""The headers that are true of a body only as it is sent."""
JSON = "application/json"
UTF_8_MARK = b"\xef\xbb\xbf"


class BoundedClient(DefaultAioHttpClient):
    """Reads of every response no more than an answer can need."""

    def __init__(self, url: str, timeout: float) -> None:
        self.proxy: Proxy | None = proxy_for(url)
        super().__init__(
            limits=limits(),
            timeout=Timeouts(timeout, connect=CONNECT),
            follow_redirects=False,
            trust_env=False,  # what is to be trusted of it is here
            proxy=self.proxy and _proxy(self.proxy),
            verify=certificates(url, self.proxy),
            headers={"Accept-Encoding": ", ".join(PACKINGS)},
        )

    async def send(self, request: Request, **options: Any) -> Response:
        """Send a request; return the response, read as far as is needed. JSON is called so."""
        waits = request.extensions.get("timeout", {})  # a vendor's client has one for everything
        waits["connect"] = min(waits.get("connect") or CONNECT, CONNECT)
        response = await super().send(request, **{**options, "stream": True})
        try:
            if self.proxy and response.status_code == 407:
                raise refused_by(self.proxy, 407)
            read = await content(response)
        finally:
            await response.aclose()
        is_json = read[:4].removeprefix(UTF_8_MARK)[:1] in (b"{", b"[")
        kind = JSON if is_json else response.headers.get("content-type", "")
        kept = [pair for pair in response.headers.multi_items() if pair[0].lower() not in PACKED]
        headers = [*kept, ("content-type", kind)]
        return Response(response.status_code, headers=headers, content=read, request=request)


def _proxy(proxy: Proxy) -> HTTPProxy:
    """Return a proxy as the client wants it, which takes its credentials from this header."""
    headers = {"Authorization": proxy.credentials} if proxy.credentials else {}
    return HTTPProxy(proxy.url, headers=headers)
