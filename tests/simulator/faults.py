# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults that tests inject, and their effects on requests (`elasticsearch.md`, "Load and faults")."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from http import HTTPStatus

from . import jsontext
from .errors import ApiError, bad_request, endpoint_exists, endpoint_not_found
from .index_store import index_exists, index_not_found, write_blocked
from .jsontext import is_whole
from .messages import Answer, Request
from .node import Node
from .provider import REFUSALS, CallFailure
from .run_answers import error_event

ERROR_TYPES = {
    401: "security_exception",
    403: "security_exception",
    404: "resource_not_found_exception",
    429: "es_rejected_execution_exception",
    500: "exception",
    503: "cluster_block_exception",
    504: "process_cluster_event_timeout_exception",
}
REASONS = {
    429: "rejected execution of coordinating operation",
    502: "Bad Gateway",
    503: "blocked by: [SERVICE_UNAVAILABLE/1/state not recovered / initialized];",
    504: "Gateway Timeout",
}
ERROR_STATUSES = range(400, 600)
KINDS_WITH_STATUS = ("status", "status_after")
KINDS_WITH_SECONDS = ("slow", "trickle")
KINDS_WITH_MESSAGE = (*KINDS_WITH_STATUS, "provider_refusal")


@dataclass(frozen=True)
class Fault:
    """A fault: its `kind`, the affected requests, and how often it occurs.

    It affects the `at`-th request after it was added (1 and None: the next one) whose "METHOD /path" matches the
    regular expression `match`, and then `times - 1` more such requests.
    `status`, `error_type`, `message`, `html` and `retry_after` define the error of "status" and "status_after".
    `status` and `message` are those of Anthropic for "provider_refusal"; the default is a 401.
    `seconds` is the wait of "slow", and the wait between the chunks of a stream of "trickle". `location` is the target
    of "redirect". The three faults of the provider have no effect on a request that does not call it. Raises
    ValueError.
    """

    kind: str
    at: int | None = None
    match: str | None = None
    times: int = 1
    status: int | None = None
    retry_after: str | None = None
    seconds: float = 0.0
    html: bool = False
    error_type: str | None = None
    message: str | None = None
    location: str = "http://elsewhere.invalid/"

    def __post_init__(self) -> None:
        """Reject a fault that can never have an effect."""
        if self.kind not in KINDS:
            raise ValueError(f"kind {self.kind!r} must be one of {sorted(KINDS)}")
        if self.kind == "provider_refusal":
            if self.status is not None and self.status not in REFUSALS:
                raise ValueError(f"status {self.status!r} must be one of {sorted(REFUSALS)} for provider_refusal")
        elif (self.kind in KINDS_WITH_STATUS) != (self.status is not None):
            raise ValueError(f"status is required for the kinds {KINDS_WITH_STATUS} and not supported for others")
        if self.status is not None and not (is_whole(self.status) and self.status in ERROR_STATUSES):
            raise ValueError(f"status {self.status!r} must be an error status from 400 to 599")
        for name, number in (("at", self.at), ("times", self.times)):
            if number is not None and not (is_whole(number) and number >= 1):
                raise ValueError(f"{name} {number!r} must be a positive integer")
        if type(self.seconds) not in (int, float) or (self.kind in KINDS_WITH_SECONDS) != (self.seconds > 0):
            raise ValueError(f"seconds must be positive, and is supported only for the kinds {KINDS_WITH_SECONDS}")
        if not isinstance(self.html, bool):
            raise ValueError(f"html {self.html!r} must be a boolean")
        self._check_texts()

    def _check_texts(self) -> None:
        if self.message is not None and self.kind not in KINDS_WITH_MESSAGE:
            raise ValueError(f"message is supported only for the kinds {KINDS_WITH_MESSAGE}")
        for name in ("match", "retry_after", "error_type", "message", "location"):
            value = getattr(self, name)
            if value is not None and not isinstance(value, str):
                raise ValueError(f"{name} {value!r} must be a string")
        try:
            re.compile(self.match or "")
        except re.error as error:
            raise ValueError(f"match {self.match!r} is not a valid regular expression: {error}") from error


@dataclass(frozen=True)
class Delivery:
    """The data to send: a whole response, or a part of it. `pause`: seconds between chunks."""

    answer: Answer | None
    missing_bytes: int = 0
    pause: float = 0.0

    @property
    def status(self) -> int | None:
        """Return the sent status, or None for a reset."""
        return self.answer.status if self.answer else None


