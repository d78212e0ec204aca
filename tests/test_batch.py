"""Societies that are answered through files: by a service, by another tool, or by hand."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from language_societies import (
    MODEL,
    NAME,
    attempts,
    company,
    decisions,
    digest,
    missing,
    played,
    received,
    resumed,
    rounds,
    served,
)
from patience import PATIENCE

from repunet.cli import execute
from repunet.errors import Stopped, UsageError
from repunet.fake_llm.asked import read
from repunet.fake_llm.wire import completion, said
from repunet.models.allowance import Allowance
from repunet.models.batch import URL, Batch, identity
from repunet.models.prices import Price
from repunet.models.request import Message, Request, Sampling
from repunet.record.journal import Journal
from repunet.runs.run import Terms

Answered = Callable[[dict[str, Any]], dict[str, Any]]
WAITS = 17
"""How many waits a round has at most, whatever the number of agents."""
HERE = Path(__file__).parent


def completed(body: dict[str, Any]) -> dict[str, Any]:
    """Return what the fake server says to the body of a request."""
    asked = read(body, None)
    return completion(asked, said(asked, asked.in_format, (), None), usage=True)


def spoken(body: dict[str, Any]) -> str:
    content: str = completed(body)["choices"][0]["message"]["content"]
    return content


def by_service(body: dict[str, Any]) -> dict[str, Any]:
    return {"response": {"status_code": 200, "body": completed(body)}, "error": None}


def by_hand(body: dict[str, Any]) -> dict[str, Any]:
    return {"answer": json.loads(spoken(body))}


def by_text(body: dict[str, Any]) -> dict[str, Any]:
    return {"text": spoken(body)}


def requests(box: Path) -> list[dict[str, Any]]:
    lines = (box / "requests.jsonl").read_text(encoding="utf-8").split("\n")
    return [json.loads(line) for line in lines if line]


def reply(box: Path, lines: list[dict[str, Any]], name: str = "answers.jsonl") -> None:
    with (box / name).open("a", encoding="utf-8") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)


def answer(box: Path, how: Answered = by_service, *, some: slice = slice(None)) -> None:
    """Answer the requests that wait, or some of them."""
    put = requests(box)[some]
    reply(box, [{"custom_id": each["custom_id"], **how(each["body"])} for each in put])


def go(folder: Path, box: Path, **options: Any) -> Stopped | None:
    """Begin a run or go on with it; return what stopped it, None if it came to its end."""
    limits = Terms(**{"batch": box, **options.pop("terms", {})})
    path = folder / NAME / "run.sqlite"
    try:
        if path.exists():
            resumed(path, terms=limits)
        else:
            played(folder, options.pop("manifest", None), terms=limits, **options)
    except Stopped as stopped:
        return stopped
    return None


def answered(folder: Path, box: Path, how: Answered = by_service, **options: Any) -> Path:
    """Let a run be answered through files to its end; return its file."""
    for _ in range(3 * WAITS):
        if go(folder, box, **options) is None:
            return folder / NAME / "run.sqlite"
        answer(box, how)
    raise AssertionError("it does not come to an end")


@pytest.fixture
def box(tmp_path: Path) -> Path:
    return tmp_path / "box"


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of the usual society that asked a server."""
    with served():
        return played(tmp_path_factory.mktemp("live"))


# What is put into the file ---------------------------------------------------------------------


def test_requests_have_the_format_of_a_batch_service(tmp_path: Path, box: Path) -> None:
    go(tmp_path, box)
    put = requests(box)
    assert len({each["custom_id"] for each in put}) == len(put) == 4
    for each in put:
        assert set(each) == {"custom_id", "method", "url", "body"}
        assert (each["method"], each["url"], each["body"]["model"]) == ("POST", URL, "fake")
        assert [message["role"] for message in each["body"]["messages"]] == ["system", "user"]
        held = each["body"]["response_format"]["json_schema"]
        assert (held["strict"], held["schema"]["additionalProperties"]) == (True, False)


