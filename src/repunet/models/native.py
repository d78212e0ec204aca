"""Providers that speak protocols of their own, through pydantic-ai."""

import asyncio
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from importlib import import_module
from itertools import groupby
from typing import TYPE_CHECKING, Any

from repunet.errors import UsageError
from repunet.models.complaint import complaint_of
from repunet.models.environment import explained
from repunet.models.failure import (
    Content,
    Failure,
    Interrupted,
    Permanent,
    TimedOut,
    Transient,
    Unsupported,
    causes_of,
)
from repunet.models.learnt import SAMPLING, Learnt
from repunet.models.native_client import LEGACY, ErrorInAnswer, NativeClient, client_for, legacy
from repunet.models.redaction import known, redacted
from repunet.models.request import Finish, Message, OutputMode, Reply, Request, Sampling, Usage
from repunet.models.schema_subset import lean
from repunet.models.vendors import known as known_of
from repunet.models.vendors import unsaid
from repunet.system.extras import missing

if TYPE_CHECKING:
    from pydantic_ai.messages import ModelMessage, ModelResponse
    from pydantic_ai.models import Model, ModelRequestParameters
    from pydantic_ai.settings import ModelSettings

VARIABLES = {
    "anthropic": ("ANTHROPIC_API_KEY",),
    "google": ("GOOGLE_API_KEY", "GEMINI_API_KEY"),
    "groq": ("GROQ_API_KEY",),
    "mistral": ("MISTRAL_API_KEY",),
}
"""Those that hold the key of a provider; one of them is enough."""
AWS = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
HELD: tuple[OutputMode, ...] = ("schema", "lean")
"""Output modes in which the server is given the schema."""
ALL = 2000
"""Characters of a complaint that are read."""
THREADS = 64
CONNECT = 10.0


