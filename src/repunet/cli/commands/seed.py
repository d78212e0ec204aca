"""Commands of `seed`: people that runs are founded with."""

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from repunet.cli.options import Json, Storage, Whole
from repunet.cli.printing.console import console, print_json, say
from repunet.cli.printing.formats import spelled
from repunet.cli.printing.tables import fitted
from repunet.compat.seeds import (
    SEEDS,
    Learned,
    Seed,
    learned,
    read_seed,
    seed_names,
    suited,
    write_seed,
)
from repunet.errors import RepuNetError, UsageError
from repunet.record.storage import home, option
from repunet.runs.spec import AGENTS
from repunet.scenarios import scenario as find_scenario
from repunet.world.persona_files import read_personas
from repunet.world.population import population

Force = Annotated[bool, Parameter(negative="", help="Replace what is there.")]


seed = App(name="seed", help="Make and show seeds: people that runs are founded with.")


@seed.command
def new(
    first: str | None = None,
    /,
    *,
    scenario: Annotated[
        str | None,
        Parameter(
            name=["--scenario", "--treatment"], help="Name of the dilemma, if it is not said first."
        ),
    ] = None,
    name: Annotated[
        str | None,
        Parameter(name=["--name", "--sim-name"], help="Name of the seed; default such as pd_seed."),
    ] = None,
    persona_file: Annotated[
        Path | None,
        Parameter(help="File of people of your own, or a profiles file of the reference's."),
    ] = None,
    from_seed: Annotated[
        str | None,
        Parameter(help="Seed to copy, the reference's too, or a run as it is, or was: first@12."),
    ] = None,
    agents: Annotated[
        Whole | None, Parameter(help=f"Number of our own people; default {AGENTS}.")
    ] = None,
    force: Force = False,
    storage: Storage = None,
    json: Json = False,
) -> None:
    """Write down people, for runs to be founded with.

    Parameters
    ----------
    first
        Name of the dilemma, such as pd; may be left out where it follows from what is given.
    """
    said = _one_scenario(first, scenario)
    if sum(given is not None for given in (persona_file, from_seed, agents)) > 1:
        raise UsageError("say one of --persona-file, --from-seed and --agents")
    given = _people(said, persona_file, from_seed, agents, storage)
    called = name or f"{given.scenario}_seed"
    made_from = None if given.source == BUILT_IN else given.file
    write_seed(
        called,
        given.scenario,
        given.source,
        given.people,
        storage,
        made_from=made_from,
        force=force,
    )
    made = read_seed(called, storage)
    if json:
        print_json(made)
        return
    say(f"seed {made.name}: {len(made.people)} people for {made.scenario}, from {made.source}")
    say(f"file: {made.path}", unbroken=True)
    use = f"repunet run {made.scenario} --personas {made.name}{option(storage)}"
    say(f"to found a run with them: {use}", unbroken=True)


BUILT_IN = "the built-in people"


def _one_scenario(first: str | None, second: str | None) -> str | None:
    """Return the dilemma that is said, by its own name; raises UsageError for two of them."""
    named = {find_scenario(word).name for word in (first, second) if word is not None}
    if len(named) > 1:
        raise UsageError(f"say one dilemma: {first}, or --scenario {second}")
    return named.pop() if named else None


def _people(
    scenario: str | None,
    file: Path | None,
    from_seed: str | None,
    agents: int | None,
    storage: Path | None,
) -> Learned:
    if from_seed is not None:
        return learned(from_seed, scenario, storage)
    if scenario is None:
        raise UsageError("say for which dilemma: repunet seed new pd")
    if file is not None:
        return Learned(scenario, str(file), suited(read_personas(file, scenario), scenario), file)
    people = population(AGENTS if agents is None else agents, scenario)
    return Learned(scenario, BUILT_IN, people, Path())


@seed.command(name="list")
def list_(*, storage: Storage = None, json: Json = False) -> None:
    """List the seeds there are."""
    found = [_seed(name, storage) for name in seed_names(storage)]
    good = [each for each in found if isinstance(each, Seed)]
    if json:
        print_json(tuple(good))
        return
    if not found:
        make = f"repunet seed new pd{option(storage)}"
        say(f"no seeds in {home(storage) / SEEDS}; to make one: {make}")
        return
    columns = {
        "seed:": [each.name for each in good],
        "scenario:": [each.scenario or "" for each in good],
        "people": [str(len(each.people)) for each in good],
        "from:": [each.source or "" for each in good],
    }
    console.print(fitted(f"Seeds in {home(storage) / SEEDS}", columns, ("from:",)))
    for complaint in found:
        if isinstance(complaint, str):
            say(complaint)


def _seed(name: str, storage: Path | None) -> Seed | str:
    try:
        return read_seed(name, storage)
    except RepuNetError as error:
        return str(error)


@seed.command
def show(name: str, /, *, storage: Storage = None, json: Json = False) -> None:
    """Show the people of a seed.

    Parameters
    ----------
    name
        Name of a seed, or the path of its file.
    """
    found = read_seed(name, storage)
    if json:
        print_json(found)
        return
    say(f"{found.name}: {len(found.people)} people for {found.scenario or 'any dilemma'}")
    for person in found.people:
        console.print(f"{person.name} ({person.id}, {spelled(person.disposition)})", style="bold")
        for key, text in person.descriptions.items():
            say(f"{key}: {text}")
