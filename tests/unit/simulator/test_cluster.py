# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from tests.simulator import Fault, Security, Simulator
from tests.unit.simulator.calls import COMPLETION, KEY, MODEL, call, create, update
from tests.unit.simulator.test_security import basic


@pytest.mark.parametrize(("version", "number"), [("9.6", "9.6.0"), ("8.17.3", "8.17.3")])
def test_root_returns_the_version(version: str, number: str) -> None:
    with Simulator(version=version) as server:
        body = call(server, "GET", "/").json

        assert body["version"]["number"] == number
        assert body["version"]["build_flavor"] == "default"
        assert body["tagline"] == "You Know, for Search"


def test_root_of_serverless_returns_a_dummy_version() -> None:
    with Simulator(version="serverless") as server:
        version = call(server, "GET", "/").json["version"]

        assert (version["number"], version["build_flavor"]) == ("8.11.0", "serverless")


def test_head_of_root_returns_no_body(server: Simulator) -> None:
    reply = call(server, "HEAD", "/")

    assert (reply.status, reply.content) == (200, b"")
    assert int(reply.headers["Content-Length"]) == len(call(server, "GET", "/").content)


def test_statistics_of_a_remote_model_return_404(server: Simulator) -> None:
    reply = call(server, "GET", "/_ml/trained_models/claude-sonnet-4-5/_stats")

    assert (reply.status, reply.error["type"]) == (404, "resource_not_found_exception")
    assert reply.reason == "No known trained model with model_id [claude-sonnet-4-5]"


def test_deployment_states_are_returned_one_by_one() -> None:
    with Simulator(deployments={"elser": ["starting", "started", "fully_allocated"]}) as server:
        seen = []
        for _time in range(4):
            (model,) = call(server, "GET", "/_ml/trained_models/elser/_stats").json["trained_model_stats"]
            status = model["deployment_stats"]["allocation_status"]
            seen.append((status["state"], status["allocation_count"], status["target_allocation_count"]))

    assert seen == [
        ("starting", 0, 1),
        ("started", 0, 1),
        ("fully_allocated", 1, 1),
        ("fully_allocated", 1, 1),
    ]


def test_deployment_without_states_is_rejected() -> None:
    with pytest.raises(ValueError, match="at least one state"):
        Simulator(deployments={"elser": []})


def test_nodes_of_a_cluster_share_endpoints_and_settings() -> None:
    with Simulator(refused_keys={"bad"}) as first, Simulator(cluster_of=first) as second:
        create(first)
        call(second, "PUT", "/_cluster/settings", {"persistent": {SKIP: True}})

        assert call(second, "GET", COMPLETION + "x").status == 200
        assert second.endpoints["x"].secret == KEY
        assert call(first, "GET", "/").json["cluster_uuid"] == call(second, "GET", "/").json["cluster_uuid"]
        assert call(first, "GET", "/_cluster/settings").json == call(second, "GET", "/_cluster/settings").json
        assert update(second, {"service_settings": {"api_key": "bad"}}).status == 400
        second.seed("y")
        assert "y" in first.endpoints


def test_nodes_of_a_cluster_have_separate_ports_faults_and_logs() -> None:
    with Simulator() as first, Simulator(cluster_of=first) as second:
        first.faults.add(Fault("status", status=503))

        assert first.port != second.port
        assert call(second, "GET", "/").status == 200
        assert call(first, "GET", "/").status == 503
        assert (len(first.requests), len(second.requests)) == (1, 1)


def test_nodes_of_a_cluster_share_its_users() -> None:
    security = Security(users={"a": ("b", ("all",))})
    with Simulator(security=security) as first, Simulator(cluster_of=first) as second:
        assert call(second, "GET", "/").status == 401
        assert call(second, "GET", "/", headers=basic("a", "b")).status == 200


@pytest.mark.parametrize("version", ["9.3.0", "serverless"])
def test_node_has_the_version_of_its_cluster_by_default(version: str) -> None:
    with Simulator(version=version) as first:
        assert Simulator(cluster_of=first).version == first.version
        assert Simulator(cluster_of=first, version="9.4.1").version.number == "9.4.1"


def test_url_is_rejected_in_a_cluster_with_an_older_node() -> None:
    with Simulator(version="9.5.0") as old, Simulator(version="9.6.0", cluster_of=old) as new:
        reply = create(new, service_settings={"api_key": KEY, "model_id": MODEL, "url": "https://a.example/"})

        assert (reply.status, reply.error["type"]) == (400, "status_exception")
        assert reply.reason.startswith(
            "The field [url] in service_settings is not supported by all nodes in the cluster; "
        )
        assert create(new).status == 200


def test_cluster_settings_are_rejected_for_a_second_node() -> None:
    with Simulator() as first, pytest.raises(ValueError, match="only on the first node"):
        Simulator(cluster_of=first, skip_validate_and_start=True)


SKIP = "xpack.inference.skip_validate_and_start"
NESTED = {"xpack": {"inference": {"skip_validate_and_start": "true"}}}


@pytest.mark.parametrize("kind", ["persistent", "transient"])
@pytest.mark.parametrize(
    "settings", [{SKIP: True}, {SKIP: "true"}, {"xpack": {"inference": {"skip_validate_and_start": True}}}]
)
def test_cluster_setting_is_set_and_removed(kind: str, settings: object) -> None:
    with Simulator(refused_keys={KEY}) as server:
        path = "/_cluster/settings"
        empty: dict[str, dict[str, object]] = {"persistent": {}, "transient": {}}
        assert call(server, "GET", path).json == empty
        assert create(server).status == 400

        reply = call(server, "PUT", path, {kind: settings})
        assert reply.json == {"acknowledged": True, **empty, kind: NESTED}
        assert call(server, "GET", path).json == {**empty, kind: NESTED}
        assert call(server, "GET", path + "?flat_settings=true").json == {**empty, kind: {SKIP: "true"}}
        assert create(server).status == 200

        call(server, "PUT", path, {kind: {SKIP: None}})
        assert call(server, "GET", path).json == empty
        assert create(server, "y").status == 400


@pytest.mark.parametrize("version", ["9.4.0", "9.6.0"])
def test_skip_validate_and_start_does_not_affect_updates(version: str) -> None:
    with Simulator(version=version, skip_validate_and_start=True, refused_keys={"bad"}) as server:
        create(server)

        assert update(server, {"service_settings": {"api_key": "bad"}}).status == 400


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"persistent": {"x.y": 1}}, "persistent setting [x.y], not recognized"),
        ({"transient": {SKIP: "maybe"}}, "Failed to parse value [maybe] as only [true] or [false] are allowed."),
        ({"persistent": {}}, "Validation Failed: 1: no settings to update;"),
    ],
)
def test_invalid_cluster_settings_are_rejected(server: Simulator, body: object, words: str) -> None:
    reply = call(server, "PUT", "/_cluster/settings", body)

    assert (reply.status, reply.reason) == (400, words)


def test_serverless_rejects_cluster_settings() -> None:
    with Simulator(version="serverless") as server:
        reply = call(server, "PUT", "/_cluster/settings", {"persistent": {SKIP: True}})

        assert (reply.status, reply.error["type"]) == (410, "api_not_available_exception")
