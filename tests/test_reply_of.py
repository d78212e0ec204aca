"""What a server's message says, wherever in the message it says it."""

from typing import Any

import pytest

from repunet.models.request import Reply
from repunet.models.wire_format import reply_of

SAID = '{"move": "defect"}'


def read(**message: Any) -> Reply:
    reply = reply_of({"choices": [{"message": message}]})
    assert reply is not None
    return reply


def call(arguments: Any) -> dict[str, Any]:
    return {"function": {"name": "answer", "arguments": arguments}}


@pytest.mark.parametrize(
    "message",
    [
        {"content": SAID},
        {"content": {"move": "defect"}},
        {"content": [{"type": "reasoning", "text": "draft"}, {"type": "text", "text": SAID}]},
        {"content": None, "tool_calls": [call(SAID)]},
        {"content": " ", "tool_calls": [call({"move": "defect"})]},
        {"function_call": {"name": "answer", "arguments": SAID}},
    ],
)
def test_the_text_is_found_wherever_a_server_puts_it(message: Any) -> None:
    assert read(**message) == Reply(SAID)


def test_all_that_is_said_counts() -> None:
    assert (
        read(content="I call:", tool_calls=[call("{}"), call(SAID)]).text
        == f"I call:\n{{}}\n{SAID}"
    )


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning", "thinking"])
def test_thoughts_are_no_answer_but_it_is_known_where_they_were(field: str) -> None:
    assert read(content=None, **{field: SAID}) == Reply("", elsewhere=field)
    assert read(content="no", **{field: SAID}) == Reply("no")


@pytest.mark.parametrize("calls", [None, "x", [None], [{}], [{"function": "x"}], [call(None)]])
def test_broken_calls_say_nothing(calls: Any) -> None:
    assert read(content="x", tool_calls=calls).text == "x"
