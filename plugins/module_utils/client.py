# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Speaks HTTP with Elasticsearch: session, authentication, TLS, retries, failover, typed errors.

It knows nothing of inference. C(requests) and C(urllib3) do the work; this file decides how they are used.
Private to the collection.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import random
import re
import socket
import ssl
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Iterable, Mapping
from urllib.parse import quote, quote_plus, urlencode, urlsplit

try:
    import requests
    import urllib3
    from requests.adapters import HTTPAdapter
    from requests.auth import AuthBase, HTTPBasicAuth
    from urllib3.util.retry import RequestHistory, Retry

    REQUESTS_IMPORT_ERROR: ImportError | None = None
except ImportError as error:
    # So that the classes below can be defined.
    AuthBase = HTTPAdapter = Retry = object  # type: ignore[assignment,misc]
    REQUESTS_IMPORT_ERROR = error

VERSION = "0.1.0"

#: Seconds given to the establishment of a connection, of the whole timeout of a request.
CONNECT_TIMEOUT = 10.0

#: Connections to one node that are kept open at the most.
MOST_CONNECTIONS = 64

#: Seconds that C(Retry-After) can make a request wait.
LONGEST_PAUSE = 60.0

#: Answers that pass by themselves (`reference`, "Load and faults"): the request may be sent again.
PASSING_STATUSES = frozenset((429, 502, 503, 504))

#: The form in which C(_ssl) shall hand a certificate over, before Python 3.13.
_DER = 2

_HIDDEN = "********"


class Repeated(tuple):  # type: ignore[type-arg]
    """All values, in order, of a name that stood more than once in one JSON object."""


@dataclass(frozen=True)
class Connection:
    """Where the cluster is and how to speak with it. The secrets are left out of its C(repr).

    :ivar urls: base URLs of the nodes, tried in order.
    :ivar api_key: the encoded form, or C(id:secret).
    :ivar ca_fingerprint: SHA-256, 64 hexadecimal digits.
    :ivar timeout: seconds for one request.
    :ivar retries: how often a request that met a passing fault is sent again.
    """

    urls: tuple[str, ...]
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    api_key: str | None = field(default=None, repr=False)
    bearer_token: str | None = field(default=None, repr=False)
    ca_path: str | None = None
    ca_fingerprint: str | None = None
    client_cert: str | None = None
    client_key: str | None = None
    validate_certs: bool = True
    timeout: float = 130.0
    retries: int = 3
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def authorization(self) -> str | None:
        """The C(Authorization) header of an API key or a token; None for basic and for no authentication."""
        if self.bearer_token:
            return "Bearer " + self.bearer_token
        if self.api_key:
            encoded = _base64(self.api_key) if ":" in self.api_key else self.api_key
            return "ApiKey " + encoded
        return None


class ClientError(Exception):
    """What kept a request from being answered as it should. Its texts hold no secret.

    :ivar ambiguous: whether the server may have carried the request out all the same.
    :ivar retried: whether the request had been sent before, so that its first try may have succeeded.
    """

    ambiguous = False

    def __init__(
        self,
        problem: str,
        method: str,
        path: str,
        hint: str = "",
        status: int | None = None,
        error_type: str | None = None,
        reason: str | None = None,
        retried: bool = False,
    ) -> None:
        super().__init__(problem)
        self.problem = problem
        self.method = method
        self.path = path
        self.hint = hint
        self.status = status
        self.error_type = error_type
        self.reason = reason
        self.retried = retried

    def __str__(self) -> str:
        text = f"{self.method} {self.path}: {self.problem}"
        return f"{text}{'' if text.endswith('.') else '.'} Hint: {self.hint}" if self.hint else text

    @property
    def failure(self) -> dict[str, Any]:
        """What a playbook can test: C(status), C(type), C(reason), C(method), C(path)."""
        return {
            "status": self.status,
            "type": self.error_type,
            "reason": self.reason or self.problem,
            "method": self.method,
            "path": self.path,
        }


class Unreachable(ClientError):
    """No node took the connection: nothing was sent."""


class TlsFailed(ClientError):
    """The TLS handshake or its verification failed: nothing was sent."""


class ConnectionLost(ClientError):
    """The connection ended, or the time ran out, before the whole answer was there."""

    ambiguous = True


class TimedOut(ConnectionLost):
    """The server did not answer in time, and may still be at work."""


