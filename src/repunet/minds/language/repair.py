"""A conversation: one question, and as many turns as it takes to understand the answer."""

from dataclasses import dataclass, replace
from typing import Any

from repunet.minds.language.client import MORE, ModelClient, ModelResponse, Unanswered
from repunet.minds.language.form import Form
from repunet.minds.language.objects import Parsing
from repunet.minds.recorded import dumped
from repunet.models.failure import Interrupted
from repunet.models.redaction import redacted
from repunet.models.request import Message, Request
from repunet.prompts import phrase
from repunet.questions.mind import InvalidAnswer, NoAnswer, Operation, adapter
from repunet.record.attempts import ANSWERED, INVALID, DecisionTaken, Kind, Name

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
class RepairDialogue:
    """Dialogue on one question: asked, and repaired where the answer can't be used."""

    client: ModelClient
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
                response = await self.client.exchange(dialogue, self.name, kind)
            except Unanswered as error:
                if kind != "room":
                    return await self._missing(None, error.number, str(error))
                repairs, kind = repairs + 1, "repair"
                dialogue = self._repair(self.request, cut_off, TOO_LONG)
                continue
            try:
                answer, parsing = self._read(response)
            except Filtered as error:
                return await self._missing(response, response.number, str(error))
            except InvalidAnswer as error:
                by_file = self.client.session.batch is not None
                if response.reply.finish == "unknown" and again < AGAIN and not by_file:
                    again, kind = again + 1, "retry"
                    await self._put_again(response, again)
                    continue
                cut = response.reply.finish == "length" and not cut_off
                if not cut and repairs == REPAIRS:
                    return await self._missing(response, response.number, str(error))
                await self._close(response, INVALID, None, str(error))
                if cut:
                    cut_off = response.reply.text or SILENCE
                    kind, dialogue = "room", dialogue.with_room(MORE)
                else:
                    repairs, kind = repairs + 1, "repair"
                    dialogue = self._repair(dialogue, response.reply.text, str(error))
            else:
                return await self._decide(response, answer, parsing)

    async def _put_again(self, response: ModelResponse, times: int) -> None:
        """Prepare to put the same question again, since its answer may have been broken off."""
        why = f"the answer ended for a reason that is not known ({response.reply.reason or 'none'})"
        await self._close(response, Interrupted.status, None, why)
        await self.client.rest(times)

    def _read(self, response: ModelResponse) -> tuple[Any, Parsing]:
        if response.reply.finish == "filtered":
            raise Filtered(f"refused by a filter: {response.reply.reason}")
        if response.reply.finish == "refused":
            raise InvalidAnswer("the model refuses to answer")
        if response.reply.elsewhere:
            raise InvalidAnswer(ELSEWHERE.format(response.reply.elsewhere))
        answer, parsing = self.form.read(
            response.reply.text, ended=response.reply.finish != "length"
        )
        answer = _discreet(answer, self.client.secrets)
        self.operation.check(answer)
        return answer, parsing

    def _repair(self, dialogue: Request, said: str, problem: str) -> Request:
        scenario = self.operation.setting.scenario
        words = phrase(REPAIR, self.client.session.wording, scenario, problem=problem)
        return dialogue.followed(
            Message("assistant", said[:LONGEST].strip() or SILENCE), Message("user", words)
        )

    async def _decide(self, response: ModelResponse, answer: Any, parsing: Parsing) -> Any:
        decided = DecisionTaken(
            self.name, self.request.key, response.number, dumped(answer), parsing
        )
        await self._close(response, ANSWERED, decided)
        self.client.session.count(decided)
        return answer

    async def _missing(self, response: ModelResponse | None, number: int, why: str) -> Any:
        why = f"{self.client.name}: {why}"
        decided = DecisionTaken(self.name, self.request.key, number, None, None, why)
        if response is not None:
            await self._close(response, INVALID, decided, why)
        else:
            await self._note(number, None, decided)
        self.client.session.count(decided)
        raise NoAnswer(why)

    async def _close(
        self,
        response: ModelResponse,
        status: str,
        decided: DecisionTaken | None,
        why: str | None = None,
    ) -> None:
        """Write down what a reply was found to mean, before anybody sees it."""
        session = self.client.session
        if response.outcome is None:
            await self._note(response.number, status, decided)
            return
        outcome = replace(response.outcome, status=status, why=why)
        await session.log.ended(response.number, outcome, decided, round_=session.round)

    async def _note(self, number: int, status: str | None, decided: DecisionTaken | None) -> None:
        session = self.client.session
        await session.log.reread(number, status, decided, round_=session.round)


def _discreet(answer: Any, secrets: tuple[str, ...]) -> Any:
    """Return an answer without keys that were in disguise as long as it was not read."""
    kind: type = type(answer)
    kept = redacted(written := dumped(answer), *secrets)
    return answer if kept == written else adapter(kind).validate_json(kept)