class Faults:
    """The pending faults. Safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pending: list[_Pending] = []

    def add(self, fault: Fault) -> None:
        """Add a fault. If several faults match a request, the first one takes effect."""
        with self._lock:
            self._pending.append(_Pending(fault, fault.times))

    def clear(self) -> None:
        """Remove all faults."""
        with self._lock:
            self._pending.clear()

    @property
    def pending(self) -> list[Fault]:
        """Return the faults that are still due."""
        with self._lock:
            return [pending.fault for pending in self._pending]

    def take(self, line: str) -> Fault | None:
        """Return the fault for this request ("METHOD /path"), and count its occurrence."""
        with self._lock:
            hit = None
            for pending in list(self._pending):
                if pending.counts(line) and hit is None:
                    hit = pending.fault
                    pending.left -= 1
                    if not pending.left:
                        self._pending.remove(pending)
            return hit


@dataclass
class _Pending:
    fault: Fault
    left: int
    seen: int = 0

    def counts(self, line: str) -> bool:
        """Count a request, and return whether the fault is due."""
        self.seen += 1
        due = self.seen >= (self.fault.at or 1)
        return due and (self.fault.match is None or re.search(self.fault.match, line) is not None)


def deliver(node: Node, request: Request, fault: Fault | None) -> Delivery:
    """Execute the request, with the fault if there is one."""
    return KINDS[fault.kind](node, request, fault) if fault else Delivery(node.answer(request))


def _status(_node: Node, _request: Request, fault: Fault) -> Delivery:
    assert fault.status is not None, "Fault has checked it"
    headers = (("Retry-After", fault.retry_after),) if fault.retry_after is not None else ()
    if fault.html:
        return Delivery(_page(fault.status, headers))
    error_type = fault.error_type or ERROR_TYPES.get(fault.status, "status_exception")
    reason = fault.message or REASONS.get(fault.status, f"simulated error with status [{fault.status}]")
    return Delivery(Answer(fault.status, ApiError(fault.status, error_type, reason).body(), headers=headers))


def _status_after(node: Node, request: Request, fault: Fault) -> Delivery:
    node.answer(request)
    return _status(node, request, fault)


def _reset_before(_node: Node, _request: Request, _fault: Fault) -> Delivery:
    return Delivery(None)


def _reset_after(node: Node, request: Request, _fault: Fault) -> Delivery:
    node.answer(request)
    return Delivery(None)


def _cut(node: Node, request: Request, _fault: Fault) -> Delivery:
    answer = node.answer(request)
    whole = answer.body if isinstance(answer.body, bytes) else jsontext.render(answer.body)
    half = whole[: len(whole) // 2]
    return Delivery(replace(answer, body=half))


def _cut_short(node: Node, request: Request, fault: Fault) -> Delivery:
    return Delivery(_cut(node, request, fault).answer, missing_bytes=64)


def _trickle(node: Node, request: Request, fault: Fault) -> Delivery:
    return Delivery(node.answer(request), pause=fault.seconds)


def _error_event(node: Node, request: Request, _fault: Fault) -> Delivery:
    """Send an error of the provider in the middle of a stream."""
    answer = node.answer(request)
    if answer.status != 200 or not answer.chunked:
        return Delivery(answer)
    *events, _end = answer.body.split(b"\n\n")
    half = b"".join(event + b"\n\n" for event in events[: len(events) // 2])
    words = f"Received an error response for request from inference entity id [{_inference_id(request)}]"
    error = ApiError(500, "overloaded_error", f"{words}. Error message: [Overloaded]")
    return Delivery(replace(answer, body=half + error_event(error, unified="chat_completion" in request.segments)))


def _html_before(_node: Node, _request: Request, _fault: Fault) -> Delivery:
    return Delivery(_page(200))


def _html(node: Node, request: Request, _fault: Fault) -> Delivery:
    node.answer(request)
    return Delivery(_page(200))


def _page(status: int, headers: tuple[tuple[str, str], ...] = ()) -> Answer:
    title = f"{status} {REASONS.get(status, 'Welcome to the proxy')}"
    text = (
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n"
        "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    )
    return Answer(status, text.encode(), "text/html", (("Server", "nginx"), *headers), from_server=False)


def _slow(node: Node, request: Request, fault: Fault) -> Delivery:
    time.sleep(fault.seconds)
    return Delivery(node.answer(request))


def _refused(error: ApiError) -> Delivery:
    return Delivery(Answer(error.status, error.body()))


def _already_exists(_node: Node, request: Request, _fault: Fault) -> Delivery:
    if _is_inference(request):
        return _refused(endpoint_exists(_inference_id(request)))
    return _refused(index_exists(_index(request), "AAAAAAAAAAAAAAAAAAAAAA"))


def _not_found(_node: Node, request: Request, _fault: Fault) -> Delivery:
    if _is_inference(request):
        return _refused(endpoint_not_found(_inference_id(request)))
    return _refused(index_not_found(_index(request)))


def _write_blocked(_node: Node, request: Request, _fault: Fault) -> Delivery:
    return _refused(write_blocked(_index(request)))


def _is_inference(request: Request) -> bool:
    return request.segments[:1] == ["_inference"]


def _index(request: Request) -> str:
    return request.segments[0] if request.segments else ""


def _inference_id(request: Request) -> str:
    names = [segment for segment in request.segments if segment not in ("_update", "_stream")]
    return names[-1] if names else ""


def _provider_refusal(node: Node, request: Request, fault: Fault) -> Delivery:
    return Delivery(node.answer(request, failure=CallFailure(fault.status or 401, fault.message)))


def _provider_timeout(node: Node, request: Request, _fault: Fault) -> Delivery:
    """Let the call to Anthropic time out, without the wait."""
    return Delivery(node.answer(request, failure=CallFailure(timed_out=True)))


def _provider_unreachable(node: Node, request: Request, _fault: Fault) -> Delivery:
    """Let the connection to Anthropic fail."""
    return Delivery(node.answer(request, failure=CallFailure()))


def _busy(node: Node, request: Request, _fault: Fault) -> Delivery:
    """Reject an update or a delete while another update is in progress (`ModelRegistry`).

    The server checks this just before its own write. A request that fails earlier or writes nothing is not affected.
    """
    inference_id = _inference_id(request)
    updates = request.method == "PUT" and request.segments[-1:] == ["_update"]
    if not _is_inference(request) or not (updates or request.method == "DELETE"):
        return Delivery(node.answer(request))
    attempt = node.store.copy()
    answer = node.over(attempt).answer(request)
    if answer.status != HTTPStatus.OK or attempt.snapshot() == node.store.snapshot():
        return Delivery(answer)
    reason = f"Endpoint [{inference_id}] is currently being updated. Try again once the update completes"
    if not updates:
        reason = (
            f"The inference endpoint(s) [{inference_id}] are currently being updated, "
            "please wait until after they are finished updating to delete."
        )
    return _refused(ApiError(409, "status_exception", reason))


def _redirect(_node: Node, _request: Request, fault: Fault) -> Delivery:
    return Delivery(
        Answer(302, b"", "text/html", (("Location", fault.location), ("Server", "nginx")), from_server=False)
    )


def _ignore(node: Node, request: Request, _fault: Fault) -> Delivery:
    answer = node.over(node.store.copy()).answer(request)
    inference_id = _inference_id(request)
    if _is_inference(request) and request.method == "PUT" and answer.status == 200 and _readable(node, inference_id):
        read = Request("GET", f"/_inference/{inference_id}", {})
        unchanged = replace(node, security=None).answer(read).body["endpoints"][0]
        return Delivery(Answer(200, unchanged))
    return Delivery(answer)


def _readable(node: Node, inference_id: str) -> bool:
    return any(endpoint.inference_id == inference_id for endpoint in node.store.all())


def _echo(_node: Node, request: Request, _fault: Fault) -> Delivery:
    try:
        body = jsontext.java_text(jsontext.parse(request.content))
    except jsontext.JsonError:
        body = request.content.decode("utf-8", "replace")
    return _refused(bad_request(f"Configuration contains settings [{body}] unknown to the [anthropic] service"))


KINDS: dict[str, Callable[[Node, Request, Fault], Delivery]] = {
    "status": _status,
    "status_after": _status_after,
    "reset_before": _reset_before,
    "reset_after": _reset_after,
    "cut": _cut,
    "cut_short": _cut_short,
    "html": _html,
    "html_before": _html_before,
    "slow": _slow,
    "trickle": _trickle,
    "error_event": _error_event,
    "already_exists": _already_exists,
    "not_found": _not_found,
    "write_blocked": _write_blocked,
    "provider_refusal": _provider_refusal,
    "provider_timeout": _provider_timeout,
    "provider_unreachable": _provider_unreachable,
    "busy": _busy,
    "redirect": _redirect,
    "ignore": _ignore,
    "echo": _echo,
}
