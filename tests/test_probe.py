"""The probe of an endpoint: in few requests it is known whether it can be used, and how."""

import asyncio
from typing import Any

import pytest

from repunet.models.failure import (
    Failure,
    Permanent,
    RateLimited,
    TimedOut,
    Transient,
    Unreachable,
    Unsupported,
)
from repunet.models.probe import AT, MOST, SCHEMA, Finding, honoured, probe
from repunet.models.request import SCHEMA_MARK, Reply, Request, Rung, Sampling

GOOD = '{"move": "defect", "reason": "It pays."}'


class Scripted:
    """A server that does what was written for it, and the last of it for ever."""

    def __init__(self, *script: str | Failure) -> None:
        self.script = list(script)
        self.asked: list[tuple[Rung, Request]] = []

    async def send(self, request: Request, rung: Rung, at: str) -> Reply:
        assert at == AT
        self.asked.append((rung, request))
        said = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(said, Failure):
            raise said
        return Reply(said)

    async def close(self) -> None:
        """Do nothing."""


def found(*script: str | Failure) -> tuple[Finding, list[Rung]]:
    """Return what is found out about a server, and how it was asked."""
    server = Scripted(*script)
    finding = asyncio.run(probe(server, "vllm", "fake", Sampling()))
    assert finding.requests == len(server.asked) <= MOST
    return finding, [rung for rung, _ in server.asked]


def test_one_request_is_enough_where_all_is_well() -> None:
    finding, rungs = found(GOOD)
    assert (finding.rung, rungs, finding.problems) == ("schema", ["schema"], ())
    assert finding.latency is not None


@pytest.mark.parametrize(
    ("script", "rung"),
    [
        ([Unsupported("no bounds"), GOOD], "lean"),
        ([Unsupported("no schema"), Unsupported("none"), GOOD], "object"),
        ([Unsupported("no"), Unsupported("no"), Unsupported("no"), GOOD], "text"),
        (["Well...", GOOD], "lean"),
        (["Well...", "Hm.", '{"move": "dance", "reason": ""}', GOOD], "text"),
    ],
)
def test_the_first_rung_that_is_honoured_is_found(script: list[Any], rung: Rung) -> None:
    finding, rungs = found(*script)
    assert finding.rung == rung == rungs[-1]
    assert len(finding.problems) == len(script) - 1


def test_a_parameter_that_is_not_known_is_left_out_and_the_rung_kept() -> None:
    _, rungs = found(Unsupported("no temperature", parameter="temperature"), GOOD)
    assert rungs == ["schema", "schema"]


def test_a_parameter_that_is_never_left_out_does_not_go_on_for_ever() -> None:
    finding, rungs = found(Unsupported("no temperature", parameter="temperature"))
    assert (finding.rung, len(rungs)) == (None, MOST)


@pytest.mark.parametrize("accident", [Transient("reset"), RateLimited("wait"), TimedOut("late")])
def test_an_accident_is_forgiven_once(accident: Failure) -> None:
    finding, rungs = found(accident, GOOD)
    assert (finding.rung, rungs) == ("schema", ["schema", "schema"])


@pytest.mark.parametrize(
    ("failure", "requests"),
    [
        (Unreachable("nobody"), 2),
        (Permanent("wrong key"), 1),
        (RateLimited("wait"), 2),
        (Transient("broken"), 8),
        (TimedOut("late"), 2),
    ],
)
def test_what_does_not_get_better_is_given_up_soon(failure: Failure, requests: int) -> None:
    finding, rungs = found(failure)
    assert (finding.rung, finding.reply, finding.latency) == (None, None, None)
    assert len(rungs) <= requests
    assert str(failure) in finding.problems[-1]


@pytest.mark.parametrize(
    ("failure", "answered"),
    [
        (Unreachable("nobody"), False),
        (TimedOut("late"), False),
        (Transient("reset"), False),
        (Transient("500: broken"), True),
        (Permanent("the key is not accepted (401: no)"), True),
        (RateLimited("429: wait"), True),
    ],
)
def test_a_server_that_refuses_has_answered(failure: Failure, answered: bool) -> None:
    assert found(failure)[0].answered is answered


def test_what_was_asked_for_is_told_only_where_it_matters_and_nothing_twice() -> None:
    assert found(Transient("500: broken"))[0].problems == ("500: broken",)
    assert found(Unsupported("400: no"), GOOD)[0].problems == ("asked for a JSON schema: 400: no",)


def test_the_last_answer_is_kept_though_it_can_not_be_used() -> None:
    finding, rungs = found("I would rather not.")
    assert finding.reply == Reply("I would rather not.")
    assert rungs == ["schema", "lean", "object", "text"]
    assert "not as asked for: 'I would rather not.'" in finding.problems[-1]


def test_the_schema_is_in_the_prompt_only_where_it_is_not_in_the_format() -> None:
    server = Scripted("no")
    asyncio.run(probe(server, "vllm", "fake", Sampling()))
    marked = [SCHEMA_MARK in request.messages[-1].content for _, request in server.asked]
    assert marked == [False, False, True, True]
    assert all(request.schema == SCHEMA for _, request in server.asked)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        '"defect"',
        '{"move": "defect"}',
        '{"move": "Defect", "reason": "a"}',
        '{"move": "defect", "reason": 1}',
        '{"move": ["defect"], "reason": "a"}',
        f"```json\n{GOOD}\n```",
        "[" * 10**5,
    ],
)
def test_only_the_object_asked_for_is_as_asked_for(text: str) -> None:
    assert honoured(GOOD)
    assert not honoured(text)
