"""Sketches: what a long run is likely to take, from its first rounds alone.

The society plays so many rounds, and what the later half of them took is taken for all that follow.
"""

from repunet.minds.language.terms import Terms
from repunet.minds.router import make_mind
from repunet.planning.assumptions import LIKELY
from repunet.planning.forecast import FREE, Need, likely, needs_of, rates_of
from repunet.planning.rehearsal import Assignment, QuestionTally, Rehearsal, rehearse
from repunet.record.manifest import Manifest
from repunet.record.notes import PLAIN

ROUNDS = 40
"""Rounds that are played of a longer run."""
WORDED = 12
"""Agent-rounds whose questions are put in words, which takes most of the time."""


def sketch(manifest: Manifest, rounds: int, terms: Terms = FREE) -> Need:
    """Return about what a run is likely to take; of a short one, what `likely` says."""
    if rounds <= ROUNDS:
        return likely(manifest, rounds, terms)
    casting = Assignment.of(manifest)
    played = rehearse(
        manifest,
        ROUNDS,
        casting,
        lambda seed: make_mind("embedded", seed),
        compact=False,
        wording=PLAIN,
        rendered=WORDED,
    )
    longer = _longer(played, (rounds - ROUNDS) / (ROUNDS - ROUNDS // 2))
    needs = needs_of(longer, LIKELY, casting, rates_of(casting, terms.prices))
    return sum(needs.values(), Need())


def _longer(played: Rehearsal, times: float) -> Rehearsal:
    """Return a rehearsal that goes on so many times as the later half of it did."""
    tallies = {
        line: _going_on(played.earlier.get(line, QuestionTally()), tally, times)
        for line, tally in played.tallies.items()
    }
    return Rehearsal(tallies, played.calls, played.waits)


def _going_on(earlier: QuestionTally, tally: QuestionTally, times: float) -> QuestionTally:
    """Return a tally to which as much is added, so many times, as since an earlier one."""
    since = tally.since(earlier)
    calls = round(since.calls * times)
    typical = since if since.rendered else tally
    each = calls / typical.rendered
    return QuestionTally(
        tally.calls + calls,
        tally.calls + calls,
        *(
            round(whole * tally.calls / tally.rendered + more * each)
            for whole, more in zip(tally.sizes, typical.sizes, strict=True)
        ),
    )
