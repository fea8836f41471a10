# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests for the module endpoint_info: all requests in order, and the results."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import quote_plus

import pytest
import requests

from ansible_collections.esops.inference.plugins.module_utils._inference.api import Inference
from tests.simulator import Fault, Security, Simulator
from tests.simulator.node import Node
from tests.unit.support import (
    ID,
    MODEL,
    OTHERS,
    PROOF_QUERY,
    READ,
    STORED,
    VERSION,
    Run,
    capture_log,
    endpoint,
    endpoints,
    find_leaks,
    info,
    seed,
)

#: Requests if Elasticsearch cannot list all endpoints.
BY_TASK_TYPE = [
    VERSION,
    *(
        f"GET /_inference/{task_type}/_all"
        for task_type in (
            "text_embedding",
            "sparse_embedding",
            "rerank",
            "completion",
            "chat_completion",
            "embedding",
        )
    ),
]
BUILT_IN = [".elser-2-elasticsearch", ".multilingual-e5-small-elasticsearch"]
GPT: dict[str, Any] = {
    "inference_id": "gpt",
    "task_type": "chat_completion",
    "service": "openai",
    "service_settings": {"model_id": "gpt-5", "headers": {"x.trace": "on", "x": "y"}},
    "task_settings": {"top_p": 1},
}


def ids(run: Run) -> list[str]:
    return [found["inference_id"] for found in run["endpoints"]]


def dry_run(inference_id: str, task_type: str = "completion") -> str:
    return f"DELETE /_inference/{task_type}/{inference_id}?dry_run=true"


def proof(inference_id: str, task_type: str = "completion") -> str:
    return f"GET /_inference/{task_type}/{inference_id}{PROOF_QUERY}"


@pytest.fixture
def filled(server: Simulator) -> Iterator[Simulator]:
    """Start a server with built-in endpoints and endpoints of two services. No test may change them."""
    for name in ("team-b", "team-a", "other"):
        seed(server, name)
    server.seed("chat", task_type="chat_completion", service_settings={"model_id": MODEL})
    server.seed(**GPT)
    held = server.endpoints
    yield server
    assert server.endpoints == held


class TestRead:
    def test_all_endpoints_need_one_request(self, filled: Simulator) -> None:
        run = info(filled)
        assert filled.requests == [OTHERS]
        assert run["changed"] is False
        assert ids(run) == [*BUILT_IN, "chat", "gpt", "other", "team-a", "team-b"]
        assert run.result.keys() - {"invocation"} == {"changed", "endpoints"}

    def test_check_mode_returns_the_same(self, filled: Simulator) -> None:
        assert info(filled, check=True, references=True).result == info(filled, references=True).result

    def test_endpoints_are_sorted_by_id(self, monkeypatch: pytest.MonkeyPatch, filled: Simulator) -> None:
        read = Inference.get_all
        monkeypatch.setattr(Inference, "get_all", lambda api, kind: [*reversed(read(api, kind))])
        assert ids(info(filled, service="anthropic")) == ["chat", "other", "team-a", "team-b"]

    def test_endpoint_has_the_format_of_the_other_modules(self, server: Simulator) -> None:
        seed(server, temperature=1, top_p=0.5, top_k=3)
        declared = endpoint(server)
        assert info(server, inference_id=ID)["endpoints"] == [declared["endpoint"]]

    def test_documented_endpoint_is_returned(self, server: Simulator) -> None:
        seed(server)
        assert info(server, inference_id=ID)["endpoints"] == [STORED]

    def test_settings_of_other_services_are_returned_unchanged(self, filled: Simulator) -> None:
        assert info(filled, service="openai")["endpoints"] == [GPT]