class UnreadableAnswer(ClientError):
    """The answer is not what Elasticsearch sends: HTML of a proxy, JSON that is cut off."""

    ambiguous = True


class Redirected(ClientError):
    """The answer points elsewhere. Redirects are not followed: a redirected PUT turns into a GET."""


class ApiError(ClientError):
    """Elasticsearch answered with an error status."""

    @property
    def ambiguous(self) -> bool:  # type: ignore[override]
        """A 5xx may come from something in front that gave up while the server went on."""
        return self.status is not None and self.status >= 500


class Redactor:
    """Takes secrets out of texts: as they are, and as JSON, Python, base64 and URLs write them."""

    #: A secret that a server shows under its name, though it is none of those known here.
    _NAMED = re.compile(r"""(api_key[\\"']*\s*[=:]\s*)("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s,;}\])]+)""", re.DOTALL)

    def __init__(self, secrets: Iterable[str]) -> None:
        forms = {form for secret in secrets if secret for form in self._forms(secret)}
        self._forms_by_length = sorted(forms, key=len, reverse=True)

    @staticmethod
    def _forms(secret: str) -> list[str]:
        # A variable of the environment may hold bytes that are no UTF-8.
        raw = secret.encode(errors="replace")
        as_base64 = [base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()]
        unpadded = [form.rstrip("=") for form in as_base64]
        as_text = [json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], repr(secret)[1:-1]]
        in_urls = [quote(raw, safe=""), quote(raw), quote_plus(raw)]
        return [secret, *as_text, *in_urls, *as_base64, *unpadded]

    def __call__(self, text: str) -> str:
        for form in self._forms_by_length:
            text = text.replace(form, _HIDDEN)
        return self._NAMED.sub(r"\g<1>" + _HIDDEN, text)


