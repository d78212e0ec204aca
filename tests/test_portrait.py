"""Portraits of a society: the table of everyone, made in one pass over what there is."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean

import pytest
from victim import played

from repunet.analysis.portrait import Gallery
from repunet.journal import Journal
from repunet.network import Network
from repunet.reputation import ReputationStore


@pytest.fixture
def gallery(tmp_path: Path) -> Iterator[Gallery]:
    with Journal.open(played(tmp_path)) as journal:
        yield Gallery(journal)


def test_the_table_of_everyone_agrees_with_the_portrait_of_each(gallery: Gallery) -> None:
    for line in gallery.residents():
        portrait = gallery.portrait(line.id)
        scores = [held.current.reputation.score for held in portrait.held_about]
        assert line.standing == (pytest.approx(fmean(scores)) if scores else None)
        assert line.observers == len(scores)
        assert (line.ties_to, line.tied_by) == (len(portrait.ties_to), len(portrait.tied_by))


def test_the_table_of_everyone_looks_once_at_each_tie_and_each_record(
    gallery: Gallery, monkeypatch: pytest.MonkeyPatch
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
    everyone = gallery.residents()
    assert looked == {"Network": 1, "ReputationStore": len(everyone)}


@pytest.mark.parametrize("who", ["A01", "a01", "ahmed hassan", "AHMED  HASSAN", " Ahmed Hassan"])
def test_an_agent_is_found_whatever_the_case_of_its_name(gallery: Gallery, who: str) -> None:
    assert gallery.find(who) == "A01"
