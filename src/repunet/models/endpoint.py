"""Endpoints: which server answers as which model, and under which variable its key is found."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from repunet.errors import UsageError, unknown
from repunet.models.plugged import (
    OBJECT,
    check_settings,
    is_plugged,
    key_variable,
    plugged_providers,
)
from repunet.models.redaction import known, redacted
from repunet.models.request import Sampling
from repunet.models.serving import HERE, SMOLLM2, USUAL, Serving, packaged, serving

SAMPLING_VARIABLES = {
    "max_tokens": "LLM_MAX_TOKENS",
    "temperature": "LLM_TEMPERATURE",
    "top_p": "LLM_TOP_P",
    "frequency_penalty": "LLM_FREQUENCY_PENALTY",
    "presence_penalty": "LLM_PRESENCE_PENALTY",
}
RANGES: dict[str, tuple[float, float]] = {
    "max_tokens": (1, 10**7),
    "temperature": (0, 10),
    "top_p": (0, 1),
    "frequency_penalty": (-2, 2),
    "presence_penalty": (-2, 2),
}
BASE, ANY_KEY, OPENAI_KEY = "LLM_API_BASE", "LLM_API_KEY", "OPENAI_API_KEY"
OPENAI_BASE = "OPENAI_BASE_URL"
NO_KEY = "none"
"""What is sent to servers that ask for no key."""
WEB = ("http", "https")
PERSON = "human"
PUBLIC = re.compile(r"(api-version=[0-9A-Za-z.-]{1,40})?")
"""What may follow the question mark of a URL: nothing that could be a key."""
AZURE = "/openai/v1"


class Provider(NamedTuple):
    """Address and key variable of a provider."""

    url: str | None = None
    key: str | None = None
    """The variable that holds the key; None where none is needed."""
    address: str | None = None
    """The variable that holds the URL."""


COMPATIBLE: dict[str, Provider] = {
    "openai": Provider(key=OPENAI_KEY, address=OPENAI_BASE),
    "azure": Provider(key="AZURE_OPENAI_API_KEY", address="AZURE_OPENAI_ENDPOINT"),
    "openrouter": Provider("https://openrouter.ai/api/v1", "OPENROUTER_API_KEY"),
    "ollama": Provider("http://127.0.0.1:11434/v1", address="OLLAMA_API_BASE"),
    "vllm": Provider("http://127.0.0.1:8000/v1", address="VLLM_API_BASE"),
    "lmstudio": Provider("http://127.0.0.1:1234/v1", address="LMSTUDIO_API_BASE"),
    "llamacpp": Provider("http://127.0.0.1:8080/v1", address="LLAMACPP_API_BASE"),
}
"""Those that speak OpenAI's protocol."""
NATIVE = ("anthropic", "google", "bedrock", "groq", "mistral")
"""Those that speak their own, through the extra `providers`."""
LANGUAGE = (*COMPATIBLE, *WEB, *HERE, *NATIVE)
"""What the name of a language model can begin with, plug-ins aside."""


def providers() -> tuple[str, ...]:
    """Return everything that the name of a language model can begin with."""
    return tuple(dict.fromkeys((*LANGUAGE, *plugged_providers())))


def is_provider(name: str) -> bool:
    """Tell whether the name of a language model can begin so."""
    return name in LANGUAGE or is_plugged(name)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One model at one place. It holds no key, and can be written down."""

    provider: str
    model: str
    url: str | None
    """None where the vendor's client knows it."""
    sampling: Sampling
    serving: Serving = USUAL
    own: tuple[tuple[str, str], ...] = ()
    """Settings that only the plug-in knows."""

    @property
    def is_foreign(self) -> bool:
        """Return whether its transport is a plug-in's, or an object of a Python program."""
        return self.provider not in (*LANGUAGE, PERSON)

    @property
    def asked(self) -> str:
        """Return which model requests name: settings of a plug-in's own make it another one."""
        return ",".join([self.model, *(f"{name}={value}" for name, value in self.own)])

    @property
    def name(self) -> str:
        """Return what outputs call the model.

        >>> Endpoint("http", "tiny", "http://127.0.0.1:8000/v1", Sampling()).name
        'http://127.0.0.1:8000/v1#tiny'
        """
        if self.provider in (PERSON, SMOLLM2):
            return self.provider
        separator = self.url if self.provider in WEB else self.provider
        return f"{separator}{'#' if self.provider in WEB else ':'}{self.model}"

    @property
    def given(self) -> str:
        """Return the name with all that answers depend on, so that it depends on no variables."""
        if self.provider == PERSON:
            return self.name
        settings = asdict(self.sampling)
        if self.serving.context is not None:
            settings["context"] = self.serving.context
        said = {**settings, **dict(self.own)}
        return ",".join([self.name, *(f"{name}={value}" for name, value in said.items())])

    @property
    def path(self) -> Path:
        """Return the file of a model that is to be served on this machine."""
        return packaged() if self.provider == SMOLLM2 else Path(self.model)


