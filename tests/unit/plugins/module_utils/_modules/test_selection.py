# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests for the selection of endpoints, and for reading them although one of them is unreadable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.client import Client
from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.connection import Connection
from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.errors import ApiError
from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.redaction import Redactor
from ansible_collections.esops.inference.plugins.module_utils._inference.api import Inference
from ansible_collections.esops.inference.plugins.module_utils._modules.selection import (
    is_built_in,
    is_pattern,
    read_endpoints,
    validate_selection,
)
from tests.simulator import Fault, Simulator
from tests.unit.support import OTHERS, seed


@pytest.fixture
def api(server: Simulator) -> Iterator[Inference]:
    client = Client(Connection((server.url,), retries=0), Redactor([]))
    yield Inference(client)
    client.close()


def problems(**params: Any) -> list[str]:
    given: Mapping[str, Any] = {"inference_id": ["a"], "task_type": None, "service": None, **params}
    return validate_selection(given, "omit inference_id")


class TestValidation:
    @pytest.mark.parametrize("entry", ["", ".", "..", "_all", "_services", "a/b", "a b", "\n"])
    def test_invalid_id_is_reported(self, entry: str) -> None:
        expected = f"inference_id contains invalid IDs: {entry!r}. Hint: omit inference_id to select all endpoints."
        assert problems(inference_id=[entry, "a"]) == [expected]

    @pytest.mark.parametrize("task_type", ["any", "", "../x", "Rerank"])
    def test_invalid_task_type_is_reported(self, task_type: str) -> None:
        assert problems(task_type=task_type) == [
            f"task_type {task_type!r} is not valid. Hint: omit task_type to select endpoints of any type."
        ]

    def test_empty_service_is_reported(self) -> None:
        assert problems(service="") == ["service is empty. Hint: omit service to select endpoints of any service."]

    @pytest.mark.parametrize("entry", ["a", "a-*", ".elser-2-elasticsearch", "[ab]?"])
    def test_valid_selection_has_no_errors(self, entry: str) -> None:
        assert problems(inference_id=[entry], task_type="text_embedding", service="openai") == []


@pytest.mark.parametrize(("entry", "expected"), [("a", False), ("a*", True), ("a?", True), ("[ab]", True)])
def test_entry_with_a_wildcard_is_a_pattern(entry: str, expected: bool) -> None:
    assert is_pattern(entry) is expected


@pytest.mark.parametrize(("inference_id", "expected"), [(".elser-2-elasticsearch", True), ("a.b", False)])
def test_id_with_a_leading_dot_is_built_in(inference_id: str, expected: bool) -> None:
    assert is_built_in(inference_id) is expected


class TestReadEndpoints:
    def test_single_id_needs_one_request(self, server: Simulator, api: Inference) -> None:
        seed(server, "a")
        assert [endpoint.inference_id for endpoint in read_endpoints(api, ["a"]).endpoints] == ["a"]
        assert read_endpoints(api, ["b"]).endpoints == []
        assert server.requests == ["GET /_inference/a", "GET /_inference/b"]

    @pytest.mark.parametrize(("task_type", "path"), [(None, "_all"), ("completion", "completion/_all")])
    def test_several_ids_need_one_request(
        self, server: Simulator, api: Inference, task_type: str | None, path: str
    ) -> None:
        seed(server, "a")
        seed(server, "b")
        found = {endpoint.inference_id for endpoint in read_endpoints(api, ["a", "b"], task_type).endpoints}
        assert {"a", "b"} <= found
        assert server.requests == [f"GET /_inference/{path}"]

    def test_ids_are_read_one_by_one_if_the_list_is_unreadable(self, server: Simulator, api: Inference) -> None:
        seed(server, "a")
        server.seed("b", service="anthropic", state="unparsable")
        reading = read_endpoints(api, ["a", "b"])
        assert server.requests == [OTHERS, "GET /_inference/a", "GET /_inference/b"]
        assert [endpoint.inference_id for endpoint in reading.endpoints] == ["a"]
        assert list(reading.failures) == ["b"]
        assert reading.error is None
        [warning] = reading.warnings
        assert warning.startswith("Inference endpoint b cannot be read: ")

    def test_error_of_the_list_is_kept_if_nothing_can_be_read(self, server: Simulator, api: Inference) -> None:
        for name in ("a", "b"):
            server.seed(name, service="anthropic", state="unparsable")
        reading = read_endpoints(api, ["a", "b"])
        assert list(reading.failures) == ["a", "b"]
        assert reading.error is not None
        assert reading.error.path == "/_inference/_all"

    def test_task_types_are_read_one_by_one_if_all_endpoints_are_needed(
        self, server: Simulator, api: Inference
    ) -> None:
        server.seed("b", service="anthropic", state="unparsable")
        reading = read_endpoints(api, [])
        assert list(reading.failures) == ["completion"]
        assert reading.warnings[0].startswith("Endpoints of the task type completion cannot be read: ")
        assert len(server.requests) == 1 + 1 + 6

    def test_error_of_the_cluster_is_raised(self, server: Simulator, api: Inference) -> None:
        server.faults.add(Fault("status", status=503))
        with pytest.raises(ApiError):
            read_endpoints(api, ["a", "b"])
        assert server.requests == [OTHERS]