class TestSelection:
    def test_single_id_needs_one_request(self, filled: Simulator) -> None:
        assert ids(info(filled, inference_id="team-a")) == ["team-a"]
        assert filled.requests == ["GET /_inference/team-a"]

    def test_missing_endpoint_returns_an_empty_list(self, filled: Simulator) -> None:
        run = info(filled, inference_id="none")
        assert filled.requests == ["GET /_inference/none"]
        assert not run.failed
        assert run["endpoints"] == []

    def test_id_can_be_the_name_of_a_task_type(self, filled: Simulator) -> None:
        seed(filled, "completion")
        assert ids(info(filled, inference_id="completion")) == ["completion"]
        filled.remove("completion")

    def test_id_can_contain_any_path_character(self, filled: Simulator) -> None:
        assert info(filled, inference_id="a&b=c#%2Fé")["endpoints"] == []
        assert filled.requests == ["GET /_inference/a%26b%3Dc%23%252F%C3%A9"]

    @pytest.mark.parametrize(
        ("selected", "found"),
        [
            (["team-a", "chat", "none"], ["chat", "team-a"]),
            (["team-a", "team-a"], ["team-a"]),
            ("team-a,gpt", ["gpt", "team-a"]),
            ("team-*", ["team-a", "team-b"]),
            ("team-?", ["team-a", "team-b"]),
            ("team-[b-z]", ["team-b"]),
            (["t*", "*ther"], ["other", "team-a", "team-b"]),
            (".*", BUILT_IN),
            ("Team-*", []),
            (["team", "ea"], []),
            ([], []),
        ],
    )
    def test_ids_and_patterns_are_selected_from_all_endpoints(
        self, filled: Simulator, selected: Any, found: list[str]
    ) -> None:
        assert ids(info(filled, inference_id=selected)) == found
        assert filled.requests == [OTHERS]

    def test_task_type_is_filtered_by_the_server(self, filled: Simulator) -> None:
        assert ids(info(filled, task_type="chat_completion")) == ["chat", "gpt"]
        assert filled.requests == ["GET /_inference/chat_completion/_all"]

    @pytest.mark.parametrize(("task_type", "found"), [("completion", ["team-a"]), ("rerank", [])])
    def test_single_id_of_another_task_type_is_not_returned(
        self, filled: Simulator, task_type: str, found: list[str]
    ) -> None:
        run = info(filled, inference_id="team-a", task_type=task_type)
        assert filled.requests == ["GET /_inference/team-a"]
        assert ids(run) == found

    @pytest.mark.parametrize(
        ("service", "found"), [("anthropic", ["chat", "other", "team-a", "team-b"]), ("openai", ["gpt"]), ("none", [])]
    )
    def test_service_is_selected_from_all_endpoints(self, filled: Simulator, service: str, found: list[str]) -> None:
        assert ids(info(filled, service=service)) == found
        assert filled.requests == [OTHERS]

    def test_single_id_of_another_service_is_not_returned(self, filled: Simulator) -> None:
        assert info(filled, inference_id="gpt", service="anthropic")["endpoints"] == []

    def test_filters_can_be_combined(self, filled: Simulator) -> None:
        run = info(filled, inference_id=["*a*", "gpt"], task_type="chat_completion", service="anthropic")
        assert ids(run) == ["chat"]
        assert filled.requests == ["GET /_inference/chat_completion/_all"]


class TestOptions:
    @pytest.mark.parametrize(
        "entry", ["", ".", "..", "_all", "_services", "*/..", "a/b", "/", "completion/a", " a", "a b", "a\n", "_*"]
    )
    def test_invalid_id_is_rejected_without_a_request(self, server: Simulator, entry: str) -> None:
        run = info(server, inference_id=["a", entry])
        assert server.requests == []
        assert run["msg"] == (
            f"inference_id contains invalid IDs: {entry!r}. Hint: omit inference_id to select all endpoints."
        )
        assert "failure" not in run

    @pytest.mark.parametrize("task_type", ["", "any", "_all", "..", "a/b", "completion/x", "Completion", "a?b"])
    def test_invalid_task_type_is_rejected_without_a_request(self, server: Simulator, task_type: str) -> None:
        run = info(server, task_type=task_type)
        assert server.requests == []
        hint = "omit task_type to select endpoints of any type."
        assert run["msg"] == f"task_type {task_type!r} is not valid. Hint: {hint}"

    def test_all_validation_errors_are_reported_at_once(self, server: Simulator) -> None:
        run = info(server, inference_id="_all,..", task_type="any", service="", timeout=-1)
        assert server.requests == []
        assert run["msg"] == (
            "4 problems: (1) timeout must be a positive number of seconds, at most 86400, not -1.0. "
            "(2) inference_id contains invalid IDs: '_all', '..'. "
            "Hint: omit inference_id to select all endpoints. "
            "(3) task_type 'any' is not valid. Hint: omit task_type to select endpoints of any type. "
            "(4) service is empty. Hint: omit service to select endpoints of any service."
        )

    @pytest.mark.rejected("GET /_inference/.*: 400")
    def test_unknown_task_type_is_rejected_by_the_server(self, server: Simulator) -> None:
        run = info(server, task_type="complete")
        assert run.failed
        assert run["failure"] == {
            "status": 400,
            "type": "status_exception",
            "reason": "Unknown task_type [complete]",
            "method": "GET",
            "path": "/_inference/complete/_all",
        }


