# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of TLS: trust, client certificates, pinned fingerprints, and errors, after which nothing is sent.

Every test runs with a direct connection and through proxies.
"""

from __future__ import annotations

import hashlib
import shutil
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import trustme
from cryptography.hazmat.primitives import serialization

from ansible_collections.esops.inference.plugins.module_utils._elasticsearch import hints
from ansible_collections.esops.inference.plugins.module_utils._elasticsearch import tls as tls_module
from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.auth import ApiKey
from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.client import Client
from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.connection import Connection
from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.errors import (
    ClientError,
    ConnectionLost,
    TlsFailed,
    Unreachable,
)
from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.redaction import Redactor
from tests.proxy import Proxy
from tests.simulator import Fault, Simulator, Tls
from tests.unit.authorities import ca_without_key_usage


@dataclass(frozen=True)
class Files:
    """Paths of certificates and keys in PEM format."""

    ca: str
    other_ca: str
    server: Tls
    elsewhere: Tls
    client_cert: str
    client_key: str
    client_both: str
    encrypted_key: str
    encrypted_both: str
    fingerprint: str
    ca_fingerprint: str
    with_ca: Tls
    elsewhere_with_ca: Tls
    forged_with_ca: Tls
    unusual_ca: str
    unusual_ca_fingerprint: str
    with_unusual_ca: Tls
    no_pem: str

    @property
    def mutual(self) -> Tls:
        """Return a server that requires client certificates. With TLS 1.2, it fails before the request is sent."""
        return Tls12(self.server.certificate, self.server.key, client_ca=self.ca)


class Tls12(Tls):
    def context(self) -> ssl.SSLContext:
        context = super().context()
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        return context


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    folder = tmp_path_factory.mktemp("tls")

    def written(name: str, *blobs: trustme.Blob) -> str:
        path = folder / name
        path.write_bytes(b"".join(blob.bytes() for blob in blobs))
        return str(path)

    def served(name: str, certificate: trustme.LeafCert, *along: trustme.Blob) -> Tls:
        chain = written(f"{name}.crt", *certificate.cert_chain_pems, *along)
        return Tls(chain, written(f"{name}.key", certificate.private_key_pem))

    ca = trustme.CA()
    server, client = ca.issue_cert("127.0.0.1"), ca.issue_cert("client@example.com")
    shown = ssl.PEM_cert_to_DER_cert(server.cert_chain_pems[0].bytes().decode())
    key = serialization.load_pem_private_key(client.private_key_pem.bytes(), None)
    encrypted = trustme.Blob(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"passphrase"),
        )
    )
    unusual_ca = ca_without_key_usage()
    no_pem = folder / "no.pem"
    no_pem.write_text("no certificate")
    return Files(
        ca=written("ca.crt", ca.cert_pem),
        other_ca=written("other.crt", trustme.CA().cert_pem),
        server=served("server", server),
        elsewhere=served("elsewhere", ca.issue_cert("es.example.com")),
        client_cert=written("client.crt", *client.cert_chain_pems),
        client_key=written("client.key", client.private_key_pem),
        client_both=written("client.pem", client.private_key_and_cert_chain_pem),
        encrypted_key=written("encrypted.key", encrypted),
        encrypted_both=written("encrypted.pem", encrypted, *client.cert_chain_pems),
        fingerprint=hashlib.sha256(shown).hexdigest(),
        ca_fingerprint=fingerprint_of(ca),
        with_ca=served("with-ca", server, ca.cert_pem),
        elsewhere_with_ca=served("elsewhere-with-ca", ca.issue_cert("es.example.com"), ca.cert_pem),
        forged_with_ca=served("forged", trustme.CA().issue_cert("127.0.0.1"), ca.cert_pem),
        unusual_ca=written("unusual-ca.crt", unusual_ca.cert_pem),
        unusual_ca_fingerprint=fingerprint_of(unusual_ca),
        with_unusual_ca=served("with-unusual-ca", unusual_ca.issue_cert("127.0.0.1"), unusual_ca.cert_pem),
        no_pem=str(no_pem),
    )


def fingerprint_of(ca: trustme.CA) -> str:
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(ca.cert_pem.bytes().decode())).hexdigest()


@pytest.fixture(params=["direct", "through a proxy", "through a proxy with a login"], autouse=True)
def path(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy | None]:
    """Return the proxy to the server, or None for a direct connection."""
    if request.param == "direct":
        yield None
        return
    with Proxy(login="joe:secret" if "login" in request.param else None) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        monkeypatch.setenv("NO_PROXY", "")
        yield proxy
        assert {line.partition(" ")[0] for line in proxy.requests} <= {"CONNECT"}


@pytest.fixture
def node(files: Files) -> Iterator[Simulator]:
    with Simulator(tls=files.server) as server:
        yield server


def ask(server: Simulator, url: str = "", **options: Any) -> Any:
    """Connect with these options, and return the name of the server."""
    options = {"timeout": 5.0, "retries": 3, "auth": ApiKey("id:an Elasticsearch API key"), **options}
    client = Client(Connection((url or server.url,), **options), Redactor([]))
    try:
        return client.request("GET", "/")["name"]
    finally:
        client.close()


def answered(server: Simulator, **options: Any) -> bool:
    """Return whether the request succeeded, and no other request was sent."""
    return (ask(server, **options), server.requests) == ("simulator", ["GET /"])


def failure(server: Simulator, kind: type[ClientError] = TlsFailed, **options: Any) -> ClientError:
    """Return the error of a request that did not reach the server and was not retried."""
    with pytest.raises(kind) as caught:
        ask(server, **options)
    assert server.requests == []
    if kind is TlsFailed:
        # The pinned CA is looked up over a separate connection.
        assert server.connections <= (2 if "ca_fingerprint" in options else 1)
        assert str(caught.value).startswith(f"GET /: The TLS connection to {options.get('url') or server.url} failed: ")
        assert (caught.value.ambiguous, caught.value.retried, caught.value.status) == (False, False, None)
    return caught.value


CA_HINT = hints._UNTRUSTED
CLIENT_HINT = "set client_cert and client_key. The server may require a client certificate."
PEM_HINT = "check ca_path, client_cert, and client_key. One of them is not a valid PEM file."


class TestTrust:
    def test_server_certificate_is_trusted_by_ca_path(self, node: Simulator, files: Files) -> None:
        assert answered(node, ca_path=files.ca)

    @pytest.mark.parametrize("ca", ["other_ca", None])
    def test_server_with_untrusted_ca_is_rejected(self, node: Simulator, files: Files, ca: str | None) -> None:
        error = failure(node, ca_path=ca and getattr(files, ca))
        assert "CERTIFICATE_VERIFY_FAILED" in error.problem
        assert error.hint == CA_HINT

    def test_certificate_for_another_name_is_rejected(self, files: Files) -> None:
        with Simulator(tls=files.elsewhere) as server:
            error = failure(server, ca_path=files.ca)
        assert "127.0.0.1" in error.problem.partition("failed: ")[2]
        assert error.hint.startswith("use a host name from the server's certificate in elasticsearch_url.")

    def test_certificate_for_another_host_is_rejected(self, files: Files) -> None:
        with Simulator(tls=files.elsewhere) as server:
            error = failure(server, url=f"https://localhost:{server.port}", ca_path=files.ca)
        assert "'localhost'" in error.problem
        assert error.hint.startswith("use a host name from the server's certificate")

    @pytest.mark.parametrize("option", ["validate_certs", "fingerprint", "ca_fingerprint", "ca_path"])
    def test_default_cas_are_not_loaded_if_an_option_replaces_them(
        self, files: Files, option: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Loading them takes several times as long as a connection."""
        loaded: list[object] = []
        monkeypatch.setattr(ssl.SSLContext, "load_default_certs", lambda *arguments: loaded.append(arguments))
        options: dict[str, dict[str, Any]] = {
            "validate_certs": {"validate_certs": False},
            "fingerprint": {"ca_fingerprint": files.fingerprint},
            "ca_fingerprint": {"ca_fingerprint": files.ca_fingerprint},
            "ca_path": {"ca_path": files.ca},
        }
        with Simulator(tls=files.with_ca) as server:
            assert answered(server, **options[option])
        assert loaded == []

    @pytest.mark.parametrize("tls", ["server", "elsewhere"])
    def test_any_certificate_is_accepted_without_validation(self, files: Files, tls: str) -> None:
        """Check that no warning is issued, which would be an error in these tests."""
        with Simulator(tls=getattr(files, tls)) as server:
            assert answered(server, validate_certs=False)

    @pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl names the files of such a directory")
    @pytest.mark.parametrize("right", [True, False])
    def test_ca_path_can_be_directory_of_hashed_certificates(
        self, node: Simulator, files: Files, tmp_path: Path, right: bool
    ) -> None:
        ca = files.ca if right else files.other_ca
        command = ["openssl", "x509", "-noout", "-subject_hash", "-in", ca]
        name = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
        shutil.copy(ca, tmp_path / f"{name}.0")
        if right:
            assert answered(node, ca_path=str(tmp_path))
        else:
            assert failure(node, ca_path=str(tmp_path)).hint == CA_HINT

    def test_ca_path_without_a_certificate_is_reported(self, node: Simulator, files: Files) -> None:
        assert failure(node, ca_path=files.no_pem).hint == PEM_HINT

    @pytest.mark.skipif(sys.version_info < (3, 13), reason="older Pythons do not verify strictly")
    def test_ca_without_key_usage_is_rejected_with_its_own_hint(self, files: Files) -> None:
        """Use a CA as the tools of Elasticsearch create it."""
        with Simulator(tls=files.with_unusual_ca) as server:
            error = failure(server, ca_path=files.unusual_ca)
        assert "key usage" in error.problem
        assert "Python 3.13 and later" in error.hint


