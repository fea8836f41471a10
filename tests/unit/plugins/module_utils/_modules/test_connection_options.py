# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests for the connection options, their environment variables, and their validation."""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.auth import (
    ApiKey,
    Basic,
    BearerToken,
    choose_auth,
)
from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.connection import Connection
from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.retries import RetryBudget
from ansible_collections.esops.inference.plugins.module_utils._modules import anthropic_endpoint
from ansible_collections.esops.inference.plugins.module_utils._modules import runner as module_module
from ansible_collections.esops.inference.plugins.module_utils._modules.connection_options import connection_options
from tests.simulator import Simulator
from tests.unit.support import Run, capture_log, endpoint, environment, find_leaks, message, offline

URL = "https://es.example.com:9200"
FINGERPRINT = "0123456789abcdef" * 4
CLOUD_ID = "label:" + base64.b64encode(b"eu.example.com$abc$kib").decode()


@pytest.fixture
def connection(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Connection]:
    """Return the connection that a run builds from options."""
    found: list[Connection] = []

    class Spy:
        retry_budget = RetryBudget(0)

        def __init__(self, connection: Connection, _redact: object) -> None:
            found.append(connection)
            self.skipped_nodes: dict[str, str] = {}

        def close(self) -> None:
            pass

    monkeypatch.setattr(module_module, "Client", Spy)
    monkeypatch.setattr(anthropic_endpoint, "work", lambda _task: {"changed": False})

    def connect(**options: Any) -> Connection:
        ended = offline(**options)
        assert not ended.failed, ended["msg"]
        return found[-1]

    return connect


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    """Create a file for each option with a path."""
    paths = {name: tmp_path / f"{name}.pem" for name in ("ca_path", "client_cert", "client_key")}
    for path in paths.values():
        path.touch()
    return {name: str(path) for name, path in paths.items()}


#: Each connection option: value, value of the environment variable, and the resulting part of the Connection.
OPTIONS: dict[str, tuple[Any, str, dict[str, Any]]] = {
    "elasticsearch_url": (["http://a:1/", "http://b"], "http://a:1/, http://b", {"urls": ("http://a:1", "http://b")}),
    "elasticsearch_cloud_id": (CLOUD_ID, CLOUD_ID, {"urls": ("https://abc.eu.example.com:443",)}),
    "elasticsearch_username": ("jürgen", "jürgen", {"auth": Basic("jürgen", "pass€word")}),
    "elasticsearch_password": ("s€cret", "s€cret", {"auth": Basic("elastic", "s€cret")}),
    "elasticsearch_api_key": ("id:secret", "id:secret", {"auth": ApiKey("id:secret")}),
    "elasticsearch_bearer_token": ("AAEAAW", "AAEAAW", {"auth": BearerToken("AAEAAW")}),
    "ca_path": ("ca_path", "ca_path", {"ca_path": "ca_path"}),
    "ca_fingerprint": (FINGERPRINT.upper(), FINGERPRINT, {"ca_fingerprint": FINGERPRINT}),
    "client_cert": ("client_cert", "client_cert", {"client_cert": "client_cert", "client_key": None}),
    "client_key": ("client_key", "client_key", {"client_cert": "client_cert", "client_key": "client_key"}),
    "validate_certs": (False, "no", {"validate_certs": False}),
    "timeout": (2.5, "2.5", {"timeout": 2.5}),
    "retries": (0, "0", {"retries": 0}),
    "headers": ({"X-A": "b", "X-N": 1}, '{"X-A": "b", "X-N": 1}', {"headers": {"X-A": "b", "X-N": "1"}}),
}

#: Options that other options require.
COMPANIONS = {
    "elasticsearch_username": {"elasticsearch_password": "pass€word"},
    "elasticsearch_password": {"elasticsearch_username": "elastic"},
    "client_key": {"client_cert": "client_cert"},
}


def expected(name: str, files: Mapping[str, str]) -> Connection:
    urls = (URL,)
    parts = {part: files.get(str(value), value) for part, value in OPTIONS[name][2].items()}
    return Connection(**{"urls": urls, **parts})