class Client:
    """One session with a cluster.

    :param connection: where and how.
    :param redact: takes the secrets out of whatever is said about a request.
    :ivar patience: for requests that are sent again; how often that happened.
    """

    def __init__(self, connection: Connection, redact: Redactor) -> None:
        if REQUESTS_IMPORT_ERROR is not None:
            raise REQUESTS_IMPORT_ERROR
        self._nodes = list(connection.urls)
        self._redact = redact
        self._timeout = (min(connection.timeout, CONNECT_TIMEOUT), connection.timeout)
        self._verify = _verify(connection)
        self._fingerprint = connection.ca_fingerprint
        self._trusted: dict[str, bool | str] = {}
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self.patience = Patience(connection.timeout)
        self._session = _session(connection, self.patience)
        if self._verify is False:
            # It is what the user asked for, and a pinned certificate is verified without a CA.
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)

    def close(self) -> None:
        self._session.close()
        if self._folder is not None:
            self._folder.cleanup()

    def request(self, method: str, path: str, params: Mapping[str, str] | None = None, body: Any | None = None) -> Any:
        """Sends a request and returns the JSON of its answer.

        :param path: begins with a slash; its parts are quoted already.
        :raises ClientError: whenever there is no such answer.
        """
        target = f"{path}?{urlencode(params)}" if params else path
        data = None if body is None else json.dumps(body, allow_nan=False).encode()
        return self._read(self._send(method, target, data), method, target)

    def _send(self, method: str, target: str, data: bytes | None) -> requests.Response:
        """Tries the nodes in order. The one that answered is the first to be asked next time."""
        failures: list[ClientError] = []
        for node in list(self._nodes):
            try:
                response = self._send_to(node, method, target, data)
            except (Unreachable, ConnectionLost) as error:
                failures.append(error)
                # What a write did to the one node has to be known before it is sent to another.
                if isinstance(error, ConnectionLost) and method != "GET":
                    raise
                continue
            if failures:
                self._nodes = [node, *(other for other in self._nodes if other != node)]
            return response
        if len(failures) == 1:
            raise failures[0]
        kind = Unreachable if all(isinstance(error, Unreachable) for error in failures) else ConnectionLost
        raise kind(" ".join(error.problem for error in failures), method, target, failures[0].hint)

    def _send_to(self, node: str, method: str, target: str, data: bytes | None) -> requests.Response:
        try:
            return self._session.request(
                method,
                node + target,
                data=data,
                # With each request, or REQUESTS_CA_BUNDLE of the environment would take its place.
                verify=self._verify_with(node),
                timeout=self._timeout,
                allow_redirects=False,
            )
        # Not all errors of requests are its own: an OSError tells of certificate files, urllib3 of host names.
        except (OSError, urllib3.exceptions.HTTPError) as error:
            raise self._transport_error(error, node, method, target) from None

    def _verify_with(self, node: str) -> bool | str:
        """What the certificate of a node is verified with.

        The fingerprint may be that of the node's own certificate, which urllib3 compares, or that of the CA
        which the node shows along with it. Such a CA is trusted then, and no other.
        """
        if self._fingerprint is None or not node.startswith("https:"):
            return self._verify
        if node not in self._trusted:
            self._trusted[node] = self._verify
            for certificate in _shown(node, self._timeout[0])[1:]:
                if hashlib.sha256(certificate).hexdigest() == self._fingerprint:
                    self._trusted[node] = self._written(certificate)
                    self._session.mount(node, self._session.get_adapter("http://"))
        return self._trusted[node]

    def _written(self, certificate: bytes) -> str:
        """The path of a file with the certificate, which is there until C(close)."""
        self._folder = self._folder or tempfile.TemporaryDirectory()
        path = Path(self._folder.name, "ca.pem")
        path.write_text(ssl.DER_cert_to_PEM_cert(certificate), encoding="ascii")
        return str(path)

    def _transport_error(self, error: Exception, node: str, method: str, target: str) -> ClientError:
        """What requests says, as one of this file's errors. requests' own texts show headers and URLs."""
        cause = _cause(error)
        words = self._redact(_words(cause))
        unsent = _unsent(error, cause, words, node, method, target)
        if unsent is not None:
            # Of this try, that is; what came of one before it, nobody knows.
            return ConnectionLost(unsent.problem, method, target, unsent.hint) if _sent_before(error) else unsent
        if isinstance(cause, urllib3.exceptions.ReadTimeoutError):
            hint = "a longer timeout gives the server, which may wait for the provider of the model, more time."
            return TimedOut(f"{node} did not answer within {self._timeout[1]:g} s.", method, target, hint)
        if isinstance(error, (requests.exceptions.ConnectionError, requests.exceptions.ChunkedEncodingError)):
            hint = "if this happens every time, the server may want https:// on this port."
            hint = hint if node.startswith("http:") else ""
            return ConnectionLost(f"The connection with {node} was lost: {words}.", method, target, hint)
        if isinstance(error, requests.exceptions.ContentDecodingError):
            return UnreadableAnswer(f"The answer of {node} cannot be decoded: {words}.", method, target)
        hint = "check elasticsearch_url, and HTTPS_PROXY and HTTP_PROXY in the environment of the module."
        if isinstance(error, _NO_URL) and requests.utils.get_environ_proxies(node):
            words = "the proxy that the environment names is no URL"  # What it is instead may hold a password.
        return ClientError(f"The request cannot be sent: {words}.", method, target, hint)

    def _read(self, response: requests.Response, method: str, target: str) -> Any:
        status = response.status_code
        retried = _any_sent(getattr(response.raw.retries, "history", ()))
        if 300 <= status < 400:
            location = self._redact(response.headers.get("Location", "nowhere"))
            problem = f"The answer is a redirect ({status}) to {location}, which is not followed."
            raise Redirected(problem, method, target, "give the final address as elasticsearch_url.", status)
        try:
            answer = json.loads(response.content, object_pairs_hook=_pairs, parse_constant=_refuse_constant)
        except (ValueError, RecursionError):
            answer = None
        if isinstance(answer, (dict, list)):
            if status < 300:
                return answer
            if isinstance(answer, dict) and ("error" in answer or status < 500):
                raise self._api_error(status, answer, method, target, retried)
        raise self._unreadable(response, method, target, retried)

    def _unreadable(self, response: requests.Response, method: str, target: str, retried: bool) -> ClientError:
        kind = response.headers.get("Content-Type", "no content type")
        html = "html" in kind.lower()
        found = f"a page ({kind})" if html else f"{kind} that is not the JSON of Elasticsearch, or is cut off"
        problem = f"The answer has status {response.status_code} and is {found}."
        if response.status_code in _STATUS_HINTS and response.status_code != 401:
            hint = _STATUS_HINTS[response.status_code]
        elif html:
            hint = "a proxy or a login page in front of Elasticsearch may have answered; check elasticsearch_url."
        else:
            hint = "check elasticsearch_url and what stands in front of it."
        error = UnreadableAnswer(problem, method, target, hint, response.status_code, retried=retried)
        # Below 500 and not a success, something refused the request before it reached the server.
        error.ambiguous = not 400 <= response.status_code < 500
        return error

    def _api_error(self, status: int, answer: dict[str, Any], method: str, target: str, retried: bool) -> ApiError:
        """An error in the server's own shape; C(error) is a plain string where no handler knows the request."""
        error = answer.get("error")
        if isinstance(error, dict) and "type" in error:
            kind, reason = _text(error["type"]), self._redact(_text(error.get("reason") or "no reason given"))
            causes = [self._redact(text) for text in _causes(error)]
        else:
            kind, reason, causes = None, self._redact(_text(answer.get("message") or error or answer)), []
        problem = f"refused with status {status}" + (f" ({kind})" if kind else "") + f": {reason}"
        for cause in causes:
            if cause not in problem:
                problem += f" Cause: {cause}"
        hint = _STATUS_HINTS.get(status, "")
        return ApiError(problem, method, target, hint, status, kind, reason, retried)


