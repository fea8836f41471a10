# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of the classification of errors, with messages of real servers and providers."""

from __future__ import annotations

import pytest

from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.causes import Cause
from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.errors import (
    ApiError,
    ClientError,
    UnreadableResponse,
)
from tests.unit.plugins.module_utils._elasticsearch.responses import (
    ANTHROPIC_LIMITS,
    BUSY_DELETE,
    BUSY_UPDATE,
    DELETE,
    GET,
    GET_ALL,
    IN_MAPPINGS,
    IN_PIPELINES,
    INVALID,
    PUT,
    RUN,
    UPDATE,
    api_error,
    make_error,
    provider_error,
    provider_message,
    validation_error,
)

RESPONSES = [
    # The message of Elasticsearch, the status and the message of the provider, whether the error is temporary
    (
        provider_message("Received an authentication error status code", 401, "invalid x-api-key"),
        401,
        "invalid x-api-key",
        False,
    ),
    (provider_message("Received a permission denied error status code", 403, "no access"), 403, "no access", False),
    (provider_message("Received an unsuccessful status code", 404, "model: claude-x"), 404, "model: claude-x", False),
    (provider_message(ANTHROPIC_LIMITS, 429, "exceeds your rate limit [x]"), 429, "exceeds your rate limit [x]", True),
    (
        provider_message("Received a server error status code", 500, "Internal server error"),
        500,
        "Internal server error",
        True,
    ),
    (provider_message("Received a server error status code", 502), 502, "", True),
    (provider_message("Received a server busy error status code", 503, "busy"), 503, "busy", True),
    (provider_message("Received a server error status code", 504), 504, "", True),
    (provider_message("Received a server error status code", 522), 522, "", True),
    (provider_message("Received a server error status code", 501), 501, "", False),
    (
        provider_message("Received an Anthropic server is temporarily overloaded status code", 529, "Overloaded"),
        529,
        "Overloaded",
        True,
    ),
    (provider_message("Received an unsuccessful status code", 408), 408, "", True),
    (
        provider_message("Received a bad request status code", 400, "top_p: range: 0..1"),
        400,
        "top_p: range: 0..1",
        False,
    ),
    (provider_message("Received a content too large status code", 413, "too long"), 413, "too long", False),
    (provider_message("Received an input validation error response", 422, "bad input"), 422, "bad input", False),
    (
        provider_message("Resource not found at [https://api.x.com/v1]", 404, "404 page not found\n"),
        404,
        "404 page not found\n",
        False,
    ),
    (provider_message("Unhandled redirection", 301), 301, "", False),
    (provider_message("Received a failure status code", 503), 503, "", True),
    (
        provider_message("Received a server error status code", 500, '{"detail": [1, 2]}', "a.b_c-1"),
        500,
        '{"detail": [1, 2]}',
        True,
    ),
    # No credit or no quota. Retries do not help.
    (
        provider_message(
            "Received an unsuccessful status code", 400, "Your credit balance is too low to access the Anthropic API."
        ),
        400,
        "Your credit balance is too low to access the Anthropic API.",
        False,
    ),
    (
        provider_message(
            "Received a rate limit status code", 429, "You exceeded your current quota, please check your plan"
        ),
        429,
        "You exceeded your current quota, please check your plan",
        False,
    ),
    (
        provider_message("Received a rate limit status code", 429, "insufficient_quota"),
        429,
        "insufficient_quota",
        False,
    ),
    (provider_message("Received an unsuccessful status code", 402, "Payment Required"), 402, "Payment Required", False),
    (
        provider_message(
            "Received an unsuccessful status code", 400, "You have reached your specified API usage limits."
        ),
        400,
        "You have reached your specified API usage limits.",
        False,
    ),
    # Rate limits are temporary, even if the message mentions billing or usage.
    (
        provider_message(
            ANTHROPIC_LIMITS, 429, "would exceed your organization's rate limit. See the headers for current usage."
        ),
        429,
        "would exceed your organization's rate limit. See the headers for current usage.",
        True,
    ),
    (
        provider_message(
            "Received a rate limit status code", 429, "Rate limit reached. See https://x.com/account/billing."
        ),
        429,
        "Rate limit reached. See https://x.com/account/billing.",
        True,
    ),
    # Messages of the AWS SDK
    (
        "Too many requests, please wait. (Service: BedrockRuntime, Status Code: 429, Request ID: 1-2)",
        429,
        "Too many requests, please wait.",
        True,
    ),
    (
        "Received error. (Service: AmazonSageMakerRuntime; Status Code: 424; Error Code: ModelError; Request ID: 1)",
        424,
        "Received error.",
        False,
    ),
    ("Rate exceeded (Service: SageMakerRuntime, Status Code: 400) ThrottlingException", 400, "Rate exceeded", True),
    (
        "The security token included in the request is invalid. (Service: BedrockRuntime, Status Code: 403)",
        403,
        "The security token included in the request is invalid.",
        False,
    ),
]


