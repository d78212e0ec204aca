"""Keys, and how they are kept out of everything that is said."""

import re
from collections.abc import Mapping

NAMED_LIKE_KEYS = re.compile(r"_(KEY|SECRET|TOKEN|PASSWORD)$|^AWS_.*(SECRET|TOKEN)")


def redacted(text: str, *secrets: str) -> str:
    """Return the text with every secret in it replaced."""
    for secret in secrets:
        if len(secret) > 7:
            text = text.replace(secret, "[key]")
    return text


def known(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return what must not be said: the values of variables that are named like keys.

    >>> known({"GROQ_API_KEY": "gsk-12345678", "AWS_SECRET_ACCESS_KEY": "wJalrXUt", "HOME": "/"})
    ('gsk-12345678', 'wJalrXUt')
    """
    values = {value for name, value in environ.items() if NAMED_LIKE_KEYS.search(name)}
    return tuple(sorted(filter(None, values), key=lambda value: (-len(value), value)))