class TestImport:
    @pytest.mark.parametrize("version", ["8.16", "8.17", "8.18", "9.3", "9.6", "serverless"])
    def test_returned_list_can_be_declared_without_a_difference(self, version: str) -> None:
        # This version cannot read an endpoint with top_k and without top_p.
        mixes_up = version in ("8.16", "8.17")
        with Simulator(version=version) as server:
            seed(server, "a", temperature=1, top_p=1, top_k=40)
            seed(server, "b", **({} if mixes_up else {"top_k": 40}))
            seed(server, "c", top_p=0.9)
            server.seed(**GPT)
            found = info(server, service="anthropic")["endpoints"]
            server.clear_log()
            run = endpoints(server, endpoints=found)
            assert server.requests == [OTHERS]
        assert run["changed"] is False
        assert run["summary"]["unchanged"] == 3
        assert [one["task_settings"] for one in found] == [
            {"max_tokens": 1024, "temperature": 1.0, "top_p": 1.0, "top_k": 40},
            {"max_tokens": 1024, **({} if mixes_up else {"top_k": 40})},
            {"max_tokens": 1024, "top_p": 0.9},
        ]

    @pytest.mark.rejected("GET /_inference/.*: 400")
    @pytest.mark.parametrize("version", ["8.16", "8.17"])
    def test_unreadable_endpoint_with_only_top_k_causes_a_warning(self, version: str) -> None:
        with Simulator(version=version) as server:
            seed(server, "a")
            seed(server, "b", top_k=40)
            run = info(server, inference_id=["a", "b"])
            assert server.requests == [OTHERS, "GET /_inference/a", "GET /_inference/b"]
        assert ids(run) == ["a"]
        [warning] = run.warnings
        assert warning == (
            "Inference endpoint b cannot be read: failed with status 400 (status_exception): "
            "field [top_p] is not of the expected type. The value [40] cannot be converted to a [Double]"
        )

    @pytest.mark.parametrize("version", ["8.16", "9.6"])
    @pytest.mark.parametrize("selected", [ID, [ID, "other"]])
    def test_top_k_of_old_versions_is_corrected_for_every_read(self, version: str, selected: Any) -> None:
        with Simulator(version=version) as server:
            seed(server, top_p=0.9, top_k=40)
            [found] = info(server, inference_id=selected)["endpoints"]
        assert found["task_settings"] == {"max_tokens": 1024, "top_p": 0.9, "top_k": 40}