def endpoint(
    provider: str, variant: str, settings: Mapping[str, str], environ: Mapping[str, str]
) -> Endpoint:
    """Return the endpoint of a name such as `openai:gpt-4o-mini,temperature=1`.

    What the name does not set is taken from the environment. Raises UsageError for what is none,
    and for a name that holds a key.
    """
    found = _endpoint(provider, variant, settings, environ)
    if redacted(found.name, *known(environ)) != found.name:
        raise UsageError("the name of a model may hold no key, since it is written down")
    return found


def _endpoint(
    provider: str, variant: str, settings: Mapping[str, str], environ: Mapping[str, str]
) -> Endpoint:
    if provider in HERE:
        return _here(provider, variant, settings, environ)
    if provider not in LANGUAGE:
        return _foreign(provider, variant, settings, environ)
    sampling = _sampling(settings, environ)
    if provider in WEB:
        url, _, model = f"{provider}:{variant}".partition("#")
        return Endpoint(provider, _named(model, provider), checked_url(url), sampling)
    model = _named(variant, provider)
    where = _said(environ, COMPATIBLE.get(provider, Provider()).address or "")
    if provider == "openai":
        where = _said(environ, BASE) or where
    elsewhere = checked_url(where) if where else None
    if elsewhere and provider == "openai":
        return Endpoint(elsewhere.partition(":")[0], model, elsewhere, sampling)
    if elsewhere and provider == "azure":
        elsewhere = _azure(elsewhere)
    return Endpoint(provider, model, elsewhere, sampling)


def _foreign(
    provider: str, variant: str, settings: Mapping[str, str], environ: Mapping[str, str]
) -> Endpoint:
    """Return the endpoint of a plug-in's model, or of an object, with settings of its own."""
    own = {name: value for name, value in settings.items() if name not in SAMPLING_VARIABLES}
    usual = {name: value for name, value in settings.items() if name not in own}
    if provider == OBJECT and own:
        raise unknown("setting of a language model", next(iter(own)), SAMPLING_VARIABLES)
    if provider != OBJECT:
        check_settings(provider, own, SAMPLING_VARIABLES)
    model, sampling = _named(variant, provider), _sampling(usual, environ)
    return Endpoint(provider, model, None, sampling, own=tuple(sorted(own.items())))


def _here(
    provider: str, variant: str, settings: Mapping[str, str], environ: Mapping[str, str]
) -> Endpoint:
    """Return the endpoint of a model in a file, with how it is to be served."""
    how, others = serving(settings)
    if provider == SMOLLM2 and variant:
        raise UsageError(f"{SMOLLM2} is one model, and has no others: not {SMOLLM2}:{variant}")
    model = SMOLLM2 if provider == SMOLLM2 else _file(_named(variant, provider))
    return Endpoint(provider, model, None, _sampling(others, environ), how)


def _named(model: str, provider: str) -> str:
    if not model or "," in model:
        example = f"{provider}://127.0.0.1:8000/v1#NAME" if provider in WEB else f"{provider}:NAME"
        raise UsageError(f"say which model, as in {example}; its name can't hold a comma")
    return model


def _file(name: str) -> str:
    try:
        path = str(Path(name).expanduser().absolute())
    except RuntimeError:
        raise UsageError(f"there is no such home: {name}") from None
    if "," in path:
        raise UsageError(f"the path of a model can't hold a comma: {path}")
    return path


