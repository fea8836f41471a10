# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from tests.simulator import Simulator
from tests.unit.simulator.calls import COMPLETION, call

BUILT_IN = [".elser-2-elasticsearch", ".multilingual-e5-small-elasticsearch"]


def ids(server: Simulator, path: str) -> list[str]:
    reply = call(server, "GET", path)
    assert reply.status == 200
    return [endpoint["inference_id"] for endpoint in reply.json["endpoints"]]


@pytest.mark.parametrize(
    "path", ["/_inference/_all", "/_inference", "/_inference/", "/_inference/*", "/_inference/any/_all"]
)
def test_endpoints_are_listed_by_id(server: Simulator, path: str) -> None:
    server.seed("b")
    server.seed("a", service="openai", service_settings={"model_id": "gpt"}, task_settings={"user": "u"})

    assert ids(server, path) == [*BUILT_IN, "a", "b"]


def test_endpoints_of_a_task_type_are_listed(server: Simulator) -> None:
    server.seed("b")
    server.seed("a", task_type="chat_completion")

    assert ids(server, "/_inference/completion/_all") == ["b"]
    assert ids(server, "/_inference/sparse_embedding/_all") == [".elser-2-elasticsearch"]
    assert ids(server, "/_inference/rerank/_all") == []


def test_endpoints_of_other_services_are_printed_unchanged(server: Simulator) -> None:
    server.seed("a", service="openai", service_settings={"model_id": "gpt"}, task_settings={"top_p": 1})

    assert call(server, "GET", "/_inference/a").json["endpoints"] == [
        {
            "inference_id": "a",
            "task_type": "completion",
            "service": "openai",
            "service_settings": {"model_id": "gpt"},
            "task_settings": {"top_p": 1},
        }
    ]


def test_built_in_endpoints_match_those_of_the_server(server: Simulator) -> None:
    reply = call(server, "GET", "/_inference/sparse_embedding/.elser-2-elasticsearch")

    endpoint = reply.json["endpoints"][0]
    assert endpoint["service"] == "elasticsearch"
    assert endpoint["service_settings"]["model_id"] == ".elser_model_2_linux-x86_64"
    assert endpoint["chunking_settings"]["strategy"] == "sentence"
    assert "task_settings" not in endpoint


@pytest.mark.parametrize("path", ["/_inference/y", COMPLETION + "y", "/_inference/completion"])
def test_unknown_id_returns_404(server: Simulator, path: str) -> None:
    reply = call(server, "GET", path)

    words = {
        "type": "resource_not_found_exception",
        "reason": f"Inference endpoint not found [{path.rsplit('/', 1)[1]}]",
    }
    assert reply.json == {"error": {"root_cause": [words], **words}, "status": 404}


def test_id_can_be_the_name_of_a_task_type(server: Simulator) -> None:
    server.seed("completion")

    assert ids(server, "/_inference/completion") == ["completion"]


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_other_task_type_in_the_path_is_rejected(server: Simulator, method: str) -> None:
    server.seed("x")
    reply = call(server, method, "/_inference/rerank/x")

    assert (reply.status, reply.error["type"]) == (400, "status_exception")
    assert reply.reason == (
        "Requested task type [rerank] does not match the inference endpoint's task type [completion]"
    )
    assert "x" in server.endpoints


@pytest.mark.parametrize(("version", "status"), [("8.16.0", 400), ("9.2.0", 400), ("9.3.0", 200), ("serverless", 200)])
def test_task_type_embedding_is_known_in_9_3_or_later(version: str, status: int) -> None:
    with Simulator(version=version) as server:
        assert call(server, "GET", "/_inference/embedding/_all").status == status


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_unknown_task_type_in_the_path_is_rejected(server: Simulator, method: str) -> None:
    assert call(server, method, "/_inference/nonsense/x").reason == "Unknown task_type [nonsense]"


@pytest.mark.parametrize("path", ["/_inference/x", COMPLETION + "x", COMPLETION + "x?force=false"])
def test_delete_removes_the_endpoint(server: Simulator, path: str) -> None:
    server.seed("x")
    reply = call(server, "DELETE", path)

    assert (reply.status, reply.json) == (200, {"acknowledged": True, "pipelines": [], "indexes": []})
    assert "x" not in server.endpoints
    again = call(server, "DELETE", path)
    assert (again.status, again.reason) == (404, "Inference endpoint not found [x]")


