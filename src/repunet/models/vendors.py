"""What is known of vendors and their models: data, each with its source.

What is not listed here is found out by a refusal, which costs one request.
"""

import re
from typing import NamedTuple

from repunet.models.learnt import OTHER_ROOM, ROOM, SAMPLING, Learnt
from repunet.models.request import Sampling


class Fact(NamedTuple):
    """Parameter that some models of some providers refuse."""

    providers: tuple[str, ...]
    """Empty for all."""
    models: str
    """A pattern of their names."""
    refused: tuple[str, ...]
    room: str
    source: str


FACTS = (
    Fact(
        ("openai", "azure"),
        r"^(o1|o3|o4)(-|$)|^gpt-5(-mini|-nano)?(-\d{4}-\d\d-\d\d)?$",
        SAMPLING,
        OTHER_ROOM,
        "github.com/openai/openai-python/issues/2072, github.com/tmc/langchaingo/issues/1355; "
        "GPT-5.1 and later take a temperature (github.com/vercel/ai/issues/10932)",
    ),
    Fact(
        (),
        r"claude-opus-4[-.]7",
        ("temperature", "top_p"),
        ROOM,
        "github.com/aws-samples/bedrock-chat/pull/1102",
    ),
)
WHOLE_TOP_P = ("openai", "azure", "openrouter", "anthropic", "groq", "mistral")
"""Providers whose `top_p` is 1 if nothing is said (platform.openai.com/docs/api-reference/chat,
openrouter.ai/docs/api-reference/parameters, console.groq.com/docs/api-reference,
docs.mistral.ai/api). Ollama's is 0.9 and llama.cpp's 0.95: to them 1 says something.
"""


def known(provider: str, model: str) -> Learnt:
    """Return what is known of a model before it is asked.

    >>> known("openai", "o3-mini").room, known("openai", "gpt-4o").dropped
    ('max_completion_tokens', set())
    """
    found = Learnt()
    for fact in FACTS:
        if (not fact.providers or provider in fact.providers) and re.search(fact.models, model):
            found.dropped.update(fact.refused)
            found.room = fact.room
    return found


def unsaid(provider: str, model: str, sampling: Sampling) -> frozenset[str]:
    """Return the parameters that say nothing, since the provider does the same without them.

    >>> sorted(unsaid("ollama", "m", Sampling(temperature=1.0)))
    ['frequency_penalty', 'presence_penalty']
    """
    names = {name for name in ("frequency_penalty", "presence_penalty") if not _of(sampling, name)}
    certain = sampling.temperature == 0  # the likeliest word is within any share
    if sampling.top_p == 1 and (certain or provider in WHOLE_TOP_P or "claude" in model):
        names.add("top_p")
    return frozenset(names)


def _of(sampling: Sampling, name: str) -> float:
    return float(getattr(sampling, name))
