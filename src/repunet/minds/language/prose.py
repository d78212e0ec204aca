"""Prose around the object of an answer: whether it leaves the answer as it is.

What comes before the object is on the way to it; what comes after must not take it back. Words that
do so are looked for; where they are there and mean something else, the model is asked again for the
object alone.
"""

import re
from collections.abc import Collection

from repunet.minds.language.spelling import folded

ANSWERING = (
    r"answer|respon[ds]|participat|take part|play|help|assist|comply|choos|choice|decid|decision"
    r"|provid|fulfil|engag|continu|give|giving|simulat|pretend|say(?! for )|creat|generat|fill"
    r"|complet|produc|rank|rate|pick|select"
    r"|do (?:this|that|so)|mak(?:e|ing) (?:this|that|such|a|any|the)"
)
REFUSES = re.compile(
    r"(?:\b(?:i|we)(?:'\w+)?(?: \w+){0,3}? |^\W*|[.!:]\s+)"
    r"(?:can ?not|can't|rather not|could not|couldn't|won't|will not|would not|wouldn't|don't want"
    r"|must not|(?:not|un) ?(?:able|willing|comfortable|going|allowed|permitted))"
    rf"(?: \w+){{0,3}}? (?:{ANSWERING})"
    r"|\b(?:i|we)(?: \w+)? (?:can ?not|can't|won't|will not)\W*(?:[.!,;:]|$)|\bunable to\b"
    r"|\b(?:i|we) (?:do not|don't) (?:choose|answer|decide|play|take part|respond)\b"
    r"|\b(?:i|we)(?: \w+){0,3} (?:decline|refuse)\b|\bas an ai\b|\bsorry\b|\bapolog(?:y|i[esz])"
    r"|\bnot something (?:i|we)\b|\bno answer\b|\bmy (?:own )?(?:policy|policies|guidelines)\b"
    r"|我无法|我不能|无法回答|申し訳|できません|죄송|할 수 없|لا (?:أستطيع|استطيع|يمكنني)|не могу"
    r"|no puedo|je ne peux pas|não posso|non posso"
    r"|nicht (?:be)?(?:antworten|teilnehmen|erfüllen|entscheiden|mitmachen|helfen)"
)
"""Such as `I can't take part in this` or `as an AI`; `I can't trust him` is none."""
TAKES_BACK = re.compile(
    r"^\W*(?:no|not|is|was|would|drafts?|examples?|templates?)\b|\bwait\b|\bactually\b|\bhmm+\b"
    r"|\bon (?:reflection|second thoughts?)\b|\bscratch that\b|\bcorrection\b|\bchanged? my mind\b"
    r"|\bre-?(?:consider|think)\b|\brevise\b|\bignore\b|\bnever ?mind\b"
    r"|等等|等一下|改变主意|重新考虑|最终(?:答案|回答|决定)|(?:endgültige|letzte) antwort"
    r"|^\W*(?:(?:my|the|final) )*(?:answer|decision)\W*:"
    r"|\bnot (?:my|the) (?:final )?(?:answer|choice|decision)\b"
    r"|\b(?:answer|response|output|decision|choice|reply|json)\W*(?:is|would be)?\W*:\W*$"
)
"""After an answer; the last begins one that doesn't come: `Final answer:`."""
EXAMPLE = re.compile(
    r"\b(?:examples?|e\.g|for instance|such as|samples?|templates?|placeholders?|drafts?"
    r"|first thoughts?|initial\w*|tentative\w*|if i (?:were|was))\b[^.!?{}]{0,60}$"
    r"|\b(?:not|never|instead of|rather than|n't (?:say|answer|write|choose|be))\W*$"
)
"""Right before an object that is none: `For example: `."""
SAYS = r"(?:\b(?:i|we|answer|choice|move|decision)\b(?:\W+\w+){0,3}?\W+|(?:^|[.:!?=])\W*|\bno\W+)"
NEAR = 200
"""Characters before an object that may introduce it."""


def refuses(prose: str) -> bool:
    """Return whether the model says that it gives no answer."""
    return bool(REFUSES.search(folded(prose)))


def introduces_example(before: str) -> bool:
    """Return whether the object after these words is one to show how objects look."""
    return bool(EXAMPLE.search(folded(f"{before[-NEAR:]}:")))


def takes_back(after: str, others: Collection[str]) -> bool:
    """Return whether these words go back on an answer, or give another of the options.

    >>> takes_back("On reflection, no.", ()), takes_back("I will defect.", ["defect"])
    (True, True)
    >>> takes_back("They may well defect.", ["defect"])
    False
    """
    plain = folded(after)
    if TAKES_BACK.search(plain):
        return True
    return any(re.search(rf"{SAYS}{re.escape(folded(word))}\b", plain) for word in others)
