"""Settings of a layer: what it is begun with, and must keep to when it goes on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from repunet.errors import UsageError
from repunet.layer.member import member, require_distinct, require_name
from repunet.minds.router import Assignees, MindRouter, make_mind
from repunet.questions.mind import Mind
from repunet.record.journal import Journal
from repunet.record.manifest import DEFAULT, Manifest
from repunet.runs.drift import beginnings, differences, edits, notes
from repunet.scenarios.outside import outside_name
from repunet.world.persona import AgentId, Persona, Role
from repunet.world.treatment import Treatment
from repunet.world.treatment import treatment as find_treatment

ROLES = ("member",)
SEED = 1
MIND = "embedded"
TREATMENT = "full"

Minds: TypeAlias = str | Mind | Mapping[AgentId, str | Mind]
"""A mind by name or in person, for everyone or by agent; then `*` is everyone else's."""


@dataclass(frozen=True)
class LayerSettings:
    """Settings with which a layer is opened; None for what is left out."""

    agents: Sequence[str | Persona] | None
    mind: Minds | None
    treatment: str | Treatment | None
    seed: int | None
    roles: Sequence[Role] | None

    def manifest(self) -> Manifest:
        """Return the manifest of a new layer; raises UsageError for anything that is not known."""
        roles = self._roles
        name = outside_name(roles)
        people = tuple(member(agent, name, roles) for agent in self._agents)
        if not people:
            raise UsageError('a new layer needs agents: agents=["ann", "bob"]')
        require_distinct(people)
        seed = SEED if self.seed is None else self.seed
        described = minds_of(MIND if self.mind is None else self.mind, seed).describe()
        assignees = Assignees({person.id: person.id for person in people}, roles)
        for whom in described:
            assignees.key(whom)
        return Manifest(name, self._treatment, people, seed, described)

    def notes(self, manifest: Manifest) -> dict[str, str]:
        """Return what is noted of a new layer."""
        minds = minds_of(MIND if self.mind is None else self.mind, manifest.seed)
        return {"planned": "0", **beginnings(manifest, minds)}

    def resumed(self, journal: Journal, *, branch: bool) -> MindRouter:
        """Return the minds of a layer; raises UsageError if it would not go on as it began."""
        was, now = journal.manifest, self._over(journal.manifest)
        where = journal.path.parent.name
        for part in ("scenario", "personas", "treatment", "seed"):
            if getattr(was, part) != getattr(now, part):
                word = {"scenario": "roles", "personas": "agents"}.get(part, part)
                raise UsageError(f"{where} was founded with different {word}: leave out {word}=")
        minds = minds_of(was.assigned if self.mind is None else self.mind, was.seed)
        changed = differences(journal, minds)
        if changed and not branch:
            raise UsageError(
                f"{where} would not go on as it began: {' and '.join(changed)}; to go on all the "
                "same: branch=True",
                detail=edits(journal),
            )
        for key, value in notes(journal, changed, journal.rounds).items():
            journal.note(key, value)
        return minds

    def _over(self, was: Manifest) -> Manifest:
        """Return a manifest with what is wanted in place of what was."""
        name = was.scenario if self.roles is None else outside_name(self._roles)
        _, _, roles = name.partition(":")
        people = [member(agent, name, roles.split(",")) for agent in self._agents]
        return replace(
            was,
            scenario=name,
            personas=was.personas if self.agents is None else tuple(people),
            treatment=was.treatment if self.treatment is None else self._treatment,
            seed=was.seed if self.seed is None else self.seed,
        )

    @property
    def _agents(self) -> tuple[str | Persona, ...]:
        if isinstance(self.agents, str):
            raise UsageError(f"agents is a list: agents=[{self.agents!r}]")
        return tuple(self.agents or ())

    @property
    def _roles(self) -> tuple[Role, ...]:
        roles = ROLES if self.roles is None else self.roles
        if isinstance(roles, str) or not roles or len(set(roles)) < len(roles):
            raise UsageError(f"roles is a list of different names, not {roles!r}")
        for role in roles:
            require_name("role", role)
            if "," in role:
                raise UsageError(f"a role has no comma in its name: not {role!r}")
        return tuple(roles)

    @property
    def _treatment(self) -> Treatment:
        given = TREATMENT if self.treatment is None else self.treatment
        condition = find_treatment(given) if isinstance(given, str) else given
        if condition.error:
            raise UsageError("in a layer no witness is mistaken: error=0")
        return condition


def minds_of(given: Minds, seed: int) -> MindRouter:
    """Return the minds of a layer, by the names they are given or in person."""
    minds = given if isinstance(given, Mapping) else {DEFAULT: given}
    if DEFAULT not in minds:
        raise UsageError(f'say which mind decides for everyone else: {{"{DEFAULT}": "{MIND}"}}')
    names = {agent: mind if isinstance(mind, str) else mind.name for agent, mind in minds.items()}
    by_name = {mind: make_mind(mind, seed) for mind in minds.values() if isinstance(mind, str)}
    own = {agent: by_name[m] if isinstance(m, str) else m for agent, m in minds.items()}
    return MindRouter(own.pop(DEFAULT), own, names)
