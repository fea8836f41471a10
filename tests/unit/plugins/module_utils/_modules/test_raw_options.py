# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that are not what their spec wants: told all at once, never as a traceback, and never with a secret."""

from __future__ import annotations

import base64
import datetime
import json
import re
from collections.abc import Mapping
from typing import Any

import pytest
from ansible.module_utils.basic import AnsibleModule
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.esops.inference.plugins.module_utils._modules.connection_options import connection_options
from ansible_collections.esops.inference.plugins.module_utils._modules.raw_options import invalid_options
from ansible_collections.esops.inference.plugins.modules import anthropic_endpoint
from tests.simulator import Fault, Simulator
from tests.simulator.errors import ApiError
from tests.unit.support import (
    ID,
    STORED,
    Run,
    endpoint,
    endpoints,
    environment,
    info,
    leaks,
    log_of,
    message,
    offline,
    run_module,
    seed,
)

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
        assert message(elasticsearch_url=URL, **{name: value}).startswith(f"{name} must be a whole number, not ")

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
        group = "Supported parameters include: api_key, model_id, rate_limit, url."
        assert re.split(r" ?\(\d\) ", failed["msg"])[1:-1] == [
            "timeout must be a number, not 'soon'.",
            "value of task_type must be one of: completion, chat_completion, got: embedding",
            "service_settings.rate_limit must be a dictionary, not a number.",
            f"Unsupported parameters: service_settings.modelid. {group}",
            "task_settings.max_tokens must be a whole number, not 'many'.",
            "task_settings.top_k must be a whole number, not a list.",
        ]
        assert "(7) Unsupported parameters: unknown. Supported parameters include: allow_recreate," in failed["msg"]
        assert server.requests == []

    @pytest.mark.parametrize(
        ("options", "problem"),
        [
            ({"endpoints": [["a"]]}, "endpoints[0] must be a dictionary, not a list."),
            ({"endpoints": [5]}, "endpoints[0] must be a dictionary, not a number."),
            ({"endpoints": [{"inference_id": "a"}, None]}, "endpoints[1] must be a dictionary, not null."),
            ({"endpoints": [None]}, "endpoints[0] must be a dictionary, not null."),
            ({"endpoints": ["a"]}, "endpoints[0] must be a dictionary, not a text."),
            ({"endpoints": [""]}, "endpoints[0] must be a dictionary, not an empty text."),
            ({"endpoints": ["a", "b"]}, "endpoints[0], endpoints[1] must be a dictionary, not a text."),
            (
                {"endpoints": list("abcde")},
                "endpoints[0], endpoints[1], endpoints[2] and 2 more must be a dictionary, not a text.",
            ),
            ({"endpoints": None}, "endpoints must be a list of dictionaries, not null."),
            ({"endpoints": ""}, "endpoints must be a list of dictionaries, not an empty text."),
            ({"endpoints": "a, b"}, "endpoints must be a list of dictionaries, not a text."),
            ({"endpoints": "[]"}, "endpoints must be a list of dictionaries, not a text."),
            ({"endpoints": True}, "endpoints must be a list of dictionaries, not a boolean."),
            ({"endpoints": {"inference_id": "a"}}, "endpoints must be a list of dictionaries, not a dictionary."),
            ({}, "missing required arguments: endpoints"),
            (
                {"endpoints": [{}, {}]},
                "missing required arguments: endpoints[0].inference_id, endpoints[1].inference_id",
            ),
            ({"endpoints": [], "defaults": ["a"]}, "defaults must be a dictionary, not a list."),
            ({"endpoints": [], "defaults": "a"}, "defaults must be a dictionary, not a text."),
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
    def test_wrong_element_is_named_once(self, options: dict[str, Any], problem: str) -> None:
        assert run_module("anthropic_endpoints", {"elasticsearch_url": URL, **options})["msg"] == problem

    def test_what_is_required_is_told_beside_the_rest(self) -> None:
        failed = run_module("anthropic_endpoint", {"task_settings": {"foo": 1}})
        begins = (
            "2 problems: (1) missing required arguments: inference_id (2) Unsupported parameters: task_settings.foo. "
        )
        assert failed["msg"].startswith(begins)

    def test_a_single_one_is_told_alone(self) -> None:
        told = message(elasticsearch_url=URL, state="gone")
        assert told == "value of state must be one of: present, absent, got: gone"

    @pytest.mark.parametrize(("value", "kind"), [({"key": "value-of-it"}, "dictionary"), (["value-of-it"], "list")])
    @pytest.mark.parametrize("name", ["model_id", "url", "api_key"])
    def test_the_text_of_a_structure_is_no_string(self, name: str, value: Any, kind: str) -> None:
        told = message(elasticsearch_url=URL, service_settings={name: value})
        assert f"service_settings.{name} must be a string, not a {kind}" in told

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
            {"_ansible_api_key": LOST},
            {"service_settings": {"_ansible_no_log": LOST}},
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
        wanted = {"TIMEOUT": "a number", "RETRIES": "a whole number", "VALIDATE_CERTS": "a boolean"}[name]
        assert failed["msg"] == f"{name.lower()} must be {wanted}, not a text that may be a secret."
        self.check(failed, logged)

    @pytest.mark.parametrize("value", ["sk-'mis\"placed", ["sk-'mis\"placed"], "sk-\\misplaced", "sk-\nmisplaced"])
    def test_as_python_writes_it(self, monkeypatch: pytest.MonkeyPatch, value: Any) -> None:
        logged = log_of(monkeypatch)
        failed = offline(elasticsearch_url=URL, retries=value)
        assert failed["msg"].startswith("retries must be a whole number, not a ")
        assert "placed" not in failed.output
        assert "placed" not in "".join(logged)

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

    @pytest.mark.parametrize(("value", "is_hidden"), [("s3crt", False), ("s3cret", True)])
    def test_text_is_hidden_if_it_is_long_enough_to_be_a_secret(self, value: str, is_hidden: bool) -> None:
        for options in ({"unknown": value}, {"retries": value}, {"headers": {"X-Tenant": [value]}}):
            assert (value not in offline(elasticsearch_url=URL, **options).output) is is_hidden

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
        assert "unable to convert" not in ended["msg"], "the words of ansible-core differ by version and hide the place"
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
        assert "unable to convert" not in ended["msg"], "the words of ansible-core differ by version and hide the place"
        assert "Traceback" not in ended.output
        assert LOST not in ended.output


class TestHeaders:
    HARMLESS: Mapping[str, Any] = {
        "X-Tenant": "completion",
        "X-Opaque-Id": "anthropic",
        "X-A": "a",
        "X-1": 1,
        "X-T": True,
    }

    @pytest.mark.parametrize("place", ["task", "text", "environment"])
    def test_harmless_header_alters_neither_results_nor_messages(self, server: Simulator, place: str) -> None:
        seed(server)
        written = json.dumps(self.HARMLESS)
        with environment(**{"ELASTICSEARCH_HEADERS": written} if place == "environment" else {}):
            options = {"task": {"headers": self.HARMLESS}, "text": {"headers": written}, "environment": {}}[place]
            run = endpoint(server, **options, task_settings={"max_tokens": 1024})
            wrong = endpoint(server, **options, task_type="anthropic")
        assert (run["changed"], run["action"], run["endpoint"]) == (False, "none", STORED)
        assert run.warnings == []
        assert "completion, chat_completion, got: anthropic" in wrong["msg"]
        assert server.log[0].headers["x-tenant"] == "completion"
        assert run["invocation"]["module_args"]["headers"] == self.HARMLESS

    def test_list_that_was_read_with_a_harmless_header_can_be_declared(self, server: Simulator) -> None:
        seed(server)
        read = info(server, headers=self.HARMLESS, service="anthropic")
        assert read["endpoints"] == [STORED]
        assert not endpoints(server, endpoints=read["endpoints"], headers=self.HARMLESS)["changed"]

    @pytest.mark.parametrize("name", ["Authorization", "Cookie", "X-Api-Key", "X-Auth-Token", "client_secret"])
    @pytest.mark.parametrize("place", ["task", "text", "pairs", "environment"])
    def test_header_that_is_a_credential_is_hidden_everywhere(
        self, server: Simulator, monkeypatch: pytest.MonkeyPatch, name: str, place: str
    ) -> None:
        logged = log_of(monkeypatch)
        headers = {name: "s3cr+et", "X-Tenant": "support"}
        pairs = f"{name}=s3cr+et, X-Tenant=support"
        given = {"task": headers, "text": json.dumps(headers), "pairs": pairs}.get(place)
        server.faults.add(Fault("status", status=403))
        with environment(**{"ELASTICSEARCH_HEADERS": json.dumps(headers)} if place == "environment" else {}):
            run = endpoint(server, **{"headers": given} if given else {})
        assert server.log[0].headers[name.lower()] == "s3cr+et"
        assert leaks(run.output, ["s3cr+et"]) == []
        assert leaks("".join(logged), ["s3cr+et"]) == []
        assert "support" in "".join(logged)

    @pytest.mark.parametrize(
        ("value", "shown"), [("s3cr+et", "it is ******** here"), ("support", "it is support here")]
    )
    @pytest.mark.parametrize("name", ["X-Token", "X-Tenant"])
    def test_message_of_the_server_hides_credentials_alone(
        self, server: Simulator, monkeypatch: pytest.MonkeyPatch, name: str, value: str, shown: str
    ) -> None:
        monkeypatch.setattr(
            "tests.simulator.faults.endpoint_not_found", lambda _id: ApiError(400, "odd", f"it is {value} here")
        )
        server.faults.add(Fault("not_found"))
        run = endpoint(server, headers={"X-Token": "s3cr+et", name: value})
        assert (shown in run["msg"]) is (value == "s3cr+et" or name == "X-Tenant")

    def test_credential_after_its_scheme_is_hidden(self, server: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(anthropic_endpoint, "work", lambda _task: {"shown": "s3cr+et", "changed": False})
        run = endpoint(server, headers={"es-secondary-authorization": "ApiKey s3cr+et"})
        assert leaks(run.output, ["s3cr+et"]) == []

    @pytest.mark.parametrize("value", [{"password": LOST}, [LOST]])
    def test_structure_in_place_of_a_value_is_hidden(self, monkeypatch: pytest.MonkeyPatch, value: Any) -> None:
        logged = log_of(monkeypatch)
        failed = offline(elasticsearch_url=URL, headers={"X-Tenant": value})
        assert failed["msg"] == "headers: the value of X-Tenant must be a string."
        TestMisplacedSecrets.check(failed, logged)


class TestHiddenData:
    """A secret that is a part of other data: ansible-core hides both, so the user is told."""

    LOGIN: Mapping[str, str] = {"elasticsearch_username": "claude", "elasticsearch_password": "claude"}

    def test_warning_names_the_option_and_the_result(self, server: Simulator) -> None:
        seed(server)
        run = endpoint(server, **self.LOGIN)
        assert run["endpoint"]["service_settings"]["model_id"] == "********-sonnet-4-5"
        (warning,) = run.warnings
        assert warning == (
            "The value of elasticsearch_password also occurs in endpoint of the result. Ansible hides it there, so the "
            "result is not what the cluster holds. Hint: use a secret that is not a part of other data."
        )

    @pytest.mark.parametrize(
        ("options", "option"),
        [
            ({"headers": {"X-Auth-Realm": "sonnet"}}, "headers.X-Auth-Realm"),
            ({"elasticsearch_api_key": "sonnet"}, "elasticsearch_api_key"),
            ({"elasticsearch_bearer_token": "sonnet"}, "elasticsearch_bearer_token"),
            ({"service_settings": {"api_key": "sonnet"}}, "service_settings.api_key"),
        ],
    )
    def test_every_kind_of_secret_is_named(self, server: Simulator, options: dict[str, Any], option: str) -> None:
        seed(server)
        (warning,) = endpoint(server, **options).warnings
        assert warning.startswith(f"The value of {option} also occurs in endpoint of the result.")

    def test_secret_of_the_environment_is_named(self, server: Simulator) -> None:
        seed(server)
        with environment(**{name.upper(): value for name, value in self.LOGIN.items()}):
            (warning,) = info(server).warnings
        assert warning.startswith("The value of elasticsearch_password also occurs in endpoints of the result.")

    def test_secrets_of_a_list_are_named(self, server: Simulator) -> None:
        listed = [{"inference_id": "sk-a", "service_settings": {"api_key": "sk-"}}, {"inference_id": "b"}]
        run = endpoints(
            server,
            check=True,
            diff=True,
            duplicate_model="allow",
            endpoints=listed,
            defaults={"service_settings": {"model_id": "m", "api_key": "word-b"}, "task_settings": {"max_tokens": 1}},
        )
        (warning,) = run.warnings
        assert warning.startswith("The value of endpoints[0].service_settings.api_key also occurs in results, diff of")

    def test_number_that_contains_a_secret_is_told_of(self, server: Simulator) -> None:
        seed(server)
        run = endpoint(server, elasticsearch_username="joe", elasticsearch_password="1024")
        assert run["endpoint"]["task_settings"]["max_tokens"] != 1024
        assert len(run.warnings) == 1

    def test_username_is_not_a_secret(self, server: Simulator) -> None:
        seed(server)
        run = endpoint(server, elasticsearch_username="claude", elasticsearch_password="s3cr+et")
        assert (run["endpoint"], run.warnings) == (STORED, [])

    def test_secret_that_occurs_in_a_message_alone_is_not_warned_of(self, server: Simulator) -> None:
        server.faults.add(Fault("status", status=403))
        run = endpoint(server, elasticsearch_username="joe", elasticsearch_password="simulated")
        assert run.failed
        assert run.warnings == []


class TestWholeNumbers:
    @pytest.mark.parametrize("value", ["1024.0", "1024.", " 1024 ", "1_024", "1.024e3", 1024.0, "1024"])
    def test_text_of_a_whole_number_is_accepted(self, server: Simulator, value: Any) -> None:
        seed(server)
        assert endpoint(server, task_settings={"max_tokens": value}, retries=0)["changed"] is False

    def test_text_of_a_whole_number_is_accepted_at_any_depth(self, server: Simulator) -> None:
        seed(server)
        settings = {
            "task_settings": '{"max_tokens": "1024.0"}',
            "service_settings": {"rate_limit": "requests_per_minute=50.0"},
        }
        run = endpoints(server, endpoints=[{"inference_id": ID, **settings}], defaults=settings, parallel="8.0")
        assert (run.failed, run["changed"]) == (False, False)

    @pytest.mark.parametrize(
        ("value", "shown"),
        [
            ("256.5", "'256.5'"),
            (256.5, "256.5"),
            ("many", "'many'"),
            ("", "an empty text"),
            ("0x10", "'0x10'"),
            ("1024 tokens", "'1024 tokens'"),
            ("1,024,000", "'1,024,000'"),
            ("nan", "'nan'"),
            ("unlimited", "a text that may be a secret"),
            ("inf", "an infinite number"),
            ([], "a list"),
        ],
    )
    def test_anything_else_is_rejected_with_the_value(self, value: Any, shown: str) -> None:
        told = message(elasticsearch_url=URL, task_settings={"max_tokens": value})
        assert told == f"task_settings.max_tokens must be a whole number, not {shown}."

    @pytest.mark.parametrize(
        ("value", "shown"), [("0,5", "'0,5'"), (10**400, "a number that is too large"), ({}, "a dictionary")]
    )
    def test_value_that_is_not_a_number_is_shown(self, value: Any, shown: str) -> None:
        told = message(elasticsearch_url=URL, task_settings={"temperature": value})
        assert told == f"task_settings.temperature must be a number, not {shown}."

    @pytest.mark.parametrize(("value", "shown"), [(2, "the number 2"), ("maybe", "'maybe'"), ([], "a list")])
    def test_value_that_is_not_a_boolean_is_shown(self, value: Any, shown: str) -> None:
        assert message(elasticsearch_url=URL, force=value) == f"force must be a boolean, not {shown}."


class TestTexts:
    """YAML reads some texts as numbers, booleans or dates: C(0123) is 83, C(12:30:00) is 45000."""

    @pytest.mark.parametrize(
        ("value", "shown"),
        [(83, "the number 83"), (1.1, "the number 1.1"), (True, "the boolean true"), (None, "null"), ([], "a list")],
    )
    @pytest.mark.parametrize("module", ["anthropic_endpoint", "anthropic_endpoints"])
    def test_number_is_rejected_as_an_id(self, module: str, value: Any, shown: str) -> None:
        single = module == "anthropic_endpoint"
        options = {"inference_id": value} if single else {"endpoints": [{"inference_id": value}]}
        told = run_module(module, {"elasticsearch_url": URL, **options})["msg"]
        place, hint = (
            "" if single else "endpoints[0].",
            " Hint: quote it, or add the filter string to a template." if shown.startswith("the ") else "",
        )
        assert f"{place}inference_id must be a string, not {shown}.{hint}" in told

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
                "ca_path must be a string, not the number 83. Hint: quote it, or add the filter string to a template.",
            ),
        ],
    )
    def test_number_is_rejected_wherever_a_string_belongs(
        self, module: str, options: dict[str, Any], problem: str
    ) -> None:
        required = {"inference_id": ID} if module == "anthropic_endpoint" else {}
        assert problem in run_module(module, {"elasticsearch_url": URL, **required, **options})["msg"]

    @pytest.mark.parametrize("value", [918273645, True])
    @pytest.mark.parametrize("name", ["elasticsearch_password", "elasticsearch_api_key", "elasticsearch_bearer_token"])
    def test_number_in_place_of_a_secret_is_not_shown(self, name: str, value: Any) -> None:
        failed = offline(elasticsearch_url=URL, elasticsearch_username="joe", **{name: value})
        kind = "a boolean" if value is True else "a number"
        assert (
            f"{name} must be a string, not {kind}. Hint: quote it, or add the filter string to a template."
            in failed["msg"]
        )
        assert "918273645" not in failed.output

    def test_number_in_place_of_the_provider_key_is_not_shown(self) -> None:
        failed = offline(elasticsearch_url=URL, service_settings={"api_key": 918273645})
        assert failed["msg"].startswith("service_settings.api_key must be a string, not a number. Hint: quote it")
        assert "918273645" not in failed.output

    def test_date_is_rejected(self) -> None:
        spec = {"inference_id": {"type": "str"}}
        assert invalid_options(spec, {"inference_id": datetime.date(2026, 1, 2)}) == [
            "inference_id must be a string, not a date."
        ]