class TestReferences:
    def test_references_of_each_endpoint_are_returned(self, filled: Simulator) -> None:
        filled.refer("team-a", pipelines=["p2", "p1"], indexes=["i2", "i1"])
        filled.refer("gpt", pipelines=[], indexes=["i3"])
        run = info(filled, references=True)
        assert filled.requests == [
            OTHERS,
            proof("chat", "chat_completion"),
            dry_run("chat", "chat_completion"),
            dry_run("gpt", "chat_completion"),
            dry_run("other"),
            dry_run("team-a"),
            dry_run("team-b"),
        ]
        assert [exchange.status for exchange in filled.log] == [200] * 7
        unused: dict[str, list[str]] = {"pipelines": [], "indexes": []}
        assert run["references"] == {
            "chat": unused,
            "gpt": {"pipelines": [], "indexes": ["i3"]},
            "other": unused,
            "team-a": {"pipelines": ["p1", "p2"], "indexes": ["i1", "i2"]},
            "team-b": unused,
        }
        assert run["changed"] is False
        assert ids(run) == [*BUILT_IN, *run["references"]]

    def test_references_do_not_change_the_endpoints(self, filled: Simulator) -> None:
        assert info(filled, references=True)["endpoints"] == info(filled)["endpoints"]

    def test_references_are_requested_only_for_selected_endpoints(self, filled: Simulator) -> None:
        run = info(filled, inference_id="team-a", references=True)
        assert filled.requests == ["GET /_inference/team-a", proof("team-a"), dry_run("team-a")]
        assert run["references"] == {"team-a": {"pipelines": [], "indexes": []}}

    @pytest.mark.parametrize(("selected", "found"), [(BUILT_IN[0], 1), (".*", 2), ("none", 0)])
    def test_references_without_endpoints_need_no_request(self, filled: Simulator, selected: str, found: int) -> None:
        run = info(filled, inference_id=selected, references=True)
        assert len(filled.requests) == 1
        assert (len(run["endpoints"]), run["references"]) == (found, {})

    @pytest.mark.rejected("DELETE /_inference/.*: 404", "DELETE /ansible-inference-fingerprints.*: 404")
    def test_endpoint_deleted_in_the_meantime_is_not_returned(
        self, monkeypatch: pytest.MonkeyPatch, server: Simulator
    ) -> None:
        for name in "abc":
            seed(server, name)
        prove = Inference._check_query_strings

        def prove_while_someone_removes(api: Inference, path: str, inference_id: str) -> None:
            prove(api, path, inference_id)
            server.remove("b")

        monkeypatch.setattr(Inference, "_check_query_strings", prove_while_someone_removes)
        run = info(server, references=True, service="anthropic")
        assert server.requests == [OTHERS, proof("a"), dry_run("a"), dry_run("b"), dry_run("c")]
        assert ids(run) == ["a", "c"]
        assert list(run["references"]) == ["a", "c"]

    def test_dry_run_is_not_sent_if_query_strings_are_lost(
        self, monkeypatch: pytest.MonkeyPatch, filled: Simulator
    ) -> None:
        send = requests.Session.request
        monkeypatch.setattr(
            requests.Session,
            "request",
            lambda session, method, url, **more: send(session, method, url.partition("?")[0], **more),
        )
        run = info(filled, inference_id="team-a", references=True)
        assert filled.requests == ["GET /_inference/team-a", "GET /_inference/completion/team-a"]
        assert run["msg"] == (
            f"{proof('team-a')}: The query string of this request was ignored. Without it, a dry run deletes the "
            "endpoint, so none was sent. "
            "Hint: reconfigure or bypass the proxy in front of Elasticsearch. It removes query strings from requests."
        )
        assert run["failure"]["status"] == 200
        assert run.result.keys() - {"invocation"} == {"failed", "msg", "failure"}

    @pytest.mark.rejected("DELETE /_inference/.*: 400", "DELETE /ansible-inference-fingerprints.*: 400")
    def test_server_without_dry_runs_deletes_nothing(
        self, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
    ) -> None:
        keep = Node._keep_routes
        monkeypatch.setattr(
            Node, "_keep_routes", lambda node: tuple(replace(route, parameters=frozenset()) for route in keep(node))
        )
        server: Simulator = request.getfixturevalue("filled")
        run = info(server, inference_id="team-a", references=True)
        assert server.requests == ["GET /_inference/team-a", proof("team-a"), dry_run("team-a")]
        assert run.failed
        assert "contains unrecognized parameter: [dry_run]" in run["failure"]["reason"]

    @pytest.mark.rejected("DELETE /_inference/.*: 403", "DELETE /ansible-inference-fingerprints.*: 403")
    def test_missing_privilege_is_reported(self) -> None:
        security = Security(api_keys={"id:key": ["monitor_inference"]})
        with Simulator(security=security) as server:
            seed(server)
            options = {"inference_id": ID, "elasticsearch_api_key": "id:key"}
            assert not info(server, **options).failed
            server.clear_log()
            run = info(server, references=True, **options)
            assert server.requests == [READ, proof(ID), dry_run(ID)]
        assert run["failure"]["status"] == 403
        assert run["msg"].endswith(
            "Hint: grant the cluster privilege manage_inference to the Elasticsearch user or API key."
        )

    def test_failed_dry_run_fails_the_task(self, filled: Simulator) -> None:
        filled.faults.add(Fault("status", match="DELETE .*team-b", status=503))
        run = info(filled, inference_id="team-*", references=True)
        assert filled.requests == [OTHERS, proof("team-a"), dry_run("team-a"), dry_run("team-b")]
        assert run["failure"] == {
            "status": 503,
            "type": "cluster_block_exception",
            "reason": "blocked by: [SERVICE_UNAVAILABLE/1/state not recovered / initialized];",
            "method": "DELETE",
            "path": "/_inference/completion/team-b?dry_run=true",
        }
        assert run.result.keys() - {"invocation"} == {"failed", "msg", "failure"}


