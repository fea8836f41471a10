# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of the inference API: requests, privileges, and responses."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.auth import ApiKey
from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.client import Client
from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.connection import Connection
from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.errors import (
    ApiError,
    ClientError,
    UnreadableResponse,
)
from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.json_text import Repeated
from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.redaction import Redactor
from ansible_collections.esops.inference.plugins.module_utils._inference.api import Inference, References
from ansible_collections.esops.inference.plugins.module_utils._inference.endpoint import (
    NEWEST,
    Endpoint,
    Server,
)
from tests.simulator import Fault, Security, Simulator
from tests.unit.support import DOCUMENTED, ID, MODEL, PROOF_QUERY, STORED, seed

SETTINGS = {
    "service_settings.model_id": MODEL,
    "service_settings.rate_limit.requests_per_minute": 50,
    "task_settings.max_tokens": 1024,
}
PATH = f"/_inference/completion/{ID}"


@contextlib.contextmanager
def connected(server: Simulator, **options: Any) -> Iterator[Inference]:
    client = Client(Connection((server.url,), retries=0, timeout=5.0, **options), Redactor([]))
    try:
        yield Inference(client)
    finally:
        client.close()


@pytest.fixture
def api(server: Simulator) -> Iterator[Inference]:
    with connected(server) as inference:
        yield inference


class StubClient(Client):
    """A stub of a client that always returns the same response or raises the same error.

    :ivar privileges: the privileges of the requests.
    """

    def __init__(self, response: Any, status: int = 200) -> None:
        self._response = response
        self._status = status
        self.privileges: list[str] = []

    def request(self, method: str, path: str, *_args: Any, privilege: str = "", **_options: Any) -> Any:
        self.privileges.append(privilege)
        if self._status == 200:
            return self._response
        error_type, reason = self._response
        raise ApiError(f"failed with {self._status}", method, path, "", self._status, error_type, reason)

    def request_with_retries(self, method: str, path: str, *_args: Any, privilege: str = "", **_options: Any) -> Any:
        return self.request(method, path, privilege=privilege)


def api_with_response(response: Any) -> Inference:
    return Inference(StubClient(response))


def api_with_error(status: int, error_type: str | None = None, reason: str = "") -> Inference:
    return Inference(StubClient((error_type, reason), status))


