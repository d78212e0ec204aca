"""The rows of all tables: what each holds, in which unit. Documents and schemas are made of this.

A column is declared once: `Annotated[type, "what it is", "unit"]`.
"""

from typing import Annotated, NamedTuple, TypeAlias

from repunet.analysis.tables.columns import Json

Round: TypeAlias = Annotated[int, "round in which it happened"]
Seq: TypeAlias = Annotated[int, "place of its event in the round"]
Part: TypeAlias = Annotated[int | None, "place in that event, where the round was imported"]
Decision: TypeAlias = Annotated[str | None, "decision it follows from; empty if it was imported"]
Role: TypeAlias = Annotated[str, "role in which"]
Target: TypeAlias = Annotated[str, "id of the agent it is about"]
TargetRole: TypeAlias = Annotated[str, "role in which the target is judged"]
Reason: TypeAlias = Annotated[str, "why, in the agent's words"]


class AgentTableRow(NamedTuple):
    """An agent. Other tables name it by its id."""

    agent: Annotated[str, "id"]
    name: Annotated[str, "name it goes by"]
    round: Annotated[int, "round in which it joined; 0 for founders"]
    seq: Annotated[int | None, "place of that event in the round; empty for founders"]
    age: Annotated[int | None, "age", "years"]
    gender: Annotated[str | None, "gender, as its persona says it"]
    country: Annotated[str | None, "country, as its persona says it"]
    disposition: Annotated[str, "initial preference: prosocial, self_interested or custom"]
    mind: Annotated[str, "the mind that decides for it, or all that do"]
    descriptions: Annotated[Json, "who it was before the first round: texts by scenario and role"]


class RoundPlayed(NamedTuple):
    """A round that is committed, in numbers."""

    round: Annotated[int, "its number"]
    digest: Annotated[str, "hash of the run up to here; equal runs have equal ones"]
    treatment: Annotated[str, "the treatment at its end"]
    source: Annotated[str | None, "format of the files it was imported from; empty if played here"]
    cooperation: Annotated[
        float | None,
        "headline rate: in participation joins among choices made; in investment deals proposed in "
        "which the trustee returned what it had promised; elsewhere the mean degree of cooperation "
        "of the acts that have one; empty if there is nothing to take it from",
        "0 to 1",
    ]
    encounters: Annotated[int, "encounters, void ones included"]
    void: Annotated[int, "of those, void: a needed answer was missing"]
    asked: Annotated[int, "decisions asked for, answered or not; 0 if it was imported"]
    missing: Annotated[int, "of those, missing"]
    formed: Annotated[int, "ties formed"]
    severed: Annotated[int, "ties cut"]
    ties: Annotated[int, "ties at its end, those from before the first round included"]
    heard: Annotated[int, "pieces of gossip heard"]
    untold: Annotated[int, "wishes to talk for which there was no listener"]
    calls: Annotated[int, "requests sent to language models; what a fork inherited is not counted"]
    tokens: Annotated[int, "tokens in and out; a call without an answer counts in full", "tokens"]
    dollars: Annotated[float | None, "what they cost; empty if not known, or none was sent", "$"]


class Seat(NamedTuple):
    """One participant's part in an encounter: a row for each of them.

    `move`, `cooperation`, `payoff`, `valence`, `excused` and `facts` are empty where nothing was
    done: the encounter is void, or there was nothing to do it with.
    """

    round: Round
    seq: Seq
    part: Part
    encounter: Annotated[str, "id of the encounter"]
    agent: Annotated[str, "id of the participant"]
    role: Annotated[str, "role it was in"]
    partners: Annotated[tuple[str, ...], "ids of the others"]
    partner_roles: Annotated[tuple[str, ...], "their roles, in the same order"]
    outcome: Annotated[str, "consummated, declined, void, or no_funds: nothing to invest"]
    move: Annotated[str | None, "what it did"]
    cooperation: Annotated[float | None, "degree of cooperation, if the act has one", "0 to 1"]
    payoff: Annotated[float | None, "what it earned", "units of wealth"]
    valence: Annotated[
        float | None, "how good or bad a partner finds the act, before any excuse", "-1 to 1"
    ]
    excused: Annotated[bool | None, "whether an uncooperative act answered one of its own kind"]
    facts: Annotated[Json | None, "what else was done: whole numbers by name"]
    story: Annotated[str, "what happened, as it saw it"]
    knew_before: Annotated[tuple[str, ...], "ids of those partners it knew something of before"]
    matched_by: Annotated[str | None, "chance or choice; empty if not known"]
    chosen_by: Annotated[str | None, "id of who chose to meet; empty if nobody did"]


