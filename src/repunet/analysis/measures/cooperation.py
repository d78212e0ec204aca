"""Cooperation: the one headline number of each dilemma, by round and by agent."""

import pandas as pd

from repunet.analysis.measures.acts import INVESTMENT, PARTICIPATION, acts, deals
from repunet.analysis.measures.measure import PLACES, Measure, Rate, RoundSpan, mean, once
from repunet.analysis.measures.questions import lacking, unchosen, unplayed
from repunet.analysis.tables.frames import Frame, Frames


def cooperation(frames: Frames, span: RoundSpan) -> Rate:
    """Return the headline rate of cooperation: mean over rounds of their rates, 0 to 1.

    A round's rate is C_t = cooperations / valid decisions in the Prisoner's Dilemma (elsewhere the
    mean degree of cooperation of the acts that have one), and in trading investment adherence: the
    deals in which the trustee returned the share it had promised, of all deals proposed (a declined
    deal is none). As in the paper's Table 1, rounds weigh alike; one without a rate is left out. In
    voluntary participation the headline is no mean: it is the share of joins in the latest round in
    which agents chose, be it before the span: choices stand until the next ones. n counts the acts,
    deals or choices.

    Source: Ren et al., section 4.2 and Table 1.

    >>> from repunet.analysis.measures.handmade import made
    >>> acts = [dict(round=1, cooperation=1.0), dict(round=1, cooperation=0.0), dict(round=2)]
    >>> run = made(encounters=acts)
    >>> cooperation(run, RoundSpan.all(run))
    Rate(value=0.5, n=2, missing=0)
    """
    by_round = cooperation_by_round(frames)
    rounds = _latest(by_round, span) if frames.scenario == PARTICIPATION else span.of(by_round)
    known = rounds.value.dropna()
    value = float(known.mean()) if len(known) else None
    return Rate(value, int(rounds.n.sum()), int(rounds.missing.sum()))


def _latest(rounds: Frame, span: RoundSpan) -> Frame:
    """Return the latest round of choices, and those after it in which none could be had."""
    asked = rounds[(rounds["round"] <= span.last) & (rounds.n + rounds.missing > 0)]
    return asked.loc[asked.value.last_valid_index() :]


@once
def cooperation_by_round(frames: Frames) -> Frame:
    """Return the headline rate of every round: round, value, n, missing; NaN where there is none.

    >>> from repunet.analysis.measures.handmade import made
    >>> run = made(last=2, encounters=[dict(round=1, cooperation=1.0)])
    >>> cooperation_by_round(run).value.tolist()
    [1.0, nan]
    """
    rounds = pd.RangeIndex(1, frames.last + 1, name="round")
    by_round = _counted(frames).groupby("round").degree
    lost = uncounted(frames).groupby("round").size()
    return pd.DataFrame(
        {
            "value": by_round.mean().reindex(rounds).astype("float64"),
            "n": by_round.size().reindex(rounds, fill_value=0),
            "missing": lost.reindex(rounds, fill_value=0),
        }
    ).reset_index()


def _counted(frames: Frames) -> Frame:
    """Return what the headline counts, each with its `degree` of cooperation."""
    if frames.scenario == INVESTMENT:
        return deals(frames).rename(columns={"kept": "degree"})
    if frames.scenario == PARTICIPATION:
        chosen = frames["choices"]
        return chosen[chosen.cooperation.notna()].rename(columns={"cooperation": "degree"})
    return acts(frames).rename(columns={"cooperation": "degree"})


def uncounted(frames: Frames) -> Frame:
    """Return a row, with its `round`, for each missing decision the headline would have counted."""
    return unchosen(frames) if frames.scenario == PARTICIPATION else unplayed(frames)


@once
def cooperation_by_agent(frames: Frames, upto: int | None = None) -> Frame:
    """Return how much each agent has cooperated up to a round: agent, acts, cooperation.

    Cooperation is the mean of its acts: in participation of its choices, in trading investment of
    its settlements as trustee (1 if it returned what it had promised): whether a deal is declined
    is not up to the trustee, so that such deals don't count here. NaN where there are no acts.

    >>> from repunet.analysis.measures.handmade import made
    >>> acts = [dict(round=t, agent="A", cooperation=c) for t, c in ((1, 1.0), (2, 0.0))]
    >>> cooperation_by_agent(made(agents="AB", encounters=acts), 1).cooperation.tolist()
    [1.0, nan]
    """
    done = RoundSpan(1, frames.last if upto is None else upto).of(_counted(frames))
    if frames.scenario == INVESTMENT:
        done = done[done.accepted]
    degrees = done.groupby("agent").degree.agg(["size", "mean"])
    by_agent = degrees.reindex(frames.agents)
    return pd.DataFrame(
        {
            "agent": frames.agents,
            "acts": by_agent["size"].fillna(0).astype("int64").to_numpy(),
            "cooperation": by_agent["mean"].astype("float64").round(PLACES).to_numpy(),
        }
    )


def met_cooperation(frames: Frames, span: RoundSpan) -> Rate:
    """Return the mean degree of cooperation of the acts in encounters, 0 to 1, all pooled.

    In voluntary participation it stands beside the headline: the choices of those who met and
    talked, once for every talk. In trading investment it mixes shares invested and promises kept.

    >>> from repunet.analysis.measures.handmade import made
    >>> run = made("participation", encounters=[dict(round=1, cooperation=1.0)])
    >>> met_cooperation(run, RoundSpan.all(run))
    Rate(value=1.0, n=1, missing=0)
    """
    return mean(span.of(acts(frames)).cooperation, lacking(span, unplayed(frames)))


MEASURES = (
    Measure("cooperation", "cooperation", "Cooperation", "0 to 1", cooperation),
    Measure(
        "met_cooperation",
        "cooperation",
        "Cooperation of those who met and talked",
        "0 to 1",
        met_cooperation,
        (PARTICIPATION,),
    ),
)
