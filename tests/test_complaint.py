"""Complaints: what is the matter with a request is read from the words of whoever refuses it."""

from typing import Any

import pytest

from repunet.models import failure as kinds
from repunet.models.complaint import complaint_of

SENT = {
    "max_tokens": 8192,
    "temperature": 0.0,
    "top_p": 0.9,
    "frequency_penalty": 0.5,
    "response_format": {},
}


def found(status: int, said: Any, parts: dict[str, Any] | None = None) -> kinds.Failure:
    body = {"error": {"message": said, **(parts or {})}} if isinstance(said, str) else said
    return complaint_of(status, body).failure(SENT, "m")


@pytest.mark.parametrize(
    ("status", "said", "parts"),
    [
        (429, "Your current quota is exceeded.", {"type": "insufficient_quota"}),
        (429, "You exceeded your current quota, please check your plan and billing details.", {}),
        (429, "quota exceeded", {}),
        (429, "Insufficient balance or no resource package. Please recharge.", {"code": "1113"}),
        (429, "suspended due to insufficient balance", {"type": "exceeded_current_quota_error"}),
        (402, "Insufficient credits", {}),
        (429, "Ihr Guthaben ist aufgebraucht.", {}),
        (429, "Saldo insuficiente", {}),
        (429, "残高が不足しています。", {}),
        (429, "You've reached your monthly usage limit. Upgrade your plan.", {}),
        (400, "Budget has been exceeded! Current cost: 10.1, Max budget: 10.0", {}),
        (403, "Key limit exceeded (total limit).", {}),
        (412, "Account is suspended: failure to pay past invoices.", {}),
        (403, "Billing is not enabled for this project", {}),
        (403, "user quota is not enough", {"code": "insufficient_user_quota"}),
        (400, "Your credit balance is too low to access the API.", {}),
        (400, "Please make sure your account is in good standing.", {"code": "Arrearage"}),
        (401, "account balance is negative", {}),
        (200, {"base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}}, {}),
        (200, {"error": {"code": 402, "message": "Add credits to go on"}}, {}),
        (200, {"code": 1113, "msg": "余额不足"}, {}),
    ],
)  # fmt: skip
def test_no_money_is_heard_in_any_guise(status: int, said: Any, parts: dict[str, Any]) -> None:
    failure = found(status, said, parts)
    assert type(failure) is kinds.Permanent
    assert "no money left" in str(failure)


GEMINI = "You exceeded your current quota, please check your plan and billing details."


@pytest.mark.parametrize(
    ("status", "said", "parts"),
    [
        (429, "Quota exceeded for metric: requests, limit: 15 per minute", {}),
        (429, f"{GEMINI} Please retry in 58.8s.", {"status": "RESOURCE_EXHAUSTED"}),
        (429, GEMINI, {"details": [{"quotaId": "GenerateRequestsPerMinutePerProject"}]}),
        (429, "Rate limit on tokens per min (TPM): Limit 9000, Used 8000, Requested 2000.", {}),
        (429, "exceeded call rate limit of your S0 tier; for a higher quota see aka.ms/quota", {}),
        (429, "Allocated quota exceeded, please increase it", {"code": "insufficient_quota"}),
        (429, "Too many requests", {}),
        (429, "15 requests per minute, 1500 per day", {}),
        (429, "Rate limit exceeded: free-models-per-min", {}),
        (200, {"error": {"code": 429, "message": "slow down"}}, {}),
    ],
)  # fmt: skip
def test_a_limit_that_passes_is_no_empty_account(
    status: int, said: Any, parts: dict[str, Any]
) -> None:
    assert type(found(status, said, parts)) is kinds.RateLimited


def of_a_quota(time: str) -> dict[str, str]:
    return {"quotaId": f"GenerateRequestsPer{time}PerProjectPerModel-FreeTier", "quotaValue": "50"}


@pytest.mark.parametrize(
    ("said", "parts"),
    [
        (f"{GEMINI} Please retry in 58.8s.", {"details": [{"violations": [of_a_quota("Day")]}]}),
        (GEMINI, {"details": [of_a_quota("Minute"), of_a_quota("Day")]}),
        ("Rate limit reached for m on requests per day (RPD): Limit 200, Used 200, Requested 1. "
         "Please try again in 7m12s.", {"type": "requests", "code": "rate_limit_exceeded"}),
        ("Rate limit reached for m on tokens per day (TPD): Limit 100000, Used 99801", {}),
        ("Rate limit exceeded: free-models-per-day", {}),
        ("You are past the limit of 1000 API calls / month of a trial key.", {}),
        ("You have reached your daily request limit.", {}),
    ],
)  # fmt: skip
def test_a_limit_per_day_stops_at_once_in_the_words_of_its_provider(
    said: str, parts: dict[str, Any]
) -> None:
    failure = found(429, said, parts)
    assert type(failure) is kinds.Permanent
    assert "a limit of days is used up: resume when" in str(failure)
    assert said in str(failure)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (429, "Request too large for m on tokens per min (TPM): Limit 3000, Requested 6200."),
        (
            413,
            "Request too large for model m on tokens per minute (TPM): Limit 6000, Requested 7000",
        ),
    ],
)
def test_what_fits_into_no_minute_is_told_with_advice(status: int, said: str) -> None:
    failure = found(status, said)
    assert isinstance(failure, kinds.TooLarge)
    assert "max_tokens" in str(failure)


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ("temperature and top_p cannot both be specified for this model.", "temperature"),
        ("Only one of temperature, topP may be set", "temperature"),
        ("topP is not a valid field", "top_p"),
        ("Top P is unsupported by this model", "top_p"),
        ("`top-p` is not permitted", "top_p"),
        ("nucleus sampling is not available together with json", "top_p"),
        ("Penalty is not enabled for models/m", "frequency_penalty"),
        ("frequencyPenalty: Extra inputs are not permitted", "frequency_penalty"),
        ("temperature must be strictly positive", "temperature"),
        ("Sampling parameters are not supported for this model", "temperature"),
        ("unknown field `top_p`, expected one of `messages`, `temperature`", "top_p"),
        (
            "Unsupported parameter: 'temperature'. Valid parameters: top_p, max_tokens",
            "temperature",
        ),
    ],
)
def test_a_parameter_is_known_under_any_spelling(said: str, named: str) -> None:
    failure = found(400, said)
    assert isinstance(failure, kinds.Unsupported)
    assert (failure.parameter, failure.most) == (named, None)