@pytest.mark.parametrize(("words", "status", "reason", "temporary"), RESPONSES)
def test_provider_response_is_extracted_from_validation_failure(
    words: str, status: int, reason: str, temporary: bool
) -> None:
    error = provider_error(words)
    assert (error.status, error.provider_status, error.provider_reason) == (400, status, reason)
    assert error.is_temporary_provider_error is temporary


@pytest.mark.parametrize(("words", "status", "reason", "temporary"), RESPONSES)
def test_provider_response_is_extracted_from_failed_completion(
    words: str, status: int, reason: str, temporary: bool
) -> None:
    error = api_error(RUN, status if status < 500 else 400, "status_exception", words)
    assert (error.provider_status, error.provider_reason) == (status, reason)
    assert error.is_temporary_provider_error is temporary


@pytest.mark.parametrize(
    ("kind", "status", "temporary"),
    [
        ("authentication_error", 401, False),
        ("billing_error", 402, False),
        ("permission_error", 403, False),
        ("not_found_error", 404, False),
        ("request_too_large", 413, False),
        ("rate_limit_error", 429, True),
        ("api_error", 500, True),
        ("timeout_error", 504, True),
        ("overloaded_error", 529, True),
    ],
)
def test_provider_status_in_stream_is_derived_from_error_type(kind: str, status: int, temporary: bool) -> None:
    words = "Received an error response for request from inference entity id [chat]. Error message: [Sorry]"
    error = make_error(RUN, None, {"error": {"type": kind, "message": words}})
    assert (error.status, error.provider_status, error.provider_reason) == (None, status, "Sorry")
    assert error.is_temporary_provider_error is temporary


def test_stream_error_of_unknown_type_has_no_provider_status() -> None:
    assert make_error(RUN, None, {"error": {"type": "stream_error", "message": "x"}}).provider_status is None


@pytest.mark.parametrize(
    ("cause", "timeout"),
    [
        # The first up to about 9.4, with status 408, the second in later versions, with status 429.
        (("status_exception", "Request timed out after [30s]"), True),
        (("timeout_exception", "Request timed out after [30s] for inference id [one]"), True),
        (("timeout_exception", "Request timed out waiting to be executed after [30s]"), True),
        (("socket_timeout_exception", "30,000 milliseconds timeout on connection http-outgoing-1 [ACTIVE]"), True),
        (("socket_timeout_exception", "30 SECONDS"), True),
        (("timeout_exception", "Timeout connecting to [api.anthropic.com/160.79.104.10:443]"), False),
        (("connect_timeout_exception", "Connect to https://api.anthropic.com failed: Connect timed out"), False),
        (("deadline_timeout_exception", "Timeout deadline: 30000 MILLISECONDS, actual: 30001 MILLISECONDS"), False),
        (("connect_exception", "Connection refused"), False),
        (("http_host_connect_exception", "Connect to api.anthropic.com:443 failed: Connection refused"), False),
        (("i_o_exception", "Connection reset by peer"), False),
        (("connection_closed_exception", "Connection closed unexpectedly"), False),
        (("no_http_response_exception", "api.anthropic.com:443 failed to respond"), False),
        (("es_rejected_execution_exception", "Failed to enqueue task for inference id [one]"), False),
        (("circuit_breaking_exception", "[inference] Data too large"), False),
    ],
)
def test_failed_connection_to_provider_is_temporary(cause: tuple[str, str], timeout: bool) -> None:
    error = validation_error(*cause)
    assert error.provider_status is None
    assert error.is_temporary_provider_error
    assert error.is_provider_timeout is timeout


