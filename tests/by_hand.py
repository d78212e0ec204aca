"""Measures once more, from exported CSV files with plain Python, as the definitions have them.

Written from the definitions and not from the code they are held against: what is held at the end of
a round is replayed version by version, standing is taken from records, roles from their names.
"""

import csv
import json
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from functools import cache
from itertools import product
from pathlib import Path
from statistics import fmean, stdev
from typing import Any, TypeAlias

Row: TypeAlias = dict[str, str]
Found: TypeAlias = tuple[float | None, int]
Oracle: TypeAlias = Callable[["Export", int, int], Found]
once = cache
"""Exports live as long as the tests do, and so may what is made of them."""
PLAY = {
    "pd": {"ChooseMove"},
    "donor": {"DecideHelp"},
    "participation": {"DecideTalk", "Speak"},
    "investment": {"Propose", "Commit", "Settle"},
}
CHOOSE = {"DecideParticipation"}
OTHERS = {"ShapePeerReputation", "ShapePeerFromGossip", "ShapePeerFromObservation"}
SELF = {"ShapeSelfReputation"}
TIE = {"DecideTie", "ReconsiderTie"}
TALK = {"DecideGossip", "ChooseListener", "TellGossip", "IdentifyGossip", "JudgeGossip"}


class Export:
    """What `repunet export` wrote into a folder."""

    def __init__(self, folder: Path, scenario: str) -> None:
        self.folder, self.scenario, self._read = folder, scenario, dict[str, list[Row]]()
        self.focal = {"investment": "trustee", "participation": "resident"}.get(scenario, "player")
        self.agents = [row["agent"] for row in self["agents"]]
        self.last = len(self["rounds"])

    def __getitem__(self, table: str) -> list[Row]:
        if table not in self._read:
            with (self.folder / f"{table}.csv").open(newline="", encoding="utf-8") as file:
                self._read[table] = list(csv.DictReader(file))
        return self._read[table]

    @once
    def of(self, table: str, first: int, last: int) -> list[Row]:
        return [row for row in self[table] if first <= int(row["round"]) <= last]

    def missing(self, questions: set[str], first: int, last: int) -> int:
        return sum(row["operation"] in questions for row in self.of("missing", first, last))

    @once
    def acts(self, first: int, last: int) -> list[Row]:
        return [row for row in self.of("encounters", first, last) if row["cooperation"]]

    @once
    def deals(self, first: int, last: int) -> list[dict[str, Any]]:
        """Return the facts of trustees, with what the investor sent."""
        sides: defaultdict[str, dict[str, Any]] = defaultdict(dict)
        for row in self.of("encounters", first, last):
            if row["facts"]:
                sides[row["encounter"]] |= json.loads(row["facts"])
                sides[row["encounter"]] |= {
                    row["role"]: row["agent"],
                    "encounter": row["encounter"],
                }
        return [deal for deal in sides.values() if "promised" in deal]

    @once
    def settled(self, first: int, last: int) -> list[dict[str, Any]]:
        """Return the deals that were accepted, each with whether its promise was kept."""
        return [
            deal | {"kept": deal["returned"] >= deal["promised"]}
            for deal in self.deals(first, last)
            if "returned" in deal
        ]

    @once
    def held(self, last: int) -> dict[tuple[str, str, str], float]:
        """Return the last score of (observer, target, role)."""
        kept = {}
        for row in self.of("reputations", 0, last):
            kept[row["observer"], row["target"], row["role"]] = float(row["score"])
        return kept

    @once
    def scores_of(self, agent: str, last: int) -> list[float]:
        found = self.held(last).items()
        return [s for (i, j, role), s in found if j == agent != i and role == self.focal]

    @once
    def standing(self, last: int) -> dict[str, float]:
        given = {agent: self.scores_of(agent, last) for agent in self.agents}
        return {agent: fmean(scores) for agent, scores in given.items() if scores}

    @once
    def so_far(self, last: int) -> dict[str, float]:
        """Return the mean cooperation of everyone who has acted."""
        done: defaultdict[str, list[float]] = defaultdict(list)
        if self.scenario == "investment":
            for deal in self.settled(1, last):
                done[deal["trustee"]].append(deal["kept"])
        else:
            chosen = self.scenario == "participation"
            for row in self.of("choices", 1, last) if chosen else self.acts(1, last):
                done[row["agent"]].append(float(row["cooperation"]))
        return {agent: fmean(degrees) for agent, degrees in done.items()}

    def both(self, last: int) -> list[tuple[float, float]]:
        stood, did = self.standing(last), self.so_far(last)
        return [(did[agent], stood[agent]) for agent in self.agents if agent in stood.keys() & did]

    @once
    def ties(self, last: int) -> set[tuple[str, str]]:
        return {(row["ego"], row["alter"]) for row in self.spells(last)}

    def spells(self, last: int) -> list[Row]:
        def stands(row: Row) -> bool:
            until = int(row["until_round"]) if row["until_round"] else math.inf
            return int(row["from_round"]) <= last < until

        return [row for row in self["ties"] if stands(row)]

    def did(self, last: int) -> dict[tuple[str, str], bool]:
        """Return whether the last act of one towards another was cooperative."""
        if self.scenario == "investment":
            return {(d["trustee"], d["investor"]): d["kept"] for d in self.settled(1, last)}
        found = {}
        for row in self.acts(1, last):
            for partner in json.loads(row["partners"]):
                found[row["agent"], partner] = float(row["cooperation"]) >= 0.5
        return found


