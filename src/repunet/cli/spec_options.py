"""Options that say what a run is made from, and its limits."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from inspect import get_annotations
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, TypeVar, get_args

from cyclopts import Parameter
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from repunet.cli.options import Whole
from repunet.compat.seeds import people_at, there
from repunet.errors import UsageError
from repunet.record.storage import FILE, called, home
from repunet.runs.spec import Limits, RunSpec, read_spec
from repunet.scenarios import scenario

T = TypeVar("T")

READ_AS: Mapping[Any, Any] = {int: Whole, bool: str}
"""How a setting is read, where not as what it is: y and n are words."""
PLAYED = ("deadline", "timeout", "threads")
"""Limits that a forecast has no use for."""
ELSEWHERE = ("switches", "minds", "limits", "name")
"""Settings whose options are declared where they are read."""


def declared_by(
    model: type[BaseModel], names: Iterable[str], **spelled: list[str]
) -> Callable[[type[T]], type[T]]:
    """Return a decorator that gives a class an option for each of these fields of a model.

    Types, help and defaults are those of the model; an option that is not said is None. Some are
    spelled in several ways.
    """
    chosen = tuple(names)

    def declared(kind: type[T]) -> type[T]:
        options = {
            name: Annotated[
                READ_AS.get(_bare(field.annotation), _bare(field.annotation)) | None,
                Parameter(name=spelled.get(name), help=help_of(field)),
            ]
            for name, field in model.model_fields.items()
            if name in chosen
        }
        kind.__annotations__ = options | get_annotations(kind)
        for name in options:
            setattr(kind, name, None)
        return Parameter(name="*")(dataclass(frozen=True, slots=True)(kind))

    return declared


def _bare(hint: Any) -> Any:
    """Return a type without bounds and without None."""
    inner = [each for each in get_args(hint) if each is not NoneType]
    return _bare(inner[0]) if inner else hint


def help_of(field: FieldInfo) -> str:
    """Return what the help says of a field of a model, with its default if it has one."""
    said = str(field.description)
    usual = f"{field.default:g}" if isinstance(field.default, float) else field.default
    return said if usual is None else f"{said.removesuffix('.')}; default {usual}."


class Declared:
    """Options that a model declares."""

    def said(self) -> dict[str, Any]:
        """Return those that were said, by name."""
        return {name: value for name, value in self._all() if value is not None}

    def _all(self) -> Iterator[tuple[str, Any]]:
        for each in fields(self):  # type: ignore[arg-type]
            yield each.name, getattr(self, each.name)


@declared_by(Limits, Limits.model_fields.keys() - {*PLAYED})
class PlanLimits(Declared):
    """Limits that a forecast reckons with."""

    def given(self) -> dict[str, Any]:
        """Return those that were said, by name."""
        limits = {name: value for name, value in self.said().items() if name != "batch"}
        return placed(limits, "prices")


@declared_by(Limits, PLAYED)
class PlayLimits(PlanLimits):
    """Limits of a run that asks servers."""


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class LimitOptions(PlayLimits):
    """Command-line limits to calls of language models and their cost; None is not said."""

    batch: Annotated[
        Path | None,
        Parameter(help="Folder to write requests into and read answers from; nothing is sent."),
    ] = None


def said(limits: LimitOptions | None) -> tuple[dict[str, Any], Path | None]:
    """Return the limits that were said, by name, and the folder of a batch, None without one."""
    return ({}, None) if limits is None else (limits.given(), limits.batch)


def placed(values: dict[str, Any], name: str) -> dict[str, Any]:
    """Return values in which a path, if it is there, is absolute."""
    return values | ({name: values[name].absolute()} if name in values else {})


MINDS = (
    "Mind for everyone, or for an agent, a role or an operation: 'Liam OConnor=grudger', "
    "role:trustee=chance, operation:TellGossip=embedded."
)


@declared_by(
    RunSpec,
    RunSpec.model_fields.keys() - {*ELSEWHERE},
    scenario=["--scenario", "--mode"],
    rounds=["--rounds", "--steps"],
    personas=["--personas", "--sim"],
)
class SpecOptions(Declared):
    """Command-line options of a run; None is not said."""

    spec: Annotated[
        Path | None, Parameter(help="File that says all this; what is said here wins.")
    ] = None
    set_: Annotated[
        list[str] | None,
        Parameter(name="--set", negative="", help="Switch of the treatment: rewiring=off."),
    ] = None
    mind: Annotated[list[str] | None, Parameter(negative="", help=MINDS)] = None
    model: Annotated[
        list[str] | None,
        Parameter(negative="", help="Language model, for whom or what --mind can be for."),
    ] = None

    def chosen(
        self,
        scenario: str | None,
        limits: PlanLimits | None,
        name: str | None = None,
        storage: Path | None = None,
        **instead: Any,
    ) -> RunSpec:
        """Return the spec of the file, if there is one, with what is said besides; and its minds.

        Settings may be given instead of what is said. Raises UsageError for what can't be.
        """
        said = {key: value for key, value in self.said().items() if key in RunSpec.model_fields}
        said |= {"scenario": self._scenario(scenario), "name": name}
        said |= {"switches": settings(self.set_ or ()) or None, **instead}
        if said.get("personas") is not None:
            said["personas"] = located(said["personas"], storage)
        base = RunSpec() if self.spec is None else read_spec(self.spec)
        limited = limits.given() if limits else None
        merged = base.merged(**placed(said, "network"), limits=limited)
        return merged.assign_minds(self.mind or (), self.model or (), os.environ)

    def _scenario(self, first: str | None) -> str | None:
        """Return the dilemma, wherever it is said; raises UsageError for two of them."""
        option = self.said().get("scenario")
        if first is None or option is None or scenario(first) == scenario(option):
            return option if first is None else first
        raise UsageError(f"say one dilemma: {first}, or --scenario {option}")


def located(given: Path, storage: Path | None) -> Path:
    """Return where people are; raises UsageError, with what to do, for a step that is not there."""
    path, (name, step) = people_at(given, storage), there(str(given))
    if path.exists() or step is None:
        return path.absolute()
    if (home(storage) / name / FILE).is_file():
        run = called(home(storage) / name / FILE)
        raise UsageError(
            f"{name} is a run here: to go on from its round {step}: repunet fork {run} --at {step} "
            "--rounds N"
        )
    raise UsageError(
        f"there is no step {given}: make people with repunet seed new SCENARIO --name {name}, or "
        "leave --sim out: there are people"
    )


def settings(switches: Iterable[str]) -> dict[str, str]:
    """Return switches by name from texts like `rewiring=off`; raises UsageError for others."""
    found: dict[str, str] = {}
    for switch, value in map(_switch, switches):
        if switch in found:
            raise UsageError(f"--set {switch} is there twice: keep one of them")
        found[switch] = value
    return found


def _switch(text: str) -> tuple[str, str]:
    switch, equals, value = text.partition("=")
    if not equals:
        raise UsageError(f"--set takes switch=value, such as rewiring=off, not {text!r}")
    return switch.strip().replace("-", "_"), value
