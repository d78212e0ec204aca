"""Python interface of RepuNet: runs are begun, resumed, forked, swept and compared by functions.

All of it works in a script, in a notebook and inside a running event loop; the functions that
begin with an `a` are for `await`. Bad use raises UsageError, which is a ValueError.
"""

import asyncio
import os
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from contextvars import copy_context
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypedDict, TypeVar, Unpack

from repunet.analysis.view import RunView, open_run
from repunet.errors import UsageError
from repunet.experiment.ending import require_done
from repunet.experiment.grid import grid_of, read_grid
from repunet.experiment.progress import Board
from repunet.experiment.stopping import Stopping
from repunet.experiment.sweep import play as play_sweep
from repunet.experiment.sweep import prepare
from repunet.minds.given import Given, giving, name_of
from repunet.minds.router import mind_names
from repunet.models.plugged import OBJECT
from repunet.models.request import Transport
from repunet.record.storage import locate, runs_in
from repunet.runs.beginning import begun_from, forked_from, reopened_from
from repunet.runs.log import logged
from repunet.runs.run import Run
from repunet.runs.spec import RunSpec, key_of, read_spec
from repunet.scenarios import Scenario
from repunet.scenarios import scenarios as installed
from repunet.system.extras import library
from repunet.world.treatment import TREATMENTS, Treatment

if TYPE_CHECKING:
    from repunet.analysis.comparison.result import ArmComparison

T = TypeVar("T")

GivenMind: TypeAlias = str | Given
"""Mind or model by its name, such as `embedded` or `openai:gpt-4o-mini`, or as an object."""
Storage: TypeAlias = str | Path | None


class RunSettings(TypedDict, total=False):
    """Settings of `run` and `arun`, as a spec says them; what is left out is as in the paper."""

    spec: RunSpec | str | Path
    """A spec, or the path of its TOML file; what is said besides wins."""
    treatment: str
    """`full`, `no-gossip`, `no-reputation` or `none`."""
    reputation: bool
    gossip: bool
    switches: Mapping[str, Any]
    """Finer switches of the treatment, such as `{"rewiring": False}`."""
    profile: str
    plan: str
    prompts: str
    seed: int
    rounds: int
    agents: int
    personas: str | Path
    """File of people, instead of a number of agents."""
    network: str | Path
    """File of ties from the start."""
    mind: GivenMind
    """Mind for everyone; default as the environment says, or embedded."""
    model: str | Transport
    """Language model for everyone, by its name or as an object, instead of a mind."""
    minds: Mapping[str, GivenMind]
    """Minds by agent, `role:ROLE` or `operation:OPERATION`."""
    limits: Mapping[str, Any]
    """Limits to calls of language models, such as `{"budget": 5, "concurrency": 8}`."""
    name: str
    storage: str | Path
    """Folder of runs; default $REPUNET_STORAGE or ./runs."""


def run(scenario: str | None = None, /, **settings: Unpack[RunSettings]) -> RunView:
    """Play a society and return a view of the run.

    Parameters
    ----------
    scenario
        The dilemma, such as `pd`; may be left out if a spec names it.
    settings
        See `RunSettings`: treatment, mind, agents, rounds, seed, name, ...

    Raises UsageError for what can't be, and Stopped where the run has to stop before its end.

    >>> repunet.run("pd", agents=4, rounds=2, seed=1).round  # doctest: +SKIP
    2
    """
    return _wait(*_begun(scenario, settings))


async def arun(scenario: str | None = None, /, **settings: Unpack[RunSettings]) -> RunView:
    """Play a society and return a view of the run; like `run`, for `await`."""
    return await _played(*_begun(scenario, settings))


def resume(
    run: str | Path,
    /,
    *,
    rounds: int | None = None,
    minds: Mapping[str, Given] | None = None,
    branch: bool = False,
    storage: Storage = None,
    limits: Mapping[str, Any] | None = None,
) -> RunView:
    """Go on with a run to its planned end, or so many rounds beyond; return a view of it.

    Minds that were given as objects are given again, by their names. Raises UsageError, as `run`.
    """
    return _wait(_reopened(run, rounds, branch, storage, limits), dict(minds or {}))


async def aresume(
    run: str | Path,
    /,
    *,
    rounds: int | None = None,
    minds: Mapping[str, Given] | None = None,
    branch: bool = False,
    storage: Storage = None,
    limits: Mapping[str, Any] | None = None,
) -> RunView:
    """Go on with a run; like `resume`, for `await`."""
    return await _played(_reopened(run, rounds, branch, storage, limits), dict(minds or {}))


def fork(
    run: str | Path,
    /,
    at: int,
    *,
    rounds: int | None = None,
    minds: Mapping[str, Given] | None = None,
    branch: bool = False,
    name: str | None = None,
    storage: Storage = None,
    limits: Mapping[str, Any] | None = None,
    **switches: Any,
) -> RunView:
    """Share the first rounds of a run, set switches, and go on; return a view of the fork.

    >>> repunet.fork("first", at=10, gossip=False)  # doctest: +SKIP
    """
    forked = _forked(run, at, switches, rounds, branch, name, storage, limits)
    return _wait(forked, dict(minds or {}))


def sweep(
    grid: str | Path | Mapping[str, Any],
    /,
    *,
    storage: Storage = None,
    jobs: int | None = None,
) -> list[RunView]:
    """Play all combinations that a grid lists, and return views of the runs in its order.

    The grid is a TOML file, or a mapping as such a file holds. What is done is not played again.
    Raises UsageError for what can't be, and Stopped where a run has to stop before its end.
    """
    listed = grid_of(grid) if isinstance(grid, Mapping) else read_grid(Path(grid))
    prepared = prepare(listed, _folder(storage), os.environ)
    board = Board(prepared.jobs, prepared.before)
    _in_a_loop(partial(play_sweep, prepared, board, Stopping(), at_once=jobs))
    require_done(board)
    return [open_run(job.path) for job in prepared.jobs]


