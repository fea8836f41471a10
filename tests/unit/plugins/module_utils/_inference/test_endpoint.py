# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of the data classes of the inference API."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.esops.inference.plugins.module_utils._inference.endpoint import (
    NEWEST,
    UNKNOWN_SERVER,
    Endpoint,
    Server,
    flatten,
    is_task_type,
    nest,
)
from tests.unit.support import STORED

NAMES = st.sampled_from(["a", "b", "a.b", "max_tokens"])
NESTED = st.recursive(
    st.dictionaries(NAMES, st.integers() | st.text(max_size=3) | st.booleans(), min_size=1),
    lambda inner: st.dictionaries(NAMES, inner, min_size=1),
    max_leaves=6,
)


class TestSettings:
    def test_settings_are_flattened_to_dotted_paths(self) -> None:
        nested = {"a": {"b": 1, "c": {"d": "x"}}, "e": False, "f": None, "g": {}, "h": {"i": None}, "j": []}
        assert flatten(nested) == {"a.b": 1, "a.c.d": "x", "e": False, "j": []}
        assert nest({"a.b": 1, "a.c.d": "x", "e": False}) == {"a": {"b": 1, "c": {"d": "x"}}, "e": False}

    @given(NESTED)
    def test_nest_reverses_flatten(self, nested: dict[str, Any]) -> None:
        assert nest(flatten({"group": nested})) == {"group": nested}

    def test_object_with_dotted_names_is_not_flattened(self) -> None:
        headers = {"x.trace": "1", "x": {"y": 2}}
        assert flatten({"a": {"headers": headers, "b": 1}}) == {"a.headers": headers, "a.b": 1}
        assert nest({"a.headers": headers, "a.b": 1}) == {"a": {"headers": headers, "b": 1}}


class TestEndpoint:
    def test_returned_endpoint_can_be_declared(self) -> None:
        assert Endpoint.from_response(STORED).as_dict() == STORED

    def test_empty_and_unknown_groups_are_omitted(self) -> None:
        response = {**STORED, "task_settings": {}, "chunking_settings": None, "unknown": {"x": 1}}
        found = Endpoint.from_response(response)
        assert {path.partition(".")[0] for path in found.settings} == {"service_settings"}

    @pytest.mark.parametrize("missing", ["inference_id", "task_type", "service"])
    def test_response_without_required_field_is_rejected(self, missing: str) -> None:
        with pytest.raises(KeyError):
            Endpoint.from_response({name: value for name, value in STORED.items() if name != missing})


class TestServer:
    @pytest.mark.parametrize(
        ("version", "creates", "updates"),
        [
            ((8, 18), False, False),
            ((8, 19), True, False),
            ((9, 0), False, False),
            ((9, 1), True, False),
            ((9, 5), True, True),
            (NEWEST, True, True),
        ],
    )
    def test_timeout_support_depends_on_version(self, version: tuple[int, int], creates: bool, updates: bool) -> None:
        server = Server(version, "Elasticsearch")
        assert (server.supports_create_timeout, server.supports_update_timeout) == (creates, updates)

    def test_unknown_server_is_not_serverless_and_gets_no_timeout(self) -> None:
        assert (
            UNKNOWN_SERVER.is_serverless,
            UNKNOWN_SERVER.supports_create_timeout,
            UNKNOWN_SERVER.supports_update_timeout,
        ) == (False, False, False)
        assert Server(NEWEST, "Elasticsearch Serverless").is_serverless


@pytest.mark.parametrize(
    ("name", "expected"),
    [("rerank", True), ("text_embedding", True), ("any", False), ("", False), ("Rerank", False), ("a/b", False)],
)
def test_task_type_name_is_recognized(name: str, expected: bool) -> None:
    assert is_task_type(name) is expected
