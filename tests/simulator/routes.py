# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The mapping from methods and paths to handlers, as in the server's REST layer."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .errors import ApiError, PlainError, illegal_argument
from .messages import Answer, Request
from .provider import CallFailure
from .security import Identity

ALWAYS = frozenset({"pretty", "human", "error_trace", "filter_path"})
TIMES = frozenset({"timeout", "master_timeout"})
METHODS = ("GET", "POST", "PUT", "DELETE", "HEAD")
_TIME = re.compile(r"-1|0|(\d+)(nanos|micros|ms|s|m|h|d)")
_SECONDS = {"nanos": 1e-9, "micros": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


@dataclass(frozen=True)
class Call:
    """A request with its route."""

    request: Request
    variables: dict[str, str]
    failure: CallFailure | None = None
    identity: Identity | None = None

    def json_object(self) -> dict[str, Any]:
        """Return the body as an object. Raises ApiError."""
        return self.request.json_object()


@dataclass(frozen=True)
class Route:
    """A method and path that the server supports. `action` and `privilege` are those of the security checks.

    Without a privilege, the handler itself authorizes, or no authorization is required. `missing_body`: the message if
    a required body is missing; empty if the body is optional. `unsimulated`: query parameters that a server supports
    and this simulator does not.
    """

    method: str
    pattern: str
    action: str
    privilege: str
    handle: Callable[[Call], Answer]
    parameters: frozenset[str] = frozenset()
    takes_body: bool = False
    missing_body: str = "request body is required"
    unsimulated: frozenset[str] = frozenset()

    def match(self, segments: list[str]) -> dict[str, str] | None:
        """Return the variables of the path, or None if the path does not match."""
        parts = [part for part in self.pattern.split("/") if part]
        if len(parts) != len(segments):
            return None
        variables = {}
        for part, segment in zip(parts, segments, strict=True):
            if part.startswith("{"):
                variables[part[1:-1]] = segment
            elif part != segment:
                return None
        return variables


def find(routes: tuple[Route, ...], request: Request) -> tuple[Route, dict[str, str]]:
    """Return the first route of this path and method. Raises PlainError: 405 or "no handler"."""
    allowed = set()
    for route in routes:
        variables = route.match(request.segments)
        if variables is None:
            continue
        if route.method == request.method:
            return route, variables
        allowed.add(route.method)
    if allowed:
        raise _wrong_method(request, [method for method in METHODS if method in allowed])
    text = f"no handler found for uri [{request.target}] and method [{request.method}]"
    raise PlainError(400, text, tell_status=False)


def _wrong_method(request: Request, allowed: list[str]) -> PlainError:
    text = (
        f"Incorrect HTTP method for uri [{request.target}] and method [{request.method}], "
        f"allowed: [{', '.join(allowed)}]"
    )
    return PlainError(405, text, headers=(("Allow", ",".join(allowed)),))


def check_parameters(route: Route, request: Request) -> None:
    """Reject query parameters and bodies that the route does not support. Raises RejectedError."""
    unknown = sorted(set(request.query) - ALWAYS - route.parameters)
    unsimulated = sorted(route.unsimulated.intersection(unknown))
    if unsimulated:
        route_name = f"{route.method} {route.pattern}"
        raise PlainError(501, f"this simulator does not support the parameters {unsimulated} of {route_name}")
    if unknown:
        plural = "s" if len(unknown) > 1 else ""
        listed = ", ".join(f"[{name}]" for name in unknown)
        raise illegal_argument(f"request [{request.path}] contains unrecognized parameter{plural}: {listed}")
    for name in sorted(TIMES & set(request.query)):
        _check_time(name, request.query[name])
    if request.content and not route.takes_body:
        raise illegal_argument(f"request [{request.method} {request.path}] does not support having a body")
    if route.takes_body and route.missing_body and not request.content:
        raise ApiError(400, "parse_exception", route.missing_body)


def seconds(value: str) -> float:
    """Return the seconds of a valid time value. -1 means no limit."""
    found = _TIME.fullmatch(value)
    if not found or found[1] is None:
        return 0.0 if value == "0" else float("inf")
    return int(found[1]) * _SECONDS[found[2]]


def _check_time(name: str, value: str) -> None:
    if not _TIME.fullmatch(value):
        raise illegal_argument(
            f"failed to parse setting [{name}] with value [{value}] as a time value: unit is missing or unrecognized"
        )