PIPELINES = (
    "Inference endpoint x is referenced by pipelines: [p1, p2]. Ensure that no pipelines are using this "
    "inference endpoint, or use force to ignore this warning and delete the inference endpoint."
)
INDEXES = (
    " Inference endpoint x is being used in the mapping for indexes: [i1]. Ensure that no index mappings are "
    "using this inference endpoint, or use force to ignore this warning and delete the inference endpoint."
)


@pytest.mark.parametrize(
    ("pipelines", "indexes", "words"),
    [(("p1", "p2"), (), PIPELINES), ((), ("i1",), INDEXES), (("p1", "p2"), ("i1",), PIPELINES + INDEXES)],
)
def test_delete_of_endpoint_in_use_is_rejected(
    server: Simulator, pipelines: tuple[str, ...], indexes: tuple[str, ...], words: str
) -> None:
    server.seed("x")
    server.refer("x", pipelines, indexes)
    refused = call(server, "DELETE", COMPLETION + "x")
    tried = call(server, "DELETE", COMPLETION + "x?dry_run=true")

    assert (refused.status, refused.error["type"], refused.reason) == (409, "status_exception", words)
    assert tried.json == {
        "acknowledged": False,
        "pipelines": list(pipelines),
        "indexes": list(indexes),
        "error_message": words,
    }
    assert "x" in server.endpoints


@pytest.mark.parametrize(
    "field",
    [
        {"type": "semantic_text", "inference_id": "x"},
        {"type": "semantic_text", "inference_id": "y", "search_inference_id": "x"},
        {"properties": {"inner": {"type": "semantic_text", "inference_id": "x"}}},
    ],
)
def test_semantic_text_mapping_counts_as_reference(server: Simulator, field: dict[str, Any]) -> None:
    server.seed("x", service="cohere", task_type="text_embedding")
    assert call(server, "PUT", "/i1", {"mappings": {"properties": {"a": field}}}).status == 200

    reply = call(server, "DELETE", "/_inference/x")
    assert (reply.status, reply.reason) == (409, INDEXES)
    call(server, "DELETE", "/i1")
    assert call(server, "DELETE", "/_inference/x").status == 200


def test_document_with_semantic_text_returns_501(server: Simulator) -> None:
    call(server, "PUT", "/i1", {"mappings": {"properties": {"a": {"type": "semantic_text"}}}})

    assert call(server, "PUT", "/i1/_doc/1", {"a": "b"}).status == 501


def test_semantic_text_without_endpoint_uses_a_built_in_one(server: Simulator) -> None:
    call(server, "PUT", "/i1", {"mappings": {"properties": {"a": {"type": "semantic_text"}}}})
    reply = call(server, "DELETE", "/_inference/.elser-2-elasticsearch?force=true&dry_run=true")

    assert reply.json["indexes"] == ["i1"]


def test_delete_of_endpoint_in_use_succeeds_with_force(server: Simulator) -> None:
    server.seed("x")
    server.refer("x")

    assert call(server, "DELETE", COMPLETION + "x?force=true").json["acknowledged"] is True
    assert "x" not in server.endpoints


def test_dry_run_with_force_changes_nothing(server: Simulator) -> None:
    server.seed("x")
    reply = call(server, "DELETE", COMPLETION + "x?dry_run&force=true")

    assert reply.json == {"acknowledged": False, "pipelines": [], "indexes": [], "error_message": ""}
    assert "x" in server.endpoints
    assert call(server, "DELETE", COMPLETION + "y?dry_run=true").status == 404


def test_invalid_boolean_parameter_is_rejected(server: Simulator) -> None:
    server.seed("x")
    reply = call(server, "DELETE", COMPLETION + "x?force=yes")

    assert (reply.status, reply.error["type"]) == (400, "illegal_argument_exception")
    assert reply.reason == "Failed to parse value [yes] as only [true] or [false] are allowed."


def test_references_remain_after_a_delete(server: Simulator) -> None:
    server.seed("x")
    server.refer("x", ["p"], [])
    call(server, "DELETE", COMPLETION + "x?force=true")
    server.seed("x")

    assert call(server, "DELETE", COMPLETION + "x").status == 409


def test_built_in_endpoint_is_deleted_only_with_force(server: Simulator) -> None:
    path = f"/_inference/{BUILT_IN[0]}"
    refused = call(server, "DELETE", path)

    assert refused.reason == (
        f"[{BUILT_IN[0]}] is a reserved inference endpoint. "
        "Use the force=true query parameter to delete the inference endpoint."
    )
    assert call(server, "DELETE", path + "?force=true").status == 200
    assert BUILT_IN[0] not in server.endpoints
