"""The lexicon of social dilemmas: words, and phrases that are read as one word."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

APOSTROPHE = "\N{RIGHT SINGLE QUOTATION MARK}"
CLAUSE_END = re.compile(r"(?<=[,.;:!?])\s+(?=\w)")
GAP = " - - - "
"""VADER's negation reaches three words, whatever is between them; so it ends with its clause."""


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Valences of words, and what a text is rewritten to before words are looked up."""

    valences: dict[str, float]
    """By word, and by the word that stands for the phrases of a valence."""
    digest: str
    phrases: re.Pattern[str]
    rewrites: re.Pattern[str]
    meant: dict[str, str]
    """The word each group of the two patterns stands for."""

    def read(self, text: str) -> str:
        """Return a text with its phrases as words.

        >>> lexicon().read("Aisha refused to keep her promise.")
        'Aisha not phrase_2.0.'
        """
        plain = text.replace(APOSTROPHE, "'")
        for pattern in (self.phrases, self.rewrites):
            plain = pattern.sub(lambda found: self.meant[str(found.lastgroup)], plain)
        return CLAUSE_END.sub(GAP, plain)


@cache
def lexicon() -> Lexicon:
    """Return the lexicon that comes with RepuNet."""
    data = (files(__package__) / "lexicon.toml").read_bytes()
    told = tomllib.loads(data.decode())
    families = told["families"]
    phrases = {f"p{number}": valence for number, valence in enumerate(told["phrases"])}
    rewrites = {f"r{number}": word for number, word in enumerate(told["rewrites"])}
    spoken = {name: f"phrase_{float(valence)}" for name, valence in phrases.items()}
    words = {
        word: float(valence) for valence, listed in told["words"].items() for word in listed.split()
    }
    return Lexicon(
        valences=words | {spoken[name]: float(valence) for name, valence in phrases.items()},
        digest=sha256(data).hexdigest()[:8],
        phrases=_pattern(phrases, told["phrases"], families),
        rewrites=_pattern(rewrites, told["rewrites"], families),
        meant=spoken | rewrites,
    )


def _pattern(
    groups: dict[str, str], told: dict[str, Any], families: dict[str, str]
) -> re.Pattern[str]:
    """Return one pattern of whole words, with a group for each list of phrases."""
    parts = (f"(?P<{group}>{'|'.join(told[key])})" for group, key in groups.items())
    whole = rf"(?<![\w'-])(?:{'|'.join(parts)})(?![\w-])"
    while (spelt := re.sub(r"\{([a-z]+)\}", lambda name: families[name[1]], whole)) != whole:
        whole = spelt
    return re.compile(whole, re.IGNORECASE)
