"""Room for answers, as messages of servers tell how much of it there is."""

import re

from repunet.models.learnt import LEAST

NUMBER = r"(\d[\d,]*)"
CONTEXT_IS = re.compile(
    rf"context[ _]?(?:length|size|window|limit)\D{{0,30}}{NUMBER}", re.IGNORECASE
)
PROMPT_IS = re.compile(
    rf"{NUMBER}(?: tokens)?(?: of| in| from)?(?: the| your)? (?:messages|prompt|input|text)"
    rf"|(?:prompt|input|messages)\D{{1,30}}{NUMBER}",
    re.IGNORECASE,
)
REQUESTED_IS = re.compile(rf"requested\D{{0,20}}{NUMBER}", re.IGNORECASE)
SUM = re.compile(rf"{NUMBER} \+ {NUMBER} > {NUMBER}")


def count(digits: str) -> int:
    """Return a number as messages write it."""
    return int(digits.replace(",", "")[:15])


def largest_room(said: str, asked: int, status: int) -> int:
    """Return the room that a message tells of: the largest number below what was asked for.

    >>> largest_room("max_tokens is too large: 8192. This model takes at most 4096", 8192, 400)
    4096
    >>> largest_room("too many output tokens", 4096, 400)
    2048
    """
    counts = [count(digits) for digits in re.findall(NUMBER, said)]
    less = [each for each in counts if LEAST <= each < asked and each != status]
    return max(less, default=asked // 2)


def room_left(said: str, asked: int) -> int:
    """Return the room that a context leaves beside a prompt, as a message tells of both.

    >>> room_left("the context length is 5000, you requested 8900 (708 in the messages)", 8192)
    4292
    >>> room_left("input length and max_tokens exceed context limit: 190 + 40 > 200", 40)
    10
    """
    total = SUM.search(said)
    if total:
        return count(total[3]) - count(total[1])
    context, prompt = CONTEXT_IS.search(said), PROMPT_IS.search(said)
    if context is None:
        return asked // 2
    if prompt is not None:
        left = count(context[1]) - count(prompt[1] or prompt[2])
        return left if left < asked else asked // 2
    requested = REQUESTED_IS.search(said)
    if requested is not None and count(requested[1]) > count(context[1]):
        return min(asked - 1, asked - (count(requested[1]) - count(context[1])))
    return min(asked // 2, count(context[1]))
