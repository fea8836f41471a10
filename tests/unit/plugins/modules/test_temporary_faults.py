# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests for temporary errors of the provider, of nodes, and of proxies, and for concurrent updates."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.esops.inference.plugins.module_utils._elasticsearch import retries
from tests.simulator import Fault, Security, Simulator
from tests.unit.support import (
    DELETE,
    DOCUMENTED,
    FORMER_KEY,
    ID,
    KEY,
    OTHERS,
    READ,
    STORED,
    VERSION,
    create_request,
    endpoint,
    endpoints,
    info,
    seed,
    update_request,
)

OTHER_MODEL = {"service_settings": {"api_key": KEY, "model_id": "other"}}
PASSING = [429, 500, 502, 503, 504, 529]
REFUSALS = [400, 401, 403, 404]
#: The create of the endpoint, not of the temporary endpoint.
CREATES = rf"PUT .*/{ID}(\?|$)"


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Record the pauses between retries instead of waiting."""
    waited: list[float] = []
    monkeypatch.setattr(retries.random, "uniform", lambda _least, most: most)
    monkeypatch.setattr(retries.time, "sleep", lambda seconds: waited.append(seconds) if seconds else None)
    return waited


def provider(status: int, times: int = 3, match: str = "PUT") -> Fault:
    return Fault("provider_refusal", status=status, times=times, match=match)


class TestProvider:
    @pytest.mark.parametrize("status", PASSING)
    def test_create_waits_for_the_provider(self, server: Simulator, pauses: list[float], status: int) -> None:
        server.faults.add(provider(status))
        run = endpoint(server, **DOCUMENTED, retries=3)
        assert server.requests == [READ, OTHERS, VERSION, *[create_request()] * 4]
        assert (run["action"], run["endpoint"], pauses) == ("created", STORED, [1, 2, 4])
        assert f"Last reason: status {status} from the provider" in run.warnings[-1]

    @pytest.mark.parametrize("status", PASSING)
    def test_key_rotation_waits_for_the_provider(self, server: Simulator, status: int) -> None:
        seed(server)
        server.faults.add(provider(status))
        run = endpoint(server, **DOCUMENTED, update_secrets="always", retries=3)
        assert server.requests == [READ, VERSION, OTHERS, *[update_request()] * 4]
        assert run["action"] == "updated"
        assert server.endpoints[ID].secret == KEY

    def test_key_rotation_waits_for_the_provider_during_the_preflight(self) -> None:
        with Simulator(version="9.3") as server:
            seed(server)
            server.faults.add(provider(529))
            assert endpoint(server, **DOCUMENTED, update_secrets="always", retries=3)["action"] == "updated"
            assert server.endpoints[ID].secret == KEY

    @pytest.mark.parametrize("status", PASSING)
    @pytest.mark.parametrize("retries", [0, 3])
    def test_re_creation_waits_for_the_provider_after_the_delete(
        self, server: Simulator, pauses: list[float], status: int, retries: int
    ) -> None:
        """The module retries even with retries=0, because the endpoint is already deleted."""
        seed(server, temperature=0.5)
        server.faults.add(provider(status, match=CREATES))
        run = endpoint(server, **{**DOCUMENTED, **OTHER_MODEL}, allow_recreate=True, retries=retries)
        assert not run.failed, run["msg"]
        assert (run["action"], pauses) == ("recreated", [1, 2, 4])
        assert server.endpoints[ID].task_settings["temperature"] == 0.5

    def test_re_creation_waits_for_the_provider_during_the_preflight(self, server: Simulator) -> None:
        seed(server)
        server.faults.add(provider(529, match="-ansible-preflight"))
        run = endpoint(server, **{**DOCUMENTED, **OTHER_MODEL}, allow_recreate=True, retries=3)
        assert run["action"] == "recreated"

    @pytest.mark.parametrize("kind", ["provider_timeout", "provider_unreachable"])
    def test_provider_timeout_is_retried(self, server: Simulator, kind: str) -> None:
        server.faults.add(Fault(kind, match="PUT"))
        run = endpoint(server, **DOCUMENTED, retries=3)
        assert server.requests == [READ, OTHERS, VERSION, *[create_request()] * 2]
        assert run["action"] == "created"

    @pytest.mark.parametrize("status", REFUSALS)
    def test_rejection_by_the_provider_is_not_retried(
        self, server: Simulator, pauses: list[float], status: int
    ) -> None:
        server.faults.add(provider(status))
        run = endpoint(server, **DOCUMENTED, retries=3)
        assert server.requests == [READ, OTHERS, VERSION, create_request(), READ]
        assert (run.failed, run["changed"], pauses) == (True, False, [])

    def test_exhausted_account_is_not_retried(self, server: Simulator, pauses: list[float]) -> None:
        words = "Your credit balance is too low to access the Anthropic API."
        server.faults.add(Fault("provider_refusal", status=400, message=words, match="PUT"))
        run = endpoint(server, **DOCUMENTED, retries=3)
        assert "check the plan and the billing of the provider account." in run["msg"]
        assert pauses == []

    def test_permanent_provider_error_is_reported(self, server: Simulator, pauses: list[float]) -> None:
        server.faults.add(provider(529, times=99))
        run = endpoint(server, **DOCUMENTED, retries=3)
        assert (run.failed, run["changed"], run["endpoint"], pauses) == (True, False, None, [1, 2, 4])
        assert "Overloaded" in run["msg"]
        assert "The provider is overloaded." in run["msg"]

    def test_list_waits_for_the_provider_of_each_endpoint(self, server: Simulator) -> None:
        server.faults.add(provider(429, times=6))
        run = endpoints(
            server, endpoints=[{"inference_id": name, **DOCUMENTED} for name in "abcd"], retries=5, parallel=2
        )
        assert not run.failed
        assert run["summary"]["created"] == 4

    def test_key_rotation_with_a_permanent_provider_error_keeps_the_working_key(self, server: Simulator) -> None:
        seed(server)
        server.faults.add(provider(529, times=99))
        run = endpoint(server, **DOCUMENTED, update_secrets="always", retries=2)
        assert (run.failed, run["changed"], server.endpoints[ID].secret) == (True, False, FORMER_KEY)


class TestBusy:
    @pytest.mark.parametrize("action", ["update", "delete"])
    def test_endpoint_that_is_being_updated_is_waited_for(
        self, server: Simulator, pauses: list[float], action: str
    ) -> None:
        seed(server)
        server.faults.add(Fault("busy", match=r"_update|DELETE", times=2))
        options: dict[str, Any] = {"state": "absent"} if action == "delete" else {"task_settings": {"max_tokens": 5}}
        run = endpoint(server, **options, retries=3)
        assert not run.failed, run["msg"]
        assert (run["changed"], pauses) == (True, [1, 2])

    @pytest.mark.parametrize("action", ["update", "delete"])
    def test_endpoint_that_stays_busy_has_no_hint_about_force(self, server: Simulator, action: str) -> None:
        seed(server)
        server.faults.add(Fault("busy", match=r"_update|DELETE", times=99))
        options: dict[str, Any] = {"state": "absent"} if action == "delete" else {"task_settings": {"max_tokens": 5}}
        run = endpoint(server, **options, retries=1)
        assert (run.failed, run["changed"], run["endpoint"]) == (True, False, STORED)
        assert "currently being updated" in run["msg"]
        assert "force" not in run["msg"].partition("Hint:")[2]


class TestNodes:
    def test_run_continues_with_the_next_node(self, server: Simulator) -> None:
        with Simulator(cluster_of=server) as sick:
            sick.faults.add(Fault("status", status=503, times=99))
            run = endpoint(server, **DOCUMENTED, elasticsearch_url=[sick.url, server.url], retries=3)
            assert run["endpoint"] == STORED
            assert sick.requests == [READ]
            assert server.requests == [READ, OTHERS, VERSION, create_request()]

    @pytest.mark.parametrize("what", ["endpoints", "info"])
    def test_list_continues_with_the_next_node(self, server: Simulator, what: str) -> None:
        seed(server)
        with Simulator(cluster_of=server) as sick:
            sick.faults.add(Fault("status", status=502, html=True, times=99))
            urls = {"elasticsearch_url": [sick.url, server.url]}
            run = (
                info(server, **urls) if what == "info" else endpoints(server, endpoints=[{"inference_id": ID}], **urls)
            )
            assert not run.failed
            assert (sick.requests, server.requests) == ([OTHERS], [OTHERS])

    def test_node_that_fails_between_read_and_write_is_skipped(self, server: Simulator) -> None:
        with Simulator(cluster_of=server) as sick:
            sick.faults.add(Fault("status", match="PUT", status=503, times=99))
            run = endpoint(server, **DOCUMENTED, elasticsearch_url=[sick.url, server.url])
            assert (run["action"], server.requests) == ("created", [create_request()])

    def test_node_whose_tls_fails_is_skipped_with_a_warning(self, server: Simulator) -> None:
        with Simulator() as plain:
            distrusted = f"https://127.0.0.1:{plain.port}"
            run = endpoint(server, **DOCUMENTED, elasticsearch_url=[distrusted, server.url])
            assert (run["endpoint"], plain.requests) == (STORED, [])
        skipped = f"A node was skipped: The TLS connection to {distrusted}"
        assert any(warning.startswith(skipped) for warning in run.warnings)


class TestHiddenVersion:
    """Tests for a proxy that forwards only the inference API."""

    @pytest.mark.parametrize(
        "fault",
        [
            Fault("status", status=404),
            Fault("status", status=403, html=True),
            Fault("status", status=404, html=True),
            Fault("status", status=500),
            Fault("html_before"),
            Fault("redirect"),
            Fault("cut"),
        ],
        ids=lambda fault: f"{fault.kind} {fault.status or ''}",
    )
    @pytest.mark.parametrize("version", ["8.17", "9.6"])
    def test_hidden_version_assumes_the_latest_with_a_warning(self, fault: Fault, version: str) -> None:
        with Simulator(version=version) as server:
            seed(server)
            server.faults.add(Fault(**{**vars(fault), "match": "GET /$", "times": 99}))
            run = endpoint(server, task_settings={"max_tokens": 5})
            assert (run["action"], run["endpoint"]["task_settings"]) == ("updated", {"max_tokens": 5})
            assert any("Cannot read the Elasticsearch version" in warning for warning in run.warnings)

    @pytest.mark.parametrize("version", ["8.16", "8.17", "9.6"])
    def test_create_without_a_version_sends_no_timeout(self, version: str) -> None:
        with Simulator(version=version) as server:
            server.faults.add(Fault("status", match="GET /$", status=404, html=True))
            run = endpoint(server, **DOCUMENTED)
            assert server.requests == [READ, OTHERS, VERSION, create_request(version="8.16")]
            assert (run["action"], run.warnings) == ("created", [])

    @pytest.mark.rejected("GET /: 403")
    def test_missing_privilege_is_reported(self) -> None:
        security = Security(users={"joe": ("a password", {"manage_inference"})})
        with Simulator(security=security) as server:
            login = {"elasticsearch_username": "joe", "elasticsearch_password": "a password"}
            created = endpoint(server, **DOCUMENTED, **login)
            updated = endpoint(server, task_settings={"max_tokens": 5}, **login)
        # A create uses the version only for the timeout, so it does not warn.
        assert (created["action"], created.warnings) == ("created", [])
        assert updated["action"] == "updated"
        assert any("without the monitor cluster privilege" in warning for warning in updated.warnings)


class TestTimeout:
    """Tests that the timeout of the server for the provider is shorter than the timeout of the client."""

    @pytest.mark.parametrize(
        ("timeout", "limit"), [(130, "120s"), (10, "9s"), (60, "54s"), (600, "590s"), (1, "900ms"), (0.5, "450ms")]
    )
    def test_create_sends_a_timeout(self, server: Simulator, timeout: float, limit: str) -> None:
        endpoint(server, **DOCUMENTED, timeout=timeout)
        assert server.requests[-1] == f"PUT /_inference/completion/{ID}?timeout={limit}"

    @pytest.mark.rejected("PUT /_inference/.*: 400")
    @pytest.mark.parametrize(
        ("version", "create", "update"),
        [
            ("8.16", False, False),
            ("8.17", False, False),
            ("8.18", False, False),
            ("8.19", True, False),
            ("9.0", False, False),
            ("9.1", True, False),
            ("9.3", True, False),
            ("9.4", True, False),
            ("9.5", True, True),
            ("9.6", True, True),
            ("serverless", True, True),
        ],
    )
    def test_timeout_is_sent_only_to_versions_that_support_it(self, version: str, create: bool, update: bool) -> None:
        with Simulator(version=version) as server:
            endpoint(server, **DOCUMENTED)
            if version != "8.16":
                endpoint(server, task_settings={"max_tokens": 5})
            creates = [line for line in server.requests if line.startswith("PUT") and "_update" not in line]
            updates = [line for line in server.requests if "_update" in line]
            assert ["timeout=120s" in line for line in creates] == [create]
            assert ["timeout=120s" in line for line in updates] == [update] * (version != "8.16")

    def test_delete_sends_no_timeout(self, server: Simulator) -> None:
        seed(server)
        endpoint(server, state="absent")
        assert server.requests == [READ, OTHERS, DELETE]