_STATUS_HINTS = {
    401: "check elasticsearch_username and elasticsearch_password, or elasticsearch_api_key or "
    "elasticsearch_bearer_token.",
    407: "the proxy wants to know who asks: put the user name and the password into HTTP_PROXY.",
    429: "the cluster is busy; run again later, or give more retries.",
    502: "something in front of Elasticsearch cannot reach it; run again later, or give more retries.",
    503: "the cluster, or something in front of it, is not ready; run again later, or give more retries.",
    504: "something in front of Elasticsearch gave up waiting for it; run again later, or give it more time.",
}

#: How requests says that a file of certificates, as REQUESTS_CA_BUNDLE may name it, is not there.
_NO_CERTIFICATES = "TLS CA certificate bundle"

#: The object that urllib3 lets speak first.
_SPEAKER = re.compile(r"^(?:<[^>]*>|HTTPS?Connection(?:Pool)?\([^)]*\)): ")

if REQUESTS_IMPORT_ERROR is None:
    _NEVER_CONNECTED = (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError)
    _NO_URL = (requests.exceptions.InvalidURL, urllib3.exceptions.LocationValueError)


def _unsent(
    error: Exception, cause: BaseException, words: str, node: str, method: str, target: str
) -> ClientError | None:
    """The error of a try that did not get as far as the server, or None if it may have."""
    if isinstance(error, requests.exceptions.SSLError) or _NO_CERTIFICATES in words:
        return TlsFailed(f"TLS with {node} failed: {words}.", method, target, _tls_hint(words))
    if isinstance(error, requests.exceptions.ProxyError):
        hint = "check HTTPS_PROXY, HTTP_PROXY and NO_PROXY in the environment of the module."
        return Unreachable(f"The proxy for {node} did not let the request through: {words}.", method, target, hint)
    if isinstance(cause, _NEVER_CONNECTED):
        hint = "check elasticsearch_url, and that the machine which runs the module may reach it."
        return Unreachable(f"{node} cannot be reached: {words}.", method, target, hint)
    return None


class _Authorization(AuthBase):
    """Sets the header, or leaves it out. As an object it keeps requests from asking C(.netrc) instead."""

    def __init__(self, value: str | None) -> None:
        self._value = value

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._value is not None:
            request.headers["Authorization"] = self._value
        return request


class _PinnedAdapter(HTTPAdapter):
    """Lets urllib3 compare the fingerprint of the server's certificate."""

    def __init__(self, fingerprint: str, **kwargs: Any) -> None:
        self._fingerprint = fingerprint
        super().__init__(**kwargs)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, assert_fingerprint=self._fingerprint, **kwargs)


class Patience:
    """What a task may lose to requests that are sent again. All its requests share it.

    :ivar left: seconds, for pauses. A try that ran into the timeout takes all that is left.
    :ivar resent: how often a request was sent again.
    :ivar reason: why, the last time.
    """

    def __init__(self, seconds: float) -> None:
        self.left = seconds
        self.resent = 0
        self.reason = ""

    def spend(self, seconds: float) -> float:
        """Returns what there is of these seconds."""
        spent = min(seconds, max(self.left, 0.0))
        self.left -= seconds
        return spent


