# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The guide "Connect to your cluster": the output that it shows, TLS, and proxies."""

from __future__ import annotations

import base64
import hashlib
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
import yaml

from tests.integration.guides import blocks, reader
from tests.integration.harness import SECRETS, find_leaks
from tests.integration.test_targets import make_certificate
from tests.proxy import Proxy
from tests.simulator import Security, Simulator
from tests.unit.support import DOCUMENTED, ID, endpoint

API_KEY = f"guide:{SECRETS['secret_api_key']}"
URL = "https://es.example.com:9200"
CA = "/etc/ssl/elasticsearch-ca.pem"
#: A URL that no server listens on.
CLOSED = "https://127.0.0.1:1"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Simulator]:
    security = Security(api_keys={API_KEY: ("monitor_inference",)})
    with Simulator(tls=make_certificate(tmp_path), security=security) as running:
        yield running


def test_connection_test_has_the_shown_result(server: Simulator, tmp_path: Path) -> None:
    [test, *_others] = blocks("connect")
    real = {URL: server.url, CA: f"{tmp_path}/ca.pem"}
    with reader(tmp_path, real, **{"read -rs ELASTICSEARCH_API_KEY": API_KEY}) as person:
        person.follow([test])
    assert find_leaks(person.seen) == []


class TestAddresses:
    """The connection test with each kind of address."""

    def connect(self, home: Path, address: str, replacements: dict[str, str]) -> str:
        with reader(home, replacements) as person:
            person.run(f"export ELASTICSEARCH_CA_PATH={home}/ca.pem ELASTICSEARCH_API_KEY={API_KEY}")
            person.run(address)
            return person.run("ansible localhost -m esops.inference.endpoint_info -a service=anthropic")

    def test_second_node_is_used_if_the_first_is_down(self, server: Simulator, tmp_path: Path) -> None:
        [(address, _nothing)] = blocks("connect", "Address")[0].commands
        real = {"https://es1.example.com:9200": CLOSED, "https://es2.example.com:9200": server.url}
        assert "SUCCESS" in self.connect(tmp_path, address, real)

    def test_cloud_id_is_an_address(self, server: Simulator, tmp_path: Path) -> None:
        [(address, _nothing)] = blocks("connect", "Address")[1].commands
        cloud_id = address.partition("=")[2]
        assert base64.b64decode(cloud_id.partition(":")[2]).decode() == "example.com:443$es$kibana"
        port = server.url.rpartition(":")[2]
        real = {cloud_id: "local:" + base64.b64encode(f"0.0.1:{port}$127$kibana".encode()).decode()}
        assert "SUCCESS" in self.connect(tmp_path, address, real)


def test_vault_is_created_and_used(tmp_path: Path) -> None:
    guide = blocks("connect", "Store secrets in Ansible Vault")
    [secrets] = [yaml.safe_load(block.text) for block in guide if block.caption == "secrets.yml"]
    api_key = base64.b64decode(secrets["vault_elasticsearch_api_key"]).decode()
    certificate = make_certificate(tmp_path)
    with Simulator(tls=certificate, security=Security(api_keys={api_key: ("manage_inference", "monitor")})) as server:
        with reader(tmp_path, {URL: server.url, CA: f"{tmp_path}/ca.pem"}) as person:
            person.follow(guide)
        assert server.endpoints["support-letters"].secret == secrets["vault_anthropic_api_key"]
    assert find_leaks(person.seen, secrets) == []
    assert find_leaks((tmp_path / "secrets.yml").read_text(), secrets) == []


def test_printed_fingerprint_is_accepted(tmp_path: Path) -> None:
    commands = [command for block in blocks("connect", "TLS") for command, _output in block.commands]
    [openssl] = [command for command in commands if command.startswith("openssl s_client ")]
    with Simulator(tls=make_certificate(tmp_path)) as server:
        with reader(tmp_path, {"es.example.com:9200": server.url.removeprefix("https://")}) as person:
            _name, printed = person.run(openssl).split("=")
        port = int(server.url.rpartition(":")[2])
        shown = ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate(("127.0.0.1", port)))
        assert printed.replace(":", "").lower() == hashlib.sha256(shown).hexdigest()
        run = endpoint(server, state="absent", ca_fingerprint=printed)
        assert not run.failed, run.result


class TestTrustStore:
    """A CA in the trust store of the host, which OpenSSL reads from SSL_CERT_FILE, and `requests` from pip does not."""

    @pytest.fixture
    def server(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
        with Simulator(tls=make_certificate(tmp_path)) as running:
            monkeypatch.setenv("SSL_CERT_FILE", f"{tmp_path}/ca.pem")
            monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
            yield running

    def test_uri_accepts_the_ca_and_the_module_rejects_it(self, server: Simulator, tmp_path: Path) -> None:
        with reader(tmp_path, {}) as person:
            person.run(f"export SSL_CERT_FILE=ca.pem ELASTICSEARCH_URL={server.url}")
            assert "SUCCESS" in person.run(f"ansible localhost -m ansible.builtin.uri -a url={server.url}")
            printed = person.run("ansible localhost -m esops.inference.endpoint_info")
        assert "CERTIFICATE_VERIFY_FAILED" in printed
        assert server.requests == ["GET /"]

    @pytest.mark.parametrize("variable", ["ELASTICSEARCH_CA_PATH", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
    def test_module_accepts_the_ca_with_variable(
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
    """The requests that a proxy sees. For the TLS options, see tests/unit/plugins/modules/test_behind_a_proxy.py."""

    @pytest.fixture
    def proxy(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
        with Proxy() as running:
            for name in ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"):
                monkeypatch.delenv(name, raising=False)
                monkeypatch.delenv(name.lower(), raising=False)
            yield running

    @pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy"])
    def test_https_url_shows_only_host_and_port(
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
