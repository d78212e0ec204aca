"""Acts: what participants did in encounters, and how far it was the cooperation of the headline."""

import json

import pandas as pd

from repunet.analysis.measures.measure import once
from repunet.analysis.tables.frames import Frame, Frames

INVESTMENT, PARTICIPATION = "investment", "participation"
"""Dilemmas whose headline is not the mean degree of cooperation of the acts in encounters."""
TRUSTEE = "trustee"
COOPERATES = 0.5
"""From which degree of cooperation on an act counts as C, below it as D."""
FACTS = ["promised", "returned", "reported", "percent"]
"""What is recorded of a deal, in whole percent."""


@once
def acts(frames: Frames) -> Frame:
    """Return the acts in encounters that have a degree of cooperation, in their order.

    Columns: those of `encounters`, without its texts.
    """
    met = frames["encounters"]
    return met[met.cooperation.notna()].drop(columns=["story", "knew_before", "facts"])


@once
def deals(frames: Frames) -> Frame:
    """Return the deals that trustees proposed, in trading investment: a row for each.

    Columns: round, seq, part, encounter, agent (the trustee), partner (the investor), promised,
    kept (1 if it was accepted and the promised share returned, else 0), accepted, percent (of the
    investor's wealth that was sent; 0 if declined), returned (of the proceeds) and reported (of the
    proceeds; 100 is the truth): all in whole percent, the last two empty if it was declined.
    """
    met = frames["encounters"]
    known = met[met.facts.notna()]
    facts = pd.DataFrame([json.loads(each) for each in known.facts], index=known.index)
    facts = facts.reindex(columns=FACTS).astype("float64")
    seats = known[["round", "seq", "part", "encounter", "agent"]].join(facts)
    offers = seats[seats.promised.notna()].drop(columns="percent")
    sent = seats[seats.promised.isna()][["encounter", "agent", "percent"]]
    sent = sent.rename(columns={"agent": "partner"})
    made = offers.merge(sent, on="encounter", how="left")
    made["accepted"] = made.returned.notna()
    made["kept"] = (made.returned >= made.promised).astype("float64")
    return made


@once
def deeds(frames: Frames) -> Frame:
    """Return what agents did to each other by which cooperation is told: one row for each partner.

    Columns: round, seq, part, encounter, agent, role, partner, partner_role, cooperation. In
    trading investment these are the trustees' settlements (1 if it returned what it had promised,
    else 0), as a declined deal says nothing of the trustee; elsewhere all acts with a degree.
    """
    columns = ["round", "seq", "part", "encounter", "agent", "role", "partners", "partner_roles"]
    done = acts(frames)
    if frames.scenario == INVESTMENT:
        settled = deals(frames)
        kept = settled[settled.accepted].set_index(["encounter", "agent"]).kept
        done = done.drop(columns="cooperation").merge(
            kept.rename("cooperation").reset_index(), on=["encounter", "agent"]
        )
    told = done[[*columns, "cooperation"]].explode(["partners", "partner_roles"])
    return told.rename(columns={"partners": "partner", "partner_roles": "partner_role"})
