# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the options of a module to its exit: how everything ends as one clear message."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.errors import ConnectionLost
from ansible_collections.esops.inference.plugins.module_utils._modules import runner as module_module
from ansible_collections.esops.inference.plugins.module_utils._modules.runner import Task
from ansible_collections.esops.inference.plugins.module_utils._reconcile.declaration import Policy
from ansible_collections.esops.inference.plugins.modules import anthropic_endpoint
from tests.simulator import Fault, Simulator
from tests.unit.support import DOCUMENTED, ID, KEY, STORED, endpoint, endpoints, log_of, seed

Work = Callable[[Task], dict[str, Any]]


@pytest.fixture
def working(monkeypatch: pytest.MonkeyPatch) -> Callable[[Work], None]:
    """Gives the module something else to do."""
    return lambda work: monkeypatch.setattr(anthropic_endpoint, "work", work)


class TestEnd:
    def test_the_client_is_closed(self, server: Simulator, working: Callable[[Work], None]) -> None:
        """A connection that is left open would be a warning, which is an error in these tests."""
        working(lambda task: {"changed": False, "found": task.api.get(ID)})
        assert endpoint(server)["found"] is None

    def test_a_bug_is_one_message(self, server: Simulator, working: Callable[[Work], None]) -> None:
        def broken(_task: Task) -> dict[str, Any]:
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

    def test_a_bug_tells_no_secret_in_any_form(self, server: Simulator, working: Callable[[Work], None]) -> None:
        password = "pass\"wo'rd\\é"

        def broken(_task: Task) -> dict[str, Any]:
            raise ValueError(f"{password!r} {base64.b64encode(f'joe:{password}'.encode()).decode()}")

        working(broken)
        run = endpoint(server, elasticsearch_username="joe", elasticsearch_password=password)
        assert run["msg"].endswith(": '********' ********")

    @pytest.mark.parametrize("problem", ["Gone.", "Gone"])
    def test_an_error_of_the_client_is_told_with_its_failure(
        self, server: Simulator, working: Callable[[Work], None], problem: str
    ) -> None:
        def lost(_task: Task) -> dict[str, Any]:
            raise ConnectionLost(problem, "PUT", "/x", "look.")

        working(lost)
        run = endpoint(server)
        assert run["msg"] == "PUT /x: Gone. Hint: look."
        assert run["failure"] == {"status": None, "type": None, "reason": problem, "method": "PUT", "path": "/x"}
        assert "Traceback" not in run.output

    def test_a_failed_result_is_a_failure(self, server: Simulator, working: Callable[[Work], None]) -> None:
        working(lambda _task: {"failed": True, "msg": "no", "changed": True})
        run = endpoint(server)
        assert {name: run[name] for name in ("failed", "msg", "changed")} == {
            "failed": True,
            "msg": "no",
            "changed": True,
        }

    def test_the_task_knows_how_it_is_run(self, server: Simulator, working: Callable[[Work], None]) -> None:
        working(lambda task: {"seen": [task.check_mode, task.diff_mode, task.params["inference_id"]]})
        assert endpoint(server, check=True)["seen"] == [True, False, ID]
        assert endpoint(server, diff=True)["seen"] == [False, True, ID]

    @pytest.mark.parametrize("fails", [False, True])
    def test_warnings_arrive_in_order_and_without_secrets(
        self, server: Simulator, working: Callable[[Work], None], fails: bool
    ) -> None:
        def warn(task: Task) -> dict[str, Any]:
            task.warnings += [f"first with {KEY}", "second with " + base64.b64encode(KEY.encode()).decode()]
            if fails:
                raise ConnectionLost("Gone.", "PUT", "/x")
            return {"changed": False}

        working(warn)
        run = endpoint(server, **DOCUMENTED)
        assert run.warnings == ["first with ********", "second with ********"]
        assert run.failed is fails

    @pytest.mark.parametrize(("times", "told"), [(1, "once"), (2, "2 times")])
    def test_requests_that_were_sent_again_are_told(
        self, server: Simulator, monkeypatch: pytest.MonkeyPatch, times: int, told: str
    ) -> None:
        monkeypatch.setattr("time.sleep", lambda _seconds: None)
        seed(server)
        server.faults.add(Fault("status", status=503, times=times))
        run = endpoint(server, retries=2)
        assert run.warnings == [f"A request had to be sent again {told}, the last time for status 503."]
        assert (run["changed"], run["endpoint"]) == (False, STORED)

    def test_without_requests_the_library_is_named(self, server: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(module_module, "REQUESTS_IMPORT_ERROR", ImportError("No module named requests"))
        run = endpoint(server, **DOCUMENTED)
        assert run["msg"].startswith("Failed to import the required Python library (requests) on ")
        assert run.result.keys() - {"invocation"} == {"failed", "msg"}
        assert server.requests == []


class TestLog:
    """ansible-core writes the options of every run to the log of the system."""

    def test_it_holds_no_secret(self, server: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
        logged = log_of(monkeypatch)
        secrets = {"elasticsearch_password": "p€ss wörd", "headers": {"X-Key": "header-value", "Cookie": "v2-longer"}}
        endpoint(server, **DOCUMENTED, elasticsearch_username="joe", **secrets)
        text = "".join(logged)
        assert "Invoked with" in text
        assert f"inference_id={ID}" in text
        for secret in (KEY, "p€ss wörd", "header-value", "v2-longer"):
            assert secret not in text

    def test_it_holds_none_of_many_endpoints_either(self, server: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
        logged = log_of(monkeypatch)
        secret = {"service_settings": {"api_key": KEY}}
        endpoints(
            server,
            endpoints=[{"inference_id": "a", **secret}],
            defaults={"service_settings": {"api_key": f"{KEY}-default"}},
            elasticsearch_api_key="id:very-secret",
        )
        text = "".join(logged)
        assert "Invoked with" in text
        assert KEY not in text
        assert "very-secret" not in text


class TestResults:
    def test_of_many_endpoints(self, server: Simulator) -> None:
        seed(server, "kept")
        seed(server, "changed")
        server.seed("foreign", service="openai")
        run = endpoints(
            server,
            diff=True,
            endpoints=[
                {"inference_id": "kept", "task_settings": {"max_tokens": 1024}},
                {"inference_id": "changed", "task_settings": {"max_tokens": 7}},
                {"inference_id": "foreign"},
                {"inference_id": "gone", "state": "absent"},
            ],
        )
        assert [(each["inference_id"], each["action"], each["changed"]) for each in run["results"]] == [
            ("kept", "none", False),
            ("changed", "updated", True),
            ("foreign", "none", False),
            ("gone", "none", False),
        ]
        assert run["summary"] == {
            "created": 0,
            "updated": 1,
            "recreated": 0,
            "deleted": 0,
            "unchanged": 2,
            "failed": 1,
        }
        assert run["changed"] is True
        assert run["msg"].startswith(
            "1 of 4 endpoints failed. foreign: Inference endpoint foreign belongs to the service"
        )
        assert run["results"][2]["msg"] in run["msg"]
        assert run["results"][2]["failure"]["status"] is None
        assert [diff["before_header"] for diff in run["diff"]] == ["inference endpoint changed"]
        assert all("diff" not in each for each in run["results"])

    def test_of_many_endpoints_without_a_change(self, server: Simulator) -> None:
        seed(server, "kept")
        run = endpoints(server, diff=True, endpoints=[{"inference_id": "kept"}])
        assert run["changed"] is False
        assert "diff" not in run
        assert "msg" not in run
        assert server.requests == ["GET /_inference/_all"]

    def test_of_a_failure(self, server: Simulator) -> None:
        server.faults.add(Fault("status", status=403))
        run = endpoint(server)
        assert run["msg"].startswith(f"GET /_inference/{ID}: refused with status 403 (security_exception): simulated")
        assert run["failure"] == {
            "status": 403,
            "type": "security_exception",
            "reason": "simulated error with status [403]",
            "method": "GET",
            "path": f"/_inference/{ID}",
        }


def test_policy_defaults_are_those_of_the_options() -> None:
    options = module_module.policy_options()
    assert Policy() == Policy(**{name: options[name]["default"] for name in Policy._fields})
