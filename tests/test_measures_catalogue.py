"""The catalogue of measures."""

import warnings
from itertools import chain
from pathlib import Path

import pytest
from measured import DILEMMAS, fickle, fickle_frames, made, relabelled

from repunet.analysis.measures.catalogue import MEASURES, MODULES, measured
from repunet.analysis.measures.cooperation import cooperation
from repunet.analysis.measures.measure import Rate, RoundSpan
from repunet.analysis.tables.files import write
from repunet.analysis.tables.frames import open_frames, read_frames
from repunet.analysis.tables.history import History
from repunet.errors import UsageError
from repunet.record.journal import Journal
from repunet.runs.run import fork


def test_every_measure_has_a_name_of_its_own() -> None:
    assert len(MEASURES) == sum(len(each.MEASURES) for each in MODULES)
    assert len({measure.title for measure in MEASURES.values()}) == len(MEASURES)


def test_every_measure_says_what_it_is() -> None:
    for measure in MEASURES.values():
        of = getattr(measure.of, "func", measure.of)
        assert (of.__doc__ or "").startswith("Return "), measure.name


@pytest.mark.parametrize(
    ("dilemma", "last"), [("pd", 3), ("participation", 3), ("investment", 3), ("donor", 0)]
)
def test_a_run_in_which_nothing_happened_has_no_rates(dilemma: str, last: int) -> None:
    run = made(dilemma, last, agents="AB")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = chain(
            measured(run, RoundSpan.all(run)).items(), measured(run, RoundSpan.end(run)).items()
        )
    known = {name for name, rate in found if rate.value or rate.missing or (not last and rate.n)}
    assert known <= ({"components", "isolates", "communities"} if last else set())


def test_a_run_of_which_no_round_is_committed_has_no_rates() -> None:
    frames = fickle_frames("pd", 0)
    assert frames.last == 0
    assert set(measured(frames, RoundSpan.all(frames)).values()) == {Rate(None, 0, 0)}


@pytest.mark.slow
@pytest.mark.parametrize("dilemma", ["pd", "investment"])
def test_names_of_agents_make_no_difference(dilemma: str) -> None:
    frames = fickle_frames(dilemma)
    agents = frames.agents
    other = relabelled(frames, dict(zip(agents, reversed(agents), strict=True)))
    for name, rate in measured(frames, RoundSpan.end(frames)).items():
        same = MEASURES[name].of(other, RoundSpan.end(frames))
        assert same == (pytest.approx(rate.value), rate.n, rate.missing), name


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_an_export_has_the_same_measures_as_its_run(form: str, tmp_path: Path) -> None:
    frames = fickle_frames("investment")
    with Journal.open(fickle("investment")) as journal:
        write(History(journal), tmp_path / form, form)
    read = read_frames(tmp_path / form)
    assert measured(read, RoundSpan.end(read)) == measured(frames, RoundSpan.end(frames))


@pytest.mark.slow
def test_a_fork_has_the_measures_of_its_run_up_to_there(tmp_path: Path) -> None:
    with fork(fickle("pd"), 5, name="b", folder=tmp_path, rounds=7) as run:
        path = run.journal.path
    forked, whole = open_frames(path), fickle_frames("pd")
    assert forked.last == 5
    assert measured(forked, RoundSpan(1, 5)) == measured(
        open_frames(fickle("pd"), 5), RoundSpan(1, 5)
    )
    assert cooperation(forked, RoundSpan(1, 5)) == cooperation(whole, RoundSpan(1, 5))


def test_measures_of_other_dilemmas_are_left_out() -> None:
    run = made("donor")
    assert measured(run, RoundSpan.all(run), ["honesty", "cooperation"]) == {
        "cooperation": Rate(None, 0, 0)
    }
    fitting = {d: {n for n, m in MEASURES.items() if m.fits(d)} for d in DILEMMAS}
    assert fitting["donor"] < fitting["pd"]
    assert "efficiency" in fitting["donor"] - fitting["participation"]


def test_a_name_that_is_not_known_is_met_with_one_that_is() -> None:
    with pytest.raises(UsageError, match="gini"):
        measured(made(), RoundSpan(1, 3), ["ginni"])
