"""Room for thousands of connections at once, or for as many as files may be open."""

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from httpx2 import Limits

MOST = 4096
"""Connections to one endpoint."""
SPARE = 256
"""Files that the process needs besides; half of those that it may open, if they are few."""


def limits() -> "Limits":
    """Return as many connections as this process may have."""
    from httpx2 import Limits

    return Limits(max_connections=connections(), max_keepalive_connections=connections())


def connections() -> int:
    """Return how many connections this process may have."""
    files = _files()
    return max(1, min(MOST, files - min(SPARE, files // 2)))


@cache
def _files() -> int:
    """Return how many files this process may open, after asking for as many as it may."""
    try:
        import resource
    except ImportError:  # Windows, where connections are no files
        return MOST + SPARE
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST + SPARE if hard == resource.RLIM_INFINITY else min(hard, MOST + SPARE)
    if soft == resource.RLIM_INFINITY:
        return wanted
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        return wanted
    return soft