class TestFaults:
    @pytest.mark.parametrize(
        ("fault", "status", "kind", "words", "may_be_one_endpoint"),
        [
            (Fault("status", status=503), 503, "cluster_block_exception", "failed with status 503", False),
            (Fault("status", status=500, times=99), 500, "exception", "failed with status 500", True),
            (Fault("status", status=404, html=True), 404, None, "check elasticsearch_url", False),
            (
                Fault("status", status=404, error_type="index_not_found_exception"),
                404,
                "index_not_found_exception",
                "",
                False,
            ),
            (Fault("html_before", times=99), 200, None, "check elasticsearch_url", True),
            (Fault("cut", times=99), 200, None, "JSON", True),
            (Fault("reset_before"), None, None, "was lost", False),
            (Fault("redirect"), 302, None, "elsewhere.invalid", False),
        ],
        ids=lambda value: getattr(value, "kind", None),
    )
    @pytest.mark.parametrize("selected", [None, ID])
    def test_unreadable_endpoints_fail_the_task(
        self,
        server: Simulator,
        fault: Fault,
        status: int | None,
        kind: str | None,
        words: str,
        may_be_one_endpoint: bool,
        selected: str | None,
    ) -> None:
        seed(server)
        server.faults.add(fault)
        run = info(server, **({"inference_id": selected} if selected else {}))
        known = 1 + BY_TASK_TYPE.index("GET /_inference/completion/_all")
        looks = BY_TASK_TYPE[:known] if may_be_one_endpoint else []
        assert server.requests == ([READ] if selected else [OTHERS, *looks])
        assert run.failed
        assert words in run["msg"]
        assert (run["failure"]["status"], run["failure"]["type"], run["failure"]["method"]) == (status, kind, "GET")
        assert run["failure"]["path"] == (READ if selected else OTHERS).partition(" ")[2]
        assert run.result.keys() - {"invocation"} == {"failed", "msg", "failure"}

    @pytest.mark.parametrize("fault", [Fault("status", status=500), Fault("html_before"), Fault("cut")])
    def test_list_that_fails_is_replaced_by_lists_of_the_task_types(self, filled: Simulator, fault: Fault) -> None:
        expected = sorted(ids(info(filled)))
        filled.clear_log()
        filled.faults.add(fault)
        run = info(filled)
        assert filled.requests == [OTHERS, *BY_TASK_TYPE]
        assert sorted(ids(run)) == expected
        assert run.warnings == []

    def test_temporary_errors_are_retried(self, monkeypatch: pytest.MonkeyPatch, filled: Simulator) -> None:
        monkeypatch.setattr("time.sleep", lambda _seconds: None)
        filled.faults.add(Fault("status", status=503, times=2))
        run = info(filled, inference_id="team-a", retries=3)
        assert filled.requests == ["GET /_inference/team-a"] * 3
        assert ids(run) == ["team-a"]
        assert run.warnings == ["Requests were retried 2 times. Last reason: status 503."]

    def test_undocumented_response_fails_the_task(self, monkeypatch: pytest.MonkeyPatch, server: Simulator) -> None:
        monkeypatch.setattr("tests.simulator.endpoints.Endpoints.printed", lambda *_arguments: {"inference_id": "a"})
        for task_type in ("rerank", "completion", "chat_completion", "embedding"):
            server.seed(task_type, task_type=task_type)
        run = info(server)
        assert server.requests == [OTHERS, *BY_TASK_TYPE]
        problem = "The response is valid JSON, but not in the documented format."
        assert run["msg"].startswith(f"GET /_inference/_all: {problem}")


class TestSecrets:
    PASSWORD = 'pass "w/rd+é'
    HEADER = "header/v4lue+5"

    @pytest.mark.rejected("GET /_inference/.*: 403")
    @pytest.mark.parametrize(
        "fault", [None, Fault("status", status=500, times=99), Fault("html_before", times=99), "redirect", "denied"]
    )
    def test_no_secret_is_shown(self, monkeypatch: pytest.MonkeyPatch, fault: Fault | str | None) -> None:
        logged = capture_log(monkeypatch)
        may = ("all",) if fault != "denied" else ("monitor",)
        with Simulator(security=Security(users={"jürgen": (self.PASSWORD, may)})) as server:
            seed(server)
            if fault == "redirect":
                fault = Fault("redirect", location=f"http://e/?password={quote_plus(self.PASSWORD)}")
            if isinstance(fault, Fault):
                server.faults.add(fault)
            run = info(
                server,
                elasticsearch_username="jürgen",
                elasticsearch_password=self.PASSWORD,
                headers={"X-Found-Token": self.HEADER},
                references=True,
            )
            assert all(exchange.headers["x-found-token"] == self.HEADER for exchange in server.log)
        assert run.failed is (fault is not None)
        assert find_leaks(run.output + "".join(logged), [self.PASSWORD, f"jürgen:{self.PASSWORD}", self.HEADER]) == []
        assert "Traceback" not in run.output