class _Retry(Retry):
    """A Retry with jitter, whose C(Retry-After) has a ceiling, and which ends with the patience of the task."""

    patience: Patience

    def new(self, **changes: Any) -> _Retry:
        following = super().new(**changes)
        following.patience = self.patience
        return following

    def parse_retry_after(self, retry_after: str) -> float:
        try:
            return min(super().parse_retry_after(retry_after), LONGEST_PAUSE)
        except urllib3.exceptions.InvalidHeader:
            return 0.0

    def sleep(self, response: urllib3.BaseHTTPResponse | None = None) -> None:
        pause = self.get_retry_after(response) if response is not None else None
        # Jitter, so that many tasks that met the same fault do not come back at the same time.
        time.sleep(self.patience.spend(pause or self.get_backoff_time() * random.uniform(0.5, 1)))

    def increment(self, *args: Any, **kwargs: Any) -> _Retry:
        error, response = kwargs.get("error"), kwargs.get("response")
        try:
            following = super().increment(*args, **kwargs)
            if isinstance(error, urllib3.exceptions.ReadTimeoutError):
                self.patience.spend(self.patience.left)
            if self.patience.left <= 0:
                reason = error or urllib3.exceptions.ResponseError("the time for requests sent again is used up")
                raise urllib3.exceptions.MaxRetryError(kwargs["_pool"], args[1], reason)
        except urllib3.exceptions.MaxRetryError as given_up:
            given_up.history = self.history  # type: ignore[attr-defined]
            raise
        self.patience.resent += 1
        self.patience.reason = f"status {response.status}" if response is not None else type(error).__name__
        return following


def _any_sent(history: Iterable[RequestHistory]) -> bool:
    """Whether one of the tries got as far as the server."""
    errors = (getattr(entry.error, "original_error", entry.error) for entry in history)
    return any(not isinstance(error, _NEVER_CONNECTED) for error in errors)


def _sent_before(error: Exception) -> bool:
    """Whether a try before the one that failed for good got as far as the server."""
    return any(_any_sent(getattr(inner, "history", ())) for inner in error.args)


def _session(connection: Connection, patience: Patience) -> requests.Session:
    session = requests.Session()
    session.headers.update({"Accept": "application/json", "User-Agent": f"ansible-esops.inference/{VERSION}"})
    session.headers["Content-Type"] = "application/json"
    session.headers.update(connection.headers)
    session.auth = _auth(connection)
    if connection.client_cert:
        # Named as the key's file, too, so that urllib3 looks for a passphrase before OpenSSL asks the terminal for it.
        session.cert = (connection.client_cert, connection.client_key or connection.client_cert)
    retry = _retry(connection, patience)
    # Room for as many connections as there may be threads; each is opened when it is needed.
    plain = HTTPAdapter(max_retries=retry, pool_maxsize=MOST_CONNECTIONS)
    session.mount("http://", plain)
    if connection.ca_fingerprint:
        pinned = _PinnedAdapter(connection.ca_fingerprint, max_retries=retry, pool_maxsize=MOST_CONNECTIONS)
        session.mount("https://", pinned)
    else:
        session.mount("https://", plain)
    return session


def _auth(connection: Connection) -> AuthBase:
    if connection.username is not None:
        # As bytes: requests would encode a str as Latin-1, Elasticsearch reads UTF-8.
        return HTTPBasicAuth(connection.username.encode(), (connection.password or "").encode())
    return _Authorization(connection.authorization)


def _shown(node: str, timeout: float) -> list[bytes]:
    """The certificates that a node shows, its own first, in DER form. Nothing is verified yet, nor sent.

    Empty where they cannot be had: the request that follows tells why. Python before 3.10 does not tell them.
    """
    parts = urlsplit(node)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with socket.create_connection((parts.hostname, parts.port or 443), timeout) as plain, context.wrap_socket(
            plain, server_hostname=parts.hostname
        ) as encrypted:
            if sys.version_info >= (3, 13):
                return encrypted.get_unverified_chain()
            chain = encrypted._sslobj.get_unverified_chain()
            return [certificate.public_bytes(_DER) for certificate in chain]
    except (OSError, AttributeError):
        return []


def _verify(connection: Connection) -> bool | str:
    if not connection.validate_certs:
        return False
    if connection.ca_path:
        return connection.ca_path
    # A pinned certificate needs no CA: it is itself what is trusted.
    return not connection.ca_fingerprint


