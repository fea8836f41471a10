# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests for error messages about invalid options."""

from __future__ import annotations

import datetime
import re
from typing import Any

import pytest

from ansible_collections.esops.inference.plugins.module_utils._modules.option_errors import validation_errors
from ansible_collections.esops.inference.plugins.module_utils._modules.raw_options import find_invalid_options
from tests.simulator import Simulator
from tests.unit.support import ID, endpoint, endpoints, info, message, offline, run_module, seed

URL = "https://es.example.com:9200"


class TestNumbers:
    @pytest.mark.parametrize(
        ("options", "names"),
        [
            ({"timeout": True}, ["timeout"]),
            ({"retries": False}, ["retries"]),
            ({"wait_timeout": True}, ["wait_timeout"]),
            (
                {"task_settings": {"max_tokens": True, "temperature": True, "top_k": False, "top_p": True}},
                ["task_settings.max_tokens", "task_settings.temperature", "task_settings.top_k", "task_settings.top_p"],
            ),
            ({"task_settings": '{"max_tokens": true}'}, ["task_settings.max_tokens"]),
            (
                {"service_settings": {"rate_limit": {"requests_per_minute": True}}},
                ["service_settings.rate_limit.requests_per_minute"],
            ),
            ({"chunking_settings": {"strategy": "word", "overlap": True}}, ["chunking_settings.overlap"]),
        ],
    )
    def test_boolean_is_rejected_for_integer_option(
        self, server: Simulator, options: dict[str, Any], names: list[str]
    ) -> None:
        failed = endpoint(server, **options)
        for name in names:
            assert re.search(rf"(^|\) ){re.escape(name)} must be a number, not (true|false)\.", failed["msg"])
        assert server.requests == []

    def test_boolean_in_a_list_is_rejected_for_integer_option(self, server: Simulator) -> None:
        listed: list[Any] = [{"inference_id": "a"}, {"inference_id": "b", "task_settings": {"max_tokens": True}}]
        listed.append('{"inference_id": "c", "task_settings": {"top_k": false}}')
        failed = endpoints(server, endpoints=listed, defaults={"task_settings": {"top_p": True}})
        assert "endpoints[1].task_settings.max_tokens must be a number, not true." in failed["msg"]
        assert "endpoints[2].task_settings.top_k must be a number, not false." in failed["msg"]
        assert "defaults.task_settings.top_p must be a number, not true." in failed["msg"]
        assert server.requests == []

    @pytest.mark.parametrize("value", [float("inf"), "-Infinity", "1e999999999", "nan", "soon"])
    @pytest.mark.parametrize("name", ["retries", "wait_timeout"])
    def test_infinite_number_is_rejected_for_integer_option(self, name: str, value: Any) -> None:
        assert message(elasticsearch_url=URL, **{name: value}).startswith(f"{name} must be an integer, not ")


