# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Verification of a pinned certificate fingerprint, on direct connections and through proxies.

Imported only by runs that pin a fingerprint. Private to the collection.
"""

from __future__ import annotations

import hashlib
import ssl
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any, Mapping
from urllib.parse import urlsplit

try:
    import requests
    import urllib3
    from requests.adapters import BaseAdapter, HTTPAdapter
    from urllib3.connection import HTTPSConnection
    from urllib3.connectionpool import HTTPSConnectionPool
except ImportError:
    # Only needed to define the classes below. The client does not start without these packages.
    BaseAdapter = HTTPAdapter = HTTPSConnection = HTTPSConnectionPool = object  # type: ignore[assignment,misc]

#: Constant of C(_ssl) for the DER encoding, before Python 3.13.
_DER = 2


class PinnedAdapter(BaseAdapter):
    """An adapter that connects only to nodes with the pinned certificate.

    :param fingerprint: SHA-256 fingerprint, 64 lowercase hexadecimal digits.
    :param options: options of C(HTTPAdapter).
    """

    def __init__(self, fingerprint: str, **options: Any) -> None:
        super().__init__()
        self._fingerprint = fingerprint
        self._options = options
        self._nodes: dict[str, _NodeAdapter] = {}
        self._lock = threading.Lock()

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        node = urlsplit(str(request.url)).netloc
        with self._lock:
            if node not in self._nodes:
                self._nodes[node] = _NodeAdapter(self._fingerprint, **self._options)
        return self._nodes[node].send(request, *args, **kwargs)

    def close(self) -> None:
        for adapter in self._nodes.values():
            adapter.close()


class AdapterWithoutCas(HTTPAdapter):
    """An adapter that loads no default CAs, because it does not verify certificates with them.

    Without a context, urllib3 loads the default CAs for each connection, which takes several times as long as the
    handshake.

    :param assert_fingerprint: SHA-256 fingerprint of the certificate of the node. By default, any certificate is valid.
    :param options: options of C(HTTPAdapter).
    """

    def __init__(self, assert_fingerprint: str | None = None, **options: Any) -> None:
        self._pool_options: dict[str, Any] = {
            "assert_fingerprint": assert_fingerprint,
            "ssl_context": urllib3.util.ssl_.create_urllib3_context(cert_reqs=ssl.CERT_NONE),
        }
        super().__init__(**options)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **kwargs: Any) -> None:
        super().init_poolmanager(connections, maxsize, block, **self._pool_options, **kwargs)

    def proxy_manager_for(self, proxy: Any, **kwargs: Any) -> Any:
        """Pass the pool options, which requests uses only for direct connections, to proxy connections, too."""
        return super().proxy_manager_for(proxy, **self._pool_options, **kwargs)


class _NodeAdapter(AdapterWithoutCas):
    """An adapter that connects to one node, and only if it presents the pinned certificate.

    The fingerprint identifies either the certificate of the node, which urllib3 verifies, or a CA certificate that the
    node sends along. In the second case, only this CA is trusted, and the host name is verified, too. To find out which
    case applies, the adapter opens a connection over the same path before the first request, and sends nothing over it.
    """

    def __init__(self, fingerprint: str, **options: Any) -> None:
        self._fingerprint = fingerprint
        self._init_options = options
        self._ca: tempfile.TemporaryDirectory[str] | None = None
        self._has_looked_for_ca = False
        self._ca_lock = threading.Lock()
        super().__init__(fingerprint, **options)

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        with self._ca_lock:
            if not self._has_looked_for_ca:
                self._find_pinned_ca(str(request.url), kwargs)
        if self._ca is not None:
            kwargs["verify"] = str(_ca_file(self._ca))
        return super().send(request, *args, **kwargs)

    def close(self) -> None:
        super().close()
        if self._ca is not None:
            self._ca.cleanup()

    def _find_pinned_ca(self, url: str, send_options: Mapping[str, Any]) -> None:
        """Find out whether the fingerprint identifies a CA, and trust that CA.

        :param send_options: the arguments of C(send): proxies, timeout, verify and client certificate.
        :raises OSError: if the node cannot be reached, as in C(send).
        """
        for certificate in _fetch_certificate_chain(url, self._init_options, send_options)[1:]:
            if hashlib.sha256(certificate).hexdigest() == self._fingerprint:
                self._trust_only(certificate)
        self._has_looked_for_ca = True

    def _trust_only(self, certificate: bytes) -> None:
        self._ca = tempfile.TemporaryDirectory()
        _ca_file(self._ca).write_text(ssl.DER_cert_to_PEM_cert(certificate), encoding="ascii")
        self._pool_options = {"ssl_context": _lenient_context()}
        self.init_poolmanager(self._pool_connections, self._pool_maxsize, block=self._pool_block)  # type: ignore[attr-defined]
        self.proxy_manager = {}


class _HandshakeDone(Exception):
    """A signal that the handshake is complete.

    :ivar chain: the certificates of the node in DER encoding, starting with its own.
    """

    def __init__(self, chain: list[bytes]) -> None:
        super().__init__()
        self.chain = chain


class _HandshakeConnection(HTTPSConnection):
    """A connection that stops after the handshake, before it sends anything.

    :raises _HandshakeDone: when the handshake is complete.
    """

    def connect(self) -> None:
        super().connect()
        raise _HandshakeDone(_certificate_chain(self.sock))


class _HandshakePool(HTTPSConnectionPool):
    ConnectionCls = _HandshakeConnection


class _HandshakeAdapter(AdapterWithoutCas):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"https": _HandshakePool}

    def proxy_manager_for(self, proxy: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = {**manager.pool_classes_by_scheme, "https": _HandshakePool}
        return manager


def _fetch_certificate_chain(url: str, init_options: Mapping[str, Any], send_options: Mapping[str, Any]) -> list[bytes]:
    """Return the certificates of a node in DER encoding, starting with its own.

    :raises OSError: if the node cannot be reached, as in C(send) of an adapter.
    """
    adapter = _HandshakeAdapter(**init_options)
    try:
        # A separate request without secrets, in case the connection does not stop after the handshake.
        adapter.send(requests.Request("GET", url.partition("?")[0]).prepare(), **send_options)
    except _HandshakeDone as done:
        return done.chain
    finally:
        adapter.close()
    return []


def _certificate_chain(sock: Any) -> list[bytes]:
    """Return the unverified certificates that the server sent, or an empty list on Python before 3.10."""
    # For TLS through a TLS proxy, urllib3 wraps the object of Python.
    sock = getattr(sock, "sslobj", sock)
    if sys.version_info >= (3, 13):
        return list(sock.get_unverified_chain())
    inner = getattr(sock, "_sslobj", None)
    if not hasattr(inner, "get_unverified_chain"):
        return []
    return [certificate.public_bytes(_DER) for certificate in inner.get_unverified_chain()]


def _lenient_context() -> ssl.SSLContext:
    """Return a context for a CA that is trusted by its fingerprint. It can be an intermediate CA.

    Python 3.13 rejects a CA without keyUsage, such as those that Elasticsearch's own tools create. The fingerprint
    identifies the CA, so this check is not required.
    """
    context = urllib3.util.ssl_.create_urllib3_context()
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if sys.version_info >= (3, 10):
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def _ca_file(folder: tempfile.TemporaryDirectory[str]) -> Path:
    return Path(folder.name, "ca.pem")