class ChoiceRow(NamedTuple):
    """A choice outside encounters, such as to join or to stay out; it stands until the next one."""

    round: Round
    seq: Seq
    part: Part
    agent: Annotated[str, "id of who chose"]
    role: Role
    move: Annotated[str, "what it chose"]
    cooperation: Annotated[float | None, "degree of cooperation", "0 to 1"]
    valence: Annotated[float, "how good or bad others find it", "-1 to 1"]
    reason: Reason
    decision: Decision


class Payoff(NamedTuple):
    """An agent in a round: what it earned, and what it has at the end of the round.

    Wealth is everything earned since the start. An imported round may set it to something else.
    """

    round: Annotated[int, "round"]
    agent: Annotated[str, "id"]
    encounters: Annotated[tuple[str, ...], "ids of the encounters it was in"]
    sat_out: Annotated[bool, "whether nobody was left for it to meet"]
    payoff: Annotated[float | None, "what it earned; empty if it did nothing", "units of wealth"]
    wealth: Annotated[float, "what it has after the round", "units of wealth"]


class Record(NamedTuple):
    """A version of a reputation: what an observer makes of a target, from this round on.

    At the end of round r the records are those with `round` <= r, and `until_round` empty or > r.
    """

    round: Round
    seq: Seq
    part: Part
    observer: Annotated[str, "id of the agent that holds it"]
    target: Target
    role: TargetRole
    of_self: Annotated[bool, "whether the observer is the target: how it thinks it is seen"]
    version: Annotated[int, "1 for its first record of this target in this role, then 2, ..."]
    until_round: Annotated[int | None, "round in which another version took its place, if any did"]
    score: Annotated[float, "weight of good and very good minus bad and very bad", "-1 to 1"]
    very_bad: Annotated[float, "weight of this level; the five sum to 1", "0 to 1"]
    bad: Annotated[float, "weight of this level", "0 to 1"]
    neutral: Annotated[float, "weight of this level", "0 to 1"]
    good: Annotated[float, "weight of this level", "0 to 1"]
    very_good: Annotated[float, "weight of this level", "0 to 1"]
    text: Annotated[str, "the reputation in words"]
    cause: Annotated[str, "encounter, gossip or observation"]
    because: Annotated[tuple[str, ...], "ids of the encounters or pieces of gossip behind it"]
    decision: Decision


class Standing(NamedTuple):
    """Standing of a target at the end of a round, in one role, if there is any record of it."""

    round: Annotated[int, "round at whose end"]
    agent: Target
    role: TargetRole
    standing: Annotated[
        float | None, "mean of the others' scores of it; empty if no other has one", "-1 to 1"
    ]
    observers: Annotated[int, "how many others have a record of it"]
    own: Annotated[float | None, "its own score of itself; empty if it has none", "-1 to 1"]


class SelfImage(NamedTuple):
    """A new version of how an agent describes itself."""

    round: Round
    seq: Seq
    part: Part
    agent: Annotated[str, "id"]
    role: Role
    text: Annotated[str, "its description of itself, from here on"]
    decision: Decision


class TieSpell(NamedTuple):
    """A tie from one agent to another in a role, from when it was formed until it was cut.

    At the end of round r the ties are those with `from_round` <= r, and `until_round` empty or
    > r; round 0 is before the first one. A pair that ties, parts and ties again has two rows.
    """

    ego: Annotated[str, "id of the agent whose tie it is"]
    alter: Annotated[str, "id of the agent it leads to"]
    role: Annotated[str, "role of alter that it is about"]
    from_round: Annotated[int, "round in which it was formed; 0: it was there from the start"]
    from_seq: Annotated[int | None, "place of that event in the round; empty in round 0"]
    from_part: Part
    until_round: Annotated[int | None, "round in which it was cut; empty: it still stands"]
    until_seq: Annotated[int | None, "place of that event in the round"]
    until_part: Part
    reason: Annotated[str | None, "why it was formed, in ego's words"]
    decision: Annotated[str | None, "decision that formed it"]
    cut_cause: Annotated[str | None, "why it was cut: encounter, gossip or observation"]
    cut_reason: Annotated[str | None, "the same in ego's words"]
    cut_decision: Annotated[str | None, "decision that cut it"]