class TestTypes:
    def test_all_type_errors_are_reported_at_once(self, server: Simulator) -> None:
        failed = endpoint(
            server,
            timeout="soon",
            task_type="embedding",
            service_settings={"modelid": "m", "rate_limit": 5},
            task_settings={"max_tokens": "many", "top_k": [1]},
            unknown=1,
        )
        group = "Supported parameters include: api_key, model_id, rate_limit, url."
        assert re.split(r" ?\(\d\) ", failed["msg"])[1:-1] == [
            "timeout must be a number, not 'soon'.",
            "value of task_type must be one of: completion, chat_completion, got: embedding",
            "service_settings.rate_limit must be a dictionary, not a number.",
            f"Unsupported parameters: service_settings.modelid. {group} Hint: use model_id if modelid is a typo.",
            "task_settings.max_tokens must be an integer, not 'many'.",
            "task_settings.top_k must be an integer, not a list.",
        ]
        assert "(7) Unsupported parameters: unknown. Supported parameters include: allow_recreate," in failed["msg"]
        assert server.requests == []

    def test_unlike_name_gets_no_suggestion(self, server: Simulator) -> None:
        assert "Hint" not in endpoint(server, api_key="k")["msg"]

    @pytest.mark.parametrize(
        ("options", "problem"),
        [
            ({"endpoints": [["a"]]}, "endpoints[0] must be a dictionary, not a list."),
            ({"endpoints": [5]}, "endpoints[0] must be a dictionary, not a number."),
            ({"endpoints": [{"inference_id": "a"}, None]}, "endpoints[1] must be a dictionary, not null."),
            ({"endpoints": [None]}, "endpoints[0] must be a dictionary, not null."),
            ({"endpoints": ["a"]}, "endpoints[0] must be a dictionary, not a string."),
            ({"endpoints": [""]}, "endpoints[0] must be a dictionary, not an empty string."),
            ({"endpoints": ["a", "b"]}, "endpoints[0], endpoints[1] must be a dictionary, not a string."),
            (
                {"endpoints": list("abcde")},
                "endpoints[0], endpoints[1], endpoints[2] and 2 more must be a dictionary, not a string.",
            ),
            ({"endpoints": None}, "endpoints must be a list of dictionaries, not null."),
            ({"endpoints": ""}, "endpoints must be a list of dictionaries, not an empty string."),
            ({"endpoints": "a, b"}, "endpoints must be a list of dictionaries, not a string."),
            ({"endpoints": "[]"}, "endpoints must be a list of dictionaries, not a string."),
            ({"endpoints": True}, "endpoints must be a list of dictionaries, not a boolean."),
            ({"endpoints": {"inference_id": "a"}}, "endpoints must be a list of dictionaries, not a dictionary."),
            ({}, "missing required arguments: endpoints"),
            (
                {"endpoints": [{}, {}]},
                "missing required arguments: endpoints[0].inference_id, endpoints[1].inference_id",
            ),
            ({"endpoints": [], "defaults": ["a"]}, "defaults must be a dictionary, not a list."),
            ({"endpoints": [], "defaults": "a"}, "defaults must be a dictionary, not a string."),
            (
                {"endpoints": [{"inference_id": "a", "service_settings": ["b"]}]},
                "endpoints[0].service_settings must be a dictionary, not a list.",
            ),
            (
                {"endpoints": [], "defaults": {"service_settings": {"rate_limit": 5}}},
                "defaults.service_settings.rate_limit must be a dictionary, not a number.",
            ),
            (
                {"endpoints": [{"inference_id": "a"}, {"inference_id": "b", "state": "gone"}]},
                "value of endpoints[1].state must be one of: present, absent, got: gone",
            ),
        ],
    )
    def test_invalid_element_is_reported_once(self, options: dict[str, Any], problem: str) -> None:
        assert run_module("anthropic_endpoints", {"elasticsearch_url": URL, **options})["msg"] == problem

    def test_missing_option_is_reported_with_other_errors(self) -> None:
        failed = run_module("anthropic_endpoint", {"task_settings": {"foo": 1}})
        begins = (
            "2 problems: (1) missing required arguments: inference_id (2) Unsupported parameters: task_settings.foo. "
        )
        assert failed["msg"].startswith(begins)

    def test_single_type_error_is_not_numbered(self) -> None:
        msg = message(elasticsearch_url=URL, state="gone")
        assert msg == "value of state must be one of: present, absent, got: gone"

    @pytest.mark.parametrize(("value", "kind"), [({"key": "value-of-it"}, "dictionary"), (["value-of-it"], "list")])
    @pytest.mark.parametrize("name", ["model_id", "url", "api_key"])
    def test_structure_is_rejected_for_string_option(self, name: str, value: Any, kind: str) -> None:
        msg = message(elasticsearch_url=URL, service_settings={name: value})
        assert f"service_settings.{name} must be a string, not a {kind}" in msg


class TestValues:
    @pytest.mark.parametrize(
        ("value", "shown"),
        [
            ("256.5", "'256.5'"),
            (256.5, "256.5"),
            ("many", "'many'"),
            ("", "an empty string"),
            ("0x10", "'0x10'"),
            ("1024 tokens", "'1024 tokens'"),
            ("1,024,000", "'1,024,000'"),
            ("nan", "'nan'"),
            ("unlimited", "a string that may be a secret"),
            ("inf", "an infinite number"),
            ([], "a list"),
        ],
    )
    def test_invalid_integer_is_rejected_with_the_value(self, value: Any, shown: str) -> None:
        msg = message(elasticsearch_url=URL, task_settings={"max_tokens": value})
        assert msg == f"task_settings.max_tokens must be an integer, not {shown}."

    @pytest.mark.parametrize(
        ("value", "shown"), [("0,5", "'0,5'"), (10**400, "a number that is too large"), ({}, "a dictionary")]
    )
    def test_value_that_is_not_a_number_is_shown(self, value: Any, shown: str) -> None:
        msg = message(elasticsearch_url=URL, task_settings={"temperature": value})
        assert msg == f"task_settings.temperature must be a number, not {shown}."

    @pytest.mark.parametrize(("value", "shown"), [(2, "the number 2"), ("maybe", "'maybe'"), ([], "a list")])
    def test_value_that_is_not_a_boolean_is_shown(self, value: Any, shown: str) -> None:
        assert message(elasticsearch_url=URL, force=value) == f"force must be a boolean, not {shown}."


