# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the guide "Credentials and TLS" says is so."""

from __future__ import annotations

import base64
import hashlib
import re
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
import yaml

from ansible_collections.esops.inference.plugins.module_utils._modules.connection_options import connection_options
from tests.integration.guides import GUIDES, blocks, reader
from tests.integration.harness import find_leaks
from tests.integration.test_targets import make_certificate
from tests.proxy import Proxy
from tests.simulator import Security, Simulator
from tests.unit.support import DOCUMENTED, ID, MODEL, endpoint, seed

LEAST = ("manage_inference", "monitor")
TASK_SETTINGS = {"task_settings": {"max_tokens": 2048}}
MODEL_SETTINGS = {"service_settings": {"api_key": "sk-ant-another-key", "model_id": "claude-opus-4-5"}}


def test_the_vault_is_made_and_used_as_shown(tmp_path: Path) -> None:
    guide = blocks("connect", "In a vault")
    [secrets] = [yaml.safe_load(block.text) for block in guide if block.caption == "secrets.yml"]
    api_key = base64.b64decode(secrets["vault_elasticsearch_api_key"]).decode()
    certificate = make_certificate(tmp_path)
    with Simulator(tls=certificate, security=Security(api_keys={api_key: LEAST})) as server:
        stands_for = {"https://es.example.com:9200": server.url, "/etc/ssl/elasticsearch-ca.pem": f"{tmp_path}/ca.pem"}
        with reader(tmp_path, stands_for) as person:
            person.follow(guide)
        assert server.endpoints["support-letters"].secret == secrets["vault_anthropic_api_key"]
    assert find_leaks(person.seen, secrets) == []
    assert find_leaks((tmp_path / "secrets.yml").read_text(), secrets) == []


def test_the_fingerprint_that_is_printed_is_trusted(tmp_path: Path) -> None:
    with Simulator(tls=make_certificate(tmp_path)) as server:
        [block] = re.findall(r"\$ (openssl s_client .*)", (GUIDES / "credentials.rst").read_text())
        with reader(tmp_path, {"es.example.com:9200": server.url.removeprefix("https://")}) as person:
            _name, printed = person.run(block).split("=")
        port = int(server.url.rpartition(":")[2])
        shown = ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate(("127.0.0.1", port)))
        assert printed.replace(":", "").lower() == hashlib.sha256(shown).hexdigest()
        run = endpoint(server, state="absent", ca_fingerprint=printed)
        assert not run.failed, run.result