class NativeTransport:
    """Transport by a vendor's own protocol; sends each request exactly once.

    Args:
        provider: One that pydantic-ai knows, such as `anthropic`.
        model: The provider's name of the model.
        timeout: Seconds after which a request is given up.
        learnt: What the model is known to take; what pydantic-ai knows it to refuse is added.

    Raises:
        UsageError: A package, a key or the provider is missing.
    """

    def __init__(
        self, provider: str, model: str, *, timeout: float, learnt: Learnt | None = None
    ) -> None:
        self._name, self._variables = model, _variables(provider)
        self._provider = provider
        self._timeout = timeout
        self._http = client_for(provider, timeout)
        self._model = _model(provider, model, timeout, self._http)
        self._unknown = self._model.unsupported_settings
        self._entered = False
        self.learnt = known_of(provider, model) if learnt is None else learnt
        """What the model was found to take."""
        self.learnt.dropped |= _refused(self._model)

    @property
    def dropped(self) -> set[str]:
        """Return the parameters that are left out."""
        return self.learnt.dropped

    async def send(self, request: Request, mode: OutputMode, at: str) -> Reply:
        """Send one request; raises a Failure that holds no key."""
        settings = self._settings(request.sampling)
        sent: dict[str, Any] = {**settings, **({"response_format": mode} if mode in HELD else {})}
        with self._explained(sent, request):
            from pydantic_ai.direct import model_request

            await self._enter()
            async with asyncio.timeout(self._timeout):
                response = await model_request(
                    self._model,
                    _turns(request.messages),
                    model_settings=settings,
                    model_request_parameters=_format(request, mode),
                    instrument=False,
                )
            return _reply(response)

    async def close(self) -> None:
        """Close the connections."""
        if self._entered:
            self._entered = False
            await self._model.__aexit__(None, None, None)
        if self._http is not None:
            await self._http.aclose()

    async def _enter(self) -> None:
        if not self._entered:
            self._entered = True
            await self._model.__aenter__()

    def _settings(self, sampling: Sampling) -> "ModelSettings":
        """Return what is sent besides the dialogue, and that it is sent once."""
        values = {**asdict(sampling), "timeout": self._timeout, "max_retries": 0}
        values["max_tokens"] = self.learnt.limited(sampling.max_tokens)
        left_out = self.dropped | self._unknown | unsaid(self._provider, self._name, sampling)
        settings: Any = {name: value for name, value in values.items() if name not in left_out}
        return settings  # type: ignore[no-any-return]

    @contextmanager
    def _explained(self, sent: Mapping[str, Any], request: Request) -> Iterator[None]:
        """Say which of the classes of failure it is."""
        try:
            yield
        except Failure:
            raise
        except Exception as error:  # noqa: BLE001
            failure = self._beneath(error, sent) or self._failure(error, sent)
            if isinstance(failure, Interrupted):
                failure.usage = failure.usage or request.at_most(0)
            raise failure from None

    def _beneath(self, error: Exception, sent: Mapping[str, Any]) -> Failure | None:
        """Return the failure that our own client tells of, None if it tells of none."""
        causes = tuple(causes_of(error))
        for cause in causes:
            if isinstance(cause, Failure):
                return cause
            if isinstance(cause, ErrorInAnswer):
                return self._refusal(cause, redacted(_said(cause), *known(os.environ)), sent)
        return explained(causes, self._http.proxy if self._http else None, _shown)

    def _failure(self, error: Exception, sent: Mapping[str, Any]) -> Failure:
        from pydantic_ai import exceptions as ai

        said = redacted(_said(error), *known(os.environ))
        if isinstance(error, ai.ModelRequestTimeout | ai.ModelTimeoutError | TimeoutError):
            return TimedOut("no answer in time", charged=True)
        if isinstance(error, ai.ModelConnectionError):
            return Transient(said, charged=error.phase not in ("pool", "connect"))
        if isinstance(error, ai.ModelHTTPError):
            return self._refusal(error, said, sent)
        if isinstance(error, ai.ContentFilterError):
            return Content(said)
        if isinstance(error, ai.UserError):
            return Unsupported(said) if "response_format" in sent else Permanent(said)
        if "Credential" in type(error).__name__:
            return Permanent(f"the key is not accepted: set {self._variables} ({said})")
        return Transient(f"{type(error).__name__}: {said}", charged=True)

    def _refusal(self, error: Any, said: str, sent: Mapping[str, Any]) -> Failure:
        """Return the failure of an answer that is none."""
        from pydantic_ai import exceptions as ai

        status, wait = error.status_code, getattr(error, "retry_after", None)
        why = f"{status}: {said}"
        if isinstance(error, ai.ModelAuthenticationError):
            return Permanent(f"the key is not accepted: set {self._variables} ({why})")
        told = complaint_of(status, _body(error))
        details = redacted(str(error)[:ALL], *known(os.environ))
        complaint = replace(told, said=said, details=details, retry_after=wait)
        if isinstance(error, ai.ModelQuotaExceededError) and not complaint.is_of_days:
            return Permanent(f"there is no money left ({why})")
        failure = complaint.failure(sent, self._name)
        if isinstance(failure, Unsupported) and failure.parameter is not None:
            self.learnt.refuse(failure.parameter, failure.most)
        elif isinstance(error, ai.ModelContextWindowExceededError):
            return Content(why)
        return failure


def _model(provider: str, name: str, timeout: float, http: NativeClient | None) -> "Model[Any]":
    """Return pydantic-ai's model; raises UsageError for what is missing."""
    try:
        from pydantic_ai.exceptions import UserError
        from pydantic_ai.models import infer_model
        from pydantic_ai.providers import infer_provider_class
    except ImportError:
        raise missing(f"models of {provider} need pydantic-ai", "providers") from None
    names = VARIABLES.get(provider, ())
    if names and not any(os.environ.get(variable) for variable in names):
        raise UsageError(f"{provider}:{name} needs a key: set {_variables(provider)}")
    try:
        if provider == "bedrock":
            return _bedrock(name, timeout)
        if http is None:
            return infer_model(f"{provider}:{name}")
        vendor: Any = infer_provider_class(provider)
        client = legacy(http) if provider in LEGACY else http
        return infer_model(f"{provider}:{name}", lambda _: vendor(http_client=client))
    except (UserError, ImportError, ValueError) as error:
        said = redacted(str(error), *known(os.environ))
        raise UsageError(f"{provider}:{name} can't be asked: {said}") from None


