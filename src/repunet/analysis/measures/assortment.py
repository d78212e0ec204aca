"""Assortment: whether like is tied to like, and whether those who cooperate least stand alone.

All of the last round of a span, and of what had been done by then; `missing` are the decisions
about ties up to then whose answers could not be had.
"""

from functools import partial
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from repunet.analysis.measures.acts import COOPERATES, deeds
from repunet.analysis.measures.measure import Measure, Rate, RoundSpan, once
from repunet.analysis.measures.network import by_round, missing_by, pairs_of, residents_at
from repunet.analysis.tables.frames import Frame, Frames

Trait: TypeAlias = Literal["standing", "cooperation"]
Values: TypeAlias = NDArray[np.float64]

PERMUTATIONS, SEED = 200, 20_000
"""How often labels are permuted, and the seed of the generator that does so."""
TYPES = ["CC", "CD", "DD", "unknown"]
"""Of tied pairs, by what both ends did."""


class Assortativity(NamedTuple):
    """Newman's r of one network, and what it would be if values were dealt out at random."""

    value: float | None
    n: int
    missing: int
    null_mean: float | None
    null_sd: float | None
    z: float | None
    """(value - null_mean) / null_sd: describes this network; it is no test across runs."""


@once
def assortativity(frames: Frames, span: RoundSpan, by: Trait) -> Assortativity:
    """Return the numeric assortativity of ties by standing or by cooperation so far, -1 to 1.

    Pearson's r of the values of ego and alter over all tied pairs (Newman 2003), of which both are
    known; n: those pairs. Not defined where the values of egos or of alters don't vary. The null:
    the ties stay, and the values are permuted among all agents that have one, 200 times.

    >>> from repunet.analysis.measures.handmade import made
    >>> acts = [dict(round=1, agent=a, cooperation=c) for a, c in zip("ABCD", (1, 1, 0, 0))]
    >>> ties = [dict(ego=e, alter=a, from_round=1) for e, a in ("AB", "BA", "CD", "DC")]
    >>> run = made(agents="ABCD", encounters=acts, ties=ties)
    >>> assortativity(run, RoundSpan(1, 1), "cooperation")[:3]
    (1.0, 4, 0)
    """
    pairs, missing = pairs_of(frames, span), missing_by(frames, span)
    values = residents_at(frames, span.last)[by].to_numpy("float64")[: len(pairs.agents)]
    known = np.flatnonzero(~np.isnan(values))
    both = np.isin(pairs.egos, known) & np.isin(pairs.alters, known)
    egos, alters = (np.searchsorted(known, ends[both]) for ends in (pairs.egos, pairs.alters))
    value = _correlation(values[known], egos, alters)
    if value is None:
        return Assortativity(None, len(egos), missing, None, None, None)
    null = _null(values[known], egos, alters)
    middle, spread = (float(null.mean()), float(null.std(ddof=1))) if len(null) > 1 else (None, 0.0)
    z = (value - middle) / spread if middle is not None and spread > 1e-9 else None
    return Assortativity(value, len(egos), missing, middle, spread, z)


def _correlation(values: Values, egos: NDArray[np.intp], alters: NDArray[np.intp]) -> float | None:
    ends = values[egos], values[alters]
    if any(len(end) < 2 or np.ptp(end) == 0 for end in ends):
        return None
    return float(np.corrcoef(*ends)[0, 1])


def _null(values: Values, egos: NDArray[np.intp], alters: NDArray[np.intp]) -> Values:
    generator = np.random.default_rng(SEED)
    dealt = (generator.permutation(values) for _ in range(PERMUTATIONS))
    found = (_correlation(each, egos, alters) for each in dealt)
    return np.array([r for r in found if r is not None], dtype="float64")


def assortment(frames: Frames, span: RoundSpan, by: Trait) -> Rate:
    """Return the assortativity alone; n: tied pairs of which both ends are known."""
    found = assortativity(frames, span, by)
    return Rate(found.value, found.n, found.missing)


def assortment_z(frames: Frames, span: RoundSpan, by: Trait) -> Rate:
    """Return the assortativity in standard deviations from what chance would make of these ties."""
    found = assortativity(frames, span, by)
    return Rate(found.z, found.n, found.missing)


def tie_types(frames: Frames, span: RoundSpan) -> Frame:
    """Return how many tied pairs join whom: type, ties, share.

    CC, CD (either way round) or DD, by the last act of each end towards the other: C if its degree
    of cooperation is at least one half (in trading investment, if a trustee returned what it had
    promised). Where both act whenever they meet this is their last encounter. `unknown` are pairs
    of which one end has not yet acted towards the other; shares are of the other three.

    >>> from repunet.analysis.measures.handmade import made
    >>> acts = [dict(round=1, agent=a, partners=(b,), partner_roles=("player",), cooperation=c)
    ...         for a, b, c in (("A", "B", 1.0), ("B", "A", 0.0))]
    >>> ties = [dict(ego="A", alter=alter, from_round=1) for alter in "BC"]
    >>> tie_types(made(agents="ABC", encounters=acts, ties=ties), RoundSpan(1, 1)).ties.tolist()
    [0, 1, 0, 1]
    """
    ties = _by_type(frames, max(span.last, 0))
    known = sum(ties[:3])
    shares = [n / known if known else np.nan for n in ties[:3]]
    return pd.DataFrame({"type": TYPES, "ties": ties, "share": [*shares, np.nan]})


