# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the options of a module to its exit: what is asked of them, and how everything ends as one clear message."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.basic import AnsibleModule
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.esops.inference.plugins.module_utils import module as module_module
from ansible_collections.esops.inference.plugins.module_utils.client import Connection, ConnectionLost, Patience
from ansible_collections.esops.inference.plugins.module_utils.module import Task, connection_options
from ansible_collections.esops.inference.plugins.modules import anthropic_endpoint
from tests.simulator import Fault, Simulator
from tests.unit.support import DOCUMENTED, ID, KEY, STORED, Run, endpoint, endpoints, environment, run_module, seed

URL = "https://es.example.com:9200"
FINGERPRINT = "0123456789abcdef" * 4
CLOUD_ID = "label:" + base64.b64encode(b"eu.example.com$abc$kib").decode()
Work = Callable[[Task], dict[str, Any]]


def run(**options: Any) -> Run:
    """A run without a server: whatever is wrong has to be found before any request."""
    return run_module("anthropic_endpoint", {"inference_id": ID, **options})


def message(**options: Any) -> str:
    """Why a run failed, which is all it says then."""
    failed = run(**options)
    assert failed.result.keys() - {"invocation"} == {"failed", "msg"}
    return str(failed["msg"])


@pytest.fixture
def working(monkeypatch: pytest.MonkeyPatch) -> Callable[[Work], None]:
    """Gives the module something else to do."""
    return lambda work: monkeypatch.setattr(anthropic_endpoint, "work", work)


@pytest.fixture
def connection(monkeypatch: pytest.MonkeyPatch, working: Callable[[Work], None]) -> Callable[..., Connection]:
    """The connection that options describe, of a run that does nothing with it."""
    found: list[Connection] = []

    class Spy:
        patience = Patience(0)

        def __init__(self, connection: Connection, _redact: object) -> None:
            found.append(connection)

        def close(self) -> None:
            pass

    monkeypatch.setattr(module_module, "Client", Spy)
    working(lambda _task: {"changed": False})

    def connect(**options: Any) -> Connection:
        ended = run(**options)
        assert not ended.failed, ended["msg"]
        return found[-1]

    return connect


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    """A file for each option that names one."""
    paths = {name: tmp_path / f"{name}.pem" for name in ("ca_path", "client_cert", "client_key")}
    for path in paths.values():
        path.touch()
    return {name: str(path) for name, path in paths.items()}


#: Each option of the connection: a value, as its variable has it, and the part of the Connection that comes of it.
OPTIONS: dict[str, tuple[Any, str, dict[str, Any]]] = {
    "elasticsearch_url": (["http://a:1/", "http://b"], "http://a:1/, http://b", {"urls": ("http://a:1", "http://b")}),
    "elasticsearch_cloud_id": (CLOUD_ID, CLOUD_ID, {"urls": ("https://abc.eu.example.com:443",)}),
    "elasticsearch_username": ("jürgen", "jürgen", {"username": "jürgen", "password": "pass€word"}),
    "elasticsearch_password": ("s€cret", "s€cret", {"username": "elastic", "password": "s€cret"}),
    "elasticsearch_api_key": ("id:secret", "id:secret", {"api_key": "id:secret"}),
    "elasticsearch_bearer_token": ("AAEAAW", "AAEAAW", {"bearer_token": "AAEAAW"}),
    "ca_path": ("ca_path", "ca_path", {"ca_path": "ca_path"}),
    "ca_fingerprint": (FINGERPRINT.upper(), FINGERPRINT, {"ca_fingerprint": FINGERPRINT}),
    "client_cert": ("client_cert", "client_cert", {"client_cert": "client_cert", "client_key": None}),
    "client_key": ("client_key", "client_key", {"client_cert": "client_cert", "client_key": "client_key"}),
    "validate_certs": (False, "no", {"validate_certs": False}),
    "timeout": (2.5, "2.5", {"timeout": 2.5}),
    "retries": (0, "0", {"retries": 0}),
    "headers": ({"X-A": "b", "X-N": 1}, '{"X-A": "b", "X-N": 1}', {"headers": {"X-A": "b", "X-N": "1"}}),
}

