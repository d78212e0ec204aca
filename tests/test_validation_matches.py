"""Validation by matches: scores, thresholds, and what memory-one players earn in the long run."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from societies import everyone, founded, play

from repunet.errors import UsageError
from repunet.minds.memory_one import PLAYERS, last_turn
from repunet.minds.router import make_mind
from repunet.minds.scripted import STRATEGIES
from repunet.scenarios.pd import P, R, S, T
from repunet.validation.arena import arena, at_once, encounters
from repunet.validation.check import near, same
from repunet.validation.checks import matches, memory_one
from repunet.validation.theory import continuation
from repunet.validation.theory import memory_one_chain as chain
from repunet.world.encounter import UNIT
from repunet.world.event import EncounterEnded
from repunet.world.population import population

DATA = matches.library_scores()
PROBABILITY = st.floats(0.05, 0.95)
VECTOR = st.tuples(PROBABILITY, PROBABILITY, PROBABILITY, PROBABILITY)


# Scores


def test_the_scores_are_of_the_game_that_we_play_and_of_strategies_that_we_have() -> None:
    assert DATA["payoffs"] == {"R": R, "S": S, "T": T, "P": P}
    assert len(set(DATA["strategies"]) & set(STRATEGIES)) == 14


def test_the_published_totals_are_the_sums_of_the_published_scores() -> None:
    table = matches.by_pair(DATA, "200")
    for name, total in DATA["tournament"].items():
        assert total == sum(s[0] for (row, col), s in table.items() if row == name != col)


@pytest.mark.slow
def test_societies_of_two_score_as_the_library_does() -> None:
    names = ["grudger", "win-stay-lose-shift", "bully"]
    played, gaps = matches.play_all(names, seed=3)
    for turns in (10, 200):
        published, found = matches.by_pair(DATA, str(turns)), matches.scores(played, turns)
        assert found == {pair: published[pair] for pair in product(names, names)}
    assert gaps == 0


def test_a_score_that_is_off_by_one_fails_and_is_told() -> None:
    expected = {("a", "b"): (3, 3), ("b", "a"): (3, 3)}
    check = matches.compared("scores", expected, {**expected, ("b", "a"): (3, 4)}, 0)
    assert (check.passed, check.gate, check.found) == (False, True, "1 of 2")
    assert check.note == "('b', 'a'): (3, 4), not (3, 3)"


def test_a_tournament_leaves_out_matches_with_oneself() -> None:
    played = {pair: [(1.0, 1.0)] for pair in product("ab", "ab")}
    assert matches.tournament(played) == {"a": 1.0, "b": 1.0}


def test_grim_play_holds_from_half_and_dominates_from_three_fifths() -> None:
    played, gaps = matches.play_all(["grudger", "defector"], seed=1)
    found = [check.found for check in matches.grim(played, gaps)]
    assert found == pytest.approx([0.5, 0.6], abs=1e-9)


def test_the_thresholds_follow_the_payoffs_of_what_was_played() -> None:
    g, d, r, s, t, p = "grudger", "defector", 4.0, 0.0, 5.0, 1.0
    later = [(p, p)] * 199
    played = {(g, g): [(r, r)] * 200, (d, d): [(p, p), *later]}
    played |= {(d, g): [(t, s), *later], (g, d): [(s, t), *later]}
    assert continuation.sustenance(played, g, d) == pytest.approx((t - r) / (t - p))
    assert continuation.dominance(played, g, d) == pytest.approx((t + p - s - r) / (t - s))


# Checks


def test_a_number_is_near_only_within_the_tolerance() -> None:
    assert near("n", "theory", "s", (1, 2), (1.1, 1.9), 0.11).passed
    for found in ((1.2, 2.0), (1.0,), None, float("nan")):
        assert not near("n", "theory", "s", (1, 2), found, 0.11).passed


def test_human_data_never_decide() -> None:
    assert [same("n", family, "s", 1.0, 1.0).gate for family in ("exact", "theory", "human")] == [
        True,
        True,
        False,
    ]


# The arena


def test_the_arena_plays_the_same_rounds_as_any_society() -> None:
    here = arena("pd", ("embedded", "chance", "grudger"), treatment=founded().treatment, seed=5)
    people = population(3, "pd")
    mind = everyone("embedded", "A02=chance", "A03=grudger", seed=5, people=people)
    assert here.play(4) == play(mind, founded(people=people, seed=5), 4).events


def test_a_mind_that_waits_is_refused() -> None:
    class Waiting:
        def __await__(self):  # type: ignore[no-untyped-def]
            yield

    async def wait() -> None:
        await Waiting()

    with pytest.raises(RuntimeError, match="without waiting"):
        at_once(wait())


# Memory-one players


@pytest.mark.parametrize("name", ["tit-for-tat", "win-stay-lose-shift", "cooperator", "defector"])
def test_a_memory_one_player_plays_as_the_strategy_of_its_name(name: str) -> None:
    drawn = arena("pd", (f"memory-one:{name}", "memory-one"), seed=2).play(30)
    script = arena("pd", (name, "memory-one"), seed=2).play(30)
    assert drawn == script


def test_noise_turns_every_move_into_its_opposite_if_there_is_nothing_else() -> None:
    events = arena("pd", ("memory-one:cooperator,noise=1", "cooperator")).play(5)
    moves = {act.agent: act.move for met in encounters(events) for act in met.acts}
    assert moves == {"A01": "defect", "A02": "cooperate"}


def test_its_answers_belong_to_the_seed_and_the_decision() -> None:
    one, same_, other = (arena("pd", ("memory-one",) * 2, seed=s).play(20) for s in (1, 1, 2))
    assert one == same_ != other


def test_its_numbers_are_written_in_its_name_and_described() -> None:
    mind = make_mind("memory-one:joss,cc=0.8,noise=0.1", 1)
    numbers = {"first": 1, "cc": 0.8, "cd": 0, "dc": 0.9, "dd": 0, "noise": 0.1}
    assert mind.describe()["propensities"] == numbers


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("memory-one,cc=1.5", "cc is a probability"),
        ("memory-one,ccc=1", 'unknown parameter "ccc"'),
        ("memory-one:jos", 'did you mean "joss"'),
    ],
)
def test_numbers_that_are_none_are_refused(text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        make_mind(text, 1)


def test_where_the_other_could_not_act_its_move_before_still_stands() -> None:
    events = arena("donor", ("defector", "cooperator"), seed=1)
    events.play(6)
    for agent, (own, other) in {"A01": (False, True), "A02": (True, False)}.items():
        history = events.society.agents[agent].history({"A01": "A02", "A02": "A01"}[agent])
        assert last_turn(history) == (own, other)


def test_before_any_turn_there_is_no_last_one() -> None:
    assert last_turn(()) is None


# What they earn


@given(VECTOR, VECTOR)
def test_the_long_run_is_where_the_chain_ends_up(first: chain.Vector, second: chain.Vector) -> None:
    moves = chain.transitions(first, second)
    assert moves.sum(axis=1) == pytest.approx(1)
    far = np.linalg.matrix_power(moves, 5000)
    assert chain.stationary(moves) == pytest.approx(far[0], abs=1e-9)


@pytest.mark.slow
@given(VECTOR, VECTOR)
def test_the_standard_error_counts_all_covariances(
    first: chain.Vector, second: chain.Vector
) -> None:
    moves, stakes = chain.transitions(first, second), np.array(memory_one.STAKES, float)
    shares = chain.stationary(moves)
    off, power = stakes - shares @ stakes, np.eye(4)
    variance = shares @ (off * off)
    for _ in range(3000):
        power = power @ moves
        variance += 2 * shares @ (off * (power @ off))
    found = chain.standard_error(first, second, memory_one.STAKES, 100)
    assert found == pytest.approx(np.sqrt(max(variance, 0) / 100), abs=1e-6)


@pytest.mark.parametrize("duel", memory_one.DUELS, ids=lambda duel: duel.name)
def test_the_chain_yields_what_is_published(duel: memory_one.Duel) -> None:
    assert chain.payoffs(*duel.vectors, memory_one.STAKES) == pytest.approx(
        duel.published, abs=5.1e-5
    )


def test_extortion_takes_twice_the_surplus_of_anybody() -> None:
    extort = PLAYERS["zd-extort-2"].vector
    for other in PLAYERS.values():
        mine, yours = chain.payoffs(extort, other.vector, memory_one.STAKES)
        assert mine - P == pytest.approx(2 * (yours - P), abs=1e-6)


def test_a_duel_is_played_by_a_society_and_held_against_the_chain() -> None:
    size = memory_one.ChainSize(300, 0.1)
    check = memory_one.check(memory_one.DUELS[3], size, seed=1)
    assert check.passed
    assert "300 turns" in check.note
    found, gaps = memory_one.play(memory_one.DUELS[3], 20, 7)
    two = arena("pd", memory_one.DUELS[3].minds, seed=7)
    met = [e.encounter for e in two.play(20) if isinstance(e, EncounterEnded)]
    totals = {a: sum(x.payoff for m in met for x in m.acts if x.agent == a) for a in ("A01", "A02")}
    assert (found, gaps) == (tuple(total / UNIT / 20 for total in totals.values()), 0)


@pytest.mark.slow
def test_a_player_with_another_noise_than_it_should_have_is_found_out() -> None:
    duel, size = memory_one.DUELS[5], memory_one.ChainSize(4000, 0.1)
    wrong = memory_one.Duel(duel.first, duel.second, 0.03, duel.published, duel.source)
    found, _ = memory_one.play(wrong, 1500, 1)
    assert abs(found[0] - duel.published[0]) > 4 * duel.error(size.turns)
