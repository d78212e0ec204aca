"""What can be said in `repunet shell`. Each command is one of the command line's, without its run.

Nothing that was played is ever undone: going back, and changing the treatment, begins a fork.
"""

import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from repunet.analysis.snapshot import Snapshot
from repunet.analysis.summary import Summary, summarise
from repunet.cli import app
from repunet.cli.commands.runs import runs as list_runs
from repunet.cli.commands.seed import list_ as list_seeds
from repunet.cli.playing import announce, play_out
from repunet.cli.printing.console import console, say
from repunet.cli.printing.formats import disclaimer, rate
from repunet.cli.printing.tables import table
from repunet.cli.spec_options import LimitOptions, SpecOptions, located, said, settings
from repunet.compat.seeds import is_seed, people_at, run_names, scenario_of, seed_names
from repunet.errors import RepuNetError, UsageError, unknown
from repunet.record.changes import origin
from repunet.record.journal import Journal
from repunet.record.storage import FILE, LOCK, called, locate, locked
from repunet.runs.beginning import begun_from, forked_from, reopened_from, spec_of
from repunet.runs.log import FILE as LOG
from repunet.runs.log import command as said_to_play
from repunet.runs.run import Run
from repunet.runs.spec import BESIDE, SWITCHES
from repunet.scenarios import scenario as find_scenario
from repunet.scenarios import scenarios
from repunet.world.treatment import Treatment

ALIASES = {"f": "fin", "finish": "fin", "?": "help", "quit": "fin"}


OF_A_RUN = (FILE, f"{FILE}-wal", f"{FILE}-shm", f"{FILE}-journal", LOG, BESIDE)
"""What a run has in its folder; nothing else in it is ever deleted."""


@dataclass(frozen=True, slots=True)
class Command:
    """Command of the interactive shell."""

    usage: str
    help: str
    act: Callable[["Session", list[str]], None]

    @property
    def name(self) -> str:
        """Return the word that it begins with."""
        return self.usage.split()[0]