def _said(environ: Mapping[str, str], variable: str) -> str:
    return environ.get(variable, "").strip()


def _azure(url: str) -> str:
    """Return the URL of the models of a resource, which may be said already."""
    parts = urlsplit(url)
    path = parts.path.rstrip("/")
    return parts._replace(path=path if path.endswith(AZURE) else path + AZURE).geturl()


def address(endpoint: Endpoint) -> str | None:
    """Return the URL to ask, None for the one that the vendor's client knows.

    Raises UsageError where none is known.
    """
    known = COMPATIBLE.get(endpoint.provider, Provider())
    found = endpoint.url or known.url
    if found is None and endpoint.provider == "azure":
        raise UsageError(f"say where it is served: set {known.address}")
    return found


def key_variables(endpoint: Endpoint, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the variables under which a key is looked for, in this order.

    A key goes where it belongs: that of OpenAI nowhere else, except where `LLM_API_BASE` says so,
    and where that names a server, no key goes to another one.
    """
    own = key_variable_of(endpoint.provider)
    if own or endpoint.provider not in (*COMPATIBLE, *WEB):
        return (own,) if own else ()
    chosen = {_said(environ, BASE).rstrip("/"), _said(environ, OPENAI_BASE).rstrip("/")} - {""}
    if endpoint.url in chosen:
        return ANY_KEY, OPENAI_KEY
    return () if chosen else (ANY_KEY,)


def key_variable_of(provider: str) -> str | None:
    """Return the variable that holds the key of a provider, None if it needs none we know of."""
    if provider in (*LANGUAGE, PERSON, OBJECT):
        return COMPATIBLE.get(provider, Provider()).key
    return key_variable(provider)


def key(endpoint: Endpoint, environ: Mapping[str, str]) -> str:
    """Return the key; raises UsageError, which names the variable, if it is needed and not set."""
    variables = key_variables(endpoint, environ)
    for variable in variables:
        if found := _said(environ, variable):
            if not (found.isascii() and found.isprintable()):
                raise UsageError(f"{variable} holds characters that no key has")
            return found
    if key_variable_of(endpoint.provider):
        raise UsageError(f"{endpoint.name} needs a key: set {variables[0]}")
    return NO_KEY


def checked_url(url: str) -> str:
    """Return the URL; raises UsageError for one that is none, or that holds a secret."""
    try:
        parts = urlsplit(url)
        is_url = url.startswith(WEB) and parts.scheme in WEB and parts.hostname and parts.port != 0
    except ValueError:
        is_url = False
    if not is_url or parts.fragment or not url.isprintable() or " " in url:
        raise UsageError(f"{_shown(url)!r} is no URL such as http://127.0.0.1:8000/v1")
    if "@" in parts.netloc or not PUBLIC.fullmatch(parts.query):
        raise UsageError(
            f"the URL of {parts.hostname} may hold no key, since names of models are written "
            f"down: set {ANY_KEY}"
        )
    return url.rstrip("/")


def _shown(url: str) -> str:
    """Return as much of a text as can't be a secret."""
    return re.split("[?#]", url.rpartition("@")[2])[0]


def _sampling(settings: Mapping[str, str], environ: Mapping[str, str]) -> Sampling:
    values: dict[str, Any] = {}
    usual = Sampling()
    for name in settings:
        if name not in SAMPLING_VARIABLES:
            raise unknown("setting of a language model", name, SAMPLING_VARIABLES)
    for name, variable in SAMPLING_VARIABLES.items():
        word, said_by = settings.get(name), name
        if word is None:
            word, said_by = _said(environ, variable) or None, variable
        if word is not None:
            values[name] = _number(said_by, word, type(getattr(usual, name)), *RANGES[name])
    return replace(usual, **values)


def _number(name: str, word: str, kind: type[float], low: float, high: float) -> float:
    try:
        value = kind(word)
    except ValueError:
        value = float("nan")
    if not low <= value <= high:
        whole = "a whole number" if kind is int else "a number"
        raise UsageError(f"{name} takes {whole} from {low} to {high}, not {word!r}")
    return value