@pytest.mark.parametrize(
    "caused_by",
    [
        [
            ("status_exception", "Invalid host [https://api.invalid/v1], please check that the URL is correct."),
            ("unknown_host_exception", "api.invalid"),
        ],
        [("s_s_l_handshake_exception", "PKIX path building failed: unable to find valid certification path")],
        [("illegal_state_exception", "something else")],
        [("status_exception", "Failed to translate SageMaker response for [one]")],
    ],
)
def test_permanent_provider_failure_is_not_temporary(caused_by: list[tuple[str, str]]) -> None:
    error = validation_error(*caused_by[0], *caused_by[1:])
    assert not error.is_temporary_provider_error
    assert not error.is_provider_timeout


def test_completion_timeout_is_provider_timeout_on_all_versions() -> None:
    assert api_error(RUN, 408, "status_exception", "Request timed out after [30s]").is_provider_timeout
    newer = api_error(RUN, 429, "timeout_exception", "Request timed out after [30s] for inference id [one]")
    assert newer.is_provider_timeout
    assert newer.is_temporary_provider_error


@pytest.mark.parametrize(
    "error",
    [
        api_error(PUT, 429, "es_rejected_execution_exception", "rejected execution of coordinating operation"),
        api_error(PUT, 503, "connect_transport_exception", "[node-2][10.0.0.2:9300] Connection refused"),
        api_error(GET, 500, "socket_timeout_exception", "Read timed out"),
        api_error(PUT, 400, "validation_exception", "Validation Failed: 1: [task_settings] does not contain x;"),
        api_error(PUT, 400, "status_exception", "unknown settings [{a=status [429]}]"),
        api_error(("POST", "/index/_search"), 500, "socket_timeout_exception", "Read timed out"),
        make_error(PUT, 404, {"error": "Connection refused"}),
        UnreadableResponse("The response has status 503 and is an HTML page (text/html).", *PUT, status=503),
    ],
)
def test_cluster_error_is_not_a_provider_error(error: ClientError) -> None:
    assert error.provider_status is None
    assert error.provider_reason == ""
    assert not error.is_temporary_provider_error
    assert not error.is_provider_timeout


@pytest.mark.parametrize(
    ("request_", "reason", "busy", "referenced"),
    [
        (UPDATE, BUSY_UPDATE, True, False),
        (DELETE, BUSY_DELETE, True, False),
        (DELETE, IN_PIPELINES, False, True),
        (DELETE, IN_MAPPINGS, False, True),
        (DELETE, IN_PIPELINES + IN_MAPPINGS, False, True),
        (DELETE, "Model one is referenced by pipelines and cannot be deleted.", False, True),
        (UPDATE, "Cannot update inference endpoint [one] using model deployment [x].", False, False),
    ],
)
def test_conflict_is_classified_by_its_message(
    request_: tuple[str, str], reason: str, busy: bool, referenced: bool
) -> None:
    error = api_error(request_, 409, "status_exception", reason)
    assert (error.is_busy, error.is_referenced) == (busy, referenced)
    other = api_error(request_, 400, "status_exception", reason)
    assert (other.is_busy, other.is_referenced) == (False, False)


