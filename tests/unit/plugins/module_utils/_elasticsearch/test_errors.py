# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of the properties of errors."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.errors import (
    RETRYABLE_STATUSES,
    ApiError,
    ClientError,
    ConnectionLost,
    Redirected,
    Refused,
    TimedOut,
    TlsFailed,
    Unreachable,
    UnreadableResponse,
)
from tests.unit.plugins.module_utils._elasticsearch.responses import (
    GET,
    GET_ALL,
    INVALID,
    PUT,
    api_error,
    provider_error,
    provider_message,
)


def make(kind: type[ClientError], status: int | None = None) -> ClientError:
    return kind("Something happened.", "PUT", "/path", status=status)


@pytest.mark.parametrize(
    ("error", "sent", "ambiguous"),
    [
        (make(Unreachable), False, False),
        (make(TlsFailed), False, False),
        (make(ConnectionLost), True, True),
        (make(TimedOut), True, True),
        (make(Redirected, 302), True, False),
        (make(ClientError), True, False),
        (make(UnreadableResponse), True, True),
        (make(UnreadableResponse, 200), True, True),
        (make(UnreadableResponse, 404), True, False),
        (make(UnreadableResponse, 502), True, True),
        (make(ApiError), True, False),
        (make(ApiError, 400), True, False),
        (make(ApiError, 500), True, True),
    ],
    ids=lambda value: f"{type(value).__name__} {value.status}" if isinstance(value, ClientError) else None,
)
def test_error_reports_whether_it_was_sent_and_is_ambiguous(error: ClientError, sent: bool, ambiguous: bool) -> None:
    assert (error.sent, error.ambiguous) == (sent, ambiguous)


@pytest.mark.parametrize(
    ("error", "is_fatal"),
    [
        (make(Unreachable), True),
        (make(TlsFailed), True),
        (make(ApiError, 401), True),
        (make(UnreadableResponse, 401), True),
        (make(ApiError, 403), False),
        (make(ConnectionLost), False),
    ],
)
def test_connection_and_credential_errors_are_fatal(error: ClientError, is_fatal: bool) -> None:
    assert error.is_fatal is is_fatal


@pytest.mark.parametrize(
    ("error", "may_be"),
    [
        (api_error(GET_ALL, 400, "status_exception", "Unknown service [x] for inference endpoint [.y]"), True),
        (api_error(GET_ALL, 500, "illegal_state_exception", INVALID), True),
        (make(ApiError, 500), True),
        *((make(ApiError, status), False) for status in sorted(RETRYABLE_STATUSES)),
        (make(ApiError, 403), False),
        (make(ApiError), False),
        (make(UnreadableResponse, 200), True),
        (make(UnreadableResponse, 502), False),
        (make(ConnectionLost), False),
        (make(Unreachable), False),
    ],
)
def test_list_failure_is_attributed_to_one_endpoint(error: ClientError, may_be: bool) -> None:
    assert error.may_be_about_one_endpoint is may_be


def test_provider_fault_and_update_in_progress_are_temporary() -> None:
    assert provider_error(provider_message("Received a server error status code", 500)).is_temporary
    assert api_error(PUT, 409, "status_exception", "Endpoint [one] is currently being updated.").is_temporary
    assert not api_error(PUT, 400, "validation_exception", "x").is_temporary


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        ("It failed.", "PUT /path: It failed. Hint: try again."),
        ("It failed", "PUT /path: It failed. Hint: try again."),
        ("1: it failed;", "PUT /path: 1: it failed; Hint: try again."),
    ],
)
def test_message_contains_request_problem_and_hint(problem: str, text: str) -> None:
    assert str(ClientError(problem, "PUT", "/path", "try again.")) == text
    assert str(ClientError(problem, "PUT", "/path")) == f"PUT /path: {problem}"


def test_failure_without_reason_contains_problem() -> None:
    assert ClientError("problem", "GET", "/x").failure["reason"] == "problem"


@pytest.mark.parametrize("changes", [{"hint": "other"}, {"problem": "other"}, {"problem": "other", "reason": "other"}])
def test_replace_returns_changed_copy_of_error(changes: dict[str, Any]) -> None:
    error = api_error(GET, 500, "illegal_state_exception", INVALID)
    before = dict(vars(error))
    new = error.replace(**changes)
    assert type(new) is type(error)
    assert vars(new) == {**before, **changes}
    assert new.args == (new.problem,)
    assert vars(error) == before
    assert new.cause is error.cause


def test_cause_is_classified_once() -> None:
    error = ConnectionLost("It failed.", *GET)
    assert error.cause is error.cause
    assert not error.replace(problem=INVALID).is_unreadable_state


def test_refused_change_has_status_of_server_error() -> None:
    expected = {"status": 404, "type": None, "reason": "It does not exist.", "method": None, "path": None}
    assert Refused("It does not exist.", 404).failure == expected
    assert Refused("It does not exist.").failure == {**expected, "status": None}
