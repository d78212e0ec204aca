"""Hearsay: what gossip has to do with the acts that it is about, and how far it is believed.

The truth about an act is the valence that it earns: how good or bad a partner finds it, before any
excuse. What a run does not know is left out: the valence of imported pieces, and the credibility of
pieces that nobody was asked to judge. `missing` are the decisions about gossip.
"""

from functools import partial

import numpy as np
import pandas as pd

from repunet.analysis.measures.acts import COOPERATES, deeds
from repunet.analysis.measures.gossip import imported, missing_in
from repunet.analysis.measures.measure import Measure, Rate, RoundSpan, correlation, mean, once
from repunet.analysis.tables.frames import Frame, Frames

UNASKED = r"\bcredibility=off\b"
"""What the name of a treatment says in which nobody is asked how credible gossip is."""


def talked_about(frames: Frames, span: RoundSpan, *, cooperative: bool) -> Rate:
    """Return the probability that an act is talked about: P(gossip | C) or P(gossip | D).

    The share of acts in encounters (in trading investment: of settlements) from which at least one
    piece of gossip about the actor was heard. An act counts as C if its degree of cooperation is at
    least one half; n: acts of that kind. Stands beside the share of positive gossip, which by
    itself says nothing about bias: where all cooperate, good things are all there is to say.

    >>> from repunet.analysis.measures.handmade import made
    >>> acts = [dict(round=1, encounter=e, agent="A", partners=("B",), partner_roles=("player",),
    ...              cooperation=c) for e, c in (("e1", 1.0), ("e2", 1.0), ("e3", 0.0))]
    >>> run = made(encounters=acts, gossip=[dict(round=1, encounter="e1", target="A")])
    >>> [talked_about(run, RoundSpan(1, 1), cooperative=c).value for c in (True, False)]
    [0.5, 0.0]
    """
    done = span.of(deeds(frames)).drop_duplicates(["encounter", "agent"])
    done = done[(done.cooperation >= COOPERATES) == cooperative]
    acts = pd.MultiIndex.from_frame(done[["encounter", "agent"]])
    told = frames["gossip"][["encounter", "target"]].drop_duplicates()
    return mean(pd.Series(acts.isin(pd.MultiIndex.from_frame(told))), missing_in(frames, span))


@once
def pieces(frames: Frames) -> Frame:
    """Return every piece heard, with what its target's act earned: one row for each.

    Columns: round, gossip, order, target, listener, encounter, valence (NaN if imported),
    credibility (NaN if nobody was asked), earned (NaN if the act is not known) and error, which is
    |valence - earned|.
    """
    heard, rounds = frames["gossip"], frames["rounds"]
    unasked = rounds["round"][rounds.treatment.str.contains(UNASKED)]
    kept = heard[["round", "gossip", "order", "target", "listener", "encounter"]].assign(
        valence=heard.valence.mask(heard["round"].isin(imported(frames))),
        credibility=heard.credibility.astype("float64").mask(heard["round"].isin(unasked)),
    )
    acts = frames["encounters"][["encounter", "agent", "valence"]].rename(
        columns={"agent": "target", "valence": "earned"}
    )
    known = kept.merge(acts.drop_duplicates(["encounter", "target"]), how="left")
    return known.assign(error=(known.valence - known.earned).abs())


def valence(frames: Frames, span: RoundSpan) -> Rate:
    """Return the mean valence that gossipers give: -1 very negative, 1 very positive; n: pieces.

    >>> from repunet.analysis.measures.handmade import made
    >>> valence(made(gossip=[dict(round=1, valence=v) for v in (1.0, -0.5)]), RoundSpan(1, 1))
    Rate(value=0.25, n=2, missing=0)
    """
    return mean(span.of(pieces(frames)).valence, missing_in(frames, span))


def valence_share(frames: Frames, span: RoundSpan, sign: int) -> Rate:
    """Return the share of pieces meant well (sign 1), ill (-1) or neither (0); n: pieces.

    >>> from repunet.analysis.measures.handmade import made
    >>> run = made(gossip=[dict(round=1, valence=v) for v in (1.0, 0.5, 0.0, -1.0)])
    >>> [valence_share(run, RoundSpan(1, 1), sign).value for sign in (1, 0, -1)]
    [0.5, 0.25, 0.25]
    """
    signs = np.sign(span.of(pieces(frames)).valence.dropna())
    return mean(signs == sign, missing_in(frames, span))


def credibility(frames: Frames, span: RoundSpan) -> Rate:
    """Return how credible listeners find what they hear, 1 to 5 on average; n: pieces judged.

    >>> from repunet.analysis.measures.handmade import made
    >>> credibility(made(gossip=[dict(round=1, credibility=c) for c in (5, 4)]), RoundSpan(1, 1))
    Rate(value=4.5, n=2, missing=0)
    """
    return mean(span.of(pieces(frames)).credibility, missing_in(frames, span))


