"""Discrimination: how far agents cooperate with those whom they hold in esteem, and not others."""

from functools import partial

import numpy as np
import pandas as pd

from repunet.analysis.measures.acts import acts
from repunet.analysis.measures.measure import Measure, Rate, RoundSpan, once
from repunet.analysis.measures.questions import lacking, unplayed
from repunet.analysis.tables.frames import Frame, Frames
from repunet.world.stakes import Game

QUARTERS = 4
WHOSE = ["observer", "target", "role"]


@once
def esteemed(frames: Frames) -> Frame:
    """Return the acts towards others of whom the agent held a record before it met them.

    Columns: those of the acts, and `score`: R_ij of the partner, in the role it was met in, at the
    end of the round before; the mean of them where several were met at once.
    """
    columns = ["round", "encounter", "agent", "role", "cooperation", "partners", "partner_roles"]
    done = acts(frames)[columns].explode(["partners", "partner_roles"])
    done["score"] = _before(frames, done)
    known = done.dropna(subset=["score"])
    by_act = known.groupby(["encounter", "agent", "role"], sort=False)
    return by_act.agg({"round": "first", "cooperation": "first", "score": "mean"}).reset_index()


def _before(frames: Frames, done: Frame) -> Frame:
    """Return the scores that agents held of their partners at the end of the round before."""
    kept = frames["reputations"][[*WHOSE, "round", "score"]]
    asked = done[["agent", "partners", "partner_roles"]].set_axis(WHOSE, axis="columns")
    asked = asked.assign(place=np.arange(len(done)), round=done["round"] - 1)
    found = pd.merge_asof(
        asked.astype(dict.fromkeys(WHOSE, "object")).sort_values("round"),
        kept.astype(dict.fromkeys(WHOSE, "object")).sort_values("round", kind="stable"),
        on="round",
        by=WHOSE,
    )
    return found.sort_values("place").score.to_numpy()


@once
def cooperation_by_quarter(frames: Frames, span: RoundSpan) -> Frame:
    """Return cooperation by quarter of the scores: quarter, low, high, value, n.

    The scores R_ij that agents held of those whom they met are put in order, and the acts divided
    into four as equal as ties allow: equal scores are in one quarter, by their mean rank, so that a
    quarter may be larger, or empty. Low and high are the bounds of its scores, value is its mean
    degree of cooperation.

    >>> from repunet.analysis.measures.handmade import made
    >>> cooperation_by_quarter(made(), RoundSpan(1, 3)).n.tolist()
    [0, 0, 0, 0]
    """
    known = span.of(esteemed(frames))
    ranks = (known.score.rank(method="average") - 0.5) / max(1, len(known))
    quarters = np.ceil(ranks * QUARTERS).clip(1, QUARTERS).astype("int64")
    by_quarter = known.groupby(quarters.rename("quarter"))
    found = by_quarter.agg(
        low=("score", "min"),
        high=("score", "max"),
        value=("cooperation", "mean"),
        n=("round", "size"),
    ).reindex(pd.RangeIndex(1, QUARTERS + 1, name="quarter"))
    return found.assign(n=found.n.fillna(0).astype("int64")).reset_index()


def towards_quarter(frames: Frames, span: RoundSpan, quarter: int) -> Rate:
    """Return P(C | R_ij in this quarter): cooperation with those the agent esteemed so, 0 to 1.

    R_ij as held at the end of the round before they met; quarters as in `cooperation_by_quarter`,
    1 the lowest. n counts acts. Source: image scoring's test of behaviour (Wedekind & Milinski
    2000), with private scores in place of public ones.

    >>> from repunet.analysis.measures.handmade import made
    >>> towards_quarter(made(), RoundSpan(1, 3), 1)
    Rate(value=None, n=0, missing=0)
    """
    row = cooperation_by_quarter(frames, span).iloc[quarter - 1]
    value = float(row.value) if row.n else None
    return Rate(value, int(row.n), lacking(span, unplayed(frames)))


def discrimination(frames: Frames, span: RoundSpan) -> Rate:
    """Return P(C | R_ij > 0) - P(C | R_ij < 0): how far the well-reputed are treated better.

    -1 to 1, with R_ij as held at the end of the round before they met; acts towards those whose
    score is 0, or of whom nothing was held, don't enter. n counts the acts of both kinds; None
    unless there are some of each. Source: discriminating strategies (Nowak & Sigmund 1998).

    >>> from repunet.analysis.measures.handmade import made
    >>> told = dict(round=1, observer="A", role="player")
    >>> kept = [dict(told, target="B", score=1.0), dict(told, target="C", score=-1.0)]
    >>> acts = [dict(round=2, encounter=p, agent="A", partners=p, partner_roles=["player"],
    ...              cooperation=c) for p, c in (("B", 1.0), ("C", 0.0))]
    >>> discrimination(made(reputations=kept, encounters=acts), RoundSpan(1, 3))
    Rate(value=1.0, n=2, missing=0)
    """
    known = span.of(esteemed(frames))
    good, bad = (known[sign * known.score > 0].cooperation for sign in (1, -1))
    value = float(good.mean() - bad.mean()) if len(good) and len(bad) else None
    return Rate(value, len(good) + len(bad), lacking(span, unplayed(frames)))


MEASURES = (
    *(
        Measure(
            f"towards_quarter_{quarter}",
            "cooperation",
            f"Cooperation with the {name} quarter by score",
            "0 to 1",
            partial(towards_quarter, quarter=quarter),
            stakes=Game,
        )
        for quarter, name in enumerate(("lowest", "second", "third", "highest"), 1)
    ),
    Measure(
        "discrimination",
        "cooperation",
        "Cooperation with R > 0 minus R < 0",
        "-1 to 1",
        discrimination,
        stakes=Game,
    ),
)