def average(values: Iterable[float]) -> Found:
    found = list(values)
    return (fmean(found) if found else None), len(found)


def pearson(pairs: Iterable[tuple[float, float]], least: int = 3) -> Found:
    found = list(pairs)
    x, y = [a for a, _ in found], [b for _, b in found]
    if len(found) < least or any(max(v) - min(v) < 1e-12 for v in (x, y)):
        return None, len(found)
    mx, my = fmean(x), fmean(y)
    squares = math.sqrt(sum((a - mx) ** 2 for a in x) * sum((b - my) ** 2 for b in y))
    return sum((a - mx) * (b - my) for a, b in found) / squares, len(found)


def ranks(values: list[float]) -> list[float]:
    """Return mean ranks."""
    levels = [round(value, 12) for value in values]
    return [sum(u < v for u in levels) + (1 + levels.count(v)) / 2 for v in levels]


# Cooperation ----------------------------------------------------------------------------------


def rates(run: Export, first: int, last: int) -> dict[int, Found]:
    """Return the headline rate of every round that has one."""
    found = {}
    for t in range(first, last + 1):
        if run.scenario == "investment":
            kept = [d.get("returned", -1) >= d["promised"] for d in run.deals(t, t)]
        elif run.scenario == "participation":
            kept = [row["move"] == "join" for row in run.of("choices", t, t)]
        else:
            kept = [row["move"] in ("cooperate", "help") for row in run.acts(t, t)]
        if kept:
            found[t] = average(kept)
    return found


def cooperation(run: Export, first: int, last: int) -> Found:
    found = rates(run, first, last)
    if run.scenario == "participation":
        found = rates(run, 1, last)
        found = {max(found): found[max(found)]}
    return average(v for v, _ in found.values() if v is not None)[0], sum(
        n for _, n in found.values()
    )


def overall(run: Export, first: int, last: int) -> Found:
    found = rates(run, 1, run.last)
    return fmean(v for v, _ in found.values() if v is not None), sum(n for _, n in found.values())


def slope(run: Export, first: int, last: int) -> Found:
    found = [(t, v) for t, (v, _) in rates(run, 1, run.last).items() if v is not None]
    mt = fmean(t for t, _ in found)
    return sum((t - mt) * v for t, v in found) / sum((t - mt) ** 2 for t, _ in found), len(found)


def collapse(run: Export, first: int, last: int) -> Found:
    found = [(t, v) for t, (v, _) in rates(run, 1, run.last).items() if v is not None]
    start = next(
        (t for at, (t, _) in enumerate(found) if all(v < 0.2 for _, v in found[at:])), None
    )
    return start, len(found)


def met(run: Export, first: int, last: int) -> Found:
    return average(float(row["cooperation"]) for row in run.acts(first, last))


def sides(run: Export, first: int, last: int) -> dict[str, list[Row]]:
    met: defaultdict[str, list[Row]] = defaultdict(list)
    for row in run.acts(first, last):
        met[row["encounter"]].append(row)
    return {encounter: both for encounter, both in met.items() if len(both) == 2}


def letters(*rows: Row) -> str:
    return "".join("C" if row["move"] == "cooperate" else "D" for row in rows)


def share(kind: str) -> Oracle:
    return lambda run, a, b: average(letters(*both) == kind for both in sides(run, a, b).values())


