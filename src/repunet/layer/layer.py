"""Where another system calls: one call after another, each safe before it is to be seen."""

from asyncio import Lock
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from threading import get_ident

from repunet.errors import Stopped, UsageError
from repunet.layer.call import invited, reported
from repunet.layer.deed import Deed
from repunet.layer.member import member, require_distinct
from repunet.layer.place import folder_of, opened
from repunet.layer.responses import EncounterResponses
from repunet.layer.settings import LayerSettings, Minds
from repunet.layer.state import LayerState
from repunet.layer.view import AlterView, ranked, view_of
from repunet.minds.language.connect import all_connected
from repunet.minds.language.session import ModelSession
from repunet.minds.language.terms import Terms, open_session
from repunet.minds.recorded import Recorded
from repunet.questions.mind import Mind
from repunet.record.journal import Journal
from repunet.record.storage import FILE, locked, portable
from repunet.runs.drift import has_branched
from repunet.world.encounter import Outcome
from repunet.world.event import AgentJoined, DecisionMissing, Event
from repunet.world.persona import AgentId, Participant, Persona, Role
from repunet.world.treatment import Treatment


class Layer:
    """Reputations, gossip and ties for agents of another system; made by `Layer.open`.

    Calls of several tasks are answered one after another, in the order in which they were made, in
    the thread in which it was opened.
    """

    def __init__(
        self, journal: Journal, mind: Mind, open_session: ModelSession | None = None
    ) -> None:
        journal.verify()
        self._session = open_session
        self._journal = journal
        self._mind = mind
        self._turn = Lock()
        self._thread = get_ident()
        self._closed = False
        self._recorded: Recorded
        self._responses: EncounterResponses
        self._state: LayerState
        """What is safe in the file, and so to be seen; the episodes may be ahead of it."""
        self._refold()

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        place: str | Path,
        agents: Iterable[str | Persona] | None = None,
        *,
        mind: Minds | None = None,
        treatment: str | Treatment | None = None,
        seed: int | None = None,
        roles: Sequence[Role] | None = None,
        branch: bool = False,
        terms: Terms = Terms(),
    ) -> AsyncIterator["Layer"]:
        """Open a layer, and create its file if there is none: by name, or by its folder's path.

        A new one needs agents; by default it is the full system, with the embedded mind, seed 1
        and one role. What is given for one that is there must be as it was founded. Raises
        UsageError for anything that is not known, that differs (`branch` notes a difference in
        minds or in RepuNet, and goes on), and for a file that is in use or no layer's. The terms
        say how fast, and at what cost, language models are asked.
        """
        people = agents if agents is None or isinstance(agents, str) else tuple(agents)
        settings = LayerSettings(people, mind, treatment, seed, roles)
        path = folder_of(place) / FILE
        if not path.exists():
            settings.manifest()  # whatever is wrong is said before anything is written
            portable(path.parent.name, "a layer")
        with locked(path.parent), opened(path, settings) as journal:
            minds = settings.resumed(journal, branch=branch)
            session = open_session(journal, minds, terms, branched=has_branched(journal))
            layer = cls(journal, minds, session)
            async with all_connected(minds.members, session):
                try:
                    yield layer
                finally:
                    await layer._close()

    # What happens ------------------------------------------------------------------------------

    async def encounter(
        self,
        *,
        id: str,
        acts: Sequence[Deed],
        stories: Mapping[str, str] | None = None,
        outcome: Outcome = "consummated",
    ) -> tuple[Event, ...]:
        """Let those who met respond, and return what followed once it is safe in the file.

        The id names the encounter and all decisions that come of it: for one that is there
        already the stored events are returned and nobody is asked. `stories` tell what happened
        as each participant saw it; one that is missing is made from the moves. Raises UsageError
        for an id that stands for something else, and for anything that is not known.
        """
        async with self._in_turn():
            met = reported(self._state, id, acts, stories or {}, outcome)
            if id in self:
                return self._state.again(met)
            self._responses.begin()
            await self._responses.respond_to(met)
            return self._commit()

    async def gossip(
        self,
        *,
        id: str,
        teller: str | None = None,
        about: str | None = None,
        role: Role | None = None,
        reason: str = "",
    ) -> tuple[Event, ...]:
        """Let the wishes to talk that have come up so far be told, heard and passed on.

        Of an agent's wishes about the same participant the latest counts. With `teller` and
        `about` one agent talks about another whom it has met (in that role), and the other wishes
        stay. Nobody talks under a treatment without gossip. The id is that of an encounter: what
        is there already is returned. Raises UsageError as `encounter` does.
        """
        async with self._in_turn():
            invitation = invited(self._state, id, teller, about, role, reason)
            if id in self:
                return self._state.again(invitation)
            wishes = self._state.wishes(invitation)
            self._responses.begin(invitation)
            for topic in self.roles:
                on_it = [wish for wish in wishes if wish.target.role == topic]
                await self._responses.spread(f"{id}/{topic}", on_it)
            return self._commit()

    async def add(self, agent: str | Persona) -> AgentId:
        """Let somebody join, a stranger to all, and return its id; nothing if it has joined.

        Raises UsageError for an id or a name that another agent has.
        """
        async with self._in_turn():
            society = self._state.society
            persona = member(agent, society.scenario, self.roles)
            known = [other.persona for other in society.agents.values()]
            if persona not in known:
                require_distinct([*known, persona])
                self._responses.begin(AgentJoined(persona=persona))
                self._commit()
            return persona.id

    # What is to be seen ------------------------------------------------------------------------

    def __contains__(self, id: object) -> bool:
        """Tell whether something has happened under an id."""
        return id in self._state

    @property
    def agents(self) -> tuple[AgentId, ...]:
        """Return everyone's id, in the order in which they came."""
        return tuple(self._state.society.agents)

    @property
    def roles(self) -> tuple[Role, ...]:
        """Return the roles that there are."""
        return self._state.roles

    def view(self, ego: str, alter: str) -> AlterView:
        """Return what ego may know of alter; raises UsageError for somebody who is not known."""
        return view_of(self._state, ego, alter)

    def partners(self, ego: str, role: Role | None = None) -> tuple[Participant, ...]:
        """Return those ego has ties to (in a role), who stand best in ego's eyes first.

        Without reputations it goes by what ego is shown of them: encounters, and gossip.
        """
        state = self._state
        roles = self.roles if role is None else (state.role(role),)
        return ranked(state, state.agent(ego), roles)

    def standing(self, agent: str, role: Role | None = None) -> float | None:
        """Return the mean of the others' scores of an agent in a role, None where there are none.

        No agent knows this: it is for whoever looks at all of them.
        """
        state = self._state
        whom = Participant(state.agent(agent), state.role(role))
        return state.society.standing(whom)

    # How it is kept ----------------------------------------------------------------------------

    @asynccontextmanager
    async def _in_turn(self) -> AsyncIterator[None]:
        """Answer one call at a time; of a call that fails nothing remains."""
        if get_ident() != self._thread:
            name = self._journal.path.parent.name
            raise UsageError(
                f"{name} was opened in another thread: call it there, with "
                "asyncio.run_coroutine_threadsafe(layer.encounter(...), loop).result()"
            )
        async with self._turn:
            if self._closed:
                name = self._journal.path.parent.name
                raise UsageError(f"{name} is closed: open it again")
            if self._session is not None:
                self._session.begin_round(self._journal.rounds + 1)
            try:
                yield
            except BaseException as error:
                if self._responses.society.round != self._state.society.round:
                    self._refold()
                if isinstance(error, Stopped) and self._session is not None:
                    raise self._session.ended(error) from None
                raise

    def _commit(self) -> tuple[Event, ...]:
        events, decisions = self._responses.events, self._recorded.take()
        if self._session is not None:
            missing = sum(isinstance(event, DecisionMissing) for event in events)
            self._session.check_round(missing, missing + len(decisions))
        self._state.write(events, decisions)
        return tuple(events)

    def _refold(self) -> None:
        """Begin with what is in the file; whoever still waits for an answer waits in vain."""
        self._recorded = Recorded(self._mind)
        self._responses = EncounterResponses(self._journal.manifest, self._recorded)
        self._state = LayerState(self._journal, self._responses.views.setting)
        for event in self._state.read():
            self._responses.society.apply(event)

    async def _close(self) -> None:
        """Wait for the calls that were made, then answer none."""
        async with self._turn:
            self._closed = True
            planned = self._journal.meta("planned")
            if planned != (done := str(self._journal.rounds)):
                self._journal.note("planned", done)
