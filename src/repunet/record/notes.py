"""Notes of a run file: facts about the run that its digest does not depend on."""

import json
from collections.abc import Callable

FAITHFUL, COMPACT = PLANS = ("faithful", "compact")
"""One call for each question, or one for all that one occasion gives rise to."""
PLAIN = "plain"
"""Name of the wording that runs have unless another one is chosen."""

VERSION, PLAN, PLANNED, WORDING = "version", "plan", "planned", "prompts"
SPEC = "spec"
"""Key of the spec a run was begun with, as JSON."""
TEMPLATES = "templates"
"""Key of the words of its prompts, where language models are asked."""
BRANCHED = "branched after round "
"""Beginning of the keys that say how a run went on otherwise than it began."""


class Notes:
    """Notes of one run, each read from its file when it is asked for; never made up.

    A file of a version that did not write a note has the value that this version played with.
    """

    def __init__(self, read: Callable[[str], str | None]) -> None:
        self._read = read

    @property
    def version(self) -> str:
        """Return the version of RepuNet the run was begun with, empty if that is not noted."""
        return self._read(VERSION) or ""

    @property
    def plan(self) -> str:
        """Return how questions are put: one of `PLANS`."""
        return self._read(PLAN) or FAITHFUL

    @property
    def compact(self) -> bool:
        """Tell whether one call asks all that one occasion gives rise to."""
        return self.plan == COMPACT

    @property
    def planned(self) -> int:
        """Return how many rounds the run is to have."""
        return int(self._read(PLANNED) or 0)

    @property
    def wording(self) -> str:
        """Return the name of the wording of its prompts."""
        return self._read(WORDING) or PLAIN

    @property
    def templates(self) -> dict[str, str] | None:
        """Return the text of each template by name; None where no language model is asked."""
        kept = self._read(TEMPLATES)
        return None if kept is None else dict(json.loads(kept))

    @property
    def spec(self) -> str | None:
        """Return the spec the run was begun with, as JSON; None if it is not kept."""
        return self._read(SPEC)
