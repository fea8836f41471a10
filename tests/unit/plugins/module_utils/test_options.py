# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that are not what their spec wants: told all at once, never as a traceback, and never with a secret."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any

import pytest
from ansible.module_utils.basic import AnsibleModule
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.esops.inference.plugins.module_utils.connection import connection_options
from ansible_collections.esops.inference.plugins.modules import anthropic_endpoint
from tests.simulator import Simulator
from tests.unit.support import STORED, Run, endpoint, endpoints, environment, log_of, message, offline, run_module, seed

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
    def test_a_boolean_is_none(self, server: Simulator, options: dict[str, Any], names: list[str]) -> None:
        failed = endpoint(server, **options)
        for name in names:
            assert re.search(rf"(^|\) ){re.escape(name)} must be a number, not (true|false)\.", failed["msg"])
        assert server.requests == []

    def test_a_boolean_is_none_in_a_list_either(self, server: Simulator) -> None:
        listed: list[Any] = [{"inference_id": "a"}, {"inference_id": "b", "task_settings": {"max_tokens": True}}]
        listed.append('{"inference_id": "c", "task_settings": {"top_k": false}}')
        failed = endpoints(server, endpoints=listed, defaults={"task_settings": {"top_p": True}})
        assert "endpoints[1].task_settings.max_tokens must be a number, not true." in failed["msg"]
        assert "endpoints[2].task_settings.top_k must be a number, not false." in failed["msg"]
        assert "defaults.task_settings.top_p must be a number, not true." in failed["msg"]
        assert server.requests == []

    @pytest.mark.parametrize("value", [float("inf"), "-Infinity", "1e999999999", "nan", "soon"])
    @pytest.mark.parametrize("name", ["retries", "wait_timeout"])
    def test_a_whole_one_is_finite(self, name: str, value: Any) -> None:
        assert message(elasticsearch_url=URL, **{name: value}).startswith(f"argument '{name}' is of type ")

    def test_a_huge_one_is_none_the_less(self, server: Simulator) -> None:
        seed(server)
        assert not endpoint(server, wait_timeout=10**400).failed

    def test_a_text_can_be_one(self, server: Simulator) -> None:
        seed(server)
        assert not endpoint(server, task_settings={"max_tokens": "1024"}, timeout="5", retries="0").failed