def _bedrock(name: str, timeout: float) -> "Model[Any]":
    """Return a model of Amazon, whose client takes its timeout and its retries at its birth."""
    from pydantic_ai.models.bedrock import BedrockConverseModel
    from pydantic_ai.providers.bedrock import BedrockProvider

    session = import_module("boto3").Session()
    bearer = os.environ.get("AWS_BEARER_TOKEN_BEDROCK")
    if not bearer and session.get_credentials() is None:
        raise UsageError(f"bedrock:{name} needs a key: set {AWS}")
    if not session.region_name:
        raise UsageError(f"bedrock:{name} is served in regions: set AWS_DEFAULT_REGION")
    config = import_module("botocore.config").Config(
        read_timeout=timeout,
        connect_timeout=CONNECT,
        retries={"total_max_attempts": 1},
        max_pool_connections=THREADS,
    )
    client = session.client("bedrock-runtime", config=config)
    return BedrockConverseModel(name, provider=BedrockProvider(bedrock_client=client))


def _variables(provider: str) -> str:
    return AWS if provider == "bedrock" else " or ".join(VARIABLES.get(provider, ("its key",)))


def _refused(model: "Model[Any]") -> set[str]:
    """Return the parameters that pydantic-ai knows the model to refuse."""
    refused: set[str] = {name for name in SAMPLING if name in model.unsupported_settings}
    profile: Mapping[str, Any] = model.profile
    if profile.get("anthropic_disallows_sampling_settings"):
        refused |= {"temperature", "top_p"}
    return refused


def _turns(messages: Sequence[Message]) -> "list[ModelMessage]":
    from pydantic_ai import messages as ai

    turns: list[ModelMessage] = []
    for answered, group in groupby(messages, lambda message: message.role == "assistant"):
        if answered:
            turns.append(ai.ModelResponse([ai.TextPart(each.content) for each in group]))
            continue
        parts = [
            ai.SystemPromptPart(text) if role == "system" else ai.UserPromptPart(text)
            for role, text in group
        ]
        turns.append(ai.ModelRequest(parts))
    return turns


def _format(request: Request, mode: OutputMode) -> "ModelRequestParameters":
    from pydantic_ai.models import ModelRequestParameters
    from pydantic_ai.output import OutputObjectDefinition

    if mode not in HELD:
        return ModelRequestParameters()
    schema = dict(request.schema if mode == "schema" else lean(request.schema))
    answer = OutputObjectDefinition(schema, name="answer", strict=True)
    return ModelRequestParameters(output_mode="native", output_object=answer)


def _reply(response: "ModelResponse") -> Reply:
    text = "".join(part.content for part in response.parts if part.part_kind == "text")
    reason, details = response.finish_reason, response.provider_details or {}
    own = str(details.get("finish_reason") or reason or "")
    if reason == "error":
        raise Interrupted(f"the answer broke off: {own}", usage=_usage(response))
    return Reply(
        text=text,
        finish=_finish(reason),
        usage=_usage(response),
        id=response.provider_response_id,
        served=response.model_name,
        reason=own,
    )


def _finish(reason: str | None) -> Finish:
    if reason == "content_filter":
        return "filtered"
    return "length" if reason == "length" else "stop"


def _usage(response: "ModelResponse") -> Usage | None:
    said = response.usage
    if not said.has_values():
        return None
    unseen = [n for name, n in said.details.items() if name.startswith(("reasoning", "thought"))]
    return Usage(said.input_tokens, said.output_tokens, said.cache_read_tokens, sum(unseen))


def _shown(said: str) -> str:
    """Return what somebody else says in a line, without keys."""
    return redacted(" ".join(said.split()), *known(os.environ))[:400]


def _said(error: BaseException) -> str:
    """Return what the provider says of it, in a line."""
    said = _told(getattr(error, "body", None)) or str(error) or type(error).__name__
    return " ".join(said.split())[:400]


def _body(error: BaseException) -> Any:
    """Return the body of an answer that is none, as JSON where it is."""
    body = getattr(error, "body", None)
    if not isinstance(body, str):
        return body
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return body


def _told(body: object) -> str:
    """Return the message in the body of an answer that is none, wherever it is."""
    if isinstance(body, str):
        try:
            body = json.loads(body)
        except ValueError:
            return str(body)
    if not isinstance(body, Mapping):
        return ""
    found = {str(name).lower(): value for name, value in body.items()}
    inner = found.get("error") or found.get("message") or found.get("detail")
    return _told(inner) or str(dict(body))
