# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of the errors and hints for failed requests."""

from __future__ import annotations

import re
from typing import Any

import pytest

from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.errors import (
    ApiError,
    ClientError,
    ConnectionLost,
    Redirected,
    Unreachable,
    UnreadableResponse,
)
from tests.simulator import Fault, Simulator
from tests.unit.plugins.module_utils._elasticsearch.responses import make_error
from tests.unit.plugins.module_utils._elasticsearch.servers import (
    SECRET,
    Connect,
    ConnectionSpy,
    request_from_stub,
    stub_server,
)

ROOT = ("GET", "/")


class TestLost:
    @pytest.mark.parametrize("kind", ["reset_before", "reset_after"])
    def test_reset_connection_is_reported_as_lost(self, server: Simulator, connect: Connect, kind: str) -> None:
        server.faults.add(Fault(kind))
        with pytest.raises(ConnectionLost) as caught:
            connect(server.url).request("GET", "/")
        words = "[Errno 104] Connection reset by peer. Hint: if this happens every time, use https:// in"
        assert str(caught.value).startswith(f"GET /: The connection to {server.url} was lost: {words}")
        assert caught.value.ambiguous
        assert server.requests == ["GET /"]

    def test_incomplete_response_is_ambiguous(self, server: Simulator, connect: Connect) -> None:
        server.faults.add(Fault("cut_short"))
        # Before 2.0, urllib3 did not count the bytes, so the response is reported as invalid JSON.
        with pytest.raises((ConnectionLost, UnreadableResponse)) as caught:
            connect(server.url).request("GET", "/")
        lost, incomplete = r"was lost: IncompleteRead\(\d+ bytes read, 64 more", "not a complete JSON document"
        assert re.search(f"{lost}|{incomplete}", caught.value.problem)
        assert caught.value.ambiguous

    def test_timeout_is_reported_in_seconds(self, server: Simulator, connect: Connect) -> None:
        server.faults.add(Fault("slow", seconds=0.4))
        with pytest.raises(ConnectionLost) as caught:
            connect(server.url, timeout=0.1).request("GET", "/")
        assert str(caught.value).startswith(
            f"GET /: {server.url} did not respond within 0.1 s. Hint: increase timeout."
        )
        assert caught.value.ambiguous

    @pytest.mark.parametrize(("timeout", "connecting"), [(130.0, 10.0), (3.0, 3.0)])
    def test_connect_timeout_is_at_most_ten_seconds(
        self, server: Simulator, connect: Connect, connection_spy: ConnectionSpy, timeout: float, connecting: float
    ) -> None:
        connect(server.url, timeout=timeout).request("GET", "/")
        assert connection_spy.timeouts == [connecting]

    def test_connect_timeout_is_reported_as_unreachable(
        self, connect: Connect, unreachable_node: str, connection_spy: ConnectionSpy
    ) -> None:
        connection_spy.failing = lambda _number: TimeoutError("timed out")
        with pytest.raises(Unreachable) as caught:
            connect(unreachable_node).request("GET", "/")
        words = "Connection to 127.0.0.1 timed out. (connect timeout=5.0)"
        assert caught.value.problem == f"{unreachable_node} cannot be reached: {words}."
        assert not caught.value.ambiguous


class TestRedirect:
    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_redirect_is_reported_and_not_followed(self, server: Simulator, connect: Connect, status: int) -> None:
        location = ("Location", f"{server.url}/login?next={SECRET}")
        with stub_server(b"", status, headers=(location,)) as front, pytest.raises(Redirected) as caught:
            connect(front.url, retries=3).request("PUT", "/_inference/completion/a", body={})
        assert str(caught.value) == (
            f"PUT /_inference/completion/a: The server returned a redirect ({status}) to "
            f"{server.url}/login?next=********. Redirects are not followed. "
            "Hint: set elasticsearch_url to the final address."
        )
        assert (caught.value.status, caught.value.ambiguous) == (status, False)
        assert [request.method for request in front.received] == ["PUT"]
        assert server.requests == []

    def test_redirect_without_a_location_is_reported(self, connect: Connect) -> None:
        with pytest.raises(Redirected, match=r"redirect \(304\) to an unknown address\."):
            request_from_stub(connect, b"", 304)


UNREADABLE_JSON = "is not a complete JSON document of Elasticsearch (application/json)."


