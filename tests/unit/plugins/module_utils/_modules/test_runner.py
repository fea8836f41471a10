# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests for the common entry point of all modules."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.errors import ConnectionLost
from ansible_collections.esops.inference.plugins.module_utils._modules import anthropic_endpoint, runner
from ansible_collections.esops.inference.plugins.module_utils._modules.runner import Context
from tests.simulator import Fault, Simulator
from tests.unit.support import DOCUMENTED, ID, KEY, STORED, endpoint, seed

Work = Callable[[Context], dict[str, Any]]


@pytest.fixture
def working(monkeypatch: pytest.MonkeyPatch) -> Callable[[Work], None]:
    """Replace the function that executes the module."""
    return lambda work: monkeypatch.setattr(anthropic_endpoint, "work", work)


class TestExit:
    def test_client_is_closed_after_the_run(self, server: Simulator, working: Callable[[Work], None]) -> None:
        """An open connection would cause a warning, which is an error in these tests."""
        working(lambda context: {"changed": False, "found": context.api.get(ID)})
        assert endpoint(server)["found"] is None

    def test_bug_is_reported_in_one_message(self, server: Simulator, working: Callable[[Work], None]) -> None:
        def broken(_context: Context) -> dict[str, Any]:
            raise KeyError(f"no {KEY} here")

        working(broken)
        run = endpoint(server, **DOCUMENTED, elasticsearch_username="joe", elasticsearch_password="pass\"wo'rd")
        assert re.fullmatch(
            r"This is a bug in esops\.inference, please report it: "
            r"KeyError at test_runner\.py:\d+: 'no \*{8} here'",
            run["msg"],
        )
        assert run.result.keys() - {"invocation"} == {"failed", "msg"}
        assert "Traceback" not in run.output

    def test_bug_message_contains_no_secret_in_any_form(
        self, server: Simulator, working: Callable[[Work], None]
    ) -> None:
        password = "pass\"wo'rd\\é"

        def broken(_context: Context) -> dict[str, Any]:
            raise ValueError(f"{password!r} {base64.b64encode(f'joe:{password}'.encode()).decode()}")

        working(broken)
        run = endpoint(server, elasticsearch_username="joe", elasticsearch_password=password)
        assert run["msg"].endswith(": '********' ********")

    @pytest.mark.parametrize("problem", ["Gone.", "Gone"])
    def test_client_error_is_returned_with_its_failure(
        self, server: Simulator, working: Callable[[Work], None], problem: str
    ) -> None:
        def lost(_context: Context) -> dict[str, Any]:
            raise ConnectionLost(problem, "PUT", "/x", "look.")

        working(lost)
        run = endpoint(server)
        assert run["msg"] == "PUT /x: Gone. Hint: look."
        assert run["failure"] == {"status": None, "type": None, "reason": problem, "method": "PUT", "path": "/x"}
        assert "Traceback" not in run.output

    def test_failed_result_fails_the_module(self, server: Simulator, working: Callable[[Work], None]) -> None:
        working(lambda _task: {"failed": True, "msg": "no", "changed": True})
        run = endpoint(server)
        assert {name: run[name] for name in ("failed", "msg", "changed")} == {
            "failed": True,
            "msg": "no",
            "changed": True,
        }

    def test_context_has_check_mode_and_diff_mode(self, server: Simulator, working: Callable[[Work], None]) -> None:
        working(lambda context: {"seen": [context.check_mode, context.diff_mode, context.params["inference_id"]]})
        assert endpoint(server, check=True)["seen"] == [True, False, ID]
        assert endpoint(server, diff=True)["seen"] == [False, True, ID]

    @pytest.mark.parametrize("fails", [False, True])
    def test_warnings_keep_their_order_and_contain_no_secrets(
        self, server: Simulator, working: Callable[[Work], None], fails: bool
    ) -> None:
        def warn(context: Context) -> dict[str, Any]:
            context.warnings += [f"first with {KEY}", "second with " + base64.b64encode(KEY.encode()).decode()]
            if fails:
                raise ConnectionLost("Gone.", "PUT", "/x")
            return {"changed": False}

        working(warn)
        run = endpoint(server, **DOCUMENTED)
        assert run.warnings == ["first with ********", "second with ********"]
        assert run.failed is fails

    @pytest.mark.parametrize(
        ("times", "retried"), [(1, "A request was retried once"), (2, "Requests were retried 2 times")]
    )
    def test_retries_cause_a_warning(
        self, server: Simulator, monkeypatch: pytest.MonkeyPatch, times: int, retried: str
    ) -> None:
        monkeypatch.setattr("time.sleep", lambda _seconds: None)
        seed(server)
        server.faults.add(Fault("status", status=503, times=times))
        run = endpoint(server, retries=2)
        assert run.warnings == [f"{retried}. Last reason: status 503."]
        assert (run["changed"], run["endpoint"]) == (False, STORED)

    def test_missing_requests_library_is_reported(self, server: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(runner, "REQUESTS_IMPORT_ERROR", ImportError("No module named requests"))
        run = endpoint(server, **DOCUMENTED)
        assert run["msg"].startswith("Failed to import the required Python library (requests) on ")
        assert run.result.keys() == {"failed", "msg"}
        assert server.requests == []

    def test_error_of_the_server_is_returned_as_a_failure(self, server: Simulator) -> None:
        server.faults.add(Fault("status", status=403))
        run = endpoint(server)
        assert run["msg"].startswith(f"GET /_inference/{ID}: failed with status 403 (security_exception): simulated")
        assert run["failure"] == {
            "status": 403,
            "type": "security_exception",
            "reason": "simulated error with status [403]",
            "method": "GET",
            "path": f"/_inference/{ID}",
        }
