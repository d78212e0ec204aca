"""Ties: directed, and about an agent in a role."""

from hypothesis import given
from hypothesis import strategies as st
from societies import player

from repunet.network import Network

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
