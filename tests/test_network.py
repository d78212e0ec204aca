"""Ties: directed, and about an agent in a role."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from societies import founded, minds, play, player

from repunet.errors import UsageError
from repunet.world.event import Matched
from repunet.world.network import Network, read_ties
from repunet.world.persona import Participant
from repunet.world.population import population
from repunet.world.treatment import TREATMENTS

ONE, TWO, THREE = map(player, (1, 2, 3))
INVESTOR = TWO._replace(role="investor")


def test_a_tie_has_a_direction() -> None:
    network = Network()
    network.form("A01", TWO)
    assert network.tied("A01", TWO)
    assert not network.tied("A02", ONE)
    assert not network.mutual(ONE, TWO)


def test_a_tie_is_mutual_where_each_has_one() -> None:
    network = Network()
    network.form("A01", TWO)
    network.form("A02", ONE)
    assert network.mutual(ONE, TWO)
    assert network.mutual(TWO, ONE)


def test_a_tie_is_to_a_role() -> None:
    network = Network()
    network.form("A01", INVESTOR)
    assert not network.tied("A01", TWO)
    network.form("A01", TWO)
    assert network.partners("A01") == (INVESTOR, TWO)
    assert network.partner_agents("A01") == ("A02",)
    assert network.partner_agents("A01", "investor") == ("A02",)
    assert network.partner_agents("A01", "trustee") == ()


def test_a_severed_tie_is_gone_and_severing_none_is_nothing() -> None:
    network = Network()
    network.sever("A01", TWO)
    network.form("A01", TWO)
    network.form("A01", THREE)
    network.sever("A01", TWO)
    assert network.partners("A01") == (THREE,)
    assert list(network) == [("A01", THREE)]


pairs = st.tuples(st.integers(1, 5), st.integers(1, 5))


@given(st.lists(st.tuples(st.booleans(), pairs)))
def test_a_network_is_the_set_of_ties_formed_and_not_severed(
    changes: list[tuple[bool, tuple[int, int]]],
) -> None:
    network, expected = Network(), set()
    for forms, (ego, alter) in changes:
        (network.form if forms else network.sever)(player(ego).agent, player(alter))
        (expected.add if forms else expected.discard)((player(ego).agent, player(alter)))
    assert set(network) == expected
    assert len(network) == len(expected)


def test_a_network_from_a_file_has_ties_in_every_role(tmp_path: Path) -> None:
    people, file = population(4, "pd"), tmp_path / "ties.json"
    file.write_text(json.dumps([[people[0].name, "A02"], ["A02", people[2].name]]))
    ties = read_ties(file, people, ("investor", "trustee"))
    network = Network(ties)
    assert network.tied("A01", Participant("A02", "trustee"))
    assert network.tied("A02", Participant("A03", "investor"))
    assert len(network) == 4


@pytest.mark.parametrize("text", ["", "{}", '["Ann"]', '[["A01"]]', '[["A01", "Nobody"]]',
                                  '[["A01", "A01"]]', '[["A01", 2]]'])  # fmt: skip
def test_a_network_that_is_none_is_refused_in_one_line(tmp_path: Path, text: str) -> None:
    file = tmp_path / "ties.json"
    file.write_text(text)
    with pytest.raises(UsageError) as caught:
        read_ties(file, population(4, "pd"), ("player",))
    assert "\n" not in str(caught.value)


def test_without_rewiring_a_given_network_stays_and_lets_agents_choose() -> None:
    people = population(6, "pd")
    ids = [person.id for person in people]
    ties = [(a, Participant(b, "player")) for a in ids for b in ids if a != b]
    still = replace(TREATMENTS["full"], rewiring=False, choice_probability=1.0)
    manifest = replace(founded(still, people=people), ties=tuple(ties))
    game = play(minds("chance"), manifest, 3)
    assert list(game.society.network) == ties
    assert all(matched.by == "choice" for matched in game.all(Matched))
    assert game.gossip