def companions(name: str, files: Mapping[str, str]) -> dict[str, str]:
    place = {} if name in ("elasticsearch_url", "elasticsearch_cloud_id") else {"elasticsearch_url": URL}
    return {**place, **{option: files.get(value, value) for option, value in COMPANIONS.get(name, {}).items()}}


class TestConnection:
    def test_every_connection_option_has_a_test(self) -> None:
        assert list(OPTIONS) == list(connection_options())

    @pytest.mark.parametrize("name", OPTIONS)
    def test_options_of_the_task_define_the_connection(
        self, connection: Callable[..., Connection], files: dict[str, str], name: str
    ) -> None:
        value = OPTIONS[name][0]
        value = files.get(value, value) if isinstance(value, str) else value
        assert connection(**{name: value}, **companions(name, files)) == expected(name, files)

    @pytest.mark.parametrize("name", OPTIONS)
    def test_options_of_the_environment_define_the_connection(
        self, connection: Callable[..., Connection], files: dict[str, str], name: str
    ) -> None:
        prefix = "" if name.startswith("elasticsearch_") else "ELASTICSEARCH_"
        with environment(**{prefix + name.upper(): files.get(name, OPTIONS[name][1])}):
            assert connection(**companions(name, files)) == expected(name, files)

    @pytest.mark.parametrize("name", OPTIONS)
    def test_empty_environment_variable_is_ignored(self, connection: Callable[..., Connection], name: str) -> None:
        variable = connection_options()[name]["fallback"][1][0]
        with environment(**{variable: ""}):
            if name == "elasticsearch_url":
                assert "elasticsearch_url or elasticsearch_cloud_id is required" in message()
            else:
                assert connection(elasticsearch_url=URL) == Connection((URL,))

    @pytest.mark.parametrize("value", ["", None])
    def test_empty_option_is_ignored(self, connection: Callable[..., Connection], value: str | None) -> None:
        names = ("elasticsearch_cloud_id", "elasticsearch_username", "elasticsearch_password", "elasticsearch_api_key")
        empty = dict.fromkeys((*names, "elasticsearch_bearer_token", "ca_fingerprint"), value)
        assert connection(elasticsearch_url=URL, headers={}, **empty) == Connection((URL,))

    def test_connection_has_defaults(self, connection: Callable[..., Connection]) -> None:
        found = connection(elasticsearch_url=URL)
        assert (found.validate_certs, found.timeout, found.retries) == (True, 130.0, 3)

    @pytest.mark.parametrize(
        "written", [FINGERPRINT, ":".join(re.findall("..", FINGERPRINT)).upper(), f" {FINGERPRINT}\n"]
    )
    def test_fingerprint_is_accepted_in_common_notations(
        self, connection: Callable[..., Connection], written: str
    ) -> None:
        assert connection(elasticsearch_url=URL, ca_fingerprint=written).ca_fingerprint == FINGERPRINT

    def test_ca_path_can_be_a_directory(self, connection: Callable[..., Connection], tmp_path: Path) -> None:
        assert connection(elasticsearch_url=URL, ca_path=str(tmp_path)).ca_path == str(tmp_path)

    def test_home_directory_in_a_path_is_expanded(
        self, connection: Callable[..., Connection], empty_home: Path
    ) -> None:
        (empty_home / "ca.pem").touch()
        assert connection(elasticsearch_url=URL, ca_path="~/ca.pem").ca_path == str(empty_home / "ca.pem")


BASIC = {"elasticsearch_username": "elastic", "elasticsearch_password": "s€cret"}
API_KEY = {"elasticsearch_api_key": "id:secret"}
TOKEN = {"elasticsearch_bearer_token": "AAEAAW"}


def upper(options: Mapping[str, str]) -> dict[str, str]:
    return {name.upper(): value for name, value in options.items()}