def _retry(connection: Connection, patience: Patience) -> Retry:
    retry = _Retry(
        total=connection.retries,
        # Where there are several nodes, the next one is asked instead.
        connect=0 if len(connection.urls) > 1 else None,
        redirect=0,
        other=0,
        status_forcelist=PASSING_STATUSES,
        allowed_methods=None,
        backoff_factor=1,
        raise_on_status=False,
        respect_retry_after_header=True,
    )
    retry.patience = patience
    return retry


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object as a dict; values of a repeated name become a Repeated, none is dropped."""
    result = dict(pairs)
    if len(result) < len(pairs):
        for name in result:
            values = [value for other, value in pairs if other == name]
            if len(values) > 1:
                result[name] = Repeated(values)
    return result


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _words(cause: BaseException) -> str:
    """What an error of urllib3 says, as part of a sentence."""
    text = cause.args[-1] if isinstance(cause, _NEVER_CONNECTED) else cause
    return _SPEAKER.sub("", str(text)).rstrip(".")


def _cause(error: Exception) -> BaseException:
    """The innermost thing that urllib3 says happened."""
    cause: BaseException = error
    while True:
        inner = getattr(cause, "reason", None)
        if not isinstance(inner, BaseException):
            inner = next((arg for arg in cause.args if isinstance(arg, BaseException)), None)
        if inner is None or isinstance(cause, urllib3.exceptions.NewConnectionError):
            return cause
        cause = inner


def _causes(error: Mapping[str, Any]) -> list[str]:
    """The reasons behind an error of Elasticsearch: its root cause, then the chain of C(caused_by)."""
    reasons = [root.get("reason") for root in error.get("root_cause") or [] if isinstance(root, dict)]
    inner = error.get("caused_by")
    while isinstance(inner, dict):
        reasons.append(inner.get("reason"))
        inner = inner.get("caused_by")
    return [_text(reason) for reason in reasons if reason]


#: What is in the words of a failed handshake, and what helps.
_TLS_HINTS = {
    _NO_CERTIFICATES: "REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE of the environment names it; ca_path would win over it.",
    "NO_CERTIFICATE|NO_START_LINE|PEM": "ca_path, client_cert or client_key is no PEM file with what belongs into it.",
    "KEY_VALUES_MISMATCH": "client_key is not the key of client_cert.",
    "is encrypted": "client_key needs a passphrase, and nobody can be asked for it: store it without one.",
    "ingerprint": "ca_fingerprint is not the SHA-256 fingerprint of a certificate that the server shows.",
    "WRONG_VERSION_NUMBER|record layer": "the server does not speak TLS on this port: is it http:// instead of https://?",
    "[Hh]ostname|IP address|doesn't match": "the certificate is for another name: use one of its names in "
    "elasticsearch_url.",
    "CERTIFICATE_VERIFY_FAILED": "give the CA that signed the server's certificate as ca_path, or pin the certificate "
    "with ca_fingerprint.",
}


def _tls_hint(words: str) -> str:
    found = (hint for pattern, hint in _TLS_HINTS.items() if re.search(pattern, words))
    return next(found, "the server may want a client certificate: client_cert and client_key.")


def cloud_url(cloud_id: str) -> str:
    """The URL of Elasticsearch in a Cloud ID, C(label:base64(host$elasticsearch$kibana)).

    :raises ValueError: if it is none.
    """
    try:
        host, elasticsearch = base64.b64decode(cloud_id.rpartition(":")[2], validate=True).decode().split("$")[:2]
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise ValueError("is not a Cloud ID") from None
    if not host or not elasticsearch:
        raise ValueError("is a Cloud ID without an Elasticsearch host")
    name, _colon, own_port = elasticsearch.partition(":")
    domain, _colon, port = host.partition(":")
    return f"https://{name}.{domain}:{own_port or port or '443'}"


def base_url(url: str) -> str:
    """A node's URL without the slash at its end.

    :raises ValueError: if it is not an address that paths can be put behind.
    """
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        usable = False
    if not usable or parts.query or parts.fragment or re.search(r"\s", url):
        raise ValueError("must look like https://host:9200, with http or https")
    if "@" in parts.netloc:
        raise ValueError("holds a user or a password: give them as elasticsearch_username and elasticsearch_password")
    return url.rstrip("/")