class TestNull:
    """A survey answers null for a field that was left empty."""

    def test_null_means_not_set(self, server: Simulator) -> None:
        seed(server)
        run = endpoint(
            server,
            **dict.fromkeys(name for name in SPEC if name not in ("elasticsearch_url", "inference_id", "retries")),
        )
        assert (run.failed, run["changed"]) == (False, False)

    def test_null_in_a_list_of_endpoints_means_not_set(self, server: Simulator) -> None:
        seed(server)
        names = anthropic_endpoint.endpoint_options()
        run = endpoints(server, endpoints=[{**dict.fromkeys(names), "inference_id": ID}], defaults=None, parallel=None)
        assert (run.failed, run["changed"]) == (False, False)

    def test_null_leaves_the_environment_in_force(self, server: Simulator) -> None:
        seed(server)
        with environment(ELASTICSEARCH_URL=server.url):
            assert not endpoint(server, elasticsearch_url=None).failed


class TestUnknownSettings:
    HINT = (
        " Hint: a cluster that is newer than this collection can return settings that this collection does not support."
        " Upgrade the collection, or leave the settings out, for example with the filter "
        "ansible.utils.remove_keys(target=['thinking'])."
    )

    def test_setting_that_a_newer_server_shows_is_named_with_what_to_do(self, server: Simulator) -> None:
        seed(server, "a")
        seed(server, "b", thinking={"type": "enabled"})
        read = info(server, service="anthropic")["endpoints"]
        assert endpoints(server, endpoints=read)["msg"] == (
            "Unsupported parameters: endpoints[1].task_settings.thinking. Supported parameters include: "
            "max_tokens, temperature, top_k, top_p." + self.HINT
        )

    def test_setting_of_many_endpoints_is_named_once(self) -> None:
        listed = [{"inference_id": f"e{number}", "thinking": 1} for number in range(5)]
        told = run_module("anthropic_endpoints", {"elasticsearch_url": URL, "endpoints": listed})["msg"]
        assert told.startswith(
            "Unsupported parameters: endpoints[0].thinking, endpoints[1].thinking, endpoints[2].thinking and 2 more. "
        )
        assert told.endswith(self.HINT)

    def test_misspelled_option_of_the_module_has_no_such_hint(self) -> None:
        assert "newer" not in message(elasticsearch_url=URL, service_settings={"modelid": "m"}, time_out=1)


def test_secret_with_quotation_marks_is_not_in_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """The log shows endpoints as Python writes them."""
    logged = log_of(monkeypatch)
    secret = "it's \"it\\"
    listed = [{"inference_id": "a", "service_settings": {"api_key": secret}}]
    run_module("anthropic_endpoints", {"elasticsearch_url": "nowhere", "endpoints": listed})
    assert "inference_id" in "".join(logged)
    assert "it's" not in "".join(logged)
    assert "it\\'s" not in "".join(logged)