class TestRequests:
    def test_server_reads_version_and_cluster(self, server: Simulator, api: Inference) -> None:
        found = api.server()
        assert (found.version, found.name) == ((9, 6), "Elasticsearch 9.6.0")
        assert len(found.cluster) == 22
        assert server.requests == ["GET /"]

    def test_get_reads_one_endpoint(self, server: Simulator, api: Inference) -> None:
        seed(server)
        found = api.get(ID)
        assert found == Endpoint(ID, "completion", "anthropic", SETTINGS)
        assert found.as_dict() == STORED
        assert server.requests == [f"GET /_inference/{ID}"]

    def test_get_returns_none_for_missing_endpoint(self, server: Simulator, api: Inference) -> None:
        assert api.get(ID) is None
        assert server.requests == [f"GET /_inference/{ID}"]

    def test_get_all_lists_endpoints_of_every_service(self, server: Simulator, api: Inference) -> None:
        seed(server, "a")
        seed(server, "b")
        server.seed("c", service="openai", task_type="text_embedding")
        found = {endpoint.inference_id: endpoint.service for endpoint in api.get_all()}
        assert {name: found[name] for name in "abc"} == {"a": "anthropic", "b": "anthropic", "c": "openai"}
        assert [name for name in found if name.startswith(".")]
        assert server.requests == ["GET /_inference/_all"]

    def test_get_all_can_be_limited_to_a_task_type(self, server: Simulator, api: Inference) -> None:
        seed(server, "a")
        server.seed("c", service="openai", task_type="chat_completion")
        found = [endpoint.inference_id for endpoint in api.get_all("chat_completion") if endpoint.service == "openai"]
        assert found == ["c"]
        assert server.requests == ["GET /_inference/chat_completion/_all"]

    def test_put_creates_an_endpoint(self, server: Simulator, api: Inference) -> None:
        assert api.put("completion", ID, DOCUMENTED) == Endpoint(ID, "completion", "anthropic", SETTINGS)
        assert server.requests == [f"PUT {PATH}"]
        assert server.log[0].body == DOCUMENTED

    def test_update_returns_the_stored_endpoint(self, server: Simulator, api: Inference) -> None:
        seed(server)
        body = {"task_settings": {"max_tokens": 7}}
        stored = api.update("completion", ID, body)
        assert stored.settings == {**SETTINGS, "task_settings.max_tokens": 7}
        assert server.requests == [f"PUT {PATH}/_update"]
        assert server.log[0].body == body

    @pytest.mark.parametrize(("force", "query"), [(False, ""), (True, "?force=true")])
    def test_delete_removes_an_endpoint(self, server: Simulator, api: Inference, force: bool, query: str) -> None:
        seed(server)
        api.delete("completion", ID, force)
        assert server.requests == [f"DELETE {PATH}{query}"]
        assert server.log[0].body is None
        assert ID not in server.endpoints

    def test_references_are_read_by_dry_run_after_query_string_check(self, server: Simulator, api: Inference) -> None:
        seed(server)
        server.refer(ID, ["p1", "p2"], ["i1"])
        assert api.references("completion", ID) == References(("p1", "p2"), ("i1",))
        assert [(line, entry.status) for line, entry in zip(server.requests, server.log, strict=True)] == [
            (f"GET {PATH}{PROOF_QUERY}", 200),
            (f"DELETE {PATH}?dry_run=true", 200),
        ]
        assert ID in server.endpoints

    def test_query_strings_are_checked_once(self, server: Simulator, api: Inference) -> None:
        seed(server)
        api.references("completion", ID)
        api.references("completion", ID)
        assert [line.partition(" ")[0] for line in server.requests] == ["GET", "DELETE", "DELETE"]

    def test_unused_endpoint_has_no_references(self, server: Simulator, api: Inference) -> None:
        seed(server)
        assert api.references("completion", ID) == References((), ())

    def test_model_is_deployed_when_it_is_fully_allocated(self) -> None:
        states = {"m/1": ["starting", "started", "fully_allocated"]}
        with Simulator(deployments=states) as server, connected(server) as api:
            assert [api.is_deployed("m/1") for _time in range(3)] == [False, False, True]
            assert server.requests == ["GET /_ml/trained_models/m%2F1/_stats"] * 3

    def test_deployment_is_checked_independently_of_other_deployments(self) -> None:
        stats = {"trained_model_stats": [_deployment("a", "fully_allocated"), _deployment("b", "starting")]}
        assert api_with_response(stats).is_deployed("m", "a")
        assert not api_with_response(stats).is_deployed("m", "b")
        assert not api_with_response(stats).is_deployed("m")

    def test_missing_deployment_is_not_ready(self, api: Inference) -> None:
        assert not api_with_response({"trained_model_stats": [{}]}).is_deployed("m", "a")
        assert not api.is_deployed("m", "a")

    def test_sensitive_settings_are_returned_by_service(self) -> None:
        response = [
            {"service": "acme", "configurations": {"key": {"sensitive": True}, "region": {"sensitive": False}}},
            {"service": "local", "configurations": {"model": {}}},
        ]
        assert api_with_response(response).sensitive_settings() == {"acme": frozenset({"key"}), "local": frozenset()}

    def test_model_without_deployment_is_ready(self, server: Simulator, api: Inference) -> None:
        assert api.is_deployed(MODEL)
        assert server.requests == [f"GET /_ml/trained_models/{MODEL}/_stats"]

    def test_inference_id_is_quoted_in_the_path(self, server: Simulator, api: Inference) -> None:
        api.get("a/b?c#d é")
        assert server.requests == ["GET /_inference/a%2Fb%3Fc%23d%20%C3%A9"]


def _deployment(name: str, state: str) -> dict[str, Any]:
    allocation = {"state": state, "allocation_count": 1, "target_allocation_count": 1}
    return {"deployment_stats": {"deployment_id": name, "allocation_status": allocation}}


