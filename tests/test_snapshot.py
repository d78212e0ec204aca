"""Portraits of a society: the table of everyone, made in one pass over what there is."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean

import pytest
from victim import played

from repunet.analysis.snapshot import Snapshot
from repunet.record.journal import Journal
from repunet.world.network import Network
from repunet.world.reputation import ReputationStore


@pytest.fixture
def snapshot(tmp_path: Path) -> Iterator[Snapshot]:
    with Journal.open(played(tmp_path)) as journal:
        yield Snapshot(journal)


def test_the_table_of_everyone_agrees_with_the_portrait_of_each(snapshot: Snapshot) -> None:
    for line in snapshot.rows():
        one = snapshot.of(line.id)
        scores = [held.current.reputation.score for held in one.held_about]
        assert line.standing == (pytest.approx(fmean(scores)) if scores else None)
        assert line.observers == len(scores)
        assert (line.ties_to, line.tied_by) == (len(one.ties_to), len(one.tied_by))


def test_the_table_of_everyone_looks_once_at_each_tie_and_each_record(
    snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: Counter[str] = Counter()

    def counted(kind: type, name: str) -> None:
        method = getattr(kind, name)

        def counting(*args: object) -> object:
            looked[kind.__name__] += 1
            return method(*args)

        monkeypatch.setattr(kind, name, counting)

    counted(Network, "__iter__")
    for name in ("__iter__", "of", "history"):
        counted(ReputationStore, name)
    everyone = snapshot.rows()
    assert looked == {"Network": 1, "ReputationStore": len(everyone)}


@pytest.mark.parametrize("who", ["A01", "a01", "ahmed hassan", "AHMED  HASSAN", " Ahmed Hassan"])
def test_an_agent_is_found_whatever_the_case_of_its_name(snapshot: Snapshot, who: str) -> None:
    assert snapshot.find(who) == "A01"