#: What an option cannot do without.
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
    def test_every_option_is_tested_here(self) -> None:
        assert list(OPTIONS) == list(connection_options())

    @pytest.mark.parametrize("name", OPTIONS)
    def test_of_the_task(self, connection: Callable[..., Connection], files: dict[str, str], name: str) -> None:
        value = OPTIONS[name][0]
        value = files.get(value, value) if isinstance(value, str) else value
        assert connection(**{name: value}, **companions(name, files)) == expected(name, files)

    @pytest.mark.parametrize("name", OPTIONS)
    def test_of_the_environment(self, connection: Callable[..., Connection], files: dict[str, str], name: str) -> None:
        prefix = "" if name.startswith("elasticsearch_") else "ELASTICSEARCH_"
        with environment(**{prefix + name.upper(): files.get(name, OPTIONS[name][1])}):
            assert connection(**companions(name, files)) == expected(name, files)

    @pytest.mark.parametrize("name", OPTIONS)
    def test_an_empty_variable_counts_as_none(self, connection: Callable[..., Connection], name: str) -> None:
        variable = connection_options()[name]["fallback"][1][0]
        with environment(**{variable: ""}):
            if name == "elasticsearch_url":
                assert "elasticsearch_url or elasticsearch_cloud_id is required" in message()
            else:
                assert connection(elasticsearch_url=URL) == Connection((URL,))

    @pytest.mark.parametrize("value", ["", None])
    def test_an_empty_option_counts_as_none(self, connection: Callable[..., Connection], value: str | None) -> None:
        names = ("elasticsearch_cloud_id", "elasticsearch_username", "elasticsearch_password", "elasticsearch_api_key")
        empty = dict.fromkeys((*names, "elasticsearch_bearer_token", "ca_fingerprint"), value)
        assert connection(elasticsearch_url=URL, headers={}, **empty) == Connection((URL,))

    def test_the_defaults(self, connection: Callable[..., Connection]) -> None:
        found = connection(elasticsearch_url=URL)
        assert (found.validate_certs, found.timeout, found.retries) == (True, 130.0, 3)

    @pytest.mark.parametrize(
        "written", [FINGERPRINT, ":".join(re.findall("..", FINGERPRINT)).upper(), f" {FINGERPRINT}\n"]
    )
    def test_a_fingerprint_as_anybody_writes_it(self, connection: Callable[..., Connection], written: str) -> None:
        assert connection(elasticsearch_url=URL, ca_fingerprint=written).ca_fingerprint == FINGERPRINT

    def test_a_directory_is_a_ca_path(self, connection: Callable[..., Connection], tmp_path: Path) -> None:
        assert connection(elasticsearch_url=URL, ca_path=str(tmp_path)).ca_path == str(tmp_path)

    def test_a_home_directory_is_expanded(self, connection: Callable[..., Connection], tmp_path: Path) -> None:
        (tmp_path / "ca.pem").touch()
        assert connection(elasticsearch_url=URL, ca_path="~/ca.pem").ca_path == str(tmp_path / "ca.pem")

    def test_the_client_is_closed(self, server: Simulator, working: Callable[[Work], None]) -> None:
        """A connection that is left open would be a warning, which is an error in these tests."""
        working(lambda task: {"changed": False, "found": task.api.get(ID)})
        assert endpoint(server)["found"] is None


BASIC = {"elasticsearch_username": "elastic", "elasticsearch_password": "s€cret"}
API_KEY = {"elasticsearch_api_key": "id:secret"}
TOKEN = {"elasticsearch_bearer_token": "AAEAAW"}


def upper(options: Mapping[str, str]) -> dict[str, str]:
    return {name.upper(): value for name, value in options.items()}