class TestFingerprint:
    def test_fingerprint_of_server_needs_no_ca(self, node: Simulator, files: Files) -> None:
        assert answered(node, ca_fingerprint=files.fingerprint)

    def test_fingerprint_of_server_can_be_combined_with_ca_path(self, node: Simulator, files: Files) -> None:
        assert answered(node, ca_fingerprint=files.fingerprint, ca_path=files.ca)

    @pytest.mark.parametrize("options", [{}, {"ca_path": "ca"}, {"validate_certs": False}])
    def test_wrong_fingerprint_is_rejected_with_any_other_option(
        self, node: Simulator, files: Files, options: dict[str, Any]
    ) -> None:
        if "ca_path" in options:
            options = {"ca_path": files.ca}
        error = failure(node, ca_fingerprint="0" * 64, **options)
        assert "Fingerprints did not match" in error.problem
        assert error.hint == "check ca_fingerprint. It does not match any certificate that the server presents."

    def test_fingerprint_of_server_does_not_override_wrong_ca_path(self, node: Simulator, files: Files) -> None:
        assert failure(node, ca_fingerprint=files.fingerprint, ca_path=files.other_ca).hint == CA_HINT

    def test_node_with_another_fingerprint_is_skipped(self, node: Simulator, files: Files) -> None:
        """Check that nothing is sent to a node with another certificate."""
        with Simulator(tls=files.elsewhere) as other:
            client = Client(Connection((other.url, node.url), ca_fingerprint=files.fingerprint), Redactor([]))
            client.request("GET", "/")
            client.request("GET", "/_inference/_all")
            client.close()
            assert (other.requests, node.requests) == ([], ["GET /", "GET /_inference/_all"])
        assert list(client.skipped_nodes) == [other.url]


