"""The ladder: an endpoint is asked in the strictest way that it honours, found by one request."""

import asyncio
from collections.abc import Callable

import pytest
from virtual import now, run

from repunet.models.output_mode import NegotiatedMode
from repunet.models.request import OUTPUT_MODES, OutputMode
from repunet.models.schema_subset import lean

BARE, PROSE = ' {"a": 1}\n', 'Sure: {"a": 1}'


def climbed(*steps: str) -> tuple[OutputMode, bool]:
    """Return where a ladder stands after these: refused, failed, or a text that was heard."""
    negotiated = NegotiatedMode()
    for step in steps:
        match step:
            case "refused":
                negotiated.refused(negotiated.mode)
            case "failed":
                negotiated.failed(negotiated.mode)
            case _:
                negotiated.heard(negotiated.mode, step)
    return negotiated.mode, negotiated.settled


@pytest.mark.parametrize(
    ("steps", "mode", "settled"),
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
def test_a_mode_is_kept_once_it_is_honoured(
    steps: tuple[str, ...], mode: OutputMode, settled: bool
) -> None:
    assert climbed(*steps) == (mode, settled)


@pytest.mark.parametrize("mode", OUTPUT_MODES)
def test_a_mode_that_is_remembered_needs_no_probe(mode: OutputMode) -> None:
    negotiated = NegotiatedMode(mode)
    assert (negotiated.mode, negotiated.settled) == (mode, True)


def test_two_refusals_at_once_are_one_step() -> None:
    negotiated = NegotiatedMode("schema")
    assert negotiated.refused("schema")
    assert negotiated.refused("schema")
    assert negotiated.mode == "lean"


def test_below_the_last_mode_there_is_none() -> None:
    negotiated = NegotiatedMode("text")
    assert not negotiated.refused("text")
    assert negotiated.mode == "text"


def test_a_late_reply_to_another_mode_shows_nothing() -> None:
    negotiated = NegotiatedMode()
    negotiated.refused("schema")
    negotiated.heard("schema", BARE)
    negotiated.failed("schema")
    negotiated.failed("schema")
    assert (negotiated.mode, negotiated.settled) == ("lean", False)


# The gate --------------------------------------------------------------------------------------

Sent = list[tuple[float, OutputMode]]


def asked(many: int, reply: Callable[[int], str]) -> Sent:
    """Return when, and how, each of many requests is sent that come up at once and take 1 s."""

    async def one(negotiated: NegotiatedMode, sent: Sent) -> None:
        async with negotiated.admitted() as mode:
            sent.append((now(), mode))
            number = len(sent)
            await asyncio.sleep(1)
            negotiated.heard(mode, reply(number))

    async def main() -> Sent:
        negotiated, sent = NegotiatedMode(), Sent()
        await asyncio.gather(*(one(negotiated, sent) for _ in range(many)))
        return sent

    return run(main())


def test_one_request_finds_out_and_then_all_are_sent() -> None:
    assert asked(50, lambda _: BARE) == [(0.0, "schema")] + [(1.0, "schema")] * 49


def test_whoever_never_honours_a_format_is_asked_in_words_after_two_tries() -> None:
    sent = asked(50, lambda _: PROSE)
    assert sent == [(0.0, "schema"), (1.0, "schema")] + [(2.0, "text")] * 48


def test_a_request_that_fails_or_is_given_up_lets_the_next_one_in() -> None:
    async def one(negotiated: NegotiatedMode, seconds: float) -> None:
        async with negotiated.admitted():
            await asyncio.sleep(seconds)

    async def main() -> float:
        negotiated = NegotiatedMode()
        first = asyncio.create_task(one(negotiated, 9))
        waits = asyncio.create_task(one(negotiated, 0))
        await asyncio.sleep(1)
        waits.cancel()
        first.cancel()
        with pytest.raises(ZeroDivisionError):
            async with negotiated.admitted():
                _ = 1 / 0
        await one(negotiated, 0)
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
