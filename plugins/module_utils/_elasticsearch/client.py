# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Speaks HTTP with Elasticsearch: session, authentication, TLS, retries, failover.

It knows nothing of inference. C(requests) and C(urllib3) do the work; this file decides how they are used.
Private to the collection.
"""

from __future__ import annotations

import base64
import binascii
import gc
import http.client
import json
import random
import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Callable, Iterable, Iterator, Mapping, TypeVar
from urllib.parse import quote, quote_plus, urlencode, urlsplit

from .errors import (
    ApiError,
    ClientError,
    ConnectionLost,
    TlsFailed,
    Unreachable,
)

if TYPE_CHECKING:
    from . import diagnosis
    from .server_sent_events import Event

# A module's process is short, and what it imports stays until its end: looking through it for garbage is a waste.
gc.disable()

try:
    import requests
    import urllib3
    from requests.adapters import HTTPAdapter
    from requests.auth import AuthBase, HTTPBasicAuth
    from urllib3.util.retry import Retry

    REQUESTS_IMPORT_ERROR: ImportError | None = None
except ImportError as error:
    # So that the classes below can be defined.
    AuthBase = HTTPAdapter = Retry = object  # type: ignore[assignment,misc]
    REQUESTS_IMPORT_ERROR = error

_Response = TypeVar("_Response")

VERSION = "0.1.0"

#: Seconds given to the establishment of a connection, of the whole timeout of a request.
CONNECT_TIMEOUT = 10.0

#: Connections to one node that are kept open at the most.
MOST_CONNECTIONS = 64

#: Seconds that C(Retry-After) can make a request wait.
LONGEST_PAUSE = 60.0

#: Answers that pass by themselves (`elasticsearch.md`, "Load and faults"): the request may be sent again.
PASSING_STATUSES = frozenset((429, 502, 503, 504))

#: Those of them that say that nothing was done.
UNDONE_STATUSES = frozenset((429, 503))

#: Those of a POST. A 429 may come from the provider, and only the body says whether it did its work.
_UNDONE_POSTS = UNDONE_STATUSES - {429}

#: Methods that do no more when they are carried out twice. A POST asks for work that may cost money each time.
_REPEATABLE = frozenset(("GET", "PUT", "DELETE"))

#: By method, the statuses after which another node is tried at once.
_ELSEWHERE = {"GET": PASSING_STATUSES, "POST": _UNDONE_POSTS}

#: Bytes of a stream that are looked at together, at the most.
_CHUNK = 8192

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


class Redactor:
    """Takes secrets out of texts: as they are, and as JSON, Python, base64 and URLs write them."""

    #: A secret that a server shows under its name, though it is none of those known here.
    _NAMED = re.compile(
        r"""(api_key[\\"']*\s*[=:]\s*)("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s,;}\])]+)""",
        re.DOTALL,
    )

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
    :ivar timeout: seconds for one request.
    :ivar patience: for requests that are sent again; how often that happened.
    :ivar distrusted: nodes that were skipped because TLS with them failed, and how it failed.
    """

    def __init__(self, connection: Connection, redact: Redactor) -> None:
        if REQUESTS_IMPORT_ERROR is not None:
            raise REQUESTS_IMPORT_ERROR
        self._nodes = list(connection.urls)
        self._redact = redact
        self.timeout = connection.timeout
        self._retries = connection.retries
        self._timeout = (min(connection.timeout, CONNECT_TIMEOUT), connection.timeout)
        self._verify = _verify(connection)
        self.patience = Patience(connection.timeout)
        has_several = len(self._nodes) > 1
        # Several nodes are tried in turn before one of them is tried again: then each connection is tried once.
        self._retry = _retry(connection.retries, self.patience) if has_several else None
        self._session = _session(connection, _retry(0 if has_several else connection.retries, self.patience))
        self.distrusted: dict[str, str] = {}
        if self._verify is False:
            # It is what the user asked for, and a pinned certificate is verified without a CA.
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)

    def close(self) -> None:
        self._session.close()

    def request(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None = None,
        body: Any | None = None,
        *,
        retried: bool = False,
    ) -> Any:
        """Sends a request and returns the JSON of its answer.

        :param path: begins with a slash; its parts are quoted already.
        :param retried: whether the same request was sent before.
        :raises ClientError: whenever there is no such answer.
        """
        target, data = _written(path, params, body)
        response = self._send(method, target, data)
        answer = json_of(response.content)
        if response.status_code >= 300 or not isinstance(answer, (dict, list)):
            raise self._diagnosis(method, target).of_answer(response, answer, retried)
        return answer

    def request_with_retries(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None = None,
        body: Any | None = None,
        *,
        least_retries: int = 0,
    ) -> Any:
        """Send a request, and retry it after errors that pass by themselves, with growing pauses.

        The status does not tell these: a temporary fault of the provider is a 400, and a provider that did not respond
        in time can be a 429, although it may have done its work.

        :param least_retries: how many retries there are, even if the connection allows fewer.
        :raises ClientError: the last error.
        """
        return self._retrying(
            lambda retried: self.request(method, path, params, body, retried=retried),
            max(self._retries, least_retries),
        )

    def _retrying(self, send: Callable[[bool], _Response], retries: int) -> _Response:
        """
        :param send: takes whether the request was sent before.
        """
        for attempt in range(retries + 1):
            start = time.monotonic()
            try:
                return send(attempt > 0)
            except ApiError as error:
                # The server may have waited long for the provider.
                self.patience.spend(time.monotonic() - start)
                if attempt == retries or not _passes(error) or not self.patience.wait(2.0**attempt, _why(error)):
                    raise
        raise AssertionError("The last attempt returns or raises.")

    def events(self, path: str, params: Mapping[str, str], body: Any) -> Iterator[Event]:
        """Sends a POST and returns the server-sent events of its answer, each when it has arrived.

        An event with the name C(error) is raised as what it tells.

        :raises ClientError: whenever there are no such events, or no more of them, before the stream ends.
        """
        from .server_sent_events import parsed  # noqa: PLC0415

        target, data = _written(path, params, body)
        response, chunks = self._retrying(lambda _retried: self._stream(target, data), self._retries)
        with response:
            for event in parsed(chunks):
                if event.name == "error":
                    raise self._diagnosis("POST", target).of_error_event(json_of(event.data))
                yield event

    def _stream(self, target: str, data: bytes | None) -> tuple[requests.Response, Iterator[bytes]]:
        """Open a stream of events.

        :raises ClientError: if the response is no such stream.
        """
        response = self._send("POST", target, data, stream=True)
        chunks = self._chunks(response, target)
        is_stream = response.headers.get("Content-Type", "").startswith("text/event-stream")
        if response.status_code < 300 and is_stream:
            return response, chunks
        from .server_sent_events import parsed  # noqa: PLC0415

        with response:
            # Elasticsearch rejects a stream with an event; what stands in front of it does not.
            said = next((event.data for event in parsed(chunks)), "") if is_stream else b"".join(chunks)
            raise self._diagnosis("POST", target).of_answer(response, json_of(said))

    def _chunks(self, response: requests.Response, target: str) -> Iterator[bytes]:
        """The body of an answer as it arrives, within the timeout as a whole."""
        parts, timeout = urlsplit(response.url), self._timeout[1]
        node, end = f"{parts.scheme}://{parts.netloc}", time.monotonic() + timeout
        try:
            for chunk in response.iter_content(_CHUNK):
                yield chunk
                if time.monotonic() > end:
                    raise self._diagnosis("POST", target).of_time(node, timeout)
        except (OSError, urllib3.exceptions.HTTPError) as error:
            raise self._diagnosis("POST", target).of_transport(error, node, timeout, answering=True) from None

    def _diagnosis(self, method: str, target: str) -> diagnosis.Diagnosis:
        # A run in which nothing goes wrong need not wait for it.
        from .diagnosis import Diagnosis  # noqa: PLC0415

        return Diagnosis(method, target, self._redact)

    def _send(self, method: str, target: str, data: bytes | None, stream: bool = False) -> requests.Response:
        """Send a request to the first node that can carry it out.

        If none of several nodes can, all of them are tried again after a pause.

        :param stream: whether to return before the body of the response is there.
        """
        retry = self._retry
        while True:
            response = self._send_to_any(method, target, data, stream)
            if retry is None or not retry.is_retry(method, response.status_code):
                return response
            try:
                retry = retry.increment(method, target, response=response.raw, _pool=None)
            except urllib3.exceptions.MaxRetryError:
                return response
            finally:
                response.raw.retries = retry
            retry.sleep(response.raw)

    def _send_to_any(self, method: str, target: str, data: bytes | None, stream: bool) -> requests.Response:
        """Try the nodes in order. The one that responds is the first to be tried next time."""
        failures: list[ClientError] = []
        sick: requests.Response | None = None
        for node in list(self._nodes):
            try:
                response = self._send_to(node, method, target, data, stream)
            except (Unreachable, TlsFailed, ConnectionLost) as error:
                # What a write did to one node must be known before it is sent to another.
                if isinstance(error, ConnectionLost) and method != "GET":
                    raise
                failures.append(error)
                if isinstance(error, TlsFailed):
                    self.distrusted[node] = error.problem
                continue
            if len(self._nodes) > 1 and response.status_code in _ELSEWHERE.get(method, UNDONE_STATUSES):
                self.patience.sent_again(f"status {response.status_code} of {node}")
                if sick is not None:
                    sick.close()
                sick = response
                continue
            if sick is not None:
                sick.close()
            self._prefer(node)
            return response
        if sick is not None:
            return sick
        if len(failures) == 1:
            raise failures[0]
        unsent = all(isinstance(error, (Unreachable, TlsFailed)) for error in failures)
        kind = type(failures[0]) if unsent else ConnectionLost
        raise kind(" ".join(error.problem for error in failures), method, target, failures[0].hint)

    def _prefer(self, node: str) -> None:
        if node != self._nodes[0]:
            self._nodes = [node, *(other for other in self._nodes if other != node)]

    def _send_to(self, node: str, method: str, target: str, data: bytes | None, stream: bool) -> requests.Response:
        try:
            return self._session.request(
                method,
                node + target,
                data=data,
                # With each request, or REQUESTS_CA_BUNDLE of the environment would take its place.
                verify=self._verify,
                timeout=self._timeout,
                allow_redirects=False,
                stream=stream,
            )
        # Not all errors of requests are its own: an OSError tells of certificate files, urllib3 of host names.
        except (OSError, urllib3.exceptions.HTTPError) as error:
            raise self._diagnosis(method, target).of_transport(error, node, self._timeout[1]) from None