def efficiency(run: Export, first: int, last: int) -> Found:
    n = len(run.acts(first, last))
    total = sum(float(row["payoff"] or 0) for row in run.of("encounters", first, last))
    worst, best = {"pd": (1, 3), "donor": (0, 2)}[run.scenario]
    return ((total / n - worst) / (best - worst) if n else None), n


def after(kind: str) -> Oracle:
    def oracle(run: Export, first: int, last: int) -> Found:
        before: dict[str, str] = {}
        done = []
        for one, other in sides(run, 1, last).values():
            for own in (one, other):
                if before.get(own["agent"]) == kind and int(own["round"]) >= first:
                    done.append(letters(own) == "C")
            before |= {one["agent"]: letters(one, other), other["agent"]: letters(other, one)}
        return average(done)

    return oracle


def esteem(run: Export, first: int, last: int) -> list[tuple[float, float]]:
    """Return what was held of each partner before the round, and the act."""
    found = []
    for row in run.acts(first, last):
        partner, role = json.loads(row["partners"])[0], json.loads(row["partner_roles"])[0]
        score = run.held(int(row["round"]) - 1).get((row["agent"], partner, role))
        if score is not None:
            found.append((score, float(row["cooperation"])))
    return found


def discrimination(run: Export, first: int, last: int) -> Found:
    known = esteem(run, first, last)
    good, n = average(c for r, c in known if r > 0)
    bad, m = average(c for r, c in known if r < 0)
    return (None if good is None or bad is None else good - bad), n + m


def quarter(number: int) -> Oracle:
    def oracle(run: Export, first: int, last: int) -> Found:
        known = esteem(run, first, last)
        place = ranks([r for r, _ in known])
        return average(
            c
            for (_, c), rank in zip(known, place, strict=True)
            if number - 1 < 4 * (rank - 0.5) / len(known) <= number
        )

    return oracle


def of_deals(value: Callable[[dict[str, Any]], float | None]) -> Oracle:
    def oracle(run: Export, first: int, last: int) -> Found:
        values = (value(deal) for deal in run.deals(first, last))
        return average(each for each in values if each is not None)

    return oracle


def accepted(value: Callable[[dict[str, Any]], float | None]) -> Oracle:
    return of_deals(lambda deal: value(deal) if "returned" in deal else None)


def no_funds(run: Export, first: int, last: int) -> Found:
    met = {row["encounter"]: row["outcome"] for row in run.of("encounters", first, last)}
    return average(outcome == "no_funds" for outcome in met.values() if outcome != "void")


# Reputation -----------------------------------------------------------------------------------


def coverage(run: Export, first: int, last: int) -> Found:
    pairs = len(run.agents) * (len(run.agents) - 1)
    return sum(len(run.scores_of(agent, last)) for agent in run.agents) / pairs, pairs


def self_peer_gap(run: Export, first: int, last: int) -> Found:
    held, stood = run.held(last), run.standing(last)
    own = {agent: held.get((agent, agent, run.focal)) for agent in stood}
    return average(r - stood[agent] for agent, r in own.items() if r is not None)


def disagreement(run: Export, first: int, last: int) -> Found:
    given = [run.scores_of(agent, last) for agent in run.agents]
    return average(stdev(scores) for scores in given if len(scores) > 1)


def spearman(run: Export, first: int, last: int) -> Found:
    did, stood = zip(*run.both(last), strict=True) if run.both(last) else ((), ())
    return pearson(zip(ranks([*did]), ranks([*stood]), strict=True))


def discernment(run: Export, first: int, last: int) -> Found:
    both = run.both(last)
    levels = sorted({did for did, _ in both})
    below = {low: sum(did <= low for did, _ in both) for low in levels[:-1]}
    if not below:
        return None, len(both)
    cut = min(below, key=lambda low: (abs(2 * below[low] - len(both)), low))
    ends = product(
        (stood for did, stood in both if did > cut), (stood for did, stood in both if did <= cut)
    )
    value, _ = average(0.5 if abs(a - b) < 1e-12 else float(a > b) for a, b in ends)
    return value, len(both)


