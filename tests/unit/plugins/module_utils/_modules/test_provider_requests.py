# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests for parallel requests that a provider may charge for."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.errors import (
    ApiError,
    ClientError,
    ConnectionLost,
    Refused,
    Unreachable,
    UnreadableResponse,
)
from ansible_collections.esops.inference.plugins.module_utils._modules.provider_requests import (
    combine_results,
    failed_result,
    hint_with_cost,
    send_all,
    validate_parallel,
)

MAY_COST = "The provider may have processed the request and may charge for it, so it was not retried."
RUN = ("POST", "/_inference/completion/one", "a hint.")


class TestCost:
    @pytest.mark.parametrize(
        "error",
        [
            ConnectionLost("was lost", *RUN),
            UnreadableResponse("is a page", *RUN, 200),
            ApiError("refused", *RUN, 504),
            ApiError("refused", *RUN, 408, "status_exception", "Request timed out after [30s]"),
            ApiError("refused", *RUN, 429, "timeout_exception", "Request timed out after [30s] for inference id [one]"),
        ],
    )
    def test_request_that_the_provider_may_have_received_may_cost(self, error: ClientError) -> None:
        assert hint_with_cost(error, "a hint.", has_begun=False) == f"a hint. {MAY_COST}"

    @pytest.mark.parametrize(
        "error",
        [Unreachable("refused", *RUN), ApiError("refused", *RUN, 401), UnreadableResponse("is a page", *RUN, 403)],
    )
    def test_request_that_was_not_executed_costs_nothing(self, error: ClientError) -> None:
        assert hint_with_cost(error, "a hint.", has_begun=False) == "a hint."

    def test_partial_response_may_cost(self) -> None:
        error = ApiError("the stream ended with an error", *RUN, None, "overloaded_error", "Overloaded")
        assert hint_with_cost(error, "", has_begun=True) == MAY_COST


class TestResults:
    def test_requests_run_in_parallel_and_results_keep_the_order(self) -> None:
        both = threading.Barrier(2, timeout=5)

        def send(job: int) -> dict[str, Any]:
            both.wait()
            return {"job": job}

        assert send_all(send, [1, 2], 2) == [{"job": 1}, {"job": 2}]

    def test_no_requests_return_no_results(self) -> None:
        assert send_all(lambda job: job, [], 8) == []

    def test_first_failure_is_returned_and_all_are_reported(self) -> None:
        results = [
            {"inference_id": "a"},
            {"inference_id": "b", **failed_result(Refused("The endpoint does not exist.", 404))},
            {"inference_id": "c", **failed_result(Unreachable("nothing listens.", *RUN))},
        ]
        found = combine_results(results, "pings failed")
        assert found["msg"] == (
            "2 of 3 pings failed. b: The endpoint does not exist. "
            "c: POST /_inference/completion/one: nothing listens. Hint: a hint."
        )
        assert found["failure"]["status"] == 404
        assert (found["changed"], found["failed"]) == (False, True)

    def test_failure_of_a_single_request_has_no_count(self) -> None:
        results = [{"inference_id": "b", **failed_result(Refused("The endpoint does not exist."))}]
        assert combine_results(results, "pings failed")["msg"] == "b: The endpoint does not exist."

    def test_task_without_a_failure_does_not_fail(self) -> None:
        assert combine_results([{"inference_id": "a"}], "pings failed") == {
            "changed": False,
            "results": [{"inference_id": "a"}],
        }


@pytest.mark.parametrize(("parallel", "is_valid"), [(0, False), (1, True), (64, True), (65, False)])
def test_parallel_is_from_1_to_64(parallel: int, is_valid: bool) -> None:
    wrong = [] if is_valid else [f"parallel must be from 1 to 64, not {parallel}."]
    assert validate_parallel(parallel) == wrong
