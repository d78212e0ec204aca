"""What servers tell of themselves beside their answers, where they do: templates and caches."""

import json
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

from repunet.models.endpoint import Endpoint, address
from repunet.models.gguf import checked
from repunet.models.serving import HERE

PATIENCE = 2.0
"""Seconds to wait for what need not be known."""
MOST = 2**20
"""Bytes that are read of it."""
BARE = re.compile(r"\s*\{\{-?\s*\.Prompt\s*-?\}\}\s*")
"""The template of Ollama for models that come without one."""
BLOCK = re.compile(r'^vllm:cache_config_info\{(?:.*,)?block_size="(\d{1,9})"', re.MULTILINE)
LEAST_CACHED: tuple[tuple[str, str, int], ...] = (
    ("openai", "", 1024),
    ("azure", "", 1024),
    ("google", "2.5-pro", 4096),
    ("google", "", 1024),
    ("anthropic", r"opus-5|fable|mythos", 512),
    ("anthropic", r"haiku-4-5|opus-4-[56]", 4096),
    ("anthropic", r"3-5-haiku|3-haiku|haiku-3", 2048),
    ("anthropic", "", 1024),
    ("bedrock", r"opus-5", 512),
    ("bedrock", r"haiku-4-5|opus-4-[567]", 4096),
    ("bedrock", r"haiku", 2048),
    ("bedrock", "", 1024),
)
"""The tokens with which a prompt must begin as another one did for a provider to reuse them, by a
part of the model's name, as their documentations said in November 2026."""


@dataclass(frozen=True, slots=True)
class About:
    """Facts about a model or its server that can be had without a question to it."""

    chats: bool | None = None
    """Whether it has a template for the turns of a dialogue."""
    block: int | None = None
    """The tokens that its cache keeps as one."""
    context: int | None = None
    """The longest text it was made for, in tokens."""


def about(endpoint: Endpoint) -> About:
    """Return what a model's file or its server tells; what can't be had is not known."""
    if endpoint.provider in HERE:
        head = checked(endpoint.path)
        return About(chats=head.chats, context=head.context)
    ask = ASKED.get(endpoint.provider)
    found = About()
    if ask is not None:
        with suppress(OSError, ValueError, HTTPException):
            found = ask(endpoint)
    return found


def least_cached(endpoint: Endpoint) -> int | None:
    """Return from how many tokens on a provider reuses what it has read, if that is known."""
    for provider, part, least in LEAST_CACHED:
        if provider == endpoint.provider and re.search(part, endpoint.model.replace(".", "-")):
            return least
    return None


def _ollama(endpoint: Endpoint) -> About:
    said = json.loads(_read(f"{_root(endpoint)}/api/show", {"model": endpoint.model}))
    template = said.get("template") if isinstance(said, dict) else None
    if not isinstance(template, str):
        return About()
    return About(chats=not BARE.fullmatch(template))


def _llamacpp(endpoint: Endpoint) -> About:
    said = json.loads(_read(f"{_root(endpoint)}/props"))
    template = said.get("chat_template") if isinstance(said, dict) else None
    return About(chats=bool(template) if isinstance(template, str) else None)


def _vllm(endpoint: Endpoint) -> About:
    found = BLOCK.search(_read(f"{_root(endpoint)}/metrics"))
    return About(block=int(found[1]) if found else None)


ASKED: dict[str, Callable[[Endpoint], About]] = {
    "ollama": _ollama,
    "llamacpp": _llamacpp,
    "vllm": _vllm,
}


def _root(endpoint: Endpoint) -> str:
    return (address(endpoint) or "").removesuffix("/v1")


def _read(url: str, body: Any = None) -> str:
    """Return what is at a URL; no proxy and no key is involved."""
    sent = None if body is None else json.dumps(body).encode()
    request = Request(url, sent, {"Content-Type": "application/json"})
    with build_opener(ProxyHandler({})).open(request, timeout=PATIENCE) as answer:
        said: bytes = answer.read(MOST)
    return said.decode("utf-8", "replace")