def response(kinds: str) -> Oracle:
    def oracle(run: Export, first: int, last: int) -> Found:
        found: dict[bool, list[float]] = {True: [], False: []}
        kept: dict[tuple[str, str, str], float] = {}
        for row in run.of("reputations", 0, last):
            whose, score = (row["observer"], row["target"], row["role"]), float(row["score"])
            good = _deed(run, row) if row["cause"] == "encounter" else None
            if good is not None and whose in kept and int(row["round"]) >= first:
                found[good].append(score - kept[whose])
            kept[whose] = score
        (c, n), (d, m) = average(found[True]), average(found[False])
        if kinds != "CD":
            return (c, n) if kinds == "C" else (d, m)
        return (None if c is None or d is None else -d - c), n + m

    return oracle


def _deed(run: Export, row: Row) -> bool | None:
    """Return whether what led to a record was good; None if it tells nothing of the target."""
    if row["observer"] == row["target"]:
        return None
    encounters = set(json.loads(row["because"]))
    if run.scenario == "investment":
        deal = next((d for d in run.settled(1, run.last) if d["encounter"] in encounters), None)
        if deal is None or row["target"] != deal["trustee"] or row["role"] != "trustee":
            return None
        return bool(deal["kept"])
    acts = run.acts(1, run.last)
    done = [a for a in acts if a["encounter"] in encounters and a["agent"] == row["target"]]
    return float(done[0]["cooperation"]) >= 0.5 if done else None


# The network ----------------------------------------------------------------------------------


def density(run: Export, first: int, last: int) -> Found:
    possible = len(run.agents) * (len(run.agents) - 1)
    return len(run.ties(last)) / possible, possible


def reciprocity(run: Export, first: int, last: int) -> Found:
    ties = run.ties(last)
    return average((b, a) in ties for a, b in ties)


@once
def mutual(run: Export, last: int) -> Counter[str]:
    ties = run.ties(last)
    return Counter(a for a, b in ties if (b, a) in ties)


def churn(run: Export, first: int, last: int) -> Found:
    held = [{(r["ego"], r["alter"], r["role"]) for r in run.spells(t)} for t in range(last + 1)]
    steps = [(held[t - 1], held[t]) for t in range(max(first, 2), last + 1)]
    return average(1 - len(a & b) / len(a | b) for a, b in steps if a | b)


def clustering(run: Export, first: int, last: int) -> Found:
    """Fagiolo's coefficient, triangle by triangle."""
    ties, found = run.ties(last), []

    def both(one: str, other: str) -> int:
        return ((one, other) in ties) + ((other, one) in ties)

    for i in run.agents:
        around = [j for j in run.agents if j != i]
        closed = sum(
            both(i, j) * both(j, k) * both(k, i) for j, k in product(around, around) if j != k
        )
        degree, two_ways = sum(both(i, j) for j in around), mutual(run, last)[i]
        possible = 2 * (degree * (degree - 1) - 2 * two_ways)
        found.append(closed / possible if possible else 0.0)
    return average(found)


def isolates(run: Export, first: int, last: int) -> Found:
    tied = {agent for tie in run.ties(last) for agent in tie}
    return average(agent not in tied for agent in run.agents)


def components(run: Export, first: int, last: int) -> Found:
    groups = [{agent} for agent in run.agents]
    for tie in run.ties(last):
        joined = [group for group in groups if group & set(tie)]
        groups = [group for group in groups if group not in joined] + [set().union(*joined)]
    return len(groups), len(run.agents)


def assortativity(trait: str) -> Oracle:
    def oracle(run: Export, first: int, last: int) -> Found:
        of = run.standing(last) if trait == "standing" else run.so_far(last)
        ties = run.ties(last)
        return pearson([(of[a], of[b]) for a, b in ties if a in of and b in of], least=2)

    return oracle


def ties_of(kind: str) -> Oracle:
    def oracle(run: Export, first: int, last: int) -> Found:
        did, found = run.did(last), Counter[str]()
        for a, b in run.ties(last):
            ends = [did.get((a, b)), did.get((b, a))]
            known = "".join(sorted("C" if end else "D" for end in ends))
            found["unknown" if None in ends else known] += 1
        n = found.total() - (0 if kind == "unknown" else found["unknown"])
        return (found[kind] / n if n else None), n

    return oracle


def isolation(column: str, *, bottom: bool) -> Oracle:
    def oracle(run: Export, first: int, last: int) -> Found:
        did = run.so_far(last)
        ordered = sorted(did.values())
        worst = ordered[math.ceil(len(ordered) / 4) - 1] if ordered else 0.0
        if not ordered or ordered[-1] <= worst:
            return None, 0
        of = [agent for agent, c in did.items() if (c <= worst) == bottom]
        if column == "mutual_degree":
            return average(mutual(run, last)[agent] for agent in of)
        targets = {b for _, b in run.ties(last)}
        return average(agent not in targets for agent in of)

    return oracle