def test_who_is_asked_through_files_needs_no_key_and_no_network(tmp_path: Path, box: Path) -> None:
    stopped = go(tmp_path, box, manifest=company("openai:gpt-4o-mini"))
    assert str(stopped).startswith(f"4 requests are in {box}/requests.jsonl; ")
    assert "repunet resume" in str(stopped)
    assert (box / "README.txt").exists()


def test_an_id_stands_for_the_words_of_a_request_too() -> None:
    one, other = (
        Request("vllm", "fake", (Message("user", words),), {}, Sampling()) for words in ("a", "b")
    )
    assert identity(one, "r1/meet/A01") != identity(other, "r1/meet/A01")
    assert identity(one, "r1/meet/A01", "a").startswith("a/r1/meet/A01#")


def test_runs_that_share_a_folder_take_only_their_own_answers(tmp_path: Path, box: Path) -> None:
    for name in ("one", "two"):
        go(tmp_path / name, box, name=name, manifest=company())
    ids = [each["custom_id"] for each in requests(box)]
    assert {name.partition("/")[0] for name in ids} == {"one", "two"}
    first = slice(0, len(ids) // 2)
    answer(box, some=first)
    with pytest.raises(Stopped):
        resumed(tmp_path / "two" / "two" / "run.sqlite", terms=Terms(batch=box))
    assert attempts(tmp_path / "two" / "two" / "run.sqlite") == []
    with pytest.raises(Stopped):
        resumed(tmp_path / "one" / "one" / "run.sqlite", terms=Terms(batch=box))
    assert received(tmp_path / "one" / "one" / "run.sqlite")


def test_nothing_waits_for_an_answer_after_the_end(tmp_path: Path, box: Path) -> None:
    answered(tmp_path, box)
    assert requests(box) == []


def test_ids_without_a_run_are_read_where_they_can_be_of_no_other(
    tmp_path: Path, box: Path, live: Path
) -> None:
    for _ in range(3 * WAITS):
        if go(tmp_path, box) is None:
            break
        unnamed = [
            {"custom_id": each["custom_id"].partition("/")[2], **by_service(each["body"])}
            for each in requests(box)
        ]
        reply(box, unnamed)
    assert digest(tmp_path / NAME / "run.sqlite") == digest(live)


@pytest.mark.slow
def test_a_sweep_puts_the_questions_of_all_its_runs_into_one_file(
    tmp_path: Path, box: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    grid = tmp_path / "g.toml"
    grid.write_text(
        'models = ["vllm:fake"]\nseeds = [1, 2]\nagents = 4\nrounds = 1\nscenario = "pd"\n'
    )
    words = ["sweep", str(grid), "--batch", str(box), "--storage", str(tmp_path), "--quiet"]
    runs = set()
    for _ in range(3 * WAITS):
        if (code := execute(words)) == 0:
            break
        assert code == 3
        runs |= {each["custom_id"].partition("/")[0] for each in requests(box)}
        answer(box)
    assert len(runs) == 2
    assert "requests are in" in capsys.readouterr().err
    assert requests(box) == []


@pytest.mark.slow
def test_a_reproduction_by_files_goes_on_until_its_table_is_there(
    tmp_path: Path, box: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    size = ["--scenario", "pd", "--seeds", "1", "--agents", "4", "--rounds", "1"]
    where = ["--batch", str(box), "--storage", str(tmp_path), "--quiet"]
    words = ["reproduce", "table1", "--model", "vllm:fake", *size, *where]
    for _ in range(3 * WAITS):
        if (code := execute(words)) == 0:
            break
        assert code == 3
        answer(box)
    found = capsys.readouterr()
    assert "requests are in" in found.err
    assert "run files:" in found.out
    assert requests(box) == []


# How it is answered ----------------------------------------------------------------------------


@pytest.mark.parametrize("how", [by_service, by_hand, by_text])
def test_a_run_by_files_is_the_run_that_asks_a_server(
    how: Answered, live: Path, tmp_path: Path, box: Path
) -> None:
    path = answered(tmp_path, box, how)
    assert digest(path) == digest(live)
    assert [len(asked(path)), set(asked(path).values())] == [len(asked(live)), {1}]


def asked(path: Path) -> dict[str, int]:
    """Return how often each decision was asked for."""
    names = [attempt.coordinate for attempt in attempts(path)]
    return {name: names.count(name) for name in names}


def test_there_is_one_file_for_every_wait_and_no_request_is_put_twice(
    live: Path, tmp_path: Path, box: Path
) -> None:
    put: list[str] = []
    while go(tmp_path, box) is not None:
        files = [each["custom_id"] for each in requests(box)]
        assert not set(files) & set(put)
        put += files
        answer(box)
        assert len(put) <= len(attempts(live))
    assert len(put) == len(attempts(live))


def test_as_many_files_are_needed_as_there_are_waits_whatever_the_size(tmp_path: Path) -> None:
    def files(n: int) -> int:
        place, count = tmp_path / str(n), 0
        while go(place, place / "box", manifest=company(n=n)) is not None:
            answer(place / "box")
            count += 1
        return count

    assert max(files(4), files(8)) <= WAITS


def test_what_has_no_answer_is_put_again_and_nothing_else(tmp_path: Path, box: Path) -> None:
    go(tmp_path, box)
    before = requests(box)
    answer(box, some=slice(0, 3))
    go(tmp_path, box)
    first = [each["custom_id"] for each in before]
    assert first[3] in [each["custom_id"] for each in requests(box)]
    assert not set(first[:3]) & {each["custom_id"] for each in requests(box)}


def test_answers_may_be_in_several_files_and_one_file_may_have_a_mark(
    live: Path, tmp_path: Path, box: Path
) -> None:
    go(tmp_path, box)
    lines = [{"custom_id": r["custom_id"], **by_text(r["body"])} for r in requests(box)]
    reply(box, lines[:2], "batch_1_output.jsonl")
    text = "\r\n".join(json.dumps(line) for line in lines[2:])
    (box / "by hand.jsonl").write_text(text, encoding="utf-8-sig")
    go(tmp_path, box)
    assert len(received(tmp_path / NAME / "run.sqlite")) == 4
    assert digest(answered(tmp_path, box)) == digest(live)


def test_a_line_ends_where_json_says_so(tmp_path: Path, box: Path) -> None:
    go(tmp_path, box)
    name = next(each["custom_id"] for each in requests(box))
    line = {"custom_id": name, "answer": {"move": "Cooperate", "reason": "one\u2028two\x85"}}
    (box / "answers.jsonl").write_text(json.dumps(line, ensure_ascii=False), encoding="utf-8")
    go(tmp_path, box)
    (attempt,) = attempts(tmp_path / NAME / "run.sqlite")
    assert attempt.status == "answered"


def test_of_two_answers_to_one_request_the_last_one_counts(tmp_path: Path, box: Path) -> None:
    go(tmp_path, box)
    name = next(each["custom_id"] for each in requests(box))
    for move in ("Defect", "Cooperate"):
        reply(box, [{"custom_id": name, "answer": {"move": move, "reason": "So."}}])
    go(tmp_path, box)
    (decision,) = decisions(tmp_path / NAME / "run.sqlite").values()
    assert json.loads(decision.answer or "")["move"] == "cooperate"


def test_of_two_files_the_newer_one_counts_whatever_its_name(tmp_path: Path, box: Path) -> None:
    go(tmp_path, box)
    name = next(each["custom_id"] for each in requests(box))
    for file, move, when in (("b.jsonl", "Defect", 1), ("a.jsonl", "Cooperate", 2)):
        reply(box, [{"custom_id": name, "answer": {"move": move, "reason": "So."}}], file)
        os.utime(box / file, (when, when))
    go(tmp_path, box)
    (decision,) = decisions(tmp_path / NAME / "run.sqlite").values()
    assert json.loads(decision.answer or "")["move"] == "cooperate"


def test_answers_of_no_use_are_told_and_newer_ones_take_their_place(
    tmp_path: Path, box: Path
) -> None:
    go(tmp_path, box)
    for _ in range(3):  # an answer and two repairs, all of them of no use
        reply(box, [{"custom_id": each["custom_id"], "text": "hm"} for each in requests(box)])
        stopped = go(tmp_path, box)
    assert "could not be had" in str(stopped)
    stopped = go(tmp_path, box)
    first = requests(box)[-1]["custom_id"]
    assert f"could not be used: newer ones count; the last: {first}: " in str(stopped)
    assert answered(tmp_path, box).exists()


def test_answers_to_other_requests_are_not_taken_and_that_is_said(
    tmp_path: Path, box: Path
) -> None:
    go(tmp_path, box)
    strange = [{"custom_id": f"x{n}", "text": "{}"} for n in range(3)]
    reply(box, strange)
    assert "none of the 3 answers there is to one of them" in str(go(tmp_path, box))
    assert attempts(tmp_path / NAME / "run.sqlite") == []


FAILED = [
    ({"response": {"status_code": 400, "body": {"error": {"message": "no\nmodel"}}}}, "no model"),
    ({"response": {"status_code": 200, "body": {"choices": []}}}, "200: there is nothing in it"),
    ({"response": None, "error": {"code": "batch_expired", "message": "too late"}}, "too late"),
]


@pytest.mark.parametrize(("failed", "why"), FAILED)
def test_a_request_that_failed_at_the_service_is_put_again_with_the_reason(
    failed: dict[str, Any], why: str, tmp_path: Path, box: Path
) -> None:
    go(tmp_path, box)
    before = requests(box)
    reply(box, [{"custom_id": each["custom_id"], **failed} for each in before])
    told = str(go(tmp_path, box))
    assert "4 of them had errors for answers" in told
    assert why in told
    assert requests(box) == before
    assert attempts(tmp_path / NAME / "run.sqlite") == []


# What is wrong with the files ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b"nonsense", "no JSON object"),
        (b"[" * 10**5, "no JSON object"),
        (b"[1]", "custom_id is needed"),
        (b'{"answer": {}}', "custom_id is needed"),
        (b'{"custom_id": 7, "text": ""}', "custom_id is needed"),
        (b'{"custom_id": "a"}', 'an "answer", a "text" or a "response" is needed'),
        (b'{"custom_id": "a", "text": 7}', 'an "answer", a "text" or a "response" is needed'),
    ],
)
def test_a_line_that_is_no_answer_is_named(line: bytes, problem: str, box: Path) -> None:
    box.mkdir()
    (box / "mine.jsonl").write_bytes(b'{"custom_id": "x", "text": ""}\n\n' + line + b"\n")
    with pytest.raises(UsageError, match="mine.jsonl, line 3: .*" + problem):
        Batch(box, NAME)


def test_a_file_in_another_encoding_is_named(box: Path) -> None:
    box.mkdir()
    (box / "mine.jsonl").write_bytes('{"custom_id": "x", "text": "é"}'.encode("latin-1"))
    with pytest.raises(UsageError, match=r"mine.jsonl: not UTF-8 at byte"):
        Batch(box, NAME)


def test_a_file_that_can_not_be_read_is_named(box: Path) -> None:
    (box / "mine.jsonl").mkdir(parents=True)
    with pytest.raises(UsageError, match=r"mine.jsonl: can't be read"):
        Batch(box, NAME)


def test_a_folder_that_can_not_be_written_is_named_before_anything_is_asked(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for place in (tmp_path / "file", tmp_path / "file" / "box"):
        with pytest.raises(UsageError, match=r"can't write into .*file"):
            go(tmp_path, place)
    assert str(go(tmp_path, tmp_path / "box")).startswith("4 requests")


def test_half_a_character_is_an_answer_that_is_asked_again(tmp_path: Path, box: Path) -> None:
    go(tmp_path, box)
    one, two, *_ = (each["custom_id"] for each in requests(box))
    half = {"move": "Cooperate", "reason": "\ud83d"}
    body = {"id": "\ud83d", "choices": [{"message": {"content": "\ud83d"}}]}
    reply(box, [{"custom_id": one, "answer": half}, {"custom_id": two, "response": {"body": body}}])
    go(tmp_path, box)
    found = attempts(tmp_path / NAME / "run.sqlite")
    assert [attempt.status for attempt in found] == ["invalid", "invalid"]


# Answers that can't be used --------------------------------------------------------------------


def of(name: str, box: Path) -> dict[str, Any] | None:
    """Return the request that waits for this decision."""
    found = (each for each in requests(box) if name in each["custom_id"])
    return next(found, None)


def test_an_invalid_answer_is_followed_by_what_is_wrong_at_most_twice_then_it_is_missing(
    tmp_path: Path, box: Path
) -> None:
    lengths = []

    def unsure(body: dict[str, Any]) -> dict[str, Any]:
        return {"answer": {"move": "Perhaps", "reason": "I don't know."}}

    while go(tmp_path, box) is not None:
        odd = of("ChooseMove/A01#", box)
        rest = [each for each in requests(box) if each is not odd]
        if odd is not None:
            lengths.append(len(odd["body"]["messages"]))
            rest = [each for each in rest if each["custom_id"] != odd["custom_id"]]
            reply(box, [{"custom_id": odd["custom_id"], **unsure(odd["body"])}])
        reply(box, [{"custom_id": each["custom_id"], **by_hand(each["body"])} for each in rest])
    path = tmp_path / NAME / "run.sqlite"
    assert lengths == [2, 4, 6]
    assert [name for name in missing(path) if "ChooseMove" in name] == missing(path)
    assert len(missing(path)) == 1
    kinds = [each.kind for each in attempts(path) if "ChooseMove/A01" in each.coordinate]
    assert kinds == ["first", "repair", "repair"]


def test_a_repair_shows_the_answer_and_what_is_wrong_with_it(tmp_path: Path, box: Path) -> None:
    go(tmp_path, box)
    answer(box, lambda _: {"text": "I cooperate."})
    go(tmp_path, box)
    *_, before, problem = requests(box)[0]["body"]["messages"]
    assert before == {"role": "assistant", "content": "I cooperate."}
    assert "there is no JSON object in the answer" in problem["content"]


def test_an_answer_that_is_cut_off_is_asked_for_with_more_room(tmp_path: Path, box: Path) -> None:
    def cut(body: dict[str, Any]) -> dict[str, Any]:
        choice = {"message": {"content": '{"move": "Coop'}, "finish_reason": "length"}
        return {"response": {"body": {"choices": [choice]}}}

    go(tmp_path, box)
    room = requests(box)[0]["body"]["max_tokens"]
    answer(box, cut)
    go(tmp_path, box)
    assert {each["body"]["max_tokens"] for each in requests(box)} == {2 * room}
    assert {len(each["body"]["messages"]) for each in requests(box)} == {2}


# What it may cost ------------------------------------------------------------------------------


def test_no_more_requests_are_put_than_calls_are_allowed(tmp_path: Path, box: Path) -> None:
    limits = {"allowance": Allowance(max_calls=6)}
    told = []
    for _ in range(4):
        told.append(str(go(tmp_path, box, terms=limits)))
        answer(box)
    assert len(attempts(tmp_path / NAME / "run.sqlite")) == 6
    assert len({each["custom_id"] for each in map(json.loads, lines(box))}) == 6
    assert "--max-calls 6 is used up" in told[-1]
    assert "requests are in" not in told[-1]


def lines(box: Path) -> list[str]:
    return (box / "answers.jsonl").read_text().splitlines()


@pytest.mark.slow
def test_a_budget_holds_for_what_is_put_into_files(tmp_path: Path, box: Path) -> None:
    limits = {"allowance": Allowance(budget=0.02), "prices": {"fake": Price(1.0, 1.0)}}
    told = ""
    for _ in range(WAITS):
        told = str(go(tmp_path, box, terms=limits))
        answer(box)
    assert told.startswith("--budget $0.0200 is used up")
    costs = [attempt.cost or 0 for attempt in attempts(tmp_path / NAME / "run.sqlite")]
    assert 0 < sum(costs) <= 20_000_000


def test_a_budget_at_an_unknown_price_is_refused(tmp_path: Path, box: Path) -> None:
    model = company("http://127.0.0.1:9/v1#fake")
    with pytest.raises(UsageError, match=r"price of .* is not known"):
        go(tmp_path, box, manifest=model, terms={"allowance": Allowance(budget=1)})


def test_without_a_count_the_tokens_are_estimated(tmp_path: Path, box: Path) -> None:
    go(tmp_path, box)
    answer(box, by_hand)
    go(tmp_path, box)
    found = attempts(tmp_path / NAME / "run.sqlite")
    assert all(attempt.estimated and attempt.tokens for attempt in found)


# Together with others --------------------------------------------------------------------------


def test_only_language_models_are_asked_through_files(tmp_path: Path, box: Path) -> None:
    path = answered(tmp_path, box, manifest=company(MODEL, "A02=embedded", "A03=embedded"))
    assert rounds(path) == 1
    assert {attempt.coordinate.rpartition("/")[2] for attempt in attempts(path)} == {"A01", "A04"}


@pytest.mark.slow
@pytest.mark.parametrize("where", ["sent", "answered", "before answered"])
def test_a_run_that_is_killed_while_it_reads_goes_on(
    where: str, live: Path, tmp_path: Path, box: Path
) -> None:
    go(tmp_path, box)
    answer(box)
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, where, str(tmp_path), str(box)],
        env={**os.environ, "PYTHONPATH": str(HERE)},
        timeout=PATIENCE,
    )
    assert killed.returncode == -signal.SIGKILL
    path = answered(tmp_path, box)
    assert digest(path) == digest(live)
    assert len(received(path)) == len(received(live))


