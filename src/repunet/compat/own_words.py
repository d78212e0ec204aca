"""Own words: how a person came to see themselves, written behind who they are."""

from collections.abc import Iterable

from repunet.world.event import Event, Imported, SelfImageRevised, unfolded
from repunet.world.persona import Participant

OPENING = "You are "
"""How a text begins that says who somebody is: the reference rewrites descriptions as a whole."""
OWN_WORDS = "\n\nIn your own words: "
"""What stands in a description between who somebody is and how they came to see themselves."""


def with_own_words(description: str, image: str) -> str:
    r"""Return a description with a self-image, which takes the place of an earlier one.

    >>> with_own_words("You are Ann.\n\nIn your own words: I try.", "I give up.")
    'You are Ann.\n\nIn your own words: I give up.'
    """
    if not image.strip():
        return description
    return f"{description.partition(OWN_WORDS)[0]}{OWN_WORDS}{image.strip()}"


def own_words(text: str, description: str) -> str:
    r"""Return the self-image in a text that follows a description; any other text as it is.

    >>> own_words("You are Ann.\n\nIn your own words: I try.", "You are Ann.")
    'I try.'
    """
    if text == description:
        return text
    return text.removeprefix(f"{description.partition(OWN_WORDS)[0]}{OWN_WORDS}")


def rewritten(before: set[Participant], events: Iterable[Event]) -> set[Participant]:
    """Return whose self-image is a whole description, after some more events.

    Such ones are imported; what somebody said here of themselves is never one.
    """
    found = set(before)
    for event in events:
        for each in unfolded(event):
            if isinstance(each, SelfImageRevised):
                whose = {Participant(each.agent, each.role)}
                is_whole = isinstance(event, Imported) and each.text.startswith(OPENING)
                found = found | whose if is_whole else found - whose
    return found
