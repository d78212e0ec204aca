"""What the reference's people think of each other and of themselves, with what they thought."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from repunet.compat.reference.dialect import cause_of
from repunet.compat.reference.encounters import Lived
from repunet.compat.reference.reading import (
    Report,
    UnusableRecord,
    mapping,
    shown,
    step_of,
    text_of,
)
from repunet.compat.reference.steps import KnownNames, Memory, Somebody
from repunet.world.event import ReputationShaped
from repunet.world.gossip import Gossip
from repunet.world.persona import AgentId, Participant
from repunet.world.reputation import Appraisal, Cause

KEY = re.compile(r"([A-Za-z]{1,40})[_ ](\d{1,9})")
ARCHIVED = re.compile(r"(.{1,60})_pre_(\d{1,9})", re.DOTALL)
WEIGHT = re.compile(r"\d{1,20}(?:\.\d{0,30})?(?:[eE]-?\d{1,3})?|\.\d{1,30}")


@dataclass(frozen=True, slots=True)
class Was:
    """A version that was replaced: when, and why."""

    step: int
    cause: Cause
    appraisal: Appraisal | None
    """None where it can't be used."""


@dataclass(frozen=True, slots=True)
class RecordEvidence:
    """Encounters and gossip that a record can have been formed from, by step."""

    by_step: Mapping[int, Mapping[Cause, tuple[str, ...]]]

    def first(self, until: int) -> tuple[int, Cause]:
        """Return when there was something to form a record from, and what; the step if nothing."""
        for step in sorted(self.by_step):
            if step <= until:
                return step, next(iter(self.by_step[step]))
        return until, "observation"

    def behind(self, step: int, cause: Cause) -> tuple[str, ...]:
        """Return the ids of what a record of a step was formed from."""
        return self.by_step.get(step, {}).get(cause, ())


class Opinions:
    """The records of one person."""

    def __init__(
        self,
        who: Somebody,
        memory: Memory,
        company: KnownNames,
        last: int,
        report: Report,
    ) -> None:
        self._who = who
        self._company = company
        self._last = last
        self._report = report
        self._memory = memory

    def shaped(
        self, found: Lived, heard: Mapping[int, list[Gossip]]
    ) -> Iterator[tuple[int, ReputationShaped]]:
        """Yield every version of every record with the step from which on it stood."""
        archive = self._archive()
        taken: set[Participant] = set()
        for key, value in self._memory.records.items():
            before = archive.pop(key, [])
            try:
                target, appraisal = self._record(key, value)
                if target in taken:
                    raise UnusableRecord("there is a record about them in this role already")
            except UnusableRecord as error:
                lost = f"; {len(before)} earlier ones with it" if before else ""
                self._report(f"{self._who.name}, record {shown(key)}", f"{error}{lost}")
                continue
            taken.add(target)
            evidence = self._evidence(target, found, heard)
            yield from self._history(target, appraisal, before, evidence)
        for key, left in archive.items():
            for was in left:
                where = f"{self._who.name}, archived record {shown(f'{key}_pre_{was.step}')}"
                self._report(where, "no record has replaced it")

    def _archive(self) -> dict[str, list[Was]]:
        found: dict[str, list[Was]] = {}
        for key, value in self._memory.archive.items():
            try:
                name, was = self._was(key, value)
                found.setdefault(name, []).append(was)
            except UnusableRecord as error:
                self._report(f"{self._who.name}, archived record {shown(key)}", error)
        return {key: sorted(each, key=lambda was: was.step) for key, each in found.items()}

    def _was(self, key: str, value: object) -> tuple[str, Was]:
        named = ARCHIVED.fullmatch(key)
        if not named:
            raise UnusableRecord("its key does not say when it was replaced")
        step = step_of(int(named[2]), self._last)
        reason = text_of(mapping(value, "record").get("reason"), "reason")
        cause = cause_of(reason)
        if cause is None:
            raise UnusableRecord(f"{shown(reason)} is no reason to replace a record")
        try:
            return named[1], Was(step, cause, self._record(named[1], value)[1])
        except UnusableRecord as error:
            self._report(f"{self._who.name}, archived record {shown(key)}", error)
            return named[1], Was(step, cause, None)

    def _record(self, key: str, value: object) -> tuple[Participant, Appraisal]:
        named = KEY.fullmatch(key.strip())
        role = self._company.dialect.role(named[1]) if named else None
        if not named or role is None:
            raise UnusableRecord("its key names no role and number of a person")
        entry = mapping(value, "record")
        about = self._company.numbered(entry.get("name"), entry.get("ID"))
        said = entry.get("role")
        other = self._company.dialect.role(said) if isinstance(said, str) else None
        if int(named[2]) != about.number or (other and other != role):
            raise UnusableRecord(f"its key is not that of {about.name} as {shown(said)}")
        text = text_of(entry.get("content"), "content")
        return Participant(about.agent, role), _appraisal(text, entry.get("numerical record"))

    def _history(
        self, target: Participant, now: Appraisal, before: list[Was], evidence: RecordEvidence
    ) -> Iterator[tuple[int, ReputationShaped]]:
        """Yield the versions: each stood from the step in which it replaced the one before it."""
        until = before[0].step if before else self._last
        since, cause = evidence.first(until)
        versions = [*(was.appraisal for was in before), now]
        starts = [(since, cause), *((was.step, was.cause) for was in before)]
        for appraisal, (step, why) in zip(versions, starts, strict=True):
            if appraisal is None:
                continue
            yield (
                step,
                ReputationShaped(
                    observer=self._who.agent,
                    reputation=appraisal.of(target, self._company.dialect.scenario),
                    cause=why,
                    because=evidence.behind(step, why),
                    decision="",
                ),
            )

    def _evidence(
        self, target: Participant, found: Lived, heard: Mapping[int, list[Gossip]]
    ) -> RecordEvidence:
        by_step: dict[int, dict[Cause, tuple[str, ...]]] = {}
        for step, met in found.of(self._who.agent, self._last):
            if met.outcome == "consummated" and target in met.participants:
                known = by_step.setdefault(step, {})
                known["encounter"] = (*known.get("encounter", ()), met.id)
        for step, pieces in heard.items():
            about = [each.id for each in pieces if _tells(each, self._who.agent, target)]
            if about:
                by_step.setdefault(step, {})["gossip"] = tuple(about)
        return RecordEvidence(by_step)


def _tells(gossip: Gossip, listener: AgentId, about: Participant) -> bool:
    return gossip.listener == listener and gossip.about == about


def _appraisal(text: str, value: object) -> Appraisal:
    """Return a verdict; raises Malformed unless there are five weights, none negative, one not 0.

    Brackets of any kind around them are the reference's own.
    """
    if isinstance(value, str) and len(value) <= 400:
        items: list[object] = list(re.sub(r"[()<>\[\]{}\s]", "", value).split(","))
    else:
        items = value if isinstance(value, list) else []
    weights = [_weight(item) for item in items]
    if len(weights) != 5 or None in weights:
        raise UnusableRecord(f"{shown(value)} is not five weights")
    a, b, c, d, e = (weight or 0.0 for weight in weights)
    try:
        return Appraisal(text, (a, b, c, d, e))
    except (ValueError, OverflowError):
        raise UnusableRecord(f"{shown(value)} is not five weights, one of them above 0") from None


def _weight(item: object) -> float | None:
    if isinstance(item, bool) or not isinstance(item, str | int | float):
        return None
    written = str(item)
    return float(written) if WEIGHT.fullmatch(written) else None