def credibilities(frames: Frames, span: RoundSpan) -> Frame:
    """Return how many pieces were found how credible: credibility, pieces, share.

    A row for each of 1 (very uncredible) to 5, and one, whose credibility is NaN, for pieces that
    nobody was asked about; shares are of those judged, and NaN where there are none.

    >>> from repunet.analysis.measures.handmade import made
    >>> run = made(gossip=[dict(round=1, credibility=c) for c in (5, 5, 4)])
    >>> credibilities(run, RoundSpan(1, 1)).pieces.tolist()
    [0, 0, 0, 1, 2, 0]
    """
    found = span.of(pieces(frames)).credibility
    counts = found.value_counts().reindex(range(1, 6), fill_value=0).to_numpy("int64")
    judged, unasked = int(counts.sum()), int(found.isna().sum())
    shares = counts / judged if judged else np.full(len(counts), np.nan)
    return pd.DataFrame(
        {
            "credibility": [1.0, 2.0, 3.0, 4.0, 5.0, np.nan],
            "pieces": [*counts.tolist(), unasked],
            "share": [*shares, np.nan],
        }
    )


def error(frames: Frames, span: RoundSpan, order: int | None = None) -> Rate:
    """Return how far gossip is from the truth: mean of |valence - valence the act earns|, 0 to 2.

    Of pieces of one order, if one is given: the distortion at that hop. n: pieces whose valence
    and act are known.

    >>> from repunet.analysis.measures.handmade import made
    >>> act = dict(round=1, encounter="e", agent="A", valence=1.0)
    >>> told = [dict(round=1, encounter="e", target="A", order=o, valence=1.5 - o) for o in (1, 2)]
    >>> run = made(encounters=[act], gossip=told)
    >>> [error(run, RoundSpan(1, 1), order).value for order in (None, 1, 2)]
    [1.0, 0.5, 1.5]
    """
    told = span.of(pieces(frames))
    kept = told if order is None else told[told.order == order]
    return mean(kept.error, missing_in(frames, span))


def distortion(frames: Frames, span: RoundSpan) -> Frame:
    """Return the error of gossip at each hop: order, pieces, distortion (mean |valence - truth|).

    A row for each order there is, from 1, told by somebody who was there; `pieces` are those whose
    valence and act are known.

    >>> from repunet.analysis.measures.handmade import made
    >>> act = dict(round=1, encounter="e", agent="A", valence=1.0)
    >>> told = [dict(round=1, encounter="e", target="A", order=o, valence=1.5 - o) for o in (1, 2)]
    >>> distortion(made(encounters=[act], gossip=told), RoundSpan(1, 1)).distortion.tolist()
    [0.5, 1.5]
    """
    by_order = span.of(pieces(frames)).groupby("order").error
    return by_order.agg(pieces="count", distortion="mean").reset_index()


def sign_agreement(frames: Frames, span: RoundSpan) -> Rate:
    """Return the share of pieces that speak well, ill or neither of what is so; n: as for error.

    Whether valence and the valence that the act earns have the same sign, or both are 0.

    >>> from repunet.analysis.measures.handmade import made
    >>> act = dict(round=1, encounter="e", agent="A", valence=1.0)
    >>> told = [dict(round=1, encounter="e", target="A", valence=v) for v in (0.5, -0.5)]
    >>> sign_agreement(made(encounters=[act], gossip=told), RoundSpan(1, 1))
    Rate(value=0.5, n=2, missing=0)
    """
    known = span.of(pieces(frames)).dropna(subset="error")
    return mean(np.sign(known.valence) == np.sign(known.earned), missing_in(frames, span))


def truth_correlation(frames: Frames, span: RoundSpan) -> Rate:
    """Return how what is said and what is so go together: Pearson's r over pieces, -1 to 1.

    Of valence with the valence that the act earns; not defined for fewer than three pieces, or
    where either does not vary.

    >>> from repunet.analysis.measures.handmade import made
    >>> truth_correlation(made(), RoundSpan(1, 1))
    Rate(value=None, n=0, missing=0)
    """
    known = span.of(pieces(frames)).dropna(subset="error")
    value = correlation(known.valence, known.earned)
    return Rate(value, len(known), missing_in(frames, span))


AFTER_C, AFTER_D = (partial(talked_about, cooperative=cooperative) for cooperative in (True, False))
WELL, NEITHER, ILL = (partial(valence_share, sign=sign) for sign in (1, 0, -1))
FIRST, SECOND = (partial(error, order=order) for order in (1, 2))

MEASURES = (
    Measure("gossip_after_c", "gossip", "P(gossip | C)", "0 to 1", AFTER_C),
    Measure("gossip_after_d", "gossip", "P(gossip | D)", "0 to 1", AFTER_D),
    Measure("valence", "gossip", "Valence the gossiper gives", "-1 to 1", valence),
    Measure("valence_positive", "gossip", "Gossip meant well", "0 to 1", WELL),
    Measure("valence_neutral", "gossip", "Gossip meant neither well nor ill", "0 to 1", NEITHER),
    Measure("valence_negative", "gossip", "Gossip meant ill", "0 to 1", ILL),
    Measure("credibility", "gossip", "Credibility of gossip", "1 to 5", credibility),
    Measure("gossip_error", "gossip", "Error of gossip (mean absolute)", "0 to 2", error),
    Measure("gossip_error_first", "gossip", "Distortion at the first hop", "0 to 2", FIRST),
    Measure("gossip_error_second", "gossip", "Distortion at the second hop", "0 to 2", SECOND),
    Measure("gossip_right", "gossip", "Gossip of the right sign", "0 to 1", sign_agreement),
    Measure(
        "gossip_truth",
        "gossip",
        "Gossip and truth (Pearson)",
        "-1 to 1",
        truth_correlation,
    ),
)
"""Those that hold gossip against the acts that it is about, or say how it is taken."""
