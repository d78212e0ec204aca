"""Words for answers that mean nothing: short sentences in plain English."""

from repunet.chance import draw, pick


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


MANNERS = _words(
    "calm careful cheerful clever fair firm gentle honest humble kind lively loyal modest "
    "patient polite proud quiet steady stubborn wise"
)
PEOPLE = _words(
    "baker brewer carpenter cooper farmer fisher gardener glazier miller miner potter roofer "
    "sailor shepherd smith tailor tanner tinker weaver wheelwright"
)
DEEDS = _words(
    "answers asks follows forgives greets helps hears joins knows leads meets pays praises "
    "remembers repays sees teaches thanks trusts visits"
)


def sentence(*address: object) -> str:
    """Return the sentence of this address, such as `The kind smith pays the potter`, with a stop.

    >>> sentence("a") == sentence("a")
    True
    """
    manner = pick(MANNERS, 0, *address, "manner")
    who, whom = (pick(PEOPLE, 0, *address, part) for part in ("who", "whom"))
    return f"The {manner} {who} {pick(DEEDS, 0, *address, 'deed')} the {whom}."


def text(*address: object, least: int = 0, most: int | None = None) -> str:
    """Return one or two sentences, or as much as the bounds of their length want."""
    many = 1 if draw(0, *address, "sentences") < 0.5 else 2
    said = " ".join(sentence(*address, number) for number in range(many))
    while len(said) < least:
        many += 1
        said += f" {sentence(*address, many)}"
    return said if most is None or len(said) <= most else _cut(said[:most], least)


def _cut(said: str, least: int) -> str:
    """Return whole words where they are long enough, and otherwise nothing that can be trimmed."""
    whole, _, _ = said.rpartition(" ")
    return whole if whole and len(whole) >= least else said.replace(" ", "-")