class _Authorization(AuthBase):
    """Sets the header, or leaves it out. As an object it keeps requests from asking C(.netrc) instead."""

    def __init__(self, value: str | None) -> None:
        self._value = value

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._value is not None:
            request.headers["Authorization"] = self._value
        return request


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

    def sent_again(self, reason: str) -> None:
        """Count a request that is sent again."""
        self.resent += 1
        self.reason = reason

    def wait(self, seconds: float, reason: str) -> bool:
        """Pause before a request is sent again, or return False if there is no time left for that."""
        if self.left <= 0:
            return False
        # Jitter, so that many tasks that met the same fault do not come back at the same time.
        time.sleep(self.spend(seconds * random.uniform(0.5, 1)))
        self.sent_again(reason)
        return True


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

    def is_retry(self, method: str, status_code: int, has_retry_after: bool = False) -> bool:
        if method in _REPEATABLE:
            return super().is_retry(method, status_code, has_retry_after)
        return status_code in _UNDONE_POSTS

    def sleep(self, response: urllib3.BaseHTTPResponse | None = None) -> None:
        pause = self.get_retry_after(response) if response is not None else None
        # Jitter, so that many tasks that met the same fault do not come back at the same time.
        time.sleep(self.patience.spend(pause or self.get_backoff_time() * random.uniform(0.5, 1)))

    def increment(self, *args: Any, **kwargs: Any) -> _Retry:
        kwargs["error"] = _without_proxy(kwargs.get("error"))
        error, response = kwargs["error"], kwargs.get("response")
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
        self.patience.sent_again(f"status {response.status}" if response is not None else type(error).__name__)
        return following


