"""What each option of a dilemma yields."""

import pytest
from societies import dilemmas

from repunet.scenarios import scenario
from repunet.scenarios.pd import PrisonersDilemma
from repunet.world.stakes import Game, Option


def option(cooperation: float = 1.0, ego: float = 0.0) -> Option:
    return Option("act", cooperation, met=(ego, 0.0), unmet=(ego, 0.0))


def test_the_stakes_of_the_prisoners_dilemma_are_its_payoffs() -> None:
    stakes = PrisonersDilemma.stakes
    assert stakes.range == 5
    assert stakes.worth == ((3 - 0) + (5 - 1)) / 2
    assert stakes.exposure == 0.7


def test_nothing_hangs_on_alter_where_payoffs_never_differ() -> None:
    flat = Game((option(), option(0.0)), excusable=False)
    assert (flat.range, flat.worth, flat.exposure) == (0, 0, 0)


@pytest.mark.parametrize("degree", [-0.1, 1.1, float("nan")])
def test_a_degree_lies_between_zero_and_one(degree: float) -> None:
    with pytest.raises(ValueError, match=r"not in \[0, 1\]"):
        option(degree)


def test_a_dilemma_has_two_options_or_more() -> None:
    with pytest.raises(ValueError, match="at least two options"):
        Game((option(),), excusable=False)


@pytest.mark.parametrize("dilemma", dilemmas())
def test_every_game_has_an_option_to_cooperate_and_one_not_to(dilemma: str) -> None:
    stakes = scenario(dilemma).stakes
    if not isinstance(stakes, Game):
        return
    degrees = [each.cooperation for each in stakes.options]
    assert max(degrees) >= 0.5 > min(degrees)
    assert len({each.label for each in stakes.options}) == len(stakes.options)


@pytest.mark.parametrize("dilemma", dilemmas())
def test_a_scenario_is_found_by_its_aliases(dilemma: str) -> None:
    found = scenario(dilemma)
    assert all(scenario(alias) is found for alias in found.aliases)
    assert found.title
    assert found.source
    assert found.roles