OTHER = {**STORED, "inference_id": "other"}


@pytest.mark.parametrize(
    ("method", "inference_id", "body"),
    [("put", "new", DOCUMENTED), ("update", ID, {"service_settings": {"api_key": "k"}})],
)
def test_write_respects_retries_of_connection(
    server: Simulator, api: Inference, method: str, inference_id: str, body: dict[str, Any]
) -> None:
    seed(server)
    # Anthropic is overloaded, which is a temporary error.
    server.faults.add(Fault("provider_refusal", match="PUT", status=529, times=9))
    with pytest.raises(ApiError) as caught:
        getattr(api, method)("completion", inference_id, body)
    assert caught.value.provider_status == 529
    assert len([request for request in server.requests if request.startswith("PUT")]) == 1


class TestGet:
    def test_get_returns_the_endpoint_with_the_id(self) -> None:
        found = api_with_response({"endpoints": [OTHER, STORED]}).get(ID)
        assert found
        assert found.inference_id == ID

    def test_get_ignores_an_endpoint_with_another_id(self) -> None:
        assert api_with_response({"endpoints": [OTHER]}).get(ID) is None

    def test_get_returns_none_for_empty_list(self) -> None:
        assert api_with_response({"endpoints": []}).get(ID) is None

    @pytest.mark.parametrize("kind", [None, "index_not_found_exception"])
    def test_get_raises_any_other_404(self, kind: str | None) -> None:
        with pytest.raises(ApiError, match="failed with 404"):
            api_with_error(404, kind).get(ID)

    def test_get_raises_not_found_with_another_status(self) -> None:
        with pytest.raises(ApiError, match="failed with 400"):
            api_with_error(400, "resource_not_found_exception").get(ID)

    def test_get_keeps_the_values_of_a_repeated_name(self) -> None:
        task = {"max_tokens": 1, "top_p": Repeated((0.9, 40))}
        found = api_with_response({"endpoints": [{**STORED, "task_settings": task}]}).get(ID)
        assert found
        assert found.settings["task_settings.top_p"] == Repeated((0.9, 40))


class TestServer:
    @pytest.mark.parametrize(
        ("number", "version", "patch"),
        [
            ("8.16.0", (8, 16), 0),
            ("9.3.12", (9, 3), 12),
            ("9.5.1-SNAPSHOT", (9, 5), 0),
            ("10.0.0-rc1", (10, 0), 0),
            ("9.4", (9, 4), 0),
        ],
    )
    def test_version_is_read_from_its_number(self, number: str, version: tuple[int, int], patch: int) -> None:
        found = api_with_response({"version": {"number": number, "build_flavor": "default"}}).server()
        assert found == Server(version, f"Elasticsearch {number}", patch=patch)

    def test_version_without_a_flavor_is_read(self) -> None:
        assert api_with_response({"version": {"number": "8.17.2"}}).server().version == (8, 17)

    def test_serverless_is_newer_than_any_version(self) -> None:
        with Simulator(version="serverless") as server, connected(server) as api:
            found = api.server()
            assert (found.version, found.name) == (NEWEST, "Elasticsearch Serverless")

    @pytest.mark.parametrize(
        "response",
        [
            [],
            {},
            {"version": None},
            {"version": "9.3.0"},
            {"version": {}},
            {"version": {"number": "9"}},
            {"version": {"number": "new.est"}},
            {"version": {"number": 9.3}},
        ],
    )
    def test_response_without_a_version_is_unreadable(self, response: Any) -> None:
        with pytest.raises(UnreadableResponse) as caught:
            api_with_response(response).server()
        problem = "The response is valid JSON, but not in the documented format."
        assert str(caught.value).startswith(f"GET /: {problem} Hint: ")


def call_get(api: Inference) -> object:
    return api.get(ID)


def call_get_all(api: Inference) -> object:
    return api.get_all()


def call_put(api: Inference) -> object:
    return api.put("completion", ID, DOCUMENTED)


def call_update(api: Inference) -> object:
    return api.update("completion", ID, {})