def _without_proxy(error: Exception | None) -> Exception | None:
    """A connection that was lost, whether through a proxy or not.

    urllib3 reports it as a proxy that cannot be reached, although the request may have been sent.
    """
    cause = error.original_error if isinstance(error, urllib3.exceptions.ProxyError) else None
    if isinstance(cause, (ConnectionError, http.client.HTTPException)):
        return urllib3.exceptions.ProtocolError("Connection aborted.", cause)
    return error


def _passes(error: ApiError) -> bool:
    """Whether the same request may succeed later, and costs nothing more then."""
    if error.method == "POST":
        return error.status == 429 and not error.is_provider_timeout
    return error.is_passing


def _why(error: ApiError) -> str:
    """Why a request is sent again, as part of a sentence."""
    if error.provider_status is not None:
        return f"status {error.provider_status} of the provider"
    if error.is_busy:
        return "an update in progress"
    return f"status {error.status}" if error.status == 429 else "a temporary fault of the provider"


def _session(connection: Connection, retry: Retry) -> requests.Session:
    session = requests.Session()
    session.headers.update({"Accept": "application/json", "User-Agent": f"ansible-esops.inference/{VERSION}"})
    session.headers["Content-Type"] = "application/json"
    session.headers.update(connection.headers)
    session.auth = _auth(connection)
    if connection.client_cert:
        # Named as the key's file, too, so that urllib3 looks for a passphrase before OpenSSL asks the terminal for it.
        session.cert = (connection.client_cert, connection.client_key or connection.client_cert)
    # Room for as many connections as there may be threads; each is opened when it is needed.
    options: dict[str, Any] = {"max_retries": retry, "pool_maxsize": MOST_CONNECTIONS}
    plain = HTTPAdapter(**options)
    session.mount("http://", plain)
    session.mount("https://", plain)
    if connection.ca_fingerprint:
        # Only runs that pin a fingerprint wait for this import.
        from .tls import PinnedAdapter  # noqa: PLC0415

        session.mount("https://", PinnedAdapter(connection.ca_fingerprint, **options))
    return session