KILLED = """
import sys
from pathlib import Path
from language_societies import NAME, Killer, resumed
from repunet.record.journal import Journal
from repunet.runs.run import Terms

where, folder, box = sys.argv[1:]
Journal.transaction = Killer(where, 3).transaction
resumed(Path(folder) / NAME / "run.sqlite", terms=Terms(batch=Path(box)))
"""


# The command line ------------------------------------------------------------------------------


@pytest.fixture
def repunet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Callable[[str], tuple[int, str, str]]]:
    monkeypatch.chdir(tmp_path)

    def command(words: str) -> tuple[int, str, str]:
        code = execute(words.split())
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return command


def test_commands_stop_with_code_3_until_all_is_answered(repunet: Any, live: Path) -> None:
    box = Path("box")
    run = f"run pd --agents 4 --rounds 1 --mind {MODEL} --batch box --name a --quiet"
    code, out, err = repunet(run)
    assert (code, out) == (3, "")
    assert err == (
        "repunet: 4 requests are in box/requests.jsonl; put their answers beside it, then: "
        "repunet resume a --batch box\n"
    )
    while code == 3:
        answer(box)
        code, out, err = repunet("resume a --batch box --quiet")
    assert (code, err) == (0, "")
    with Journal.open(Path("runs/a/run.sqlite")) as journal:
        assert journal.digest() == digest(live)


def test_a_file_with_a_mistake_is_code_2_and_costs_nothing(repunet: Any) -> None:
    repunet(f"run pd --agents 4 --rounds 1 --mind {MODEL} --batch box --name a --quiet")
    answer(Path("box"))
    (Path("box") / "more.jsonl").write_text("oops\n")
    code, _, err = repunet("resume a --batch box")
    assert code == 2
    assert err == "repunet: box/more.jsonl, line 1: this is no JSON object\n"
    assert attempts(Path("runs/a/run.sqlite")) == []


def test_a_run_by_files_can_go_on_with_a_server(repunet: Any, live: Path) -> None:
    repunet(f"run pd --agents 4 --rounds 1 --mind {MODEL} --batch box --name a --quiet")
    answer(Path("box"))
    repunet("resume a --batch box --quiet")
    with served() as server:
        assert repunet("resume a --quiet")[0] == 0
        assert server.stats.answered == len(received(live)) - 4
    assert digest(Path("runs/a/run.sqlite")) == digest(live)
