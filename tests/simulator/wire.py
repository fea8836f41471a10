# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP/1.1 over sockets: persistent connections, whole responses in one write, and real resets."""

from __future__ import annotations

import contextlib
import gzip
import http
import socket
import socketserver
import ssl
import struct
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import Any

from . import jsontext
from .faults import Delivery
from .messages import JSON, Answer, Request

PRODUCT = ("X-elastic-product", "Elasticsearch")
CHUNK = 61
RESET_ON_CLOSE = struct.pack("ii", 1, 0)


@dataclass(frozen=True)
class Tls:
    """The server's certificate and key (PEM files). With `client_ca`, clients also need a certificate."""

    certificate: str
    key: str
    client_ca: str | None = None

    def context(self) -> ssl.SSLContext:
        """Return the TLS context of the server. Raises OSError and ssl.SSLError for invalid files."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        if self.client_ca:
            context.load_verify_locations(self.client_ca)
            context.verify_mode = ssl.CERT_REQUIRED
        return context


@dataclass(frozen=True)
class Handling:
    """The handler of requests, and the content type of JSON responses."""

    deliver: Callable[[Request], Delivery]
    content_type: Callable[[Request], str]


class Listener(socketserver.ThreadingTCPServer):
    """Accepts connections on the loopback interface, with one thread for each."""

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256
    timeout = 0.5  # for systems where `stop` does not wake the thread that waits for connections

    def __init__(self, port: int, handling: Handling, tls: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", port), Connection)
        self.handling = handling
        self.tls = tls
        self.connections = 0
        self._lock = threading.Lock()
        self._open: set[Any] = set()
        self._stopping = False
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """Return the port on which the server listens."""
        return int(self.server_address[1])

    def _accept(self) -> None:
        while not self._stopping:
            self.handle_request()

    def get_request(self) -> tuple[Any, Any]:
        """Accept a connection. Small packets are sent immediately."""
        connection, address = super().get_request()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.connections += 1
        return connection, address

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve a connection. The TLS handshake happens in this thread, so that it does not block other connections."""
        try:
            connection = self.tls.wrap_socket(request, server_side=True) if self.tls else request
        except OSError:
            self.shutdown_request(request)
            return
        with self._lock:
            self._open.add(connection)
        try:
            super().process_request_thread(connection, client_address)
        finally:
            with self._lock:
                self._open.discard(connection)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that disconnect, and report any other error."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)

    def stop(self) -> None:
        """Accept no more connections, and close the open ones."""
        self._stopping = True
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self.server_close()
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)


class Connection(BaseHTTPRequestHandler):
    """A connection with its consecutive requests."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    server: Listener

    def handle_one_request(self) -> None:
        """Read a request, handle it, and send the response."""
        self.raw_requestline = self.rfile.readline(65537)
        if not self.raw_requestline or not self.parse_request():
            self.close_connection = True
            return
        request = Request(self.command, self.path, self._headers(), self._content())
        self._send(request, self.server.handling.deliver(request))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - named so by the base class
        """Write nothing. The log of requests contains all requests."""

    def _headers(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for name, value in self.headers.items():
            lower = name.lower()
            found[lower] = f"{found[lower]}, {value}" if lower in found else value
        return found

    def _content(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return b"".join(iter(self._chunk, b""))
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _chunk(self) -> bytes:
        size = int(self.rfile.readline().partition(b";")[0], 16)
        content = self.rfile.read(size)
        self.rfile.readline()
        return content

    def _send(self, request: Request, delivery: Delivery) -> None:
        if delivery.answer is None:
            self._reset()
            return
        content = _written(request, delivery.answer)
        content_type = delivery.answer.content_type or self.server.handling.content_type(request)
        compressed = self._compresses(request, delivery.answer)
        if compressed:
            content = gzip.compress(content, compresslevel=3)
        if delivery.missing_bytes:
            self.close_connection = True
        head = _head(delivery.answer, content_type, len(content) + delivery.missing_bytes, compressed)
        if delivery.answer.chunked:
            self._send_chunks(head, content, delivery)
            return
        self.wfile.write(head if request.method == "HEAD" else head + content)
        self.wfile.flush()

    def _compresses(self, request: Request, answer: Answer) -> bool:
        """Return whether to compress a JSON response: on request, and over plain HTTP only, as by default."""
        asked = "gzip" in request.headers.get("accept-encoding", "")
        return asked and self.server.tls is None and not isinstance(answer.body, bytes)

    def _send_chunks(self, head: bytes, content: bytes, delivery: Delivery) -> None:
        """Send a stream in chunks with arbitrary boundaries, as networks do."""
        self.wfile.write(head)
        for start in range(0, len(content), CHUNK):
            chunk = content[start : start + CHUNK]
            self.wfile.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))
            self.wfile.flush()
            time.sleep(delivery.pause)
        if not delivery.missing_bytes:
            self.wfile.write(b"0\r\n\r\n")
            self.wfile.flush()

    def _reset(self) -> None:
        """Send RST instead of FIN. `detach` avoids the shutdown with which a close begins."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        socket.close(self.connection.detach())


def _written(request: Request, answer: Answer) -> bytes:
    if isinstance(answer.body, bytes):
        return answer.body
    pretty = request.query.get("pretty", "false") != "false"
    return jsontext.render(answer.body, pretty=pretty)


def _head(answer: Answer, content_type: str, length: int, compressed: bool) -> bytes:
    headers = [PRODUCT] if answer.from_server else []
    headers += [("content-type", content_type or JSON), *answer.headers]
    if compressed:
        headers.append(("content-encoding", "gzip"))
    headers.append(("Transfer-Encoding", "chunked") if answer.chunked else ("content-length", str(length)))
    lines = [f"HTTP/1.1 {answer.status} {http.HTTPStatus(answer.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
