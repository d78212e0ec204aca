"""Write the match scores that `repunet validate` compares with: those of the Axelrod library.

It needs the extra `axelrod`: `python -m benchmarks.axelrod_matches`.
"""

import json
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any

STRATEGIES = {
    "cooperator": "Cooperator",
    "defector": "Defector",
    "tit-for-tat": "TitForTat",
    "suspicious-tit-for-tat": "SuspiciousTitForTat",
    "anti-tit-for-tat": "AntiTitForTat",
    "tit-for-two-tats": "TitFor2Tats",
    "two-tits-for-tat": "TwoTitsForTat",
    "grudger": "Grudger",
    "win-stay-lose-shift": "WinStayLoseShift",
    "alternator": "Alternator",
    "cycler-ccd": "CyclerCCD",
    "soft-majority": "GoByMajority",
    "hard-majority": "HardGoByMajority",
    "bully": "Bully",
}
"""What the library calls each of our strategies."""
LENGTHS = 10, 200


def measured() -> dict[str, Any]:
    """Return the scores of every match and of the tournament, played by the library alone."""
    library = import_module("axelrod")
    return {
        "source": f"match scores and a tournament of the Axelrod library {library.__version__}",
        "payoffs": {"R": 3, "S": 0, "T": 5, "P": 1},
        "strategies": STRATEGIES,
        "matches": {str(turns): matches(library, turns) for turns in LENGTHS},
        "tournament": tournament(library, LENGTHS[-1]),
    }


def matches(library: Any, turns: int) -> list[list[list[int]]]:
    """Return the scores of each strategy (a row) against each other one, itself included."""
    return [[match(library, row, column, turns) for column in _all()] for row in _all()]


def match(library: Any, row: str, column: str, turns: int) -> list[int]:
    """Return what the two score in one match."""
    players = getattr(library, row)(), getattr(library, column)()
    game = library.Match(players, turns=turns)
    game.play()
    return [int(score) for score in game.final_score()]


def tournament(library: Any, turns: int) -> dict[str, int]:
    """Return the totals of a tournament in which all meet once and nobody meets itself."""
    players = [getattr(library, name)() for name in _all()]
    played = library.Tournament(players, turns=turns, repetitions=1).play(progress_bar=False)
    return {name: int(played.scores[i][0]) for i, name in enumerate(STRATEGIES)}


def written(scores: dict[str, Any]) -> str:
    """Return the scores as JSON, a line for each row of a table."""
    tables = {
        turns: "[\n" + ",\n".join(f"   {json.dumps(row)}" for row in table) + "\n  ]"
        for turns, table in scores["matches"].items()
    }
    lines = ",\n".join(f'  "{turns}": {table}' for turns, table in tables.items())
    rest = ",\n".join(
        f' "{key}": {json.dumps(value)}' for key, value in scores.items() if key != "matches"
    )
    return f'{{\n{rest},\n "matches": {{\n{lines}\n }}\n}}\n'


def _all() -> list[str]:
    return list(STRATEGIES.values())


if __name__ == "__main__":
    place = Path(str(files("repunet.validation.checks"))) / "axelrod_matches.json"
    place.write_text(written(measured()), encoding="utf-8")
    print(place)