class TestFingerprintOfTheCa:
    """Tests of the fingerprint that Elasticsearch prints at its first start, which is that of its CA."""

    def test_fingerprint_of_ca_does_not_override_wrong_ca_path(self, files: Files) -> None:
        with Simulator(tls=files.with_ca) as server:
            assert answered(server, ca_fingerprint=files.ca_fingerprint, ca_path=files.ca)
        with Simulator(tls=files.with_ca) as server:
            error = failure(server, ca_fingerprint=files.ca_fingerprint, ca_path=files.other_ca)
        assert error.hint == CA_HINT

    def test_fingerprint_of_ca_can_be_combined_with_client_certificate(self, files: Files) -> None:
        mutual = Tls12(files.with_ca.certificate, files.with_ca.key, client_ca=files.ca)
        with Simulator(tls=mutual) as server:
            assert answered(server, ca_fingerprint=files.ca_fingerprint, client_cert=files.client_both)

    def test_ca_without_key_usage_is_trusted_by_its_fingerprint(self, files: Files) -> None:
        """Use a CA that Python 3.13 rejects as C(ca_path)."""
        with Simulator(tls=files.with_unusual_ca) as server:
            assert answered(server, ca_fingerprint=files.unusual_ca_fingerprint)

    def test_pinned_ca_lookup_is_repeated_after_failed_connection(self, files: Files) -> None:
        with Simulator(tls=files.with_ca) as server:
            client = Client(Connection((server.url,), ca_fingerprint=files.ca_fingerprint, retries=0), Redactor([]))
            server.stop()
            with pytest.raises(Unreachable):
                client.request("GET", "/")
            server.start()
            assert client.request("GET", "/")["name"] == "simulator"
            client.close()

    def test_fingerprint_of_ca_is_verified_for_each_node(self, files: Files) -> None:
        """Check URLs with a common prefix, which requests sends to the same adapter."""
        with Simulator(tls=files.with_ca) as pinned, Simulator(tls=files.elsewhere) as other:
            client = Client(Connection((pinned.url,), ca_fingerprint=files.ca_fingerprint), Redactor([]))
            client.request("GET", "/")
            client._nodes = [other.url]
            with pytest.raises(TlsFailed):
                client.request("GET", "/")
            client.close()
            assert other.requests == []

    def test_fingerprint_of_presented_ca_is_accepted(self, files: Files) -> None:
        with Simulator(tls=files.with_ca) as server:
            assert answered(server, ca_fingerprint=files.ca_fingerprint)

    def test_pinned_ca_lookup_happens_once(self, files: Files) -> None:
        with Simulator(tls=files.with_ca) as server:
            client = Client(Connection((server.url,), ca_fingerprint=files.ca_fingerprint), Redactor([]))
            client.request("GET", "/")
            client.request("GET", "/")
            client.close()
            assert server.connections == 2

    def test_server_that_does_not_present_its_ca_is_rejected(self, node: Simulator, files: Files) -> None:
        assert "Fingerprints did not match" in failure(node, ca_fingerprint=files.ca_fingerprint).problem

    def test_server_with_certificate_of_other_ca_is_rejected(self, files: Files) -> None:
        with Simulator(tls=files.forged_with_ca) as server:
            assert "CERTIFICATE_VERIFY_FAILED" in failure(server, ca_fingerprint=files.ca_fingerprint).problem
            assert server.requests == []

    def test_certificate_of_pinned_ca_for_another_host_is_rejected(self, files: Files) -> None:
        with Simulator(tls=files.elsewhere_with_ca) as server:
            error = failure(server, url=f"https://localhost:{server.port}", ca_fingerprint=files.ca_fingerprint)
        assert error.hint.startswith("use a host name from the server's certificate")

    def test_pinned_ca_leaves_no_file(self, files: Files, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
        with Simulator(tls=files.with_ca) as server:
            assert answered(server, ca_fingerprint=files.ca_fingerprint)
        assert list(tmp_path.iterdir()) == []

    def test_only_server_fingerprint_is_supported_before_python_3_10(
        self, files: Files, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(tls_module, "_certificate_chain", lambda _sock: [])
        with Simulator(tls=files.with_ca) as server:
            assert "Fingerprints did not match" in failure(server, ca_fingerprint=files.ca_fingerprint).problem
            assert answered(server, ca_fingerprint=files.fingerprint)


class TestEnvironment:
    """Tests of REQUESTS_CA_BUNDLE, which overrides the options of a session of requests."""

    @pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
    @pytest.mark.parametrize("way", ["validate_certs", "ca_path", "ca_fingerprint"])
    def test_options_override_environment_bundle(
        self, node: Simulator, files: Files, monkeypatch: pytest.MonkeyPatch, variable: str, way: str
    ) -> None:
        monkeypatch.setenv(variable, "/nonsense")
        ways = {"validate_certs": False, "ca_path": files.ca, "ca_fingerprint": files.fingerprint}
        assert answered(node, **{way: ways[way]})

    def test_environment_bundle_does_not_override_wrong_ca_path(
        self, node: Simulator, files: Files, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", files.ca)
        assert failure(node, ca_path=files.other_ca).hint == CA_HINT

    def test_environment_bundle_is_used_without_options(
        self, node: Simulator, files: Files, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", files.ca)
        assert answered(node)

    def test_missing_environment_bundle_is_reported(self, node: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nonsense")
        error = failure(node)
        assert error.problem.endswith("Could not find a suitable TLS CA certificate bundle, invalid path: /nonsense.")
        assert error.hint.startswith("correct REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE")


class TestClientCertificate:
    @pytest.fixture
    def mutual(self, files: Files) -> Iterator[Simulator]:
        with Simulator(tls=files.mutual) as server:
            yield server

    def test_client_certificate_with_its_key_in_another_file_is_sent(self, mutual: Simulator, files: Files) -> None:
        assert answered(mutual, ca_path=files.ca, client_cert=files.client_cert, client_key=files.client_key)

    def test_client_certificate_with_its_key_in_the_same_file_is_sent(self, mutual: Simulator, files: Files) -> None:
        assert answered(mutual, ca_path=files.ca, client_cert=files.client_both)

    def test_missing_client_certificate_is_reported(self, mutual: Simulator, files: Files) -> None:
        assert failure(mutual, ca_path=files.ca).hint == CLIENT_HINT

    def test_missing_client_certificate_is_reported_with_tls_1_3(self, files: Files) -> None:
        """Use TLS 1.3, in which the server fails after the handshake or closes the connection."""
        mutual = Tls(files.server.certificate, files.server.key, client_ca=files.ca)
        with Simulator(tls=mutual) as server, pytest.raises((TlsFailed, ConnectionLost)):
            ask(server, ca_path=files.ca, retries=0)
        assert server.requests == []

    def test_client_cert_without_a_certificate_is_reported(self, mutual: Simulator, files: Files) -> None:
        assert failure(mutual, ca_path=files.ca, client_cert=files.no_pem).hint == PEM_HINT

    def test_client_key_of_another_certificate_is_reported(self, mutual: Simulator, files: Files) -> None:
        error = failure(mutual, ca_path=files.ca, client_cert=files.client_cert, client_key=files.server.key)
        assert "KEY_VALUES_MISMATCH" in error.problem
        assert error.hint == "set client_key to the private key of client_cert."

    @pytest.mark.parametrize("options", [("client_cert", "encrypted_key"), ("encrypted_both", None)])
    def test_encrypted_client_key_is_reported_without_a_prompt(
        self, mutual: Simulator, files: Files, options: tuple[str, str | None]
    ) -> None:
        certificate, key = options
        key_file = getattr(files, key) if key else None
        error = failure(mutual, ca_path=files.ca, client_cert=getattr(files, certificate), client_key=key_file)
        assert "Client private key is encrypted, password is required" in error.problem
        assert error.hint == "store client_key without a passphrase. The module cannot prompt for it."


class TestWrongProtocol:
    def test_https_to_a_port_without_tls_is_reported(self, server: Simulator) -> None:
        error = failure(server, url=f"https://127.0.0.1:{server.port}")
        assert error.hint.endswith("The server does not use TLS on this port.")

    def test_http_to_a_port_with_tls_is_reported(self, node: Simulator) -> None:
        error = failure(node, ConnectionLost, url=f"http://127.0.0.1:{node.port}", retries=0)
        assert error.hint == (
            "if this happens every time, use https:// in elasticsearch_url. The server may require TLS on this port."
        )


class TestLost:
    @pytest.mark.parametrize("kind", ["reset_before", "reset_after"])
    def test_connection_lost_after_the_handshake_is_ambiguous(self, node: Simulator, files: Files, kind: str) -> None:
        """Check that it is not reported as a TLS error, which would mean that nothing was sent."""
        node.faults.add(Fault(kind))
        with pytest.raises(ConnectionLost) as caught:
            ask(node, ca_path=files.ca, retries=0)
        assert (caught.value.ambiguous, caught.value.hint) == (True, "")
        assert node.requests == ["GET /"]


def test_empty_directory_of_certificates_trusts_no_server(node: Simulator, tmp_path: Path) -> None:
    assert failure(node, ca_path=str(tmp_path)).hint == CA_HINT


class TestProxyWithTls:
    """Tests of TLS through a TLS proxy, whose certificate is never used for the server."""

    @pytest.fixture(autouse=True)
    def path(self, files: Files, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
        with Proxy(tls=files.server.context()) as proxy:
            monkeypatch.setenv("HTTPS_PROXY", proxy.url)
            monkeypatch.setenv("NO_PROXY", "")
            yield proxy

    @pytest.mark.parametrize("ca", [False, True])
    def test_fingerprint_of_tls_proxy_is_rejected_for_server(self, files: Files, ca: bool) -> None:
        with Simulator(tls=files.elsewhere) as server:
            # The fingerprint is that of the proxy.
            failure(server, ca_fingerprint=files.fingerprint, ca_path=files.ca if ca else None)

    def test_fingerprint_of_server_is_accepted_through_tls_proxy(self, files: Files) -> None:
        with Simulator(tls=files.with_ca) as server:
            assert answered(server, ca_fingerprint=files.ca_fingerprint)
            server.clear_log()
            assert answered(server, ca_fingerprint=files.fingerprint, ca_path=files.ca)