def compare(
    *runs: str | Path | RunView,
    measures: Sequence[str] = (),
    window: int = 5,
    by: str | None = None,
    baseline: str | None = None,
    paired: bool | None = None,
    tone: str = "vader",
    storage: Storage = None,
) -> "ArmComparison":
    """Return how arms of runs compare, with intervals and tests; runs are names, paths or views.

    Folders of sweeps stand for all runs inside. Needs the extra `analysis`.
    """
    made = library("repunet.analysis.comparison")
    files: list[Path] = []
    for each in runs:
        there = each.path if isinstance(each, RunView) else each
        files += runs_in(str(there), _folder(storage))[1]
    question = made.ComparisonSettings(paired, by, baseline)
    found: ArmComparison = made.compare(
        files, measures, window=window, question=question, tone=tone
    )
    return found


def scenarios() -> dict[str, Scenario]:
    """Return every scenario that is installed, by name."""
    return dict(installed())


def minds() -> tuple[str, ...]:
    """Return the names of all minds there are; most take a variant or settings."""
    return mind_names()


def treatments() -> dict[str, Treatment]:
    """Return the treatments of the paper, by name."""
    return dict(TREATMENTS)


Opening: TypeAlias = Callable[[], AbstractContextManager[Run]]


def _begun(scenario: str | None, given: RunSettings) -> tuple[Opening, dict[str, Given]]:
    """Return how the run is begun, and the minds that are objects."""
    rest: dict[str, Any] = dict(given)
    base, storage = rest.pop("spec", None), rest.pop("storage", None)
    mind, model, minds = rest.pop("mind", None), rest.pop("model", None), rest.pop("minds", {})
    if not isinstance(minds, Mapping):
        raise UsageError("minds are a mapping, such as {'role:trustee': 'chance'}")
    spec = (
        base if isinstance(base, RunSpec) else RunSpec() if base is None else read_spec(Path(base))
    )
    spec = spec.updated({"scenario": scenario, **rest}, key_of)
    words = [] if mind is None else [_word(mind)]
    words += [f"{who}={_word(each)}" for who, each in minds.items()]
    models = [model] if isinstance(model, str) else []
    words += [] if model is None or models else [_word(model)]
    objects = _objects([mind, model, *minds.values()])

    @contextmanager
    def opened() -> Iterator[Run]:
        assigned = spec.assign_minds(words, models, os.environ)
        with begun_from(assigned, _folder(storage)) as begun:
            yield begun

    return opened, objects


def _base(given: RunSpec | str | Path | None) -> RunSpec:
    if isinstance(given, RunSpec):
        return given
    return RunSpec() if given is None else read_spec(Path(given))


def _reopened(
    run: str | Path, rounds: int | None, branch: bool, storage: Storage, limits: Any
) -> Opening:
    path = locate(str(run), _folder(storage))

    @contextmanager
    def opened() -> Iterator[Run]:
        with reopened_from(path, limits, branch=branch) as reopened:
            if rounds is not None:
                reopened.extend(rounds)
            yield reopened

    return opened


def _forked(
    run: str | Path,
    at: int,
    switches: Mapping[str, Any],
    rounds: int | None,
    branch: bool,
    name: str | None,
    storage: Storage,
    limits: Any,
) -> Opening:
    path = locate(str(run), _folder(storage))
    wanted: dict[str, Any] = {
        "rounds": rounds,
        "branch": branch,
        "name": name,
        "folder": _folder(storage),
    }
    words = RunSpec().updated({"switches": switches}, key_of).switches

    return partial(forked_from, path, at, words, limits, **wanted)


def _wait(opening: Opening, minds: Mapping[str, Given]) -> RunView:
    """Play a run from code that is not asynchronous, in a loop or not."""
    playing: list[Run] = []
    return _in_a_loop(partial(_played, opening, minds, playing), playing)


async def _played(
    opening: Opening, minds: Mapping[str, Given], playing: list[Run] | None = None
) -> RunView:
    with giving(minds), opening() as begun, logged(begun, begun.warnings) as watch:
        if playing is not None:
            playing.append(begun)
        await begun.play(watch)
        path = begun.journal.path
    return open_run(path)


def _in_a_loop(work: Callable[[], Coroutine[Any, Any, T]], playing: Sequence[Run] = ()) -> T:
    """Do it in a new event loop, beside the one that is running here, if one is.

    An interrupt lets a run come to an end that can be resumed.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work())
    with ThreadPoolExecutor(1) as beside:
        done = beside.submit(copy_context().run, lambda: asyncio.run(work()))
        try:
            return done.result()
        except KeyboardInterrupt:
            for run in playing:
                run.interrupt()
            raise


def _objects(minds: Iterable[GivenMind | None]) -> dict[str, Given]:
    """Return the minds that are objects, by the names that stand for them."""
    found: dict[str, Given] = {}
    for mind in minds:
        if mind is None or isinstance(mind, str):
            continue
        name = name_of(mind)
        if found.setdefault(name, mind) is not mind:
            raise UsageError(f"two minds are called {name!r}: each needs a name of its own")
    return found


def _word(mind: GivenMind) -> str:
    return mind if isinstance(mind, str) else f"{OBJECT}:{name_of(mind)}"


def _folder(storage: Storage) -> Path | None:
    return None if storage is None else Path(storage)