def call_delete(api: Inference) -> object:
    return api.delete("completion", ID)  # type: ignore[func-returns-value]


def call_references(api: Inference) -> object:
    api._query_strings_arrive = True
    return api.references("completion", ID)


def call_is_deployed(api: Inference) -> object:
    return api.is_deployed("m")


def call_sensitive_settings(api: Inference) -> object:
    return api.sensitive_settings()


def call_server(api: Inference) -> object:
    return api.server()


Call = Callable[[Inference], object]
ALLOCATED = {"state": "fully_allocated"}  # Without the counts.
MODELS = "/_ml/trained_models/m/_stats"


class TestUndocumentedResponses:
    @pytest.mark.parametrize(
        ("call", "request_line", "responses"),
        [
            (
                call_sensitive_settings,
                "GET /_inference/_services",
                [{}, [1], [{"service": "x"}], [{"service": "x", "configurations": {"a": 1}}]],
            ),
            (
                call_get,
                f"GET /_inference/{ID}",
                [[], {}, {"endpoints": None}, {"endpoints": [1]}, {"endpoints": [{"inference_id": ID}]}],
            ),
            (call_get_all, "GET /_inference/_all", [[STORED], {"endpoints": 1}, {"endpoints": [None]}]),
            (call_put, f"PUT {PATH}", [[], {}, {"inference_id": ID, "task_type": "completion"}]),
            (call_update, f"PUT {PATH}/_update", [[], {"acknowledged": True}]),
            (call_delete, f"DELETE {PATH}", [[], {}, {"acknowledged": False}, {"acknowledged": "true"}]),
            (call_references, f"DELETE {PATH}", [[], [1], {"pipelines": 1}]),
            (
                call_is_deployed,
                f"GET {MODELS}",
                [
                    [],
                    {},
                    {"trained_model_stats": None},
                    {"trained_model_stats": [1]},
                    {"trained_model_stats": [{"deployment_stats": {}}]},
                    {"trained_model_stats": [{"deployment_stats": {"allocation_status": ALLOCATED}}]},
                ],
            ),
        ],
    )
    def test_undocumented_response_is_unreadable(self, call: Call, request_line: str, responses: list[Any]) -> None:
        for response in responses:
            with pytest.raises(UnreadableResponse) as caught:
                call(api_with_response(response))
            assert str(caught.value).startswith(f"{request_line}: The response is valid JSON, but not in the")
            assert "No inference API was found there." in caught.value.hint
            assert (caught.value.status, caught.value.ambiguous) == (200, True)


class TestDryRun:
    def test_executed_dry_run_is_reported(self) -> None:
        api = api_with_response({"acknowledged": True, "pipelines": [], "indexes": []})
        api._query_strings_arrive = True  # Skip the check, which would fail.
        with pytest.raises(ClientError) as caught:
            api.references("completion", ID)
        assert str(caught.value) == (
            f"DELETE {PATH}?dry_run=true: The dry run was executed as a real delete: "
            f"inference endpoint {ID} was deleted. "
            "Hint: reconfigure or bypass the proxy in front of Elasticsearch. It removes query strings from requests."
        )

    @pytest.mark.parametrize(
        "response",
        [
            {"endpoints": [STORED]},
            {"endpoints": [{"inference_id": "other"}]},
            {"endpoints": [{"inference_id": ID}, {"inference_id": ID}]},
            {"endpoints": []},
            {},
            None,
        ],
    )
    def test_unexpected_response_fails_query_string_check(self, response: Any) -> None:
        with pytest.raises(ClientError) as caught:
            api_with_response(response).references("completion", ID)
        assert str(caught.value) == (
            f"GET {PATH}{PROOF_QUERY}: The query string of this request was ignored. Without it, a dry run deletes the "
            "endpoint, so none was sent. "
            "Hint: reconfigure or bypass the proxy in front of Elasticsearch. It removes query strings from requests."
        )

    @pytest.mark.parametrize(
        ("status", "kind", "reason"),
        [
            (400, None, "bad request /x?filter_path=endpoints.inference_id contains [filter_path]"),
            (400, "illegal_argument_exception", "request [/x] contains unrecognized parameter: [filter_path]"),
            (404, "resource_not_found_exception", "Inference endpoint not found [a]"),
            (403, "security_exception", "action [x] is unauthorized"),
            (503, "illegal_argument_exception", "[filter_path]"),
        ],
    )
    def test_error_fails_query_string_check(self, status: int, kind: str | None, reason: str) -> None:
        api = api_with_error(status, kind, reason)
        for _time in range(2):
            with pytest.raises(ApiError, match=f"failed with {status}") as caught:
                api.references("completion", ID)
            assert caught.value.method == "GET"


