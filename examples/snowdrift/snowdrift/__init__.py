"""The snowdrift game: one who shovels clears the way for both (Sugden 1986)."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from repunet.prompts import add_templates
from repunet.questions.operations import ChooseAct, Reason
from repunet.scenarios.matrix import MatrixGame

SHOVEL, STAY = "shovel", "stay in the car"

add_templates("snowdrift", Path(__file__).parent)


@dataclass(frozen=True, slots=True)
class Effort:
    """Shovel or not."""

    move: Literal["shovel", "stay in the car"]
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Shovel(ChooseAct[Effort]):
    """Shovel or stay in the car, while alter, whom ego now meets, makes the same choice?"""


class Snowdrift(MatrixGame):
    """Snowdrift game: whoever stays in the car does best if the other shovels, and worst if not."""

    name = "snowdrift"
    title = "Snowdrift game"
    aliases = ("hawk-dove", "chicken")
    options = (SHOVEL, STAY)
    payoffs = {(SHOVEL, SHOVEL): 3, (SHOVEL, STAY): 1, (STAY, SHOVEL): 5, (STAY, STAY): 0}
    question = Shovel
    cooperation = "shovelling"
    source = "Sugden 1986; Hauert & Doebeli 2004"