class TestTaskAndEnvironment:
    """Several ways to say the same: what stands in the task wins."""

    @pytest.mark.parametrize("task", [BASIC, API_KEY, TOKEN])
    @pytest.mark.parametrize("around", [BASIC, API_KEY, TOKEN, {**API_KEY, **TOKEN}])
    def test_credentials_of_the_task_win(
        self, connection: Callable[..., Connection], task: dict[str, str], around: dict[str, str]
    ) -> None:
        with environment(**upper({name: f"{value}x" for name, value in around.items()})):
            found = connection(elasticsearch_url=URL, **task)
        wanted = {name.partition("_")[2]: value for name, value in task.items()}
        assert found == Connection((URL,), **wanted)  # type: ignore[arg-type]

    def test_a_url_of_the_task_wins(self, connection: Callable[..., Connection]) -> None:
        with environment(ELASTICSEARCH_CLOUD_ID=CLOUD_ID):
            assert connection(elasticsearch_url=URL).urls == (URL,)

    def test_a_cloud_id_of_the_task_wins(self, connection: Callable[..., Connection]) -> None:
        with environment(ELASTICSEARCH_URL="http://a:1,http://b:2"):
            assert connection(elasticsearch_cloud_id=CLOUD_ID).urls == ("https://abc.eu.example.com:443",)

    def test_user_and_password_may_come_from_both(self, connection: Callable[..., Connection]) -> None:
        with environment(ELASTICSEARCH_PASSWORD="s€cret", ELASTICSEARCH_API_KEY="id:secret"):
            found = connection(elasticsearch_url=URL, elasticsearch_username="joe")
        assert (found.username, found.password, found.api_key) == ("joe", "s€cret", None)

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
    def test_two_in_one_place_are_an_error(self, place: str, ways: dict[str, str], names: str) -> None:
        with environment(**upper(ways) if place == "environment" else {}):
            told = message(elasticsearch_url=URL, **ways if place == "task" else {})
        assert told == f"{names} exclude each other: give one of them, in the task or in the environment."

    def test_two_places_are_an_error(self) -> None:
        told = message(elasticsearch_url=URL, elasticsearch_cloud_id=CLOUD_ID)
        assert told.startswith("elasticsearch_url and elasticsearch_cloud_id exclude each other")


