"""Scenario 1, the Prisoner's Dilemma: both cooperate or defect at once (paper, section 4.1)."""

from dataclasses import dataclass
from typing import Literal

from repunet.questions.operations import ChooseAct, Reason
from repunet.scenarios.matrix import MatrixGame

R, S, T, P = 3, 0, 5, 1  # reward, sucker, temptation, punishment: T > R > P > S, 2R > T + S
C, D = "cooperate", "defect"
PAYOFFS = {(C, C): R, (C, D): S, (D, C): T, (D, D): P}


@dataclass(frozen=True, slots=True)
class Move:
    """Cooperate or defect."""

    move: Literal["cooperate", "defect"]
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class ChooseMove(ChooseAct[Move]):
    """Cooperate or defect with alter, whom ego now meets?"""


class PrisonersDilemma(MatrixGame):
    """Prisoner's Dilemma: defecting always pays more; both do better when neither defects."""

    name = "pd"
    title = "Prisoner's Dilemma"
    aliases = ("pd_game", "p", "prisoners-dilemma")
    options = (C, D)
    payoffs = PAYOFFS
    question = ChooseMove
    cooperation = "choosing to cooperate"
    source = "paper, section 4.1, scenario 1; Axelrod & Hamilton 1981"