class TestTypes:
    def test_all_wrong_ones_are_told_at_once(self, server: Simulator) -> None:
        failed = endpoint(
            server,
            timeout="soon",
            task_type="embedding",
            service_settings={"modelid": "m", "rate_limit": 5},
            task_settings={"max_tokens": "many", "top_k": [1]},
            unknown=1,
        )
        told = re.split(r" ?\(\d\) ", failed["msg"])[1:]
        beginnings = [
            "argument 'timeout' is of type ",
            "value of task_type must be one of: completion, chat_completion, got: embedding",
            "argument 'rate_limit' is of type ",
            "argument 'max_tokens' is of type ",
            "argument 'top_k' is of type ",
            "Unsupported parameters: service_settings.modelid, unknown. Supported parameters include: ",
        ]
        assert [text[: len(beginning)] for text, beginning in zip(told, beginnings, strict=True)] == beginnings
        assert server.requests == []

    @pytest.mark.parametrize(
        ("options", "name"),
        [
            ({"endpoints": [["a"]]}, "Elements value for option 'endpoints'"),
            ({"endpoints": [5]}, "Elements value for option 'endpoints'"),
            ({"endpoints": [], "defaults": ["a"]}, "argument 'defaults'"),
            ({"endpoints": [], "defaults": "a"}, "argument 'defaults'"),
            ({"endpoints": [{"inference_id": "a", "service_settings": ["b"]}]}, "argument 'service_settings'"),
            ({"endpoints": [], "defaults": {"service_settings": {"rate_limit": 5}}}, "argument 'rate_limit'"),
        ],
    )
    def test_none_is_told_twice(self, options: dict[str, Any], name: str) -> None:
        failed = run_module("anthropic_endpoints", {"elasticsearch_url": URL, **options})
        assert failed["msg"].startswith(f"{name} is of type ")

    def test_what_is_required_is_told_beside_the_rest(self) -> None:
        failed = run_module("anthropic_endpoint", {"task_settings": {"foo": 1}})
        assert failed["msg"].startswith("2 problems: (1) missing required arguments: inference_id (2) Unsupported para")

    def test_a_single_one_is_told_alone(self) -> None:
        told = message(elasticsearch_url=URL, state="gone")
        assert told == "value of state must be one of: present, absent, got: gone"

    @pytest.mark.parametrize(("value", "kind"), [({"key": "value-of-it"}, "dict"), (["value-of-it"], "list")])
    @pytest.mark.parametrize("name", ["model_id", "url", "api_key"])
    def test_the_text_of_a_structure_is_no_string(self, name: str, value: Any, kind: str) -> None:
        told = message(elasticsearch_url=URL, service_settings={name: value})
        assert f"service_settings.{name} must be a string, not a {kind}." in told

    def test_what_ansible_core_says_before_it_looks_at_them_is_passed_on(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(AnsibleModule, "_check_locale", lambda module: module.fail_json(msg="no such locale"))
        monkeypatch.setattr(AnsibleModule, "params", {}, raising=False)
        assert offline(elasticsearch_url=URL)["msg"] == "no such locale"


SPEC = {**connection_options(), **anthropic_endpoint.endpoint_options(), **anthropic_endpoint.policy_options()}

#: Options that are shown as they are: a text in them is no secret.
PLAIN = {name for name, option in SPEC.items() if option["type"] in ("str", "path", "list")}
PLAIN -= {name for name, option in SPEC.items() if option.get("no_log")}

LOST = "sk-ant-misplaced/key"
LOST_BASE64 = base64.b64encode(b"sk-ant-misplaced/key..").decode()
assert LOST_BASE64.endswith("==")


class TestMisplacedSecrets:
    """ansible-core hides secrets that stand in their place; people put them elsewhere, too."""

    IN_NUMBERS: tuple[dict[str, Any], ...] = (
        {"task_settings": {"max_tokens": LOST}},
        {"task_settings": {"temperature": LOST}},
        {"task_settings": f"top_k={LOST}"},
        {"service_settings": {"rate_limit": {"requests_per_minute": LOST}}},
    )

    @pytest.mark.parametrize(
        "options",
        [
            {"api_key": LOST},
            {"_api_key": LOST},
            {"service_settings": LOST},
            {"service_settings": f"  {LOST}"},
            {"service_settings": LOST_BASE64},
            {"service_settings": [LOST]},
            {"service_settings": [[LOST]]},
            {"service_settings": {"apikey": LOST}},
            {"service_settings": {"secrets": {"api_key": LOST}}},
            {"service_settings": {"keys": [LOST, {"b": [LOST]}]}},
            {"service_settings": f'{{"apikey": "{LOST}"}}'},
            {"service_settings": f'{{"api_key": "{LOST}", "apikey": 1}}'},
            {"service_settings": f"{{'api_key': '{LOST}'"},
            {"service_settings": f"apikey={LOST} model_id=m"},
            {"service_settings": {"rate_limit": LOST}},
            {"service_settings": {"rate_limit": {"requests_per_minute": {"api_key": LOST}}}},
            {"service_settings": {"api_key": {"value": LOST}}},
            {"service_settings": {"api_key": [LOST]}},
            {"service_settings": {"model_id": {"api_key": LOST}}},
            {"service_settings": {"url": [LOST]}},
            {"task_settings": {"api_key": LOST}},
            {"task_settings": {"max_tokens": {"api_key": LOST}}},
            {"task_settings": {"max_tokens": [LOST]}},
            {"task_type": {"api_key": LOST}},
            {"chunking_settings": [{"api_key": LOST}]},
            {"service_settings": f"api_key={LOST} and more"},
            {"inference_id": {"service_settings": {"api_key": LOST}}},
            {"inference_id": [LOST]},
            {"elasticsearch_api_key": {"id": "id", "api_key": LOST, "encoded": LOST_BASE64}},
            {"elasticsearch_username": {"password": LOST}},
            {"headers": LOST_BASE64},
            {"headers": [LOST]},
            {"ca_path": {"password": LOST}},
            {"wait_timeout": {"password": LOST}},
            {"force": {"password": LOST}},
            {"force": LOST},
            {"validate_certs": LOST},
            {"timeout": LOST},
            {"retries": LOST},
            {"wait_timeout": LOST_BASE64},
            *IN_NUMBERS,
        ],
    )
    def test_of_one_endpoint(self, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any]) -> None:
        logged = log_of(monkeypatch)
        failed = offline(**{"elasticsearch_url": URL, **options})
        assert failed.failed
        self.check(failed, logged)

    ENDPOINT: Mapping[str, Any] = {"inference_id": "a", "service_settings": {"api_key": LOST}}

    @pytest.mark.parametrize(
        "options",
        [
            {"endpoints": [[dict(ENDPOINT)]]},
            {"endpoints": [[[dict(ENDPOINT)]]]},
            {"endpoints": {"a": dict(ENDPOINT)}},
            {"endpoints": dict(ENDPOINT)},
            {"endpoints": [{"a": dict(ENDPOINT)}]},
            {"endpoints": LOST},
            {"endpoints": [LOST]},
            {"endpoints": [LOST_BASE64]},
            {"endpoints": f'[{{"inference_id": "a", "service_settings": {{"api_key": "{LOST}"}}}}]'},
            {"endpoints": f"a,{LOST},b"},
            {"endpoints": [{"inference_id": "a", "api_key": LOST}]},
            {"endpoints": [{"inference_id": "a", "service_settings": [{"api_key": LOST}]}]},
            {"endpoints": [{"inference_id": "a", "service_settings": [LOST]}]},
            {"endpoints": [], "defaults": LOST},
            {"endpoints": [], "defaults": [{"service_settings": {"api_key": LOST}}]},
            {"endpoints": [], "defaults": {"api_key": LOST}},
            {"endpoints": [], "defaults": {"defaults": {"api_key": LOST}}},
            {"endpoints": None, "default": {"api_key": LOST}},
            {"endpoints": [], "force": LOST},
            {"endpoints": [], "parallel": LOST},
            {"endpoints": [], "purge_exclude": [{"api_key": LOST}]},
            *({"endpoints": [{"inference_id": "a", **settings}]} for settings in IN_NUMBERS),
            *({"endpoints": [], "defaults": settings} for settings in IN_NUMBERS),
        ],
    )
    def test_of_many_endpoints(self, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any]) -> None:
        logged = log_of(monkeypatch)
        failed = run_module("anthropic_endpoints", {"elasticsearch_url": URL, **options})
        assert failed.failed
        self.check(failed, logged)

    @pytest.mark.parametrize("name", ["TIMEOUT", "RETRIES", "VALIDATE_CERTS"])
    def test_of_the_environment(self, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        logged = log_of(monkeypatch)
        with environment(**{f"ELASTICSEARCH_{name}": LOST}):
            failed = offline(elasticsearch_url=URL)
        assert failed["msg"].startswith(f"argument '{name.lower()}' is of type ")
        self.check(failed, logged)

    @pytest.mark.parametrize("value", ["sk-'mis\"placed", ["sk-'mis\"placed"], "sk-\\misplaced", "sk-\nmisplaced"])
    def test_as_messages_of_ansible_core_write_it(self, value: Any) -> None:
        failed = offline(elasticsearch_url=URL, retries=value)
        assert failed["msg"].startswith("argument 'retries' is of type ")
        assert "placed" not in failed.output

    @staticmethod
    def check(failed: Run, logged: list[str]) -> None:
        assert "Traceback" not in failed.output
        for secret in (LOST, LOST_BASE64, LOST_BASE64.rstrip("="), "misplaced"):
            assert secret not in failed.output
            assert secret not in "".join(logged)

    def test_the_message_names_what_is_wrong_all_the_same(self) -> None:
        told = message(elasticsearch_url=URL, service_settings={"apikey": LOST})
        assert told.startswith(
            "Unsupported parameters: service_settings.apikey. Supported parameters include: api_key,"
        )

    def test_a_number_is_none(self) -> None:
        told = message(elasticsearch_url=URL, retries="-1000000", timeout="1_000_000")
        assert told == (
            "2 problems: (1) timeout must be a positive number of seconds, at most 86400, not 1000000.0. "
            "(2) retries must be 0 or more, not -1000000."
        )

    def test_a_text_in_a_list_of_texts_is_none(self, server: Simulator) -> None:
        run = endpoints(
            server, endpoints=[{"inference_id": "production", "state": "absent"}], purge_exclude=["production"]
        )
        assert run["results"][0]["inference_id"] == "production"

    SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
    LOST_ONES = st.sampled_from([LOST, f"api_key={LOST}", f"a={LOST} b", f'{{"api_key": "{LOST}", "rate_limit": 5}}'])
    ANYTHING = st.recursive(
        SCALARS | LOST_ONES,
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["api_key", "x", "rate_limit"]), inner)
        ),
        max_leaves=6,
    )

    @settings(deadline=None, max_examples=120)
    @given(st.sampled_from([*SPEC, "other"]), ANYTHING)
    def test_no_value_of_any_type_ends_in_anything_but_a_message(self, name: str, value: Any) -> None:
        ended = offline(**{"elasticsearch_url": "nowhere", name: value})
        assert ended.failed
        assert "bug in esops.inference" not in ended["msg"]
        assert "Traceback" not in ended.output
        if name != "elasticsearch_url" and (isinstance(value, (dict, list)) or name not in PLAIN):
            assert LOST not in ended.output

    @settings(deadline=None, max_examples=80)
    @given(ANYTHING, ANYTHING)
    def test_nor_does_one_of_a_list(self, listed: Any, defaults: Any) -> None:
        options = {"elasticsearch_url": "nowhere", "endpoints": listed, "defaults": defaults}
        ended = run_module("anthropic_endpoints", options)
        assert ended.failed
        assert "bug in esops.inference" not in ended["msg"]
        assert "Traceback" not in ended.output
        assert LOST not in ended.output