@dataclass
class Session:
    """The run or the seed that is open, and what is to change before it goes on."""

    options: SpecOptions = field(default_factory=SpecOptions)
    limits: LimitOptions | None = None
    storage: Path | None = None
    quiet: bool = False
    confirm: Callable[[str], bool] = lambda question: False
    """Has somebody say yes or no; where nobody is there, it is no."""
    run: Path | None = None
    """The file of the run that is open."""
    people: Path | None = None
    """The people that a run is founded with, if they are not our own."""
    switches: dict[str, str] = field(default_factory=dict)
    """What is to be different from the next round on."""
    over: bool = False

    def do(self, line: str) -> None:
        """Do what a line says; raises a RepuNetError if that can't be done."""
        try:
            words = shlex.split(line, comments=True)
        except ValueError:
            raise UsageError(f"a quotation mark has no partner: {line}") from None
        if not words:
            return
        first, *rest = words
        name = ALIASES.get(first.lower(), first.lower())
        if name not in COMMANDS:
            raise unknown("command", first, COMMANDS)
        said = said_to_play.set(f"repunet shell: {line}")
        try:
            COMMANDS[name].act(self, rest)
        finally:
            said_to_play.reset(said)

    @property
    def where(self) -> str:
        """Return what is open, for a prompt."""
        if self.run is None:
            return "repunet" if self.people is None else self.people.stem
        try:
            with Journal.open(self.run) as journal:
                return f"{self.run.parent.name}@{journal.rounds}"
        except RepuNetError:
            return f"{self.run.parent.name} (not there)"

    def _opened(self) -> Path:
        if self.run is None:
            raise UsageError("no run is open: open NAME, or begin one: run pd 3")
        return self.run

    # To open -----------------------------------------------------------------------------------

    def open(self, words: list[str]) -> None:
        """Open a run, or people to found one with."""
        name = _one(words, "open NAME")
        path = _run_file(name, self.storage)
        if path is not None and is_seed(name, self.storage):
            raise UsageError(f"{name} is a run and a seed: say {path} or the path of the seed")
        if path is not None:
            self.run, self.people, self.switches = path, None, {}
            say(_state(path))
            return
        people = people_at(name, self.storage)
        if not people.exists():
            located(Path(name), self.storage)
            known = (*run_names(self.storage), *seed_names(self.storage))
            raise unknown("run or seed", name, known)
        self.run, self.people, self.switches = None, people, {}
        say(f"people of {people}; to found a run with them: run {_scenario(people) or 'pd'} 3")

    # To play -----------------------------------------------------------------------------------

    def play(self, words: list[str]) -> None:
        """Play so many more rounds; found a run, or begin a fork, if need be."""
        scenario, rounds = _counted(words, self.options.said().get("rounds"))
        if self.run is not None and scenario is not None:
            self._require(scenario)
        with self._next(scenario, rounds) as run:
            until = run.society.round + rounds
            if until > run.planned:
                run.extend(until - max(run.planned, run.society.round))
            self.run, self.switches = run.journal.path, {}
            play_out(run, quiet=self.quiet, until=until)
            say(_told(summarise(run.journal)))

    def _require(self, scenario: str) -> None:
        path = self._opened()
        with Journal.open(path) as journal:
            played = journal.manifest.scenario
        if find_scenario(scenario).name != played:
            raise UsageError(
                f"{path.parent.name} is of {played}: to play it on, say: run {played} 3"
            )

    @contextmanager
    def _next(self, scenario: str | None, rounds: int) -> Iterator[Run]:
        """Hold the run that is to be played."""
        if self.run is None:
            with self._founded(scenario, rounds) as run:
                announce(run, quiet=self.quiet)
                yield run
        elif self.switches:
            with self._forked(None, self.switches, rounds) as run:
                yield run
        else:
            with reopened_from(self.run, *said(self.limits)) as run:
                yield run

    @contextmanager
    def _founded(self, scenario: str | None, rounds: int) -> Iterator[Run]:
        if scenario is None and self.people is not None:
            scenario = _scenario(self.people)
        people: dict[str, Any] = (
            {} if self.people is None else {"personas": self.people, "agents": None}
        )
        switches = settings(self.options.set_ or ()) | self.switches
        spec = self.options.chosen(
            scenario,
            self.limits,
            storage=self.storage,
            rounds=rounds,
            switches=switches or None,
            **people,
        )
        with begun_from(spec, self.storage, batch=said(self.limits)[1]) as run:
            yield run

    @contextmanager
    def _forked(
        self, at: int | None, switches: Mapping[str, str], rounds: int | None
    ) -> Iterator[Run]:
        path = self._opened()
        with Journal.open(path) as journal:
            round_ = journal.rounds if at is None else at
        wanted: dict[str, Any] = {"rounds": rounds, "folder": self.storage}
        with forked_from(path, round_, switches, *said(self.limits), **wanted) as forked:
            shares = f"shares rounds 1 to {round_} with" if round_ else "shares no rounds with"
            say(f"{forked.name} {shares} {path.parent.name}, which stays as it is")
            yield forked

    def undo(self, words: list[str]) -> None:
        """Go back some rounds, in a fork."""
        back = _whole(_one(words or ["1"], "undo 2"))
        with Journal.open(self._opened()) as journal:
            played = journal.rounds
        if not 1 <= back <= played:
            raise UsageError(f"{played} rounds were played: undo 1 to {played}, not {back}")
        with self._forked(played - back, {}, None) as forked:
            self.run = forked.journal.path
        say(_state(self.run))

    def set(self, words: list[str]) -> None:
        """Have a switch of the treatment changed before the next round."""
        pairs = [f"{words[0]}={words[1]}"] if len(words) == 2 and "=" not in words[0] else words
        new = settings(pairs)
        Treatment().switched(**new)
        self.switches |= new
        changed = ", ".join(f"{name}={value}" for name, value in self.switches.items())
        if not changed:
            say("nothing is to change")
        elif self.run is None:
            say(f"the next run is founded with {changed}")
        else:
            stays = f"{self.run.parent.name} stays as it is"
            say(f"from the next round on {changed}, in a fork: {stays}")

    # To look -----------------------------------------------------------------------------------

    def show(self, words: list[str]) -> None:
        """Show the society, or an agent by its name, quoted or not."""
        count = next((n for n, word in enumerate(words) if word.startswith("-")), len(words))
        who = ["--agent", " ".join(words[:count])] if count else []
        self._passed("show", [*who, *words[count:]])

    def _passed(self, name: str, words: Sequence[str]) -> None:
        """Run a command of the command line on the run that is open."""
        _run([name, str(self._opened()), *words])

    def ask(self, words: list[str]) -> None:
        """Ask an agent something, outside the experiment."""
        from repunet.runs.interview import ask

        if len(words) < 2:
            raise UsageError('say whom and what: ask "Liam OConnor" "Whom do you trust?"')
        path = self._opened()
        _, terms = spec_of(path, *said(self.limits))
        with Journal.open(path) as journal:
            agent = Snapshot(journal).find(words[0])
        answer = ask(path, agent, " ".join(words[1:]), terms)
        say(f"{answer.agent}, after round {answer.round}, outside the experiment: {answer.answer}")

    def diff(self, words: list[str]) -> None:
        """Compare the run with the one it was forked from, or another."""
        path = self._opened()
        with Journal.open(path) as journal:
            source = origin(journal)
        if not words and source is None:
            raise UsageError(f"{path.parent.name} is no fork: say with what to compare it")
        other = words[0] if words or source is None else source.name
        _run(["diff", str(locate(other, self.storage)), str(path), *words[1:]])

    def runs(self, words: list[str]) -> None:
        """List the runs there are."""
        list_runs(storage=self.storage)

    def seeds(self, words: list[str]) -> None:
        """List the seeds there are."""
        list_seeds(storage=self.storage)

    def help(self, words: list[str]) -> None:
        """Say what can be said."""
        rows = [(each.usage, each.help) for each in COMMANDS.values()]
        console.print(table("", ("say:", "to:"), rows))

    # To end ------------------------------------------------------------------------------------

    def save(self, words: list[str]) -> None:
        """Say where everything is: it was saved round by round."""
        if self.run is None:
            say("no run is open, so there is nothing to save")
        else:
            say(f"{_state(self.run)}; all of it is in {self.run}")

    def fin(self, words: list[str]) -> None:
        """Leave; everything stays."""
        self.save(words)
        self.over = True

    def exit(self, words: list[str]) -> None:
        """Leave; delete the run that is open if somebody says so."""
        if words and words != ["delete"]:
            raise UsageError("say exit, or exit delete")
        if self.run is not None:
            name = self.run.parent.name
            if words or self.confirm(f"delete the run {name}, with all its rounds? [y/N] "):
                _delete(self.run)
                say(f"{name} is deleted")
            else:
                say(f"{name} is kept; to go on: repunet resume {called(self.run)}")
        self.over = True

    # To be completed ---------------------------------------------------------------------------

    def completions(self, line: str) -> list[str]:
        """Return the lines that a line may be the beginning of."""
        head, space, rest = line.partition(" ")
        if not space:
            return [f"{name} " for name in COMMANDS if name.startswith(head)]
        words = self._words(ALIASES.get(head, head))
        wanted = rest.lstrip("\"'").casefold()
        return [f"{head} {_quoted(w)} " for w in words if w.casefold().startswith(wanted)]

    def _words(self, command: str) -> Iterable[str]:
        match command:
            case "open":
                return (*run_names(self.storage), *seed_names(self.storage))
            case "diff":
                return run_names(self.storage)
            case "run":
                return scenarios()
            case "set":
                return sorted(SWITCHES)
            case "show" | "ask":
                return self._agents()
            case _:
                return ()

    def _agents(self) -> list[str]:
        if self.run is None:
            return []
        with Journal.open(self.run) as journal:
            return [persona.name for persona in journal.manifest.personas]