class TestTrustStore:
    """A CA that the host trusts, and `requests` from pip does not. OpenSSL finds the host's store at SSL_CERT_FILE."""

    @pytest.fixture
    def server(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
        with Simulator(tls=make_certificate(tmp_path)) as running:
            monkeypatch.setenv("SSL_CERT_FILE", f"{tmp_path}/ca.pem")
            yield running

    def test_uri_accepts_it_and_the_module_rejects_it(self, server: Simulator, tmp_path: Path) -> None:
        with reader(tmp_path, {}) as person:
            person.run(f"export SSL_CERT_FILE=ca.pem ELASTICSEARCH_URL={server.url}")
            assert "SUCCESS" in person.run(f"ansible localhost -m ansible.builtin.uri -a url={server.url}")
            printed = person.run("ansible localhost -m esops.inference.endpoint_info")
        assert "CERTIFICATE_VERIFY_FAILED" in printed
        assert server.requests == ["GET /"]

    @pytest.mark.parametrize("variable", ["ELASTICSEARCH_CA_PATH", "REQUESTS_CA_BUNDLE"])
    def test_module_accepts_it_with_variable(
        self, server: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
    ) -> None:
        monkeypatch.setenv(variable, f"{tmp_path}/ca.pem")
        run = endpoint(server, state="absent")
        assert not run.failed, run.result

    def test_ca_path_takes_precedence_over_requests_ca_bundle(
        self, server: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", f"{tmp_path}/ca.pem")
        trustme.CA().cert_pem.write_to_path(tmp_path / "another.pem")
        assert endpoint(server, state="absent", ca_path=str(tmp_path / "another.pem")).failed
        assert server.requests == []


class TestProxies:
    """What a proxy sees. How the TLS options hold through one: tests/unit/plugins/modules/test_behind_a_proxy.py."""

    @pytest.fixture
    def proxy(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
        with Proxy() as running:
            for name in ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"):
                monkeypatch.delenv(name, raising=False)
                monkeypatch.delenv(name.lower(), raising=False)
            yield running

    @pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy"])
    def test_https_url_shows_host_and_port_alone(
        self, proxy: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
    ) -> None:
        monkeypatch.setenv(variable, proxy.url)
        with Simulator(tls=make_certificate(tmp_path)) as server:
            run = endpoint(server, **DOCUMENTED, ca_path=str(tmp_path / "ca.pem"))
            assert run["action"] == "created"
            assert set(proxy.requests) == {f"CONNECT {server.url.removeprefix('https://')}"}

    def test_http_url_shows_the_request(self, proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        with Simulator() as server:
            assert not endpoint(server, state="absent").failed
            assert proxy.requests == [f"GET {server.url}/_inference/{ID}"]

    @pytest.mark.parametrize("listed", ["127.0.0.1", "example.com,127.0.0.0/8"])
    def test_cluster_in_no_proxy_is_reached_directly(
        self, proxy: Proxy, monkeypatch: pytest.MonkeyPatch, listed: str
    ) -> None:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("NO_PROXY", listed)
        with Simulator() as server:
            assert not endpoint(server, state="absent").failed
        assert proxy.requests == []


def test_keys_are_shown_in_a_loop_and_not_in_the_ways_around_it(tmp_path: Path) -> None:
    guide = blocks("connect", "Keys in loops")
    [declared] = [yaml.safe_load(block.text) for block in guide if block.caption == "my_endpoints.yml"]
    keys = {"key": declared["my_endpoints"][0]["service_settings"]["api_key"]}
    settings = blocks("connect", "In a vault")[1]
    assert settings.caption == "ansible.cfg"
    (tmp_path / "ansible.cfg").write_text(settings.text.replace("vault_password_file", ";"))
    with Simulator() as server, reader(tmp_path, {}) as person:
        person.run(f"export ELASTICSEARCH_URL={server.url}")
        person.follow(guide)
        leaks = {name: find_leaks(person.run(f"ansible-playbook -vvv {name}.yml"), keys) for name in ("list", "ids")}
    assert leaks == {"list": [], "ids": []}


def test_every_variable_of_the_environment_is_listed() -> None:
    text = (GUIDES / "credentials.rst").read_text()
    listed = re.findall(r"^(?:\.\. envvar:: | {12})(ELASTICSEARCH_\w+)$", text, re.MULTILINE)
    assert sorted(listed) == sorted(option["fallback"][1][0] for option in connection_options().values())


@pytest.mark.parametrize(
    ("privileges", "options", "check"),
    [
        (("monitor_inference",), {"service_settings": {"model_id": MODEL}}, False),
        (("monitor_inference",), {"inference_id": "new", **MODEL_SETTINGS, **TASK_SETTINGS}, True),
        (("manage_inference",), {"inference_id": "new", **MODEL_SETTINGS, **TASK_SETTINGS}, False),
        (("manage_inference",), {"state": "absent"}, False),
        (("monitor_inference", "monitor"), TASK_SETTINGS, True),
        (LEAST, TASK_SETTINGS, False),
        (("manage_inference",), {"state": "absent"}, True),
        (("manage_inference",), {**MODEL_SETTINGS, "allow_recreate": True}, True),
        (("manage_inference",), {**MODEL_SETTINGS, "allow_recreate": True}, False),
        (
            ("monitor_inference", "monitor_ml"),
            {"service_settings": {"model_id": MODEL}, "wait_for_deployment": True},
            False,
        ),
    ],
)
def test_least_privileges_are_enough_and_needed(
    privileges: tuple[str, ...], options: dict[str, object], check: bool
) -> None:
    def succeeds(given: tuple[str, ...]) -> bool:
        user = {"elasticsearch_username": "ansible", "elasticsearch_password": "a password"}
        with Simulator(security=Security(users={"ansible": ("a password", given)})) as server:
            seed(server)
            run = endpoint(server, check=check, **{"inference_id": ID, **user, **options})
        return not run.failed and not any("Assuming the latest version" in warning for warning in run.warnings)

    assert succeeds(privileges)
    assert not any(succeeds(tuple(one for one in privileges if one != left_out)) for left_out in privileges)