class TestDeployment:
    @staticmethod
    def stats(state: str, count: int, target: int) -> dict[str, Any]:
        allocation = {"state": state, "allocation_count": count, "target_allocation_count": target}
        return {"deployment_stats": {"allocation_status": allocation}}

    @pytest.mark.parametrize(
        ("stats", "deployed"),
        [
            ([], True),
            ([{"model_id": "m"}], True),
            ([("fully_allocated", 2, 2)], True),
            ([("fully_allocated", 1, 2)], False),
            ([("started", 2, 2)], False),
            ([("fully_allocated", 1, 1), ("starting", 0, 1)], False),
        ],
    )
    def test_model_is_deployed_when_every_deployment_is_fully_allocated(self, stats: list[Any], deployed: bool) -> None:
        response_stats = [self.stats(*entry) if isinstance(entry, tuple) else entry for entry in stats]
        assert api_with_response({"trained_model_stats": response_stats}).is_deployed("m") is deployed

    def test_is_deployed_raises_any_other_404(self) -> None:
        with pytest.raises(ApiError, match="failed with 404"):
            api_with_error(404, None).is_deployed("m")


PRIVILEGES = [
    (call_server, "monitor"),
    (call_get, "monitor_inference"),
    (call_get_all, "monitor_inference"),
    (call_put, "manage_inference"),
    (call_update, "manage_inference"),
    (call_delete, "manage_inference"),
    (call_references, "manage_inference"),
    (call_is_deployed, "monitor_ml"),
]


class TestPrivileges:
    @pytest.mark.parametrize(("call", "privilege"), PRIVILEGES)
    def test_request_specifies_required_privilege(self, call: Call, privilege: str) -> None:
        client = StubClient(("security_exception", "action [x] is unauthorized"), 403)
        with pytest.raises(ApiError):
            call(Inference(client))
        assert client.privileges == [privilege]

    @pytest.mark.parametrize(("call", "privilege"), PRIVILEGES)
    def test_privilege_is_sufficient_for_request(self, call: Call, privilege: str) -> None:
        security = Security(api_keys={"id:key": [privilege]})
        with Simulator(security=security) as server, connected(server, auth=ApiKey("id:key")) as api:
            seed(server)
            if call in (call_put, call_update):  # The request is authorized, and then fails because of its body or ID.
                with pytest.raises(ApiError) as caught:
                    call(api)
                assert caught.value.status == 400
            else:
                call(api)
            assert len(server.requests) == 1

    def test_hint_contains_privilege_that_elasticsearch_reports(self) -> None:
        security = Security(api_keys={"id:key": ["monitor_inference"]})
        with Simulator(security=security) as server, connected(server, auth=ApiKey("id:key")) as api:
            with pytest.raises(ApiError) as caught:
                call_put(api)
            assert str(caught.value) == (
                f"PUT {PATH}: failed with status 403 (security_exception): "
                "action [cluster:admin/xpack/inference/put] is unauthorized for API key id [id] of user [elastic], "
                "this action is granted by the cluster privileges [manage_inference,manage,all]. "
                "Hint: grant the cluster privilege manage_inference to the Elasticsearch user or API key."
            )

    def test_update_on_8_16_has_no_hint(self) -> None:
        with Simulator(version="8.16") as server, connected(server) as api:
            with pytest.raises(ApiError) as caught:
                call_update(api)
            assert (caught.value.status, caught.value.error_type, caught.value.hint) == (400, None, "")