@pytest.mark.parametrize(
    "said",
    [
        "Unknown parameter: foo. Known: max_tokens, temperature, response_format",
        "Extra parameter foo. Valid options are [max_tokens, top_p, json_schema]",
        "foo is not supported. Allowed fields: max_tokens; temperature",
        "unknown field `foo`, expected one of `max_tokens`, `response_format`, `top_p`",
        "Accepted parameters are: max_tokens, temperature. Unrecognized: foo",
    ],
)
def test_what_is_listed_as_known_is_not_what_is_refused(said: str) -> None:
    assert type(found(400, said)) is kinds.Unacceptable


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ("Unknown parameter: 'max_tokens'. Known: max_completion_tokens, n", "max_tokens"),
        ("Valid parameters: temperature, max_tokens. Unsupported: top_p", "top_p"),
        ("Parameters not supported: temperature", "temperature"),
        ("Fields that are no longer supported: top_p", "top_p"),
    ],
)
def test_what_is_refused_beside_a_list_is_found(said: str, named: str) -> None:
    failure = found(400, said)
    assert isinstance(failure, kinds.Unsupported)
    assert failure.parameter == named


def test_a_value_of_the_users_that_is_refused_stops_the_run() -> None:
    assert type(found(400, "top_p must be less than 0.5")) is kinds.Permanent


