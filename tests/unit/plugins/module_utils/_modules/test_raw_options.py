# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests for conversions and checks of raw options."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from ansible_collections.esops.inference.plugins.module_utils._modules import anthropic_endpoint
from ansible_collections.esops.inference.plugins.module_utils._modules.connection_options import connection_options
from ansible_collections.esops.inference.plugins.module_utils._modules.endpoint_options import endpoint_options
from ansible_collections.esops.inference.plugins.module_utils._modules.raw_options import (
    find_invalid_options,
    parse_structures,
)
from ansible_collections.esops.inference.plugins.module_utils._services.anthropic import SERVICE
from tests.simulator import Simulator
from tests.unit.support import ID, endpoint, endpoints, environment, seed

SPEC = {**connection_options(), **anthropic_endpoint.options()}


class TestIntegers:
    @pytest.mark.parametrize("value", ["1024.0", "1024.", " 1024 ", "1_024", "1.024e3", 1024.0, "1024"])
    def test_numeric_string_is_accepted_as_integer(self, server: Simulator, value: Any) -> None:
        seed(server)
        assert endpoint(server, task_settings={"max_tokens": value}, retries=0)["changed"] is False

    def test_numeric_string_is_accepted_as_integer_at_any_depth(self, server: Simulator) -> None:
        seed(server)
        settings = {
            "task_settings": '{"max_tokens": "1024.0"}',
            "service_settings": {"rate_limit": "requests_per_minute=50.0"},
        }
        run = endpoints(server, endpoints=[{"inference_id": ID, **settings}], defaults=settings, parallel="8.0")
        assert (run.failed, run["changed"]) == (False, False)

    def test_huge_integer_is_accepted(self, server: Simulator) -> None:
        seed(server)
        assert not endpoint(server, wait_timeout=10**400).failed

    def test_numeric_strings_are_accepted_as_numbers(self, server: Simulator) -> None:
        seed(server)
        assert not endpoint(server, task_settings={"max_tokens": "1024"}, timeout="5", retries="0").failed


class TestNull:
    """AWX surveys return null for empty fields."""

    def test_null_means_not_set(self, server: Simulator) -> None:
        seed(server)
        run = endpoint(
            server,
            **dict.fromkeys(name for name in SPEC if name not in ("elasticsearch_url", "inference_id", "retries")),
        )
        assert (run.failed, run["changed"]) == (False, False)

    def test_null_in_a_list_of_endpoints_means_not_set(self, server: Simulator) -> None:
        seed(server)
        names = endpoint_options(SERVICE)
        run = endpoints(server, endpoints=[{**dict.fromkeys(names), "inference_id": ID}], defaults=None, parallel=None)
        assert (run.failed, run["changed"]) == (False, False)

    def test_null_falls_back_to_the_environment(self, server: Simulator) -> None:
        seed(server)
        with environment(ELASTICSEARCH_URL=server.url):
            assert not endpoint(server, elasticsearch_url=None).failed


class TestInvalidOptions:
    SPEC: Mapping[str, Any] = {
        "number": {"type": "int", "required": True},
        "state": {"type": "str", "choices": ["present", "absent"]},
        "texts": {"type": "list", "elements": "str"},
        "parts": {"type": "list", "elements": "dict", "options": {"size": {"type": "float"}}},
    }

    @pytest.mark.parametrize(
        ("given", "found"),
        [
            ({"number": 1, "state": "absent", "texts": "a,b", "parts": [{"size": "1.5"}]}, []),
            ({}, [("number", "missing")]),
            ({"number": True}, [("number", "type")]),
            ({"number": 1, "state": "gone"}, [("state", "choice")]),
            ({"number": 1, "texts": ["a", 5]}, [("texts[1]", "type")]),
            ({"number": 1, "parts": "a"}, [("parts", "type")]),
            (
                {"number": 1, "parts": [{"size": 10**400}, {"sise": 1}]},
                [("parts[0].size", "type"), ("parts[1].sise", "unsupported")],
            ),
            ({"number": 1, "_ansible_debug": False, "_ansible": 1}, [("_ansible", "unsupported")]),
        ],
    )
    def test_invalid_options_have_place_and_fault(self, given: dict[str, Any], found: list[tuple[str, str]]) -> None:
        assert [(invalid.place, invalid.fault) for invalid in find_invalid_options(self.SPEC, given)] == found


class TestStructures:
    SPEC: Mapping[str, Any] = {
        "group": {"type": "dict", "options": {"size": {"type": "int"}}},
        "groups": {"type": "list", "elements": "dict", "options": {"size": {"type": "int"}}},
    }

    @pytest.mark.parametrize("text", ['{"size": "1.0", "other": null}', "size=1 other=", "{'size': 1, 'other': ''}"])
    def test_string_with_a_dictionary_is_parsed(self, text: str) -> None:
        read = parse_structures(self.SPEC, {"group": text, "groups": [text]})
        assert read["group"]["size"] == read["groups"][0]["size"] == 1

    @pytest.mark.parametrize("value", ["c2VjcmV0==", "a", 5, True, ["a"], ""])
    def test_value_that_cannot_be_parsed_is_unchanged(self, value: Any) -> None:
        read = parse_structures(self.SPEC, {"group": value, "groups": value, "unknown": value})
        assert (read["group"], read["unknown"]) == (value.rstrip("=") if isinstance(value, str) else value, value)
        assert read["groups"] == value

    def test_string_with_several_dictionaries_is_parsed(self) -> None:
        assert parse_structures(self.SPEC, {"groups": "size=1,size=2"})["groups"] == [{"size": 1}, {"size": 2}]
