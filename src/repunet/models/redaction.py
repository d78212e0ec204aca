"""Keys, and how they are kept out of everything that is said."""

import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from functools import lru_cache
from unicodedata import normalize

NAMED_LIKE_KEYS = re.compile(r"_(KEY|SECRET|TOKEN|PASSWORD)$|^AWS_.*(SECRET|TOKEN)")
SHORTEST = 8
"""Characters of a key; what is shorter stands in ordinary texts."""
UNSEEN = r"\s\x00-\x1f\x7f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
UNSEEN += r"\u2028-\u202f\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb"
ESCAPED = (
    r"\\{1,8}u(?!00[2-7])[0-9a-fA-F]{4}|\\{1,8}x(?![2-7])[0-9a-fA-F]{2}|\\{1,8}[nrt]"
    r"|%(?:25)*(?:[01]|20|[89a-fA-F])[0-9a-fA-F]?"
    r"|&(?:amp;)?(?:#0*(?:[0-9]|[12][0-9]|3[0-2]|12[7-9]|1[3-9][0-9]|[2-9][0-9]{2}|[0-9]{4,7})"
    r"|#[xX]0*(?:[01]?[0-9a-fA-F]|20|[7-9a-fA-F][0-9a-fA-F]|[0-9a-fA-F]{3,6})"
    r"|shy|zwj|zwnj|nbsp|ZeroWidthSpace);|<wbr/?>"
)
BETWEEN = rf"(?:[{UNSEEN}\\]|{ESCAPED}){{0,32}}"
"""What may stand between two letters of a key without making it another."""
ESCAPES = re.compile(r"[\\%&<]")
"""How every escape begins."""
SPLITS = re.compile(rf"[{UNSEEN}:]+")
"""Signs that may stand within a key, or between the digits of one in hexadecimal."""
PLAIN = re.compile(r"[A-Za-z]*")
"""Not a key that could be told from a word: it is looked for as it is."""
FULL_WIDTH = 0xFEE0
"""From a sign to its full-width form: the key may come back in either."""


def redacted(text: str, *secrets: str) -> str:
    r"""Return the text with every secret in it replaced, in whatever disguise it comes.

    >>> redacted("is it sk-12345, \\u0073k%2D12345 or SK-1\u200b2345?", "sk-12345")
    'is it [key], [key] or [key]?'
    """
    for secret in secrets:
        if len(secret) >= SHORTEST:
            text = text.replace(secret, "[key]")
            if _may_hold(text, secret):
                text = _disguised(secret).sub("[key]", text)
    return text


def known(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return what must not be said: the values of variables that are named like keys.

    >>> known({"GROQ_API_KEY": "gsk-12345678", "AWS_SECRET_ACCESS_KEY": "wJalrXUt", "HOME": "/"})
    ('gsk-12345678', 'wJalrXUt')
    """
    values = {value for name, value in environ.items() if NAMED_LIKE_KEYS.search(name)}
    return tuple(sorted(filter(None, values), key=lambda value: (-len(value), value)))


def _may_hold(text: str, secret: str) -> bool:
    """Tell whether a text may hold a disguised secret; most texts can't, which is seen at once."""
    if ESCAPES.search(text):
        return True
    seen, *forms = map(_bare, (text, secret, secret.encode().hex(), *_in_base64(secret)))
    return any(form in seen for form in forms)


def _bare(text: str) -> str:
    return normalize("NFKC", SPLITS.sub("", text)).casefold()


@lru_cache(64)
def _disguised(secret: str) -> re.Pattern[str]:
    """Return what finds a secret that is escaped, encoded, in another case or split."""
    if PLAIN.fullmatch(secret):
        return re.compile(re.escape(secret))
    spelt = BETWEEN.join(map(_letter, secret))
    return re.compile("|".join((spelt, *map(re.escape, _in_base64(secret)), *_in_hex(secret))))


def _letter(response: str) -> str:
    """Return what finds a letter in any case, escaped as JSON, Python, HTML or a URL do it."""
    forms = list[str]()
    for each in {response, response.lower(), response.upper()}:
        code = ord(each)
        forms += [re.escape(each), rf"\\{{1,8}}x(?i:{code:02x})", rf"%(?:25)*(?i:{code:02x})"]
        forms += [rf"&(?:amp;)?#(?:0*{code}|[xX]0*(?i:{code:x}));"]
        wide = code + FULL_WIDTH * (0x21 <= code <= 0x7E)
        forms += [chr(wide), *(rf"\\{{1,8}}u(?i:{form:04x})" for form in (code, wide))]
    return f"(?:{'|'.join(sorted(forms))})"


def _in_base64(secret: str) -> Iterator[str]:
    """Yield what of the secret is the same wherever in a text in base64 it begins."""
    for shift in range(3):
        raw = bytes(shift) + secret.encode()
        whole = b64encode(raw[: len(raw) // 3 * 3]).decode()
        core = whole[4 if shift else 0 :]
        yield from {core, core.replace("+", "-").replace("/", "_")}


def _in_hex(secret: str) -> Iterator[str]:
    yield rf"(?i:{secret.encode().hex(' ').replace(' ', '[ :]?')})"
