"""Social norms: who is good after an act, and whom the good help (Ohtsuki & Iwasa 2004).

A norm judges a donor's act from the donor's standing, the recipient's standing and the act. The
leading eight agree on five of the eight cases, and differ in the three that `Norm` names.
"""

from dataclasses import dataclass

from repunet.validation.minds.standing import BAD, GOOD

HELPED, REFUSED = True, False
Case = tuple[bool, bool, bool]
"""The donor's standing, the recipient's standing, and whether the donor helped."""


@dataclass(frozen=True, slots=True)
class Norm:
    """Social norm: the standing that an act leads to in each case, and whether to help.

    >>> LEADING_EIGHT["L6"].after(GOOD, BAD, HELPED), LEADING_EIGHT["L6"].helps(BAD, BAD)
    (False, False)
    """

    name: str
    verdicts: frozenset[Case]
    """The cases after which the donor is good."""
    wishes: frozenset[tuple[bool, bool]]
    """Standings of donor and recipient in which the donor means to help."""

    def after(self, donor: bool, recipient: bool, helped: bool) -> bool:
        """Return the donor's standing after its act."""
        return (donor, recipient, helped) in self.verdicts

    def helps(self, donor: bool, recipient: bool) -> bool:
        """Tell whether a donor of that standing means to help."""
        return (donor, recipient) in self.wishes

    def turned(self, donor: bool, recipient: bool, helped: bool) -> "Norm":
        """Return the norm that differs in one verdict."""
        verdicts = self.verdicts ^ {(donor, recipient, helped)}
        return Norm(f"{self.name}, turned", verdicts, self.wishes)


ALWAYS = frozenset({(GOOD, GOOD, HELPED), (BAD, GOOD, HELPED), (GOOD, BAD, REFUSED)})
"""Who helps the good is good, and so is a good one that refuses the bad; who refuses the good is
bad."""
HELP_THE_GOOD = frozenset({(GOOD, GOOD), (BAD, GOOD)})


def leading(name: str, free: str) -> Norm:
    """Return one of the leading eight from its verdicts on (GB, C), (BB, C) and (BB, D).

    A letter pair is the standing of donor and recipient. The bad help the bad where that, and
    only that, makes them good.
    """
    gb_helped, bb_helped, bb_refused = (response == "G" for response in free)
    cases = {
        (GOOD, BAD, HELPED): gb_helped,
        (BAD, BAD, HELPED): bb_helped,
        (BAD, BAD, REFUSED): bb_refused,
    }
    good = ALWAYS | {case for case, verdict in cases.items() if verdict}
    amends = {(BAD, BAD)} if bb_helped and not bb_refused else set()
    return Norm(name, frozenset(good), HELP_THE_GOOD | amends)


LEADING_EIGHT = {
    "L1": leading("L1", "GGB"),
    "L2": leading("L2 consistent standing", "BGB"),
    "L3": leading("L3 simple standing", "GGG"),
    "L4": leading("L4", "GBG"),
    "L5": leading("L5", "BGG"),
    "L6": leading("L6 stern judging", "BBG"),
    "L7": leading("L7 staying", "GBB"),
    "L8": leading("L8 judging", "BBB"),
}
IMAGE_SCORING = Norm(
    "image scoring",
    frozenset({(donor, recipient, HELPED) for donor in (GOOD, BAD) for recipient in (GOOD, BAD)}),
    HELP_THE_GOOD,
)
"""Who helps is good, who does not is bad, whoever it was (Nowak & Sigmund 1998)."""
