"""Measures of the network: who is tied to whom, and what shape the ties have."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from language_societies import company, played
from measured import made

from repunet.analysis.measures import assortment, communities, network
from repunet.analysis.measures.measure import Measure, Rate, RoundSpan
from repunet.analysis.tables.frames import Frames, open_frames
from repunet.analysis.tables.graph import graph
from repunet.record.journal import Journal

AGENTS = "ABCDEF"
MEASURES: tuple[Measure, ...] = (*network.MEASURES, *assortment.MEASURES, *communities.MEASURES)
ENDS = st.tuples(st.sampled_from(AGENTS), st.sampled_from(AGENTS)).filter(lambda e: e[0] != e[1])
TIES = st.lists(ENDS, unique=True, max_size=25)
TRAITS = st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0]), min_size=6, max_size=6)
SPELLS = st.lists(st.tuples(ENDS, st.integers(0, 4), st.integers(1, 3)), max_size=12)
ONE = RoundSpan(1, 1)


def tied(ties: Any, traits: Any = (), agents: str = AGENTS, **tables: Any) -> Frames:
    """Return a run of one round, after which these ties stand and everyone has cooperated so."""
    rows = [{"ego": ego, "alter": alter, "from_round": 1} for ego, alter in ties]
    did = [{"round": 1, "agent": a, "cooperation": c} for a, c in zip(agents, traits, strict=False)]
    return made(agents=agents, last=1, ties=rows, **{"encounters": did} | tables)


def met(*acts: tuple[str, str, float], round_: int = 1) -> list[dict[str, Any]]:
    """Return what agents did to each other in a round: agent, partner, degree of cooperation."""
    return [
        {
            "round": round_,
            "encounter": f"{round_}{''.join(sorted((one, other)))}",
            "agent": one,
            "partners": (other,),
            "partner_roles": ("player",),
            "cooperation": degree,
        }
        for one, other, degree in acts
    ]


def digraph(ties: Any) -> nx.DiGraph:
    graph = nx.DiGraph()
    graph.add_nodes_from(AGENTS)
    graph.add_edges_from(ties)
    return graph


def values(frames: Frames, span: RoundSpan = ONE) -> dict[str, Rate]:
    return {measure.name: measure.of(frames, span) for measure in MEASURES}


@pytest.fixture(scope="module", params=["pd", "investment"])
def run(request: Any, tmp_path_factory: Any) -> Path:
    people = company("embedded", "A02=chance", n=6, scenario=request.param)
    return played(tmp_path_factory.mktemp(request.param), people, 6)


# Ties ------------------------------------------------------------------------------------------


def test_a_tie_stands_until_the_round_in_which_it_is_cut() -> None:
    spell = {"ego": "A", "alter": "B", "role": "player", "from_round": 0, "until_round": 2}
    run = made(agents="AB", ties=[spell])
    assert [len(network.ties_at(run, round_)) for round_ in range(4)] == [1, 1, 0, 0]


def test_the_graph_after_each_round_is_the_one_that_is_exported(run: Path) -> None:
    frames = open_frames(run)
    with Journal.open(run) as journal:
        for round_ in (1, 3, 6):
            ours, exported = network.graph_at(frames, round_), graph(journal, round_)
            assert set(ours.edges) == set(exported.edges)
            assert list(ours.nodes) == frames.agents
            assert dict(ours.nodes(data="name")) == dict(exported.nodes(data="name"))


def test_nodes_know_standing_and_cooperation_or_nothing() -> None:
    stood = [{"round": 1, "agent": "B", "role": "player", "standing": -0.5}]
    found = network.graph_at(tied(["AB"], [1.0], "AB", standings=stood), 1)
    assert found.nodes["A"] == {"name": "A", "standing": None, "cooperation": 1.0}
    assert found.nodes["B"] == {"name": "B", "standing": -0.5, "cooperation": None}


def test_who_joins_later_is_not_there_before() -> None:
    people = [{"agent": "A"}, {"agent": "B"}, {"agent": "C", "round": 2}]
    run = made(agents=people, ties=[{"ego": "A", "alter": "B", "from_round": 1}])
    assert [network.density(run, RoundSpan(1, last)).n for last in (1, 2)] == [2, 6]
    assert list(network.graph_at(run, 1)) == ["A", "B"]


def test_a_pair_tied_in_two_roles_is_one_pair() -> None:
    rows = [{"ego": "A", "alter": "B", "role": r, "from_round": 1} for r in ("investor", "trustee")]
    run = made("investment", agents="ABC", ties=rows)
    assert len(network.ties_at(run, 1)) == 2
    assert network.density(run, ONE) == Rate(1 / 6, 6)


# The whole network -----------------------------------------------------------------------------


@settings(max_examples=10, deadline=None)
@given(ties=TIES)
def test_the_whole_network_is_as_networkx_sees_it(ties: list[tuple[str, str]]) -> None:
    run, expected = tied(ties), digraph(ties)
    mutual = expected.to_undirected(reciprocal=True)
    assert network.density(run, ONE).value == pytest.approx(nx.density(expected))
    assert network.mutual_degree(run, ONE).value == 2 * mutual.number_of_edges() / 6
    assert communities.clustering(run, ONE).value == pytest.approx(nx.average_clustering(expected))
    weak = nx.number_weakly_connected_components(expected)
    assert communities.components(run, ONE).value == weak
    assert communities.isolates(run, ONE).value == nx.number_of_isolates(expected) / 6
    if ties:
        assert network.reciprocity(run, ONE).value == nx.overall_reciprocity(expected)
    else:
        assert network.reciprocity(run, ONE) == Rate(None, 0)


@settings(max_examples=10, deadline=None)
@given(spells=SPELLS)
def test_churn_is_one_minus_jaccard_of_the_ties_of_consecutive_rounds(spells: Any) -> None:
    rows = [
        {"ego": e, "alter": a, "from_round": since, "until_round": since + long}
        for (e, a), since, long in spells
    ]
    sets = [
        {(r["ego"], r["alter"]) for r in rows if r["from_round"] <= t < r["until_round"]}
        for t in range(1, 6)
    ]
    each = [1 - len(a & b) / len(a | b) for a, b in pairwise(sets) if a | b]
    churn = network.churn(made(agents=AGENTS, last=5, ties=rows), RoundSpan(1, 5))
    assert churn.n == len(each)
    assert churn.value == (pytest.approx(np.mean(each)) if each else None)
    assert churn.value is None or 0 <= churn.value <= 1


def test_a_tie_cut_and_formed_again_in_one_round_is_no_churn() -> None:
    spell = {"ego": "A", "alter": "B"}
    rows = [spell | {"from_round": 1, "until_round": 2}, spell | {"from_round": 2}]
    assert network.churn(made(agents="AB", ties=rows), RoundSpan(1, 2)) == Rate(0.0, 1)


@pytest.mark.slow
@settings(max_examples=5, deadline=None)
@given(ties=TIES, traits=TRAITS, names=st.permutations("UVWXYZ"))
def test_names_make_no_difference(ties: Any, traits: Any, names: list[str]) -> None:
    new = dict(zip(AGENTS, names, strict=True))
    renamed = tied([(new[e], new[a]) for e, a in ties], traits, "".join(names))
    ours, theirs = values(tied(ties, traits)), values(renamed)
    for name in ours:
        assert ours[name].n == theirs[name].n
        assert ours[name].value == (ours[name].value and pytest.approx(theirs[name].value))


def test_missing_decisions_about_ties_stand_beside_what_they_would_have_changed() -> None:
    asked = ("DecideTie", "ReconsiderTie", "DecideGossip", "ChooseMove", "DecideTie")
    lost = [
        {"round": round_, "operation": op}
        for round_, op in zip((1, 2, 2, 2, 3), asked, strict=True)
    ]
    run = made(agents="AB", missing=lost, ties=[{"ego": "A", "alter": "B", "from_round": 1}])
    assert {
        rate.missing for name, rate in values(run, RoundSpan(2, 2)).items() if name != "churn"
    } == {2}
    assert network.churn(run, RoundSpan(2, 2)).missing == 1


# Assortment ------------------------------------------------------------------------------------


@settings(max_examples=10, deadline=None)
@given(ties=TIES, traits=TRAITS)
def test_assortativity_is_that_of_networkx(ties: Any, traits: list[float]) -> None:
    expected = digraph(ties)
    nx.set_node_attributes(expected, dict(zip(AGENTS, traits, strict=True)), "x")
    found = assortment.assortativity(tied(ties, traits), ONE, "cooperation")
    ends = [{expected.nodes[edge[end]]["x"] for edge in ties} for end in (0, 1)]
    assert found.n == len(ties)
    if min(map(len, ends)) < 2:
        assert found.value is found.z is None
    else:
        theirs = nx.numeric_assortativity_coefficient(expected, "x")
        assert found.value == pytest.approx(theirs, abs=1e-9)


def test_like_tied_to_like_is_far_from_chance() -> None:
    ties = [e + a for group in ("ABCDEF", "GHIJKL") for e in group for a in group if e != a]
    run = tied(ties, [1.0] * 6 + [0.0] * 6, "ABCDEFGHIJKL")
    found = assortment.assortativity(run, ONE, "cooperation")
    assert found.value == pytest.approx(1.0)
    assert found.null_mean == pytest.approx(-1 / 11, abs=0.05)  # its expectation
    assert found.z is not None
    assert found.z > 3


def test_the_null_is_the_same_each_time() -> None:
    run, again = (tied(["AB", "BC", "CA", "DE", "EF"], [1, 0, 1, 0, 0, 1]) for _ in range(2))
    found = assortment.assortativity(run, ONE, "cooperation")
    assert found == assortment.assortativity(again, ONE, "cooperation")


def test_ties_to_those_of_whom_nothing_is_known_do_not_enter() -> None:
    stood = [
        {"round": 1, "agent": a, "role": "player", "standing": s}
        for a, s in zip("ABC", (0, 1, 0.5), strict=True)
    ]
    run = tied(["AB", "BC", "CA", "AD", "DE"], standings=stood)
    assert assortment.assortativity(run, ONE, "standing").n == 3


def test_a_tie_is_of_the_type_of_what_both_did_last() -> None:
    first = met(("A", "B", 1.0), ("B", "A", 1.0), ("C", "D", 0.0), ("D", "C", 0.0))
    then = met(("A", "B", 1.0), ("B", "A", 0.0), round_=2)
    ties = [("A", "B"), ("B", "A"), ("C", "D"), ("A", "C")]
    rows = [{"ego": ego, "alter": alter, "from_round": 1} for ego, alter in ties]
    run = made(agents=AGENTS, encounters=first + then, ties=rows)
    assert assortment.tie_types(run, ONE).ties.tolist() == [2, 0, 1, 1]
    assert assortment.tie_types(run, RoundSpan(1, 2)).ties.tolist() == [0, 2, 1, 1]
    assert assortment.tie_share(run, RoundSpan(1, 2), "CD") == Rate(2 / 3, 3)
    assert assortment.tie_share(run, RoundSpan(1, 2), "unknown") == Rate(0.25, 4)


@settings(max_examples=10, deadline=None)
@given(ties=TIES, done=st.lists(st.tuples(ENDS, st.sampled_from([0.0, 1.0])), max_size=20))
def test_shares_of_types_sum_to_one(ties: Any, done: Any) -> None:
    acts = met(*((one, other, degree) for (one, other), degree in done))
    types = assortment.tie_types(tied(ties, encounters=acts), ONE)
    assert types.ties.sum() == len(ties)
    known = types.ties[:3].sum()
    assert types.share.sum() == pytest.approx(1.0 if known else 0.0)


def test_the_bottom_quarter_is_counted_with_all_that_equal_its_last() -> None:
    run = tied(["AB", "BA", "CD"], [0.5, 0.5, 0.5, 1.0, 1.0, 1.0])
    bottom, rest = assortment.isolation(run, ONE).to_dict("records")
    assert (bottom["agents"], rest["agents"]) == (3, 3)
    assert bottom["mutual_degree"] == pytest.approx(2 / 3)
    assert bottom["without_in_ties"] == pytest.approx(1 / 3)
    assert rest["without_in_ties"] == pytest.approx(2 / 3)


def test_the_bottom_quarter_is_at_least_a_quarter() -> None:
    run = tied(["AB"], [1.0, 0.8, 0.6, 0.4, 0.2, 0.0])
    assert assortment.isolation(run, ONE).agents.tolist() == [2, 4]


def test_where_all_cooperate_alike_nobody_is_at_the_bottom() -> None:
    isolation = assortment.isolation(tied(["AB"], [1.0] * 6), ONE)
    assert isolation.agents.tolist() == [0, 0]
    assert isolation.mutual_degree.isna().all()


# Communities -----------------------------------------------------------------------------------


def test_two_cliques_are_two_communities_with_their_own_standing() -> None:
    cliques = [(e, a) for group in ("ABC", "DEF") for e in group for a in group if e != a]
    stood = [
        {"round": 1, "agent": a, "role": "player", "standing": 1.0 if a in "ABC" else -1.0}
        for a in AGENTS
    ]
    run = tied([*cliques, ("A", "D")], standings=stood)
    found = communities.communities(run, ONE)
    assert found[["community", "agents", "standing"]].values.tolist() == [[1, 3, 1], [2, 3, -1]]
    assert communities.modularity(run, ONE) == Rate(0.5, 6)  # by hand: 2 (1/2 - 1/4)


def test_the_largest_community_is_the_first_and_loners_are_in_none() -> None:
    both = [("A", "B"), ("C", "D"), ("D", "E"), ("C", "E")]
    run = tied([*both, *(pair[::-1] for pair in both), ("F", "A")])
    assert communities.membership(run, ONE).community[:5].tolist() == [2, 2, 1, 1, 1]
    assert communities.membership(run, ONE).community.isna().tolist() == [False] * 5 + [True]


@pytest.mark.slow
@settings(max_examples=10, deadline=None)
@given(ties=TIES)
def test_modularity_is_that_of_the_communities_in_the_mutual_graph(ties: Any) -> None:
    run, mutual = tied(ties), digraph(ties).to_undirected(reciprocal=True)
    groups = communities.membership(run, ONE).dropna().groupby("community").agent.agg(set)
    loners = [{agent} for agent in nx.isolates(mutual)]
    if mutual.number_of_edges():
        expected = nx.community.modularity(mutual, [*groups, *loners])
        assert communities.modularity(run, ONE).value == pytest.approx(expected)
    assert communities.community_count(run, ONE) == Rate(len(groups), 6)


# Where there is nothing ------------------------------------------------------------------------


def test_before_the_first_round_there_is_nothing_to_measure() -> None:
    run = made(agents="AB", last=0)
    assert {(rate.value, rate.n) for rate in values(run, RoundSpan.all(run)).values()} == {
        (None, 0)
    }
    assert communities.communities(run, RoundSpan.all(run)).empty


@pytest.mark.parametrize("agents", ["A", "AB", "ABCDEF"])
def test_a_run_without_ties_is_measured_as_such(agents: str) -> None:
    found = values(made(agents=agents))
    assert found["isolates"] == Rate(1.0, len(agents))
    assert found["mutual_degree"] == Rate(0.0, len(agents))
    for name in ("reciprocity", "churn", "assortativity_standing", "ties_cc", "modularity"):
        assert found[name] == Rate(None, 0)


def test_every_measure_works_on_a_run(run: Path) -> None:
    frames = open_frames(run)
    for name, rate in values(frames, RoundSpan.all(frames)).items():
        assert isinstance(rate, Rate), name
        assert rate.value is None or np.isfinite(rate.value), name
        assert type(rate.value) in (float, type(None)), name
        assert type(rate.n) is type(rate.missing) is int, name