def _passing(name: str) -> Callable[[Session, list[str]], None]:
    return lambda session, words: session._passed(name, words)


COMMANDS = {
    each.name: each
    for each in (
        Command("open NAME", "open a run, or a seed to found one with", Session.open),
        Command("run pd 3", "play so many more rounds", Session.play),
        Command("set gossip off", "change the treatment, from the next round on", Session.set),
        Command("undo [2]", "go back some rounds, in a fork", Session.undo),
        Command("show [AGENT]", "show the society, or one of its agents", Session.show),
        Command("why COORDINATE", "explain a decision: r1 A01 ChooseMove", _passing("why")),
        Command("ask AGENT WORDS", "ask outside the experiment; changes nothing", Session.ask),
        Command("diff [RUN]", "find where it and another run part", Session.diff),
        Command("cost", "show what models were asked, and what it cost", _passing("cost")),
        Command("runs", "list the runs there are", Session.runs),
        Command("seeds", "list the seeds there are", Session.seeds),
        Command("save", "say where the run is: each round is saved", Session.save),
        Command("fin", "leave; all is saved", Session.fin),
        Command("exit [delete]", "leave, and delete the open run if you say so", Session.exit),
        Command("help", "show this", Session.help),
    )
}


def _one(words: Sequence[str], usage: str) -> str:
    if len(words) != 1:
        raise UsageError(f"say it so: {usage}")
    return words[0]


