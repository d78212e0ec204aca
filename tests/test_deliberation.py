"""One unit of a phase: what it may read, whom it may ask, and what it may write."""

import asyncio

import pytest
from societies import CUT, MISSING, TIE, DelayingMind, Stub, only, player, run, society, views

from repunet.questions import operations as ops
from repunet.questions.deliberation import Unit, present, together
from repunet.questions.mind import Mind, NoAnswer
from repunet.questions.perspective import Story
from repunet.world.event import DecisionMissing, RoundBegan, TieFormed
from repunet.world.reputation import Appraisal
from repunet.world.society import Society

FORMED = TieFormed(ego="A01", alter=player(2), reason="", decision="")


def unit(mind: Mind, *writes: str, people: Society | None = None) -> Unit:
    people = people or society()
    return Unit(people, views(people), mind, "r1/test", writes)


def question(work: Unit, ego: int = 1) -> ops.DecideTie:
    return ops.DecideTie(
        setting=work.views.setting,
        ego=work.views.ego(player(ego)),
        alter=work.views.acquaintance(player(ego).agent, player(2)),
        story=Story("", None, ()),
        of_alter=None,
        tied=False,
    )


def test_an_answer_is_returned_as_it_is() -> None:
    work = unit(Stub({ops.DecideTie: TIE}))
    assert run(work.ask(question(work))) == TIE
    assert work.close([]) == []


def test_an_answer_that_could_not_be_had_is_none_and_an_event() -> None:
    work = unit(Stub({ops.DecideTie: MISSING}), "A01")
    assert run(work.ask(question(work))) is None
    assert work.close([]) == [
        DecisionMissing(agent="A01", decision="r1/test/DecideTie/A01", why=str(MISSING))
    ]


def test_an_error_that_is_no_missing_answer_is_not_hidden() -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    work = unit(Stub({ops.DecideTie: fail}))
    with pytest.raises(ZeroDivisionError):
        run(work.ask(question(work)))


def test_parts_have_names_below_their_units() -> None:
    work = unit(Stub({ops.DecideTie: MISSING}), "A01")
    part = work.toward("A02")
    assert str(part.coordinate(question(work))) == "r1/test>A02/DecideTie/A01"
    run(part.ask(question(work)))
    (missing,) = work.close([])
    assert missing.decision == "r1/test>A02/DecideTie/A01"


def test_missing_decisions_come_first_and_in_the_order_of_their_names() -> None:
    work = unit(Stub({ops.DecideTie: MISSING}), "A01", "A03")
    for ego in (3, 1):
        run(work.ask(question(work, ego)))
    events = work.close([FORMED])
    assert [getattr(event, "agent", None) for event in events] == ["A01", "A03", None]


def test_a_unit_writes_only_what_is_its_own() -> None:
    assert unit(Stub(), "A01").close([FORMED]) == [FORMED]
    with pytest.raises(RuntimeError, match="r1/test may not write TieFormed"):
        unit(Stub(), "A02").close([FORMED])
    with pytest.raises(RuntimeError, match="r1/test may not write RoundBegan"):
        unit(Stub(), "A01").close([RoundBegan(round=1)])


def test_a_reputation_names_the_decision_it_came_from() -> None:
    verdict = Appraisal("Fair.", (0, 0, 0, 1, 0))
    work = unit(Stub({ops.ShapePeerFromGossip: verdict}), "A01")
    asked = ops.ShapePeerFromGossip(
        setting=work.views.setting,
        ego=work.views.ego(player(1)),
        alter=work.views.acquaintance("A01", player(2)),
        pieces=(),
    )
    shaped = run(work.shape(asked, player(2), "gossip", ("r1/x",)))
    assert shaped.decision == "r1/test/ShapePeerFromGossip/A01"
    assert shaped.reputation == verdict.of(player(2), "pd")
    assert (shaped.observer, shaped.because) == ("A01", ("r1/x",))


@pytest.mark.parametrize("latency", ["none", "reversed"])
def test_results_come_in_the_order_of_the_questions(latency: str) -> None:
    stub = Stub({ops.DecideTie: only(1, TIE, CUT)})
    mind = stub if latency == "none" else DelayingMind(stub, "reversed")
    work = unit(mind)
    asked = [work.ask(question(work, ego)) for ego in (1, 3, 1, 4)]
    assert run(work.together(*asked)) == [TIE, CUT, TIE, CUT]


def test_an_immediate_mind_is_asked_in_turn_and_others_all_at_once() -> None:
    async def order(mind: Mind) -> list[str]:
        log: list[str] = []

        async def work(name: str) -> None:
            log.append(f"{name} begins")
            await asyncio.sleep(0)
            log.append(f"{name} ends")

        await together(mind, [work("a"), work("b")])
        return log

    assert run(order(Stub())) == ["a begins", "a ends", "b begins", "b ends"]
    waiting = DelayingMind(Stub(), "none")
    assert run(order(waiting)) == ["a begins", "b begins", "a ends", "b ends"]


def test_work_that_never_began_is_closed_when_work_before_it_fails() -> None:
    async def fail() -> None:
        raise NoAnswer("no")

    async def never() -> None:
        raise AssertionError

    with pytest.raises(NoAnswer):
        run(together(Stub(), [fail(), never()]))


def test_what_could_not_be_had_is_left_out() -> None:
    assert present([1, None, 0, None]) == [1, 0]


def test_a_unit_shuffles_in_an_order_of_its_own() -> None:
    items = list(range(12))
    one, part = unit(Stub()), unit(Stub()).part("/x")
    assert one.shuffled(items, "a") == unit(Stub()).shuffled(items, "a")
    assert len({tuple(o) for o in (one.shuffled(items, "a"), one.shuffled(items, "b"),
                                   part.shuffled(items, "a"))}) == 3  # fmt: skip
