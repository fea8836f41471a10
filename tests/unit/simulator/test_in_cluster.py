# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of endpoints whose model runs in the cluster, and of their deployments."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator import Simulator
from tests.unit.simulator.calls import Reply, call
from tests.unit.simulator.service_bodies import change, read
from tests.unit.simulator.test_control import control

MODEL = ".elser_model_2"
FIXED = {"model_id": MODEL, "num_threads": 1, "num_allocations": 1}
ADAPTIVE = {"enabled": True, "min_number_of_allocations": 2, "max_number_of_allocations": 8}
MOVING = {"model_id": MODEL, "num_threads": 1, "adaptive_allocations": ADAPTIVE}
SENTENCE = {"strategy": "sentence", "max_chunk_size": 250, "sentence_overlap": 1}
NEITHER = "[service_settings] does not contain one of the required settings [num_allocations, adaptive_allocations]"
RERANK = {"model_id": ".rerank-v1", "num_threads": 1, "num_allocations": 1}


def make(
    server: Simulator, settings: dict[str, Any], task_type: str = "sparse_embedding", query: str = "", **top: Any
) -> Reply:
    """Create the endpoint x."""
    body = {"service": "elasticsearch", "service_settings": settings, **top}
    return call(server, "PUT", f"/_inference/{task_type}/x{query}", body)


def states(server: Simulator, name: str = MODEL) -> list[tuple[str, str, int]]:
    """Return the deployments of a model: ID, state, and target."""
    reply = call(server, "GET", f"/_ml/trained_models/{name}/_stats")
    assert reply.status == 200, reply.content
    found = [one["deployment_stats"] for one in reply.json["trained_model_stats"] if "deployment_stats" in one]
    return [
        (one["deployment_id"], one["allocation_status"]["state"], one["allocation_status"]["target_allocation_count"])
        for one in found
    ]


def test_create_deploys_the_model_with_the_id_of_the_endpoint(server: Simulator) -> None:
    reply = make(server, FIXED)

    assert reply.status == 200, reply.content
    assert reply.json == read(server)
    assert reply.json == {
        "inference_id": "x",
        "task_type": "sparse_embedding",
        "service": "elasticsearch",
        "service_settings": {"num_allocations": 1, "num_threads": 1, "model_id": MODEL},
        "chunking_settings": SENTENCE,
    }
    assert states(server) == [("x", "fully_allocated", 1)]
    assert server.deployments["x"].inference_id == "x"


def test_endpoint_of_elser_is_stored_with_service_elasticsearch(server: Simulator) -> None:
    body = {"service": "elser", "service_settings": {"num_threads": 1, "num_allocations": 2}}
    reply = call(server, "PUT", "/_inference/sparse_embedding/x", body)

    assert reply.json["service"] == "elasticsearch"
    assert reply.json["service_settings"]["model_id"] == ".elser_model_2_linux-x86_64"


@pytest.mark.parametrize(
    ("model", "words"), [({}, "without a model_id field"), ({"model_id": MODEL}, f"with [model_id] set to [{MODEL}]")]
)
def test_create_with_service_elser_returns_a_deprecation_warning(
    server: Simulator, model: dict[str, str], words: str
) -> None:
    body = {"service": "elser", "service_settings": {"num_threads": 1, "num_allocations": 1, **model}}
    warning = call(server, "PUT", "/_inference/sparse_embedding/x", body).headers["Warning"]

    assert (warning.startswith("299 Elasticsearch-9.6.0-"), words in warning) == (True, True)
    assert make(server, FIXED, query="?pretty").headers["Warning"] is None


def test_chunking_settings_of_rerank_are_rejected(server: Simulator) -> None:
    assert make(server, RERANK, "rerank", chunking_settings={"strategy": "none"}).reason == (
        "Configuration contains settings [{chunking_settings={strategy=none}}] unknown to the [elasticsearch] service"
    )


def test_slow_model_is_allocated_after_several_reads(server: Simulator) -> None:
    server.model(MODEL, reads=2)
    make(server, FIXED)

    assert [states(server)[0][1] for _read in range(4)] == [
        "starting",
        "starting",
        "fully_allocated",
        "fully_allocated",
    ]


@pytest.mark.parametrize(("query", "waited"), [("", "30s"), ("?timeout=5s", "5s")])
def test_create_that_times_out_keeps_endpoint_and_deployment(server: Simulator, query: str, waited: str) -> None:
    server.model(MODEL, reads=1, start="times_out")
    reply = make(server, FIXED, query=query)

    assert (reply.status, reply.error["type"]) == (408, "model_deployment_timeout_exception")
    assert reply.reason == (
        f"Timed out after [{waited}] waiting for trained model deployment [x] to start. Use the trained model stats "
        "API to track the state of the deployment and try again once it has started."
    )
    assert read(server)["service_settings"]["num_allocations"] == 1
    assert [states(server)[0][1] for _read in range(2)] == ["starting", "fully_allocated"]