class TestUnreadable:
    @pytest.mark.parametrize("body", [b"", b'{"endpoints": [', b"42", b'"text"', b"null"])
    def test_response_that_is_not_json_is_unreadable(self, connect: Connect, body: bytes) -> None:
        with pytest.raises(UnreadableResponse) as caught:
            request_from_stub(connect, body)
        assert caught.value.problem == f"The response has status 200 and {UNREADABLE_JSON}"
        assert caught.value.hint == "check elasticsearch_url and any proxy or load balancer in front of Elasticsearch."
        assert (caught.value.status, caught.value.ambiguous) == (200, True)

    def test_html_page_is_unreadable(self, server: Simulator, connect: Connect) -> None:
        server.faults.add(Fault("html"))
        with pytest.raises(UnreadableResponse) as caught:
            connect(server.url, retries=3).request("GET", "/")
        assert str(caught.value) == (
            "GET /: The response has status 200 and is an HTML page (text/html). Hint: check elasticsearch_url. "
            "The response may come from a proxy or a login page in front of Elasticsearch."
        )
        assert server.requests == ["GET /"]

    @pytest.mark.parametrize(
        ("status", "ambiguous", "hint"),
        [
            (401, False, "a proxy or a login page"),
            (403, False, "web application firewall in front of Elasticsearch to allow requests"),
            (404, False, "a proxy or a login page"),
            (407, False, "add the user name and the password to HTTPS_PROXY or HTTP_PROXY"),
            (429, False, "The cluster is busy"),
            (500, True, "a proxy or a login page"),
            (502, True, "A proxy in front of Elasticsearch cannot reach it"),
            (503, True, "run the task again later, or increase retries"),
            (504, True, "increase the timeout of the proxy"),
        ],
    )
    def test_html_page_with_error_status_gets_hint_for_status(
        self, connect: Connect, status: int, ambiguous: bool, hint: str
    ) -> None:
        with pytest.raises(UnreadableResponse) as caught:
            request_from_stub(connect, b"<html>", status, "text/html; charset=utf-8")
        error = caught.value
        assert error.problem == f"The response has status {status} and is an HTML page (text/html; charset=utf-8)."
        assert hint in error.hint
        assert (error.status, error.ambiguous) == (status, ambiguous)

    def test_error_of_a_proxy_is_unreadable(self, connect: Connect) -> None:
        with pytest.raises(UnreadableResponse, match="status 503 and is not a complete JSON document"):
            request_from_stub(connect, b'{"message": "no healthy upstream"}', 503)

    @pytest.mark.usefixtures("pauses")
    def test_unreadable_response_after_a_retry_is_marked_as_retried(self, server: Simulator, connect: Connect) -> None:
        server.faults.add(Fault("status", status=504))
        server.faults.add(Fault("html"))
        with pytest.raises(UnreadableResponse) as caught:
            connect(server.url, retries=1).request("GET", "/")
        assert caught.value.retried

    def test_response_without_content_type_is_unreadable(
        self, connect: Connect, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        head = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"
        monkeypatch.setattr("tests.simulator.wire._head", lambda *_args: head)
        with pytest.raises(UnreadableResponse, match=r"JSON document of Elasticsearch \(no content type\)"):
            request_from_stub(connect, b"")

    def test_response_with_broken_compression_is_unreadable(self, connect: Connect) -> None:
        encoding = ("Content-Encoding", "gzip")
        with stub_server(b"no gzip", headers=(encoding,)) as server, pytest.raises(UnreadableResponse) as caught:
            connect(server.url).request("GET", "/")
        assert caught.value.problem.startswith(f"The response of {server.url} cannot be decoded: ")
        assert caught.value.ambiguous


class TestApiErrors:
    def test_error_message_contains_all_causes(self) -> None:
        error = {
            "root_cause": [{"type": "status_exception", "reason": "the root"}, "odd"],
            "type": "status_exception",
            "reason": "the outer with s3cret",
            "caused_by": {"type": "x", "reason": "the cause with s3cret", "caused_by": {"reason": "the innermost"}},
        }
        found = make_error(ROOT, 400, {"error": error, "status": 400})
        assert str(found) == (
            "GET /: failed with status 400 (status_exception): the outer with ******** "
            "Cause: the root Cause: the cause with ******** Cause: the innermost"
        )
        assert found.failure == {
            "status": 400,
            "type": "status_exception",
            "reason": "the outer with ********",
            "method": "GET",
            "path": "/",
        }
        assert (found.ambiguous, found.retried, found.hint) == (False, False, "")

    def test_root_cause_with_the_same_reason_is_not_repeated(self) -> None:
        error = {"root_cause": [{"reason": "same"}], "type": "t", "reason": "same", "caused_by": {"reason": None}}
        assert str(make_error(ROOT, 404, {"error": error})) == "GET /: failed with status 404 (t): same"

    @pytest.mark.parametrize(
        ("body", "problem"),
        [
            ({"error": "no handler found for uri [/x] and method [PUT]"}, "no handler found for uri [/x]"),
            ({"statusCode": 404, "error": "Not Found", "message": "Not Found here"}, "Not Found here"),
            ({"ok": False, "message": "Unknown resource."}, "Unknown resource."),
            ({"error": {"message": "gateway", "code": 7}}, '{"message": "gateway", "code": 7}'),
            ({"detail": "nö", "n": [1]}, '{"detail": "nö", "n": [1]}'),
            ({"error": None}, '{"error": null}'),
        ],
    )
    def test_error_in_unexpected_format_has_no_type(self, body: Any, problem: str) -> None:
        found = make_error(ROOT, 404, body)
        assert found.problem.startswith(f"failed with status 404: {problem}")
        assert found.error_type is None
        assert str(found.reason).startswith(problem)

    @pytest.mark.parametrize(
        ("error", "kind", "reason"),
        [
            ({"type": "null_pointer_exception", "reason": None}, "null_pointer_exception", "no reason given"),
            ({"type": "t", "reason": {"a": 1}}, "t", '{"a": 1}'),
        ],
    )
    def test_reason_in_unexpected_format_is_converted_to_string(self, error: Any, kind: str, reason: str) -> None:
        found = make_error(ROOT, 400, {"error": error})
        assert (found.error_type, found.reason) == (kind, reason)

    def test_missing_credentials_get_hint(self) -> None:
        body = {"error": {"type": "security_exception", "reason": "missing authentication credentials"}}
        assert make_error(ROOT, 401, body).hint == (
            "set elasticsearch_api_key, or elasticsearch_username and elasticsearch_password, or "
            "elasticsearch_bearer_token. The request reached Elasticsearch without credentials."
        )

    def test_denied_request_gets_hint_with_its_privilege(self) -> None:
        body = {"error": {"type": "security_exception", "reason": "action [x] is unauthorized"}}
        hint = "grant the {} to the Elasticsearch user or API key."
        assert make_error(ROOT, 403, body).hint == hint.format("missing privilege")
        assert make_error(ROOT, 403, body, privilege="monitor").hint == hint.format("cluster privilege monitor")


class TestProxies:
    @pytest.fixture(autouse=True)
    def _without_no_proxy(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("NO_PROXY", "")

    def failing(self, connect: Connect, url: str) -> ClientError:
        with pytest.raises(ClientError) as caught:
            connect(url).request("GET", "/")
        return caught.value

    def test_proxy_of_the_environment_is_used(
        self, server: Simulator, connect: Connect, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HTTP_PROXY", server.url)
        with pytest.raises(ApiError, match="no handler found for uri"):  # The simulator is not a proxy.
            connect("http://es.invalid:9200").request("GET", "/")
        assert server.requests == ["GET http://es.invalid:9200/"]

    def test_unreachable_proxy_is_reported(
        self, server: Simulator, connect: Connect, unreachable_node: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HTTP_PROXY", unreachable_node)
        error = self.failing(connect, server.url)
        assert isinstance(error, Unreachable)
        assert str(error).startswith(f"GET /: The proxy did not forward the request to {server.url}: Failed to")
        assert "Hint: check HTTPS_PROXY, HTTP_PROXY, and NO_PROXY in the environment" in str(error)
        assert server.requests == []

    def test_proxy_that_rejects_request_is_reported(
        self, server: Simulator, connect: Connect, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HTTPS_PROXY", server.url)
        error = self.failing(connect, "https://es.invalid:9200")
        assert isinstance(error, Unreachable)
        assert "to https://es.invalid:9200: Tunnel connection failed: 405 Method Not Allowed. Hint" in str(error)
        assert server.requests == ["CONNECT es.invalid:9200"]

    @pytest.mark.parametrize(
        "proxy",
        ["http://", "ftp://joe:pass@proxy", "http://joe:pass/word@proxy", "http://joe:pass@proxy:99999"],
    )
    def test_invalid_proxy_url_is_reported_without_its_password(
        self, server: Simulator, connect: Connect, monkeypatch: pytest.MonkeyPatch, proxy: str
    ) -> None:
        monkeypatch.setenv("HTTP_PROXY", proxy)
        error = self.failing(connect, server.url)
        assert error.problem == (
            "The request cannot be sent: the address of the proxy in the environment is not a valid URL."
        )
        assert "HTTPS_PROXY and HTTP_PROXY in the environment" in error.hint
        assert not error.ambiguous
        assert server.requests == []
