"""A conversation: one question, and as many turns as it takes to understand the answer."""

from dataclasses import dataclass, replace
from typing import Any

from repunet.attempts import ANSWERED, INVALID, Decided, Kind, Name
from repunet.mind import InvalidAnswer, NoAnswer, Operation, adapter
from repunet.minds.language.form import Form
from repunet.minds.language.line import MORE, Letter, Line, Unanswered
from repunet.minds.language.objects import Parsing
from repunet.minds.recorded import dumped
from repunet.models.failure import Interrupted
from repunet.models.request import Message, Request
from repunet.models.secrets import redacted
from repunet.prompts import phrase

REPAIRS = 2
"""How often a model is shown what is wrong with its answer."""
AGAIN = 5
"""How often a question is put again whose answer ended for a reason that is not known."""
LONGEST = 2000
"""How many characters of an answer the model is shown again."""
REPAIR = "_repair.md"
SILENCE = "(no answer)"
ELSEWHERE = (
    "the answer is empty, and all its text is in {}, the field for thoughts (switch the server's "
    "parsing of thoughts off, or its thinking, or let it write more: max_tokens)"
)
TOO_LONG = "the answer was cut off, since it was too long"


class Filtered(InvalidAnswer):
    """An answer that was kept back: another one would be, too."""


@dataclass(slots=True)
class Conversation:
    """What is said about one question; nothing of it is said twice."""

    line: Line
    name: Name
    operation: Operation[Any]
    form: Form
    request: Request

    async def answer(self) -> Any:
        """Return the answer; raises NoAnswer if the model gives none that can be understood."""
        kind: Kind = "first"
        dialogue, repairs, again, cut_off = self.request, 0, 0, ""
        while True:
            try:
                letter = await self.line.exchange(dialogue, self.name, kind)
            except Unanswered as error:
                if kind != "room":
                    return await self._missing(None, error.number, str(error))
                repairs, kind = repairs + 1, "repair"
                dialogue = self._repair(self.request, cut_off, TOO_LONG)
                continue
            try:
                answer, parsing = self._read(letter)
            except Filtered as error:
                return await self._missing(letter, letter.number, str(error))
            except InvalidAnswer as error:
                by_file = self.line.correspondence.batch is not None
                if letter.reply.finish == "unknown" and again < AGAIN and not by_file:
                    again, kind = again + 1, "retry"
                    await self._put_again(letter, again)
                    continue
                cut = letter.reply.finish == "length" and not cut_off
                if not cut and repairs == REPAIRS:
                    return await self._missing(letter, letter.number, str(error))
                await self._close(letter, INVALID, None, str(error))
                if cut:
                    cut_off = letter.reply.text or SILENCE
                    kind, dialogue = "room", dialogue.with_room(MORE)
                else:
                    repairs, kind = repairs + 1, "repair"
                    dialogue = self._repair(dialogue, letter.reply.text, str(error))
            else:
                return await self._decide(letter, answer, parsing)

    async def _put_again(self, letter: Letter, times: int) -> None:
        """Prepare to put the same question again, since its answer may have been broken off."""
        why = f"the answer ended for a reason that is not known ({letter.reply.reason or 'none'})"
        await self._close(letter, Interrupted.status, None, why)
        await self.line.rest(times)

    def _read(self, letter: Letter) -> tuple[Any, Parsing]:
        if letter.reply.finish == "filtered":
            raise Filtered(f"refused by a filter: {letter.reply.reason}")
        if letter.reply.finish == "refused":
            raise InvalidAnswer("the model refuses to answer")
        if letter.reply.elsewhere:
            raise InvalidAnswer(ELSEWHERE.format(letter.reply.elsewhere))
        answer, parsing = self.form.read(letter.reply.text, ended=letter.reply.finish != "length")
        answer = _discreet(answer, self.line.secrets)
        self.operation.check(answer)
        return answer, parsing

    def _repair(self, dialogue: Request, said: str, problem: str) -> Request:
        scenario = self.operation.setting.scenario
        words = phrase(REPAIR, self.line.correspondence.wording, scenario, problem=problem)
        return dialogue.followed(
            Message("assistant", said[:LONGEST].strip() or SILENCE), Message("user", words)
        )

    async def _decide(self, letter: Letter, answer: Any, parsing: Parsing) -> Any:
        decided = Decided(self.name, self.request.key, letter.number, dumped(answer), parsing)
        await self._close(letter, ANSWERED, decided)
        self.line.correspondence.count(decided)
        return answer

    async def _missing(self, letter: Letter | None, number: int, why: str) -> Any:
        why = f"{self.line.name}: {why}"
        decided = Decided(self.name, self.request.key, number, None, None, why)
        if letter is not None:
            await self._close(letter, INVALID, decided, why)
        else:
            await self._note(number, None, decided)
        self.line.correspondence.count(decided)
        raise NoAnswer(why)

    async def _close(
        self, letter: Letter, status: str, decided: Decided | None, why: str | None = None
    ) -> None:
        """Write down what a reply was found to mean, before anybody sees it."""
        correspondence = self.line.correspondence
        if letter.outcome is None:
            await self._note(letter.number, status, decided)
            return
        outcome = replace(letter.outcome, status=status, why=why)
        await correspondence.log.ended(letter.number, outcome, decided, round_=correspondence.round)

    async def _note(self, number: int, status: str | None, decided: Decided | None) -> None:
        correspondence = self.line.correspondence
        await correspondence.log.reread(number, status, decided, round_=correspondence.round)


def _discreet(answer: Any, secrets: tuple[str, ...]) -> Any:
    """Return an answer without keys that were in disguise as long as it was not read."""
    kind: type = type(answer)
    kept = redacted(written := dumped(answer), *secrets)
    return answer if kept == written else adapter(kind).validate_json(kept)