@pytest.mark.parametrize(("start", "status"), [("downloads", 408), ("fails", 500)])
def test_create_whose_start_fails_keeps_the_endpoint_without_deployment(
    server: Simulator, start: str, status: int
) -> None:
    server.model(MODEL, start=start)

    assert make(server, FIXED).status == status
    assert read(server)["inference_id"] == "x"
    assert server.deployments == {}
    assert states(server) == []


def test_create_without_validation_does_not_start_a_deployment() -> None:
    with Simulator(skip_validate_and_start=True) as server:
        make(server, FIXED)

        assert server.deployments == {}
        assert call(server, "GET", f"/_ml/trained_models/{MODEL}/_stats").status == 404


def test_read_returns_the_current_number_of_allocations(server: Simulator) -> None:
    make(server, MOVING)
    assert read(server)["service_settings"] == {"num_allocations": 2, **MOVING}

    server.allocate("x", 5)

    assert read(server)["service_settings"]["num_allocations"] == 5
    assert "num_allocations" not in server.endpoints["x"].service_settings


@pytest.mark.parametrize("version", ["9.4.0", "9.5.0", "9.6.0"])
def test_update_sets_one_kind_of_allocations_and_clears_the_other(version: str) -> None:
    with Simulator(version=version) as server:
        make(server, FIXED)
        body = {"service_settings": {"adaptive_allocations": {"enabled": True}}}
        adaptive = change(server, "sparse_embedding", body).json["service_settings"]
        assert adaptive["adaptive_allocations"] == {"enabled": True}
        assert "num_allocations" not in server.endpoints["x"].service_settings

        fixed = change(server, "sparse_embedding", {"service_settings": {"num_allocations": 3}}).json
        assert fixed["service_settings"] == {"num_allocations": 3, "num_threads": 1, "model_id": MODEL}
        assert states(server, "x") == [("x", "fully_allocated", 3)]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"num_threads": 2}, "[num_threads] cannot be updated"),
        ({"num_allocations": 1, "adaptive_allocations": ADAPTIVE}, "cannot be set if [adaptive_allocations] is set"),
        ({"num_allocations": None}, NEITHER),
        ({"num_allocations": 0}, "[num_allocations] must be a positive integer"),
        ({"model_id": "m"}, "[1:2] [service_settings] unknown field [model_id]"),
        ({"adaptive_allocations": {"min_number_of_allocations": -1}}, "must be a non-negative integer or null"),
        (
            {"adaptive_allocations": {"min_number_of_allocations": 3, "max_number_of_allocations": 2}},
            "[min_number_of_allocations] must not be larger than [max_number_of_allocations]",
        ),
    ],
)
def test_updates_of_other_settings_are_rejected(server: Simulator, given: dict[str, Any], words: str) -> None:
    make(server, FIXED)
    before = server.endpoints["x"]
    reply = change(server, "sparse_embedding", {"service_settings": given})

    assert (reply.status, words in reply.reason) == (400, True), reply.reason
    assert server.endpoints["x"] == before


@pytest.mark.parametrize("version", ["8.17.0", "9.0.0", "9.3.0"])
def test_update_before_9_4_reads_only_the_number_of_allocations(version: str) -> None:
    with Simulator(version=version) as server:
        server.seed("x", service="elasticsearch", task_type="sparse_embedding", service_settings=FIXED)
        assert (
            "Failed to parse [num_allocations] of update request"
            in change(server, "sparse_embedding", {"service_settings": {"adaptive_allocations": ADAPTIVE}}).reason
        )

        changed = change(server, "sparse_embedding", {"service_settings": {"num_allocations": 4, "num_threads": 8}})
        assert changed.json["service_settings"] == {"num_allocations": 4, "num_threads": 1, "model_id": MODEL}


def test_update_without_deployment_returns_404(server: Simulator) -> None:
    server.model(MODEL, start="fails")
    make(server, FIXED)

    assert change(server, "sparse_embedding", {"service_settings": {"num_allocations": 4}}).status == 404


@pytest.mark.parametrize(
    ("settings", "task_type", "words"),
    [
        ({**FIXED, "num_allocations": None}, "sparse_embedding", NEITHER),
        ({**FIXED, "num_threads": None}, "sparse_embedding", "does not contain the required setting [num_threads]"),
        ({"num_threads": 1, "num_allocations": 1}, "sparse_embedding", "model_id must be provided"),
        ({**FIXED, "model_id": "mine"}, "text_embedding", "You may need to load it into the cluster using eland."),
        ({**FIXED, "extra": 1}, "sparse_embedding", "[service_settings] unknown field [extra]"),
        ({**RERANK, "max_chunks_per_doc": 2}, "rerank", "requires [long_document_strategy] to be set to [chunk]"),
        ({**FIXED, "similarity": "cosine"}, "sparse_embedding", "[service_settings] unknown field [similarity]"),
        ({**FIXED, "deployment_id": "none"}, "sparse_embedding", "Cannot find deployment [none]"),
    ],
)
def test_invalid_settings_are_rejected(server: Simulator, settings: dict[str, Any], task_type: str, words: str) -> None:
    given = {name: value for name, value in settings.items() if value is not None}
    reply = make(server, given, task_type)

    assert (reply.status in (400, 404), words in reply.reason) == (True, True), reply.reason
    assert server.deployments == {}


