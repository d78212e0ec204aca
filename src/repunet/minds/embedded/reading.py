"""What the embedded mind reads from a question: evidence, beliefs and its own standing.

Where records are shown they are the evidence; where they are not, it is replayed from what is
remembered and was told. No text is read but the persona's.
"""

from collections.abc import Iterable, Sequence

from repunet.chance import draw, normal
from repunet.minds.embedded.model.dilemma import Outlook
from repunet.minds.embedded.model.evidence import (
    NO_EVIDENCE,
    WeightedActs,
    add_act,
    base_rate,
    belief,
    from_levels,
    observability,
    score,
)
from repunet.minds.embedded.model.parameters import Parameters
from repunet.minds.embedded.model.talk import gossip_weight
from repunet.minds.embedded.model.temperament import SocialWeights, disposition, social_weights
from repunet.questions.perspective import Acquaintance, Ego, knows
from repunet.world.encounter import Act, Recollection
from repunet.world.persona import Disposition, Persona, Role
from repunet.world.reputation import Reputation


class QuestionReader:
    """Reader of questions at one set of parameters; the seed gives each agent its jitter."""

    def __init__(self, seed: int, parameters: Parameters) -> None:
        self.seed = seed
        self.parameters = parameters
        self._weights: dict[tuple[str, str], SocialWeights] = {}

    def outlook(
        self, ego: Ego, alters: Sequence[Acquaintance], own: Sequence[Reputation] | None
    ) -> Outlook:
        """Return all that ego brings to a choice, whoever the partner is."""
        return Outlook(
            weights=self.social_weights(ego.persona, ego.description),
            own=self.own_evidence(ego, own),
            observability=self.observability(ego, alters),
            base=self.base_rate(ego),
        )

    def social_weights(self, persona: Persona, description: str) -> SocialWeights:
        """Return the weights of a persona, with the jitter that is its own in this seed."""
        key = persona.id, description
        if key not in self._weights:
            z = normal(draw(self.seed, "temperament", persona.id))
            weights = social_weights(prosociality(persona, description), z, self.parameters)
            self._weights[key] = weights
        return self._weights[key]

    def base_rate(self, ego: Ego) -> float:
        """Return how likely anybody is to act well, from the encounters that are remembered."""
        degrees = (mean_degree(memory.others) for memory in ego.memory)
        return base_rate((degree for degree in degrees if degree is not None), self.parameters)

    def base_rate_of(self, ego: Ego, role: Role) -> float:
        """Return how likely anybody in a role is to act well, from how ego found such acts."""
        acts = (act for memory in ego.memory for act in memory.others if act.role == role)
        found = ((1.0 + self.judged(act)) / 2.0 for act in acts if tells(act))
        return base_rate(found, self.parameters)

    def observability(self, ego: Ego, alters: Sequence[Acquaintance] = ()) -> float:
        """Return how likely others are to know of ego, mirrored from whom ego knew of.

        The alters are those whom ego now meets, if it meets somebody.
        """
        if self.parameters.observability is not None:
            return self.parameters.observability
        shown = (memory.knew_before for memory in ego.memory if memory.knew_before is not None)
        knew = [bool(known) for known in shown]
        now = [any(knows(ego, alter) for alter in alters)] if alters else []
        return observability([*knew, *now])

    def judged(self, act: Act) -> float:
        """Return the valence of an act, partly excused if it answered one of its own kind."""
        excuse = self.parameters.excuse if act.excused and act.valence < 0 else 0.0
        return act.valence * (1.0 - excuse)

    def evidence(self, ego: Ego, alter: Acquaintance, *, in_any_role: bool = False) -> WeightedActs:
        """Read the record where there are records; else replay what is remembered and was told."""
        if alter.records is not None:
            return self._recorded(alter.records)
        evidence = NO_EVIDENCE
        for memory in _memories_of(ego, alter):
            for act in memory.others:
                if act.agent != alter.id or not tells(act):
                    continue
                if in_any_role or act.role == alter.who.role:
                    evidence = add_act(evidence, self.judged(act), self.parameters)
        for piece in alter.gossip or ():
            weight = gossip_weight(piece.credibility, self.parameters)
            evidence = add_act(evidence, piece.valence, self.parameters, weight)
        return evidence

    def own_evidence(self, ego: Ego, own: Sequence[Reputation] | None) -> WeightedActs:
        """Read ego's record of itself where there are such; else replay its acts in its role."""
        if own is not None:
            return self._recorded(own)
        evidence = NO_EVIDENCE
        for memory in ego.memory:
            if memory.own.role == ego.role and tells(memory.own):
                evidence = add_act(evidence, self.judged(memory.own), self.parameters)
        return evidence

    def _recorded(self, records: Sequence[Reputation]) -> WeightedActs:
        return from_levels(records[-1].weights, self.parameters) if records else NO_EVIDENCE

    def prosociality(self, ego: Ego) -> float:
        """Return how prosocial ego is."""
        return prosociality(ego.persona, ego.description)

    def belief(self, ego: Ego, alter: Acquaintance, base: float) -> float:
        """Return how likely this alter is to act well."""
        return belief(self.evidence(ego, alter), base, self.parameters)

    def score(self, ego: Ego, alter: Acquaintance) -> float:
        """Return what ego thinks of alter in the role at hand, in (-1, 1)."""
        return score(self.evidence(ego, alter), self.parameters)

    def trust(self, ego: Ego, source: Acquaintance) -> float:
        """Return what ego thinks of somebody in all roles that it has a record of."""
        records = source.records or ()
        scores = [score(self._recorded((record,)), self.parameters) for record in records]
        if scores:
            return sum(scores) / len(scores)
        return score(self.evidence(ego, source, in_any_role=True), self.parameters)


def prosociality(persona: Persona, description: str) -> float:
    """Return how prosocial a persona is, in [0, 1]: a typed disposition wins over the text."""
    match persona.disposition:
        case Disposition.PROSOCIAL:
            return 1.0
        case Disposition.SELF_INTERESTED:
            return 0.0
        case _:
            return disposition(description)


def tells(act: Act) -> bool:
    """Tell whether an act is evidence of anything: to refuse, or to be refused, is not."""
    return act.valence != 0.0 or bool(act.cooperation)


def mean_degree(acts: Iterable[Act]) -> float | None:
    """Return the mean degree of cooperation of the acts that have one, None if none has."""
    degrees = [act.cooperation for act in acts if act.cooperation is not None]
    return sum(degrees) / len(degrees) if degrees else None


def _memories_of(ego: Ego, alter: Acquaintance) -> Sequence[Recollection]:
    """Return what is shown of encounters with alter, each once, oldest first."""
    recent = {memory.encounter for memory in ego.memory}
    older = [memory for memory in alter.last if memory.encounter not in recent]
    return [*older, *ego.memory]
