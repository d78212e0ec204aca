"""Treatments are data."""

from dataclasses import fields, replace

import pytest
from societies import ARMS, FINER, FULL

from repunet.errors import UsageError
from repunet.world.treatment import TREATMENTS, UNLIMITED, Treatment, treatment

SWITCHES = [field.name for field in fields(Treatment)]


def test_the_four_conditions_of_the_paper_differ_in_two_switches() -> None:
    arms = ("full", "no-gossip", "no-reputation", "none")
    on = {(TREATMENTS[arm].reputation, TREATMENTS[arm].gossip) for arm in arms}
    assert len(on) == 4
    for arm in arms:
        assert set(TREATMENTS[arm].differences(FULL)) <= {"reputation", "gossip"}


def test_the_matched_control_differs_from_none_in_its_memory_alone() -> None:
    matched, none = TREATMENTS["none-matched-memory"], TREATMENTS["none"]
    assert matched.differences(none) == ("memory_window", "alter_memory")
    assert matched.memory_window == matched.alter_memory == UNLIMITED


@pytest.mark.parametrize("name", TREATMENTS)
def test_a_preset_is_labelled_by_its_name(name: str) -> None:
    assert treatment(name).label == name


def test_a_label_names_the_nearest_preset_and_what_differs() -> None:
    assert FULL.switched(rewiring="off").label == "full, rewiring=off"
    changed = TREATMENTS["none"].switched(memory_window="unlimited", self_image="no")
    assert changed.label == "none, self_image=off, memory_window=unlimited"


def test_treatments_that_differ_are_labelled_apart() -> None:
    labels = [arm.label for arm in ARMS.values()]
    assert len(set(labels)) == len(labels)


@pytest.mark.parametrize(
    ("name", "word", "value"),
    [
        ("gossip", "off", False),
        ("gossip", " Y ", True),
        ("self-image", "no", False),
        ("memory_window", "3", 3),
        ("memory-window", "unlimited", UNLIMITED),
        ("choice_probability", "0.25", 0.25),
    ],
)
def test_switches_are_set_from_words(name: str, word: str, value: object) -> None:
    assert getattr(FULL.switched(**{name: word}), name.replace("-", "_")) == value


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"gosip": "off"}, 'did you mean "gossip"'),
        ({"gossip": "maybe"}, "gossip=on or gossip=off"),
        ({"memory_window": "much"}, "takes a number"),
        ({"memory_window": "-1"}, "memory_window is between 0 and"),
        ({"choice_probability": "1.5"}, "between 0 and 1"),
        ({"witnesses": "nan"}, "between 0 and 1"),
        ({"error": "-0.1"}, "between 0 and 1"),
    ],
)
def test_a_setting_that_can_not_be_is_a_usage_error(settings: dict[str, str], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        FULL.switched(**settings)


def test_an_unknown_treatment_is_a_usage_error_that_suggests_one() -> None:
    with pytest.raises(UsageError, match='did you mean "no-gossip"'):
        treatment("no-gosip")


@pytest.mark.parametrize("arm", ARMS)
def test_a_finer_switch_does_nothing_without_its_module(arm: str) -> None:
    bare = replace(ARMS[arm], reputation=False, gossip=False)
    assert not any((bare.rates_self, bare.rates_peers, bare.shows_gossip))


def test_views_show_gossip_only_where_no_record_holds_it() -> None:
    shown = {name for name, arm in TREATMENTS.items() if arm.shows_gossip}
    assert shown == {"no-reputation"}
    assert FINER["no-peer-reputation"].shows_gossip
    assert not FINER["no-self-reputation"].shows_gossip


def test_gossip_is_told_twice_at_most() -> None:
    assert FULL.max_order == 2
    assert FINER["no-second-order"].max_order == 1