def test_custom_model_shows_the_measured_settings(server: Simulator) -> None:
    server.model("mine", task_type="text_embedding")
    settings = make(server, {**FIXED, "model_id": "mine"}, "text_embedding").json["service_settings"]

    assert settings == {
        "num_allocations": 1,
        "num_threads": 1,
        "model_id": "mine",
        "dimensions": 1024,
        "similarity": "cosine",
        "element_type": "float",
    }


def test_id_of_a_model_is_rejected(server: Simulator) -> None:
    server.model("x", task_type="text_embedding")

    assert make(server, FIXED).reason == (
        "Inference endpoint IDs must be unique. Requested inference endpoint ID [x] matches existing trained model "
        "ID(s) but must not."
    )


def test_endpoint_attached_to_a_deployment_does_not_change_it(server: Simulator) -> None:
    server.deploy("mine", MODEL, number=3)
    assert make(server, {"deployment_id": "mine"}).json["service_settings"] == {
        "num_allocations": 3,
        "num_threads": 1,
        "model_id": MODEL,
        "deployment_id": "mine",
    }
    reply = change(server, "sparse_embedding", {"service_settings": {"num_allocations": 4}})
    assert (reply.status, reply.reason) == (
        409,
        (
            "Cannot update inference endpoint [x] using model deployment [mine]. The model deployment must be updated "
            "through the trained models API."
        ),
    )
    call(server, "DELETE", "/_inference/x")
    assert set(server.deployments) == {"mine"}


def test_delete_stops_the_deployment(server: Simulator) -> None:
    make(server, FIXED)
    call(server, "DELETE", "/_inference/x")

    assert server.deployments == {}


def test_rerank_returns_documents_by_default(server: Simulator) -> None:
    reply = make(server, RERANK, "rerank", task_settings={"return_documents": False})
    assert reply.json["task_settings"] == {"return_documents": False}
    assert "chunking_settings" not in reply.json

    changed = change(server, "rerank", {"task_settings": {"return_documents": None}})
    assert changed.json["task_settings"] == {"return_documents": True}


def test_chunking_settings_can_be_updated(server: Simulator) -> None:
    make(server, FIXED)
    body = {"chunking_settings": {"strategy": "none"}}

    assert change(server, "sparse_embedding", body).json["chunking_settings"] == {"strategy": "none"}
    assert read(server)["service_settings"]["num_allocations"] == 1


def test_built_in_reranker_is_optional() -> None:
    with Simulator(reranker=True) as server:
        path = "/_inference/rerank/.rerank-v1-elasticsearch"
        [endpoint] = call(server, "GET", path).json["endpoints"]

        assert endpoint["task_settings"] == {"return_documents": True}
        assert not {"chunking_settings", "num_allocations"} & {*endpoint, *endpoint["service_settings"]}
        assert call(server, "PUT", path, {"service": "elasticsearch", "service_settings": RERANK}).status == 400
        update = call(server, "PUT", path + "/_update", {"task_settings": {"return_documents": False}})
        assert update.reason == "Default endpoint [.rerank-v1-elasticsearch] cannot be updated"
        assert call(server, "DELETE", path).status == 400
        assert call(server, "DELETE", path + "?force=true").status == 200


def test_seeded_endpoint_has_a_deployment(server: Simulator) -> None:
    server.seed("x", service="elasticsearch", task_type="sparse_embedding", service_settings=FIXED)

    assert states(server) == [("x", "fully_allocated", 1)]


def test_control_defines_the_behavior_of_models(server: Simulator) -> None:
    control(server, "PUT", f"models/{MODEL}", {"reads": 1, "start": "times_out"})
    assert make(server, FIXED).status == 408
    control(server, "PUT", "deployments/x", {"number": 7})
    control(server, "PUT", "deployments/mine", {"model_id": MODEL, "number": 2})

    found = {one["deployment_id"]: one["number"] for one in control(server, "GET", "deployments")["deployments"]}
    assert found == {"x": 7, "mine": 2}


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        (f"models/{MODEL}", {"start": "x"}, "start 'x' must be one of"),
        (f"models/{MODEL}", {"reads": -1}, "reads -1 must be a non-negative integer"),
        ("deployments/x", {"number": 2}, "deployment 'x' does not exist"),
        ("deployments/x", {}, "model_id or number is required"),
    ],
)
def test_control_rejects_invalid_models(server: Simulator, path: str, body: object, words: str) -> None:
    reply = call(server, "PUT", f"/_simulator/{path}", body)

    assert (reply.status, reply.error.startswith(words)) == (400, True)
