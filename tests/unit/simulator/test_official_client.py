# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests with the official client of Elasticsearch, which is independent of this repository."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import elasticsearch
import pytest
from elasticsearch import Elasticsearch

from tests.simulator import Fault, Security, Simulator
from tests.unit.simulator.calls import KEY, MODEL

SETTINGS = {"api_key": KEY, "model_id": MODEL}


@pytest.fixture
def client(server: Simulator) -> Iterator[Elasticsearch]:
    with Elasticsearch(server.url, max_retries=0) as connected:
        yield connected


def put(client: Elasticsearch, inference_id: str = "x", **task_settings: Any) -> Any:
    return client.inference.put_anthropic(
        task_type="completion",
        anthropic_inference_id=inference_id,
        service="anthropic",
        service_settings=SETTINGS,
        task_settings=task_settings or {"max_tokens": 1024},
    )


def test_client_reads_the_version(client: Elasticsearch) -> None:
    info = client.info()

    assert info["version"]["number"] == "9.6.0"
    assert info.meta.headers["content-type"] == "application/vnd.elasticsearch+json;compatible-with=9"


def test_client_creates_updates_and_deletes_an_endpoint(client: Elasticsearch, server: Simulator) -> None:
    created = put(client, max_tokens=5, temperature=1.0, top_k=3)
    assert created.body == {
        "inference_id": "x",
        "task_type": "completion",
        "service": "anthropic",
        "service_settings": {"model_id": MODEL, "rate_limit": {"requests_per_minute": 50}},
        "task_settings": {"max_tokens": 5, "temperature": 1.0, "top_k": 3},
    }
    assert client.inference.get(inference_id="x").body == {"endpoints": [created.body]}
    assert created.body in client.inference.get()["endpoints"]

    updated = client.inference.update(
        task_type="completion",
        inference_id="x",
        inference_config={"task_settings": {"max_tokens": 7}},
    )
    assert updated["task_settings"] == {"max_tokens": 7}

    answered = client.inference.completion(inference_id="x", input="a", task_settings={"max_tokens": 1})
    assert answered.body == {"completion": [{"result": MODEL}]}

    deleted = client.inference.delete(task_type="completion", inference_id="x")
    assert deleted["acknowledged"] is True
    assert server.requests == [
        "PUT /_inference/completion/x",
        "GET /_inference/x",
        "GET /_inference",
        "PUT /_inference/completion/x/_update",
        "POST /_inference/completion/x",
        "DELETE /_inference/completion/x",
    ]
    assert server.connections == 1


def test_client_reads_a_stream(client: Elasticsearch, server: Simulator) -> None:
    server.seed("x")
    server.seed("c", task_type="chat_completion")
    headers = {"accept": "text/event-stream", "content-type": "application/json"}
    chat = {"messages": [{"role": "user", "content": "a"}]}
    bodies: dict[str, Any] = {"completion/x": {"input": "a"}, "chat_completion/c": chat}

    for name, body in bodies.items():
        path = f"/_inference/{name}/_stream"
        stream: Any = client.perform_request("POST", path, headers=headers, body=body)
        assert stream.body.startswith("\ufeffevent: message\ndata: {")
        assert stream.body.endswith("\ufeffevent: message\ndata: [DONE]\n\n")


def test_client_raises_not_found_for_unknown_id(client: Elasticsearch) -> None:
    with pytest.raises(elasticsearch.NotFoundError) as caught:
        client.inference.get(inference_id="y")

    assert caught.value.error == "resource_not_found_exception"
    assert caught.value.message == "resource_not_found_exception"
    assert caught.value.body["error"]["reason"] == "Inference endpoint not found [y]"


def test_client_raises_bad_request_for_existing_id(client: Elasticsearch) -> None:
    put(client)

    with pytest.raises(elasticsearch.BadRequestError, match="resource_already_exists_exception"):
        put(client)


def test_client_raises_conflict_for_endpoint_in_use(client: Elasticsearch, server: Simulator) -> None:
    put(client)
    server.refer("x", ["p"], [])

    with pytest.raises(elasticsearch.ConflictError, match=r"is referenced by pipelines: \[p\]"):
        client.inference.delete(inference_id="x")
    tried = client.inference.delete(inference_id="x", dry_run=True)
    assert (tried["acknowledged"], tried["pipelines"]) == (False, ["p"])
    assert client.inference.delete(inference_id="x", force=True)["acknowledged"] is True


def test_client_raises_bad_request_for_invalid_settings(client: Elasticsearch) -> None:
    with pytest.raises(elasticsearch.BadRequestError, match=r"\[max_tokens\] must be a positive integer"):
        put(client, max_tokens=-1)


def test_client_raises_for_missing_credentials_and_privileges() -> None:
    security = Security(users={"reader": ("pw", ("monitor_inference",))}, api_keys={"id:secret": ("manage_inference",)})
    with Simulator(security=security) as server:
        with (
            Elasticsearch(server.url, max_retries=0) as nobody,
            pytest.raises(elasticsearch.AuthenticationException, match="missing authentication credentials"),
        ):
            nobody.inference.get()
        with Elasticsearch(server.url, basic_auth=("reader", "pw"), max_retries=0) as reader:
            assert len(reader.inference.get()["endpoints"]) == 2
            with pytest.raises(elasticsearch.AuthorizationException, match="inference/put"):
                put(reader)
        with Elasticsearch(server.url, api_key=("id", "secret"), max_retries=0) as writer:
            assert put(writer)["inference_id"] == "x"


def test_older_server_rejects_newer_client() -> None:
    with (
        Simulator(version="8.19.0") as server,
        Elasticsearch(server.url, max_retries=0) as client,
        pytest.raises(elasticsearch.BadRequestError, match="media_type_header_exception"),
    ):
        client.info()


def test_client_rejects_the_page_of_a_proxy(client: Elasticsearch, server: Simulator) -> None:
    server.faults.add(Fault("html_before"))

    with pytest.raises(elasticsearch.UnsupportedProductError):
        client.info()


@pytest.mark.parametrize("kind", ["reset_before", "reset_after", "cut_short"])
def test_client_raises_for_lost_connections(client: Elasticsearch, server: Simulator, kind: str) -> None:
    server.faults.add(Fault(kind))

    with pytest.raises(elasticsearch.ConnectionError):
        put(client)
    assert ("x" in server.endpoints) is (kind != "reset_before")


def test_client_raises_for_truncated_json(client: Elasticsearch, server: Simulator) -> None:
    server.faults.add(Fault("cut"))

    with pytest.raises(elasticsearch.SerializationError):
        put(client)


def test_client_retries_under_load(server: Simulator) -> None:
    server.faults.add(Fault("status", status=429, times=2))
    server.faults.add(Fault("status", status=503, html=False))
    with Elasticsearch(server.url, max_retries=3, retry_on_status=(429, 503)) as patient:
        assert patient.info()["tagline"] == "You Know, for Search"

    assert [exchange.status for exchange in server.log] == [429, 429, 503, 200]
