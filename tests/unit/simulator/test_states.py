# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of partially stored endpoints, and of endpoints of an unknown service."""

from __future__ import annotations

import pytest

from tests.simulator import Simulator
from tests.unit.simulator.calls import COMPLETION, call, create, update

INVALID = (
    "Failed to load inference endpoint [x]. "
    "Endpoint is in an invalid state, try deleting and reinitializing the service"
)
ELSER = ".elser-2-elasticsearch"
VERSIONS = ["8.17.0", "8.19.0", "9.0.0", "9.2.0", "9.6.0", "serverless"]


@pytest.mark.parametrize("version", VERSIONS)
def test_settings_without_secrets_are_listed_and_cannot_run(version: str) -> None:
    with Simulator(version=version) as server:
        server.seed("x", state="no_secrets")
        listed = call(server, "GET", "/_inference/completion/_all").json["endpoints"]
        broken = [
            call(server, "POST", COMPLETION + "x", {"input": "a"}),
            update(server, {"task_settings": {"max_tokens": 1}}),
        ]

        assert [endpoint["inference_id"] for endpoint in listed] == ["x"]
        assert call(server, "GET", COMPLETION + "x").status == 200
        assert create(server).reason == "Inference endpoint [x] already exists"
        for reply in broken:
            own = reply.error.get("caused_by", reply.error)
            assert (reply.status, own["type"], own["reason"]) == (500, "illegal_state_exception", INVALID)
        assert call(server, "DELETE", COMPLETION + "x").status == 200
        assert create(server).status == 200


@pytest.mark.parametrize(("version", "wrapped"), [("8.17.0", False), ("9.1.0", False), ("9.2.0", True)])
def test_load_failure_is_wrapped_in_9_2_or_later(version: str, wrapped: bool) -> None:
    with Simulator(version=version) as server:
        server.seed("x", state="no_secrets")
        reply = call(server, "POST", COMPLETION + "x", {"input": "a"})

        words = f"Failed to load inference endpoint with secrets [x], error: [{INVALID}]" if wrapped else INVALID
        assert (reply.error["type"], reply.reason) == ("exception" if wrapped else "illegal_state_exception", words)


@pytest.mark.parametrize("version", VERSIONS)
def test_secrets_without_settings_only_reserve_the_id(version: str) -> None:
    with Simulator(version=version) as server:
        server.seed("x", state="no_settings")

        assert call(server, "GET", COMPLETION + "x").reason == "Inference endpoint not found [x]"
        assert call(server, "GET", "/_inference/completion/_all").json == {"endpoints": []}
        for query in ("", "?force=true"):
            assert call(server, "DELETE", COMPLETION + "x" + query).status == 404
        assert update(server, {"task_settings": {"max_tokens": 1}}).status == 404
        assert create(server).reason == "Inference endpoint [x] already exists"
        server.remove("x")
        assert create(server).status == 200


@pytest.mark.parametrize("version", VERSIONS)
def test_unparsable_endpoint_breaks_each_list_that_includes_it(version: str) -> None:
    with Simulator(version=version) as server:
        server.seed("x")
        server.seed(ELSER, state="unparsable")
        paths = ["/_all", "", "/sparse_embedding/_all", f"/{ELSER}", f"/completion/{ELSER}"]
        replies = [call(server, "GET", "/_inference" + path) for path in paths]

        words = f"Unknown service [elasticsearch] for inference endpoint [{ELSER}]."
        assert {(reply.status, reply.error["type"], reply.reason) for reply in replies} == {
            (500, "status_exception", words)
        }
        assert call(server, "GET", "/_inference/completion/_all").status == 200
        assert call(server, "GET", "/_inference/text_embedding/_all").status == 200
        assert call(server, "GET", "/_inference/x").status == 200


@pytest.mark.parametrize(("version", "forced"), [("8.18.0", 404), ("8.19.0", 200), ("9.0.0", 404), ("9.1.0", 200)])
def test_unparsable_endpoint_is_deleted_with_force_only(version: str, forced: int) -> None:
    with Simulator(version=version) as server:
        server.seed("x", state="unparsable")
        refused = call(server, "DELETE", COMPLETION + "x")

        assert (refused.status, refused.error["type"]) == (404, "status_exception")
        assert refused.reason == "No service found for this inference endpoint x"
        assert call(server, "DELETE", COMPLETION + "x?dry_run=true").status == 200
        assert call(server, "DELETE", COMPLETION + "x?force=true").status == forced
        assert ("x" in server.endpoints) is (forced == 404)


def test_unparsable_endpoint_rejects_runs_updates_and_creates(server: Simulator) -> None:
    server.seed("x", state="unparsable")
    ran = call(server, "POST", COMPLETION + "x", {"input": "a"})
    changed = update(server, {"task_settings": {"max_tokens": 1}})

    assert (ran.status, ran.reason) == (400, "Unknown service [elasticsearch] for model [x]. ")
    assert (changed.status, changed.reason) == (500, "Service [elasticsearch] not found")
    assert create(server).reason == "Inference endpoint [x] already exists"


def test_built_in_endpoint_keeps_its_service_when_unparsable(server: Simulator) -> None:
    before = server.endpoints[ELSER]
    server.seed(ELSER, state="unparsable")

    after = server.endpoints[ELSER]
    assert (after.service, after.task_type, after.state) == (before.service, before.task_type, "unparsable")


def test_unknown_state_is_rejected(server: Simulator) -> None:
    with pytest.raises(ValueError, match="state 'ill' must be one of"):
        server.seed("x", state="ill")
