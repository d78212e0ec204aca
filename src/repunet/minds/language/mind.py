"""A language model as a mind: LLM-based operations, as in the paper."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Any, TypeVar, cast

from repunet.minds.language.client import ModelClient
from repunet.minds.language.connect import connected, foreign
from repunet.minds.language.form import Form
from repunet.minds.language.repair import RepairDialogue
from repunet.minds.language.session import ModelSession
from repunet.minds.router import MindSpec
from repunet.models.endpoint import PERSON, Endpoint, endpoint
from repunet.models.plugged import about
from repunet.models.request import Message, Request, Sampling
from repunet.prompts import render
from repunet.questions.coordinate import Coordinate
from repunet.questions.mind import NoAnswer, Operation, adapter
from repunet.record.attempts import Name

A = TypeVar("A")


class LanguageMind:
    """Mind that puts each question in words to a language model and reads the answer."""

    immediate = False

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._client: ModelClient | None = None

    @property
    def name(self) -> str:
        """Return the name of the model."""
        return self.endpoint.name

    def describe(self) -> dict[str, Any]:
        """Return the model's name and how answers are drawn; `given` needs no environment.

        A plug-in may add what else its answers depend on.
        """
        sampling = asdict(self.endpoint.sampling)
        facts = {"name": self.name, "given": self.endpoint.given, "sampling": sampling}
        told = about(foreign(self.endpoint)) if self.endpoint.is_foreign else {}
        return facts | ({"about": told} if told else {})

    @asynccontextmanager
    async def connected(self, session: ModelSession) -> AsyncIterator[None]:
        """Stay connected to the model."""
        async with connected(self.endpoint, session) as client:
            self._client = client
            try:
                yield
            finally:
                self._client = None

    async def answer(self, operation: Operation[A], at: Coordinate) -> A:
        """Ask the model, unless it has answered already; raises NoAnswer if it can't."""
        client = self._client
        if client is None:
            raise RuntimeError(f"{self.name} is asked before it is connected")
        name = Name(str(at), at.operation, at.actor, operation.target)
        form = Form.of(operation)
        request = self._request(operation, form, client.session.wording)
        decided = client.session.decided(name, request)
        if decided is None:
            return cast(A, await RepairDialogue(client, name, operation, form, request).answer())
        client.session.count(decided)
        if decided.answer is None:
            raise NoAnswer(decided.why or "")
        return cast(A, adapter(operation.answer).validate_json(decided.answer))

    def _request(self, operation: Operation[Any], form: Form, wording: str) -> Request:
        prompt = render(operation, wording)
        return Request(
            provider=self.endpoint.provider,
            model=self.endpoint.asked,
            messages=(Message("system", prompt.system), Message("user", prompt.user)),
            schema=form.schema,
            sampling=self.endpoint.sampling,
        )


def human(spec: MindSpec, seed: int) -> LanguageMind:
    """Return the mind of a person at the terminal, who is asked just as a model is."""
    spec.plain()
    return LanguageMind(Endpoint(PERSON, PERSON, None, Sampling()))


def language(spec: MindSpec, seed: int) -> LanguageMind:
    """Return the mind of a model's name, such as `openai:gpt-4o-mini,temperature=1`."""
    return LanguageMind(endpoint(spec.name, spec.variant, spec.settings, os.environ))