class TestProblems:
    """Each is found before any request, and told with what to do."""

    @pytest.mark.parametrize(
        ("options", "told"),
        [
            (
                {},
                "elasticsearch_url or elasticsearch_cloud_id is required: where is the cluster? ELASTICSEARCH_URL and",
            ),
            (
                {"elasticsearch_url": "localhost:9200"},
                "elasticsearch_url: localhost:9200 must look like https://host:9200",
            ),
            ({"elasticsearch_url": ["http://a", "ftp://b"]}, "elasticsearch_url: ftp://b must look like"),
            ({"elasticsearch_url": "http://a/?x"}, "elasticsearch_url: http://a/?x must look like"),
            ({"elasticsearch_cloud_id": "label:abc"}, "elasticsearch_cloud_id is not a Cloud ID."),
            (
                {"elasticsearch_cloud_id": "l:JGEk"},
                "elasticsearch_cloud_id is a Cloud ID without an Elasticsearch host.",
            ),
            ({"elasticsearch_username": "joe"}, "elasticsearch_username and elasticsearch_password belong together"),
            ({"elasticsearch_password": "s€cret"}, "elasticsearch_username and elasticsearch_password belong together"),
            ({"client_key": __file__}, "client_key needs client_cert."),
            (
                {"ca_path": "/nowhere/ca"},
                "ca_path: /nowhere/ca does not exist or cannot be read on the machine the module",
            ),
            ({"client_cert": "/nowhere/c"}, "client_cert: /nowhere/c does not exist or cannot be read"),
            ({"client_cert": "/"}, "client_cert: / does not exist or cannot be read"),
            ({"client_cert": __file__, "client_key": "/"}, "client_key: / does not exist or cannot be read"),
            ({"ca_fingerprint": "AB:CD"}, "ca_fingerprint must be a SHA-256 fingerprint: 64 hexadecimal digits"),
            ({"ca_fingerprint": "g" * 64}, "ca_fingerprint must be a SHA-256 fingerprint"),
            ({"timeout": 0}, "timeout must be a positive number of seconds, at most 86400, not 0.0."),
            ({"timeout": -1}, "timeout must be a positive number of seconds, at most 86400, not -1.0."),
            ({"timeout": "nan"}, "timeout must be a positive number of seconds, at most 86400, not nan."),
            ({"timeout": "inf"}, "timeout must be a positive number of seconds, at most 86400, not inf."),
            ({"timeout": 1e12}, "timeout must be a positive number of seconds, at most 86400, not 1000000000000.0."),
            ({"retries": -1}, "retries must be 0 or more, not -1."),
            (
                {"elasticsearch_api_key": " encoded"},
                "elasticsearch_api_key cannot be sent: it holds white space around it",
            ),
            ({"elasticsearch_api_key": "kéy:secret"}, "elasticsearch_api_key cannot be sent: it holds"),
            ({"elasticsearch_bearer_token": "a\nb"}, "elasticsearch_bearer_token cannot be sent: it holds"),
            ({"headers": {"X-A": "b\r\nX-C: d"}}, "headers: the value of X-A cannot be sent: it holds white space"),
            ({"headers": {"X-A": None}}, "headers: the value of X-A must be a string."),
            ({"headers": {"X-A": {"b": "c"}}}, "headers: the value of X-A must be a string."),
            ({"headers": {"X-A": ["b"]}}, "headers: the value of X-A must be a string."),
            ({"headers": {"X Ä": "b"}}, "headers: 'X Ä' is no name of a header."),
            ({"headers": {"": "b"}}, "headers: '' is no name of a header."),
            ({"headers": {"a:b": "b"}}, "headers: 'a:b' is no name of a header."),
        ],
    )
    def test_it_is_told(self, options: dict[str, Any], told: str) -> None:
        place = (
            {"elasticsearch_url": URL}
            if options and not {"elasticsearch_url", "elasticsearch_cloud_id"} & set(options)
            else {}
        )
        assert message(**place, **options).startswith(told)

    def test_all_of_them_at_once(self, server: Simulator) -> None:
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
            "8 problems: (1) elasticsearch_username and elasticsearch_password belong together"
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

    def test_a_file_that_cannot_be_read(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(os, "access", lambda *_args: False)
        assert message(elasticsearch_url=URL, ca_path=__file__).startswith(f"ca_path: {__file__} does not exist or")

    def test_bytes_that_are_no_text(self) -> None:
        with environment(ELASTICSEARCH_USERNAME="joe", ELASTICSEARCH_PASSWORD=os.fsdecode(b"p\xe4ssword")):
            assert message(elasticsearch_url=URL) == "elasticsearch_password cannot be sent: it is not UTF-8."


class TestUserInUrl:
    REFUSED = "holds a user or a password: give them as elasticsearch_username and elasticsearch_password."
    NO_URL = "must look like https://host:9200, with http or https."

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
    def test_it_is_refused_and_never_shown(
        self, monkeypatch: pytest.MonkeyPatch, place: str, url: str, shown: str, problem: str
    ) -> None:
        logged = log_of(monkeypatch)
        given = {"task": url, "list": ["http://other", url], "environment": None}[place]
        with environment(**{"ELASTICSEARCH_URL": url} if given is None else {}):
            failed = run(**{"elasticsearch_url": given} if given else {})
        assert failed["msg"] == f"elasticsearch_url: {shown} {problem}"
        for secret in ("hunter22", "ter22"):
            assert secret not in failed.output
            assert secret not in "".join(logged)

    def test_a_dictionary_in_its_place_is_not_shown_either(self) -> None:
        failed = run(elasticsearch_url=[{"url": "http://es", "password": "hunter22"}])
        assert "hunter22" not in failed.output
        assert "must look like https://host:9200" in failed["msg"]


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
            "value of 'rate_limit' must be of type dict or list of dicts",
            "argument 'max_tokens' is of type ",
            "argument 'top_k' is of type ",
            "Unsupported parameters: service_settings.modelid, unknown. Supported parameters include: ",
        ]
        assert [text[: len(beginning)] for text, beginning in zip(told, beginnings, strict=True)] == beginnings
        assert server.requests == []

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
        assert run(elasticsearch_url=URL)["msg"] == "no such locale"


LOST = "sk-ant-misplaced/key"
LOST_BASE64 = base64.b64encode(b"sk-ant-misplaced/key..").decode()
assert LOST_BASE64.endswith("==")


class TestMisplacedSecrets:
    """ansible-core hides secrets that stand in their place; people put them elsewhere, too."""

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
        ],
    )
    def test_of_one_endpoint(self, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any]) -> None:
        logged = log_of(monkeypatch)
        failed = run(**{"elasticsearch_url": URL, **options})
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
        ],
    )
    def test_of_many_endpoints(self, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any]) -> None:
        logged = log_of(monkeypatch)
        failed = run_module("anthropic_endpoints", {"elasticsearch_url": URL, **options})
        assert failed.failed
        self.check(failed, logged)

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

    SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
    LOST_ONES = st.sampled_from([LOST, f"api_key={LOST}", f"a={LOST} b", f'{{"api_key": "{LOST}", "rate_limit": 5}}'])
    ANYTHING = st.recursive(
        SCALARS | LOST_ONES,
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["api_key", "x", "rate_limit"]), inner)
        ),
        max_leaves=6,
    )
    EVERY_OPTION = (*anthropic_endpoint.endpoint_options(), *anthropic_endpoint.policy_options(), *OPTIONS, "other")

    @settings(deadline=None, max_examples=120)
    @given(st.sampled_from(EVERY_OPTION), ANYTHING)
    def test_no_value_of_any_type_ends_in_anything_but_a_message(self, name: str, value: Any) -> None:
        ended = run(**{"elasticsearch_url": "nowhere", name: value})
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