class TestStrings:
    """YAML reads some strings as numbers, booleans, or dates: C(0123) is 83, C(12:30:00) is 45000."""

    @pytest.mark.parametrize(
        ("value", "shown"),
        [(83, "the number 83"), (1.1, "the number 1.1"), (True, "the boolean true"), (None, "null"), ([], "a list")],
    )
    @pytest.mark.parametrize("module", ["anthropic_endpoint", "anthropic_endpoints"])
    def test_number_is_rejected_as_an_id(self, module: str, value: Any, shown: str) -> None:
        single = module == "anthropic_endpoint"
        options = {"inference_id": value} if single else {"endpoints": [{"inference_id": value}]}
        msg = run_module(module, {"elasticsearch_url": URL, **options})["msg"]
        place, hint = (
            "" if single else "endpoints[0].",
            " Hint: quote the value, or apply the string filter to it." if shown.startswith("the ") else "",
        )
        assert f"{place}inference_id must be a string, not {shown}.{hint}" in msg

    @pytest.mark.parametrize(
        ("module", "options", "problem"),
        [
            ("endpoint_info", {"inference_id": ["a", 83]}, "inference_id[1] must be a string, not the number 83."),
            ("endpoint_info", {"inference_id": 83}, "inference_id must be a list of strings, not the number 83."),
            (
                "completion",
                {"inference_id": [83], "input": "a"},
                "inference_id[0] must be a string, not the number 83.",
            ),
            (
                "anthropic_endpoints",
                {"endpoints": [{"inference_id": "a"}], "purge_exclude": ["b", 83, 83]},
                "purge_exclude[1], purge_exclude[2] must be a string, not the number 83.",
            ),
            (
                "anthropic_endpoint",
                {"service_settings": {"model_id": 45000}},
                "service_settings.model_id must be a string",
            ),
            ("anthropic_endpoint", {"ca_fingerprint": 12345}, "ca_fingerprint must be a string, not the number 12345."),
            ("anthropic_endpoint", {"elasticsearch_username": 83}, "elasticsearch_username must be a string, not the"),
            (
                "anthropic_endpoint",
                {"ca_path": 83},
                "ca_path must be a string, not the number 83. Hint: quote the value, or apply the string filter to it.",
            ),
        ],
    )
    def test_number_is_rejected_for_string_option(self, module: str, options: dict[str, Any], problem: str) -> None:
        required = {"inference_id": ID} if module == "anthropic_endpoint" else {}
        assert problem in run_module(module, {"elasticsearch_url": URL, **required, **options})["msg"]

    @pytest.mark.parametrize("value", [918273645, True])
    @pytest.mark.parametrize("name", ["elasticsearch_password", "elasticsearch_api_key", "elasticsearch_bearer_token"])
    def test_number_in_place_of_a_secret_is_not_shown(self, name: str, value: Any) -> None:
        failed = offline(elasticsearch_url=URL, elasticsearch_username="joe", **{name: value})
        kind = "a boolean" if value is True else "a number"
        assert (
            f"{name} must be a string, not {kind}. Hint: quote the value, or apply the string filter to it."
            in failed["msg"]
        )
        assert "918273645" not in failed.output

    def test_number_in_place_of_the_provider_key_is_not_shown(self) -> None:
        failed = offline(elasticsearch_url=URL, service_settings={"api_key": 918273645})
        assert failed["msg"].startswith("service_settings.api_key must be a string, not a number. Hint: quote")
        assert "918273645" not in failed.output

    def test_date_is_rejected(self) -> None:
        spec = {"inference_id": {"type": "str"}}
        assert validation_errors(find_invalid_options(spec, {"inference_id": datetime.date(2026, 1, 2)})) == [
            "inference_id must be a string, not a date."
        ]


class TestUnknownSettings:
    HINT = (
        " A newer cluster can return settings that this version of the collection does not support."
        " Hint: upgrade the collection, or remove the settings, for example with the filter "
        "ansible.utils.remove_keys(target=['thinking'])."
    )

    def test_setting_of_a_newer_server_has_a_hint(self, server: Simulator) -> None:
        seed(server, "a")
        seed(server, "b", thinking={"type": "enabled"})
        read = info(server, service="anthropic")["endpoints"]
        assert endpoints(server, endpoints=read)["msg"] == (
            "Unsupported parameters: endpoints[1].task_settings.thinking. Supported parameters include: "
            "max_tokens, temperature, top_k, top_p." + self.HINT
        )

    def test_unsupported_setting_of_many_endpoints_is_reported_once(self) -> None:
        listed = [{"inference_id": f"e{number}", "thinking": 1} for number in range(5)]
        msg = run_module("anthropic_endpoints", {"elasticsearch_url": URL, "endpoints": listed})["msg"]
        assert msg.startswith(
            "Unsupported parameters: endpoints[0].thinking, endpoints[1].thinking, endpoints[2].thinking and 2 more. "
        )
        assert msg.endswith(self.HINT)

    def test_misspelled_option_has_no_hint_about_newer_servers(self) -> None:
        assert "newer" not in message(elasticsearch_url=URL, service_settings={"modelid": "m"}, time_out=1)


@pytest.mark.parametrize(
    ("module", "required"),
    [
        ("anthropic_endpoint", "inference_id"),
        ("anthropic_endpoints", "endpoints"),
        ("completion", "inference_id, input"),
        ("endpoint", "inference_id"),
        ("endpoint_ping", "inference_id"),
        ("endpoints", "endpoints"),
    ],
)
def test_each_module_names_its_required_options(module: str, required: str) -> None:
    run = run_module(module, {"elasticsearch_url": "http://127.0.0.1:9"})
    assert run["msg"] == f"missing required arguments: {required}"