# Gossip and wealth ----------------------------------------------------------------------------


def volume(run: Export, first: int, last: int) -> Found:
    n = len(run.agents) * (last - first + 1)
    return len(run.of("gossip", first, last)) / n, n


def untold(run: Export, first: int, last: int) -> Found:
    heard, lost = (len(run.of(table, first, last)) for table in ("gossip", "untold"))
    return (lost / (heard + lost) if heard + lost else None), heard + lost


def talked_about(good: bool) -> Oracle:
    def oracle(run: Export, first: int, last: int) -> Found:
        told = {(row["encounter"], row["target"]) for row in run["gossip"]}
        if run.scenario == "investment":
            return average(
                (deal["encounter"], deal["trustee"]) in told
                for deal in run.settled(first, last)
                if deal["kept"] == good
            )
        return average(
            (row["encounter"], row["agent"]) in told
            for row in run.acts(first, last)
            if (float(row["cooperation"]) >= 0.5) == good
        )

    return oracle


def of_pieces(value: Callable[[Row], float]) -> Oracle:
    return lambda run, a, b: average(value(row) for row in run.of("gossip", a, b))


def truth(run: Export, first: int, last: int, order: str = "") -> list[tuple[float, float]]:
    earned = {(r["encounter"], r["agent"]): r["valence"] for r in run["encounters"]}
    told = [r for r in run.of("gossip", first, last) if not order or r["order"] == order]
    about = [(float(r["valence"]), earned.get((r["encounter"], r["target"]))) for r in told]
    return [(said, float(so)) for said, so in about if so]


def error(order: str) -> Oracle:
    return lambda run, a, b: average(abs(x - y) for x, y in truth(run, a, b, order))


def right(run: Export, first: int, last: int) -> Found:
    known = truth(run, first, last)
    return average(x * y > 0 or x == y == 0 for x, y in known)


def listeners(run: Export, first: int, last: int) -> list[int]:
    heard: defaultdict[str, set[str]] = defaultdict(set)
    for row in run.of("gossip", first, last):
        heard[row["encounter"]].add(row["listener"])
    return [len(each) for each in heard.values()]


def talk_and_standing(run: Export, first: int, last: int) -> Found:
    about = Counter(row["target"] for row in run.of("gossip", first, last))
    return pearson((about[agent], stood) for agent, stood in run.standing(last).items())


def known_after(run: Export, first: int, last: int) -> list[int | None]:
    """Return, for each defector, after how many rounds half knew."""
    found = []
    for agent, degree in run.so_far(last).items():
        if degree < 0.5:
            each = range(1, last + 1)
            since = next(t for t in each if run.so_far(t).get(agent, 1) < 0.5)
            took = (t - since for t in each if t >= since and _knowing(run, agent, t) >= 0.5)
            found.append(next(took, None))
    return found


def _knowing(run: Export, agent: str, last: int) -> float:
    heard = run.of("gossip", 1, last)
    told = {r["listener"] for r in heard if r["target"] == agent and float(r["valence"]) < 0}
    held = {i for (i, j, _), s in run.held(last).items() if j == agent != i and s < 0}
    return len(told | held) / (len(run.agents) - 1)


def wealth(run: Export, last: int) -> list[float]:
    return [float(row["wealth"]) for row in run.of("payoffs", last, last)]


def gini(run: Export, first: int, last: int) -> Found:
    w = wealth(run, last)
    if min(w) < 0 or not sum(w):
        return None, len(w)
    return sum(abs(a - b) for a, b in product(w, w)) / (2 * len(w) ** 2 * fmean(w)), len(w)


def top_share(run: Export, first: int, last: int) -> Found:
    w = sorted(wealth(run, last), reverse=True)
    if min(w) < 0 or not sum(w):
        return None, len(w)
    whole = int(len(w) / 10)
    return (sum(w[:whole]) + (len(w) / 10 - whole) * w[whole]) / sum(w), len(w)


Missing: TypeAlias = Callable[[Export], set[str]]


def _played(run: Export) -> set[str]:
    return PLAY[run.scenario]


def _headline(run: Export) -> set[str]:
    return CHOOSE if run.scenario == "participation" else _played(run)


