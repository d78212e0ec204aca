"""A layer of language models: answers are safe before they are seen, and are paid for once."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from language_societies import MODEL, at, attempts, decisions, hasty, missing, served, terms, told

from repunet.cli import execute
from repunet.errors import Stopped, UsageError
from repunet.fake_llm.faults import Faults
from repunet.fake_llm.server import DECISION
from repunet.layer import Deed, Layer
from repunet.layer.state import LayerState
from repunet.models.prices import Price
from repunet.record.journal import Journal
from repunet.runs.run import Terms
from repunet.world.encounter import Encounter
from repunet.world.event import EncounterEnded

AGENTS = ["ann", "bob", "cid"]
NOWHERE = "http://127.0.0.1:9/v1"
Use = Callable[[Layer], Awaitable[Any]]


@pytest.fixture(autouse=True)
def quickly() -> Iterator[None]:
    with hasty():
        yield


def deal(number: int, seller: str = "ann", buyer: str = "bob") -> dict[str, Any]:
    """Return an encounter as the other system tells of it."""
    acts = [Deed(seller, cooperation=0.9, move="ship"), Deed(buyer, cooperation=1.0, move="pay")]
    return {"id": f"deal-{number}", "acts": acts}


def use(folder: Path, work: Use, **options: Any) -> Any:
    """Return what the work returns, in a layer that is open as long as it takes."""

    async def opened() -> Any:
        async with Layer.open(folder / "a", AGENTS, **{"mind": MODEL, **options}) as layer:
            return await work(layer)

    return asyncio.run(opened())


def file(folder: Path) -> Path:
    return folder / "a" / "run.sqlite"


def told_of(number: int) -> Use:
    return lambda layer: layer.encounter(**deal(number))


async def three(layer: Layer) -> None:
    for number, (seller, buyer) in enumerate([("ann", "bob"), ("bob", "cid"), ("cid", "ann")]):
        await layer.encounter(**deal(number, seller, buyer))
    await layer.gossip(id="evening")


def digest(folder: Path) -> str:
    with Journal.open(file(folder)) as journal:
        return journal.digest()


def test_a_layer_asks_a_model_what_follows_from_an_encounter(tmp_path: Path) -> None:
    with served() as server:
        use(tmp_path, told_of(1))
        asked = server.stats.decisions
    assert asked == set(decisions(file(tmp_path)))
    assert "deal-1/respond/ann>bob/ShapePeerReputation/ann" in asked
    assert missing(file(tmp_path)) == []


def test_answers_are_safe_before_anything_is_to_be_seen(tmp_path: Path) -> None:
    write = LayerState.write

    def writing(chronicle: LayerState, events: Any, decided: Any) -> None:
        safe = decisions(file(tmp_path))
        assert {each.coordinate for each in decided} <= set(safe)
        write(chronicle, events, decided)

    with served(), patch.object(LayerState, "write", writing):
        use(tmp_path, told_of(1))


def test_the_same_layer_comes_of_the_same_calls(tmp_path: Path) -> None:
    with served(), served(latency="heavy:0.002"):
        use(tmp_path / "one", three)
    with served():
        use(tmp_path / "other", three)
    assert digest(tmp_path / "one") == digest(tmp_path / "other")


def test_a_repeated_id_asks_no_model_again_after_a_restart_either(tmp_path: Path) -> None:
    with served():
        first = use(tmp_path, told_of(1))
    with at(NOWHERE):
        assert use(tmp_path, told_of(1)) == first


def test_a_call_that_nobody_answers_stops_and_leaves_nothing(tmp_path: Path) -> None:
    async def failing(layer: Layer) -> None:
        with pytest.raises(Stopped, match=r"vllm:fake does not answer: nobody answers at that"):
            await layer.encounter(**deal(1))
        assert "deal-1" not in layer
        assert layer.view("ann", "bob").score("member") is None

    with at(NOWHERE):
        use(tmp_path, failing, terms=terms(deadline=0.1))
    with Journal.open(file(tmp_path)) as journal:
        assert journal.rounds == 0


def test_a_call_that_is_repeated_asks_only_for_what_it_lacks(tmp_path: Path) -> None:
    with served(quota=3) as ill, pytest.raises(Stopped, match="there is no money left"):
        use(tmp_path, told_of(1))
    kept = decisions(file(tmp_path))
    assert len(kept) == 3
    with served() as well:
        events = use(tmp_path, told_of(1))
    assert set(told(ill, well).values()) == {1}
    assert not {question.decision for question in well.stats.told} & set(kept)
    assert any(isinstance(event, EncounterEnded) for event in events)


def test_a_call_may_be_repeated_in_a_layer_that_stayed_open(tmp_path: Path) -> None:
    async def persistent(layer: Layer) -> Encounter:
        with pytest.raises(Stopped):
            await layer.encounter(**deal(1))
        for _ in failing:
            with suppress(Stopped):
                events = await layer.encounter(**deal(1))
        return next(event.encounter for event in events if isinstance(event, EncounterEnded))

    failing = ("unavailable",) * 4
    with served(faults=Faults(first=failing)) as server:
        met = use(tmp_path, persistent, terms=terms(deadline=0.03, concurrency=1))
    assert met.id == "deal-1"
    assert set(server.stats.told.values()) == {1}


def test_a_call_is_stopped_at_what_it_may_cost_and_goes_on_with_more(tmp_path: Path) -> None:
    with served() as server:
        with pytest.raises(Stopped, match=r"--max-calls 3 is used up"):
            use(tmp_path, told_of(1), terms=terms(max_calls=3))
        assert server.stats.answered == 3
        use(tmp_path, told_of(1), terms=terms(max_calls=100))
        assert set(server.stats.told.values()) == {1}


def test_a_budget_holds_over_all_calls_of_a_layer(tmp_path: Path) -> None:
    limits = Terms(terms(budget=0.03).allowance, {"fake": Price(1.0, 1.0)})

    async def many(layer: Layer) -> None:
        for number in range(20):
            await layer.encounter(**deal(number))

    for _ in range(2):
        with served(), pytest.raises(Stopped, match=r"--budget \$0.0300 is used up"):
            use(tmp_path, many, terms=limits)
    assert 0 < sum(each.cost or 0 for each in attempts(file(tmp_path))) <= 30_000_000


def test_a_layer_can_be_answered_through_files(tmp_path: Path) -> None:
    with pytest.raises(Stopped, match=r"2 requests are in .*requests.jsonl"):
        use(tmp_path, told_of(1), terms=Terms(batch=tmp_path / "box"))
    assert len((tmp_path / "box" / "requests.jsonl").read_text().splitlines()) == 2


def test_one_agent_of_a_layer_may_be_a_model(tmp_path: Path) -> None:
    with served() as server:
        use(tmp_path, three, mind={"*": "embedded", "bob": MODEL})
        assert {name.rpartition("/")[2] for name in server.stats.decisions} == {"bob"}


@pytest.mark.parametrize("what", ["role:member", "operation:Reflect"])
def test_a_role_or_a_question_of_a_layer_may_be_a_model_s(what: str, tmp_path: Path) -> None:
    with served() as server:
        use(tmp_path, told_of(1), mind={"*": "embedded", what: MODEL})
        assert "deal-1/respond/ann/Reflect/ann" in server.stats.decisions


def test_a_call_stops_where_too_much_of_it_is_missing(tmp_path: Path) -> None:
    def unsure(_: object, headers: Mapping[str, str]) -> str | None:
        return "Hm." if "/Shape" in headers[DECISION] or "/Revise" in headers[DECISION] else None

    with served(answers=unsure), pytest.raises(Stopped, match="decisions of round 1 could not"):
        use(tmp_path, told_of(1))


def test_what_a_layer_cost_is_shown_as_for_a_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with served():
        use(tmp_path, told_of(1))
    assert execute(["cost", str(tmp_path / "a"), "--by", "operation"]) == 0
    assert "ShapePeerReputation" in capsys.readouterr().out


def test_a_layer_does_not_go_on_with_another_model_unnoticed(tmp_path: Path) -> None:
    with served():
        use(tmp_path, told_of(1))
        with pytest.raises(UsageError, match="its minds are not as they were"):
            use(tmp_path, told_of(2), mind="vllm:other")
        use(tmp_path, told_of(2), mind="vllm:other", branch=True)
