# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests and responses, independent of their socket."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, unquote

from . import jsontext
from .errors import ApiError, Cause, PlainError
from .versions import Version

JSON = "application/json"
_VERSIONED = re.compile(r"application/vnd\.elasticsearch\+json\s*;\s*compatible-with\s*=\s*\"?(\d+)\"?", re.I)
_PLAIN = re.compile(r"application/(?:vnd\.elasticsearch\+)?json(?:\s*;\s*charset\s*=\s*\"?utf-8\"?)?", re.I)


@dataclass(frozen=True)
class Request:
    """An HTTP request."""

    method: str
    target: str
    headers: dict[str, str]
    content: bytes = b""

    @property
    def path(self) -> str:
        """Return the path as sent, without the query."""
        return self.target.partition("?")[0]

    @cached_property
    def segments(self) -> list[str]:
        """Return the decoded parts of the path without empty ones, as the server does."""
        return [unquote(part) for part in self.path.split("/") if part]

    @cached_property
    def query(self) -> dict[str, str]:
        """Return the query parameters. The last value of a repeated parameter applies."""
        return dict(parse_qsl(self.target.partition("?")[2], keep_blank_values=True))

    def flag(self, name: str) -> bool:
        """Return the value of a boolean query parameter. Raises ApiError."""
        value = self.query.get(name, "false")
        if value not in ("", "true", "false"):
            reason = f"Failed to parse value [{value}] as only [true] or [false] are allowed."
            raise ApiError(400, "illegal_argument_exception", reason)
        return value != "false"

    def json_object(self) -> dict[str, Any]:
        """Return the body, which must be a JSON object. Raises ApiError."""
        try:
            value = jsontext.parse(self.content)
        except jsontext.JsonError as error:
            raise _not_json(error) from error
        if not isinstance(value, dict):
            reason = "[1:1] Expected START_OBJECT but the body is no object"
            raise ApiError(400, "parsing_exception", reason)
        return value


@dataclass(frozen=True)
class Answer:
    """An HTTP response. `body`: JSON to render, or bytes to send unchanged."""

    status: int
    body: Any = None
    content_type: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    from_server: bool = True
    chunked: bool = False


def _not_json(error: jsontext.JsonError) -> ApiError:
    reason = f"[{error.line}:{error.column}] {error.problem}"
    return ApiError(400, "x_content_parse_exception", reason, caused_by=Cause("json_parse_exception", error.problem))


def check_media_types(request: Request, version: Version) -> None:
    """Reject media types of a major version that the server does not support. Raises ApiError."""
    for header in ("Accept", "Content-Type"):
        sent = request.headers.get(header.lower(), "")
        found = _VERSIONED.search(sent)
        if found and int(found[1]) not in version.compatible_with:
            own, former = version.compatible_with
            words = f"{header} version must be either version {own} or {former}, but found {found[1]}."
            raise ApiError(
                400,
                "media_type_header_exception",
                "Invalid media-type value on headers [Content-Type, Accept]",
                caused_by=Cause("status_exception", f"{words} {header}={sent}"),
            )


def check_content_type(request: Request) -> None:
    """Reject a body without the content type of JSON. Raises PlainError."""
    if not request.content:
        return
    sent = request.headers.get("content-type")
    if sent is None:
        raise PlainError(406, "Content-Type header is missing")
    if not (_VERSIONED.fullmatch(sent.strip()) or _PLAIN.fullmatch(sent.strip())):
        raise PlainError(406, f"Content-Type header [{sent}] is not supported")


def negotiated(request: Request, version: Version) -> str:
    """Return the content type of a JSON response to this request."""
    found = _VERSIONED.search(request.headers.get("accept", ""))
    if found and int(found[1]) in version.compatible_with:
        return f"application/vnd.elasticsearch+json;compatible-with={found[1]}"
    return JSON
