"""The ladder: an endpoint is asked in the strictest way that it honours, found by one request."""

import asyncio
from collections.abc import Callable

import pytest
from virtual import now, run

from repunet.models.ladder import Ladder
from repunet.models.lean import lean
from repunet.models.request import RUNGS, Rung

BARE, PROSE = ' {"a": 1}\n', 'Sure: {"a": 1}'


def climbed(*steps: str) -> tuple[Rung, bool]:
    """Return where a ladder stands after these: refused, failed, or a text that was heard."""
    ladder = Ladder()
    for step in steps:
        match step:
            case "refused":
                ladder.refused(ladder.rung)
            case "failed":
                ladder.failed(ladder.rung)
            case _:
                ladder.heard(ladder.rung, step)
    return ladder.rung, ladder.settled


@pytest.mark.parametrize(
    ("steps", "rung", "settled"),
    [
        ((), "schema", False),
        ((BARE,), "schema", True),
        (("refused",), "lean", False),
        (("refused", BARE), "lean", True),
        (("refused", "refused", "refused"), "text", False),
        (("refused", "refused", "refused", PROSE), "text", True),
        ((PROSE,), "schema", False),
        ((PROSE, BARE), "schema", True),
        ((PROSE, PROSE), "text", True),
        (("failed",), "schema", False),
        (("failed", BARE), "schema", True),
        (("failed", "failed"), "lean", False),
        (("failed",) * 6, "text", False),
        (("failed",) * 8, "schema", False),
        (("failed", "refused", "failed"), "lean", False),
        ((BARE, "failed", "failed", PROSE, PROSE), "schema", True),
        ((BARE, "refused"), "lean", True),
    ],
)
def test_a_rung_is_kept_once_it_is_honoured(
    steps: tuple[str, ...], rung: Rung, settled: bool
) -> None:
    assert climbed(*steps) == (rung, settled)


@pytest.mark.parametrize("rung", RUNGS)
def test_a_rung_that_is_remembered_needs_no_probe(rung: Rung) -> None:
    ladder = Ladder(rung)
    assert (ladder.rung, ladder.settled) == (rung, True)


def test_two_refusals_at_once_are_one_step() -> None:
    ladder = Ladder("schema")
    assert ladder.refused("schema")
    assert ladder.refused("schema")
    assert ladder.rung == "lean"


def test_below_the_last_rung_there_is_none() -> None:
    ladder = Ladder("text")
    assert not ladder.refused("text")
    assert ladder.rung == "text"


def test_a_late_reply_to_another_rung_shows_nothing() -> None:
    ladder = Ladder()
    ladder.refused("schema")
    ladder.heard("schema", BARE)
    ladder.failed("schema")
    ladder.failed("schema")
    assert (ladder.rung, ladder.settled) == ("lean", False)


# The gate --------------------------------------------------------------------------------------

Sent = list[tuple[float, Rung]]


def asked(many: int, reply: Callable[[int], str]) -> Sent:
    """Return when, and how, each of many requests is sent that come up at once and take 1 s."""

    async def one(ladder: Ladder, sent: Sent) -> None:
        async with ladder.admitted() as rung:
            sent.append((now(), rung))
            number = len(sent)
            await asyncio.sleep(1)
            ladder.heard(rung, reply(number))

    async def main() -> Sent:
        ladder, sent = Ladder(), Sent()
        await asyncio.gather(*(one(ladder, sent) for _ in range(many)))
        return sent

    return run(main())


def test_one_request_finds_out_and_then_all_are_sent() -> None:
    assert asked(50, lambda _: BARE) == [(0.0, "schema")] + [(1.0, "schema")] * 49


def test_whoever_never_honours_a_format_is_asked_in_words_after_two_tries() -> None:
    sent = asked(50, lambda _: PROSE)
    assert sent == [(0.0, "schema"), (1.0, "schema")] + [(2.0, "text")] * 48


def test_a_request_that_fails_or_is_given_up_lets_the_next_one_in() -> None:
    async def one(ladder: Ladder, seconds: float) -> None:
        async with ladder.admitted():
            await asyncio.sleep(seconds)

    async def main() -> float:
        ladder = Ladder()
        first = asyncio.create_task(one(ladder, 9))
        waits = asyncio.create_task(one(ladder, 0))
        await asyncio.sleep(1)
        waits.cancel()
        first.cancel()
        with pytest.raises(ZeroDivisionError):
            async with ladder.admitted():
                _ = 1 / 0
        await one(ladder, 0)
        return now()

    assert run(main()) == 1.0


# Lean schemas ----------------------------------------------------------------------------------


def test_a_lean_schema_has_no_bounds_and_all_its_fields() -> None:
    text = {"type": "string", "minLength": 1, "maxLength": 9}
    level = {"type": "integer", "minimum": 0, "maximum": 9}
    items = {"type": "array", "items": text, "minItems": 2, "maxItems": 2}
    fields = {"maximum": level, "minLength": text, "properties": items}
    schema = {"type": "object", "properties": fields, "required": ["maximum", "minLength"]}
    bare = {"maximum": {"type": "integer"}, "minLength": {"type": "string"}}
    bare["properties"] = {"type": "array", "items": {"type": "string"}}  # type: ignore[dict-item]
    assert lean(schema) == {**schema, "properties": bare}


def test_words_to_choose_from_are_no_bounds() -> None:
    schema = {"type": "string", "enum": ["minimum", "maxLength", 1]}
    assert lean(schema) == schema