class GossipRow(NamedTuple):
    """A piece of gossip that somebody heard."""

    round: Round
    seq: Seq
    part: Part
    gossip: Annotated[str, "id of the piece"]
    order: Annotated[int, "its wave: 1 told by somebody who was there, 2 passed on"]
    gossiper: Annotated[str, "id of who told the listener"]
    listener: Annotated[str, "id of who heard it"]
    target: Target
    role: TargetRole
    path: Annotated[tuple[str, ...], "ids of all who told it, the first one first"]
    valence: Annotated[float, "how well it speaks of the target, as the gossiper says", "-1 to 1"]
    sense: Annotated[str | None, "the same in words: very negative to very positive"]
    credibility: Annotated[int, "how credible the listener found it; 3 if not asked", "1 to 5"]
    passed_on: Annotated[bool, "whether somebody heard it from the listener in the same round"]
    encounter: Annotated[str, "id of the encounter it stems from"]
    said: Annotated[str, "what the gossiper said"]
    text: Annotated[str, "what the listener took it to mean"]
    decision: Decision


class Untold(NamedTuple):
    """A wish to talk about somebody that came to nothing: there was no listener."""

    round: Round
    seq: Seq
    part: Part
    gossiper: Annotated[str, "id of who wanted to talk"]
    target: Target
    role: TargetRole
    encounter: Annotated[str, "id of the encounter it stems from"]
    reason: Reason


class DecisionRow(NamedTuple):
    """A question that was answered, by any mind. Those without an answer are in `missing`."""

    round: Annotated[int, "round in which it was asked"]
    place: Annotated[int, "place among the decisions of the round, by name"]
    decision: Annotated[str, "its name: unit, operation, actor"]
    unit: Annotated[str, "piece of work it belongs to, such as r12/meet/A07-A11"]
    operation: Annotated[str, "the question"]
    actor: Annotated[str, "id of the agent that was asked"]
    target: Annotated[str | None, "id of the agent it is about, if it is about one"]
    answer: Annotated[Json, "the answer"]
    mind: Annotated[str, "the mind that answered, or all that may have where they are by role"]
    attempt: Annotated[
        int | None,
        "request to a language model that it was read from; empty for other minds, and under the "
        "compact plan for the parts of one answer",
    ]


class MissingDecision(NamedTuple):
    """A question whose answer could not be had. It is never counted as anything else."""

    round: Round
    seq: Seq
    agent: Annotated[str, "id of the agent that was asked"]
    operation: Annotated[str, "the question"]
    decision: Annotated[str, "its name: unit, operation, actor"]
    why: Annotated[str, "why the answer could not be had"]


class AttemptRow(NamedTuple):
    """A request to a language model, and what came of it.

    What was sent in a round that is not committed is not there; nor are the prompts: see
    `RunView.messages`, and the page on run files.
    """

    round: Annotated[int, "round it belongs to"]
    attempt: Annotated[int, "its number, in the order of sending"]
    decision: Annotated[str, "decision it was sent for"]
    operation: Annotated[str, "the question"]
    actor: Annotated[str, "id of the agent"]
    kind: Annotated[str, "first, retry, repair or room"]
    model: Annotated[str, "name of the model"]
    rung: Annotated[str, "how the format was asked for: schema, lean, object or text"]
    status: Annotated[str, "answered, invalid, lost, ...: see the page on run files"]
    why: Annotated[str | None, "what was wrong"]
    finish: Annotated[str | None, "stop, length or refused"]
    sent: Annotated[float, "when it was sent", "seconds since 1970, UTC"]
    latency: Annotated[float | None, "time to the answer", "seconds"]
    input: Annotated[int | None, "tokens read", "tokens"]
    cached: Annotated[int | None, "of those, seen before", "tokens"]
    output: Annotated[int | None, "tokens written", "tokens"]
    reasoning: Annotated[int | None, "of those, seen by nobody", "tokens"]
    estimated: Annotated[bool | None, "whether the tokens are an estimate"]
    dollars: Annotated[float | None, "what it cost; empty if the price is not known", "$"]
    reserved: Annotated[int, "tokens that it could cost at most", "tokens"]
    reserved_dollars: Annotated[float | None, "what it could cost at most", "$"]
    provider_id: Annotated[str | None, "what the provider calls the answer"]
    served: Annotated[str | None, "model that gave it, as the provider says"]
    request: Annotated[str, "hash of all that was asked"]
    stale: Annotated[bool, "whether it was set aside, and is not used"]
    inherited: Annotated[bool, "whether it is of the run this one was forked from"]
    answer: Annotated[str | None, "text that came back"]