ORACLES: dict[str, tuple[Oracle, Missing, str]] = {}
"""By measure: its value and n, the questions it lacks, and in which rounds."""


def _add(missing: Missing, rounds: str, **oracles: Oracle) -> None:
    ORACLES.update({name: (oracle, missing, rounds) for name, oracle in oracles.items()})


_add(_headline, "span", cooperation=cooperation)
_add(_headline, "run", overall=overall, slope=slope, collapse=collapse)
_add(
    _played,
    "span",
    met_cooperation=met,
    efficiency=efficiency,
    discrimination=discrimination,
    **{f"share_{kind.lower()}": share(kind) for kind in ("CC", "CD", "DC", "DD")},
    **{f"after_{kind.lower()}": after(kind) for kind in ("CC", "CD", "DC", "DD")},
    **{f"towards_quarter_{number}": quarter(number) for number in (1, 2, 3, 4)},
    kept_of_accepted=accepted(lambda d: d["returned"] >= d["promised"]),
    acceptance=of_deals(lambda d: "returned" in d),
    sent=of_deals(lambda d: d["percent"] / 100),
    returned=accepted(lambda d: d["returned"] / 100),
    promised=of_deals(lambda d: d["promised"] / 100),
    fair_adherence=of_deals(lambda d: d.get("returned", -1) >= max(50, d["promised"])),
    shortfall=accepted(
        lambda d: max(0, 1 - d["returned"] / d["promised"]) if d["promised"] else None
    ),
    honesty=accepted(lambda d: d["reported"] == 100 if "reported" in d else None),
    no_funds=no_funds,
)
_add(
    lambda run: OTHERS,
    "so far",
    standing=lambda run, a, b: average(run.standing(b).values()),
    coverage=coverage,
    disagreement=disagreement,
)
_add(lambda run: OTHERS | SELF, "so far", self_peer_gap=self_peer_gap)
_add(
    lambda run: OTHERS | _headline(run),
    "so far",
    cooperation_and_standing=lambda run, a, b: pearson(run.both(b)),
    accuracy=spearman,
    discernment=discernment,
)
_add(
    lambda run: OTHERS | _played(run),
    "span",
    response_to_cooperation=response("C"),
    response_to_defection=response("D"),
    negativity=response("CD"),
)
_add(lambda run: TIE, "span", churn=churn)
_add(
    lambda run: TIE,
    "so far",
    density=density,
    reciprocity=reciprocity,
    mutual_degree=lambda run, a, b: average(mutual(run, b)[agent] for agent in run.agents),
    clustering=clustering,
    components=components,
    isolates=isolates,
    assortativity_standing=assortativity("standing"),
    assortativity_cooperation=assortativity("cooperation"),
    **{f"ties_{kind.lower()}": ties_of(kind) for kind in ("CC", "CD", "DD", "unknown")},
    **{
        f"{group}_{column}": isolation(column, bottom=group == "bottom")
        for group in ("bottom", "rest")
        for column in ("mutual_degree", "without_in_ties")
    },
)
_add(
    lambda run: TALK,
    "span",
    gossip_volume=volume,
    gossip_untold=untold,
    gossip_second_order=of_pieces(lambda row: row["order"] != "1"),
    talk_and_standing=talk_and_standing,
    gossip_after_c=talked_about(good=True),
    gossip_after_d=talked_about(good=False),
    valence=of_pieces(lambda row: float(row["valence"])),
    valence_positive=of_pieces(lambda row: float(row["valence"]) > 0),
    valence_neutral=of_pieces(lambda row: float(row["valence"]) == 0),
    valence_negative=of_pieces(lambda row: float(row["valence"]) < 0),
    credibility=of_pieces(lambda row: float(row["credibility"])),
    gossip_error=error(""),
    gossip_error_first=error("1"),
    gossip_error_second=error("2"),
    gossip_right=right,
    gossip_truth=lambda run, a, b: pearson(truth(run, a, b)),
    reach=lambda run, a, b: average(listeners(run, a, b)),
    widest_reach=lambda run, a, b: (
        max(listeners(run, a, b), default=None),
        len(listeners(run, a, b)),
    ),
)
_add(
    lambda run: TALK | OTHERS,
    "so far",
    rounds_until_known=lambda run, a, b: average(
        took for took in known_after(run, a, b) if took is not None
    ),
    defectors_known=lambda run, a, b: average(took is not None for took in known_after(run, a, b)),
)
_add(_played, "so far", gini=gini, top_share=top_share)