@pytest.mark.parametrize(
    ("said", "most"),
    [
        ("max_tokens is too large: 8192. It supports at most 4096 completion tokens.", 4096),
        ("max_tokens: 8192 > 4096, which is the maximum allowed number of output tokens", 4096),
        ("`max_tokens` must be less than or equal to `2048`", 2048),
        ("Range of max_tokens should be [1, 2000]", 2000),
        ("maxOutputTokens must be between 1 and 4,096", 4096),
        ("The requested number of output tokens exceeds the limit", 4096),
        ("'max_tokens' or 'max_completion_tokens' is too large: 8192. This model's maximum context "
         "length is 5000 tokens and your request has 708 input tokens", 4292),
        ("This model's maximum context length is 5000 tokens. However, you requested 8900 tokens "
         "(708 in the messages, 8192 in the completion).", 4292),
        ("input length and `max_tokens` exceed context limit: 700 + 8192 > 5000", 4300),
    ],
)  # fmt: skip
def test_how_much_room_there_is_is_learnt(said: str, most: int) -> None:
    failure = found(400, said)
    assert isinstance(failure, kinds.Unsupported)
    assert (failure.parameter, failure.most) == ("max_tokens", most)


def test_an_answer_that_was_cut_may_be_told_as_a_refusal() -> None:
    said = "Could not finish the message because max_tokens or model output limit was reached."
    assert complaint_of(400, {"error": {"message": said}}).is_of_a_cut


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (404, "No endpoints found that can handle the requested parameters."),
        (422, "response_format.type: input should be 'text' or 'json_object'"),
        (501, "not implemented"),
        (400, "json mode is not supported for this model"),
        (400, "This model does not support structured outputs"),
        (500, "failed to parse grammar"),
    ],
)
def test_a_format_is_refused_with_any_status(status: int, said: str) -> None:
    failure = found(status, said)
    assert isinstance(failure, kinds.Unsupported)
    assert failure.parameter is None


@pytest.mark.parametrize(
    ("status", "said", "kind"),
    [
        (400, "Failed to validate JSON. See 'failed_generation'.", kinds.Unacceptable),
        (400, "something is wrong", kinds.Unacceptable),
        (404, "The model `m` does not exist", kinds.Permanent),
        (400, "m is not a valid model ID", kinds.Permanent),
        (400, "API key not valid. Please pass a valid API key.", kinds.Permanent),
        (404, "404 page not found", kinds.Permanent),
        (403, "your input was flagged", kinds.Content),
        (400, "The response was filtered due to content management policy", kinds.Content),
        (400, "prompt is too long: 9000 tokens > 8000 maximum", kinds.Content),
        (500, "oops", kinds.Transient),
        (529, "overloaded", kinds.Overloaded),
        (200, {"error": {"message": "provider disconnected"}}, kinds.Interrupted),
        (200, {"error": {"code": 502, "message": "bad gateway"}}, kinds.Overloaded),
    ],
)
def test_other_words_have_their_class(status: int, said: Any, kind: type[kinds.Failure]) -> None:
    assert type(found(status, said)) is kind


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (404, "Model is loading, please retry"),
        (400, "Model is overloaded, try again later"),
        (400, {"__type": "ThrottlingException", "message": "Please wait."}),
    ],
)
def test_who_is_busy_is_asked_again_whatever_the_status(status: int, said: Any) -> None:
    assert isinstance(found(status, said), kinds.Overloaded)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (400, "Output data may contain inappropriate content."),
        (400, "Request blocked by guardrail"),
        (422, "blocked by our safety system"),
    ],
)
def test_what_a_filter_keeps_back_is_content(status: int, said: str) -> None:
    assert isinstance(found(status, said), kinds.Content)


def test_what_a_router_quotes_is_what_the_server_behind_it_says() -> None:
    quoted = {"metadata": {"raw": '{"error": {"message": "temperature is not supported"}}'}}
    failure = found(400, "Provider returned error", quoted)
    assert isinstance(failure, kinds.Unsupported)
    assert failure.parameter == "temperature"
