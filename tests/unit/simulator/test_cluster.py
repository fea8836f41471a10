# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from tests.simulator import Simulator
from tests.unit.simulator.calls import call


@pytest.mark.parametrize(("version", "number"), [("9.6", "9.6.0"), ("8.17.3", "8.17.3")])
def test_the_root_tells_the_version(version: str, number: str) -> None:
    with Simulator(version=version) as server:
        body = call(server, "GET", "/").json

        assert body["version"]["number"] == number
        assert body["version"]["build_flavor"] == "default"
        assert body["tagline"] == "You Know, for Search"


def test_serverless_tells_a_dummy_number() -> None:
    with Simulator(version="serverless") as server:
        version = call(server, "GET", "/").json["version"]

        assert (version["number"], version["build_flavor"]) == ("8.11.0", "serverless")


def test_head_of_the_root_has_no_body(server: Simulator) -> None:
    reply = call(server, "HEAD", "/")

    assert (reply.status, reply.content) == (200, b"")
    assert int(reply.headers["Content-Length"]) == len(call(server, "GET", "/").content)


def test_a_remote_service_has_no_deployment(server: Simulator) -> None:
    reply = call(server, "GET", "/_ml/trained_models/claude-sonnet-4-5/_stats")

    assert (reply.status, reply.error["type"]) == (404, "resource_not_found_exception")
    assert reply.reason == "No known trained model with model_id [claude-sonnet-4-5]"


def test_the_states_of_a_deployment_are_told_one_by_one() -> None:
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


def test_a_deployment_needs_a_state() -> None:
    with pytest.raises(ValueError, match="at least one state"):
        Simulator(deployments={"elser": []})
