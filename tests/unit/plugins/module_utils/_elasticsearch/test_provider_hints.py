# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of the hints for failed requests to the provider."""

from __future__ import annotations

import pytest

from tests.unit.plugins.module_utils._elasticsearch.responses import (
    RUN,
    UPDATE,
    api_error,
    make_error,
    provider_message,
    validation_error,
)

API_KEY = "set service_settings.api_key to a valid key. The provider rejected the API key of the endpoint."
NO_CREDIT = "check the plan and the billing of the provider account. It has no credit or quota left."
RATE = "run the task again later, or increase retries. The rate limit of the provider was exceeded."
OVERLOADED = "run the task again later, or increase retries. The provider is overloaded."
TIMED_OUT = "increase timeout, or run the task again later. The provider did not respond in time."
FAULT = "run the task again later, or increase retries. The provider reported a temporary error."
AGAIN = ", or increase retries"

PROVIDER = [
    (provider_message("Received an authentication error status code", 401, "invalid x-api-key"), API_KEY),
    (
        provider_message("Received a bad request status code", 400, "API key not valid. Please pass a valid API key."),
        API_KEY,
    ),
    (provider_message("Received an unsuccessful status code", 400, "Incorrect API key provided: sk-x"), API_KEY),
    (
        provider_message("Received a permission denied error status code", 403, "no access"),
        "The provider denied access.",
    ),
    (
        provider_message("Received an unsuccessful status code", 404, "model: claude-x"),
        "The provider does not offer the model",
    ),
    (
        provider_message("Received a content too large status code", 413),
        "The provider rejected the request as too large.",
    ),
    (
        provider_message("Received a rate limit status code", 429, "Number of requests has exceeded your rate limit"),
        RATE,
    ),
    (provider_message("Received a server error status code", 500, "Internal server error"), FAULT),
    (provider_message("Received a server error status code", 502), FAULT),
    (provider_message("Received a server busy error status code", 503), FAULT),
    (provider_message("Received a server error status code", 504), TIMED_OUT),
    (provider_message("Received an unsuccessful status code", 408), TIMED_OUT),
    (
        provider_message("Received an Anthropic server is temporarily overloaded status code", 529, "Overloaded"),
        OVERLOADED,
    ),
    (
        provider_message(
            "Received an unsuccessful status code", 400, "Your credit balance is too low to access the API."
        ),
        NO_CREDIT,
    ),
    (
        provider_message("Received a rate limit status code", 429, "You exceeded your current quota, check your plan"),
        NO_CREDIT,
    ),
    (provider_message("Received an unsuccessful status code", 402), NO_CREDIT),
    (
        provider_message("Received a bad request status code", 400, "top_p: range"),
        "correct the setting that the message",
    ),
    (
        provider_message("Unhandled redirection", 302),
        "check service_settings.url. The address of the provider returns a redirect.",
    ),
    (
        "The security token included in the request is invalid. (Service: BedrockRuntime, Status Code: 403)",
        "credentials",
    ),
    ("Rate exceeded (Service: BedrockRuntime, Status Code: 429)", RATE),
]


@pytest.mark.parametrize(("words", "hint"), PROVIDER)
def test_provider_message_determines_hint_for_writes_and_completions(words: str, hint: str) -> None:
    assert hint in validation_error("status_exception", words).hint
    assert hint in validation_error("status_exception", words, request=UPDATE).hint
    run = api_error(RUN, 400, "status_exception", words)
    assert hint.replace(AGAIN, "") in run.hint
    assert AGAIN not in run.hint


@pytest.mark.parametrize(
    ("kind", "words", "hint"),
    [
        ("status_exception", "Request timed out after [30s]", TIMED_OUT),
        ("timeout_exception", "Request timed out after [30s] for inference id [one]", TIMED_OUT),
        ("connect_exception", "Connection refused", "The cluster cannot reach the provider."),
        ("i_o_exception", "Connection reset by peer", "The cluster cannot reach the provider."),
        (
            "status_exception",
            "Invalid host [https://api.invalid], please check",
            "cannot resolve the host name of the provider",
        ),
        ("s_s_l_handshake_exception", "PKIX path building failed", "does not trust the provider's certificate"),
        ("es_rejected_execution_exception", "queue is full", "too many requests to the provider in progress"),
        ("status_exception", "SageMaker denied the request for [one] due to request throttling", RATE),
        ("null_pointer_exception", "x is null", "The request from Elasticsearch to the provider failed."),
    ],
)
def test_missing_provider_response_gets_hint_for_its_cause(kind: str, words: str, hint: str) -> None:
    assert hint in validation_error(kind, words).hint


def test_stream_error_gets_hint_for_its_type() -> None:
    words = "Received an error response for request from inference entity id [chat]. Error message: [{}]"
    error = make_error(RUN, None, {"error": {"type": "overloaded_error", "message": words.format("Overloaded")}})
    assert error.hint == OVERLOADED.replace(AGAIN, "")
    unnamed = make_error(RUN, None, {"error": {"type": "stream_error", "message": words.format("Overloaded")}})
    assert unnamed.hint == OVERLOADED.replace(AGAIN, "")


def test_redirect_from_provider_is_a_provider_error() -> None:
    error = api_error(RUN, 302, "status_exception", provider_message("Unhandled redirection", 302))
    assert error.provider_status == 302