@pytest.mark.parametrize(
    ("error", "missing"),
    [
        (api_error(GET, 404, "resource_not_found_exception", "Inference endpoint not found [one]"), True),
        (api_error(DELETE, 404, "resource_not_found_exception", "Inference endpoint not found [one]"), True),
        (
            api_error(
                UPDATE, 404, "status_exception", "The inference endpoint [one] does not exist and cannot be updated"
            ),
            True,
        ),
        (api_error(DELETE, 404, "status_exception", "No service found for this inference endpoint one"), False),
        (api_error(RUN, 404, "resource_not_found_exception", "Unknown service [x] for model [one]"), False),
        (api_error(RUN, 404, "status_exception", provider_message("Received an unsuccessful status code", 404)), False),
        (api_error(GET, 400, "resource_not_found_exception", "Inference endpoint not found [one]"), False),
        (make_error(GET, 404, {"ok": False, "message": "Unknown resource."}), False),
        (make_error(GET, 404, {"error": "no handler found for uri [/x] and method [GET]"}), False),
        (UnreadableResponse("The response has status 404 and is an HTML page (text/html).", *GET, status=404), False),
    ],
)
def test_missing_endpoint_is_distinguished_from_other_404s(error: ClientError, missing: bool) -> None:
    assert error.is_not_found is missing


def test_existing_id_is_recognized() -> None:
    reason = "Inference endpoint [one] already exists"
    assert api_error(PUT, 400, "resource_already_exists_exception", reason).already_exists
    assert not api_error(PUT, 400, "status_exception", reason).already_exists
    assert not api_error(PUT, 502, "resource_already_exists_exception", reason).already_exists


@pytest.mark.parametrize(
    ("request_", "status", "kind", "reason"),
    [
        (GET, 500, "illegal_state_exception", INVALID),
        (RUN, 500, "exception", f"Failed to load inference endpoint with secrets [one], error: [{INVALID}]"),
        (GET, 500, "exception", "Failed to load inference endpoint [one], error: [Missing required field [service]]"),
        (GET_ALL, 500, "status_exception", "Unknown service [elasticsearch] for inference endpoint [.elser-2-x]."),
        (RUN, 400, "status_exception", "Unknown service [x] for model [one]"),
        (RUN, 404, "resource_not_found_exception", "Unknown service [x] for model [one]"),
        (
            GET,
            400,
            "status_exception",
            "Failed to parse stored model [one] for [cohere] service, please delete and add the service again",
        ),
        (
            GET,
            400,
            "status_exception",
            (
                "Failed to parse stored model [one] for [x] service, error: [The [x] service does not support task "
                "type [completion]]. Please delete and add the service again"
            ),
        ),
        (
            DELETE,
            500,
            "status_exception",
            "The internal model was invalid, please delete the service [x] with id [one] and add it again.",
        ),
        (
            GET,
            500,
            "illegal_argument_exception",
            (
                "Invalid result while loading inference endpoint [one] index: [x]. Try deleting and reinitializing the "
                "service"
            ),
        ),
        (
            GET,
            400,
            "status_exception",
            "field [top_p] is not of the expected type. The value [40] cannot be converted to a [Double]",
        ),
        (
            GET_ALL,
            400,
            "validation_exception",
            "Validation Failed: 1: [service_settings] does not contain the required setting [model_id];",
        ),
    ],
)
def test_unreadable_stored_endpoint_is_recognized(
    request_: tuple[str, str], status: int, kind: str, reason: str
) -> None:
    error = api_error(request_, status, kind, reason)
    assert error.is_unreadable_state
    assert not error.is_not_found


