"""What an endpoint refuses is told once, kept with the run, and remembered by a resume."""

import asyncio
import json
from pathlib import Path

from language_societies import MODEL, NAME, at, attempts, company, hasty

from repunet.minds.language.session import learnt_of
from repunet.record.journal import Journal
from repunet.runs.run import begin, reopen
from zoo.habits import HABITS, Habit
from zoo.server import kept

FILE = Path(NAME) / "run.sqlite"


def played(folder: Path, habit: Habit) -> list[str]:
    """Play a round, or one more; return what was told of the endpoint."""
    told: list[str] = []

    async def main() -> None:
        async with kept(habit) as server:
            with at(server.url), hasty():
                await play()

    async def play() -> None:
        again = (folder / FILE).exists()
        opened = reopen(folder / FILE) if again else begin(company(), 1, folder=folder, name=NAME)
        with opened as run:
            if again:
                run.extend(1)
            run.on_notice(told.append)
            await run.play()

    asyncio.run(main())
    return told


def test_what_is_refused_is_told_once_and_remembered_by_a_resume(tmp_path: Path) -> None:
    habit = HABITS["no temperature but the default"]
    (told,) = played(tmp_path, habit)
    assert told.startswith(f"{MODEL} refuses temperature, which is not sent as it was from now on")
    assert played(tmp_path, habit) == []
    assert [each.status for each in attempts(tmp_path / FILE)].count("unsupported") == 1
    with Journal.open(tmp_path / FILE) as journal:
        assert json.loads(journal.meta(learnt_of(MODEL)) or "")["dropped"] == ["temperature"]
        dropped = journal.rows("SELECT DISTINCT dropped FROM attempts ORDER BY id")
        assert [row[0] for row in dropped] == ["", "temperature"]
        journal.verify()


def test_how_much_room_there_is_is_remembered_by_a_resume(tmp_path: Path) -> None:
    habit = HABITS["less room than we ask for"]
    (told,) = played(tmp_path, habit)
    assert "refuses max_tokens, which is limited to 2,048 from now on" in told
    assert played(tmp_path, habit) == []
