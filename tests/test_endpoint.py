"""Endpoints: names of language models, the environment, and where keys may go."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repunet.errors import UsageError
from repunet.minds.router import MindSpec
from repunet.models.endpoint import (
    COMPATIBLE,
    NO_KEY,
    SAMPLING_VARIABLES,
    Endpoint,
    address,
    endpoint,
    key,
    key_variables,
)
from repunet.models.request import Sampling

CANARY = "sk-canary-0123456789"
LOCAL = "http://127.0.0.1:8000/v1"


def named(text: str, **environ: str) -> Endpoint:
    spec = MindSpec.parse(text)
    return endpoint(spec.name, spec.variant, spec.settings, environ)


def refused(text: str, **environ: str) -> str:
    with pytest.raises(UsageError) as caught:
        named(text, **environ)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# Names -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("openai:gpt-4o-mini", None),
        ("openrouter:meta-llama/llama-3:free", "https://openrouter.ai/api/v1"),
        ("ollama:qwen3:0.6b", "http://127.0.0.1:11434/v1"),
        ("vllm:Qwen/Qwen3-8B", LOCAL),
        ("http://h:1/v1#tiny", "http://h:1/v1"),
        ("https://h/a/b#x/y:z", "https://h/a/b"),
        ("http://[::1]:8000/v1#m", "http://[::1]:8000/v1"),
        ("anthropic:claude-haiku-4-5", None),
    ],
)
def test_a_model_is_called_what_it_was_named_and_asked_where_it_is(
    text: str, url: str | None
) -> None:
    found = named(text)
    assert (found.name, address(found)) == (text, url)


def test_a_slash_at_the_end_of_a_url_makes_no_difference() -> None:
    assert named("http://h:1/v1/#m") == named("http://h:1/v1#m")


def test_a_name_must_say_which_model() -> None:
    assert refused("openai:").startswith("say which model, as in openai:NAME")
    for text in ("http://h:1/v1", "http://h:1/v1#"):
        assert refused(text).startswith("say which model, as in http://127.0.0.1:8000/v1#NAME")


def test_a_name_can_not_hold_what_separates_settings() -> None:
    with pytest.raises(UsageError, match="comma"):
        endpoint("openai", "a,b", {}, {})


@pytest.mark.parametrize(
    "url",
    [
        "http:",
        "http:v1",
        "http:///v1",
        "http://h:x/v1",
        "http://h:0",
        "http://h:99999/v1",
        "http://h/v 1",
        "http://h/v\n1",
        "http://[::1/v1",
        "http://h/v1\u200b",
    ],
)
def test_what_is_no_url_is_refused(url: str) -> None:
    assert "is no URL such as http://127.0.0.1:8000/v1" in refused(f"{url}#m")


def test_a_file_has_its_whole_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    for text in ("gguf:~/My Models/a.gguf", "gguf:My Models/a.gguf"):
        found = named(text)
        assert found.path == tmp_path / "My Models/a.gguf"
        assert named(found.given) == found


def test_a_file_that_can_not_be_named_again_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "a,b"
    folder.mkdir()
    monkeypatch.chdir(folder)
    assert "can't hold a comma" in refused("gguf:a.gguf")
    assert "no such home" in refused("gguf:~nobody-of-that-name/a.gguf")


# Sampling --------------------------------------------------------------------------------------

ENVIRON = {
    "LLM_MAX_TOKENS": "99",
    "LLM_TEMPERATURE": "0.5",
    "LLM_TOP_P": "0.9",
    "LLM_FREQUENCY_PENALTY": "-1",
    "LLM_PRESENCE_PENALTY": "1.5",
}


def test_the_environment_says_how_answers_are_drawn_unless_the_name_does() -> None:
    assert named("openai:m").sampling == Sampling()
    assert named("openai:m", **ENVIRON).sampling == Sampling(99, 0.5, 0.9, -1, 1.5)
    own = named("openai:m,temperature=1,max_tokens=7", **ENVIRON).sampling
    assert (own.temperature, own.max_tokens, own.top_p) == (1, 7, 0.9)
    assert named("openai:m", LLM_TOP_P="", LLM_TEMPERATURE=" 1 ").sampling.temperature == 1


@pytest.mark.parametrize(
    "setting",
    [
        "temperature=-0.1",
        "temperature=nan",
        "temperature=inf",
        "temperature=hot",
        "top_p=1.1",
        "top_p=-1",
        "frequency_penalty=2.1",
        "presence_penalty=-3",
        "max_tokens=0",
        "max_tokens=1.5",
        "max_tokens=-1",
        f"max_tokens={'9' * 400}",
        f"max_tokens={'9' * 5000}",
    ],
)
def test_a_setting_has_a_range(setting: str) -> None:
    name, _, value = setting.partition("=")
    assert refused(f"openai:m,{setting}").startswith(f"{name} takes a ")
    variable = SAMPLING_VARIABLES[name]
    assert refused("openai:m", **{variable: value}).startswith(f"{variable} takes a ")


def test_an_unknown_setting_is_refused() -> None:
    assert 'did you mean "temperature"?' in refused("openai:m,temprature=1")


numbers = st.floats(0, 1, allow_nan=False)


@given(
    st.sampled_from(["openai:m", "vllm:a/b:c", "https://h:1/v1?api-version=2024-10-21#m"]),
    st.integers(1, 10**7),
    st.tuples(numbers, numbers, numbers, numbers),
)
def test_what_is_given_is_the_same_endpoint_whatever_the_environment(
    text: str, room: int, drawn: tuple[float, ...]
) -> None:
    values = dict(zip(SAMPLING_VARIABLES, (room, *drawn), strict=True))
    settings = {name: repr(value) for name, value in values.items()}
    spec = MindSpec.parse(text)
    found = endpoint(spec.name, spec.variant, settings, {})
    assert named(found.given, **ENVIRON) == found
    assert MindSpec.parse(found.given).settings.keys() == SAMPLING_VARIABLES.keys()


# Addresses -------------------------------------------------------------------------------------


@pytest.mark.parametrize("variable", ["LLM_API_BASE", "OPENAI_BASE_URL"])
def test_another_base_than_openais_is_another_server(variable: str) -> None:
    found = named("openai:m", **{variable: " https://h/v1/ "})
    assert found == named("https://h/v1#m")
    assert named(found.given) == found


def test_the_base_of_our_own_comes_first() -> None:
    both = {"LLM_API_BASE": LOCAL, "OPENAI_BASE_URL": "https://h/v1"}
    assert named("openai:m", **both).url == LOCAL
    assert named("ollama:m", **both).url is None


@pytest.mark.parametrize(
    "provider", [p for p, known in COMPATIBLE.items() if known.url and known.address]
)
def test_a_server_can_be_elsewhere_and_keeps_its_name(provider: str) -> None:
    variable = COMPATIBLE[provider].address
    assert variable
    found = named(f"{provider}:m", **{variable: "http://far:1/v1/"})
    assert (found.name, address(found)) == (f"{provider}:m", "http://far:1/v1")
    assert CANARY not in refused(f"{provider}:m", **{variable: f"http://u:{CANARY}@far/v1"})


@pytest.mark.parametrize(
    ("where", "url"),
    [
        ("https://a.example/", "https://a.example/openai/v1"),
        ("https://a.example/openai/v1/", "https://a.example/openai/v1"),
        (
            "https://a.example?api-version=preview",
            "https://a.example/openai/v1?api-version=preview",
        ),
    ],
)
def test_azure_is_asked_where_a_resource_is(where: str, url: str) -> None:
    assert address(named("azure:m", AZURE_OPENAI_ENDPOINT=where)) == url


def test_azure_is_nowhere_unless_said() -> None:
    with pytest.raises(UsageError, match="set AZURE_OPENAI_ENDPOINT"):
        address(named("azure:m"))


# Keys ------------------------------------------------------------------------------------------

KEYS = {known.key: f"sk-of-{provider}" for provider, known in COMPATIBLE.items() if known.key}
ALL_KEYS = KEYS | {"LLM_API_KEY": "sk-of-llm"}


@pytest.mark.parametrize(
    ("text", "owner"),
    [
        ("openai:m", "openai"),
        ("azure:m", "azure"),
        ("openrouter:m", "openrouter"),
        ("http://h/v1#m", "llm"),
        ("https://api.openai.com.example/v1#m", "llm"),
    ],
)
def test_a_key_goes_to_whom_it_belongs(text: str, owner: str) -> None:
    assert key(named(text), ALL_KEYS) == f"sk-of-{owner}"
    others = {name: value for name, value in ALL_KEYS.items() if value != f"sk-of-{owner}"}
    if text.startswith("http"):
        assert key(named(text), others) == NO_KEY
    else:
        with pytest.raises(UsageError, match=f"set {key_variables(named(text), {})[0]}$"):
            key(named(text), others)


@pytest.mark.parametrize("text", ["ollama:m", "vllm:m", "lmstudio:m", "llamacpp:m"])
def test_servers_that_ask_for_no_key_get_one_only_if_it_is_nobody_else_s(text: str) -> None:
    assert key(named(text), KEYS) == NO_KEY
    assert key(named(text), ALL_KEYS) == "sk-of-llm"
    assert key(named(text), ALL_KEYS | {"LLM_API_BASE": "http://h/v1"}) == NO_KEY


def test_a_server_of_ours_gets_no_key() -> None:
    assert key(named("gguf:m"), ALL_KEYS) == NO_KEY


def test_the_key_of_openai_goes_elsewhere_only_where_the_user_says_so() -> None:
    environ = {"LLM_API_BASE": " https://h/v1/", "OPENAI_API_KEY": CANARY}
    assert key(named("https://h/v1#m"), environ) == CANARY
    assert key(named("https://h/v2#m"), environ) == NO_KEY
    assert key(named("https://h/v1#m"), {"OPENAI_API_KEY": CANARY}) == NO_KEY


def test_a_key_is_trimmed_and_one_that_is_none_is_not_shown() -> None:
    model = named("openai:m")
    assert key(model, {"OPENAI_API_KEY": f" {CANARY}\n"}) == CANARY
    with pytest.raises(UsageError, match="needs a key: set OPENAI_API_KEY"):
        key(model, {"OPENAI_API_KEY": "  "})
    for wrong in (f"{CANARY}\u2026", f"{CANARY}\nX: y", "\u201csk\u201d"):
        with pytest.raises(UsageError, match="OPENAI_API_KEY holds characters") as caught:
            key(model, {"OPENAI_API_KEY": wrong})
        assert CANARY not in str(caught.value)


@pytest.mark.parametrize(
    "rest",
    [
        "h/v1?key={}",
        "h/v1?{}",
        "h/v1?api-version=1&token={}",
        "h/v1?api-version=1;key={}",
        "{}@h/v1",
        "u:{}@h/v1",
        "u:{}@h:x/v1",
        "h/v1?api-version={}/",
        "@h/v1",
        "h:x/v1?key={}",
    ],
)
def test_a_url_holds_no_secret_and_the_refusal_does_not_show_it(rest: str) -> None:
    url = f"https://{rest.format(CANARY)}"
    for said in (refused(f"{url}#m"), refused("openai:m", LLM_API_BASE=url)):
        assert CANARY not in said
        assert "holds" in said or "may hold no key" in said or "is no URL" in said


def test_an_endpoint_holds_no_key() -> None:
    found = named("openai:m", OPENAI_API_KEY=CANARY, LLM_API_KEY=CANARY)
    assert CANARY not in repr(found) + found.given + found.name


@pytest.mark.parametrize("text", ["http://h/KEY/v1#m", "http://h/v1#KEY", "openai:KEY"])
def test_a_name_that_holds_a_key_is_refused_without_being_shown(text: str) -> None:
    with pytest.raises(UsageError, match="may hold no key") as refused:
        named(text.replace("KEY", CANARY), LLM_API_KEY=CANARY)
    assert CANARY not in str(refused.value)
