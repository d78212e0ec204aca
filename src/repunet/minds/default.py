"""The mind that decides where nobody says which: as the environment has it, or embedded."""

import re
from collections.abc import Mapping

from repunet.errors import UsageError
from repunet.minds.router import is_language

EMBEDDED = "embedded"
BASE, MODEL = "LLM_API_BASE", "LLM_MODEL"
MODEL_OF_A_BASE = "gpt-4o-mini"
"""What the reference runner asks a server for."""

ADDRESS = re.compile(r"https?://[^/\s#][^\s#]*")


def default_mind(environ: Mapping[str, str]) -> str:
    """Return the language model that `LLM_API_BASE` and `LLM_MODEL` name, else the embedded mind.

    >>> default_mind({"LLM_MODEL": "gpt-4o-mini"}), default_mind({"LLM_MODEL": "ollama:qwen3"})
    ('openai:gpt-4o-mini', 'ollama:qwen3')
    >>> default_mind({"LLM_API_BASE": "http://127.0.0.1:8000/v1", "LLM_MODEL": "qwen3"})
    'http://127.0.0.1:8000/v1#qwen3'
    """
    base, model = (environ.get(name, "").strip() for name in (BASE, MODEL))
    if base:
        if not ADDRESS.fullmatch(base):
            raise UsageError(f"{BASE} is the address of a server, http://HOST/v1, not {base!r}")
        return f"{base.rstrip('/')}#{model or MODEL_OF_A_BASE}"
    if model:
        return model if is_language(model) else f"openai:{model}"
    return EMBEDDED