@pytest.mark.parametrize(
    "error",
    [
        api_error(GET, 503, "exception", "Failed to load inference endpoint [one], error: [all shards failed]"),
        api_error(GET, 500, "exception", "Failed to load inference endpoint [one], error: [all shards failed]"),
        api_error(GET, 500, "search_phase_execution_exception", "Partial shards failure"),
        api_error(GET, 500, "null_pointer_exception", "x is null"),
        api_error(GET, 400, "status_exception", "Requested task type [a] does not match the inference endpoint's [b]"),
        api_error(
            PUT,
            400,
            "status_exception",
            "field [top_p] is not of the expected type. The value [1] cannot be converted to a [Double]",
        ),
        api_error(PUT, 400, "status_exception", "Unknown service [antropic]"),
        api_error(("POST", "/index/_search"), 500, "illegal_state_exception", INVALID),
        make_error(GET, 500, {"error": INVALID}),
        provider_error(provider_message("Received an unsuccessful status code", 400, "Bad Request: Invalid state")),
    ],
)
def test_other_failure_is_not_classified_as_unreadable_endpoint(error: ClientError) -> None:
    assert not error.is_unreadable_state


def test_provider_reason_does_not_contain_secrets() -> None:
    error = provider_error(
        provider_message("Received an authentication error status code", 401, "key s3cret is invalid")
    )
    assert error.provider_reason == "key ******** is invalid"
    assert "s3cret" not in repr(error.causes)


def test_error_without_causes_is_classified_by_its_problem() -> None:
    error = ApiError(f"failed: {provider_message('Received a server error status code', 500)}", *PUT, status=400)
    assert error.provider_status == 500


def test_causes_in_unexpected_format_are_ignored() -> None:
    error = {"type": "t", "reason": "r", "root_cause": ["x", {"reason": "y"}], "caused_by": {"type": 5, "reason": [1]}}
    found = make_error(GET, 400, {"error": error})
    assert found.causes == ((None, "y"), (None, "[1]"))
    assert found.cause == Cause(*GET, 400, "t", ("r", "y", "[1]"), frozenset({"t"}))


class TestRejectedSettings:
    @pytest.mark.parametrize(
        ("words", "names"),
        [
            ("[1:2] [service_settings] unknown field [model_id]", ("model_id",)),
            (
                "Configuration contains settings [{model_id=m, url=https://x}] unknown to the [openai] service",
                ("model_id", "url"),
            ),
            (
                "Model configuration contains settings [{tuning={depth=3}}] unknown to the [x] service",
                ("tuning", "depth"),
            ),
            ("Validation Failed: 1: Rate limit settings contain unknown entries [{per_second=3}];", ("per_second",)),
            (
                "Configuration contains unknown settings [{a=1}] while parsing field [rate_limit] for settings [x]",
                ("a",),
            ),
            ("[service_settings] does not allow the setting [dimensions]", ("dimensions",)),
            ("[num_threads] cannot be updated", ("num_threads",)),
            (
                "Request contained fields which cannot be updated, remove these [{chunking_settings={strategy=word}}]",
                ("chunking_settings", "strategy"),
            ),
            ("Cannot update OAuth2 fields as the service was not configured with OAuth2 settings.", ()),
        ],
    )
    def test_rejected_settings_are_extracted_from_message(self, words: str, names: tuple[str, ...]) -> None:
        assert ApiError(words, *UPDATE, status=400, error_type="status_exception").rejected_settings == names

    @pytest.mark.parametrize(
        ("words", "status"),
        [
            ("[service_settings] Invalid value [0]. [requests_per_minute] must be a positive integer", 400),
            ("[1:2] [service_settings] unknown field [model_id]", 500),
            (provider_message("Received a bad request status code", 400, "unknown field [x]"), 400),
        ],
    )
    def test_other_errors_have_no_rejected_settings(self, words: str, status: int) -> None:
        error = ApiError(words, *UPDATE, status=status, error_type="status_exception")
        assert error.rejected_settings is None


@pytest.mark.parametrize(
    ("words", "allocating"),
    [
        (
            "Timed out after [30s] waiting for trained model deployment [x] to start. Use the trained model stats API",
            True,
        ),
        ("Model download task is currently running. Wait for trained model [m] download task to complete", True),
        ("Could not start trained model deployment, the following nodes failed with errors [{}]", False),
    ],
)
def test_pending_model_deployment_is_recognized(words: str, allocating: bool) -> None:
    assert ApiError(words, *PUT, status=408, error_type="status_exception").is_allocating is allocating