def _counted(words: Sequence[str], usual: int | None) -> tuple[str | None, int]:
    """Return the dilemma, if one is said, and how many rounds: the usual, if that is not said."""
    if usual is not None and not (words and words[-1].lstrip("-").isdecimal()):
        words = [*words, str(usual)]
    *first, last = words or [""]
    if len(first) > 1 or not last:
        raise UsageError("say how many rounds, and of what: run pd 3")
    for scenario in first:
        find_scenario(scenario)
    rounds = _whole(last)
    if rounds < 1:
        raise UsageError(f"at least 1 round is played, not {rounds}")
    return (first[0] if first else None), rounds


def _whole(word: str) -> int:
    try:
        return int(word)
    except ValueError:
        raise UsageError(f"{word} is no whole number: run pd 3") from None


def _run_file(name: str, folder: Path | None) -> Path | None:
    with suppress(UsageError):
        path = locate(name, folder)
        return path if path.name == FILE else None
    return None


def _scenario(people: Path) -> str | None:
    with suppress(UsageError):
        return scenario_of(people)
    return None


def _state(path: Path) -> str:
    with Journal.open(path) as journal:
        found = summarise(journal)
    return (
        f"{found.name}: {found.scenario}, {found.treatment}, {found.agents} agents, after round "
        f"{found.rounds}; {disclaimer(found.mind).partition('. ')[0].rstrip('.')}"
    )


def _told(found: Summary) -> str:
    last = found.cooperation[-1] if found.cooperation else None
    missing = f", {found.missing} decisions missing in all" if found.missing else ""
    return f"{found.name} after round {found.rounds}: cooperation {rate(last)}{missing}"


def _run(words: list[str]) -> None:
    """Run a command of the command line; its code, which says what it found, is not an error."""
    app(words, exit_on_error=False, print_error=False, result_action="return_value")


def _quoted(word: str) -> str:
    return f'"{word}"' if " " in word else word


def _delete(path: Path) -> None:
    """Delete a run: its own files, and their folder if nothing else is in it."""
    if path.name != FILE:
        raise UsageError(f"{path} is not in a folder of its own: delete it yourself")
    with locked(path.parent):
        for name in OF_A_RUN:
            path.with_name(name).unlink(missing_ok=True)
    path.with_name(LOCK).unlink(missing_ok=True)
    with suppress(OSError):
        path.parent.rmdir()