class TestHeaders:
    SHORT: Mapping[str, Any] = {"X-A": "a", "X-E": "e", "X-1": 1, "X-T": True, "X-Long": "long-enough"}

    def test_short_values_do_not_garble_results(self, server: Simulator) -> None:
        seed(server)
        run = endpoint(server, headers=self.SHORT, task_settings={"max_tokens": 1024})
        assert (run["changed"], run["action"], run["endpoint"]) == (False, "none", STORED)
        assert server.log[0].headers["x-e"] == "e"
        assert "long-enough" not in run.output

    @pytest.mark.parametrize("options", [{"task_type": "x"}, {"inference_id": "X"}])
    def test_nor_messages(self, options: dict[str, Any]) -> None:
        assert "*" not in message(elasticsearch_url=URL, headers=self.SHORT, **options)

    @pytest.mark.parametrize("text", ['{"X-Long": "long-enough", "X-A": "a"}', "X-Long=long-enough, X-A=a"])
    @pytest.mark.parametrize("place", ["task", "environment"])
    def test_values_in_a_text_are_hidden_as_well(self, server: Simulator, text: str, place: str) -> None:
        seed(server)
        with environment(**{"ELASTICSEARCH_HEADERS": text} if place == "environment" else {}):
            run = endpoint(server, **{"headers": text} if place == "task" else {})
        assert (run["changed"], run["endpoint"]) == (False, STORED)
        assert server.log[0].headers["x-long"] == "long-enough"
        assert "long-enough" not in run.output