class TestTaskAndEnvironment:
    """Tests for alternative options: the task takes precedence over the environment."""

    @pytest.mark.parametrize("task", [BASIC, API_KEY, TOKEN])
    @pytest.mark.parametrize("around", [BASIC, API_KEY, TOKEN, {**API_KEY, **TOKEN}])
    def test_credentials_of_the_task_take_precedence(
        self, connection: Callable[..., Connection], task: dict[str, str], around: dict[str, str]
    ) -> None:
        with environment(**upper({name: f"{value}x" for name, value in around.items()})):
            found = connection(elasticsearch_url=URL, **task)
        assert found == Connection((URL,), choose_auth({name.partition("_")[2]: value for name, value in task.items()}))

    def test_url_of_the_task_takes_precedence(self, connection: Callable[..., Connection]) -> None:
        with environment(ELASTICSEARCH_CLOUD_ID=CLOUD_ID):
            assert connection(elasticsearch_url=URL).urls == (URL,)

    def test_cloud_id_of_the_task_takes_precedence(self, connection: Callable[..., Connection]) -> None:
        with environment(ELASTICSEARCH_URL="http://a:1,http://b:2"):
            assert connection(elasticsearch_cloud_id=CLOUD_ID).urls == ("https://abc.eu.example.com:443",)

    def test_username_and_password_can_come_from_task_and_environment(
        self, connection: Callable[..., Connection]
    ) -> None:
        with environment(ELASTICSEARCH_PASSWORD="s€cret", ELASTICSEARCH_API_KEY="id:secret"):
            found = connection(elasticsearch_url=URL, elasticsearch_username="joe")
        assert found.auth == Basic("joe", "s€cret")

    @pytest.mark.parametrize("place", ["task", "environment"])
    @pytest.mark.parametrize(
        ("ways", "names"),
        [
            ({**BASIC, **API_KEY}, "elasticsearch_username/elasticsearch_password and elasticsearch_api_key"),
            ({**API_KEY, **TOKEN}, "elasticsearch_api_key and elasticsearch_bearer_token"),
            (
                {**BASIC, **API_KEY, **TOKEN},
                " and ".join(["elasticsearch_username/elasticsearch_password", *API_KEY, *TOKEN]),
            ),
        ],
    )
    def test_two_authentication_methods_in_one_place_are_rejected(
        self, place: str, ways: dict[str, str], names: str
    ) -> None:
        with environment(**upper(ways) if place == "environment" else {}):
            msg = message(elasticsearch_url=URL, **ways if place == "task" else {})
        assert msg == f"{names} are mutually exclusive. Hint: set only one of them, in the task or in the environment."

    def test_url_with_cloud_id_is_rejected(self) -> None:
        msg = message(elasticsearch_url=URL, elasticsearch_cloud_id=CLOUD_ID)
        assert msg.startswith("elasticsearch_url and elasticsearch_cloud_id are mutually exclusive")