@by_round
def _by_type(frames: Frames, round_: int) -> list[int]:
    pairs = pairs_of(frames, RoundSpan(1, round_))
    index, acts = pd.Index(pairs.agents), deeds(frames)
    done = acts[acts["round"] <= round_].drop_duplicates(["agent", "partner"], keep="last")
    n = len(index)
    acted = pd.Series(
        (done.cooperation >= COOPERATES).to_numpy("float64"),
        index.get_indexer(done.agent) * n + index.get_indexer(done.partner),
    )
    there, back = pairs.egos * n + pairs.alters, pairs.alters * n + pairs.egos
    good = acted.reindex(there).to_numpy() + acted.reindex(back).to_numpy()
    ties = [int(np.count_nonzero(good == many)) for many in (2, 1, 0)]
    return [*ties, len(good) - sum(ties)]


def tie_share(frames: Frames, span: RoundSpan, kind: str) -> Rate:
    """Return the share of tied pairs of a type (see tie_types); n: those of a known type.

    For `unknown` the share of all tied pairs whose type is not known; n: all of them.
    """
    types = tie_types(frames, span).set_index("type").ties
    n = int(types.sum() if kind == "unknown" else types.drop("unknown").sum())
    return Rate(float(types[kind] / n) if n else None, n, missing_by(frames, span))


@once
def isolation(frames: Frames, span: RoundSpan) -> Frame:
    """Return how those who cooperate least are tied: group, agents, mutual_degree, without_in_ties.

    `bottom` are the agents whose cooperation so far is in the lowest quarter, with all that equal
    the last of it, `rest` the others of whom it is known. `mutual_degree` is the mean number of
    others to whom an agent has ties both ways, `without_in_ties` the share that nobody is tied to.
    Where all cooperate alike there is no bottom: no agents, and NaN.

    >>> from repunet.analysis.measures.handmade import made
    >>> acts = [dict(round=1, agent=a, cooperation=c) for a, c in zip("ABCD", (0, 1, 1, 1))]
    >>> ties = [dict(ego=e, alter=a, from_round=1) for e, a in ("AB", "BC", "CB", "BD")]
    >>> run = made(agents="ABCD", encounters=acts, ties=ties)
    >>> isolation(run, RoundSpan(1, 1)).iloc[0].to_dict()
    {'group': 'bottom', 'agents': 1, 'mutual_degree': 0.0, 'without_in_ties': 1.0}
    """
    pairs = pairs_of(frames, span)
    n = len(pairs.agents)
    so_far = residents_at(frames, span.last).cooperation.to_numpy("float64")[:n]
    bottom = _bottom(so_far)
    groups = {"bottom": bottom, "rest": ~bottom & ~np.isnan(so_far) & bottom.any()}
    degrees = pairs.mutual_degrees.astype("float64")
    alone = (np.bincount(pairs.alters, minlength=n) == 0).astype("float64")
    rows = [
        (
            name,
            int(who.sum()),
            *(each[who].mean() if who.any() else np.nan for each in (degrees, alone)),
        )
        for name, who in groups.items()
    ]
    return pd.DataFrame(rows, columns=["group", "agents", "mutual_degree", "without_in_ties"])


def _bottom(values: Values) -> NDArray[np.bool_]:
    known = values[~np.isnan(values)]
    if not len(known) or np.ptp(known) == 0:
        return np.zeros(len(values), dtype=bool)
    within: NDArray[np.bool_] = values <= np.quantile(known, 0.25, method="inverted_cdf")
    return within if not within[~np.isnan(values)].all() else np.zeros(len(values), dtype=bool)


def isolated(frames: Frames, span: RoundSpan, group: str, column: str) -> Rate:
    """Return a number of the bottom quarter or of the rest (see isolation); n: its agents."""
    found = isolation(frames, span).set_index("group").loc[group]
    value = None if np.isnan(found[column]) else float(found[column])
    return Rate(value, int(found.agents), missing_by(frames, span))


MEASURES = (
    *(
        Measure(
            f"assortativity_{by}{suffix}",
            "network",
            f"Assortativity by {by}{more}",
            unit,
            partial(of, by=by),
        )
        for suffix, more, unit, of in (
            ("", "", "-1 to 1", assortment),
            ("_z", ", from chance", "sd of permutations", assortment_z),
        )
        for by in ("standing", "cooperation")
    ),
    *(
        Measure(
            f"ties_{kind.lower()}",
            "network",
            f"Ties by type: {kind}",
            "share of ties",
            partial(tie_share, kind=kind),
        )
        for kind in TYPES
    ),
    *(
        Measure(
            f"{group}_{column}",
            "network",
            f"{title} of {who}",
            unit,
            partial(isolated, group=group, column=column),
        )
        for column, title, unit in (
            ("mutual_degree", "Mutual degree", "agents"),
            ("without_in_ties", "Share without in-ties", "share of agents"),
        )
        for group, who in (("bottom", "the quarter that cooperates least"), ("rest", "the rest"))
    ),
)
"""Those of who is tied to whom."""