#: Options that are shown as they are: a text in them is no secret.
PLAIN = {"elasticsearch_url", "elasticsearch_cloud_id", "elasticsearch_username", "ca_path", "ca_fingerprint"}
PLAIN |= {"client_cert", "client_key", "validate_certs", "timeout", "retries"}
PLAIN |= {"inference_id", "state", "task_type", "service", *anthropic_endpoint.policy_options()}


def log_of(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What goes to the log of the system."""
    logged: list[str] = []
    monkeypatch.setattr(
        AnsibleModule, "log", lambda _module, msg, log_args=None: logged.append(f"{msg} {log_args}"), raising=True
    )
    return logged


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


class TestEnd:
    def test_a_bug_is_one_message(self, server: Simulator, working: Callable[[Work], None]) -> None:
        def broken(_task: Task) -> dict[str, Any]:
            raise KeyError(f"no {KEY} here")

        working(broken)
        run = endpoint(server, **DOCUMENTED, elasticsearch_username="joe", elasticsearch_password="pass\"wo'rd")
        assert re.fullmatch(
            r"This is a bug in esops\.inference, please report it: "
            r"KeyError at test_module\.py:\d+: 'no \*{8} here'",
            run["msg"],
        )
        assert run.result.keys() - {"invocation"} == {"failed", "msg"}
        assert "Traceback" not in run.output

    def test_a_bug_tells_no_secret_in_any_form(self, server: Simulator, working: Callable[[Work], None]) -> None:
        password = "pass\"wo'rd\\é"

        def broken(_task: Task) -> dict[str, Any]:
            raise ValueError(f"{password!r} {base64.b64encode(f'joe:{password}'.encode()).decode()}")

        working(broken)
        run = endpoint(server, elasticsearch_username="joe", elasticsearch_password=password)
        assert run["msg"].endswith(": '********' ********")

    def test_an_error_of_the_client_is_told_with_its_failure(
        self, server: Simulator, working: Callable[[Work], None]
    ) -> None:
        def lost(_task: Task) -> dict[str, Any]:
            raise ConnectionLost("Gone.", "PUT", "/x", "look.")

        working(lost)
        run = endpoint(server)
        assert run["msg"] == "PUT /x: Gone. Hint: look."
        assert run["failure"] == {"status": None, "type": None, "reason": "Gone.", "method": "PUT", "path": "/x"}
        assert "Traceback" not in run.output

    def test_a_failed_result_is_a_failure(self, server: Simulator, working: Callable[[Work], None]) -> None:
        working(lambda _task: {"failed": True, "msg": "no", "changed": True})
        run = endpoint(server)
        assert {name: run[name] for name in ("failed", "msg", "changed")} == {
            "failed": True,
            "msg": "no",
            "changed": True,
        }

    def test_the_task_knows_how_it_is_run(self, server: Simulator, working: Callable[[Work], None]) -> None:
        working(lambda task: {"seen": [task.check_mode, task.diff_mode, task.params["inference_id"]]})
        assert endpoint(server, check=True)["seen"] == [True, False, ID]
        assert endpoint(server, diff=True)["seen"] == [False, True, ID]

    @pytest.mark.parametrize("fails", [False, True])
    def test_warnings_arrive_in_order_and_without_secrets(
        self, server: Simulator, working: Callable[[Work], None], fails: bool
    ) -> None:
        def warn(task: Task) -> dict[str, Any]:
            task.warnings += [f"first with {KEY}", "second with " + base64.b64encode(KEY.encode()).decode()]
            if fails:
                raise ConnectionLost("Gone.", "PUT", "/x")
            return {"changed": False}

        working(warn)
        run = endpoint(server, **DOCUMENTED)
        assert run.warnings == ["first with ********", "second with ********"]
        assert run.failed is fails

    @pytest.mark.parametrize(("times", "told"), [(1, "once"), (2, "2 times")])
    def test_requests_that_were_sent_again_are_told(
        self, server: Simulator, monkeypatch: pytest.MonkeyPatch, times: int, told: str
    ) -> None:
        monkeypatch.setattr("time.sleep", lambda _seconds: None)
        seed(server)
        server.faults.add(Fault("status", status=503, times=times))
        run = endpoint(server, retries=2)
        assert run.warnings == [f"A request had to be sent again {told}, the last time for status 503."]
        assert (run["changed"], run["endpoint"]) == (False, STORED)

    def test_without_requests_the_library_is_named(self, server: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(module_module, "REQUESTS_IMPORT_ERROR", ImportError("No module named requests"))
        run = endpoint(server, **DOCUMENTED)
        assert run["msg"].startswith("Failed to import the required Python library (requests) on ")
        assert run.result.keys() - {"invocation"} == {"failed", "msg"}
        assert server.requests == []


class TestLog:
    """ansible-core writes the options of every run to the log of the system."""

    def test_it_holds_no_secret(self, server: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
        logged = log_of(monkeypatch)
        secrets = {"elasticsearch_password": "p€ss wörd", "headers": {"X-A": "header-value", "X-B": "v2-longer"}}
        endpoint(server, **DOCUMENTED, elasticsearch_username="joe", **secrets)
        text = "".join(logged)
        assert "Invoked with" in text
        assert f"inference_id={ID}" in text
        for secret in (KEY, "p€ss wörd", "header-value", "v2-longer"):
            assert secret not in text

    def test_it_holds_none_of_many_endpoints_either(self, server: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
        logged = log_of(monkeypatch)
        secret = {"service_settings": {"api_key": KEY}}
        endpoints(
            server,
            endpoints=[{"inference_id": "a", **secret}],
            defaults={"service_settings": {"api_key": f"{KEY}-default"}},
            elasticsearch_api_key="id:very-secret",
        )
        text = "".join(logged)
        assert "Invoked with" in text
        assert KEY not in text
        assert "very-secret" not in text


class TestResults:
    def test_of_many_endpoints(self, server: Simulator) -> None:
        seed(server, "kept")
        seed(server, "changed")
        server.seed("foreign", service="openai")
        run = endpoints(
            server,
            diff=True,
            endpoints=[
                {"inference_id": "kept", "task_settings": {"max_tokens": 1024}},
                {"inference_id": "changed", "task_settings": {"max_tokens": 7}},
                {"inference_id": "foreign"},
                {"inference_id": "gone", "state": "absent"},
            ],
        )
        assert [(each["inference_id"], each["action"], each["changed"]) for each in run["results"]] == [
            ("kept", "none", False),
            ("changed", "updated", True),
            ("foreign", "none", False),
            ("gone", "none", False),
        ]
        assert run["summary"] == {
            "created": 0,
            "updated": 1,
            "recreated": 0,
            "deleted": 0,
            "unchanged": 2,
            "failed": 1,
        }
        assert run["changed"] is True
        assert run["msg"].startswith(
            "1 of 4 endpoints failed. foreign: Inference endpoint foreign belongs to the service"
        )
        assert run["results"][2]["msg"] in run["msg"]
        assert run["results"][2]["failure"]["status"] is None
        assert [diff["before_header"] for diff in run["diff"]] == ["inference endpoint changed"]
        assert all("diff" not in each for each in run["results"])

    def test_of_many_endpoints_without_a_change(self, server: Simulator) -> None:
        seed(server, "kept")
        run = endpoints(server, diff=True, endpoints=[{"inference_id": "kept"}])
        assert run["changed"] is False
        assert "diff" not in run
        assert "msg" not in run
        assert server.requests == ["GET /_inference/_all"]

    def test_of_a_failure(self, server: Simulator) -> None:
        server.faults.add(Fault("status", status=403))
        run = endpoint(server)
        assert run["msg"].startswith(f"GET /_inference/{ID}: refused with status 403 (security_exception): simulated")
        assert run["failure"] == {
            "status": 403,
            "type": "security_exception",
            "reason": "simulated error with status [403]",
            "method": "GET",
            "path": f"/_inference/{ID}",
        }