class TestValidation:
    """Tests for validation errors, which are found before any request."""

    @pytest.mark.parametrize(
        ("options", "expected"),
        [
            (
                {},
                (
                    "elasticsearch_url or elasticsearch_cloud_id is required. Hint: set one of them, or the "
                    "environment variable ELASTICSEARCH_URL or ELASTICSEARCH_CLOUD_ID."
                ),
            ),
            (
                {"elasticsearch_url": "localhost:9200"},
                "elasticsearch_url: localhost:9200 must be an http or https URL",
            ),
            ({"elasticsearch_url": ["http://a", "ftp://b"]}, "elasticsearch_url: ftp://b must be an http or https URL"),
            ({"elasticsearch_url": "http://a/?x"}, "elasticsearch_url: http://a/?x must be an http or https URL"),
            ({"elasticsearch_cloud_id": "label:abc"}, "elasticsearch_cloud_id is not a valid Cloud ID."),
            (
                {"elasticsearch_cloud_id": "l:JGEk"},
                "elasticsearch_cloud_id is a Cloud ID without an Elasticsearch host.",
            ),
            ({"elasticsearch_username": "joe"}, "elasticsearch_username and elasticsearch_password must be set"),
            ({"elasticsearch_password": "s€cret"}, "elasticsearch_username and elasticsearch_password must be set"),
            ({"client_key": __file__}, "client_key requires client_cert."),
            (
                {"ca_path": "/nowhere/ca"},
                "ca_path: /nowhere/ca does not exist or is not readable on the host where the module runs. Hint: ",
            ),
            ({"client_cert": "/nowhere/c"}, "client_cert: /nowhere/c does not exist or is not readable"),
            ({"client_cert": "/"}, "client_cert: / does not exist or is not readable"),
            ({"client_cert": __file__, "client_key": "/"}, "client_key: / does not exist or is not readable"),
            (
                {"ca_fingerprint": "AB:CD"},
                "ca_fingerprint must be a SHA-256 fingerprint (64 hexadecimal digits, with or without colons), not 'AB",
            ),
            ({"ca_fingerprint": " : "}, "ca_fingerprint must be a SHA-256 fingerprint (64 hexadecimal digits"),
            (
                {"ca_fingerprint": f"{FINGERPRINT}\u200b"},
                "ca_fingerprint must be a SHA-256 fingerprint (64 hexadecimal",
            ),
            (
                {"elasticsearch_url": "https://es\u200b.example.com"},
                "elasticsearch_url: https://es\u200b.example.com must",
            ),
            (
                {"elasticsearch_cloud_id": "l:" + base64.b64encode(b"host:port$es$kib").decode()},
                "elasticsearch_cloud_id is a Cloud ID with an invalid address.",
            ),
            ({"ca_fingerprint": "g" * 64}, "ca_fingerprint must be a SHA-256 fingerprint"),
            ({"timeout": 0}, "timeout must be a positive number of seconds, at most 86400, not 0.0."),
            ({"timeout": -1}, "timeout must be a positive number of seconds, at most 86400, not -1.0."),
            ({"timeout": "nan"}, "timeout must be a positive number of seconds, at most 86400, not nan."),
            ({"timeout": "inf"}, "timeout must be a positive number of seconds, at most 86400, not inf."),
            ({"timeout": 1e12}, "timeout must be a positive number of seconds, at most 86400, not 1000000000000.0."),
            ({"retries": -1}, "retries must be 0 or more, not -1."),
            (
                {"elasticsearch_api_key": " encoded"},
                "elasticsearch_api_key has leading or trailing whitespace.",
            ),
            ({"elasticsearch_api_key": "kéy:secret"}, "elasticsearch_api_key contains a non-ASCII character."),
            ({"elasticsearch_bearer_token": "a\nb"}, "elasticsearch_bearer_token contains whitespace or a line break."),
            ({"headers": {"X-A": "b\r\nX-C: d"}}, "headers: the value of X-A must not contain leading or trailing"),
            ({"headers": {"X-A": None}}, "headers: the value of X-A must be a string."),
            ({"headers": {"X-A": {"b": "c"}}}, "headers: the value of X-A must be a string."),
            ({"headers": {"X-A": ["b"]}}, "headers: the value of X-A must be a string."),
            ({"headers": {"X Ä": "b"}}, "headers: 'X Ä' is not a valid header name."),
            ({"headers": {"": "b"}}, "headers: '' is not a valid header name."),
            ({"headers": {"a:b": "b"}}, "headers: 'a:b' is not a valid header name."),
        ],
    )
    def test_validation_error_is_reported(self, options: dict[str, Any], expected: str) -> None:
        place = (
            {"elasticsearch_url": URL}
            if options and not {"elasticsearch_url", "elasticsearch_cloud_id"} & set(options)
            else {}
        )
        assert message(**place, **options).startswith(expected)

    def test_all_validation_errors_are_reported_at_once(self, server: Simulator) -> None:
        run = endpoint(
            server,
            retries=-1,
            timeout=0,
            ca_path="/nowhere",
            elasticsearch_username="joe",
            headers={"X-A": " b"},
            inference_id="Not An Id",
            task_settings={"max_tokens": True, "top_k": -1},
        )
        assert run["msg"].startswith(
            "8 problems: (1) elasticsearch_username and elasticsearch_password must be set together"
        )
        numbered = re.findall(r"\((\d)\) (\S+)", run["msg"])
        assert [name.strip(":") for _number, name in numbered] == [
            "elasticsearch_username",
            "ca_path",
            "timeout",
            "retries",
            "headers",
            "task_settings.max_tokens",
            "inference_id",
            "task_settings.top_k",
        ]
        assert server.requests == []
        assert run.result.keys() - {"invocation"} == {"failed", "msg"}

    def test_unreadable_file_is_rejected(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(os, "access", lambda *_args: False)
        assert message(elasticsearch_url=URL, ca_path=__file__).startswith(f"ca_path: {__file__} does not exist or")

    def test_invalid_path_is_rejected(self, monkeypatch: pytest.MonkeyPatch) -> None:
        capture_log(monkeypatch)  # syslog refuses it, the journal does not
        assert message(elasticsearch_url=URL, ca_path="a\0b").startswith(
            "ca_path: a\0b does not exist or is not readable"
        )

    @pytest.mark.parametrize("name", ["ELASTICSEARCH_USERNAME", "ELASTICSEARCH_PASSWORD"])
    def test_environment_variable_that_is_not_utf8_is_rejected(self, name: str) -> None:
        login = {"ELASTICSEARCH_USERNAME": "joe", "ELASTICSEARCH_PASSWORD": "pass"}
        with environment(**{**login, name: os.fsdecode(b"p\xe4ssword")}):
            assert message(elasticsearch_url=URL) == f"{name.lower()} is not valid UTF-8."


RESPONSE = {"id": "VuaCfGcB", "name": "n", "api_key": "ui2lp2axTNmsyakw", "encoded": "VnVhQ2ZHY0JDZGJrUW0="}


@pytest.mark.parametrize(
    ("name", "shown"), [("X-Tenant", " The value is 'sup\\nport'."), ("X-Api-Key", ""), ("Cookie", "")]
)
def test_invalid_header_is_shown_unless_it_is_a_credential(name: str, shown: str) -> None:
    failed = offline(elasticsearch_url=URL, headers={name: "sup\nport"})
    assert failed["msg"].endswith(f"or non-ASCII characters.{shown}")
    assert ("port" in failed.output.replace("support", "")) is bool(shown)


class TestFormsOfKeys:
    """Tests for text that was copied together with a key. It is rejected before any request, and never shown."""

    @pytest.mark.parametrize("place", ["task", "environment"])
    @pytest.mark.parametrize(
        ("name", "value", "problem"),
        [
            ("api_key", "ApiKey s3cr+et", 'must not start with "ApiKey". Hint: remove this prefix.'),
            (
                "api_key",
                "Bearer s3cr+et",
                'must not start with "Bearer". Hint: if it is a token, remove this prefix',
            ),
            ("api_key", "Basic s3cr+et", 'must not start with "Basic". Hint: set elasticsearch_username and'),
            ("api_key", "Authorization: ApiKey s3cr+et", 'must not start with "authorization:".'),
            ("api_key", "id: s3cr+et", "contains whitespace or a line break."),
            ("api_key", "s3cr+et\u200b", "contains the invisible character U+200B."),
            (
                "api_key",
                json.dumps(RESPONSE),
                "must contain only the key, not the JSON of a response. Hint: use the value of",
            ),
            (
                "api_key",
                str(RESPONSE),
                'must contain only the key, not the JSON of a response. Hint: use the value of "enc',
            ),
            ("bearer_token", "Bearer s3cr+et", 'must not start with "Bearer". Hint: remove this prefix.'),
            ("bearer_token", "ApiKey s3cr+et", 'must not start with "ApiKey". Hint: remove this prefix and set'),
            ("bearer_token", '"s3cr+et"', "must not be enclosed in quotation marks."),
            ("bearer_token", "s3cr+et\ufeff", "contains the invisible character U+FEFF."),
            (
                "bearer_token",
                '{"access_token": "s3cr+et"}',
                "must contain only the key, not the JSON of a response. Hint: use",
            ),
        ],
    )
    def test_text_around_a_key_is_rejected(
        self, monkeypatch: pytest.MonkeyPatch, name: str, value: str, problem: str, place: str
    ) -> None:
        logged = capture_log(monkeypatch)
        option = {f"elasticsearch_{name}": value}
        with environment(**upper(option) if place == "environment" else {}):
            failed = offline(elasticsearch_url=URL, **option if place == "task" else {})
        assert failed["msg"].startswith(f"elasticsearch_{name} {problem}")
        self.check(failed, logged)

    @pytest.mark.parametrize("module", ["api_key", "bearer_token"])
    def test_response_as_a_dictionary_is_rejected_once(self, monkeypatch: pytest.MonkeyPatch, module: str) -> None:
        logged = capture_log(monkeypatch)
        failed = offline(elasticsearch_url=URL, **{f"elasticsearch_{module}": {**RESPONSE, "access_token": "s3cr+et"}})
        assert failed["msg"].startswith(
            f"elasticsearch_{module} must contain only the key, not the JSON of a response. Hint: "
        )
        self.check(failed, logged)

    @staticmethod
    def check(failed: Run, logged: list[str]) -> None:
        for secret in ("s3cr+et", RESPONSE["api_key"], RESPONSE["encoded"]):
            assert find_leaks(failed.output, [secret]) == []
            assert find_leaks("".join(logged), [secret]) == []


class TestCloudId:
    @pytest.mark.parametrize(
        "host", ["eu.example.com$abc$kib", "eu.example.com$abc$", "eu.example.com$abc", "eu.example.com$abc\n"]
    )
    @pytest.mark.parametrize("change", [str, "  {}\n".format, lambda cloud_id: cloud_id.rstrip("=")])
    def test_cloud_id_with_whitespace_or_without_padding_is_accepted(
        self, connection: Callable[..., Connection], host: str, change: Callable[[str], str]
    ) -> None:
        cloud_id = change(f"my label:{base64.b64encode(host.encode()).decode()}")
        assert connection(elasticsearch_cloud_id=cloud_id).urls == ("https://abc.eu.example.com:443",)

    @pytest.mark.parametrize(
        "cloud_id", ["label:abc", f"{CLOUD_ID}\u200b", f"{CLOUD_ID} x", f'"{CLOUD_ID}"', "label:", "="]
    )
    def test_invalid_cloud_id_is_rejected(self, cloud_id: str) -> None:
        msg = message(elasticsearch_cloud_id=cloud_id)
        assert msg.startswith(f"elasticsearch_cloud_id is not a valid Cloud ID. The value is {cloud_id!r}. Hint: ")


class TestUserInUrl:
    REFUSED = "must not contain credentials. Hint: set elasticsearch_username and elasticsearch_password instead."
    NO_URL = "must be an http or https URL, for example https://host:9200."

    @pytest.mark.parametrize("place", ["task", "list", "environment"])
    @pytest.mark.parametrize(
        ("url", "shown", "problem"),
        [
            ("https://bob:hunter22@es:9200/path", "https://es:9200/path", REFUSED),
            ("https://hunter22@es", "https://es", REFUSED),
            ("https://:hunter22@es", "https://es", REFUSED),
            ("https://bob:hunter22@hunter22@es", "https://es", REFUSED),
            ("https://bob:hun%2Fter22@es", "https://es", REFUSED),
            ("https://bob:x/hunter22@es", "https://es", NO_URL),
            ("https://bob:x//hunter22@es", "https://es", NO_URL),
            ("https://bob:x#hunter22@es", "https://es", NO_URL),
            ("https://bob:x hunter22@es", "https://es", NO_URL),
            ("bob:hunter22@es:9200", "es:9200", NO_URL),
            ("ftp://bob:hunter22@es:9200", "ftp://es:9200", NO_URL),
        ],
    )
    def test_url_with_credentials_is_rejected_and_never_shown(
        self, monkeypatch: pytest.MonkeyPatch, place: str, url: str, shown: str, problem: str
    ) -> None:
        logged = capture_log(monkeypatch)
        given = {"task": url, "list": ["http://other", url], "environment": None}[place]
        with environment(**{"ELASTICSEARCH_URL": url} if given is None else {}):
            failed = offline(**{"elasticsearch_url": given} if given else {})
        assert failed["msg"] == f"elasticsearch_url: {shown} {problem}"
        for secret in ("hunter22", "ter22"):
            assert secret not in failed.output
            assert secret not in "".join(logged)

    def test_dictionary_in_place_of_a_url_is_not_shown(self) -> None:
        failed = offline(elasticsearch_url=[{"url": "http://es", "password": "hunter22"}])
        assert "hunter22" not in failed.output
        assert failed["msg"] == "elasticsearch_url[0] must be a string, not a dictionary."
