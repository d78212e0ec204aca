"""Room for thousands of connections at once."""

import resource
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from httpx2 import Limits

MOST = 4096
"""Connections to one endpoint."""
SPARE = 256
"""Files that the process needs besides."""


def limits() -> "Limits":
    """Return as many connections as this process may have."""
    from httpx2 import Limits

    most = min(MOST, _files() - SPARE)
    return Limits(max_connections=most, max_keepalive_connections=most)


@cache
def _files() -> int:
    """Return how many files this process may open, after asking for as many as it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST + SPARE if hard == resource.RLIM_INFINITY else min(hard, MOST + SPARE)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        return wanted
    return soft
