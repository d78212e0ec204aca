"""What a machine's environment says of the way to a server: a proxy, certificates, open files."""

import base64
import errno
import os
import ssl
from collections.abc import Callable, Iterable, Sequence
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from repunet.errors import UsageError
from repunet.models.failure import Failure, Overloaded, Permanent, Unreachable

OPENAI = "https://api.openai.com/v1"
"""Where OpenAI is."""
CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
"""The variables that say where certificates are, in the order in which they count."""
SCHEMES = ("http", "https")
"""Those of proxies that can be used."""
FULL = (errno.EMFILE, errno.ENFILE)


class Address(NamedTuple):
    """Where a vendor is, and the variable that names another place, if there is one."""

    url: str
    variable: str


ADDRESSES = {
    "anthropic": Address("https://api.anthropic.com", "ANTHROPIC_BASE_URL"),
    "google": Address("https://generativelanguage.googleapis.com", "GOOGLE_GEMINI_BASE_URL"),
    "groq": Address("https://api.groq.com", "GROQ_BASE_URL"),
    "mistral": Address("https://api.mistral.ai", ""),
}


class Proxy(NamedTuple):
    """A proxy, and where it was named. What lets us use it is never shown."""

    url: str
    named: str
    host: str
    credentials: str = ""
    """A name and a password as HTTP writes them."""

    def __str__(self) -> str:
        """Return what may be said of it."""
        return f"the proxy {self.host} (named by {self.named})"


def address_of(provider: str) -> str:
    """Return where a vendor's models are asked."""
    known = ADDRESSES.get(provider, Address(f"https://{provider}", ""))
    return os.environ.get(known.variable, "").strip() or known.url


def proxy_for(url: str) -> Proxy | None:
    """Return the proxy that leads to a URL; raises UsageError for one that can't be used."""
    parts, known = urlsplit(url), getproxies()
    kind = parts.scheme if parts.scheme in known else "all"
    if kind not in known or is_here(parts.hostname or "") or proxy_bypass(parts.netloc):
        return None
    named, given = _variable(kind), known[kind]
    try:
        found = urlsplit(given if "://" in given else f"http://{given}")
        usable = bool(found.hostname) and found.port != 0 and given.isprintable()
    except ValueError:
        found, usable = SplitResult("", "", "", "", ""), False
    if not usable or found.scheme not in SCHEMES:
        what = f"a {found.scheme} proxy" if usable else "no proxy"
        raise UsageError(
            f"{named} names {what}, and only HTTP proxies can be used: set {parts.scheme}_proxy to "
            f"one such as http://127.0.0.1:8080, or unset {named}"
        )
    account, _, host = found.netloc.rpartition("@")
    plain = base64.b64encode(unquote(account).encode()).decode()
    return Proxy(f"{found.scheme}://{host}", named, host, account and f"Basic {plain}")


def _variable(kind: str) -> str:
    """Return the variable that names the proxy of a kind."""
    names = (f"{kind}_proxy", f"{kind}_proxy".upper())
    return next((name for name in names if os.environ.get(name)), "the system's settings")


def certificates(url: str, proxy: Proxy | None) -> ssl.SSLContext:
    """Return whom to trust on the way to a URL; raises UsageError where that can't be read."""
    from httpx2 import create_ssl_context

    if not any(each.startswith("https") for each in (url, proxy.url if proxy else "")):
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # nobody is to be trusted
    try:
        return create_ssl_context(trust_env=True)
    except OSError as error:
        said = next(
            (f"{each}={os.environ[each]}" for each in CERTIFICATES if os.environ.get(each)), ""
        )
        why = error.strerror or getattr(error, "reason", None) or type(error).__name__
        raise UsageError(
            f"no certificates can be read from {said or 'this machine'} ({why}): set "
            f"{CERTIFICATES[0]} to a file of certificates, or unset it"
        ) from None


def require_way(url: str) -> None:
    """Raise UsageError where the environment lets nothing be sent to a URL."""
    certificates(url, proxy_for(url))


def explained(
    causes: Sequence[BaseException], proxy: Proxy | None, shown: Callable[[str], str]
) -> Failure | None:
    """Return the failure of a connection that was never there, None where it failed otherwise.

    `shown` makes of what is said of it what may be told.
    """
    failure = _of_this_machine(causes, proxy)
    if failure is None and any(isinstance(cause, _unconnected()) for cause in causes):
        return Unreachable(f"nobody answers at that address ({shown(said_of(causes[-1]))})")
    return failure


def said_of(error: BaseException) -> str:
    """Return what an error says of itself."""
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _unconnected() -> tuple[type[BaseException], ...]:
    import aiohttp

    return aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError


def _of_this_machine(causes: Iterable[BaseException], proxy: Proxy | None) -> Failure | None:
    """Return the failure of a connection that this machine's environment is the reason of."""
    import aiohttp

    for cause in causes:
        if isinstance(cause, OSError) and cause.errno in FULL:
            return Overloaded("too many files are open: raise the limit (ulimit -n)")
        if isinstance(cause, aiohttp.ClientConnectorCertificateError):
            return Permanent(
                f"its certificate is not trusted ({cause.certificate_error}): set SSL_CERT_FILE to "
                "the certificate of whoever has signed it"
            )
        if proxy and isinstance(cause, aiohttp.ClientProxyConnectionError):
            return Unreachable(f"{proxy} does not answer")
        if proxy and isinstance(cause, aiohttp.ClientHttpProxyError):
            return refused_by(proxy, cause.status)
    return None


def refused_by(proxy: Proxy, status: int) -> Failure:
    """Return the failure of a request that a proxy does not let through."""
    if status == 407:
        return Permanent(f"{proxy} wants a name and a password: http://NAME:PASSWORD@{proxy.host}")
    return Unreachable(f"{proxy} does not let the request through ({status})")


def is_here(host: str) -> bool:
    """Return whether a host is this machine: no proxy leads to it."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
