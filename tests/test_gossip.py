"""What is told about an absent third, and how it is kept."""

from dataclasses import replace
from typing import get_args

import pytest

from repunet.world.gossip import LIKERT, SENSE, VALENCE, Credibility, Gossip, GossipLog, Sense

PIECE = Gossip(
    id="r1/gossip1/A03>A01/A02",
    target="A02",
    role="player",
    path=("A03",),
    listener="A01",
    text="A03 speaks ill of A02.",
    said="Be careful.",
    valence=-0.5,
    credibility=4,
    encounter="r1/meet/A02-A03",
)


def log(*credibilities: int) -> GossipLog:
    heard = GossipLog()
    for credibility in credibilities:
        heard.hear(replace(PIECE, id=str(len(heard)), credibility=credibility))
    return heard


def test_gossip_knows_who_told_it_and_of_which_order_it_is() -> None:
    passed_on = replace(PIECE, path=("A03", "A04"))
    assert (PIECE.gossiper, PIECE.order) == ("A03", 1)
    assert (passed_on.gossiper, passed_on.order) == ("A04", 2)
    assert PIECE.about == ("A02", "player")


def test_senses_and_valences_are_one_scale() -> None:
    assert set(VALENCE) == set(get_args(Sense))
    assert {SENSE[valence]: valence for valence in SENSE} == VALENCE
    assert sorted(VALENCE.values()) == [-1, -0.5, 0, 0.5, 1]
    assert set(LIKERT) == set(get_args(Credibility)) == {1, 2, 3, 4, 5}


@pytest.mark.parametrize(
    ("credibilities", "share"),
    [((1,), 1.0), ((2, 3), 0.5), ((3, 4, 5), 0.0), ((1, 2, 3, 4), 0.5), ((), None)],
)
def test_distrust_is_the_share_rated_one_or_two(
    credibilities: tuple[int, ...], share: float | None
) -> None:
    assert log(*credibilities).distrust == share


def test_the_latest_pieces_come_last() -> None:
    heard = log(1, 2, 3, 4)
    assert [piece.id for piece in heard.last(2)] == ["2", "3"]
    assert len(heard.last(99)) == len(heard) == 4
    assert list(heard.last(0)) == []