def _auth(connection: Connection) -> AuthBase:
    if connection.username is not None:
        # As bytes: requests would encode a str as Latin-1, Elasticsearch reads UTF-8.
        return HTTPBasicAuth(connection.username.encode(), (connection.password or "").encode())
    return _Authorization(connection.authorization)


def _verify(connection: Connection) -> bool | str:
    if not connection.validate_certs:
        return False
    if connection.ca_path:
        return connection.ca_path
    # A pinned certificate needs no CA: it is itself what is trusted.
    return not connection.ca_fingerprint


def _retry(retries: int, patience: Patience) -> _Retry:
    retry = _Retry(
        total=retries,
        redirect=0,
        other=0,
        status_forcelist=PASSING_STATUSES,
        # Of a lost connection, that is; of statuses C(is_retry) decides.
        allowed_methods=_REPEATABLE,
        backoff_factor=1,
        raise_on_status=False,
        respect_retry_after_header=True,
    )
    retry.patience = patience
    return retry


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _written(path: str, params: Mapping[str, str] | None, body: Any | None) -> tuple[str, bytes | None]:
    """The target and the content of a request."""
    target = f"{path}?{urlencode(params)}" if params else path
    return target, None if body is None else json.dumps(body, allow_nan=False).encode()


def json_of(content: bytes | str) -> Any:
    """What a text in JSON says, None if it is none."""
    try:
        return json.loads(content, object_pairs_hook=_pairs, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return None


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


def cloud_url(cloud_id: str) -> str:
    """The URL of Elasticsearch in a Cloud ID, C(label:base64(host$elasticsearch$kibana)).

    :raises ValueError: if it is none.
    """
    encoded = cloud_id.strip().rpartition(":")[2].rstrip("=")
    try:
        decoded = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True).decode()
        host, elasticsearch = decoded.strip().split("$")[:2]
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise ValueError("is not a Cloud ID") from None
    if not host or not elasticsearch:
        raise ValueError("is a Cloud ID without an Elasticsearch host")
    name, _colon, own_port = elasticsearch.partition(":")
    domain, _colon, port = host.partition(":")
    url = f"https://{name}.{domain}:{own_port or port or '443'}"
    try:
        return base_url(url)
    except ValueError:
        raise ValueError("is a Cloud ID with an address that is not valid") from None


def base_url(url: str) -> str:
    """A node's URL without the slash at its end.

    :raises ValueError: if it is not an address that paths can be put behind.
    """
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        usable = False
    if not usable or parts.query or parts.fragment or re.search(r"\s", url) or not url.isprintable():
        raise ValueError("must look like https://host:9200, with http or https")
    if "@" in parts.netloc:
        raise ValueError("holds a user or a password: give them as elasticsearch_username and elasticsearch_password")
    return url.rstrip("/")
